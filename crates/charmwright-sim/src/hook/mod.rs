//! One hook: its environment, its commands, what it writes.

pub(crate) mod client;
mod commands;
mod context;
mod environment;
mod options;
mod run;
mod server;

use serde::Serialize;

pub use context::{ActionResult, Context, Live, Shared};
pub use environment::{Place, environment};
pub use run::{Commands, Ended, HookError, Variables, run, run_function};
pub use server::{Reply, Request};

/// What one run of `dispatch` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Record {
    /// The hook's or action's name.
    pub event: String,
    /// How `dispatch` ended; `None` if a signal ended it.
    pub exit_code: Option<i32>,
    /// The processes that the hook started: `dispatch` and each hook command.
    pub processes: usize,
    /// The hook commands, in order.
    pub commands: Vec<CommandRecord>,
    /// The requests to Pebble, in order: container, method and path.
    pub pebble: Vec<String>,
    /// The plan, if the charm logged one: a record whose first line begins with `plan:`.
    pub plan: Option<Vec<String>>,
    /// What was written: hook commands and requests to Pebble that change something.
    pub writes: Vec<String>,
    /// The unit's status afterwards.
    pub status: Option<crate::model::Status>,
    /// How long the hook took, in milliseconds.
    pub millis: u128,
    /// The most memory that `dispatch` had when it ran a hook command or asked Pebble, in KiB.
    pub peak_memory_kib: u64,
    /// Why Juju counts the hook as failed, if it does.
    pub error: Option<String>,
    /// What was logged, by `juju-log` and through standard output and error.
    pub log: Vec<LogLine>,
    /// An action's outcome.
    pub action: Option<ActionResult>,
}

/// A hook command that was run.
#[derive(Debug, Clone, Serialize)]
pub struct CommandRecord {
    /// The command and its arguments; the contents of secrets replaced.
    pub args: Vec<String>,
    /// Its exit code.
    pub code: i32,
}

/// A line of Juju's log.
#[derive(Debug, Clone, Serialize)]
pub struct LogLine {
    /// `DEBUG`, `INFO`, `WARNING`, `ERROR`.
    pub level: String,
    /// The message; it may have several lines.
    pub message: String,
}

impl Record {
    /// Whether the hook changed anything.
    pub fn wrote(&self) -> bool {
        !self.writes.is_empty()
    }

    /// Whether it failed.
    pub fn failed(&self) -> bool {
        self.error.is_some()
    }
}

/// Whether a hook command changes something outside the charm's own process.
pub(crate) fn is_write(command: &str) -> bool {
    matches!(
        command,
        "relation-set"
            | "open-port"
            | "close-port"
            | "status-set"
            | "state-set"
            | "state-delete"
            | "application-version-set"
            | "action-set"
            | "action-fail"
            | "secret-add"
            | "secret-set"
            | "secret-grant"
            | "secret-revoke"
            | "secret-remove"
    )
}
