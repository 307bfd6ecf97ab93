//! Between the charm and a container's Pebble: passes bytes on unchanged, and tells the observer of each request.

mod connection;
mod framing;
#[cfg(test)]
mod tests;

use std::fs::{self, Permissions};
use std::io;
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::socket;

use super::error::PodError;
use super::observer::Observer;
use connection::Connection;

/// How long to wait when the system has no file or thread left for a connection.
const PAUSE: Duration = Duration::from_millis(20);

/// Listens while it lives. Dropping it removes the socket, cuts all connections and waits for all threads.
#[derive(Debug)]
pub(super) struct Proxy {
    listener: Arc<UnixListener>,
    path: PathBuf,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the connections of a proxy have in common.
#[derive(Debug)]
struct Service {
    container: String,
    daemon: PathBuf,
    observer: Arc<dyn Observer>,
}

/// A connection in progress.
struct Live {
    client: UnixStream,
    daemon: UnixStream,
    thread: JoinHandle<()>,
}

impl Proxy {
    /// Listens at `path` and passes on to `daemon`.
    pub(super) fn start(
        container: &str,
        path: &Path,
        daemon: &Path,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, PodError> {
        if path.symlink_metadata().is_ok() {
            fs::remove_file(path).map_err(PodError::io("remove", path))?;
        }
        let listener = Arc::new(UnixListener::bind(path).map_err(PodError::io("listen at", path))?);
        // As Pebble's own: who may do what is decided by who connects, not by the file's mode.
        fs::set_permissions(path, Permissions::from_mode(0o666)).map_err(PodError::io("open up", path))?;
        let closing = Arc::new(AtomicBool::new(false));
        let service = Service { container: container.to_owned(), daemon: daemon.to_owned(), observer };
        let (accepting, end) = (Arc::clone(&listener), Arc::clone(&closing));
        let builder = thread::Builder::new().name(format!("{container} proxy"));
        let thread = builder.spawn(move || accept(&accepting, &end, &Arc::new(service)));
        let thread = Some(thread.map_err(PodError::io("start a thread for", path))?);
        Ok(Self { listener, path: path.to_owned(), closing, thread })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        // Somebody may have removed it; gone is gone.
        let _ = fs::remove_file(&self.path);
        // Wakes the thread that accepts.
        let _ = socket::shutdown(self.listener.as_raw_fd(), socket::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked, in an observer, has ended too.
            let _ = thread.join();
        }
    }
}

fn accept(listener: &UnixListener, closing: &AtomicBool, service: &Arc<Service>) {
    let mut connections: Vec<Live> = Vec::new();
    while !closing.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((client, _)) => {
                connections.retain(|connection| !connection.thread.is_finished());
                // Without a daemon there is no connection: the charm sees it close.
                if let Ok(connection) = connect(client, service) {
                    connections.push(connection);
                }
            }
            Err(_) if closing.load(Ordering::SeqCst) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => thread::sleep(PAUSE),
        }
    }
    for connection in &connections {
        cut(&connection.client, &connection.daemon);
    }
    for connection in connections {
        // A thread that panicked has ended too.
        let _ = connection.thread.join();
    }
}

fn connect(client: UnixStream, service: &Arc<Service>) -> io::Result<Live> {
    let daemon = UnixStream::connect(&service.daemon)?;
    let (ours, theirs) = (client.try_clone()?, daemon.try_clone()?);
    let service = Arc::clone(service);
    let builder = thread::Builder::new().name(format!("{} connection", service.container));
    let thread = builder.spawn(move || Connection::new(&client, &daemon, &service).run())?;
    Ok(Live { client: ours, daemon: theirs, thread })
}

/// Ends both, also for threads that wait for them. One that is closed already stays so.
fn cut(client: &UnixStream, daemon: &UnixStream) {
    let _ = client.shutdown(Shutdown::Both);
    let _ = daemon.shutdown(Shutdown::Both);
}
