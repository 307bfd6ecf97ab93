//! The wire protocol: any bytes, at both ends. What is understood must survive being said again.

#![no_main]

use std::io::{self, Cursor, Read, Write};

use charmwright_jujuc::{Client, Request, Response, serve_limited};
use libfuzzer_sys::fuzz_target;

/// So that no input is slow for its size.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

struct Script<'a> {
    says: Cursor<&'a [u8]>,
    heard: Vec<u8>,
}

impl<'a> Script<'a> {
    fn new(says: &'a [u8]) -> Self {
        Self { says: Cursor::new(says), heard: Vec::new() }
    }
}

impl Read for Script<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.says.read(bytes)
    }
}

impl Write for Script<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.heard.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn requests(bytes: &[u8]) -> Vec<Request> {
    let mut requests = Vec::new();
    let _end = serve_limited(&mut Script::new(bytes), MESSAGE_BYTES_MAX, |request| {
        requests.push(request);
        Ok(Response::default())
    });
    requests
}

fn responses(bytes: &[u8]) -> Vec<Response> {
    let mut client = Client::new(Script::new(bytes)).message_bytes_max(MESSAGE_BYTES_MAX);
    std::iter::from_fn(|| client.call(&Request::default()).ok()).collect()
}

fuzz_target!(|bytes: &[u8]| {
    for request in requests(bytes) {
        let mut client = Client::new(Script::new(&[]));
        let _no_reply = client.call(&request);
        assert!(requests(&client.stream().heard) == [request]);
    }
    for response in responses(bytes) {
        let mut client = Client::new(Script::new(&[]));
        let _no_reply = client.call(&Request::default());
        let mut agent = Script::new(&client.stream().heard);
        serve_limited(&mut agent, MESSAGE_BYTES_MAX, |_| Ok(response.clone())).unwrap();
        assert!(responses(&agent.heard) == [response]);
    }
    // Replies may be to calls that were sent together.
    let mut client = Client::new(Script::new(bytes)).message_bytes_max(MESSAGE_BYTES_MAX);
    assert_eq!(client.calls(&[Request::default(), Request::default(), Request::default()]).len(), 3);
});
