//! Websockets of a command as they are, where the wire itself is looked at.

use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use charmwright_pebble::{Change, ChangeId};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::{Error, Message, WebSocket};

use crate::daemon::{Daemon, PATIENCE};

/// A command that was asked for, and waits for its streams.
pub(crate) struct Started {
    pub(crate) change: ChangeId,
    pub(crate) task: String,
    /// What was told besides.
    pub(crate) told: Value,
}

/// Asks for a command, and connects nothing.
pub(crate) fn ask(daemon: &Daemon, request: &Value) -> Started {
    let answer = daemon.raw().post("/v1/exec", request.to_string());
    assert_eq!((answer.status, &answer.json()["type"]), (202, &json!("async")), "{}", answer.text());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (change, told) = (text(&answer.json()["change"]), answer.result());
    Started { change: ChangeId::new(change).unwrap(), task: text(&told["task-id"]), told }
}

/// A shell script, asked for.
pub(crate) fn ask_shell(daemon: &Daemon, script: &str) -> Started {
    ask(daemon, &json!({"command": ["/bin/sh", "-c", script], "working-dir": "/"}))
}

impl Started {
    /// Connects one of its streams.
    pub(crate) fn open(&self, daemon: &Daemon, id: &str) -> Stream {
        Stream::open(daemon, &self.task, id, PATIENCE).unwrap_or_else(|refused| panic!("{id}: {refused:?}"))
    }

    /// How it ends.
    pub(crate) fn end(&self, daemon: &Daemon) -> Change {
        daemon.client.wait_change(&self.change, PATIENCE).unwrap()
    }
}

/// The exit code that a change tells.
pub(crate) fn exit_code(change: &Change) -> Option<i64> {
    change.tasks[0].data.get("exit-code").and_then(Value::as_i64)
}

/// What came instead of a websocket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// An answer of this status, with this text.
    With(u16, String),
    /// Nothing.
    NoAnswer,
}

/// One stream of a command.
pub(crate) struct Stream(WebSocket<UnixStream>);

impl Stream {
    pub(crate) fn open(daemon: &Daemon, task: &str, id: &str, timeout: Duration) -> Result<Self, Refused> {
        let stream = UnixStream::connect(daemon.client.socket()).unwrap();
        stream.set_read_timeout(Some(timeout)).unwrap();
        let request = format!("ws://localhost/v1/tasks/{task}/websocket/{id}").into_client_request().unwrap();
        match tungstenite::client::client(request, stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(HandshakeError::Failure(Error::Http(answer))) => {
                let status = answer.status().as_u16();
                let body = answer.into_body().unwrap_or_default();
                Err(Refused::With(status, String::from_utf8(body).unwrap()))
            }
            Err(HandshakeError::Interrupted(_)) => Err(Refused::NoAnswer),
            Err(HandshakeError::Failure(Error::Io(error)))
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                Err(Refused::NoAnswer)
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    pub(crate) fn data(&mut self, data: impl AsRef<[u8]>) {
        self.0.send(Message::Binary(data.as_ref().to_vec().into())).unwrap();
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.0.send(Message::Text(text.into())).unwrap();
    }

    /// Says that the input ends.
    pub(crate) fn end(&mut self) {
        self.text(r#"{"command":"end"}"#);
    }

    /// The proper end of the connection.
    pub(crate) fn close(mut self) {
        self.0.close(None).unwrap();
        self.0.flush().unwrap();
    }

    /// The end of the connection without a word.
    pub(crate) fn cut(self) {
        self.0.get_ref().shutdown(Shutdown::Both).unwrap();
    }

    /// What comes until its end is told.
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            match self.0.read().unwrap() {
                Message::Binary(data) => all.extend_from_slice(&data),
                Message::Text(text) => {
                    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({"command": "end"}));
                    return all;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// What comes next, which is data.
    pub(crate) fn read(&mut self) -> Vec<u8> {
        match self.0.read().unwrap() {
            Message::Binary(data) => data.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// Whether the daemon ends the connection without a word.
    pub(crate) fn is_dropped(&mut self) -> bool {
        let dropped = self.0.read().unwrap_err();
        matches!(
            dropped,
            Error::Io(_)
                | Error::ConnectionClosed
                | Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)
        )
    }
}
