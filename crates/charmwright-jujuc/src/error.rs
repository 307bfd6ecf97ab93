use std::io;

use crate::STDIN_DEMAND;
use crate::gob::{Malformed, ReadError};

/// A hook command that has no response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The agent's own words why it did not run the command. The connection can still be used.
    #[error("the agent refused: {0}")]
    Refused(String),
    /// The request is longer than the limit, and was not sent.
    #[error("the request has {bytes} bytes, and {limit} are the most")]
    TooLong {
        /// Its length, about.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The request was not sent, or not to its end.
    #[error("cannot send the request")]
    Send(#[source] io::Error),
    /// The reply could not be received.
    #[error("cannot receive the reply")]
    Receive(#[source] io::Error),
    /// The agent closed the connection where a reply was due.
    #[error("the agent closed the connection without a reply")]
    Closed,
    /// What came is not a reply as Juju sends it.
    #[error("the reply is malformed")]
    Malformed(#[source] Malformed),
    /// A reply came that no call waits for.
    #[error("reply {sequence} answers no call")]
    Unasked {
        /// The number that it gives.
        sequence: u64,
    },
    /// The connection broke at an earlier reply, while this call waited for its own.
    #[error("the connection broke before the reply")]
    Lost,
    /// The connection broke before; nothing was sent.
    #[error("the connection broke earlier")]
    Broken,
    /// The command wants standard input, and that could not be read.
    #[error("cannot read standard input")]
    Stdin(#[source] io::Error),
}

impl CallError {
    /// Whether the command has certainly not been run. Only then may a command that writes be tried again.
    pub fn has_not_run(&self) -> bool {
        match self {
            // A request of which the end is missing is none.
            Self::Send(_) | Self::TooLong { .. } | Self::Broken | Self::Stdin(_) => true,
            // The agent says these before it has a command to run, or when the command asks for its input.
            Self::Refused(text) => {
                text == STDIN_DEMAND || text.starts_with("bad request: ") || text.starts_with("rpc: ")
            }
            Self::Receive(_) | Self::Closed | Self::Malformed(_) | Self::Unasked { .. } | Self::Lost => false,
        }
    }
}

impl From<ReadError> for CallError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::End => Self::Closed,
            ReadError::Io(error) => Self::Receive(error),
            ReadError::Malformed(error) => Self::Malformed(error),
        }
    }
}

/// A connection that could not be served to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The stream failed.
    #[error("cannot receive a request")]
    Receive(#[source] io::Error),
    /// A reply could not be sent; its command has been run.
    #[error("cannot send a reply")]
    Send(#[source] io::Error),
    /// What came is not a request.
    #[error("a request is malformed")]
    Malformed(#[source] Malformed),
}

impl From<ReadError> for ServeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::End => Self::Malformed(Malformed::Truncated),
            ReadError::Io(error) => Self::Receive(error),
            ReadError::Malformed(error) => Self::Malformed(error),
        }
    }
}
