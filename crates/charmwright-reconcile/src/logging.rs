//! Where log records go.
//!
//! Each hook command is a process, but what `dispatch` prints to standard output Juju logs by itself, at DEBUG.
//! So DEBUG goes there, and INFO and above through `juju-log`. An action's standard output is its result: there
//! DEBUG goes nowhere.
//!
//! A road may be closed: `juju-log` may be missing or refuse, and nobody may read standard output. What cannot be
//! told by one road is told by the next one, and standard error, which Juju logs too, is the last.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

pub(crate) use charmwright_hookcmds::text::told;
use charmwright_hookcmds::{Error as JujuError, HookCommands, LogLevel, text};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::fmt::MakeWriter;

/// A subscriber for the run of a charm.
pub(crate) fn subscriber(log: Log) -> impl Subscriber + Send + Sync {
    tracing_subscriber::fmt()
        .with_max_level(Level::DEBUG)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_ansi(false)
        .with_writer(log)
        .finish()
}

/// Writes a text with a line break at its end.
type Print = fn(&str) -> io::Result<()>;

/// All roads on which a record leaves.
#[derive(Clone)]
pub(crate) struct Log {
    roads: Arc<Roads>,
    is_action: bool,
}

struct Roads {
    /// Not held: threads of the charm may log as long as the process lives, but the agent ends no hook while a
    /// connection to its socket is open.
    juju: Weak<HookCommands>,
    /// Whether `juju-log` could not be run. It is not tried again: each try may last as long as a hook command may.
    is_juju_away: AtomicBool,
    stdout: Print,
    stderr: Print,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("is_action", &self.is_action).finish_non_exhaustive()
    }
}

impl Log {
    /// Records go through `juju` as long as the caller keeps it.
    pub(crate) fn new(juju: &Arc<HookCommands>, is_action: bool) -> Self {
        Self::with_prints(juju, is_action, print_to_stdout, print_to_stderr)
    }

    fn with_prints(juju: &Arc<HookCommands>, is_action: bool, stdout: Print, stderr: Print) -> Self {
        let (juju, is_juju_away) = (Arc::downgrade(juju), AtomicBool::new(false));
        Self { roads: Arc::new(Roads { juju, is_juju_away, stdout, stderr }), is_action }
    }

    /// Tells why the hook fails.
    pub(crate) fn error(&self, text: &str) {
        self.roads.by_juju_log(LogLevel::Error, text);
    }
}

impl Roads {
    fn by_juju_log(&self, level: LogLevel, text: &str) {
        let Some(juju) = self.juju.upgrade().filter(|_| !self.is_juju_away.load(Ordering::Relaxed)) else {
            return self.by_stderr(level, text);
        };
        if let Err(error) = juju.juju_log(level, text) {
            self.by_stderr(level, text);
            self.by_stderr(LogLevel::Warning, &format!("Juju's log did not take that: {}", told(&error)));
            if matches!(error, JujuError::Transport(_)) {
                self.is_juju_away.store(true, Ordering::Relaxed);
            }
        }
    }

    /// By standard output, which Juju logs at DEBUG.
    fn by_stdout(&self, text: &str) {
        if (self.stdout)(&text::record(text)).is_err() {
            self.by_juju_log(LogLevel::Debug, text);
        }
    }

    fn by_stderr(&self, level: LogLevel, text: &str) {
        let line = format!("{} {}", level.as_str(), text::record(text));
        if (self.stderr)(&line).is_err() {
            // The last road: a process whose standard error is closed may still have an output.
            let _: io::Result<()> = (self.stdout)(&line);
        }
    }
}

fn print_to_stdout(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// Prints to standard error, which Juju logs.
pub(crate) fn print_to_stderr(text: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{text}")
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Record;

    fn make_writer(&'a self) -> Record {
        Record { to: To::Nowhere, text: Vec::new() }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Record {
        let level = match *metadata.level() {
            Level::ERROR => Some(LogLevel::Error),
            Level::WARN => Some(LogLevel::Warning),
            Level::INFO => Some(LogLevel::Info),
            _ => None,
        };
        let to = match level {
            Some(level) => To::Juju(Arc::clone(&self.roads), level),
            None if self.is_action => To::Nowhere,
            None => To::StandardOutput(Arc::clone(&self.roads)),
        };
        Record { to, text: Vec::new() }
    }
}

enum To {
    Juju(Arc<Roads>, LogLevel),
    StandardOutput(Arc<Roads>),
    Nowhere,
}

/// One record, sent when it is whole.
pub(crate) struct Record {
    to: To,
    text: Vec<u8>,
}

impl Write for Record {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        match &self.to {
            To::Juju(roads, level) => roads.by_juju_log(*level, text.trim_end()),
            To::StandardOutput(roads) => roads.by_stdout(text.trim_end()),
            To::Nowhere => {}
        }
    }
}

#[cfg(test)]
#[path = "logging_tests.rs"]
mod tests;
