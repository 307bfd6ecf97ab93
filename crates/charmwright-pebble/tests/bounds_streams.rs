//! Streams of commands that give too much, or too slowly.

#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests")]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use charmwright_pebble::limits::STREAM_MESSAGE_BYTES_MAX;
use charmwright_pebble::{Client, Error, Exec, WriteOptions};

/// A daemon that takes a command, and does this with each of its streams.
fn daemon(streams: impl Fn(UnixStream) + Send + Clone + 'static) -> (Client, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(dir.path().join("s")).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, streams) = (stream.unwrap(), streams.clone());
            std::thread::spawn(move || {
                let mut first = [0; 4];
                // Looked at, not taken.
                let peeked = nix::sys::socket::recv(
                    std::os::fd::AsRawFd::as_raw_fd(&stream),
                    &mut first,
                    nix::sys::socket::MsgFlags::MSG_PEEK,
                );
                if peeked == Ok(4) && &first == b"POST" {
                    let mut request = [0; 8192];
                    let _ = stream.read(&mut request);
                    let body = r#"{"type":"async","change":"1","result":{"task-id":"1"}}"#;
                    let length = body.len();
                    let _ = write!(
                        stream,
                        "HTTP/1.1 202 X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                    );
                } else {
                    streams(stream);
                }
            });
        }
    });
    (Client::new(dir.path().join("s")), dir)
}

#[test]
fn a_message_that_is_larger_than_is_taken_ends_its_stream() {
    let send = |length: usize| {
        daemon(move |stream| {
            let Ok(mut socket) = tungstenite::accept(stream) else { return };
            let _ = socket.send(tungstenite::Message::Binary(vec![b'x'; length].into()));
            let _ = socket.read();
        })
    };
    let read = |length: usize| {
        let (client, _dir) = send(length);
        let mut process = client.exec(&Exec::new(["x"])).unwrap();
        let mut buffer = [0; 10];
        let read = process.stdout.take().unwrap().read(&mut buffer);
        // What becomes of it is not asked for: nobody would answer.
        std::mem::forget(process);
        read
    };
    assert_eq!(read(STREAM_MESSAGE_BYTES_MAX).unwrap(), 10);
    assert!(read(STREAM_MESSAGE_BYTES_MAX + 1).is_err());
}

#[test]
fn a_handshake_that_drips_ends_at_the_whole_deadline() {
    let (client, _dir) = daemon(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 101 X\r\nX: ");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(60));
        }
    });
    let begin = Instant::now();
    let error = client.exec_output(&Exec::new(["x"]), b"", Duration::from_millis(300)).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
}

#[test]
fn an_upload_of_which_too_little_is_taken_is_a_timeout() {
    let dir = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(dir.path().join("s")).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut byte = [0; 100];
        while stream.read(&mut byte).is_ok_and(|read| read > 0) {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let client = Client::new(dir.path().join("s")).with_request_timeout(Duration::from_millis(300));
    let begin = Instant::now();
    let error =
        client.write_file_from("/a", &mut std::io::repeat(b'x'), &WriteOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_mins(1), "{:?}", begin.elapsed());
}
