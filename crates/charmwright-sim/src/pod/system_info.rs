//! The one question that the pod itself asks Pebble.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

const QUESTION: &[u8] = b"GET /v1/system-info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const PATIENCE: Duration = Duration::from_secs(5);
const HEADERS_MAX: usize = 32;

#[derive(Deserialize)]
struct Envelope {
    result: SystemInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SystemInfo {
    boot_id: String,
}

/// `GET /v1/system-info`: the daemon's boot-id.
pub(super) fn boot_id(socket: &Path) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(QUESTION)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let wrong =
        |reason: &str| io::Error::new(io::ErrorKind::InvalidData, format!("no system-info: {reason}"));
    match head.parse(&answer).map_err(|error| wrong(&error.to_string()))? {
        // So short an answer has a length and is not chunked.
        httparse::Status::Complete(length) if head.code == Some(200) => {
            let envelope: Envelope = serde_json::from_slice(answer.get(length..).unwrap_or_default())?;
            Ok(envelope.result.boot_id)
        }
        _ => Err(wrong(&String::from_utf8_lossy(&answer))),
    }
}
