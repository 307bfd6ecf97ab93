//! What is to happen when.

use std::collections::BTreeMap;

use crate::time::Time;

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// A service has run long enough to count as started.
    Okay(String),
    /// A service has run long enough to be restarted soon again.
    BackoffReset(String),
    /// A service is started again.
    Backoff(String),
    /// A service has had its time to end.
    Terminated(String),
    /// A service has had its time to be killed.
    Killed(String),
    /// A check is tried.
    Check(u64),
    /// The websockets of a command should be connected.
    Connected(u64),
    /// A command has had its time.
    Exec(u64),
    /// What is old is forgotten.
    Prune,
    /// The services have had their time to stop with the daemon.
    StopServices,
}

/// All that is to happen, in its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    all: BTreeMap<(Time, u64), Timer>,
    last: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Time, timer: Timer) {
        self.last += 1;
        self.all.insert((at, self.last), timer);
    }

    /// Whatever is to happen until then, one at a time.
    pub(crate) fn next_until(&mut self, until: Time) -> Option<(Time, Timer)> {
        let first = self.all.first_entry().filter(|entry| entry.key().0 <= until)?;
        let at = first.key().0;
        Some((at, first.remove()))
    }

    pub(crate) fn next(&self) -> Option<Time> {
        self.all.keys().next().map(|(at, _)| *at)
    }

    pub(crate) fn cancel(&mut self, timer: &Timer) {
        self.all.retain(|_, known| known != timer);
    }

    pub(crate) fn clear(&mut self) {
        self.all.clear();
    }
}
