//! Log entries that are followed.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::world::World;
use crate::logs::LogEntry;
use crate::request::LogQuery;

/// The body of an answer that goes on. Reading it is waiting, so time goes on.
pub(super) struct Following {
    world: Arc<Mutex<World>>,
    query: LogQuery,
    held: Vec<u8>,
    taken: usize,
    last: u64,
    silence: Duration,
}

impl Following {
    pub(super) fn new(
        world: Arc<Mutex<World>>,
        query: LogQuery,
        first: String,
        last: u64,
        silence: Duration,
    ) -> Self {
        Self { world, query, held: first.into_bytes(), taken: 0, last, silence }
    }
}

impl Read for Following {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.held.len() {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            let deadline = world.pebble.now().after(self.silence);
            let (query, last) = (&self.query, self.last);
            let mut entries = Vec::new();
            let has_come = world.until(Some(deadline), |world| {
                entries = world.pebble.logs_after(query, last);
                !entries.is_empty()
            });
            if !has_come {
                let kind = if world.is_up() { io::ErrorKind::TimedOut } else { io::ErrorKind::UnexpectedEof };
                return Err(kind.into());
            }
            self.last = entries.last().map_or(last, |entry| entry.number);
            self.held = entries.iter().map(LogEntry::json).collect::<String>().into_bytes();
            self.taken = 0;
        }
        let mut rest = self.held.get(self.taken..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.taken += read;
        Ok(read)
    }
}
