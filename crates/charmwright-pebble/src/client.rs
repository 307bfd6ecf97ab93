//! The client and its plumbing.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bounded::read_within;
use crate::budget::{Budget, Charge};
use crate::envelope::{Answer, protocol};
use crate::error::Error;
use crate::limits::ANSWER_BYTES_MAX;
use crate::transport::socket::Socket;
use crate::transport::{Body, Method, Patience, Request, Response, Transport, TransportError};
use crate::version::Version;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What the buffers of a connection leave to a URL.
const MAX_URL: usize = 31 * 1024;

/// Speaks to one Pebble daemon over its Unix socket.
///
/// No request is ever sent twice. Nothing happens until the first call, so a client can be made before its Pebble is there.
/// Cloning is cheap, and clones share their connections.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    /// Told once: a daemon keeps its version as long as it lives.
    version: Arc<OnceLock<Version>>,
    request_timeout: Duration,
    connect_timeout: Duration,
    budget: Option<Arc<Budget>>,
}

impl Client {
    /// A client for the daemon that listens at `socket`.
    ///
    /// In a charm's container that is `/charm/containers/<container>/pebble.socket`.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self::over(Arc::new(Socket::new(socket.into())))
    }

    /// A client for the daemon that `transport` leads to: for tests, with a simulated Pebble behind it.
    pub fn over(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            version: Arc::default(),
            request_timeout: REQUEST_TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            budget: None,
        }
    }

    /// How long one request may take, from connecting to the last byte of the answer. By default 30 seconds: under load
    /// Pebble may well take more than five to add a layer.
    ///
    /// Where something large is streamed, it is how long nothing may come or go.
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// How long Pebble may take to accept a connection. By default 5 seconds.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// How long all requests of this client and of its clones may take together, by the clock of the transport. By default
    /// there is no limit but that of each request.
    ///
    /// A request gets at most what is left of it. When nothing is left, requests fail at once with [`Error::Timeout`],
    /// and nothing is sent. Give a client that is made for it: a container that is slow or silent then costs so much, and
    /// not so much for each thing that is asked.
    ///
    /// Not charged is what takes time because the daemon works, and has a time of its own: waiting for a change, for
    /// notices or for the end of a command, following logs, and the bytes of a streamed file as long as they come at a
    /// [pace](crate::limits::STREAM_BYTES_PER_SECOND_MIN).
    #[must_use]
    pub fn with_budget(mut self, budget: Duration) -> Self {
        self.budget = Some(Arc::new(Budget::new(budget)));
        self
    }

    /// What is left of the [budget](Self::with_budget); none if there is no budget.
    pub fn budget_left(&self) -> Option<Duration> {
        self.budget.as_deref().map(Budget::left)
    }

    /// The socket.
    pub fn socket(&self) -> &Path {
        self.transport.socket()
    }

    /// How long one request may take.
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    pub(crate) fn get(&self, action: &str, path: &str, query: &Query) -> Result<Answer, Error> {
        let charge = Charge::begin(self, action, self.request_timeout)?;
        self.get_until(action, path, query, charge.deadline())
    }

    /// The same for what has a time of its own, and costs nothing of the budget.
    pub(crate) fn get_within(
        &self,
        action: &str,
        path: &str,
        query: &Query,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        self.get_until(action, path, query, self.deadline(timeout))
    }

    fn get_until(
        &self,
        action: &str,
        path: &str,
        query: &Query,
        deadline: Deadline<'_>,
    ) -> Result<Answer, Error> {
        let target = format!("{path}{query}");
        let response = self.send(action, Method::Get, &target, &[], Body::Empty, deadline)?;
        self.answer(action, response, deadline)
    }

    /// What comes without an envelope. One that has one is an error, or none of its kind.
    pub(crate) fn get_raw(
        &self,
        action: &str,
        target: &str,
        deadline: Deadline<'_>,
    ) -> Result<Box<dyn Read + Send>, Error> {
        let response = self.send(action, Method::Get, target, &[], Body::Empty, deadline)?;
        if response.status == 200 && !response.content_type.starts_with("application/json") {
            return Ok(response.body);
        }
        let status = response.status;
        self.answer(action, response, deadline)?;
        Err(protocol(action, format!("status {status}, and not what was asked for")))
    }

    /// What is listed of these names. To Pebble no names mean all, here they mean none.
    pub(crate) fn named<T: DeserializeOwned>(
        &self,
        action: &str,
        path: &str,
        query: Query,
        names: &[&str],
    ) -> Result<Vec<T>, Error> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        self.get(action, path, &query.with_names(action, "names", names)?)?.list(action)
    }

    pub(crate) fn post(&self, action: &str, path: &str, body: &impl Serialize) -> Result<Answer, Error> {
        self.post_within(action, path, body, self.request_timeout)
    }

    pub(crate) fn post_within(
        &self,
        action: &str,
        path: &str,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Invalid {
            action: action.to_owned(),
            message: format!("it cannot be written as JSON: {error}"),
        })?;
        let headers = [("Content-Type", "application/json".to_owned())];
        let charge = Charge::begin(self, action, timeout)?;
        let deadline = charge.deadline();
        let response = self.send(action, Method::Post, path, &headers, Body::Bytes(&body), deadline)?;
        self.answer(action, response, deadline)
    }

    pub(crate) fn send<'a>(
        &self,
        action: &str,
        method: Method,
        target: &'a str,
        headers: &'a [(&'static str, String)],
        body: Body<'a>,
        deadline: Deadline<'_>,
    ) -> Result<Response, Error> {
        if target.len() > MAX_URL {
            let message = "too many names, or too long ones, for one request".to_owned();
            return Err(Error::Invalid { action: action.to_owned(), message });
        }
        let patience = deadline.patience(self.connect_timeout);
        let request = Request { method, target, headers, body, patience };
        self.transport.send(request).map_err(|error| self.transport_error(action, error, deadline))
    }

    /// Reads the whole answer.
    pub(crate) fn answer(
        &self,
        action: &str,
        response: Response,
        deadline: Deadline<'_>,
    ) -> Result<Answer, Error> {
        let (status, mut body) = (response.status, response.body);
        let text = self.text(action, &mut *body, ANSWER_BYTES_MAX, deadline)?;
        Answer::parse(action, status, &text)
    }

    pub(crate) fn text(
        &self,
        action: &str,
        body: &mut dyn Read,
        bytes_max: u64,
        deadline: Deadline<'_>,
    ) -> Result<Vec<u8>, Error> {
        read_within(body, bytes_max)
            .map_err(|error| self.read_error(action, error, deadline))?
            .ok_or_else(|| Error::too_many_bytes(action, bytes_max))
    }

    pub(crate) fn budget(&self) -> Option<&Budget> {
        self.budget.as_deref()
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.transport
    }

    /// A call that begins now may take so long in all.
    pub(crate) fn deadline(&self, timeout: Duration) -> Deadline<'_> {
        Deadline::Whole { clock: self.transport(), started: self.transport.now(), timeout }
    }

    /// The daemon's version, asked for once.
    pub(crate) fn known_version(&self) -> Result<&Version, Error> {
        if let Some(version) = self.version.get() {
            return Ok(version);
        }
        let info = self.system_info()?;
        Ok(self.version.get_or_init(|| Version::parse(&info.version)))
    }

    pub(crate) fn unreachable(&self, source: io::Error) -> Error {
        Error::Unreachable { socket: self.socket().to_owned(), source }
    }

    pub(crate) fn transport_error(
        &self,
        action: &str,
        error: TransportError,
        deadline: Deadline<'_>,
    ) -> Error {
        match error {
            TransportError::Unreachable(source) => self.unreachable(source),
            TransportError::Timeout => deadline.error(action),
            TransportError::Protocol(message) => protocol(action, message),
            TransportError::Invalid(message) => Error::Invalid {
                action: action.to_owned(),
                message: format!("it does not make an HTTP request: {message}"),
            },
            TransportError::Source(source) => Error::Local { action: action.to_owned(), source },
            TransportError::Refused { status, body } => match Answer::parse(action, status, &body) {
                Ok(_) => protocol(action, format!("status {status} instead of a websocket")),
                Err(error) => error,
            },
        }
    }

    /// An error while the body of an answer is read.
    pub(crate) fn read_error(&self, action: &str, error: io::Error, deadline: Deadline<'_>) -> Error {
        match error.kind() {
            io::ErrorKind::TimedOut => deadline.error(action),
            io::ErrorKind::InvalidData => protocol(action, error.to_string()),
            _ => self.unreachable(error),
        }
    }
}

/// Until when a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deadline<'a> {
    /// In all, by the clock of the transport.
    Whole { clock: &'a dyn Transport, started: Instant, timeout: Duration },
    /// As long as something comes or goes at least so often.
    Stall(Duration),
}

impl Deadline<'_> {
    /// What is left; zero if nothing is.
    pub(crate) fn left(self) -> Duration {
        match self {
            Self::Whole { clock, started, timeout } => {
                timeout.saturating_sub(clock.now().saturating_duration_since(started))
            }
            Self::Stall(stall) => stall,
        }
    }

    pub(crate) fn is_over(self) -> bool {
        self.left().is_zero()
    }

    /// What there was at first.
    pub(crate) fn timeout(self) -> Duration {
        let (Self::Whole { timeout, .. } | Self::Stall(timeout)) = self;
        timeout
    }

    pub(crate) fn error(self, action: &str) -> Error {
        Error::Timeout { what: action.to_owned(), after: self.timeout() }
    }

    fn patience(self, connect: Duration) -> Patience {
        match self {
            Self::Whole { .. } => {
                // None would be for ever.
                let left = self.left().max(Duration::from_millis(1));
                Patience { connect: connect.min(left), whole: Some(left), stall: None }
            }
            Self::Stall(stall) => Patience { connect, whole: None, stall: Some(stall) },
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("socket", &self.socket())
            .field("request_timeout", &self.request_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

/// The part of a URL after the path.
#[derive(Debug, Default)]
pub(crate) struct Query(String);

impl Query {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                    self.0.push(char::from(byte));
                }
                _ => {
                    self.0.push('%');
                    for digit in [byte >> 4, byte & 15] {
                        let digit = char::from_digit(digit.into(), 16).unwrap_or('0');
                        self.0.push(digit.to_ascii_uppercase());
                    }
                }
            }
        }
        self
    }

    /// Adds names that Pebble takes in a list, which it splits at commas.
    pub(crate) fn with_names(mut self, action: &str, name: &str, values: &[&str]) -> Result<Self, Error> {
        for value in values {
            if value.is_empty() || value.contains(',') {
                let message = format!("pebble cannot be asked for the name {value:?}");
                return Err(Error::Invalid { action: action.to_owned(), message });
            }
            self = self.with(name, value);
        }
        Ok(self)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_escapes_all_that_could_mean_something() {
        let query = Query::default().with("path", "/a b+c&d=é,\"").with("action", "read");
        assert_eq!(query.to_string(), "?path=/a%20b%2Bc%26d%3D%C3%A9%2C%22&action=read");
    }

    #[test]
    fn debug_tells_the_socket() {
        assert!(format!("{:?}", Client::new("/x/pebble.socket")).contains("/x/pebble.socket"));
    }
}
