//! Handshakes and offers.
//!
//! Most interfaces are handshakes: the other side answers what it was asked. So the answer of an interface is
//! reachable only through the request, [`Requires::ask`], and only an answer to *this* request counts.

use std::fmt::Debug;

use charmwright_event::{AppName, Datum, RelationId, UnitName};
use charmwright_hookcmds::{Bag, Sensitive};
use serde::de::DeserializeOwned;

use crate::reader::OwnBag;
use crate::readiness::{NotYet, Ready, Waker};
use crate::snapshot::{RelationSnapshot, SecretSnapshot, Snapshot};

/// An interface with a handshake, seen from the side that asks.
///
/// The request lives in our application's bag, the answer in theirs.
pub trait Interface: 'static {
    /// The name that charmcraft.yaml gives it.
    const NAME: &'static str;
    /// The fields of the remote bag that refer to secrets which belong to the answer.
    const SECRETS: &'static [&'static str] = &[];
    /// Whether the answer is, in part, in the bags of the other side's units. If not, none of them is read,
    /// however many there are.
    const UNITS: bool = false;
    /// What is asked for.
    type Request;
    /// What comes back.
    type Answer: Clone + Debug;

    /// The request as it stands in our application's bag.
    fn write(request: &Self::Request) -> Bag;

    /// The request that the other side has read, where its bag says so: then a stale answer is told from a
    /// fresh one.
    fn echo(_remote: &Bag) -> Option<Bag> {
        None
    }

    /// The answer.
    ///
    /// # Errors
    ///
    /// What is missing of it.
    fn read(remote: &Remote<'_>) -> Result<Self::Answer, Missing>;
}

/// An interface of which the charm offers something to every relation.
pub trait Offered: 'static {
    /// The name that charmcraft.yaml gives it.
    const NAME: &'static str;
    /// What is offered.
    type Offer;

    /// The offer as it stands in our application's bag.
    fn write(offer: &Self::Offer, unit: &UnitName, model: &str) -> Bag;
}

/// Why an answer is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A field is not set.
    Field(String),
    /// A field holds what it should not.
    Invalid {
        /// The field.
        field: String,
        /// What it should be.
        expected: String,
    },
    /// A field refers to a secret that is not granted to us.
    NotGranted(String),
    /// A secret lacks a key.
    SecretKey {
        /// The field that refers to the secret.
        field: String,
        /// The key.
        key: String,
    },
}

impl Missing {
    /// What is missing, in the words of a cause: of `who`, an application or a unit.
    pub(crate) fn of(&self, who: &str) -> String {
        match self {
            Self::Field(field) => format!("{who} has not set `{field}`"),
            Self::Invalid { field, expected } => {
                format!("{who} has set `{field}` to what is not {expected}")
            }
            Self::NotGranted(field) => {
                format!("{who} has not granted us the secret that it refers to in `{field}`")
            }
            Self::SecretKey { field, key } => {
                format!("the secret that {who} refers to in `{field}` has no `{key}`")
            }
        }
    }
}

/// The other side's bag, with the secrets that it refers to.
#[derive(Debug)]
pub struct Remote<'a> {
    relation: &'a RelationSnapshot,
    bag: &'a Bag,
}

impl Remote<'_> {
    /// A field that may be absent. An empty one is.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.bag.get(field).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// A field that must be there.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn field(&self, field: &str) -> Result<&str, Missing> {
        self.get(field).ok_or_else(|| Missing::Field(field.to_owned()))
    }

    /// A field that must be there and hold JSON.
    ///
    /// # Errors
    ///
    /// If it is not there, or something else.
    pub fn json<T: DeserializeOwned>(&self, field: &str) -> Result<T, Missing> {
        let wrong = |_| Missing::Invalid {
            field: field.to_owned(),
            expected: "the JSON that the interface has there".to_owned(),
        };
        serde_json::from_str(self.field(field)?).map_err(wrong)
    }

    /// The other side's units, each with its bag, if the interface says that it has [`Interface::UNITS`].
    pub fn units(&self) -> impl Iterator<Item = (&UnitName, &Bag)> {
        self.relation.units.iter()
    }

    /// A value of a secret that a field refers to. The field is one of [`Interface::SECRETS`].
    ///
    /// # Errors
    ///
    /// If the field is not set, the secret not granted, or the key not in it.
    pub fn secret(&self, field: &str, key: &str) -> Result<&Sensitive, Missing> {
        self.field(field)?;
        match self.relation.secrets.get(field) {
            Some(SecretSnapshot::Content(content)) => content
                .get(key)
                .ok_or_else(|| Missing::SecretKey { field: field.to_owned(), key: key.to_owned() }),
            Some(SecretSnapshot::Malformed) => {
                Err(Missing::Invalid { field: field.to_owned(), expected: "a secret's reference".to_owned() })
            }
            Some(SecretSnapshot::NotGranted) | None => Err(Missing::NotGranted(field.to_owned())),
        }
    }
}

/// What wishes are recorded in. `Desired` is one; inputs know nothing more of it.
pub trait Recorder {
    /// This is asked of the endpoint, whether or not anything is related.
    fn asked(&self, endpoint: &str, request: &Bag);

    /// These keys shall be in our application's bag of the relation.
    fn publish(&self, relation: RelationId, bag: Bag);

    /// This is missing.
    fn missing(&self, cause: &NotYet);
}

/// One endpoint of which we take one relation, and whose interface is a handshake.
#[derive(Debug)]
pub struct Requires<I: Interface> {
    endpoint: String,
    state: State<I>,
}

#[derive(Debug)]
enum State<I: Interface> {
    Absent,
    Crowded(Vec<String>),
    Live(RelationSnapshot),
    /// Made by hand, in a test.
    Given(Option<(Bag, I::Answer)>),
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
        Self { endpoint: endpoint.to_owned(), state: State::Given(Some((I::write(request), answer))) }
    }

    pub(crate) fn from_snapshot(endpoint: &str, snapshot: &Snapshot) -> Self {
        let state = match snapshot.endpoints.get(endpoint).map_or(&[][..], Vec::as_slice) {
            [] => State::Absent,
            [one] => State::Live(one.clone()),
            several => State::Crowded(several.iter().map(RelationSnapshot::app_name).collect()),
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
        let wanted = I::write(request);
        recorder.asked(&self.endpoint, &wanted);
        let answer = self.answer_to(&wanted, recorder);
        if let Err(cause) = &answer {
            recorder.missing(cause);
        }
        answer
    }

    fn answer_to(&self, wanted: &Bag, recorder: &dyn Recorder) -> Ready<I::Answer> {
        let relation = match &self.state {
            State::Live(relation) => relation,
            State::Given(Some((asked, answer))) if asked == wanted => return Ok(answer.clone()),
            State::Given(_) => return Err(self.changed("it has not answered this request yet")),
            State::Absent | State::Crowded(_) => {
                return Err(self.absence().unwrap_or_else(|| self.nothing_related()));
            }
        };
        recorder.publish(relation.id, wanted.clone());
        let app = relation.app_name();
        let Some(bag) = &relation.remote else {
            return Err(self.changed(format!("{app} is being asked")));
        };
        if bag.is_empty() {
            return Err(self.changed(format!("{app} has not answered yet")));
        }
        let asked = match (I::echo(bag), &relation.own) {
            (Some(read), _) => Some(read),
            (None, Some(OwnBag::Readable(own))) => Some(own.clone()),
            // A follower cannot see what its leader asked; the answer is taken as it is.
            (None, _) => None,
        };
        let is_part = |asked: &Bag| wanted.iter().all(|(key, value)| asked.get(key) == Some(value));
        if asked.is_some_and(|asked| !is_part(&asked)) {
            return Err(self.changed(format!("{app} has not answered the request as it is now")));
        }
        I::read(&Remote { relation, bag }).map_err(|missing| self.incomplete(&app, &missing))
    }

    fn incomplete(&self, app: &str, missing: &Missing) -> NotYet {
        match missing {
            // Juju sends no event for a grant.
            Missing::NotGranted(_) => NotYet::waiting(
                &self.endpoint,
                missing.of(app),
                Waker::of(Datum::SecretGrant, &self.endpoint),
            ),
            _ => self.changed(missing.of(app)),
        }
    }

    /// A cause of your own. Its waker is the event that changes how the endpoint is now: `<endpoint>-relation-changed`
    /// where one application is related, `<endpoint>-relation-created` where none is, and `<endpoint>-relation-broken`
    /// where several are.
    pub fn not_yet(&self, cause: impl Into<String>) -> NotYet {
        let waker = match &self.state {
            State::Absent => Waker::of(Datum::Relations, &self.endpoint),
            State::Crowded(_) => Waker::relation_goes(&self.endpoint),
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
            State::Crowded(apps) => Some(NotYet::blocked(
                &self.endpoint,
                format!("related to {} at once", apps.join(" and ")),
                "remove all relations but one",
                Waker::relation_goes(&self.endpoint),
            )),
            State::Live(_) | State::Given(_) => None,
        }
    }
}

impl RelationSnapshot {
    pub(crate) fn app_name(&self) -> String {
        self.app.as_ref().map_or_else(|| "the other application".to_owned(), AppName::to_string)
    }
}

/// An endpoint through which the charm offers something to any number of relations.
#[derive(Debug)]
pub struct Provides<I: Offered> {
    relations: Vec<RelationId>,
    local: Option<(UnitName, String)>,
    interface: std::marker::PhantomData<I>,
}

impl<I: Offered> Provides<I> {
    /// For tests: nothing is related.
    pub fn empty() -> Self {
        Self { relations: Vec::new(), local: None, interface: std::marker::PhantomData }
    }

    pub(crate) fn from_snapshot(endpoint: &str, snapshot: &Snapshot) -> Self {
        let relations = snapshot.endpoints.get(endpoint).map_or(&[][..], Vec::as_slice);
        Self {
            relations: relations.iter().map(|relation| relation.id).collect(),
            local: Some((snapshot.unit.clone(), snapshot.model.clone())),
            interface: std::marker::PhantomData,
        }
    }

    /// Offers to every relation. Charms say `desired.provide(&inputs.metrics, …)`.
    pub fn offer(&self, offer: &I::Offer, recorder: &dyn Recorder) {
        let Some((unit, model)) = &self.local else { return };
        for relation in &self.relations {
            recorder.publish(*relation, I::write(offer, unit, model));
        }
    }
}
