//! Streams that go on, but hardly.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use crate::limits::STREAM_BYTES_PER_SECOND_MIN;
use crate::transport::Transport;

/// Counts what passes, and says when that is too little.
pub(super) struct Pace<'a> {
    clock: &'a dyn Transport,
    window: Duration,
    began: Instant,
    passed: u64,
}

impl<'a> Pace<'a> {
    /// Within each `window` so much must pass as [`STREAM_BYTES_PER_SECOND_MIN`] says.
    pub(super) fn new(clock: &'a dyn Transport, window: Duration) -> Self {
        Self { clock, window, began: clock.now(), passed: 0 }
    }

    /// So many bytes have passed. An error of kind `TimedOut` if they are too few.
    pub(super) fn pass(&mut self, bytes: usize) -> io::Result<()> {
        self.passed = self.passed.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let took = self.clock.now().saturating_duration_since(self.began);
        if took < self.window {
            return Ok(());
        }
        let enough = took.as_millis().saturating_mul(u128::from(STREAM_BYTES_PER_SECOND_MIN)) / 1000;
        if u128::from(self.passed) < enough {
            return Err(io::ErrorKind::TimedOut.into());
        }
        (self.began, self.passed) = (self.clock.now(), 0);
        Ok(())
    }

    /// What passes between the two calls is not the daemon's doing.
    pub(super) fn without<T>(&mut self, other: impl FnOnce() -> T) -> T {
        let paused = self.clock.now();
        let result = other();
        self.began += self.clock.now().saturating_duration_since(paused);
        result
    }
}

/// What is read at a pace.
pub(super) struct Paced<'a, R> {
    pub(super) from: R,
    pub(super) pace: Pace<'a>,
}

impl<R: Read> Read for Paced<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        if read > 0 {
            self.pace.pass(read)?;
        }
        Ok(read)
    }
}
