//! What several tests need.

use std::io::{self, Cursor, Read, Write};

use charmwright_jujuc::Request;

/// A stream that says what was written beforehand, and keeps what it is told.
#[derive(Debug)]
pub(crate) struct Script {
    says: Cursor<Vec<u8>>,
    pub(crate) heard: Vec<u8>,
}

impl Script {
    pub(crate) fn new(says: impl Into<Vec<u8>>) -> Self {
        Self { says: Cursor::new(says.into()), heard: Vec::new() }
    }
}

impl Read for Script {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.says.read(bytes)
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.heard.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes, two digits each; blanks and line ends do not count.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

pub(crate) fn request(command: &str, args: &[&str]) -> Request {
    Request {
        context_id: "u/0-x-1".into(),
        dir: "/".into(),
        command: command.into(),
        args: args.iter().map(Into::into).collect(),
        ..Request::default()
    }
}
