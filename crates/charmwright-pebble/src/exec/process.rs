//! A command that runs.

use std::fmt;
use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::Exec;
use super::streams::{Incoming, Stderr, Stdin, Stdout};
use crate::bounded::append_within;
use crate::change::{Change, ChangeId};
use crate::client::{Client, Deadline};
use crate::error::Error;
use crate::limits::OUTPUT_BYTES_MAX;
use crate::transport::{Channel, Cut, Frame, Receiver, Sender};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;
/// Why Pebble ended a command, where its own timeout was it: what a task's error begins with.
const TIMED_OUT: &str = "timed out after ";

/// A command that was started, with its streams. Dropping it kills the command; see [`detach`](Self::detach).
///
/// Whoever writes to `stdin` must read `stdout` and `stderr` at the same time, since the command stops when nobody takes
/// what it writes. The streams can be given to threads; [`output`](Self::output) does just that.
///
/// ```no_run
/// use std::io::{Read, Write};
/// use std::time::Duration;
///
/// use charmwright_pebble::{Client, Exec};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::new("/charm/containers/db/pebble.socket");
/// let mut process = client.exec(&Exec::new(["pg_dump", "guestbook"]))?;
/// let mut dump = std::fs::File::create("/tmp/dump.sql")?;
/// if let Some(mut stdout) = process.stdout.take() {
///     std::io::copy(&mut stdout, &mut dump)?;
/// }
/// process.wait(Duration::from_secs(60))?.success()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it kills the command"]
pub struct Process {
    /// What it reads. Dropping it ends its input.
    pub stdin: Option<Stdin>,
    /// What it writes to standard output, and to standard error if the two are combined.
    pub stdout: Option<Stdout>,
    /// What it writes to standard error; none if that is combined with standard output.
    pub stderr: Option<Stderr>,
    program: String,
    timeout: Option<Duration>,
    output_bytes_max: u64,
    change: ChangeId,
    client: Client,
    control: Control,
    /// The connection of the control channel is kept: without it the command is killed.
    _control_receiver: Box<dyn Receiver>,
    streams: Vec<Box<dyn Cut>>,
}

impl Process {
    pub(super) fn new(
        client: Client,
        exec: &Exec,
        change: ChangeId,
        control: Channel,
        stdio: Channel,
        stderr: Option<Channel>,
    ) -> Self {
        let mut streams = vec![control.cutter, stdio.cutter];
        let stderr = stderr.map(|channel| {
            streams.push(channel.cutter);
            Stderr::new(channel.receiver)
        });
        Self {
            stdin: Some(Stdin::new(stdio.sender)),
            stdout: Some(Stdout::new(stdio.receiver)),
            stderr,
            program: exec.command.first().cloned().unwrap_or_default(),
            timeout: exec.timeout.as_ref().and_then(crate::GoDuration::to_duration),
            output_bytes_max: exec.output_bytes_max.unwrap_or(OUTPUT_BYTES_MAX),
            change,
            client,
            control: Control(control.sender),
            _control_receiver: control.receiver,
            streams,
        }
    }

    /// The change that runs it, for [`abort_change`](Client::abort_change).
    pub fn change(&self) -> &ChangeId {
        &self.change
    }

    /// What it takes besides its input: signals, and another size of its terminal.
    pub fn control(&mut self) -> &mut Control {
        &mut self.control
    }

    /// Waits until it has ended, at most for `timeout`. What was not taken of its streams before is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::ExecTimeout`] if Pebble killed it, [`Error::Timeout`] if it goes on after `timeout`; it is killed then.
    pub fn wait(mut self, timeout: Duration) -> Result<ExitCode, Error> {
        let client = self.client.clone();
        let deadline = client.deadline(timeout);
        drop(self.stdin.take());
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        // A command stops when nobody takes what it writes.
        thread::scope(|scope| {
            let drains = [
                stdout
                    .map(|mut stream| scope.spawn(move || io::copy(&mut stream, &mut io::sink()).map(drop))),
                stderr
                    .map(|mut stream| scope.spawn(move || io::copy(&mut stream, &mut io::sink()).map(drop))),
            ];
            let ended = self.exit_code(deadline);
            self.cut();
            drop(drains);
            ended
        })
    }

    /// Gives it `input`, waits until it has ended, at most for `timeout`, and returns what it wrote.
    ///
    /// # Errors
    ///
    /// As for [`wait`](Self::wait).
    pub fn output(self, input: &[u8], timeout: Duration) -> Result<Output, Error> {
        let client = self.client.clone();
        self.output_until(input, client.deadline(timeout))
    }

    pub(super) fn output_until(mut self, input: &[u8], deadline: Deadline<'_>) -> Result<Output, Error> {
        let mut stdin = self.stdin.take();
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        let (most, streams) = (self.output_bytes_max, self.streams.as_slice());
        thread::scope(|scope| {
            if input.is_empty() {
                drop(stdin);
            } else {
                // A command that does not read all of its input is none the worse for it.
                scope.spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(input)));
            }
            let errors = stderr
                .map(|stderr| scope.spawn(move || read_all(stderr.into_incoming(), most, streams, deadline)));
            let written = stdout.map_or_else(
                || Ok(Some(Vec::new())),
                |stdout| read_all(stdout.into_incoming(), most, streams, deadline),
            );
            let errors = match errors {
                Some(reading) => reading.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())),
                None => Ok(Some(Vec::new())),
            };
            let told = written.and_then(|written| Ok(written.zip(errors?)));
            let ended = match told {
                Ok(None) => {
                    Err(Error::TooLarge { action: self.action(), what: "the output", most, unit: "bytes" })
                }
                Ok(Some((stdout, stderr))) => {
                    self.exit_code(deadline).map(|code| Output { code, stdout, stderr })
                }
                Err(error) => Err(self.client.read_error(&self.action(), error, deadline)),
            };
            // Whoever still writes to it is told that it is closed.
            self.cut();
            ended
        })
    }

    /// Lets it run on by itself. Its input has ended, and what it writes is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] if the daemon is gone, and the command with it.
    pub fn detach(mut self) -> Result<ChangeId, Error> {
        drop(self.stdin.take());
        let sent = self.control.0.send(Frame::Close, Some(self.client.request_timeout()));
        sent.map_err(|error| self.client.unreachable(error))?;
        Ok(self.change.clone())
    }

    /// The exit code, from the change: what its streams say is no proof.
    fn exit_code(&self, deadline: Deadline<'_>) -> Result<ExitCode, Error> {
        let ended = self.client.wait_until(&self.change, deadline);
        let change = ended.map_err(|error| match error {
            Error::Timeout { after, .. } => Error::Timeout { what: self.action(), after },
            error => error,
        })?;
        let code = exit_code(&change);
        let change = ended_well(change, self.timeout, &self.action())?;
        let code = code.and_then(|code| i32::try_from(code).ok()).ok_or_else(|| {
            let message = format!("change {} has no exit code", change.id);
            crate::envelope::protocol(&self.action(), message)
        })?;
        Ok(ExitCode { code, program: self.program.clone() })
    }

    fn action(&self) -> String {
        format!("run {:?}", self.program)
    }

    fn cut(&self) {
        for stream in &self.streams {
            stream.cut();
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("program", &self.program)
            .field("change", &self.change)
            .finish_non_exhaustive()
    }
}

/// The change of a command, if it did not fail. The exit code does not tell why it did: one that could not be started has
/// -1 as one that was killed for its timeout has.
pub(super) fn ended_well(change: Change, timeout: Option<Duration>, action: &str) -> Result<Change, Error> {
    // "- Execute command "sleep" (timed out after 100ms: context deadline exceeded)". The summary has the program's name,
    // which may be anything.
    let reason = |err: &str| {
        let line = err.lines().find_map(|line| {
            let task = change.tasks.iter().find(|task| task.kind == "exec")?;
            line.strip_prefix("- ")?.strip_prefix(task.summary.as_str())?.strip_prefix(" (")
        });
        line.is_some_and(|reason| reason.starts_with(TIMED_OUT))
    };
    match timeout {
        Some(after) if change.err.as_deref().is_some_and(reason) => {
            Err(Error::ExecTimeout { action: action.to_owned(), after })
        }
        _ => change.into_result(),
    }
}

fn exit_code(change: &Change) -> Option<i64> {
    change.tasks.iter().find_map(|task| task.data.get("exit-code"))?.as_i64()
}

/// All that comes, or none as soon as it is more than `most`: all streams are cut then, so that nobody waits for another
/// one.
fn read_all(
    mut stream: Incoming,
    most: u64,
    streams: &[Box<dyn Cut>],
    deadline: Deadline<'_>,
) -> io::Result<Option<Vec<u8>>> {
    let (mut all, mut chunk) = (Vec::new(), vec![0; CHUNK]);
    loop {
        // However much comes, and however slowly.
        if deadline.is_over() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.timeout = Some(deadline.left());
        match stream.read(&mut chunk)? {
            0 => return Ok(Some(all)),
            read if append_within(&mut all, chunk.get(..read).unwrap_or_default(), most) => {}
            _ => {
                for stream in streams {
                    stream.cut();
                }
                return Ok(None);
            }
        }
    }
}

/// What a command takes besides its input. Pebble never says whether it could do it.
#[derive(Debug)]
pub struct Control(Box<dyn Sender>);

impl Control {
    /// Sends a signal to the command, not to its children.
    ///
    /// # Errors
    ///
    /// Of kind `InvalidInput` if the name does not begin with `SIG`; others if the command has ended.
    pub fn signal(&mut self, name: &str) -> io::Result<()> {
        #[derive(Serialize)]
        struct Signal<'a> {
            name: &'a str,
        }

        if !name.starts_with("SIG") {
            let message = "the name of a signal begins with SIG, as in SIGHUP";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        self.send(&serde_json::json!({"command": "signal", "signal": Signal { name }}))
    }

    /// Tells the size of its terminal, in columns and lines.
    ///
    /// # Errors
    ///
    /// If the command has ended.
    pub fn resize(&mut self, width: u16, height: u16) -> io::Result<()> {
        self.send(&serde_json::json!({"command": "resize", "resize": {"width": width, "height": height}}))
    }

    fn send(&mut self, command: &serde_json::Value) -> io::Result<()> {
        self.0.send(Frame::Text(&command.to_string()), Some(Duration::from_secs(5)))
    }
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExitCode {
    /// The exit code; 128 and the signal's number if a signal killed it.
    pub code: i32,
    program: String,
}

impl ExitCode {
    /// Whether it is 0.
    pub fn is_success(&self) -> bool {
        self.code == 0
    }

    /// Nothing, if it is 0.
    ///
    /// # Errors
    ///
    /// [`Error::ExecFailed`] if not.
    pub fn success(self) -> Result<(), Error> {
        Output { code: self, stdout: Vec::new(), stderr: Vec::new() }.into_result().map(drop)
    }
}

/// What a command wrote, and how it ended. Its `Debug` shows lengths only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// How it ended.
    pub code: ExitCode,
    /// What it wrote to standard output, and to standard error if the two are combined.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// This, if the command exited with code 0.
    ///
    /// # Errors
    ///
    /// [`Error::ExecFailed`] if not.
    pub fn into_result(self) -> Result<Self, Error> {
        if self.code.is_success() {
            return Ok(self);
        }
        let ExitCode { code, program } = self.code.clone();
        Err(Error::ExecFailed { program, code, output: Box::new(self) })
    }

    /// Standard output as text; what is not UTF-8 in it is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("program", &self.code.program)
            .field("code", &self.code.code)
            .field("stdout", &format_args!("{} bytes", self.stdout.len()))
            .field("stderr", &format_args!("{} bytes", self.stderr.len()))
            .finish()
    }
}
