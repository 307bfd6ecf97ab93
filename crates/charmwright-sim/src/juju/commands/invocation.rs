//! One command that is running.

use super::{Call, Outcome, Reply};
use crate::juju::bytes;
use crate::juju::context::{Failure, Run};
use crate::juju::text::flags::{self, Given, Refused, Takes};
use crate::juju::text::{Output, Value};
use std::path::Path;

/// Why a command ends early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// Help was asked for.
    Help,
    /// Its arguments are wrong: exit code 2.
    Wrong(String),
    /// It failed: exit code 1.
    Failed(String),
    /// The agent could not even make the command, and refuses the request.
    Refused(String),
    /// It needs the caller's standard input.
    NeedsStdin,
    /// Juju's own command crashes here, and its client ends with exit code 1 and not a word.
    Crashed,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Help => Self::Help,
            Refused::Wrong(error) => Self::Wrong(error),
        }
    }
}

/// Refuses the arguments.
pub(super) fn wrong(error: impl Into<String>) -> Stop {
    Stop::Wrong(error.into())
}

/// Fails.
pub(super) fn failed(error: impl Into<String>) -> Stop {
    Stop::Failed(error.into())
}

/// A command, what it was called with, and what it has written.
pub(super) struct Invocation<'a, 'r> {
    pub(super) name: &'static str,
    pub(super) args: &'a [String],
    pub(super) dir: &'a Path,
    call: &'a Call,
    stdin: Option<&'a [u8]>,
    pub(super) run: &'a mut Run<'r>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl<'a, 'r> Invocation<'a, 'r> {
    pub(super) fn new(name: &'static str, call: &'a Call, run: &'a mut Run<'r>) -> Self {
        Self {
            name,
            args: &call.args,
            dir: &call.dir,
            call,
            stdin: call.stdin.as_deref(),
            run,
            stdout: Vec::new(),
            stderr: Vec::new(),
        }
    }

    /// Tells the controller that this command is running.
    pub(super) fn note(&mut self) {
        self.run.agent.controller.set_tool(self.call.noted());
    }

    /// Reads the arguments of a command that has no options.
    pub(super) fn no_options(&self) -> Result<Vec<String>, Stop> {
        Ok(flags::parse(self.args, &[], |_, _| Ok(()))?)
    }

    /// Reads the arguments of a command whose only options are those of its output.
    pub(super) fn output_options(&self, output: &mut Output) -> Result<Vec<String>, Stop> {
        self.options(output, &[], |_, _| Ok(()))
    }

    /// Reads the arguments of a command with an output and other options.
    pub(super) fn options(
        &self,
        output: &mut Output,
        others: &[(&str, Takes)],
        mut set: impl FnMut(&str, Given<'a>) -> Result<(), String>,
    ) -> Result<Vec<String>, Stop> {
        let options = [&Output::OPTIONS, others].concat();
        Ok(flags::parse(self.args, &options, |name, given| {
            if output.take(name, given)? { Ok(()) } else { set(name, given) }
        })?)
    }

    /// Prints a value.
    pub(super) fn print(&mut self, output: &Output, value: &Value) -> Result<(), Stop> {
        output.write(value, self.dir, &mut self.stdout).map_err(Stop::Failed)
    }

    /// Prints a text as it is.
    pub(super) fn print_raw(&mut self, text: &str) {
        self.stdout.extend(bytes::of(text));
    }

    /// Says that an option of old times is passed over.
    pub(super) fn warn_of_format(&mut self, format: &str) {
        if !format.is_empty() {
            self.stderr.extend(format!("--format flag deprecated for command \"{}\"", self.name).bytes());
        }
    }

    /// The caller's standard input.
    pub(super) fn stdin(&self) -> Result<&'a [u8], Stop> {
        self.stdin.ok_or(Stop::NeedsStdin)
    }

    /// What the caller gets.
    pub(super) fn end(self, ended: Result<(), Stop>) -> Outcome {
        let Self { name, mut stdout, mut stderr, .. } = self;
        let (code, error) = match ended {
            Ok(()) => (0, None),
            Err(Stop::NeedsStdin) => return Outcome::NeedsStdin,
            Err(Stop::Help) => {
                stdout.extend(format!("Usage: {name} [options] [arguments]\n").bytes());
                (0, None)
            }
            Err(Stop::Wrong(error)) => (2, Some(error)),
            Err(Stop::Failed(error)) => (1, Some(error)),
            Err(Stop::Refused(error)) => (1, Some(format!("bad request: {error}"))),
            Err(Stop::Crashed) => return Outcome::Done(Reply { code: 1, ..Reply::default() }),
        };
        if let Some(error) = error {
            stderr.extend(bytes::of(&format!("ERROR {error}\n")));
        }
        Outcome::Done(Reply { code, stdout, stderr })
    }
}
