//! `http-get`, and `http-serve` for tests: a client and a server inside the pod.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use super::arguments::Arguments;
use super::error::ToolError;
use super::{namespaces, say};

const CONNECT: Duration = Duration::from_secs(2);
const WHOLE: Duration = Duration::from_secs(10);

/// Says `{"status":200,"body":"…"}` or `{"error":"…"}`.
pub(super) fn get(words: &[OsString]) -> Result<(), ToolError> {
    let arguments = Arguments::parse(words)?;
    let url = arguments.one("URL")?;
    namespaces::join(arguments.pod()?)?;
    let answer = fetch(&url).unwrap_or_else(|error| json!({ "error": error.to_string() }));
    say(&answer.to_string())
}

fn fetch(url: &str) -> Result<Value, ureq::Error> {
    let config = Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(WHOLE));
    let mut response = config.build().new_agent().get(url).call()?;
    let body = response.body_mut().read_to_vec()?;
    Ok(json!({ "status": response.status().as_u16(), "body": String::from_utf8_lossy(&body) }))
}

/// Answers every request to a port of 127.0.0.1 with the same text.
pub(super) fn serve(words: &[OsString]) -> Result<(), ToolError> {
    let arguments = Arguments::parse(words)?;
    let [port, text] = arguments.rest.as_slice() else {
        return Err(ToolError::Usage("a port and a text are needed".to_owned()));
    };
    let port = port.to_str().and_then(|port| port.parse().ok());
    let port: u16 = port.ok_or_else(|| ToolError::Usage("the port is no number".to_owned()))?;
    let failed = |source| ToolError::Io { action: "listen on", path: Path::new("127.0.0.1").into(), source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
    for stream in listener.incoming() {
        // A client that went away is its own affair.
        let _ = stream.and_then(|stream| respond(&stream, &text.to_string_lossy()));
    }
    Ok(())
}

fn respond(mut stream: &TcpStream, text: &str) -> std::io::Result<()> {
    for line in BufReader::new(stream).lines() {
        if line?.is_empty() {
            break;
        }
    }
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len())
}
