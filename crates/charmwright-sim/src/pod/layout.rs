//! Where everything is, on the host and inside.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::PodError;

/// Pebble's folder as the charm sees it.
pub(super) const INSIDE_CHARM: &str = "/charm";
/// The daemon's program in its container.
pub(crate) const INSIDE_PEBBLE: &str = "/charm/bin/pebble";
/// The daemon's socket in its container.
pub(crate) const INSIDE_SOCKET: &str = "/charm/container/pebble.socket";
/// The daemon's state in its container.
pub(crate) const INSIDE_STATE: &str = "/charm/container/pebble";
/// What a container has from the host beside `/usr`, where the host has it.
pub(crate) const FROM_HOST: &[&str] = &["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/sys"];
/// What a container's `/etc` shows of the host's. Many a program in `/usr/bin` is a link into the first of them.
pub(crate) const ETC_BOUND: &[&str] =
    &["/etc/alternatives", "/etc/ca-certificates", "/etc/pki", "/etc/ssl/certs"];
/// What fits into `sun_path`, with the zero at its end.
pub(super) const SOCKET_PATH_MAX: usize = 107;

/// The pod's folder on the host.
///
/// ```text
/// pod/charm/containers/NAME/pebble.socket      the charm's /charm
/// pod/root/NAME/                               a container's root
/// pod/root/NAME/charm/container/pebble.socket
/// pod/log/NAME.log                             its output
/// pod/view/                                    where `enter` builds what the charm sees
/// ```
#[derive(Debug, Clone)]
pub(super) struct Layout {
    base: PathBuf,
}

impl Layout {
    pub(super) fn make(work: &Path) -> Result<Self, PodError> {
        let base = work.join("pod");
        super::folder(&base)?;
        let base = fs::canonicalize(&base).map_err(PodError::io("resolve", &base))?;
        let layout = Self { base };
        for folder in ["charm/containers", "root", "log", "view"] {
            super::folder(&layout.base.join(folder))?;
        }
        Ok(layout)
    }

    pub(super) fn charm_folder(&self) -> PathBuf {
        self.base.join("charm")
    }

    pub(super) fn charm_socket(&self, name: &str) -> PathBuf {
        self.base.join("charm/containers").join(name).join("pebble.socket")
    }

    pub(super) fn root(&self, name: &str) -> PathBuf {
        self.base.join("root").join(name)
    }

    pub(super) fn daemon_socket(&self, name: &str) -> PathBuf {
        self.root(name).join(INSIDE_SOCKET.trim_start_matches('/'))
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.base.join("log").join(format!("{name}.log"))
    }

    pub(super) fn view(&self) -> PathBuf {
        self.base.join("view")
    }
}

/// A name that is fit for a folder, as Juju's are.
pub(super) fn check_name(name: &str) -> Result<(), PodError> {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.is_empty() && name.bytes().all(fit) {
        return Ok(());
    }
    let reason = "a name has letters, digits, hyphens and underscores";
    Err(PodError::ContainerName { name: name.to_owned(), reason })
}

/// A path that the kernel takes for a socket.
pub(super) fn check_socket(path: PathBuf) -> Result<PathBuf, PodError> {
    if path.as_os_str().len() <= SOCKET_PATH_MAX { Ok(path) } else { Err(PodError::SocketPath { path }) }
}
