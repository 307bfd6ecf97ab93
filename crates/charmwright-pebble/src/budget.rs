//! How long all requests of a client may take together.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::{Client, Deadline};
use crate::error::Error;

/// Shared by the clones of a client.
#[derive(Debug)]
pub(crate) struct Budget {
    whole: Duration,
    spent: Mutex<Duration>,
}

impl Budget {
    pub(crate) fn new(whole: Duration) -> Self {
        Self { whole, spent: Mutex::default() }
    }

    pub(crate) fn whole(&self) -> Duration {
        self.whole
    }

    pub(crate) fn left(&self) -> Duration {
        self.whole.saturating_sub(*self.spent())
    }

    fn spend(&self, time: Duration) {
        let mut spent = self.spent();
        *spent = spent.saturating_add(time);
    }

    fn spent(&self) -> MutexGuard<'_, Duration> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Time that is taken from the budget of a client, from its making to its end.
pub(crate) struct Charge<'a> {
    client: &'a Client,
    started: Instant,
    timeout: Duration,
}

impl<'a> Charge<'a> {
    /// Begins what may take `timeout`, or what is left of the budget if that is less. Fails if nothing is left.
    pub(crate) fn begin(client: &'a Client, action: &str, timeout: Duration) -> Result<Self, Error> {
        let timeout = match client.budget() {
            Some(budget) if budget.left().is_zero() => {
                return Err(Error::Timeout { what: action.to_owned(), after: budget.whole() });
            }
            Some(budget) => timeout.min(budget.left()),
            None => timeout,
        };
        Ok(Self { client, started: client.transport().now(), timeout })
    }

    /// By when it must end.
    pub(crate) fn deadline(&self) -> Deadline<'a> {
        Deadline::Whole { clock: self.client.transport(), started: self.started, timeout: self.timeout }
    }

    /// How long it may take at first.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        if let Some(budget) = self.client.budget() {
            budget.spend(self.client.transport().now().saturating_duration_since(self.started));
        }
    }
}
