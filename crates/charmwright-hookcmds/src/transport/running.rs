//! One process, from its start to its end, within limits.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::limits::{Crossed, STDERR_BYTES_MAX, STDOUT_BYTES_MAX};
use super::{Call, Reply};

/// How often, at least, it is looked whether the process has ended. What it prints wakes us at once; this is for a
/// process that has ended while another one holds its pipes open.
const LOOK: Duration = Duration::from_millis(50);
/// How long the first wait for the end of a process is that has closed its pipes; each further one is twice as long.
/// It ends at the same moment, as a rule.
const FIRST_WAIT: Duration = Duration::from_micros(50);
/// How much is read at once: what a pipe holds.
const CHUNK_BYTES: usize = 64 << 10;

/// A process that was started, its pipes not read yet.
///
/// When it is dropped before its end, it is killed and reaped.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
}

impl Running {
    pub(super) fn start(call: &Call) -> io::Result<Self> {
        let child = Command::new(call.command)
            .args(&call.args)
            .stdin(if call.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self { child })
    }

    /// Waits for its end, for so long, and takes so many bytes of what it prints.
    pub(super) fn finish(mut self, call: &Call, limit: Duration, stdout_max: usize) -> io::Result<Reply> {
        let deadline = Instant::now().checked_add(limit);
        let mut stdout = Output::new(self.child.stdout.take(), stdout_max)?;
        let mut stderr = Output::new(self.child.stderr.take(), STDERR_BYTES_MAX)?;
        let mut stdin = Input::new(self.child.stdin.take(), call.stdin.as_deref().unwrap_or_default())?;
        let (mut has_ended, mut looked) = (false, Instant::now());
        while stdout.pipe.is_some() || stderr.pipe.is_some() {
            let left = left(deadline).ok_or(Crossed::Time(limit))?;
            let wait = if has_ended { Duration::ZERO } else { left.min(LOOK) };
            let is_silent = !poll_pipes(&stdin, &stdout, &stderr, wait)?;
            stdin.write();
            stdout.read()?;
            stderr.read()?;
            if stdout.dropped {
                return Err(Crossed::Size(STDOUT_BYTES_MAX).into());
            }
            // What it printed before its end was in the pipes by then, and one look takes all that a pipe holds. A process
            // that it left behind may go on to print there for ever.
            if has_ended {
                break;
            }
            if is_silent || looked.elapsed() >= LOOK {
                has_ended = self.child.try_wait()?.is_some();
                looked = Instant::now();
            }
        }
        drop(stdin);
        let mut wait = FIRST_WAIT;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            let left = left(deadline).ok_or(Crossed::Time(limit))?;
            thread::sleep(wait.min(left));
            wait = wait.saturating_mul(2).min(LOOK);
        };
        Ok(Reply {
            code: status.code().unwrap_or(-1),
            stdout: stdout.bytes,
            stderr: String::from_utf8_lossy(&stderr.bytes).into_owned(),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A process that has ended already is reaped, and its number may be another one's: `kill` knows that.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The time until `deadline`; `None` when it has passed.
fn left(deadline: Option<Instant>) -> Option<Duration> {
    match deadline {
        None => Some(Duration::MAX),
        Some(deadline) => deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()),
    }
}

/// Waits until one of the pipes is ready, and says whether one is.
fn poll_pipes(
    stdin: &Input<'_>,
    stdout: &Output<impl AsFd>,
    stderr: &Output<impl AsFd>,
    wait: Duration,
) -> io::Result<bool> {
    let mut fds: Vec<PollFd<'_>> = Vec::new();
    fds.extend(stdin.pipe.as_ref().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)));
    fds.extend(stdout.pipe.as_ref().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
    fds.extend(stderr.pipe.as_ref().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
    // Rounded up, so that the time has passed when nothing came.
    let millis = u16::try_from(wait.as_micros().div_ceil(1_000)).unwrap_or(u16::MAX);
    match poll(&mut fds, PollTimeout::from(millis)) {
        Ok(ready) => Ok(ready > 0),
        Err(nix::Error::EINTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Our end of a pipe blocks no more; that of the process is another one.
fn unblock(pipe: &impl AsFd) -> io::Result<()> {
    fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map(drop).map_err(Into::into)
}

/// What a process prints into one pipe.
struct Output<P> {
    pipe: Option<P>,
    bytes: Vec<u8>,
    bytes_max: usize,
    /// There was more than is kept.
    dropped: bool,
}

impl<P: Read + AsFd> Output<P> {
    fn new(pipe: Option<P>, bytes_max: usize) -> io::Result<Self> {
        pipe.as_ref().map_or(Ok(()), unblock)?;
        Ok(Self { pipe, bytes: Vec::new(), bytes_max, dropped: false })
    }

    /// Takes what is there, once.
    fn read(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        let mut chunk = vec![0; CHUNK_BYTES];
        match pipe.read(&mut chunk) {
            Ok(0) => self.pipe = None,
            Ok(count) => {
                let room = self.bytes_max.saturating_sub(self.bytes.len());
                self.bytes.extend(chunk.iter().take(count.min(room)));
                self.dropped |= count > room;
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// What a process reads.
struct Input<'a> {
    pipe: Option<ChildStdin>,
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn new(pipe: Option<ChildStdin>, text: &'a str) -> io::Result<Self> {
        pipe.as_ref().map_or(Ok(()), unblock)?;
        let mut input = Self { pipe, rest: text.as_bytes() };
        input.write();
        Ok(input)
    }

    /// Gives what the pipe takes, and closes it after the last byte.
    fn write(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        if !self.rest.is_empty() {
            match pipe.write(self.rest) {
                Ok(count) => self.rest = self.rest.get(count..).unwrap_or_default(),
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                // The command may fail without reading: then it answers, and the broken pipe says nothing more.
                Err(_) => self.rest = &[],
            }
        }
        if self.rest.is_empty() {
            self.pipe = None;
        }
    }
}
