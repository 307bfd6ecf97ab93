//! Where log records go.
//!
//! Each hook command is a process, but what `dispatch` prints to standard output Juju logs by itself, at DEBUG.
//! So DEBUG goes there, and INFO and above through `juju-log`. An action's standard output is its result: there
//! DEBUG goes nowhere.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;

use charmwright_hookcmds::{HookCommands, LogLevel, Transport};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::fmt::MakeWriter;

/// An error with all that led to it: each says its own part only.
pub(crate) fn told(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told.extend([": ", &error.to_string()]);
        cause = error.source();
    }
    told
}

/// A subscriber for the run of a charm. Records for Juju go through `transport`.
pub(crate) fn subscriber(is_action: bool, transport: Arc<dyn Transport>) -> impl Subscriber + Send + Sync {
    let log = Log { juju: Arc::new(HookCommands::new(transport)), is_action };
    tracing_subscriber::fmt()
        .with_max_level(Level::DEBUG)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_ansi(false)
        .with_writer(log)
        .finish()
}

struct Log {
    juju: Arc<HookCommands>,
    is_action: bool,
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
            Some(level) => To::Juju(Arc::clone(&self.juju), level),
            None if self.is_action => To::Nowhere,
            None => To::StandardOutput,
        };
        Record { to, text: Vec::new() }
    }
}

enum To {
    Juju(Arc<HookCommands>, LogLevel),
    StandardOutput,
    Nowhere,
}

/// One record, sent when it is whole.
struct Record {
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
        // A log that cannot be written has nowhere to say so.
        let _: Result<(), io::Error> = match &self.to {
            To::Juju(juju, level) => juju.juju_log(*level, text.trim_end()).map_err(io::Error::other),
            To::StandardOutput => writeln!(io::stdout(), "{}", text.trim_end()),
            To::Nowhere => Ok(()),
        };
    }
}
