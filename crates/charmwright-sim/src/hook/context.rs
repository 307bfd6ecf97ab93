//! What a hook sees, and what it has written that Juju still holds back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Serialize;

use super::{CommandRecord, LogLine, Record, is_write};
use crate::events::Hook;
use crate::model::{Bag, Model, merge};

/// The world and the running hook, shared by the agent and those who serve the hook.
#[derive(Debug, Clone)]
pub struct Shared(Arc<Mutex<Live>>);

/// The world and the running hook.
#[derive(Debug)]
pub struct Live {
    /// The world.
    pub model: Model,
    /// The running hook.
    pub(crate) context: Option<Context>,
    /// The boundary at which `dispatch` is killed, counted from the first one of the next hook.
    pub kill_at: Option<usize>,
    /// How many boundaries the hooks have passed.
    pub boundaries: usize,
    /// The request at which the Pebble that gets it is killed, counted from the first one of the play.
    pub kill_pebble_at: Option<usize>,
    /// How many requests the Pebbles have got.
    pub requests: usize,
}

/// A running hook.
#[derive(Debug)]
pub struct Context {
    /// The hook.
    pub(crate) hook: Hook,
    /// `JUJU_CONTEXT_ID`
    pub(crate) id: String,
    /// The process of `dispatch`.
    pub(crate) pid: Option<i32>,
    /// Whether the agent has killed it.
    pub(crate) killed: bool,
    pub(crate) record: Record,
    pub(crate) bags: BTreeMap<(u64, Owner), Bag>,
    pub(crate) opened: BTreeSet<String>,
    pub(crate) closed: BTreeSet<String>,
    pub(crate) state: Option<Bag>,
    pub(crate) status_read: Option<crate::model::Status>,
    pub(crate) action: ActionResult,
}

/// Whose bag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Application,
    Unit,
}

/// How an action ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ActionResult {
    /// Whether `action-fail` was called, or the charm failed.
    pub failed: bool,
    /// What the charm said about it.
    pub message: String,
    /// What it answered.
    pub results: BTreeMap<String, String>,
}

impl ActionResult {
    /// The same, with these texts replaced.
    pub(crate) fn without(mut self, secrets: &[&str]) -> Self {
        for value in self.results.values_mut() {
            *value = hidden(std::mem::take(value), secrets);
        }
        self
    }
}

fn hidden(text: String, secrets: &[&str]) -> String {
    secrets.iter().fold(text, |text, secret| text.replace(secret, "<secret>"))
}

impl Shared {
    /// Shares a world.
    pub fn new(model: Model) -> Self {
        Self(Arc::new(Mutex::new(Live {
            model,
            context: None,
            kill_at: None,
            boundaries: 0,
            kill_pebble_at: None,
            requests: 0,
        })))
    }

    /// The world, while nobody else has it.
    pub fn lock(&self) -> MutexGuard<'_, Live> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Context {
    pub(crate) fn new(hook: Hook, id: String, event: String) -> Self {
        Self {
            hook,
            id,
            pid: None,
            killed: false,
            record: Record { event, processes: 1, ..Record::default() },
            bags: BTreeMap::new(),
            opened: BTreeSet::new(),
            closed: BTreeSet::new(),
            state: None,
            status_read: None,
            action: ActionResult::default(),
        }
    }

    /// Adds to the log, and takes a plan out of it. In a relation's hook Juju puts the relation before what
    /// `juju-log` says; `of` is that.
    pub(crate) fn log(&mut self, level: &str, of: &str, message: &str) {
        if message.starts_with("plan:") {
            self.record.plan = Some(message.lines().skip(1).map(|line| line.trim().to_owned()).collect());
        }
        self.record.log.push(LogLine { level: level.to_owned(), message: format!("{of}{message}") });
    }

    /// The bags, ports and state that it wrote reach the model. Says which relations were written.
    pub(crate) fn publish(self, model: &mut Model) -> (Record, Vec<u64>) {
        let mut written = Vec::new();
        for ((id, owner), changes) in self.bags {
            let Some(relation) = model.relations.get_mut(&id) else {
                continue;
            };
            match owner {
                Owner::Application => merge(&mut relation.local_app, &changes),
                Owner::Unit => merge(&mut relation.local_unit, &changes),
            }
            if relation.peer && owner == Owner::Application {
                relation.remote_app.merge(&changes);
            }
            written.push(id);
        }
        model.ports.extend(self.opened);
        model.ports.retain(|port| !self.closed.contains(port));
        if let Some(state) = self.state {
            model.state = state;
        }
        (self.record, written)
    }
}

impl Live {
    /// The running hook and the world.
    pub(crate) fn parts(&mut self) -> Option<(&mut Context, &mut Model)> {
        Some((self.context.as_mut()?, &mut self.model))
    }

    /// Passes a point at which `dispatch` may die: before or after something that it does outside itself.
    ///
    /// Says whether it is dead now.
    pub(crate) fn boundary(&mut self) -> bool {
        let Some(context) = &mut self.context else {
            return true;
        };
        let Some(pid) = context.pid.filter(|_| !context.killed) else {
            return context.killed;
        };
        let peak = peak_memory_kib(pid);
        context.record.peak_memory_kib = context.record.peak_memory_kib.max(peak);
        if self.kill_at == Some(self.boundaries) {
            context.killed = kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok();
            // Its connections are closed only when it has ended.
            while has_not_ended(pid) {
                std::thread::yield_now();
            }
        }
        self.boundaries += 1;
        context.killed
    }

    /// Notes a hook command that was run.
    pub(crate) fn note_command(&mut self, args: Vec<String>, code: i32) {
        let args = self.without_secrets(args);
        let Some(context) = &mut self.context else { return };
        context.record.processes += 1;
        if code == 0 && args.first().is_some_and(|command| is_write(command)) {
            context.record.writes.push(args.join(" "));
        }
        context.record.commands.push(CommandRecord { args, code });
    }

    /// Notes a request to Pebble.
    pub(crate) fn note_pebble(&mut self, container: &str, method: &str, path: &str) {
        let Some(context) = &mut self.context else { return };
        let request = format!("{container}: {method} {path}");
        if method != "GET" {
            context.record.writes.push(request.clone());
        }
        context.record.pebble.push(request);
    }

    fn without_secrets(&self, args: Vec<String>) -> Vec<String> {
        let secrets = self.model.secret_values();
        args.into_iter().map(|arg| hidden(arg, &secrets)).collect()
    }
}

fn has_not_ended(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name, which may itself contain blanks and brackets.
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

fn peak_memory_kib(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
