//! The model with its host, for all who ask.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use crate::pebble::{End, Pebble};
use crate::real::{Event, RealHost};
use crate::time::Time;

/// A daemon that runs.
#[derive(Debug)]
pub(crate) struct Daemon {
    both: Mutex<(Pebble, RealHost)>,
    /// Counts what happened, so that whoever waits for something looks again.
    changed: watch::Sender<u64>,
}

/// The time.
pub(crate) fn now() -> Time {
    Time::from(SystemTime::now())
}

impl Daemon {
    pub(crate) fn new(pebble: Pebble, host: RealHost) -> Arc<Self> {
        Arc::new(Self { both: Mutex::new((pebble, host)), changed: watch::Sender::new(0) })
    }

    /// Does something with the model, at this time.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Pebble, &mut RealHost) -> T) -> T {
        let mut both = self.both.lock().unwrap_or_else(PoisonError::into_inner);
        let (pebble, host) = &mut *both;
        pebble.advance(now(), host);
        let done = act(pebble, host);
        drop(both);
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
        done
    }

    /// Looks at the model.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Pebble) -> T) -> T {
        let mut both = self.both.lock().unwrap_or_else(PoisonError::into_inner);
        let (pebble, host) = &mut *both;
        pebble.advance(now(), host);
        look(pebble)
    }

    /// Tells when something has happened.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Tells the model what happens outside and what time it is, until it has ended.
    pub(crate) async fn drive(&self, mut events: UnboundedReceiver<Event>) -> End {
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            let (ended, next) = self.look(|pebble| (pebble.ended(), pebble.next_timer()));
            if let Some(end) = ended {
                return end;
            }
            tokio::select! {
                event = events.recv() => {
                    let Some(event) = event else { return End::Stopped };
                    // What has come meanwhile goes in with it.
                    let more = std::iter::from_fn(|| events.try_recv().ok());
                    let all: Vec<Event> = std::iter::once(event).chain(more).collect();
                    self.with(|pebble, host| all.into_iter().for_each(|event| tell(event, pebble, host)));
                }
                () = until(next) => self.with(|_, _| ()),
                _ = changes.changed() => {}
            }
        }
    }
}

fn tell(event: Event, pebble: &mut Pebble, host: &mut RealHost) {
    host.ended(&event);
    match event {
        Event::Output(process, bytes) => pebble.output(process, &bytes),
        Event::Exited(process, exit) => pebble.exited(process, exit, host),
        Event::Checked(run, outcome) => pebble.check_ended(run, outcome, host),
        Event::ExecEnded(task, exit) => pebble.exec_ended(&task, exit, host),
    }
}

/// Waits until this time; for ever if there is none.
pub(crate) async fn until(time: Option<Time>) {
    match time {
        // A little later rather than a little before: the model would not be there yet.
        Some(time) => tokio::time::sleep(time.since(now()) + Duration::from_micros(200)).await,
        None => std::future::pending().await,
    }
}
