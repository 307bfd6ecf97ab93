//! HTTP: requests into the model, replies out of it.

use std::io::{self, Read};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{FromRequestParts, State, WebSocketUpgrade};
use axum::http::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::serve::IncomingStream;
use tokio::net::{TcpListener, UnixListener};

use super::daemon::{Daemon, until};
use super::{body, logs, websocket};
use crate::files;
use crate::real::RealFiles;
use crate::request::{Reply, Request, Response as Answer, Wait};

/// What is longer goes out in chunks, as Go's server does where it does not know the end.
const CHUNKED_FROM: usize = 2048;
/// No JSON that is sent to a daemon is longer.
const MAX_JSON: usize = 256 << 20;
/// How much of a request is read after what it says has been understood, so that its connection can go on.
const REST: u64 = 256 * 1024;
const TEXT: &str = "text/plain; charset=utf-8";

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(Option<u32>);

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Self(stream.io().peer_cred().ok().map(|peer| peer.uid()))
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(_: IncomingStream<'_, TcpListener>) -> Self {
        Self(None)
    }
}

/// All requests go the same way.
pub(crate) fn router(daemon: Arc<Daemon>) -> Router {
    Router::new().fallback(handle).with_state(daemon)
}

async fn handle(
    State(daemon): State<Arc<Daemon>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    request: axum::extract::Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if !parts.headers.contains_key(HOST) {
        let text = "400 Bad Request: missing required Host header";
        let mut response = plain(StatusCode::BAD_REQUEST, TEXT, Body::from(text));
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    let content_type = text(&parts.headers, &CONTENT_TYPE);
    let is_multipart = content_type.trim_start().to_ascii_lowercase().starts_with("multipart/");
    let (json, upload) = if is_multipart {
        (Bytes::new(), Some(body))
    } else {
        match to_bytes(body, MAX_JSON).await {
            Ok(json) => (json, None),
            // Whoever sent it has gone, or sends without end.
            Err(_) => return plain(StatusCode::BAD_REQUEST, TEXT, Body::empty()),
        }
    };
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        accept: text(&parts.headers, &ACCEPT),
        content_type,
        body: json.to_vec(),
        peer,
    };
    match daemon.with(|pebble, host| pebble.handle(&request, host)) {
        Reply::Done(answer) => whole(answer),
        Reply::Wait(wait) => whole(wait_for(&daemon, &wait).await),
        Reply::Logs(query) => logs::answer(daemon, query).await,
        Reply::Files(request) => {
            let work = move || files::answer(&request, &mut RealFiles::default());
            let mut answer = blocking(work).await;
            daemon.look(|pebble| pebble.complete(&mut answer));
            whole(answer)
        }
        Reply::ReadFiles(paths) => {
            let (mut writing, body) = body::writer();
            // Nobody guesses what is between the parts.
            let boundary: String = (0..60).map(|_| fastrand::digit(16)).collect();
            let content_type = format!("multipart/form-data; boundary={boundary}");
            tokio::task::spawn_blocking(move || {
                // A client that goes away is told no more.
                let _ = files::send(&RealFiles::default(), &paths, &boundary, &mut writing);
            });
            plain(StatusCode::OK, &content_type, body)
        }
        Reply::WriteFiles(request) => {
            let mut reading = body::reader(upload.unwrap_or_default());
            let receive = move || {
                let answer = files::receive(&mut RealFiles::default(), request, &mut reading);
                // A client that has gone misses nothing.
                let _ = io::copy(&mut reading.take(REST), &mut io::sink());
                answer
            };
            let mut answer = blocking(receive).await;
            daemon.look(|pebble| pebble.complete(&mut answer));
            whole(answer)
        }
        Reply::Websocket { task, websocket } => {
            match WebSocketUpgrade::from_request_parts(&mut parts, &daemon).await {
                Ok(upgrade) => websocket::serve(upgrade, daemon, task, websocket),
                Err(rejection) => plain(StatusCode::BAD_REQUEST, TEXT, Body::from(rejection.body_text())),
            }
        }
    }
}

/// Asks again whenever something has happened, and when the time is over.
async fn wait_for(daemon: &Daemon, wait: &Wait) -> Answer {
    let mut changes = daemon.changes();
    loop {
        changes.mark_unchanged();
        if let Some(answer) = daemon.look(|pebble| pebble.poll(wait)) {
            return answer;
        }
        tokio::select! {
            () = until(wait.deadline()) => {}
            _ = changes.changed() => {}
        }
    }
}

async fn blocking(work: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| crate::api::envelope::error(500, "internal error"))
}

/// An answer that is there as a whole.
pub(crate) fn whole(answer: Answer) -> Response {
    let body = if answer.body.len() > CHUNKED_FROM { chunked(answer.body) } else { Body::from(answer.body) };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = plain(status, answer.content_type, body);
    if let Ok(location) = HeaderValue::from_str(&answer.location)
        && !answer.location.is_empty()
    {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// A body whose length is not told.
pub(crate) fn chunked(body: impl Into<Bytes>) -> Body {
    Body::from_stream(tokio_stream::once(Ok::<_, io::Error>(body.into())))
}

/// An answer of this type.
pub(crate) fn plain(status: StatusCode, content_type: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Ok(content_type) = HeaderValue::from_str(content_type)
        && !content_type.is_empty()
    {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
