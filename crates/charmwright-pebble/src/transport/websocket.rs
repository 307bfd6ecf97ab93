//! The websockets of a running command, over the daemon's socket.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::Role;
use tungstenite::{Error, WebSocket};

use super::{Channel, Cut, Frame, Message, Receiver, Sender, TransportError};

/// Opens the websocket at `path` on a fresh connection.
pub(crate) fn open(stream: UnixStream, path: &str, timeout: Duration) -> Result<Channel, TransportError> {
    let request = format!("ws://localhost{path}")
        .into_client_request()
        .map_err(|error| TransportError::Invalid(error.to_string()))?;
    stream.set_read_timeout(Some(timeout)).map_err(TransportError::Unreachable)?;
    stream.set_write_timeout(Some(timeout)).map_err(TransportError::Unreachable)?;
    let halves = || Ok((stream.try_clone()?, stream.try_clone()?));
    let (writing, cutting) = halves().map_err(TransportError::Unreachable)?;
    // Daemons before 1.25 never answer where the command has failed already: hence the timeout.
    let (socket, _) = tungstenite::client::client(request, stream).map_err(|error| match error {
        HandshakeError::Interrupted(_) => TransportError::Timeout,
        HandshakeError::Failure(error) => refused(error),
    })?;
    Ok(Channel::new(
        Box::new(Writing(WebSocket::from_raw_socket(writing, Role::Client, None))),
        Box::new(Reading(socket)),
        Box::new(Cutter(cutting)),
    ))
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
struct Writing(WebSocket<UnixStream>);

impl Sender for Writing {
    fn send(&mut self, frame: Frame<'_>, timeout: Option<Duration>) -> io::Result<()> {
        self.0.get_ref().set_write_timeout(at_least(timeout))?;
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
struct Reading(WebSocket<UnixStream>);

impl Receiver for Reading {
    fn receive(&mut self, timeout: Option<Duration>) -> io::Result<Option<Message>> {
        self.0.get_ref().set_read_timeout(at_least(timeout))?;
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

/// The kernel takes zero for ever.
fn at_least(timeout: Option<Duration>) -> Option<Duration> {
    timeout.map(|timeout| timeout.max(Duration::from_millis(1)))
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
