//! What comes in and what goes out, without HTTP's own framing.

use std::fmt;

use crate::files::{FilesRequest, WriteRequest};
use crate::host::{RunId, TaskId, Websocket};
use crate::time::Time;

/// A request. Its `Debug` shows no content.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// As it came: `GET`, `POST`, or another.
    pub method: String,
    /// The path, not unescaped, without the query.
    pub path: String,
    /// What follows the `?`, not unescaped; empty if nothing does.
    pub query: String,
    /// The `Accept` header; empty without one.
    pub accept: String,
    /// The `Content-Type` header; empty without one.
    pub content_type: String,
    /// The body. Not that of a multipart request: its answer is [`Reply::WriteFiles`], and then it is read.
    pub body: Vec<u8>,
    /// The user at the other end of the socket. None over TCP.
    pub peer: Option<u32>,
}

impl Request {
    /// A GET by root. `target` is path and query.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target, Vec::new())
    }

    /// A POST of JSON by root. `target` is path and query.
    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { content_type: "application/json".to_owned(), ..Self::new("POST", target, body.into()) }
    }

    /// A request by root without headers. `target` is path and query.
    pub fn new(method: &str, target: &str, body: Vec<u8>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            body,
            peer: Some(0),
            ..Self::default()
        }
    }

    /// The same by another user.
    #[must_use]
    pub fn by(mut self, peer: Option<u32>) -> Self {
        self.peer = peer;
        self
    }

    /// The same with an `Accept` header.
    #[must_use]
    pub fn accepting(mut self, accept: &str) -> Self {
        accept.clone_into(&mut self.accept);
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("peer", &self.peer)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

/// A whole answer. Its `Debug` shows no content.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`; none if empty.
    pub content_type: &'static str,
    /// Where to go instead, for a 301; empty otherwise.
    pub location: String,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Reply {
    /// This is the answer.
    Done(Response),
    /// The answer comes later: ask [`Pebble::poll`](crate::Pebble::poll) after every input and at
    /// [`Wait::deadline`].
    Wait(Wait),
    /// Log entries: `200`, `application/x-ndjson`. See [`Pebble::logs`](crate::Pebble::logs).
    Logs(LogQuery),
    /// Work on files, whose answer is [`files::answer`](crate::files::answer).
    Files(FilesRequest),
    /// The contents of these files, as multipart. Errors of each go into the last part: see
    /// [`files::read_answer`](crate::files::read_answer).
    ReadFiles(Vec<String>),
    /// The body is multipart with this boundary, and is to be written. See [`WriteRequest`].
    WriteFiles(WriteRequest),
    /// The connection becomes a websocket of this task. Once it has, tell
    /// [`Pebble::exec_connected`](crate::Pebble::exec_connected).
    Websocket {
        /// Whose.
        task: TaskId,
        /// Which.
        websocket: Websocket,
    },
}

/// Who waits for what.
#[derive(Clone, Debug)]
pub struct Wait {
    pub(crate) what: Waiting,
    pub(crate) deadline: Option<Time>,
}

impl Wait {
    /// When it ends at the latest. None if it may last for ever.
    pub fn deadline(&self) -> Option<Time> {
        self.deadline
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Waiting {
    /// For a change to be ready. The text is the timeout's, for the error.
    Change { change: String, timeout: String },
    /// For a notice that passes this filter.
    Notices(crate::notices::Filter),
    /// For the outcome of one run of a check.
    Refresh { check: String, run: RunId },
    /// For the websockets of a failed task, which daemons before 1.25 never answer.
    Nothing,
}

/// Which log entries are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// Of these services, by name; those that come later are not among them.
    pub services: Vec<String>,
    /// How many of the last, over all of them. None for all.
    pub count: Option<usize>,
    /// Whether those that come are sent too, until the connection is closed.
    pub follow: bool,
}
