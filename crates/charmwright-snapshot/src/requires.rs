//! Handshakes: what an endpoint is asked, and whether what the other side says is the answer to that.

use std::sync::Arc;

use charmwright_event::Datum;
use charmwright_hookcmds::Bag;

use crate::reader::OwnBag;
use crate::readiness::{NotYet, Ready, Waker};
use crate::relation::{Interface, Missing, Recorder, Remote, without_empty};
use crate::snapshot::{RelationSnapshot, Snapshot};
use crate::trouble::Trouble;

/// One endpoint of which we take one relation, and whose interface is a handshake.
#[derive(Debug)]
pub struct Requires<I: Interface> {
    endpoint: String,
    state: State<I>,
}

#[derive(Debug)]
enum State<I: Interface> {
    Absent,
    /// Nothing is related to this unit any more, because it is being removed.
    Leaving,
    Crowded(Vec<String>),
    /// Juju could not list the relations.
    Unlisted(Trouble),
    Live(Arc<RelationSnapshot>),
    /// Made by hand, in a test.
    Given(Option<(Bag, I::Answer)>),
}

/// What is known of the request that an answer is to.
struct Asked<'a> {
    /// What the other side has read, or what we have written before.
    before: Option<&'a Bag>,
    /// What the answer itself says.
    answered: Bag,
}

impl Asked<'_> {
    fn get(&self, key: &str) -> Option<&String> {
        self.answered.get(key).or_else(|| self.before?.get(key))
    }

    /// Whether the request is known to have had another value in this field.
    fn differs(&self, key: &str, wanted: &Bag) -> bool {
        (self.before.is_some() || self.answered.contains_key(key)) && self.get(key) != wanted.get(key)
    }
}

impl<I: Interface> Requires<I> {
    /// For tests: nothing is related.
    pub fn absent(endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), state: State::Absent }
    }

    /// For tests: something is related and has not answered.
    pub fn pending(endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), state: State::Given(None) }
    }

    /// For tests: something is related and has answered this request. To another request it is no answer.
    pub fn answered(endpoint: &str, request: &I::Request, answer: I::Answer) -> Self {
        let asked = without_empty(I::write(request));
        Self { endpoint: endpoint.to_owned(), state: State::Given(Some((asked, answer))) }
    }

    pub(crate) fn from_snapshot(endpoint: &str, snapshot: &Snapshot) -> Self {
        let relations = snapshot.endpoints.get(endpoint).map_or(&[][..], Vec::as_slice);
        let state = match (snapshot.unlisted.get(endpoint), relations) {
            (Some(trouble), _) => State::Unlisted(trouble.clone()),
            (None, []) if snapshot.leaving => State::Leaving,
            (None, []) => State::Absent,
            (None, [one]) => State::Live(Arc::clone(one)),
            // Several where one is meant are a person's business, who knows them by their names.
            (None, several) => State::Crowded(several.iter().map(|one| one.app_name()).collect()),
        };
        Self { endpoint: endpoint.to_owned(), state }
    }

    /// Asks, and returns the answer to this very request.
    ///
    /// The request is published through `recorder` whether or not the answer is there. Charms say
    /// `desired.request(&inputs.database, …)`.
    ///
    /// # Errors
    ///
    /// If nothing is related, or the answer is not there or not whole, or answers another request.
    pub fn ask(&self, request: &I::Request, recorder: &dyn Recorder) -> Ready<I::Answer> {
        let wanted = without_empty(I::write(request));
        recorder.asked(&self.endpoint, &wanted);
        let answer = self.answer_to(&wanted, recorder);
        if let Err(cause) = &answer {
            recorder.missing(cause);
        }
        answer
    }

    fn answer_to(&self, wanted: &Bag, recorder: &dyn Recorder) -> Ready<I::Answer> {
        match &self.state {
            State::Live(relation) => self.answer_of(relation, wanted, recorder),
            State::Given(None) => Err(self.changed("it has not answered this request yet")),
            State::Given(Some((asked, answer))) => {
                let asked = Asked { before: Some(asked), answered: Bag::new() };
                match (self.changed_fixed("it", &asked, wanted), is_asked::<I>(&asked, wanted)) {
                    (Some(cause), _) => Err(cause),
                    (None, true) => Ok(answer.clone()),
                    (None, false) => Err(self.changed("it has not answered this request yet")),
                }
            }
            State::Absent | State::Leaving | State::Crowded(_) | State::Unlisted(_) => {
                Err(self.absence().unwrap_or_else(|| self.nothing_related()))
            }
        }
    }

    fn answer_of(
        &self,
        relation: &RelationSnapshot,
        wanted: &Bag,
        recorder: &dyn Recorder,
    ) -> Ready<I::Answer> {
        let app = relation.app_name();
        let nothing = Bag::new();
        let bag = relation.remote.as_ref().unwrap_or(&nothing);
        let before = match (&relation.echo, &relation.own) {
            (Some(read), _) => Some(read),
            (None, Some(OwnBag::Readable(own))) => Some(own),
            // A follower cannot see what its leader asked; the answer is taken as far as it speaks for itself.
            (None, _) => None,
        };
        let asked = Asked { before, answered: I::answered(bag) };
        let is_said = !bag.is_empty() || !relation.units.is_empty();
        let answer = I::read(&Remote::new(relation, bag));
        if is_said
            && !matches!(answer, Err(Missing::Field(_) | Missing::Invalid { .. }))
            && let Some(cause) = self.changed_fixed(&app, &asked, wanted)
        {
            recorder.publish(relation.id, unchanged::<I>(&asked, wanted));
            return Err(cause);
        }
        recorder.publish(relation.id, wanted.clone());
        if let Some(trouble) = &relation.trouble {
            return Err(trouble.not_yet(&self.endpoint, &app));
        }
        match (is_asked::<I>(&asked, wanted), is_said, answer) {
            (false, true, _) if asked.before.is_some_and(|before| !before.is_empty()) => {
                Err(self.changed(format!("{app} has not answered the request as it is now")))
            }
            (false, _, _) => Err(self.changed(format!("{app} is being asked"))),
            // Who is asked nothing may answer with nothing.
            (true, false, Ok(answer)) if wanted.is_empty() => Ok(answer),
            (true, false, _) => Err(self.changed(format!("{app} has not answered yet"))),
            (true, true, answer) => answer.map_err(|missing| self.incomplete(&app, &missing)),
        }
    }

    /// The cause, if the other side has answered another request and takes no change.
    fn changed_fixed(&self, app: &str, asked: &Asked<'_>, wanted: &Bag) -> Option<NotYet> {
        if asked.before.is_some_and(Bag::is_empty) && asked.answered.is_empty() {
            return None;
        }
        let changed: Vec<String> =
            I::FIXED.iter().filter(|key| asked.differs(key, wanted)).map(|key| format!("`{key}`")).collect();
        if changed.is_empty() {
            return None;
        }
        let changed = changed.join(" and ");
        Some(NotYet::blocked(
            &self.endpoint,
            format!("{app} has answered a request with another {changed} and takes no change"),
            "take the change back, or remove the relation and integrate anew",
            Waker::relation_goes(&self.endpoint),
        ))
    }

    fn incomplete(&self, app: &str, missing: &Missing) -> NotYet {
        let waiting = |waker| NotYet::waiting(&self.endpoint, missing.of(app), waker);
        match missing {
            // Juju sends no event for a grant.
            Missing::NotGranted(_) => waiting(Waker::of(Datum::SecretGrant, &self.endpoint)),
            // Nor when a secret backend answers again.
            Missing::Unreadable { .. } => waiting(Waker::of(Datum::World, "")),
            _ => self.changed(missing.of(app)),
        }
    }

    /// A cause of your own. Its waker is the event that changes how the endpoint is now: `<endpoint>-relation-changed`
    /// where one application is related, `<endpoint>-relation-created` where none is, and `<endpoint>-relation-broken`
    /// where several are.
    pub fn not_yet(&self, cause: impl Into<String>) -> NotYet {
        let waker = match &self.state {
            State::Absent => Waker::of(Datum::Relations, &self.endpoint),
            State::Leaving => Waker::of(Datum::Life, ""),
            State::Crowded(_) => Waker::relation_goes(&self.endpoint),
            State::Unlisted(_) => Waker::of(Datum::World, ""),
            State::Live(_) | State::Given(_) => Waker::of(Datum::RemoteAppBag, &self.endpoint),
        };
        NotYet::waiting(&self.endpoint, cause, waker)
    }

    fn changed(&self, cause: impl Into<String>) -> NotYet {
        NotYet::waiting(&self.endpoint, cause, Waker::of(Datum::RemoteAppBag, &self.endpoint))
    }

    fn nothing_related(&self) -> NotYet {
        NotYet::blocked(
            &self.endpoint,
            "nothing is related",
            format!("integrate an application that offers {}", I::NAME),
            Waker::of(Datum::Relations, &self.endpoint),
        )
    }

    pub(crate) fn absence(&self) -> Option<NotYet> {
        match &self.state {
            State::Absent => Some(self.nothing_related()),
            State::Leaving => Some(NotYet::waiting(
                &self.endpoint,
                "this unit is being removed and has no relation any more",
                Waker::of(Datum::Life, ""),
            )),
            State::Crowded(apps) => Some(NotYet::blocked(
                &self.endpoint,
                format!("related to {} at once", apps.join(" and ")),
                "remove all relations but one",
                Waker::relation_goes(&self.endpoint),
            )),
            State::Unlisted(trouble) => Some(trouble.unlisted(&self.endpoint)),
            State::Live(_) | State::Given(_) => None,
        }
    }
}

/// Whether the request, as far as it is known, is the one that is wanted.
fn is_asked<I: Interface>(asked: &Asked<'_>, wanted: &Bag) -> bool {
    if I::FIXED.is_empty() {
        return asked.before.is_none_or(|_| wanted.iter().all(|(key, value)| asked.get(key) == Some(value)));
    }
    !I::FIXED.iter().any(|key| asked.differs(key, wanted))
}

/// The request that is wanted, with the fixed fields as they were asked.
fn unchanged<I: Interface>(asked: &Asked<'_>, wanted: &Bag) -> Bag {
    let mut bag = wanted.clone();
    for key in I::FIXED {
        match asked.get(key) {
            Some(value) => bag.insert((*key).to_owned(), value.clone()),
            None => bag.remove(*key),
        };
    }
    bag
}
