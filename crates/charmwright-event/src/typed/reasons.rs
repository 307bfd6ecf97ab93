//! Why an event may not be deferred.
//!
//! Each trait here is implemented for nothing. It is what a kind of event would need to be
//! [`Deferrable`](super::Deferrable), and its name and note are what the compiler says when somebody tries.

use std::marker::PhantomData;

/// That a rule lets `E` be deferred.
pub trait Permits<E> {}

/// The event `E`, handled later. It stands for the event where the compiler looks for a reason: for another type
/// than the one that was asked about, it tells the reason and not only the question.
#[derive(Debug)]
pub struct Later<E>(PhantomData<E>);

#[expect(unnameable_types, reason = "it seals")]
mod sealed {
    pub trait Never {}
}

use sealed::Never;

/// The rule of events that may be deferred.
#[derive(Debug)]
pub enum MayWait {}

impl<E> Permits<E> for MayWait {}

macro_rules! reason {
    ($(#[$about:meta])* $rule:ident, $(#[$said:meta])* $wanted:ident) => {
        $(#[$about])*
        #[derive(Debug)]
        pub enum $rule {}

        #[doc = concat!("What [`", stringify!($rule), "`] asks for; nothing has it.")]
        $(#[$said])*
        pub trait $wanted: Never {}

        impl<E> Permits<E> for $rule where Later<E>: $wanted {}
    };
}

reason!(
    /// The rule of actions.
    AnswersNow,
    #[diagnostic::on_unimplemented(
        message = "an action cannot be deferred",
        label = "an action succeeds or fails now",
        note = "whoever runs an action waits for its end, and it can tell them by itself: report progress with `action-log`, return results, or fail with a message that says what is missing"
    )]
    ActionThatCanWait
);

reason!(
    /// The rule of `stop`.
    HardlyRunsAgain,
    #[diagnostic::on_unimplemented(
        message = "`stop` cannot be deferred",
        label = "the unit is shutting down",
        note = "deferring is tied to events to come, and after `stop` there are few or none: `remove` follows, then the unit is gone with all that was deferred; clean up now, or fail the hook so that Juju runs it again"
    )]
    StopThatCanWait
);

reason!(
    /// The rule of `remove`.
    NeverRunsAgain,
    #[diagnostic::on_unimplemented(
        message = "`remove` cannot be deferred",
        label = "the unit will not exist after this event",
        note = "`remove` is a unit's last event, so no event will come that could run it again: what must be done before the unit is gone is done now, or the hook fails and the unit is in error until it is"
    )]
    RemoveThatCanWait
);

reason!(
    /// The rule of `update-status`.
    ComesByItself,
    #[diagnostic::on_unimplemented(
        message = "`update-status` cannot be deferred",
        label = "it comes again by itself",
        note = "`update-status` is run again and again, by default about every five minutes: return, and look again when it comes next"
    )]
    UpdateStatusThatCanWait
);

reason!(
    /// The rule of what the SDK does in every run.
    IsPartOfEveryRun,
    #[diagnostic::on_unimplemented(
        message = "what the SDK does in every run cannot be deferred",
        label = "it is done in every run, whatever the event",
        note = "collecting the status and committing belong to every event that Juju sends, so the next one does them anyway: return, and look again then"
    )]
    RunThatCanWait
);

reason!(
    /// The rule of `secret-expired`.
    ExpiryIsRepeated,
    #[diagnostic::on_unimplemented(
        message = "`secret-expired` cannot be deferred",
        label = "Juju has its own retry for it",
        note = "Juju sends `secret-expired` again until the revision is removed: fail the hook, or leave the revision and return, and Juju comes back to it"
    )]
    SecretExpiredThatCanWait
);

reason!(
    /// The rule of `secret-rotate`.
    RotationIsRepeated,
    #[diagnostic::on_unimplemented(
        message = "`secret-rotate` cannot be deferred",
        label = "Juju has its own retry for it",
        note = "Juju sends `secret-rotate` again until the secret has a new revision: fail the hook, or make no revision and return, and Juju comes back to it"
    )]
    SecretRotateThatCanWait
);

reason!(
    /// The rule of `collect-metrics` and `meter-status-changed`.
    IsRestricted,
    #[diagnostic::on_unimplemented(
        message = "a metering hook cannot be deferred",
        label = "Juju runs it where most hook commands refuse to work",
        note = "metering hooks come again by themselves, and what runs them later has no way to give them their restricted place: return, and look again when the next one comes"
    )]
    MeteringThatCanWait
);
