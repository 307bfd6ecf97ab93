//! What happens outside of a simulated daemon.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::host::CheckFailure;

/// What the process of a service does. By default it runs until it is told to end, and then ends at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Program {
    pub(super) lines: Vec<String>,
    pub(super) exit: Option<(u8, Duration)>,
    pub(super) on_term: OnTerm,
    pub(super) refused: Option<String>,
}

/// What a process does when it gets SIGTERM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnTerm {
    /// It dies of it.
    #[default]
    Dies,
    /// Nothing.
    Ignores,
    /// It exits with this code after this time.
    Exits(u8, Duration),
}

impl Program {
    /// Runs until it is told to end.
    pub fn runs() -> Self {
        Self::default()
    }

    /// Exits by itself.
    pub fn exits(code: u8, after: Duration) -> Self {
        Self { exit: Some((code, after)), ..Self::default() }
    }

    /// Cannot be started, for this reason: Go's words, as in `fork/exec /bin/x: permission denied`.
    pub fn refused(why: impl Into<String>) -> Self {
        Self { refused: Some(why.into()), ..Self::default() }
    }

    /// The same, but it writes these lines when it starts.
    pub fn writes<I: IntoIterator<Item: Into<String>>>(mut self, lines: I) -> Self {
        self.lines = lines.into_iter().map(Into::into).collect();
        self
    }

    /// The same, but it does this when it gets SIGTERM.
    pub fn on_term(mut self, on_term: OnTerm) -> Self {
        self.on_term = on_term;
        self
    }
}

/// A command that is run through the API. Its `Debug` shows neither its environment nor its input.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecCall {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The whole environment.
    pub environment: BTreeMap<String, String>,
    /// Whom it runs as, if not as the daemon.
    pub user: Option<u32>,
    /// Where it runs.
    pub working_dir: String,
    /// What it reads.
    pub input: Vec<u8>,
}

impl fmt::Debug for ExecCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecCall")
            .field("command", &self.command)
            .field("user", &self.user)
            .field("working_dir", &self.working_dir)
            .finish_non_exhaustive()
    }
}

/// What a command does. By default it writes nothing and exits with code 0 at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ExecAnswer {
    pub(super) code: u8,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) after: Duration,
}

impl ExecAnswer {
    /// Exits with code 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, but with this code.
    pub fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// The same, but it writes this to standard output.
    pub fn stdout(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdout = bytes.into();
        self
    }

    /// The same, but it writes this to standard error.
    pub fn stderr(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stderr = bytes.into();
        self
    }

    /// The same, but it takes this long.
    pub fn after(mut self, duration: Duration) -> Self {
        self.after = duration;
        self
    }
}

type OnExec = Box<dyn FnMut(&ExecCall) -> ExecAnswer + Send>;

/// What happens outside of a daemon.
///
/// Commands are looked for as the whole line, its words with single spaces between, and then by the program alone.
pub struct Script {
    programs: BTreeMap<String, Program>,
    missing: Vec<String>,
    down: BTreeMap<String, CheckFailure>,
    on_exec: OnExec,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            programs: BTreeMap::new(),
            missing: Vec::new(),
            down: BTreeMap::new(),
            on_exec: Box::new(|_| ExecAnswer::new()),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("programs", &self.programs)
            .field("missing", &self.missing)
            .field("down", &self.down)
            .finish_non_exhaustive()
    }
}

impl Script {
    /// Nothing out of the ordinary.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what a command line does, or every one of a program.
    pub fn program(&mut self, command: &str, program: Program) -> &mut Self {
        self.programs.insert(command.to_owned(), program);
        self
    }

    /// There is no such program.
    pub fn missing(&mut self, program: &str) -> &mut Self {
        self.missing.push(program.to_owned());
        self
    }

    /// What checks look at is down from now on: a URL, a port as in `localhost:80`, or a command.
    pub fn down(&mut self, what: &str, failure: CheckFailure) -> &mut Self {
        self.down.insert(what.to_owned(), failure);
        self
    }

    /// What checks look at is up again.
    pub fn up(&mut self, what: &str) -> &mut Self {
        self.down.remove(what);
        self
    }

    /// Sets what commands do that are run through the API.
    pub fn on_exec(&mut self, function: impl FnMut(&ExecCall) -> ExecAnswer + Send + 'static) -> &mut Self {
        self.on_exec = Box::new(function);
        self
    }

    pub(super) fn find(&self, command: &[String]) -> Program {
        let by_program = || self.programs.get(command.first()?);
        self.programs.get(&command.join(" ")).or_else(by_program).cloned().unwrap_or_default()
    }

    pub(super) fn is_missing(&self, program: &str) -> bool {
        self.missing.iter().any(|missing| missing == program)
    }

    pub(super) fn failure(&self, what: &str) -> Option<&CheckFailure> {
        self.down.get(what)
    }

    pub(super) fn exec(&mut self, call: &ExecCall) -> ExecAnswer {
        (self.on_exec)(call)
    }
}
