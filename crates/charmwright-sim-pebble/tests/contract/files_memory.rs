//! Files that are too large to be held.

use std::fs;
use std::io::{self, Read, Write};
use std::sync::LazyLock;

use charmwright_pebble::{Client, Error, WriteOptions};
use nix::unistd::geteuid;

use crate::another_user::ask;
use crate::target::Target;

cases! {
    a_stream_takes_little_memory: Socket = "its other end is no part of the process that is measured";
    a_stream_may_come_in_any_pieces;
    a_stream_may_end_anywhere;
    what_our_side_said_is_told;
}

/// How much is streamed where memory is measured.
const MUCH: u64 = 64 << 20;
/// How much comes at once, at most.
const LONGEST: usize = 40_009;

/// So many bytes, no two neighbours the same, in reads of odd lengths.
struct Source {
    at: u64,
    length: u64,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length - self.at).unwrap();
        let length = left.min(buffer.len()).min(LONGEST);
        buffer[..length].copy_from_slice(from(self.at, length));
        self.at += u64::try_from(length).unwrap();
        Ok(length)
    }
}

/// What a [`Source`] gives from there on.
fn from(at: u64, length: usize) -> &'static [u8] {
    static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| (0..=250).cycle().take(LONGEST + 251).collect());
    let first = usize::try_from(at % 251).unwrap();
    &PATTERN[first..first + length]
}

/// Takes what a [`Source`] gives, and nothing else.
#[derive(Default)]
struct Sink(u64);

impl Write for Sink {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        for piece in content.chunks(LONGEST) {
            assert!(piece == from(self.0, piece.len()), "from {} on it is something else", self.0);
            self.0 += u64::try_from(piece.len()).unwrap();
        }
        Ok(content.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn stream(client: &Client, path: &str, content: &mut dyn Read) -> Result<(), Error> {
    client.write_file_from(path, content, &WriteOptions::default())
}

/// Streams more than any buffer holds to where it may not be written.
pub(crate) fn stream_much(client: &Client) -> Result<(), Error> {
    stream(client, "/nowhere/file", &mut Source { at: 0, length: MUCH })
}

/// Streams much to and fro. Answers with the most memory that the process ever had, in KiB.
pub(crate) fn most_memory(client: &Client) -> String {
    let path = client.socket().with_file_name("large");
    let path = path.to_str().unwrap();
    stream(client, path, &mut Source { at: 0, length: MUCH }).unwrap();
    let mut sink = Sink::default();
    assert_eq!((client.read_file_to(path, &mut sink).unwrap(), sink.0), (MUCH, MUCH));
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    most.trim().trim_end_matches(" kB").to_owned()
}

fn a_stream_takes_little_memory(target: &Target) {
    let daemon = target.start();
    // Also whoever asks is another process, of which all is counted.
    let most: u64 = ask(geteuid().as_raw(), daemon.client.socket(), "most-memory").parse().unwrap();
    assert!(most < MUCH / 1024 / 2, "{most} KiB");
    assert_eq!(fs::metadata(daemon.path("large")).unwrap().len(), MUCH);
}

/// Gives a byte a read, and is interrupted now and then.
struct Drip<'a>(&'a [u8], bool);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

fn a_stream_may_come_in_any_pieces(target: &Target) {
    let daemon = target.start();
    let path = daemon.place("file");
    let content = b"\r\n--\r\nContent-Disposition: form-data; name=\"files\"\r\n\r\n--";
    stream(&daemon.client, &path, &mut Drip(content, false)).unwrap();
    assert_eq!(daemon.client.read_file(&path).unwrap(), content);
}

fn a_stream_may_end_anywhere(target: &Target) {
    let daemon = target.start();
    let path = daemon.place("file");
    // About the lengths of buffers.
    for length in [0, 1, 4095, 4096, 4097, 32_767, 32_768, 65_535, 65_536, 65_537, 131_072, 3_000_000] {
        stream(&daemon.client, &path, &mut Source { at: 0, length }).unwrap();
        let mut sink = Sink::default();
        assert_eq!((daemon.client.read_file_to(&path, &mut sink).unwrap(), sink.0), (length, length));
        assert_eq!(daemon.client.file_info(&path).unwrap().unwrap().size, Some(length));
    }
}

fn what_our_side_said_is_told(target: &Target) {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let daemon = target.start();
    let mut content = b"so far".chain(Broken);
    let error = stream(&daemon.client, &daemon.place("file"), &mut content).unwrap_err();
    let Error::Local { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source.to_string(), "the disk is gone");
}
