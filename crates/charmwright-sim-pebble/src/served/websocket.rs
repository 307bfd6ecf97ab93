//! The websockets of commands.

use std::sync::Arc;

use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{Message, WebSocket};
use axum::response::Response;
use tokio::sync::mpsc::{OwnedPermit, Receiver, Sender, channel};

use super::daemon::Daemon;
use crate::exec::END;
use crate::host::{TaskId, Websocket};
use crate::real::{FromClient, Stream, ToClient};

/// How many messages may be on their way.
const MESSAGES: usize = 8;

/// Turns the connection into a websocket of a command.
pub(crate) fn serve(
    upgrade: WebSocketUpgrade,
    daemon: Arc<Daemon>,
    task: TaskId,
    websocket: Websocket,
) -> Response {
    upgrade.on_upgrade(move |socket| async move {
        let (to_command, incoming) = channel(MESSAGES);
        let (outgoing, to_client) = channel(MESSAGES);
        daemon.with(|pebble, host| {
            if !pebble.is_executing(&task) {
                // It has ended meanwhile.
                return;
            }
            host.connect(&task, websocket, Stream { incoming, outgoing });
            pebble.exec_connected(&task, websocket, host);
        });
        carry(socket, to_command, to_client, websocket).await;
    })
}

/// Carries messages both ways until the client closes, or for the control channel until the command has ended.
async fn carry(
    mut socket: WebSocket,
    to_command: Sender<FromClient>,
    mut to_client: Receiver<ToClient>,
    websocket: Websocket,
) {
    let mut to_command = Some(to_command);
    let (mut is_open, mut pending) = (true, None);
    loop {
        tokio::select! {
            // A command that reads slowly makes its client wait, and nobody else.
            permit = reserve(to_command.clone()), if pending.is_some() => {
                match (permit, pending.take()) {
                    (Some(permit), Some(message)) => drop(permit.send(message)),
                    // It reads no more: what comes is dropped.
                    _ => to_command = None,
                }
            }
            received = socket.recv(), if pending.is_none() => match received {
                Some(Ok(Message::Binary(data))) if to_command.is_some() => {
                    pending = Some(FromClient::Data(data.into()));
                }
                Some(Ok(Message::Text(text))) if to_command.is_some() => {
                    pending = Some(FromClient::Text(text.as_str().to_owned()));
                }
                Some(Ok(Message::Close(_))) => {
                    if let Some(to_command) = &to_command {
                        // It may have ended.
                        let _ = to_command.send(FromClient::Closed).await;
                    }
                    return;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            message = to_client.recv(), if is_open => {
                let sent = match message {
                    Some(ToClient::Data(data)) => socket.send(Message::Binary(data.into())).await,
                    Some(ToClient::End) => socket.send(Message::Text(END.into())).await,
                    // The command has ended. This channel goes without a word; the others stay until the client goes.
                    None if websocket == Websocket::Control => return,
                    None => {
                        is_open = false;
                        Ok(())
                    }
                };
                if sent.is_err() {
                    return;
                }
            }
        }
    }
}

async fn reserve(to_command: Option<Sender<FromClient>>) -> Option<OwnedPermit<FromClient>> {
    to_command?.reserve_owned().await.ok()
}
