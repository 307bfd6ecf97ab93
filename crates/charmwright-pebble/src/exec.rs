//! Commands in the workload's container.

mod process;
mod streams;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::process::ended_well;
pub use self::process::{Control, ExitCode, Output, Process};
pub use self::streams::{Stderr, Stdin, Stdout};
use crate::budget::Charge;
use crate::change::ChangeId;
use crate::client::{Client, Deadline};
use crate::envelope::protocol;
use crate::error::Error;
use crate::layer::GoDuration;
use crate::layer::redact::Keys;
use crate::version::Feature;

/// How long Pebble waits for the streams of a command to be connected.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

impl Client {
    /// Starts a command: `POST /v1/exec`, and its streams over websockets.
    ///
    /// It runs when this returns, or has ended already. [`Process`] has its streams; dropping it kills the command.
    /// [`exec_output`](Self::exec_output) does all at once.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] if there is no such program, user, directory or service; [`Error::ChangeFailed`] if the command
    /// could not be started after that.
    pub fn exec(&self, exec: &Exec) -> Result<Process, Error> {
        self.exec_until(exec, self.deadline(self.request_timeout()))
    }

    fn exec_until(&self, exec: &Exec, deadline: Deadline<'_>) -> Result<Process, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Started {
            task_id: String,
        }

        let action = exec.action();
        if exec.command.is_empty() {
            return Err(Error::Invalid { action, message: "no command is given".to_owned() });
        }
        if !exec.service_context.is_empty() {
            self.needs(&action, Feature::ServiceContext)?;
        }
        let within = deadline.left().min(self.request_timeout());
        let answer = self.post_within(&action, "/v1/exec", exec, within)?;
        let (result, change) = answer.result_and_change::<Started>(&action)?;
        let task = crate::change::id_text(result.task_id)
            .ok_or_else(|| protocol(&action, "a task id that is not one".to_owned()))?;
        let charged = Charge::begin(self, &action, deadline.left().min(CONNECT_DEADLINE))?;
        let connecting = charged.deadline();
        let process = self.connect(exec, &action, &change, &task, connecting);
        process.map_err(|error| self.why_not_connected(exec, &change, error, connecting))
    }

    fn connect(
        &self,
        exec: &Exec,
        action: &str,
        change: &ChangeId,
        task: &str,
        deadline: Deadline<'_>,
    ) -> Result<Process, Error> {
        let open = |id: &str| {
            let path = format!("/v1/tasks/{task}/websocket/{id}");
            let opened = self.transport().open(&path, deadline.left().max(Duration::from_millis(1)));
            opened.map_err(|error| self.transport_error(action, error, deadline))
        };
        let control = open("control")?;
        let stdio = open("stdio")?;
        let stderr = if exec.combined { None } else { Some(open("stderr")?) };
        Ok(Process::new(self.clone(), exec, change.clone(), control, stdio, stderr))
    }

    /// What became of a command whose streams could not be connected: its change says more than a handshake.
    fn why_not_connected(
        &self,
        exec: &Exec,
        change: &ChangeId,
        error: Error,
        deadline: Deadline<'_>,
    ) -> Error {
        if error.is_unreachable() {
            return error;
        }
        // Pebble gives up after as long as we do, and a little later.
        let left = deadline.left() + Duration::from_secs(1);
        let timeout = exec.timeout.as_ref().and_then(GoDuration::to_duration);
        match self.wait_change(change, left).map(|change| ended_well(change, timeout, &exec.action())) {
            Ok(Err(failed)) => failed,
            _ => error,
        }
    }

    /// Runs a command to its end and returns what it wrote, all within `timeout`. `input` is what it reads.
    ///
    /// A command that exits with another code than 0 is no error; [`Output::into_result`] makes one of it.
    ///
    /// # Errors
    ///
    /// Those of [`exec`](Self::exec); [`Error::ChangeFailed`] also if the command could not be started, with the reason, as
    /// `argument list too long`. [`Error::ExecTimeout`] if the command went on for longer than its own
    /// [`timeout`](Exec::timeout); [`Error::Timeout`] if it went on for longer than `timeout` here, and it is killed then.
    /// [`Error::TooLarge`] if it writes more than [`OUTPUT_BYTES_MAX`](crate::limits::OUTPUT_BYTES_MAX) to one of its
    /// outputs, or than [`Exec::output_bytes_max`] says, and it is killed then.
    /// (A command that leaves a child behind with its output open goes on until the child ends, whatever its own timeout.)
    pub fn exec_output(&self, exec: &Exec, input: &[u8], timeout: Duration) -> Result<Output, Error> {
        let deadline = self.deadline(timeout);
        self.exec_until(exec, deadline)?.output_until(input, deadline)
    }
}

/// What is to run, and how. Its `Debug` shows neither arguments nor the values of the environment.
///
/// ```
/// use std::time::Duration;
///
/// use charmwright_pebble::Exec;
///
/// let backup = Exec::new(["pg_dump", "--clean", "guestbook"])
///     .service_context("postgresql")
///     .env("PGPASSWORD", "hunter2")
///     .timeout(Duration::from_secs(600));
/// assert!(!format!("{backup:?}").contains("hunter2"));
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Exec {
    /// The program and its arguments. There is no shell. A name without a slash is looked for on the daemon's `PATH`.
    pub command: Vec<String>,
    /// The service whose environment, user and directory it has, as far as they are not given here (Pebble 1.3 and
    /// later).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_context: String,
    /// Over the environment of the daemon.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Where it runs. Without, in its user's home.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// How long it may run before Pebble kills it. Without, as long as it likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<GoDuration>,
    /// The user it runs as.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// The same as a number. Zero is root, not none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u32>,
    /// The group it runs as.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The same as a number. Zero is root's, not none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<u32>,
    /// What it writes goes to a terminal.
    pub terminal: bool,
    /// What it reads comes from that terminal, too.
    pub interactive: bool,
    /// Standard error comes with standard output, in the order that it was written in.
    #[serde(rename = "split-stderr", serialize_with = "split")]
    pub combined: bool,
    /// The columns of the terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u16>,
    /// The lines of the terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u16>,
    /// How many bytes [`exec_output`](Client::exec_output) takes of each output. Without,
    /// [`OUTPUT_BYTES_MAX`](crate::limits::OUTPUT_BYTES_MAX).
    #[serde(skip)]
    pub output_bytes_max: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls it with")]
fn split<S: serde::Serializer>(combined: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(!combined)
}

impl Exec {
    /// A program and its arguments.
    pub fn new<I: IntoIterator<Item: Into<String>>>(command: I) -> Self {
        Self { command: command.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// A script for `/bin/sh`, which the container's image must have.
    pub fn shell(script: impl Into<String>) -> Self {
        Self::new(["/bin/sh".to_owned(), "-c".to_owned(), script.into()])
    }

    /// Sets the service whose environment, user and directory it has.
    #[must_use]
    pub fn service_context(mut self, service: impl Into<String>) -> Self {
        self.service_context = service.into();
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Sets the directory that it runs in.
    #[must_use]
    pub fn working_dir(mut self, dir: impl Into<String>) -> Self {
        self.working_dir = dir.into();
        self
    }

    /// Sets how long it may run before Pebble kills it.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout.into());
        self
    }

    /// Sets the user.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// Sets the user by number. One without an entry in the container's passwd file needs a group, too.
    #[must_use]
    pub fn user_id(mut self, id: u32) -> Self {
        self.user_id = Some(id);
        self
    }

    /// Sets the group.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = group.into();
        self
    }

    /// Sets the group by number.
    #[must_use]
    pub fn group_id(mut self, id: u32) -> Self {
        self.group_id = Some(id);
        self
    }

    /// Standard error comes with standard output.
    #[must_use]
    pub fn combined(mut self) -> Self {
        self.combined = true;
        self
    }

    /// It runs in a terminal of this size, reads from it and writes to it. Both streams are one then.
    #[must_use]
    pub fn in_terminal(mut self, width: u16, height: u16) -> Self {
        (self.terminal, self.interactive, self.combined) = (true, true, true);
        (self.width, self.height) = (Some(width), Some(height));
        self
    }

    /// Sets how many bytes [`exec_output`](Client::exec_output) takes of each output. It takes up to twice as much memory.
    #[must_use]
    pub fn output_bytes_max(mut self, bytes: u64) -> Self {
        self.output_bytes_max = Some(bytes);
        self
    }

    /// What is said of it in errors: the program, since arguments may hold anything.
    pub(crate) fn action(&self) -> String {
        format!("run {:?}", self.command.first().map_or("", String::as_str))
    }
}

impl fmt::Debug for Exec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exec")
            .field("program", &self.command.first())
            .field("service_context", &self.service_context)
            .field("environment", &Keys(&self.environment))
            .field("working_dir", &self.working_dir)
            .field("timeout", &self.timeout)
            .field("user", &self.user)
            .field("user_id", &self.user_id)
            .field("group", &self.group)
            .field("group_id", &self.group_id)
            .field("terminal", &self.terminal)
            .field("interactive", &self.interactive)
            .field("combined", &self.combined)
            .field("output_bytes_max", &self.output_bytes_max)
            .finish_non_exhaustive()
    }
}
