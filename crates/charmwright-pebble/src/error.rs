//! What can go wrong.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::change::ChangeId;
use crate::open_enum::open_enum;
use crate::told::Line;
use crate::version::{Feature, Version};

/// Why a call to Pebble failed.
///
/// No message holds the environment of a service or the content of a file. Each is one printable line, and Pebble's own
/// texts in it have at most [`MESSAGE_CHARACTERS_MAX`](crate::limits::MESSAGE_CHARACTERS_MAX).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody answers at the socket: Pebble has not started yet, has gone, or left in the middle of the answer.
    ///
    /// One class, because nothing else follows from which it was: there is no socket, nobody listens, the directory
    /// is closed to us, the connection ended early, or it was not accepted in time.
    #[error("cannot reach pebble at {}, it may be starting or restarting", .socket.display())]
    Unreachable {
        /// The socket that was tried.
        socket: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// Pebble answered with an error.
    #[error("cannot {action}: pebble answered {status}: {}", Line(.message))]
    Api {
        /// The HTTP status.
        status: u16,
        /// Pebble's word for the kind of error, such as `no-default-services`. Most errors have none.
        kind: Option<String>,
        /// Pebble's message. For people: its words change between versions.
        message: String,
        /// What was asked.
        action: String,
    },

    /// Pebble does not allow this to our user (401).
    #[error(
        "cannot {action}: pebble does not let this user ({}), be root, its own user, or one with an identity",
        Line(.message)
    )]
    Denied {
        /// What was asked.
        action: String,
        /// Pebble's message.
        message: String,
    },

    /// A path in the workload's file system could not be read, listed, written, made or removed.
    #[error("cannot {action} {path:?}: {error}")]
    File {
        /// What was asked: `read`, `write`, `list`, …
        action: &'static str,
        /// The path.
        path: String,
        /// Kind and message.
        error: FileError,
    },

    /// Pebble is there but did not answer, or a change did not end, in time.
    #[error("cannot {what}: no end of it after {after:?}")]
    Timeout {
        /// What took too long.
        what: String,
        /// How long we waited.
        after: Duration,
    },

    /// A change ended in an error.
    ///
    /// This is not final for services: one that exited quickly may be in back-off and come up later.
    #[error("change {id} failed ({}): {}", Line(.summary), Line(.err))]
    ChangeFailed {
        /// The change.
        id: ChangeId,
        /// Its summary, such as `Start service "web"`.
        summary: String,
        /// Pebble's text: a line for each failed task. The message has them on one line.
        err: String,
        /// The logs of all tasks, in order. They may hold the last output of the service: do not print them lightly.
        logs: Vec<String>,
        /// Services that Pebble goes on trying to start: they exited within their first second, and may come up later.
        /// Known to [`apply`](crate::Client::apply) and the calls that wait for services.
        retried: Vec<String>,
    },

    /// A command went on for longer than it may, and was killed.
    #[error("cannot {action}: the command was killed after {after:?}")]
    ExecTimeout {
        /// What was asked: the program's name, without its arguments.
        action: String,
        /// How long it was given.
        after: Duration,
    },

    /// A command ended with another exit code than 0. Its output may hold anything, and is not in the message.
    #[error("{program} exited with code {code}")]
    ExecFailed {
        /// The program, without its arguments.
        program: String,
        /// The exit code; 128 and the signal's number if a signal killed it.
        code: i32,
        /// What it wrote.
        output: Box<crate::Output>,
    },

    /// This Pebble is too old.
    #[error("cannot {action}: pebble {version} is too old for {feature}, which came with {}", since(*.feature))]
    TooOld {
        /// What was asked.
        action: String,
        /// What it has not.
        feature: Feature,
        /// The version that it told.
        version: Version,
    },

    /// What was to be sent could not be read, or what was received not be written: on our side of the socket.
    #[error("cannot {action}: an error on our side of the socket")]
    Local {
        /// What was asked.
        action: String,
        /// What our side said.
        source: io::Error,
    },

    /// The answer is larger than is taken; the rest of it was not read. See [`limits`](crate::limits).
    #[error("cannot {action}: {what} has more than {most} {unit}, the most that is taken")]
    TooLarge {
        /// What was asked.
        action: String,
        /// What is too large: `the answer`, `the plan`, …
        what: &'static str,
        /// The most that is taken of it.
        most: u64,
        /// What is counted: `bytes`, `values`, …
        unit: &'static str,
    },

    /// The answer is not what Pebble says.
    #[error("cannot {action}: the answer is not pebble's: {}", Line(.message))]
    Protocol {
        /// What was asked.
        action: String,
        /// What is wrong with the answer.
        message: String,
    },

    /// The request cannot be sent as it is; nothing was sent.
    #[error("cannot {action}: {message}")]
    Invalid {
        /// What was asked.
        action: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Error {
    /// Nobody answered at the socket. Try again when Pebble says that it is ready.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Pebble is there, and of a version that does not know this.
    pub fn is_too_old(&self) -> bool {
        matches!(self, Self::TooOld { .. })
    }

    pub(crate) fn too_many_bytes(action: &str, most: u64) -> Self {
        Self::TooLarge { action: action.to_owned(), what: "the answer", most, unit: "bytes" }
    }

    /// The path does not exist (files only).
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::File { error, .. } if error.kind == FileErrorKind::NotFound)
    }

    /// Pebble's word for the kind of error, if it gave one.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Api { kind, .. } => kind.as_deref(),
            Self::Denied { .. } => Some("login-required"),
            Self::File { error, .. } => Some(error.kind.as_str()),
            _ => None,
        }
    }
}

fn since(feature: Feature) -> String {
    let (major, minor, patch) = feature.since();
    format!("{major}.{minor}.{patch}")
}

/// Why one path failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", Line(.message))]
#[non_exhaustive]
pub struct FileError {
    /// Its kind.
    pub kind: FileErrorKind,
    /// Pebble's message.
    pub message: String,
}

impl FileError {
    /// It was read to so many bytes, and has more.
    pub(crate) fn too_large(bytes_max: u64) -> Self {
        let message = format!("it has more than {bytes_max} bytes, the most that is read of it");
        Self { kind: FileErrorKind::TooLarge, message }
    }
}

open_enum! {
    /// The kind of a [`FileError`].
    pub enum FileErrorKind {
        /// The path does not exist.
        NotFound = "not-found",
        /// The user that Pebble runs as may not do this.
        PermissionDenied = "permission-denied",
        /// Anything else.
        Generic = "generic-file-error",
        /// It is longer than the caller takes. Not a word of Pebble's: the client stops reading.
        TooLarge = "too-large",
    }
}
