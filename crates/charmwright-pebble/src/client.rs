//! The client and its plumbing.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ureq::http::{Method, Request, Response};
use ureq::{Agent, AsSendBody, Body};

use crate::envelope::{Answer, protocol};
use crate::error::Error;
use crate::layer::Layer;
use crate::transport::{NoResolver, UnixConnector};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Of each buffer of a connection, allocated when used. The header of a request must fit, and that of an answer.
const BUFFER: usize = 32 * 1024;
/// What that leaves to a URL.
const MAX_URL: usize = 31 * 1024;

/// Speaks to one Pebble daemon over its Unix socket.
///
/// Each call is one request over its own connection, and no request is ever sent twice. Nothing happens until the first
/// call, so a client can be made before its Pebble is there. Cloning is cheap.
#[derive(Clone)]
pub struct Client {
    socket: PathBuf,
    agent: Agent,
    request_timeout: Duration,
    connect_timeout: Duration,
}

impl Client {
    /// A client for the daemon that listens at `socket`.
    ///
    /// In a charm's container that is `/charm/containers/<container>/pebble.socket`.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        let socket = socket.into();
        let config = Agent::config_builder()
            // The environment's proxy is for the network.
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .user_agent(concat!("charmwright-pebble/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::with_parts(config, UnixConnector::new(socket.clone()), NoResolver);
        Self { socket, agent, request_timeout: REQUEST_TIMEOUT, connect_timeout: CONNECT_TIMEOUT }
    }

    /// How long one request may take, from connecting to the last byte of the answer. By default 30 seconds: under load
    /// Pebble may well take more than five to add a layer.
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

    /// The socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// How long one request may take.
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// Who answers: `GET /v1/system-info`. Anyone may ask, so this is the way to see whether Pebble is there.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] if it is not.
    pub fn system_info(&self) -> Result<SystemInfo, Error> {
        let action = "read the system info";
        self.get(action, "/v1/system-info", &Query::default())?.result(action)
    }

    /// The plan, which is all layers folded into one: `GET /v1/plan`.
    ///
    /// What this crate does not know is left out. Pebble writes durations its own way (`60s` comes back as `1m0s`, which
    /// [`GoDuration`](crate::GoDuration) does too) and gives every check a threshold. Its YAML writer loses the line break
    /// at the beginning of a text, and may garble one with U+0085, U+2028 or U+2029 in it; services get them as they were
    /// added. Do not add a plan as a layer.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`] if we are not an administrator (Pebble 1.28 and later), or any other of the transport.
    pub fn plan(&self) -> Result<Layer, Error> {
        let action = "read the plan";
        let text: String =
            self.get(action, "/v1/plan", &Query::default().with("format", "yaml"))?.result(action)?;
        crate::layer::parse_plan(&text).map_err(|message| protocol(action, message))
    }

    /// Adds a layer, or folds it into the one of the same label: `POST /v1/layers` with `combine`.
    ///
    /// Adding the same layer again changes nothing, as long as its entries say `override: replace` (as those of this
    /// crate do). Checks and log targets change at once, services at the next [`replan`](Self::replan). Do not
    /// [`start`](Self::start) or [`autostart`](Self::autostart) in between: Pebble would then take the new configuration
    /// for applied.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] with status 400 if Pebble refuses the layer; the plan is then as it was. [`Error::Invalid`] if the
    /// label is empty or begins with `pebble-`, which is reserved.
    pub fn add_layer(&self, label: &str, layer: &Layer) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Add<'a> {
            action: &'static str,
            combine: bool,
            label: &'a str,
            format: &'static str,
            layer: String,
        }

        let action = format!("add layer {label:?}");
        if label.is_empty() || label.starts_with("pebble-") {
            let message = "the label must be neither empty nor begin with \"pebble-\"".to_owned();
            return Err(Error::Invalid { action, message });
        }
        let layer = charmwright_yaml::to_text(layer).map_err(|error| Error::Invalid {
            action: action.clone(),
            message: format!("it cannot be written as JSON: {error}"),
        })?;
        let body = Add { action: "add", combine: true, label, format: "yaml", layer };
        self.post(&action, "/v1/layers", &body).map(drop)
    }

    pub(crate) fn get(&self, action: &str, path: &str, query: &Query) -> Result<Answer, Error> {
        self.get_within(action, path, query, self.request_timeout)
    }

    pub(crate) fn get_within(
        &self,
        action: &str,
        path: &str,
        query: &Query,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        let response = self.send(action, Method::GET, path, query, &[], (), timeout)?;
        self.answer(action, response, timeout)
    }

    pub(crate) fn post(&self, action: &str, path: &str, body: &impl Serialize) -> Result<Answer, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Invalid {
            action: action.to_owned(),
            message: format!("it cannot be written as JSON: {error}"),
        })?;
        let headers = [("Content-Type", "application/json")];
        let timeout = self.request_timeout;
        let response =
            self.send(action, Method::POST, path, &Query::default(), &headers, body.as_slice(), timeout)?;
        self.answer(action, response, timeout)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a request, in the one place that sends them")]
    pub(crate) fn send(
        &self,
        action: &str,
        method: Method,
        path: &str,
        query: &Query,
        headers: &[(&str, &str)],
        body: impl AsSendBody,
        timeout: Duration,
    ) -> Result<Response<Body>, Error> {
        let url = format!("http://localhost{path}{query}");
        if url.len() > MAX_URL {
            let message = "too many names, or too long ones, for one request".to_owned();
            return Err(Error::Invalid { action: action.to_owned(), message });
        }
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).map_err(|error| Error::Invalid {
            action: action.to_owned(),
            message: format!("it does not make an HTTP request: {error}"),
        })?;
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(timeout))
            .timeout_connect(Some(self.connect_timeout))
            .build();
        self.agent.run(request).map_err(|error| self.transport_error(action, error, timeout))
    }

    /// Reads the whole answer.
    pub(crate) fn answer(
        &self,
        action: &str,
        response: Response<Body>,
        timeout: Duration,
    ) -> Result<Answer, Error> {
        let status = response.status().as_u16();
        let mut body = Vec::new();
        response
            .into_body()
            .into_reader()
            .read_to_end(&mut body)
            .map_err(|error| self.transport_error(action, error.into(), timeout))?;
        Answer::parse(action, status, &body)
    }

    pub(crate) fn transport_error(&self, action: &str, error: ureq::Error, timeout: Duration) -> Error {
        let unreachable = |source| Error::Unreachable { socket: self.socket.clone(), source };
        match error {
            ureq::Error::Io(source) => unreachable(source),
            ureq::Error::BodyStalled | ureq::Error::ConnectionFailed => {
                unreachable(io::ErrorKind::UnexpectedEof.into())
            }
            ureq::Error::Timeout(ureq::Timeout::Connect) => unreachable(io::ErrorKind::TimedOut.into()),
            ureq::Error::Timeout(_) => Error::Timeout { what: action.to_owned(), after: timeout },
            error => protocol(action, error.to_string()),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("socket", &self.socket)
            .field("request_timeout", &self.request_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

/// Who answers at the socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SystemInfo {
    /// Its version, such as `v1.26.0`. A build from a checkout may say anything.
    #[serde(default)]
    pub version: String,
    /// Another one after each start of the container.
    #[serde(default)]
    pub boot_id: String,
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
