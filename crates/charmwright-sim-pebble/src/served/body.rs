//! Bodies between the server, which waits for nobody, and code that reads and writes.

use std::io::{self, Read, Write};

use axum::body::{Body, Bytes};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

/// How many pieces may be on their way.
const PIECES: usize = 4;
/// How large a piece is that is written.
const PIECE: usize = 64 * 1024;

/// A body that is read.
pub(crate) struct Reading {
    pieces: Receiver<io::Result<Bytes>>,
    held: Bytes,
}

/// The reader of a request's body. It blocks.
pub(crate) fn reader(body: Body) -> Reading {
    let (send, pieces) = channel(PIECES);
    tokio::spawn(async move {
        let mut stream = body.into_data_stream();
        while let Some(piece) = stream.next().await {
            if send.send(piece.map_err(io::Error::other)).await.is_err() {
                return;
            }
        }
    });
    Reading { pieces, held: Bytes::new() }
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.held.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.held = piece?,
                None => return Ok(0),
            }
        }
        let length = self.held.len().min(buffer.len());
        let taken = self.held.split_to(length);
        if let Some(buffer) = buffer.get_mut(..length) {
            buffer.copy_from_slice(&taken);
        }
        Ok(length)
    }
}

/// A body that is written. It blocks.
pub(crate) struct Writing {
    pieces: Sender<Result<Bytes, io::Error>>,
    held: Vec<u8>,
}

/// The body of an answer, and its writer.
pub(crate) fn writer() -> (Writing, Body) {
    let (pieces, receive) = channel(PIECES);
    let body = Body::from_stream(ReceiverStream::new(receive));
    (Writing { pieces, held: Vec::with_capacity(PIECE) }, body)
}

impl Write for Writing {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(data);
        if self.held.len() >= PIECE {
            self.flush()?;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::replace(&mut self.held, Vec::with_capacity(PIECE)));
        self.pieces.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
