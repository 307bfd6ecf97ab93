//! The agent's socket.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

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

/// Listens where hook commands look for the agent: at a path, or with `@` before it at a name that is no file.
///
/// # Errors
///
/// If the address cannot be listened at, or is taken.
pub fn listen(at: &str) -> io::Result<UnixListener> {
    UnixListener::bind_addr(&address(at)?)
}
