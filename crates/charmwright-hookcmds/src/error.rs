use std::io;

use crate::kinds;
use crate::text::{self, LINE_BYTES_MAX};
use crate::transport::{Reply, TransportError};

/// A hook command that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It could not be run.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Juju refused or could not do it.
    #[error("{command} failed: {message}")]
    Failed {
        /// The command.
        command: &'static str,
        /// What kind of failure it is.
        kind: ErrorKind,
        /// Juju's own words, as [one printable line](crate::text::line).
        message: String,
    },
    /// It answered something else than Juju does.
    #[error("{command} answered what is not {expected}")]
    Answer {
        /// The command.
        command: &'static str,
        /// What should have come.
        expected: &'static str,
    },
    /// It answered more than is read. What it answered is dropped.
    #[error("{command} {asked}: the answer has more than {max} {of}, which is the most that is read")]
    AnswerTooLarge {
        /// The command.
        command: &'static str,
        /// What it was asked: its arguments, without the format.
        asked: String,
        /// The bound.
        max: usize,
        /// What the bound counts: bytes, or items.
        of: &'static str,
    },
    /// What was to be written cannot be. Juju was not asked.
    #[error("cannot run {command}: {message}")]
    Input {
        /// The command.
        command: &'static str,
        /// What is wrong with it, and what to do.
        message: String,
    },
    /// What was to be written is more than Juju or the system take. Juju was not asked.
    #[error("cannot run {command}: {what} has {bytes} bytes, and {max} is the most")]
    TooLarge {
        /// The command.
        command: &'static str,
        /// What is too large.
        what: String,
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        max: usize,
    },
    /// The files that bring a secret to Juju could not be written.
    #[error("cannot run {command}: cannot write a private file in {folder}")]
    PrivateFile {
        /// The command.
        command: &'static str,
        /// The folder for such files.
        folder: String,
        /// Why not.
        source: io::Error,
    },
}

/// Failures that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not allowed: not the leader's to read, no trust, or (3.6) the relation is gone from the controller.
    Denied,
    /// The thing does not exist, or not any more.
    NotFound,
    /// The thing exists and is not usable yet: a storage that is not provisioned.
    NotReady,
    /// The secret exists and is not granted to this unit, or not yet.
    NotGranted,
    /// Only the leader may.
    NotLeader,
    /// Juju could not find out who leads.
    LeadershipUnknown,
    /// It is more than Juju or the system take, or more than is read.
    TooLarge,
    /// Something that is there already stands against it: an open port, a label.
    Conflict,
    /// This Juju does not have the command or an option of it, or not in this kind of hook.
    Unsupported,
    /// The command belongs to actions, and no action runs.
    NotInAction,
    /// The agent does not answer, or not to this process: its hook is over.
    AgentGone,
    /// It took longer than such a command may, and was ended. A command that writes may have taken effect.
    TimedOut,
    /// What was asked for is malformed, or lacks something.
    InvalidInput,
    /// Anything else.
    Other,
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Failed { kind, .. } => *kind,
            Self::Input { .. } => ErrorKind::InvalidInput,
            Self::TooLarge { .. } | Self::AnswerTooLarge { .. } => ErrorKind::TooLarge,
            Self::Transport(error) => of_transport(&error.source),
            Self::Answer { .. } | Self::PrivateFile { .. } => ErrorKind::Other,
        }
    }

    pub(crate) fn failed(command: &'static str, reply: &Reply) -> Self {
        // Warnings may stand before the error, and an error may have several lines.
        let printed = reply.stderr.trim();
        let message = match printed.strip_prefix("ERROR ") {
            Some(message) => message,
            None => printed.split_once("\nERROR ").map_or(printed, |(_, message)| message),
        };
        let kind = kinds::of(command, reply.code, message);
        let message = match message {
            "" => format!("exit code {}, no message", reply.code),
            message => text::line(message, LINE_BYTES_MAX),
        };
        Self::Failed { command, kind, message }
    }

    pub(crate) fn input(command: &'static str, message: impl Into<String>) -> Self {
        Self::Input { command, message: message.into() }
    }
}

fn of_transport(source: &io::Error) -> ErrorKind {
    match source.kind() {
        io::ErrorKind::NotFound => ErrorKind::Unsupported,
        io::ErrorKind::ArgumentListTooLong | io::ErrorKind::FileTooLarge => ErrorKind::TooLarge,
        io::ErrorKind::TimedOut => ErrorKind::TimedOut,
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::NotConnected
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => ErrorKind::AgentGone,
        _ => ErrorKind::Other,
    }
}
