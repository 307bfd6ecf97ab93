//! The two workers that wait for a secret's time: one for rotations, one for expiries.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};

/// How long after an expiry the charm is told again, until it removes the revision.
const EXPIRE_RETRY: SignedDuration = SignedDuration::from_mins(5);

/// Something that comes due: a rotation by the secret's id, or an expiry by `id/revision`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Triggers {
    due: BTreeMap<String, Timestamp>,
    timer: Option<Timestamp>,
    next: Option<Timestamp>,
}

/// A secret's time has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TriggerChange {
    /// What comes due.
    pub(super) key: String,
    /// When; `None` if not any more.
    pub(super) at: Option<Timestamp>,
}

/// To the minute: that is how exact Juju is here.
fn minute(at: Timestamp) -> Timestamp {
    let round = TimestampRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Trunc);
    at.round(round).unwrap_or(at)
}

impl Triggers {
    /// When the timer fires.
    pub(super) fn next_timer(&self) -> Option<Timestamp> {
        self.timer
    }

    /// Takes note of changes.
    pub(super) fn change(&mut self, changes: Vec<TriggerChange>, now: Timestamp, kind: Kind) {
        if changes.is_empty() {
            return;
        }
        for TriggerChange { key, at } in changes {
            match at {
                Some(at) => drop(self.due.insert(key, at)),
                None => drop(self.due.remove(&key)),
            }
        }
        self.plan(now, kind);
    }

    /// Fires the timer if it is due: what has come due.
    pub(super) fn fire(&mut self, now: Timestamp, kind: Kind) -> Vec<String> {
        if self.timer.is_none_or(|at| at > now) {
            return Vec::new();
        }
        // It is set again only if another time comes next.
        self.timer = None;
        let due: Vec<String> =
            self.due.iter().filter(|(_, at)| minute(**at) < now).map(|(key, _)| key.clone()).collect();
        for key in &due {
            match kind {
                // It comes back when the rotation was noted.
                Kind::Rotation => drop(self.due.remove(key)),
                Kind::Expiry => {
                    if let Some(at) = self.due.get_mut(key) {
                        *at += EXPIRE_RETRY;
                    }
                }
            }
        }
        self.plan(now, kind);
        due
    }

    fn plan(&mut self, now: Timestamp, kind: Kind) {
        if kind == Kind::Expiry {
            for at in self.due.values_mut() {
                *at = (*at).max(now);
            }
        }
        let Some(soonest) = self.due.values().min().copied() else {
            self.timer = None;
            return;
        };
        if self.next == Some(soonest) {
            return;
        }
        let at = soonest.max(now);
        self.next = Some(at);
        self.timer = Some(at);
    }
}

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// secret-rotate
    Rotation,
    /// secret-expired
    Expiry,
}
