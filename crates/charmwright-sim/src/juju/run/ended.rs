//! How a charm's process ended.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::errno::Errno;
use nix::libc;

/// How a charm's process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// By itself.
    Exited(i32),
    /// By a signal.
    Signalled {
        /// Its number.
        signal: i32,
        /// Whether a core was left.
        core: bool,
    },
    /// It never began; the text says why.
    NotStarted(String),
}

impl Ended {
    /// What the system says of a child.
    pub fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => {
                Self::Signalled { signal: signal.unwrap_or_default(), core: status.core_dumped() }
            }
        }
    }

    /// `return-code` of an action.
    pub fn code(&self) -> i32 {
        match self {
            Self::Exited(code) => *code,
            Self::Signalled { .. } | Self::NotStarted(_) => -1,
        }
    }

    /// Whether it was told to end, as when the agent itself shuts down.
    pub fn was_terminated(&self) -> bool {
        matches!(self, Self::Signalled { signal: libc::SIGTERM | libc::SIGKILL, .. })
    }

    /// Why the run fails, in Juju's words; `None` if it does not.
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Exited(0) => None,
            ended if ended.was_terminated() => Some("terminated".to_owned()),
            ended => Some(ended.text()),
        }
    }

    /// The end, in the words of Go's library.
    pub fn text(&self) -> String {
        match self {
            Self::Exited(code) => format!("exit status {code}"),
            Self::Signalled { signal, core } => {
                format!("signal: {}{}", signal_name(*signal), if *core { " (core dumped)" } else { "" })
            }
            Self::NotStarted(why) => why.clone(),
        }
    }
}

fn signal_name(signal: i32) -> String {
    let known = usize::try_from(signal).ok().and_then(|signal| SIGNALS.get(signal));
    known
        .filter(|name| !name.is_empty())
        .map_or_else(|| format!("signal {signal}"), |name| (*name).to_owned())
}

/// The names that Go gives to Linux's signals, by number.
const SIGNALS: [&str; 32] = [
    "",
    "hangup",
    "interrupt",
    "quit",
    "illegal instruction",
    "trace/breakpoint trap",
    "aborted",
    "bus error",
    "floating point exception",
    "killed",
    "user defined signal 1",
    "segmentation fault",
    "user defined signal 2",
    "broken pipe",
    "alarm clock",
    "terminated",
    "stack fault",
    "child exited",
    "continued",
    "stopped (signal)",
    "stopped",
    "stopped (tty input)",
    "stopped (tty output)",
    "urgent I/O condition",
    "CPU time limit exceeded",
    "file size limit exceeded",
    "virtual timer expired",
    "profiling timer expired",
    "window changed",
    "I/O possible",
    "power failure",
    "bad system call",
];

/// The system's reason, in the words of Go's library.
pub(super) fn reason(error: &io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ELOOP) => "too many levels of symbolic links".to_owned(),
        Some(errno) => {
            let mut text = errno.desc().chars();
            text.next()
                .map_or_else(String::new, |first| first.to_lowercase().collect::<String>() + text.as_str())
        }
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_as_go_tells_it() {
        let signalled = |signal, core| Ended::Signalled { signal, core };
        for (ended, failure, code) in [
            (Ended::Exited(0), None, 0),
            (Ended::Exited(3), Some("exit status 3"), 3),
            (signalled(libc::SIGKILL, false), Some("terminated"), -1),
            (signalled(libc::SIGTERM, false), Some("terminated"), -1),
            (signalled(libc::SIGSEGV, false), Some("signal: segmentation fault"), -1),
            (signalled(libc::SIGABRT, true), Some("signal: aborted (core dumped)"), -1),
            (signalled(35, false), Some("signal: signal 35"), -1),
            (Ended::NotStarted("no".to_owned()), Some("no"), -1),
        ] {
            assert_eq!((ended.failure().as_deref(), ended.code()), (failure, code), "{ended:?}");
        }
        assert_eq!(signalled(libc::SIGKILL, false).text(), "signal: killed");
    }

    #[test]
    fn a_reason_is_told_as_go_tells_it() {
        for (errno, text) in [
            (Errno::EACCES, "permission denied"),
            (Errno::ENOENT, "no such file or directory"),
            (Errno::ENOEXEC, "exec format error"),
            (Errno::ENOTDIR, "not a directory"),
            (Errno::ETXTBSY, "text file busy"),
            (Errno::ELOOP, "too many levels of symbolic links"),
        ] {
            assert_eq!(reason(&errno.into()), text);
        }
    }
}
