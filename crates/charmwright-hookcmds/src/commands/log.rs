//! Juju's log.

use super::{HookCommands, message};
use crate::error::Error;

/// A level of Juju's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// For those who look for one error.
    Trace,
    /// For developers.
    Debug,
    /// For operators.
    Info,
    /// Something is off.
    Warning,
    /// Something failed.
    Error,
    /// All failed.
    Critical,
}

impl LogLevel {
    /// Juju's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

impl HookCommands {
    /// `juju-log`: one record. A message longer than an argument may be is cut, and a zero byte in it is replaced.
    /// Takes effect at once.
    ///
    /// The message is seen by whoever looks at the processes of the machine, and by all who read the log.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn juju_log(&self, level: LogLevel, text: &str) -> Result<(), Error> {
        self.write("juju-log", &["--log-level", level.as_str(), "--", &message(text)])
    }
}
