//! What can go wrong in the tool.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nix::errno::Errno;

#[derive(Debug, thiserror::Error)]
pub(super) enum ToolError {
    /// A wrong call.
    #[error("{0}")]
    Usage(String),
    /// The kernel, or what confines us, says no.
    #[error("the system does not let us {what} ({errno}), which {why}; {}", advice())]
    Refused { what: String, why: &'static str, errno: Errno },
    /// Another process of ours was refused something, and has said so.
    #[error("a process was refused something")]
    RefusedElsewhere,
    /// A system call failed.
    #[error("cannot {what}")]
    System { what: String, source: Errno },
    /// A file or folder could not be used.
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// The program could not be run.
    #[error("cannot run {}", program.display())]
    Exec { program: PathBuf, source: io::Error },
}

impl ToolError {
    /// For `map_err` on file operations.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// For `map_err` on what a namespace is needed for.
    pub(super) fn system(what: impl Into<String>, why: &'static str) -> impl FnOnce(Errno) -> Self {
        let what = what.into();
        move |errno| match errno {
            Errno::EPERM | Errno::EACCES | Errno::ENOSYS | Errno::ENOSPC | Errno::EUSERS => {
                Self::Refused { what, why, errno }
            }
            source => Self::System { what, source },
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Refused { .. } | Self::RefusedElsewhere => ExitCode::from(super::EXIT_REFUSED),
            Self::Exec { .. } => ExitCode::from(127),
            Self::System { .. } | Self::Io { .. } => ExitCode::FAILURE,
        }
    }

    /// The message and its causes.
    pub(super) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            let _ = write!(text, ": {error}");
            source = error.source();
        }
        text
    }
}

/// How to get namespaces on this system.
fn advice() -> String {
    let setting = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let mut ways = vec!["run as root".to_owned()];
    for (path, closed, open) in [
        ("/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=16384"),
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ] {
        if setting(path).as_deref() == Some(closed) {
            ways.push(format!("allow it to everybody with `sysctl -w {open}`"));
        }
    }
    ways.push("in a container, start that one with `--privileged`".to_owned());
    ways.join(", or ")
}
