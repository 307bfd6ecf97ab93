//! HTTP as bytes, where the wire itself is looked at.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

use crate::daemon::PATIENCE;

/// A connection to a daemon's socket.
pub(crate) struct Connection {
    stream: BufReader<Stream>,
}

enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(bytes),
            Self::Tcp(stream) => stream.read(bytes),
        }
    }
}

impl Stream {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Tcp(stream) => stream.write_all(bytes),
        }
    }

    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_nonblocking(nonblocking),
            Self::Tcp(stream) => stream.set_nonblocking(nonblocking),
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").eq_ignore_ascii_case("chunked")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body, which must be JSON.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What is in the envelope.
    pub(crate) fn result(&self) -> Value {
        self.json()["result"].take()
    }

    /// The message of an error.
    pub(crate) fn message(&self) -> String {
        let json = self.json();
        assert_eq!(json["type"], "error", "{json}");
        json["result"]["message"].as_str().unwrap().to_owned()
    }
}

impl Connection {
    pub(crate) fn open(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(Stream::Unix(stream)) }
    }

    /// The same over TCP, for a daemon that serves HTTP there.
    pub(crate) fn open_tcp(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(Stream::Tcp(stream)) }
    }

    /// Sends these bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// One request without a body, and its answer.
    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.request("GET", target)
    }

    /// The same with any method.
    pub(crate) fn request(&mut self, method: &str, target: &str) -> Answer {
        self.send(format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        self.answer_to(method)
    }

    /// One request with a body of JSON, or what may pass for it.
    pub(crate) fn post(&mut self, target: &str, body: impl AsRef<[u8]>) -> Answer {
        self.post_as(target, "application/json", body)
    }

    /// The same with any type of content.
    pub(crate) fn post_as(&mut self, target: &str, content_type: &str, body: impl AsRef<[u8]>) -> Answer {
        let body = body.as_ref();
        let length = body.len();
        self.send(format!(
            "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
        ));
        self.send(body);
        self.answer()
    }

    /// The next answer.
    pub(crate) fn answer(&mut self) -> Answer {
        self.answer_to("GET")
    }

    fn answer_to(&mut self, method: &str) -> Answer {
        let (status, headers) = self.head();
        let mut answer = Answer { status, headers, body: Vec::new() };
        if method == "HEAD" {
            return answer;
        }
        if answer.is_chunked() {
            answer.body = self.chunks();
        } else if let Ok(length) = answer.header("content-length").parse() {
            answer.body = vec![0; length];
            self.stream.read_exact(&mut answer.body).unwrap();
        } else {
            self.stream.read_to_end(&mut answer.body).unwrap();
        }
        answer
    }

    fn head(&mut self) -> (u16, Vec<(String, String)>) {
        let mut text = Vec::new();
        while !text.ends_with(b"\r\n\r\n") {
            let read = self.stream.read_until(b'\n', &mut text).unwrap();
            assert_ne!(read, 0, "the connection ended in the head: {:?}", String::from_utf8_lossy(&text));
        }
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        assert!(response.parse(&text).unwrap().is_complete());
        let text = |value: &[u8]| String::from_utf8(value.to_owned()).unwrap();
        let headers =
            response.headers.iter().map(|header| (header.name.to_lowercase(), text(header.value))).collect();
        (response.code.unwrap(), headers)
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let length = usize::from_str_radix(line.trim(), 16).unwrap();
            let mut chunk = vec![0; length + 2];
            self.stream.read_exact(&mut chunk).unwrap();
            if length == 0 {
                return body;
            }
            chunk.truncate(length);
            body.append(&mut chunk);
        }
    }

    /// Whether something has come that was not read yet.
    pub(crate) fn has_something(&mut self) -> bool {
        self.stream.get_ref().set_nonblocking(true).unwrap();
        let has = self.stream.fill_buf().is_ok();
        self.stream.get_ref().set_nonblocking(false).unwrap();
        has
    }

    /// Whether the daemon has closed it.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.stream.fill_buf(), Ok([]))
    }
}
