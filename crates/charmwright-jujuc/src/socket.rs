//! The agent's socket.

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::time::{Duration, Instant};

use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};

/// The address that `JUJU_AGENT_SOCKET_ADDRESS` names: a path, or with `@` before it a name that is no file.
fn address(address: &str) -> io::Result<SocketAddr> {
    match address.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(address),
    }
}

/// Connects to the agent. No process that is started later gets the connection.
///
/// # Errors
///
/// If nothing listens there: between runs of a charm, nothing does.
pub(crate) fn connect(at: &str) -> io::Result<UnixStream> {
    UnixStream::connect_addr(&address(at)?)
}

/// Connects to the agent, and waits no longer than `limit` for it to take the connection.
///
/// # Errors
///
/// As [`connect`], and `TimedOut` if the agent takes no connections.
pub(crate) fn connect_within(at: &str, limit: Duration) -> io::Result<TimedStream> {
    let address = match at.strip_prefix('@') {
        Some(name) => UnixAddr::new_abstract(name.as_bytes())?,
        None => UnixAddr::new(at)?,
    };
    let fd = socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let micros = i64::try_from(limit.as_micros()).unwrap_or(i64::MAX).max(1);
    // The standard library cannot connect with a limit: an agent that no longer accepts would hold us for ever.
    socket::setsockopt(&fd, sockopt::SendTimeout, &TimeVal::microseconds(micros))?;
    match socket::connect(fd.as_raw_fd(), &address) {
        Ok(()) => Ok(TimedStream { stream: UnixStream::from(fd), deadline: None }),
        // Linux says so when the send timeout has passed and the queue of connections is still full.
        Err(nix::Error::EAGAIN) => Err(timed_out()),
        Err(error) => Err(error.into()),
    }
}

/// A connection to the agent with a moment at which it ends: reading and writing fail with `TimedOut` from then on,
/// however slowly something comes.
#[derive(Debug)]
pub struct TimedStream {
    stream: UnixStream,
    deadline: Option<Instant>,
}

impl TimedStream {
    pub(crate) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// The time that is left; `None` if there is no deadline.
    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(deadline) = self.deadline else { return Ok(None) };
        let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        left.map(Some).ok_or_else(timed_out)
    }
}

impl Read for TimedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer).map_err(in_time)
    }
}

impl Write for TimedStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes).map_err(in_time)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// What a socket says when the time that it was given has passed.
fn in_time(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { timed_out() } else { error }
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the agent does not answer in time")
}

/// Listens where hook commands look for the agent: at a path, or with `@` before it at a name that is no file.
///
/// # Errors
///
/// If the address cannot be listened at, or is taken.
pub fn listen(at: &str) -> io::Result<UnixListener> {
    UnixListener::bind_addr(&address(at)?)
}
