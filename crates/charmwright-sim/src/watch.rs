//! Looks on while hooks run: notes what they do, and lets the charm or a Pebble die on the way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::juju::commands::{Call, Reply};
use crate::juju::run::Observer;
use crate::record::Record;

/// Looks on while hooks run. Clones look at the same.
///
/// Every hook command and every request to Pebble is a *boundary*, before and after.
#[derive(Debug, Clone, Default)]
pub struct Watch(Arc<Mutex<Watched>>);

/// What was seen, and what shall happen.
#[derive(Debug, Default)]
pub struct Watched {
    /// The boundary at which `dispatch` is killed, counted from the first one of the next hook.
    pub kill_at: Option<usize>,
    /// How many boundaries the hooks have passed.
    pub boundaries: usize,
    /// The request at which the Pebble that gets it is killed, counted from the first one of the play.
    pub kill_pebble_at: Option<usize>,
    /// How many requests the Pebbles have got.
    pub requests: usize,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    record: Record,
    /// The process of `dispatch`, if it is one.
    process: Option<u32>,
    killed: bool,
}

impl Watch {
    /// What was seen, while nobody else has it.
    pub fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A hook begins.
    pub(crate) fn begin(&self, event: String) {
        self.lock().running = Some(Running { record: Record::of(event), process: None, killed: false });
    }

    /// It has ended: what was seen of it.
    pub(crate) fn end(&self) -> Record {
        self.lock().running.take().map(|running| running.record).unwrap_or_default()
    }
}

impl Observer for Watch {
    fn started(&self, process: u32) {
        if let Some(running) = &mut self.lock().running {
            running.process = Some(process);
        }
    }

    fn before(&self, _: &Call, _: Option<u32>) -> bool {
        !self.lock().boundary()
    }

    fn after(&self, call: &Call, reply: &Reply, _: Option<u32>) -> bool {
        let mut watched = self.lock();
        if let Some(running) = &mut watched.running {
            let args = std::iter::once(&call.name).chain(&call.args).cloned().collect();
            running.record.note_command(args, reply.code);
        }
        !watched.boundary()
    }
}

impl Watched {
    /// Passes a point at which `dispatch` may die: before or after something that it does outside itself.
    ///
    /// Says whether it is dead now.
    pub(crate) fn boundary(&mut self) -> bool {
        let Some(running) = &mut self.running else {
            return true;
        };
        let Some(process) = running.process.filter(|_| !running.killed) else {
            return running.killed;
        };
        let peak = peak_memory_kib(process);
        running.record.peak_memory_kib = running.record.peak_memory_kib.max(peak);
        if self.kill_at == Some(self.boundaries)
            && let Ok(number) = i32::try_from(process)
        {
            running.killed = kill(Pid::from_raw(number), Signal::SIGKILL).is_ok();
            // Its connections are closed only when it has ended.
            while has_not_ended(process) {
                std::thread::yield_now();
            }
        }
        self.boundaries += 1;
        running.killed
    }

    /// Notes a request to Pebble.
    pub(crate) fn note_pebble(&mut self, container: &str, method: &str, path: &str) {
        if let Some(running) = &mut self.running {
            running.record.note_pebble(container, method, path);
        }
    }
}

fn has_not_ended(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The state follows the name, which may itself contain blanks and brackets.
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

fn peak_memory_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
