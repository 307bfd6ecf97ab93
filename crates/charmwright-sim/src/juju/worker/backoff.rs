//! The timer after which a failed hook is run again.

use jiff::{SignedDuration, Timestamp};

const SHORTEST: SignedDuration = SignedDuration::from_secs(5);
const LONGEST: SignedDuration = SignedDuration::from_mins(5);

/// The timer after which a failed hook is run again. Each time it is started it waits twice as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    at: Option<Timestamp>,
    wait: SignedDuration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { at: None, wait: SHORTEST }
    }
}

impl Backoff {
    /// When it fires.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// How long the next start waits.
    pub fn wait(&self) -> SignedDuration {
        self.wait
    }

    /// Starts it.
    pub fn start(&mut self, now: Timestamp) {
        self.at = Some(now + self.wait);
        self.wait = (self.wait * 2).min(LONGEST);
    }

    /// Stops it. The next wait is the shortest.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether it fires now.
    pub fn fire(&mut self, now: Timestamp) -> bool {
        let due = self.at.is_some_and(|at| at <= now);
        if due {
            self.at = None;
        }
        due
    }
}
