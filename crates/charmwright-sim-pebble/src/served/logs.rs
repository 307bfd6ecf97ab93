//! What services wrote, sent.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::Response;
use tokio::sync::mpsc::channel;
use tokio_stream::wrappers::ReceiverStream;

use super::daemon::Daemon;
use super::http::{chunked, plain};
use crate::logs::LogEntry;
use crate::request::LogQuery;

const TYPE: &str = "application/x-ndjson";

/// The entries that there are, and those that come if they are followed. Not even the headers go out before the first.
pub(crate) async fn answer(daemon: Arc<Daemon>, query: LogQuery) -> Response {
    let mut changes = daemon.changes();
    let text = |entries: &[LogEntry]| entries.iter().map(LogEntry::json).collect::<String>();
    let (mut last, mut first) = daemon.look(|pebble| (pebble.last_log(), text(&pebble.logs(&query))));
    if !query.follow {
        let body = if first.is_empty() { Body::empty() } else { chunked(first) };
        return plain(StatusCode::OK, TYPE, body);
    }
    while first.is_empty() {
        if changes.changed().await.is_err() {
            break;
        }
        (last, first) = daemon.look(|pebble| (pebble.last_log(), text(&pebble.logs_after(&query, last))));
    }
    let (send, pieces) = channel(4);
    tokio::spawn(async move {
        let mut text_now = first;
        loop {
            if !text_now.is_empty() && send.send(Ok::<_, io::Error>(Bytes::from(text_now))).await.is_err() {
                return;
            }
            tokio::select! {
                () = send.closed() => return,
                ended = changes.changed() => if ended.is_err() { return },
            }
            (last, text_now) =
                daemon.look(|pebble| (pebble.last_log(), text(&pebble.logs_after(&query, last))));
        }
    });
    plain(StatusCode::OK, TYPE, Body::from_stream(ReceiverStream::new(pieces)))
}
