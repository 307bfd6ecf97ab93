//! The websockets of a running command, over the daemon's socket.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use tungstenite::client::{IntoClientRequest, client_with_config};
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, WebSocket};

use super::{Channel, Cut, Frame, Message, Receiver, Sender, TransportError};
use crate::limits::STREAM_MESSAGE_BYTES_MAX;

/// Opens the websocket at `path` on a fresh connection.
pub(crate) fn open(stream: UnixStream, path: &str, timeout: Duration) -> Result<Channel, TransportError> {
    let request = format!("ws://localhost{path}")
        .into_client_request()
        .map_err(|error| TransportError::Invalid(error.to_string()))?;
    let halves = || Ok((stream.try_clone()?, stream.try_clone()?));
    let (writing, cutting) = halves().map_err(TransportError::Unreachable)?;
    // Daemons before 1.25 never answer where the command has failed already: hence the timeout.
    let stream = Timed { stream, until: end(Some(timeout)) };
    let (socket, _) = client_with_config(request, stream, Some(limits())).map_err(|error| match error {
        HandshakeError::Interrupted(_) => TransportError::Timeout,
        HandshakeError::Failure(error) => refused(error),
    })?;
    Ok(Channel::new(
        Box::new(Writing(WebSocket::from_raw_socket(
            Timed { stream: writing, until: None },
            Role::Client,
            Some(limits()),
        ))),
        Box::new(Reading(socket)),
        Box::new(Cutter(cutting)),
    ))
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(STREAM_MESSAGE_BYTES_MAX))
        .max_frame_size(Some(STREAM_MESSAGE_BYTES_MAX))
}

/// When what begins now has to end. A wait of no time would not even take what is there.
fn end(timeout: Option<Duration>) -> Option<Instant> {
    Instant::now().checked_add(timeout?.max(Duration::from_millis(1)))
}

/// A connection on which all that is done ends by then, however many bytes come one by one.
#[derive(Debug)]
struct Timed {
    stream: UnixStream,
    /// None is for ever.
    until: Option<Instant>,
}

impl Timed {
    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(until) = self.until else { return Ok(None) };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // The kernel takes zero for ever.
        Ok(Some(left.max(Duration::from_millis(1))))
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn refused(error: Error) -> TransportError {
    match error {
        Error::Http(answer) => {
            let status = answer.status().as_u16();
            TransportError::Refused { status, body: answer.into_body().unwrap_or_default() }
        }
        Error::Io(error) if is_timeout(&error) => TransportError::Timeout,
        Error::Io(error) => TransportError::Unreachable(error),
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(tungstenite::error::ProtocolError::HandshakeIncomplete) => {
            TransportError::Unreachable(io::ErrorKind::UnexpectedEof.into())
        }
        error => TransportError::Protocol(error.to_string()),
    }
}

/// It only writes: another one reads from the same connection, since tungstenite's is for one thread at a time. A daemon
/// that asked for an answer (it never does) would get it from the one that reads.
#[derive(Debug)]
struct Writing(WebSocket<Timed>);

impl Sender for Writing {
    fn send(&mut self, frame: Frame<'_>, timeout: Option<Duration>) -> io::Result<()> {
        self.0.get_mut().until = end(timeout);
        let done = match frame {
            Frame::Data(data) => self.0.send(tungstenite::Message::Binary(data.to_vec().into())),
            Frame::Text(text) => self.0.send(tungstenite::Message::Text(text.into())),
            Frame::Close => self.0.close(None).and_then(|()| self.0.flush()),
        };
        match done {
            Ok(()) | Err(Error::ConnectionClosed) => Ok(()),
            Err(error) => Err(as_io(error)),
        }
    }
}

#[derive(Debug)]
struct Reading(WebSocket<Timed>);

impl Receiver for Reading {
    fn receive(&mut self, timeout: Option<Duration>) -> io::Result<Option<Message>> {
        self.0.get_mut().until = end(timeout);
        loop {
            return match self.0.read() {
                Ok(tungstenite::Message::Binary(data)) => Ok(Some(Message::Data(data.into()))),
                Ok(tungstenite::Message::Text(text)) => Ok(Some(Message::Text(text.as_str().to_owned()))),
                Ok(tungstenite::Message::Close(_)) => Ok(None),
                Ok(_) => continue,
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(Error::Io(error)) if is_timeout(&error) => Err(io::ErrorKind::TimedOut.into()),
                // However it ended: what became of the command is told elsewhere.
                Err(
                    Error::Io(_)
                    | Error::ConnectionClosed
                    | Error::AlreadyClosed
                    | Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake),
                ) => Ok(None),
                Err(error) => Err(as_io(error)),
            };
        }
    }
}

#[derive(Debug)]
struct Cutter(UnixStream);

impl Cut for Cutter {
    fn cut(&self) {
        // One that is closed already is as good.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn as_io(error: Error) -> io::Error {
    match error {
        Error::Io(error) if is_timeout(&error) => io::ErrorKind::TimedOut.into(),
        Error::Io(error) => error,
        error => io::Error::new(io::ErrorKind::InvalidData, error.to_string()),
    }
}
