//! The model as a whole.

use crate::host::{CheckFailure, Exit, Host, ProcessId, RunId, TaskId, Websocket};
use crate::request::{LogQuery, Reply, Request, Response, Wait};
use crate::settings::Settings;
use crate::time::Time;

/// A Pebble, as plain data: no threads, no clock, no processes.
///
/// A request goes in by [`handle`](Self::handle). What happens outside is told by the inputs, and time by
/// [`advance`](Self::advance), which is called before every other input too where time is real. Each does at once all that
/// follows, through the [`Host`]; nothing happens between them.
#[derive(Debug)]
pub struct Pebble {
    now: Time,
}

/// A log entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When.
    pub time: Time,
    /// Of which service.
    pub service: String,
    /// The line, without its end.
    pub message: String,
    /// Counts all entries of the daemon: later ones have higher numbers.
    pub number: u64,
}

/// Why the daemon has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to, or a service ended that was to end it well. Exit code 0.
    Stopped,
    /// A service ended that was to end it as a failure. Exit code 10.
    ServiceFailure,
    /// A check went down that was to end it. Exit code 11.
    CheckFailure,
}

impl End {
    /// The exit code of the daemon.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Stopped => 0,
            Self::ServiceFailure => 10,
            Self::CheckFailure => 11,
        }
    }
}

impl Pebble {
    /// Starts a daemon at this time.
    ///
    /// # Errors
    ///
    /// Pebble's words for why it does not start: bad layers, bad identities.
    pub fn start(_settings: Settings, now: Time, _host: &mut dyn Host) -> Result<Self, String> {
        Ok(Self { now })
    }

    /// Takes a request.
    pub fn handle(&mut self, _request: &Request, _host: &mut dyn Host) -> Reply {
        Reply::Done(crate::api::envelope::error(404, "invalid API endpoint requested"))
    }

    /// The answer to somebody who waits, if it is there.
    pub fn poll(&mut self, _wait: &Wait) -> Option<Response> {
        None
    }

    /// Time goes on to this point, and what was to happen until then happens. Time that has passed changes nothing.
    pub fn advance(&mut self, to: Time, _host: &mut dyn Host) {
        self.now = self.now.max(to);
    }

    /// When something is to happen next. None if nothing does by itself.
    pub fn next_timer(&self) -> Option<Time> {
        None
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// A service wrote this to standard output or error.
    pub fn output(&mut self, _process: ProcessId, _bytes: &[u8]) {}

    /// The process of a service ended, and all that it wrote was told.
    pub fn exited(&mut self, _process: ProcessId, _exit: Exit, _host: &mut dyn Host) {}

    /// A run of a check ended.
    pub fn check_ended(&mut self, _run: RunId, _outcome: Result<(), CheckFailure>, _host: &mut dyn Host) {}

    /// A websocket of a command is open.
    pub fn exec_connected(&mut self, _task: &TaskId, _websocket: Websocket, _host: &mut dyn Host) {}

    /// A command ended, and all that it wrote was sent.
    pub fn exec_ended(&mut self, _task: &TaskId, _exit: Exit, _host: &mut dyn Host) {}

    /// Asks the daemon to stop, as SIGTERM does. It has when [`ended`](Self::ended) says so.
    pub fn stop(&mut self, _host: &mut dyn Host) {}

    /// Why the daemon has ended; None as long as it runs.
    pub fn ended(&self) -> Option<End> {
        None
    }

    /// The log entries that there are, oldest first.
    pub fn logs(&self, _query: &LogQuery) -> Vec<LogEntry> {
        Vec::new()
    }

    /// The entries after this number that whoever follows gets.
    pub fn logs_after(&self, _query: &LogQuery, _number: u64) -> Vec<LogEntry> {
        Vec::new()
    }

    /// The number of the newest log entry.
    pub fn last_log(&self) -> u64 {
        0
    }

    /// What a daemon writes to its state file: notices, changes and identities. See [`Settings`].
    pub fn state(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl LogEntry {
    /// The entry as Pebble sends it, with its line break.
    pub fn json(&self) -> String {
        // Go does not escape for HTML here.
        let fields = (self.time.rfc3339_millis(), &self.service, &self.message);
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            "{{\"time\":{},\"service\":{},\"message\":{}}}\n",
            quoted(&fields.0),
            quoted(fields.1),
            quoted(fields.2)
        )
    }
}
