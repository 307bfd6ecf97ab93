//! The seam to the outside: what the model needs done, and what it is told of.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::accounts::Accounts;
use crate::signal::Signal;

/// Does what the model cannot: it has no processes, no network and no accounts.
///
/// Nothing here may call back into the model. What comes of it is told by the model's inputs, later:
/// [`Pebble::output`](crate::Pebble::output), [`exited`](crate::Pebble::exited),
/// [`check_ended`](crate::Pebble::check_ended) and [`exec_ended`](crate::Pebble::exec_ended).
pub trait Host: Accounts {
    /// Starts the process of a service, as the leader of a process group of its own. `process` is the model's name for
    /// it from now on.
    ///
    /// # Errors
    ///
    /// Go's words for why it cannot be started, as in `fork/exec /bin/nope: permission denied`.
    fn spawn(&mut self, process: ProcessId, what: &Spawn) -> Result<(), String>;

    /// Sends a signal to the process of a service.
    ///
    /// # Errors
    ///
    /// Go's words for why not, as in `os: process already finished`.
    fn signal(&mut self, process: ProcessId, signal: Signal, to: SignalTo) -> Result<(), String>;

    /// Looks once whether something is up. It takes [`CheckRun::timeout`] at most and tells its outcome by
    /// [`Pebble::check_ended`](crate::Pebble::check_ended), also when that time is over.
    fn run_check(&mut self, run: RunId, what: &CheckRun);

    /// Nobody waits for this outcome any more.
    fn cancel_check(&mut self, run: RunId);

    /// Starts a command whose websockets are connected. It ends by [`Pebble::exec_ended`](crate::Pebble::exec_ended),
    /// after all that it wrote has been sent.
    ///
    /// # Errors
    ///
    /// Go's words for why it cannot be started.
    fn start_exec(&mut self, task: &TaskId, what: &ExecStart) -> Result<(), String>;

    /// Kills a command. It still ends by [`Pebble::exec_ended`](crate::Pebble::exec_ended).
    fn kill_exec(&mut self, task: &TaskId);

    /// Where a program is: as Go's `exec.LookPath` on the daemon's `PATH`.
    ///
    /// # Errors
    ///
    /// Go's words, as in `exec: "nope": executable file not found in $PATH`.
    fn find_executable(&self, name: &str) -> Result<String, String>;

    /// Whether there is such a directory.
    fn is_directory(&self, path: &str) -> bool;
}

/// The process of a service. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u64);

/// One run of a check. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

/// A task, and with it the command that an exec runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub String);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A process to be started. Its `Debug` shows the names of the environment's variables, not their values.
#[derive(Clone, PartialEq, Eq)]
pub struct Spawn {
    /// The service it is for; empty for a command or a check.
    pub service: String,
    /// The program as it was asked for, then its arguments. Never empty.
    pub command: Vec<String>,
    /// The whole environment, the daemon's with it.
    pub environment: BTreeMap<String, String>,
    /// Whom it runs as; the daemon's user without.
    pub credentials: Option<Credentials>,
    /// Where it runs; where the daemon does if empty.
    pub working_dir: String,
}

impl fmt::Debug for Spawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawn")
            .field("service", &self.service)
            .field("command", &self.command)
            .field("environment", &self.environment.keys())
            .field("credentials", &self.credentials)
            .field("working_dir", &self.working_dir)
            .finish()
    }
}

/// Whom a process runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user's number.
    pub user: u32,
    /// The group's number.
    pub group: u32,
}

/// What of a process a signal goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalTo {
    /// The process alone.
    Process,
    /// Its whole group.
    Group,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(Signal),
}

impl Exit {
    /// The code; 128 and the number for a signal.
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal.number(),
        }
    }
}

/// What one run of a check does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRun {
    /// The check.
    pub check: String,
    /// How long it may take.
    pub timeout: Duration,
    /// What is looked at.
    pub kind: CheckKind,
}

/// What a check looks at. Its `Debug` shows no values of headers.
#[derive(Clone, PartialEq, Eq)]
pub enum CheckKind {
    /// A GET of this URL answers with 2xx.
    Http {
        /// The URL.
        url: String,
        /// What is sent with it.
        headers: BTreeMap<String, String>,
    },
    /// This port takes connections.
    Tcp {
        /// The port.
        port: u16,
        /// The host; `localhost` if the check has none.
        host: String,
    },
    /// This command exits with code 0. The environment of its `Spawn` is the whole one.
    Exec(Spawn),
}

impl fmt::Debug for CheckKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { url, headers } => {
                f.debug_struct("Http").field("url", url).field("headers", &headers.keys()).finish()
            }
            Self::Tcp { port, host } => {
                f.debug_struct("Tcp").field("port", port).field("host", host).finish()
            }
            Self::Exec(spawn) => f.debug_tuple("Exec").field(spawn).finish(),
        }
    }
}

/// Why a check failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckFailure {
    /// In Pebble's words, as in `non-2xx status code 404`.
    pub message: String,
    /// What goes into the log of its task beside the message: what the server or the command said, cut to 512 bytes and
    /// five lines. Empty if there is nothing.
    pub details: String,
}

impl CheckFailure {
    /// It took longer than [`CheckRun::timeout`].
    pub fn timed_out(timeout: Duration) -> Self {
        let after = charmwright_pebble::GoDuration::from(timeout);
        Self { message: format!("check timed out after {after}"), details: String::new() }
    }
}

/// A command whose websockets are connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecStart {
    /// What to run. Its program is to be looked for as [`Host::find_executable`] does.
    pub spawn: Spawn,
    /// Whether what it writes goes through a terminal.
    pub terminal: bool,
    /// Whether what it reads comes through that terminal too.
    pub interactive: bool,
    /// Whether its standard error has a websocket of its own.
    pub split_stderr: bool,
    /// Columns of the terminal; none if 0.
    pub width: u16,
    /// Lines of the terminal; none if 0.
    pub height: u16,
}

/// Which websocket of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Websocket {
    /// Signals and sizes, from the client.
    Control,
    /// What it reads and writes.
    Stdio,
    /// What it writes to standard error, if that is told apart.
    Stderr,
}

impl Websocket {
    /// By the last segment of its path.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "control" => Self::Control,
            "stdio" => Self::Stdio,
            "stderr" => Self::Stderr,
            _ => return None,
        })
    }

    /// The last segment of its path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Stdio => "stdio",
            Self::Stderr => "stderr",
        }
    }
}

/// An account or a group, by name or by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountKey {
    /// By name.
    Name(String),
    /// By number.
    Id(u32),
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: u32,
    /// The number of its first group.
    pub group: u32,
    /// Its home.
    pub home: String,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: u32,
}
