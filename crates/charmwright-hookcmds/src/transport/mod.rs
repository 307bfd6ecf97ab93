//! The seam between the SDK and Juju.

mod choose;
mod limits;
mod processes;
mod running;
#[cfg(feature = "socket")]
mod socket;

use std::fmt;
use std::io;
use std::sync::Arc;

pub use choose::choose;
pub use limits::{
    DOWNLOAD_LIMIT, LOG_LIMIT, SLOW_LIMIT, STDERR_BYTES_MAX, STDOUT_BYTES_MAX, TIME_LIMIT, time_limit,
};
pub use processes::{OVERLAP, Processes};
#[cfg(feature = "socket")]
pub use socket::{AgentSocket, SocketError};

/// One hook command to run.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The command's name, such as `config-get`.
    pub command: &'static str,
    /// Its arguments.
    pub args: Vec<String>,
    /// What it reads from standard input, if anything.
    pub stdin: Option<String>,
}

impl fmt::Debug for Call {
    /// Shows the command and how much it was given, not what: arguments and input may be anybody's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("command", &self.command)
            .field("args", &self.args.len())
            .field("stdin", &self.stdin.as_ref().map(String::len))
            .finish()
    }
}

/// What a hook command answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The exit code; 0 is success.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Reply {
    /// A success that printed `stdout`.
    pub fn success(stdout: impl Into<String>) -> Self {
        Self { code: 0, stdout: stdout.into().into_bytes(), stderr: String::new() }
    }

    /// A failure as Juju's commands report it: `ERROR message` on standard error.
    pub fn failure(code: i32, message: &str) -> Self {
        Self { code, stdout: Vec::new(), stderr: format!("ERROR {message}\n") }
    }
}

impl fmt::Debug for Reply {
    /// Shows how much was answered, not what: it may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("code", &self.code)
            .field("stdout", &self.stdout.len())
            .field("stderr", &self.stderr)
            .finish()
    }
}

/// A command that could not be run at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot run {command}")]
pub struct TransportError {
    /// The command.
    pub command: &'static str,
    /// Why not. `NotFound` means that this Juju does not have the command, `TimedOut` that it was ended at its time
    /// limit, `FileTooLarge` that it was ended because it printed too much.
    pub source: io::Error,
}

/// Takes hook commands to Juju.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Runs one hook command to its end.
    ///
    /// # Errors
    ///
    /// If it could not be run. That it ran and failed is a [`Reply`] with another code than 0.
    fn call(&self, call: &Call) -> Result<Reply, TransportError>;

    /// Runs reads that do not depend on one another, at the same time if that saves any. The results come in the
    /// order of `calls`. The agent itself runs one at a time, and in an order that it chooses.
    ///
    /// What changes anything, or reads standard input, goes through [`call`](Self::call), one after the other.
    fn calls(&self, calls: &[Call]) -> Vec<Result<Reply, TransportError>> {
        calls.iter().map(|call| self.call(call)).collect()
    }
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        (**self).call(call)
    }

    fn calls(&self, calls: &[Call]) -> Vec<Result<Reply, TransportError>> {
        (**self).calls(calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_calls_nor_replies_show_what_they_carry() {
        let call =
            Call { command: "action-set", args: vec!["p=hunter2".into()], stdin: Some("hunter2".into()) };
        assert!(!format!("{call:?} {:?}", Reply::success("hunter2")).contains("hunter2"));
    }
}
