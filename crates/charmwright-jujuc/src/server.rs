//! The agent's end.

use std::io::{BufReader, Read, Write};

use crate::MESSAGE_BYTES_MAX;
use crate::error::ServeError;
use crate::gob::{Decoder, Encoder, ReadError};
use crate::message::{METHOD, Nothing, RawRequest, Request, RequestHeader, Response, ResponseHeader};

/// Answers the hook commands of one connection until the other side closes it.
///
/// `handler` runs a command, or refuses it with a text: [`STDIN_DEMAND`](crate::STDIN_DEMAND), or one that begins
/// with `bad request: `. An empty text would be taken for success; it is sent as `refused`.
///
/// # Errors
///
/// If the stream fails, or what comes is not this protocol.
pub fn serve<S: Read + Write>(
    stream: S,
    handler: impl FnMut(Request) -> Result<Response, String>,
) -> Result<(), ServeError> {
    serve_limited(stream, MESSAGE_BYTES_MAX, handler)
}

/// Like [`serve`], for messages of at most so many bytes.
///
/// # Errors
///
/// As [`serve`].
pub fn serve_limited<S: Read + Write>(
    stream: S,
    message_bytes_max: usize,
    mut handler: impl FnMut(Request) -> Result<Response, String>,
) -> Result<(), ServeError> {
    let mut stream = BufReader::new(stream);
    let mut decoder = Decoder::new(message_bytes_max);
    let mut encoder = Encoder::default();
    loop {
        let header: RequestHeader = match decoder.read(&mut stream) {
            Err(ReadError::End) => return Ok(()),
            header => header?,
        };
        let result = match wrong_method(&header.method) {
            None => handler(decoder.read::<RawRequest>(&mut stream)?.into()),
            Some(text) => {
                let Nothing = decoder.read(&mut stream)?;
                Err(text)
            }
        };
        let mut out = Vec::new();
        let error = match &result {
            Ok(_) => "",
            Err(text) if text.is_empty() => "refused",
            Err(text) => text,
        };
        ResponseHeader { method: header.method, sequence: header.sequence, error: error.to_owned() }
            .write(&mut encoder, &mut out);
        match &result {
            Ok(response) => response.write(&mut encoder, &mut out),
            Err(_) => Nothing::write(&mut encoder, &mut out),
        }
        let stream = stream.get_mut();
        stream.write_all(&out).and_then(|()| stream.flush()).map_err(ServeError::Send)?;
    }
}

/// What Go's server says to a method that is not there.
fn wrong_method(method: &str) -> Option<String> {
    match method.rsplit_once('.') {
        _ if method == METHOD => None,
        None => Some(format!("rpc: service/method request ill-formed: {method}")),
        Some(("Jujuc", _)) => Some(format!("rpc: can't find method {method}")),
        Some(_) => Some(format!("rpc: can't find service {method}")),
    }
}
