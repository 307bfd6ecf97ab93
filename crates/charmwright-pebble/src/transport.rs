//! The seam: what carries requests to a daemon and its answers back.
//!
//! In production that is a Unix socket; a test may put a simulated Pebble in its place. Nothing but this is behind the
//! seam: what is asked and how answers are understood is the client's, whatever carries it.

pub(crate) mod http;
pub(crate) mod socket;
pub(crate) mod websocket;

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

/// Carries requests to one Pebble daemon. See [`Client::over`](crate::Client::over).
pub trait Transport: fmt::Debug + Send + Sync {
    /// Where the daemon is: the path of its socket. For messages.
    fn socket(&self) -> &Path;

    /// The time by which the client counts how long it has waited. A simulated daemon may have a clock of its own.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Sends one request, once, and returns the answer when its headers are there.
    ///
    /// # Errors
    ///
    /// If there is no answer. An answer that says no is one.
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError>;

    /// Opens a websocket, as those of a running command, within `timeout`.
    ///
    /// # Errors
    ///
    /// If it is not opened: [`TransportError::Refused`] if the daemon answers, but not with a websocket.
    fn open(&self, path: &str, timeout: Duration) -> Result<Channel, TransportError>;
}

/// One request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Request<'a> {
    /// GET or POST: Pebble has no others.
    pub method: Method,
    /// Path and query, escaped.
    pub target: &'a str,
    /// Headers beside those that HTTP itself needs.
    pub headers: &'a [(&'static str, String)],
    /// What is sent with it.
    pub body: Body<'a>,
    /// How long it may take.
    pub patience: Patience,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// It asks.
    Get,
    /// It changes something.
    Post,
}

/// What is sent with a request. Its `Debug` shows no content.
#[non_exhaustive]
pub enum Body<'a> {
    /// Nothing.
    Empty,
    /// These bytes.
    Bytes(&'a [u8]),
    /// What is read, to its end.
    Reader {
        /// Where from.
        reader: &'a mut dyn Read,
        /// How many bytes that are, if it is known.
        length: Option<u64>,
    },
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Reader { length, .. } => write!(f, "Reader({length:?} bytes)"),
        }
    }
}

/// How long a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Patience {
    /// Until the daemon takes the connection.
    pub connect: Duration,
    /// From connecting to the last byte of the answer.
    pub whole: Option<Duration>,
    /// Between any two bytes, and until all headers of the answer are there: for transfers that may be long but should go
    /// on.
    pub stall: Option<Duration>,
}

/// An answer, as far as its headers.
#[non_exhaustive]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`; empty if there is none.
    pub content_type: String,
    /// What follows. Its errors are of kind `TimedOut` if it did not come in time, and `InvalidData` if it is no HTTP as
    /// it should be; all others mean that the daemon has gone.
    pub body: Box<dyn Read + Send>,
}

impl Response {
    /// An answer.
    pub fn new(status: u16, content_type: impl Into<String>, body: Box<dyn Read + Send>) -> Self {
        Self { status, content_type: content_type.into(), body }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// Nobody is there: no socket, nobody who listens, a closed directory, or the connection ended early.
    #[error("nobody answers")]
    Unreachable(#[source] io::Error),
    /// It is there, and did not answer in time.
    #[error("no answer in time")]
    Timeout,
    /// It answered, and that is no HTTP as it should be.
    #[error("{0}")]
    Protocol(String),
    /// It answered with this instead of opening a websocket.
    #[error("no websocket but an answer of status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What came with it.
        body: Vec<u8>,
    },
    /// It cannot be sent as it is.
    #[error("{0}")]
    Invalid(String),
    /// What was to be sent could not be read.
    #[error("what was to be sent could not be read")]
    Source(#[source] io::Error),
}

/// One end of a websocket. The halves may be used by different threads; without both it is closed, and without a word:
/// a daemon takes that for a crash.
#[derive(Debug)]
#[non_exhaustive]
pub struct Channel {
    /// Towards the daemon.
    pub sender: Box<dyn Sender>,
    /// From the daemon.
    pub receiver: Box<dyn Receiver>,
    /// Cuts both directions, also while another thread waits in one of them.
    pub cutter: Box<dyn Cut>,
}

impl Channel {
    /// A channel from its parts.
    pub fn new(sender: Box<dyn Sender>, receiver: Box<dyn Receiver>, cutter: Box<dyn Cut>) -> Self {
        Self { sender, receiver, cutter }
    }
}

/// The half towards the daemon.
pub trait Sender: fmt::Debug + Send {
    /// Sends one message. Blocks while the daemon takes none, until `timeout` has passed.
    ///
    /// # Errors
    ///
    /// Of kind `TimedOut` if it was not taken in time, others if the connection is gone.
    fn send(&mut self, frame: Frame<'_>, timeout: Option<Duration>) -> io::Result<()>;
}

/// The half from the daemon.
pub trait Receiver: fmt::Debug + Send {
    /// The next message. `None` if the connection is closed, properly or not: its daemon does not say.
    ///
    /// # Errors
    ///
    /// Of kind `TimedOut` if none came within `timeout`; it may be called again. Others if what came is no message.
    fn receive(&mut self, timeout: Option<Duration>) -> io::Result<Option<Message>>;
}

/// Cuts a [`Channel`].
pub trait Cut: fmt::Debug + Send + Sync {
    /// Ends it at once; whoever waits in it is told that it is closed.
    fn cut(&self);
}

/// What is sent. Its `Debug` shows no data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Data.
    Data(&'a [u8]),
    /// A command.
    Text(&'a str),
    /// The proper end.
    Close,
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(data) => write!(f, "Data({} bytes)", data.len()),
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Close => f.write_str("Close"),
        }
    }
}

/// What is received. Its `Debug` shows no data.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// Data.
    Data(Vec<u8>),
    /// A command.
    Text(String),
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(data) => write!(f, "Data({} bytes)", data.len()),
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
        }
    }
}
