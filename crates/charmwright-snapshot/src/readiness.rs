//! Ready, or not yet: and then why, what a person can do, and what will run the charm again.

use std::fmt;

use charmwright_event::{Certainty, Datum, EventKind, Loss, WakerEvent};

/// A value that is ready, or the reason why it is not.
pub type Ready<T> = Result<T, NotYet>;

/// Why something is not there yet, and what will run the charm again.
///
/// It is made by inputs only (`container.not_yet("…")`, `requires.not_yet("…")`), which know their wakers. So
/// nothing can say "waiting" without saying for what. The waker depends on how the input is now:
///
/// ```
/// use charmwright_snapshot::Container;
///
/// let cause = Container::unreachable("server").not_yet("the migration runs");
/// assert_eq!(cause.to_string(), "server: the migration runs (woken by server-pebble-ready)");
/// // Pebble answers already, and Juju is told nothing of a migration's end.
/// let cause = Container::fresh("server").not_yet("the migration runs");
/// assert_eq!(cause.to_string(), "server: the migration runs (woken by update-status)");
/// ```
#[must_use = "a cause that is dropped is neither waited for nor reported"]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotYet {
    severity: Severity,
    subject: String,
    cause: String,
    remedy: Option<String>,
    waker: Waker,
}

/// Who or what can mend it. The worst of all causes becomes the unit's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It comes by itself.
    Waiting,
    /// A person must act.
    Blocked,
}

/// The event that will run the charm again.
///
/// The table of the event model chooses it ([`Datum::wakers`]), so no waker names an event that does not announce what
/// is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waker {
    event: WakerEvent,
    owner: String,
    datum: Datum,
}

impl Waker {
    /// The event to wait for when `datum` of what `owner` names shall change: the surest that announces it.
    pub(crate) fn of(datum: Datum, owner: &str) -> Self {
        Self::among(datum, owner, |_| true)
    }

    /// The event to wait for when a check that is down shall be up.
    pub(crate) fn check_recovers(container: &str) -> Self {
        Self::among(Datum::Check, container, |kind| kind == EventKind::PebbleCheckRecovered)
    }

    /// The event to wait for when a relation of an endpoint shall go.
    pub(crate) fn relation_goes(endpoint: &str) -> Self {
        Self::among(Datum::Relations, endpoint, |kind| kind == EventKind::RelationBroken)
    }

    /// The first event of the table that announces `datum` and is one of these.
    fn among(datum: Datum, owner: &str, is_one: impl Fn(EventKind) -> bool) -> Self {
        // What no event announces is seen when the charm runs for another reason.
        let last = WakerEvent { kind: EventKind::UpdateStatus, certainty: Certainty::MayNotCome };
        let event = datum.wakers().find(|event| is_one(event.kind)).unwrap_or(last);
        Self { event, owner: owner.to_owned(), datum }
    }

    /// The kind of the event.
    pub fn kind(&self) -> EventKind {
        self.event.kind
    }

    /// What is waited for.
    pub fn datum(&self) -> Datum {
        self.datum
    }

    /// How much can be built on it.
    pub fn certainty(&self) -> Certainty {
        self.event.certainty
    }

    /// When Juju loses the event, as far as it matters here.
    pub fn losses(&self) -> impl Iterator<Item = &'static Loss> {
        self.event.kind.losses_of(self.datum)
    }

    /// What runs the charm again, and what does if Juju loses that event. Longer than a status may be: for logs.
    ///
    /// ```
    /// use charmwright_snapshot::Container;
    ///
    /// let container = Container::unreachable("server");
    /// assert_eq!(container.not_yet("").waker().explain(), "woken by server-pebble-ready");
    /// assert_eq!(
    ///     container.check_down("up").waker().explain(),
    ///     "woken by server-pebble-check-recovered, which may not come; then by server-pebble-ready or update-status"
    /// );
    /// ```
    pub fn explain(&self) -> String {
        let event = self.event.kind.hook_name(&self.owner);
        let doubt = match self.certainty() {
            Certainty::Sure => return format!("woken by {event}"),
            _ if self.event.kind == EventKind::UpdateStatus => {
                return format!("woken by {event}, which any other event replaces; then by that one");
            }
            Certainty::CanBeLost => "which Juju 3.6.11 can lose",
            Certainty::MayNotCome => "which may not come",
        };
        format!("woken by {event}, {doubt}; then by {}", self.next())
    }

    /// What comes instead, the first first; at the latest `update-status`.
    fn next(&self) -> String {
        let mut kinds: Vec<EventKind> = Vec::new();
        for kind in self.losses().flat_map(|loss| loss.instead) {
            if *kind != EventKind::UpdateStatus && !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
        let name = |kind: EventKind| {
            // The name of a storage, for one, is not that of an endpoint.
            let owner = if kind.prefix() == self.event.kind.prefix() { self.owner.as_str() } else { "" };
            if owner.is_empty() { kind.to_string() } else { kind.hook_name(owner) }
        };
        let names: Vec<String> = kinds.into_iter().map(name).collect();
        let last = EventKind::UpdateStatus;
        if names.is_empty() { last.to_string() } else { format!("{} or {last}", names.join(", ")) }
    }
}

impl fmt::Display for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.event.kind.hook_name(&self.owner))?;
        let last = EventKind::UpdateStatus;
        if self.event.kind != last && self.certainty() == Certainty::MayNotCome {
            write!(f, " or {last}")?;
        }
        Ok(())
    }
}

impl NotYet {
    pub(crate) fn waiting(subject: impl Into<String>, cause: impl Into<String>, waker: Waker) -> Self {
        Self {
            severity: Severity::Waiting,
            subject: subject.into(),
            cause: cause.into(),
            remedy: None,
            waker,
        }
    }

    pub(crate) fn blocked(
        subject: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
        waker: Waker,
    ) -> Self {
        Self {
            severity: Severity::Blocked,
            subject: subject.into(),
            cause: cause.into(),
            remedy: Some(remedy.into()),
            waker,
        }
    }

    /// Whether it comes by itself.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The endpoint, option or container that it is about.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Why it is not there.
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// What a person can do, if anything.
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }

    /// What will run the charm again.
    pub fn waker(&self) -> &Waker {
        &self.waker
    }
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.cause)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "; {remedy}")?;
        }
        write!(f, " (woken by {})", self.waker)
    }
}

/// A value, or one that is not there yet: what a wish takes.
///
/// So a wish can be made from another's answer without `?`.
#[diagnostic::on_unimplemented(
    message = "a wish for `{T}` takes `{T}` or `Ready<{T}>`, not `{Self}`",
    label = "give a `{T}`, or a `Ready<{T}>` that another wish returned"
)]
pub trait IntoReady<T> {
    /// The value, or why it is not there.
    ///
    /// # Errors
    ///
    /// If it is not there yet.
    fn into_ready(self) -> Ready<T>;
}

impl<T> IntoReady<T> for T {
    fn into_ready(self) -> Ready<T> {
        Ok(self)
    }
}

impl<T> IntoReady<T> for Ready<T> {
    fn into_ready(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use charmwright_event::RelationId;

    use super::*;
    use crate::Bag;
    use crate::local::Local;
    use crate::relation::{Interface, Missing, Remote};
    use crate::requires::Requires;
    use crate::snapshot::{RelationSnapshot, Snapshot};

    #[test]
    fn a_waker_that_juju_can_lose_says_so_and_what_comes_instead() {
        for (waker, told) in [
            (Waker::of(Datum::Config, "port"), "woken by config-changed"),
            (
                Waker::of(Datum::Relations, "db"),
                "woken by db-relation-created, which Juju 3.6.11 can lose; then by db-relation-changed, \
                 db-relation-joined or update-status",
            ),
            (
                Waker::of(Datum::Leadership, ""),
                "woken by leader-elected, which Juju 3.6.11 can lose; then by storage-attached, \
                 storage-detaching or update-status",
            ),
            (
                Waker::of(Datum::SecretGrant, "db"),
                "woken by db-relation-changed, which may not come; then by update-status",
            ),
            (
                Waker::of(Datum::World, "server"),
                "woken by update-status, which any other event replaces; then by that one",
            ),
        ] {
            assert_eq!(waker.explain(), told);
        }
    }

    #[test]
    fn a_status_says_no_more_than_the_event() {
        let lost = Waker::of(Datum::Relations, "db");
        assert_eq!(lost.to_string(), "db-relation-created");
        let may_not_come = Waker::check_recovers("server");
        assert_eq!(may_not_come.to_string(), "server-pebble-check-recovered or update-status");
    }

    #[test]
    fn whatever_is_waited_for_the_table_announces_it_by_the_event_that_is_named() {
        let all = Datum::ALL.into_iter().map(|datum| Waker::of(datum, "x"));
        for waker in all.chain([Waker::check_recovers("x"), Waker::relation_goes("x")]) {
            assert_eq!(waker.kind().certainty_for(waker.datum()), Some(waker.certainty()), "{waker:?}");
        }
        for datum in Datum::ALL {
            let waker = Waker::of(datum, "x");
            assert_eq!(Some(waker.event), datum.wakers().next());
        }
        assert_eq!(Waker::check_recovers("x").kind(), EventKind::PebbleCheckRecovered);
        assert_eq!(Waker::relation_goes("x").kind(), EventKind::RelationBroken);
    }

    #[test]
    fn a_cause_of_your_own_waits_for_the_relation_that_the_endpoint_lacks_or_has_too_many_of() {
        struct Nothing;
        impl Interface for Nothing {
            const NAME: &'static str = "nothing";
            type Request = ();
            type Answer = ();

            fn write((): &()) -> Bag {
                Bag::new()
            }

            fn read(_: &Remote<'_>) -> Result<(), Missing> {
                Ok(())
            }
        }
        let relations = |count: u64| {
            let one = |id| Arc::new(RelationSnapshot::unread(RelationId::new(id), None));
            let snapshot = Snapshot {
                local: Local::test("app/0"),
                leaving: false,
                unlisted: BTreeMap::new(),
                config: BTreeMap::new(),
                leader: None,
                endpoints: BTreeMap::from([("db", (0..count).map(one).collect())]),
                containers: BTreeMap::new(),
            };
            Requires::<Nothing>::from_snapshot("db", &snapshot).not_yet("it is too small").waker().to_string()
        };
        assert_eq!(relations(0), "db-relation-created");
        assert_eq!(relations(1), "db-relation-changed");
        assert_eq!(relations(2), "db-relation-broken");
    }
}
