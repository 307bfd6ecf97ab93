//! The seam between the SDK and Juju.

use std::fmt;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::thread;

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
    /// Why not. `NotFound` means that this Juju does not have the command.
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
}

/// Runs the executables that Juju puts first on the `PATH`: one process a call.
#[derive(Debug, Clone, Copy, Default)]
pub struct Processes;

impl Transport for Processes {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        run(call).map_err(|source| TransportError { command: call.command, source })
    }
}

fn run(call: &Call) -> io::Result<Reply> {
    let mut child = Command::new(call.command)
        .args(&call.args)
        .stdin(if call.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let input = child.stdin.take().zip(call.stdin.as_deref());
    let output = thread::scope(|scope| {
        // The command may fail without reading: then it answers, and the broken pipe says nothing more.
        scope.spawn(|| input.map(|(mut pipe, text)| pipe.write_all(text.as_bytes())));
        child.wait_with_output()
    })?;
    Ok(Reply {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(args: &[&str], stdin: Option<String>) -> Reply {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        Processes.call(&Call { command: "sh", args, stdin }).unwrap()
    }

    #[test]
    fn input_larger_than_a_pipe_comes_back_whole() {
        let text = "x".repeat(1 << 20);
        let reply = call(&["-c", "cat"], Some(text.clone()));
        assert!(reply.stdout == text.into_bytes());
    }

    #[test]
    fn a_command_that_does_not_read_its_input_still_answers() {
        let reply = call(&["-c", "echo ERROR no >&2; exit 2"], Some("x".repeat(1 << 20)));
        assert_eq!((reply.code, reply.stderr.as_str()), (2, "ERROR no\n"));
    }

    #[test]
    fn a_command_that_this_juju_lacks_is_not_found() {
        let error =
            Processes.call(&Call { command: "no-such-hook-command", args: vec![], stdin: None }).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn neither_calls_nor_replies_show_what_they_carry() {
        let call =
            Call { command: "action-set", args: vec!["p=hunter2".into()], stdin: Some("hunter2".into()) };
        assert!(!format!("{call:?} {:?}", Reply::success("hunter2")).contains("hunter2"));
    }
}
