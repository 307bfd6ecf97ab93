//! Which events may be deferred, and how the compiler comes to say why another may not.

use super::reasons::Permits;
use crate::Event;
use crate::kind::EventKind;

/// A type that stands for one kind of event.
///
/// It is sealed: events are Juju's to invent.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of Juju",
    label = "this is not a type of `charmwright_event::typed`",
    note = "events are Juju's to invent: take one of the types in `charmwright_event::typed`"
)]
pub trait TypedEvent: sealed::Sealed + Into<Event> {
    /// The kind that it stands for.
    const KIND: EventKind;

    /// What decides whether it may be deferred: one of the markers in [`reasons`](super::reasons).
    type Rule;

    /// The event, if it is of this kind.
    fn of(event: &Event) -> Option<Self>;
}

/// An event that may be handled again later.
///
/// It may not if nothing would run it again, if it comes again by itself, or if somebody waits for its end. Then the
/// compiler says which of these it is.
///
/// It is implemented for every [`TypedEvent`] whose [`Rule`](TypedEvent::Rule) permits it, and sealed with it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be deferred",
    label = "this is not an event of Juju",
    note = "events are Juju's to invent: take one of the types in `charmwright_event::typed`"
)]
pub trait Deferrable: TypedEvent {}

impl<E> Deferrable for E
where
    E: TypedEvent,
    E::Rule: Permits<E>,
{
}

pub(super) mod sealed {
    #[expect(unnameable_types, reason = "it seals")]
    pub trait Sealed {}
}
