//! What a charm prints, read while it runs.
//!
//! A thread reads each stream, so the charm never waits for us. To know that all that was printed before a certain
//! moment has been read, a mark is written into the same pipe: behind the text, before whatever comes later. So a
//! record of `juju-log` stands in the log behind what was printed before it, always.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::lines::{self, Piece};

/// How long Juju waits for what is still in a pipe that another process keeps open.
const LATE_OUTPUT: Duration = Duration::from_millis(100);
const MARK_LEN: usize = 32;

/// One stream of a charm.
#[derive(Debug)]
pub(super) struct Stream {
    writer: PipeWriter,
    mark: [u8; MARK_LEN],
    marks: u64,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// What was read and is not yet taken.
    bytes: Vec<u8>,
    marks: u64,
    ended: bool,
}

impl Stream {
    /// A pipe and the thread that reads it.
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let mut mark = [0; MARK_LEN];
        File::open("/dev/urandom")?.read_exact(&mut mark)?;
        let shared = Arc::new(Shared::default());
        let reads = Arc::clone(&shared);
        // Not joined: a process that the charm left behind may keep the pipe open for as long as it likes.
        thread::spawn(move || reads.read(reader, &mark));
        Ok(Self { writer, mark, marks: 0, shared })
    }

    /// The end that the charm gets.
    pub(super) fn stdio(&self) -> io::Result<Stdio> {
        Ok(OwnedFd::from(self.writer.try_clone()?).into())
    }

    /// The pieces that were printed up to now.
    pub(super) fn take(&mut self) -> Vec<Piece> {
        // A charm that makes its own output non-blocking makes ours so too; then a mark may find no room.
        if self.writer.write_all(&self.mark).is_ok() {
            self.marks += 1;
        }
        let marks = self.marks;
        let state = self.shared.lock();
        let waited = self.shared.changed.wait_while(state, |state| state.marks < marks && !state.ended);
        lines::cut(&mut waited.unwrap_or_else(PoisonError::into_inner).bytes)
    }

    /// The last pieces, once the charm has ended. Those of others who still hold the pipe are waited for as Juju
    /// does, for a moment. A line that has not ended is lost, as with Juju.
    pub(super) fn finish(self) -> Vec<Piece> {
        drop(self.writer);
        let end = Instant::now() + LATE_OUTPUT;
        let mut state = self.shared.lock();
        while !state.ended {
            let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                break;
            };
            state = self.shared.wait(state, left);
        }
        lines::cut(&mut state.bytes)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, left: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
    }

    fn read(&self, mut reader: PipeReader, mark: &[u8; MARK_LEN]) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => buffer.get(..count).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            self.lock().add(read, mark);
            self.changed.notify_all();
        }
        self.lock().ended = true;
        self.changed.notify_all();
    }
}

impl State {
    /// Adds what was read, and takes out the marks. A mark may come in two parts.
    fn add(&mut self, read: &[u8], mark: &[u8; MARK_LEN]) {
        let mut from = self.bytes.len().saturating_sub(MARK_LEN);
        self.bytes.extend_from_slice(read);
        while let Some(at) = find(self.bytes.get(from..).unwrap_or_default(), mark) {
            from = from.saturating_add(at);
            self.bytes.drain(from..from.saturating_add(MARK_LEN));
            self.marks += 1;
        }
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    fn texts(pieces: &[Piece]) -> Vec<String> {
        pieces.iter().map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned()).collect()
    }

    fn bash(script: &str, stream: &Stream) -> std::process::Child {
        Command::new("bash")
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(stream.stdio().unwrap())
            .spawn()
            .unwrap()
    }

    #[test]
    fn what_was_printed_so_far_can_be_taken_at_any_time() {
        let mut stream = Stream::new().unwrap();
        bash("echo one; printf tw", &stream).wait().unwrap();
        assert_eq!(texts(&stream.take()), ["one"]);
        bash("echo o; echo three", &stream).wait().unwrap();
        assert_eq!(texts(&stream.take()), ["two", "three"]);
        assert_eq!(texts(&stream.finish()), [""; 0]);
    }

    #[test]
    fn more_than_a_pipe_holds_is_read() {
        let mut stream = Stream::new().unwrap();
        bash("seq 100000", &stream).wait().unwrap();
        assert_eq!(stream.take().len(), 100_000);
    }

    #[test]
    fn the_last_line_is_lost_unless_it_ends() {
        let stream = Stream::new().unwrap();
        bash("echo whole; printf torn", &stream).wait().unwrap();
        assert_eq!(texts(&stream.finish()), ["whole"]);
    }

    #[test]
    fn a_process_that_keeps_the_pipe_open_is_not_waited_for() {
        let stream = Stream::new().unwrap();
        let mut holder = bash("echo early; exec sleep 60", &stream);
        let mut other = bash("echo too", &stream);
        other.wait().unwrap();
        let began = Instant::now();
        let got = texts(&stream.finish());
        assert!(began.elapsed() < Duration::from_secs(20));
        holder.kill().unwrap();
        holder.wait().unwrap();
        assert!(got.contains(&"too".to_owned()), "{got:?}");
    }

    #[test]
    fn a_mark_in_two_parts_is_found() {
        let mark = [7; MARK_LEN];
        let mut state = State::default();
        state.add(b"abc", &mark);
        state.add(&mark[..10], &mark);
        state.add(&[&mark[10..], b"def"].concat(), &mark);
        assert_eq!((state.bytes.as_slice(), state.marks), (b"abcdef".as_slice(), 1));
    }
}
