//! HTTP over a Unix socket: what `ureq` needs to speak to Pebble.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

/// Opens the socket, whatever host the URL names.
#[derive(Debug)]
pub(crate) struct UnixConnector {
    socket: PathBuf,
}

impl UnixConnector {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self { socket }
    }
}

impl Connector for UnixConnector {
    type Out = UnixTransport;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<UnixTransport>, Error> {
        let timeout = details.timeout.not_zero().map(|after| *after);
        let stream = connect(&self.socket, timeout)?;
        let buffers =
            LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(UnixTransport { stream, buffers, peer_gone: false }))
    }
}

/// Connects within `timeout`. The standard library cannot: a daemon that no longer accepts would hold us for ever.
pub(crate) fn connect(path: &Path, timeout: Option<Duration>) -> io::Result<UnixStream> {
    let address = UnixAddr::new(path)?;
    let fd = socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    if let Some(timeout) = timeout {
        let micros = i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX).max(1);
        socket::setsockopt(&fd, sockopt::SendTimeout, &TimeVal::microseconds(micros))?;
    }
    match socket::connect(fd.as_raw_fd(), &address) {
        Ok(()) => Ok(UnixStream::from(fd)),
        // Linux says so when the send timeout has passed and the queue of connections is still full.
        Err(nix::Error::EAGAIN) => {
            Err(io::Error::new(io::ErrorKind::TimedOut, "no answer to the connection"))
        }
        Err(error) => Err(error.into()),
    }
}

/// One connection.
pub(crate) struct UnixTransport {
    stream: UnixStream,
    buffers: LazyBuffers,
    /// The peer takes no more of what we send. It may have answered all the same: a refused upload is answered early.
    peer_gone: bool,
}

impl UnixTransport {
    fn write(&mut self, amount: usize, deadline: &Deadline) -> Result<(), Error> {
        let mut output = self.buffers.output().get(..amount).unwrap_or_default();
        while !output.is_empty() {
            self.stream.set_write_timeout(deadline.left()?)?;
            match (&self.stream).write(output) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(written) => output = output.get(written..).unwrap_or_default(),
                Err(error) if is_interrupted(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Transport for UnixTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.peer_gone {
            return Ok(());
        }
        match self.write(amount, &Deadline::new(timeout.for_write())) {
            Err(Error::Io(error))
                if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) =>
            {
                self.peer_gone = true;
                Ok(())
            }
            result => result,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let deadline = Deadline::new(timeout.for_read());
        loop {
            self.stream.set_read_timeout(deadline.left()?)?;
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    return Ok(amount > 0);
                }
                Err(error) if is_interrupted(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the daemon still holds its end: on a Unix socket that is known at once, without a word to it. So no request
    /// meets a connection that a daemon has left behind.
    fn is_open(&mut self) -> bool {
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        let peeked = socket::recv(self.stream.as_raw_fd(), &mut [0], flags);
        !self.peer_gone && peeked == Err(nix::Error::EAGAIN)
    }
}

impl fmt::Debug for UnixTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixTransport").field("peer_gone", &self.peer_gone).finish_non_exhaustive()
    }
}

/// Both mean "look at the deadline, then try again".
fn is_interrupted(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// When to give up on one read or write, interruptions included.
struct Deadline {
    timeout: NextTimeout,
    started: Instant,
}

impl Deadline {
    fn new(timeout: NextTimeout) -> Self {
        Self { timeout, started: Instant::now() }
    }

    /// What is left; none means for ever. At least a millisecond: the kernel takes zero for ever.
    fn left(&self) -> Result<Option<Duration>, Error> {
        if self.timeout.after.is_not_happening() {
            return Ok(None);
        }
        match self.timeout.after.checked_sub(self.started.elapsed()) {
            Some(left) if !left.is_zero() => Ok(Some(left.max(Duration::from_millis(1)))),
            _ => Err(Error::Timeout(self.timeout.reason)),
        }
    }
}

/// Nothing to look up: the socket is the address.
#[derive(Debug)]
pub(crate) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        addresses.push(SocketAddr::from((Ipv4Addr::LOCALHOST, 80)));
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connecting_to_a_full_queue_ends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let fd = socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
        socket::bind(fd.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
        socket::listen(&fd, socket::Backlog::new(0).unwrap()).unwrap();

        let held: Vec<_> =
            (0..8).map_while(|_| connect(&path, Some(Duration::from_millis(20))).ok()).collect();
        assert!(held.len() < 8, "the queue never filled");
        let error = connect(&path, Some(Duration::from_millis(20))).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_path_that_does_not_fit_is_an_error_not_a_panic() {
        assert!(connect(Path::new(&"x".repeat(200)), None).is_err());
    }
}
