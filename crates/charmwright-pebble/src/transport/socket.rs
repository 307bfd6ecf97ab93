//! The daemon's Unix socket, as [`Transport`].

use std::cell::RefCell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::request::Builder;
use ureq::http::{self, Request as HttpRequest};
use ureq::{Agent, BodyReader, SendBody};

use super::http::{NoResolver, UnixConnector, connect};
use super::{Body, Channel, Method, Patience, Request, Response, Transport, TransportError, websocket};
use crate::limits::HEADERS_BYTES_MAX;

/// Of each buffer of a connection, allocated when used. The header of a request must fit, and that of an answer.
const BUFFER: usize = HEADERS_BYTES_MAX;

/// How many connections wait for the next request: one for each of a few threads.
const IDLE: usize = 4;

/// Requests share connections one after the other; each websocket is one of its own.
#[derive(Debug)]
pub(crate) struct Socket {
    path: PathBuf,
    agent: Agent,
}

impl Socket {
    pub(crate) fn new(path: PathBuf) -> Self {
        let config = Agent::config_builder()
            // The environment's proxy is for the network.
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(IDLE)
            .max_idle_connections_per_host(IDLE)
            .max_response_header_size(HEADERS_BYTES_MAX)
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .user_agent(concat!("charmwright-pebble/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::with_parts(config, UnixConnector::new(path.clone()), NoResolver);
        Self { path, agent }
    }
}

impl Socket {
    fn run(&self, request: Builder, body: SendBody<'_>, patience: Patience) -> Result<Response, ureq::Error> {
        let request = self
            .agent
            .configure_request(request.body(body)?)
            .timeout_global(patience.whole)
            .timeout_connect(Some(patience.connect))
            .timeout_recv_response(patience.stall)
            .timeout_per_read(patience.stall)
            .timeout_per_write(patience.stall)
            .build();
        let answer = self.agent.run(request)?;
        let header = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
        let content_type = header.unwrap_or_default().to_owned();
        let status = answer.status().as_u16();
        let body = AnswerBody(answer.into_body().into_reader());
        Ok(Response::new(status, content_type, Box::new(body)))
    }
}

impl Transport for Socket {
    fn socket(&self) -> &Path {
        &self.path
    }

    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let Request { method, target, headers, body, patience } = request;
        let mut built = HttpRequest::builder().uri(format!("http://localhost{target}"));
        for (name, value) in headers {
            built = built.header(*name, value);
        }
        if method == Method::Get {
            let built = built.method(http::Method::GET);
            return self.run(built, SendBody::none(), patience).map_err(failure);
        }
        let built = built.method(http::Method::POST);
        let failed = RefCell::new(None);
        let done = match body {
            Body::Reader { reader, length } => {
                let built = match length {
                    Some(length) => built.header("Content-Length", length),
                    None => built,
                };
                let mut source = Source { reader, failed: &failed };
                self.run(built, SendBody::from_reader(&mut source), patience)
            }
            Body::Bytes(mut bytes) => {
                let built = built.header("Content-Length", bytes.len());
                self.run(built, SendBody::from_reader(&mut bytes), patience)
            }
            Body::Empty => {
                let built = built.header("Content-Length", 0);
                self.run(built, SendBody::from_reader(&mut io::empty()), patience)
            }
        };
        match failed.into_inner() {
            Some(error) => Err(TransportError::Source(error)),
            None => done.map_err(failure),
        }
    }

    fn open(&self, path: &str, timeout: Duration) -> Result<Channel, TransportError> {
        let stream = connect(&self.path, Some(timeout)).map_err(TransportError::Unreachable)?;
        websocket::open(stream, path, timeout)
    }
}

/// What is sent, and why it could not be read: an error of the source is not one of the connection.
struct Source<'a, 'b> {
    reader: &'a mut (dyn Read + 'b),
    failed: &'a RefCell<Option<io::Error>>,
}

impl Read for Source<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.reader.read(buffer) {
                // Nothing has failed, and ureq would take it for the end of the connection.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = error.kind();
                    *self.failed.borrow_mut() = Some(error);
                    return Err(kind.into());
                }
                read => return read,
            }
        }
    }
}

/// What is received, its errors told apart by their kinds, as [`Response::body`] says.
struct AnswerBody(BodyReader<'static>);

impl Read for AnswerBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match failure(error.into()) {
            TransportError::Unreachable(error) => error,
            TransportError::Timeout => io::ErrorKind::TimedOut.into(),
            other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
        })
    }
}

fn failure(error: ureq::Error) -> TransportError {
    match error {
        ureq::Error::Io(source) => TransportError::Unreachable(source),
        ureq::Error::BodyStalled | ureq::Error::ConnectionFailed => {
            TransportError::Unreachable(io::ErrorKind::UnexpectedEof.into())
        }
        ureq::Error::Timeout(ureq::Timeout::Connect) => {
            TransportError::Unreachable(io::ErrorKind::TimedOut.into())
        }
        ureq::Error::Timeout(_) => TransportError::Timeout,
        ureq::Error::Http(error) => TransportError::Invalid(error.to_string()),
        error => TransportError::Protocol(error.to_string()),
    }
}
