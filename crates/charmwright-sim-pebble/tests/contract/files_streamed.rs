//! Files: those that are sent as they come.

use std::io::{self, Read};

use charmwright_pebble::{Error, FileErrorKind, ListOptions, WriteOptions};

use crate::files::{bytes, kind, start};
use crate::target::Target;

cases! {
    what_was_written_as_it_came_is_read_as_it_comes;
    what_cannot_be_read_is_told;
    what_cannot_be_written_is_told;
    if_our_side_fails_half_way_nothing_is_written;
    if_our_side_fails_half_way_the_old_file_stays;
    if_our_side_takes_no_more_it_is_our_error;
}

const LARGE: usize = 8 << 20;

/// Gives this in odd pieces, and fails at the end if it is to.
struct Source {
    content: Vec<u8>,
    at: usize,
    fails: bool,
}

impl Source {
    fn new(content: &[u8], fails: bool) -> Self {
        Self { content: content.to_vec(), at: 0, fails }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = &self.content[self.at..];
        if left.is_empty() && self.fails {
            return Err(io::Error::other("the disk is on fire"));
        }
        let length = left.len().min(buffer.len()).min(10_007);
        buffer[..length].copy_from_slice(&left[..length]);
        self.at += length;
        Ok(length)
    }
}

fn what_was_written_as_it_came_is_read_as_it_comes(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    for content in [Vec::new(), bytes(10_007), bytes(LARGE)] {
        let options = WriteOptions::default().permissions(0o640);
        daemon.client.write_file_from(&path, &mut Source::new(&content, false), &options).unwrap();
        let mut read = Vec::new();
        let length = daemon.client.read_file_to(&path, &mut read).unwrap();
        assert_eq!(length, u64::try_from(content.len()).unwrap());
        assert!(read == content, "{length} bytes");
        assert_eq!(daemon.client.file_info(&path).unwrap().unwrap().mode(), Some(0o640));
    }
}

fn what_cannot_be_read_is_told(target: &Target) {
    let (daemon, folder) = start(target);
    let mut read = Vec::new();
    let missing = daemon.client.read_file_to(&format!("{folder}/missing"), &mut read);
    assert_eq!(kind(missing), FileErrorKind::NotFound);
    assert_eq!(kind(daemon.client.read_file_to(&folder, &mut read)), FileErrorKind::Generic);
    assert_eq!(read, b"");
}

fn what_cannot_be_written_is_told(target: &Target) {
    let (daemon, folder) = start(target);
    let mut content = Source::new(&bytes(LARGE), false);
    let nowhere =
        daemon.client.write_file_from(&format!("{folder}/no/where"), &mut content, &WriteOptions::default());
    assert_eq!(kind(nowhere), FileErrorKind::NotFound);
    let mut content = Source::new(b"x", false);
    let dir = daemon.client.write_file_from(&folder, &mut content, &WriteOptions::default());
    assert_eq!(kind(dir), FileErrorKind::Generic);
}

fn fails<T: std::fmt::Debug>(result: Result<T, Error>) {
    match result {
        Err(Error::Local { source, .. }) => assert_eq!(source.to_string(), "the disk is on fire"),
        result => panic!("{result:?}"),
    }
}

fn if_our_side_fails_half_way_nothing_is_written(target: &Target) {
    let (daemon, folder) = start(target);
    for length in [0, 100, LARGE] {
        let mut content = Source::new(&bytes(length), true);
        fails(daemon.client.write_file_from(&format!("{folder}/a"), &mut content, &WriteOptions::default()));
    }
    // The daemon may hear of it only later; what it keeps beside the file is then gone too.
    daemon.poll("the folder to be empty", || {
        // A list is an error where something goes between its finding and its being looked at.
        let Ok(listed) = daemon.client.list_files(&folder, &ListOptions::default()) else { return false };
        assert!(listed.iter().all(|file| file.name != "a"), "{listed:?}");
        listed.is_empty()
    });
}

fn if_our_side_fails_half_way_the_old_file_stays(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    daemon.client.write_file(&path, b"old", &WriteOptions::default()).unwrap();
    let mut content = Source::new(&bytes(LARGE), true);
    fails(daemon.client.write_file_from(&path, &mut content, &WriteOptions::default()));
    daemon.poll("the folder to be clean", || {
        // A list is an error where something goes between its finding and its being looked at.
        daemon.client.list_files(&folder, &ListOptions::default()).is_ok_and(|files| files.len() == 1)
    });
    assert_eq!(daemon.client.read_file(&path).unwrap(), b"old");
}

fn if_our_side_takes_no_more_it_is_our_error(target: &Target) {
    struct Full(usize);

    impl io::Write for Full {
        fn write(&mut self, content: &[u8]) -> io::Result<usize> {
            self.0 += content.len();
            if self.0 > 1000 { Err(io::Error::other("the disk is on fire")) } else { Ok(content.len()) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    daemon.client.write_file(&path, &bytes(LARGE), &WriteOptions::default()).unwrap();
    fails(daemon.client.read_file_to(&path, &mut Full(0)));
    // The daemon has not taken harm.
    let read = daemon.client.read_file_to(&path, &mut io::sink()).unwrap();
    assert_eq!(read, u64::try_from(LARGE).unwrap());
}
