//! What can go wrong with a pod.

use std::io;
use std::path::{Path, PathBuf};

use super::layout::SOCKET_PATH_MAX;

/// A pod that cannot be made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PodError {
    /// The system gives no namespaces.
    #[error("cannot simulate containers here: {message}")]
    Refused {
        /// What was refused, what for, and how to get it.
        message: String,
    },
    /// A process of the simulator's own failed.
    #[error("cannot start {process}: {} ended with {status}: {message}", path.display())]
    Tool {
        /// What it is for.
        process: &'static str,
        /// The program.
        path: PathBuf,
        /// How it ended.
        status: String,
        /// What it wrote to standard error.
        message: String,
    },
    /// Pebble does not answer.
    #[error("cannot start Pebble in container {container} (process {pid}): {reason}; {} ends with: {output}", log.display())]
    Pebble {
        /// The container.
        container: String,
        /// The daemon's process id.
        pid: i32,
        /// What it did instead.
        reason: String,
        /// Where its output is.
        log: PathBuf,
        /// The end of its output.
        output: String,
    },
    /// Pebble cannot be ended.
    #[error("cannot end Pebble in container {container} (process {pid})")]
    Kill {
        /// The container.
        container: String,
        /// The daemon's process id.
        pid: i32,
        /// Why.
        source: io::Error,
    },
    /// A container that runs is started.
    #[error("cannot start container {name}, it runs already")]
    Running {
        /// The container.
        name: String,
    },
    /// A name that no container can have.
    #[error("cannot add container {name}: {reason}")]
    ContainerName {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// There is no such container.
    #[error("cannot find container {name}, the pod has: {known}")]
    UnknownContainer {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A path of a socket is too long for the kernel.
    #[error(
        "cannot put a socket at {}: the path has {} bytes and at most {SOCKET_PATH_MAX} are possible, so take a shorter \
         work folder, such as one in /tmp",
        path.display(), path.as_os_str().len()
    )]
    SocketPath {
        /// The path.
        path: PathBuf,
    },
    /// A file cannot be at that place of a container.
    #[error(
        "cannot put a file at {} in a container: {reason}; files may go to /etc, /home, /opt, /root, /run, /srv, /tmp, \
         /usr/local, /var, and folders that the host has not",
        path.display()
    )]
    ImageFile {
        /// The path in the container.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// A server in the pod does not answer.
    #[error("cannot get {url} in the pod: {message}")]
    Http {
        /// What was asked for.
        url: String,
        /// What happened instead.
        message: String,
    },
    /// A file or folder cannot be used.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which path.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

impl PodError {
    /// For `map_err` on file operations.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
