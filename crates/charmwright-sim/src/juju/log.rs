//! What the agent logs of a run.

use std::fmt;

use serde::Serialize;

/// How grave a record is, as Juju names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `TRACE`
    Trace,
    /// `DEBUG`
    Debug,
    /// `INFO`
    Info,
    /// `WARNING`
    Warning,
    /// `ERROR`
    Error,
    /// `CRITICAL`
    Critical,
}

/// One record of the agent's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// How grave it is.
    #[serde(serialize_with = "named")]
    pub level: Level,
    /// The logger: `unit.app/0.juju-log` for `juju-log`, `unit.app/0.install` for what the charm prints in its
    /// `install` hook, `juju.…` for the agent's own.
    pub module: String,
    /// What it says; it may have several lines.
    pub message: String,
}

impl Record {
    /// A record. Juju writes the names of loggers in lower case.
    pub fn new(level: Level, module: &str, message: impl Into<String>) -> Self {
        Self { level, module: module.to_lowercase().trim().to_owned(), message: message.into() }
    }

    /// Whether a log of the usual verbosity has it: everything from units, and of the agent's own records those
    /// above `DEBUG`.
    pub fn is_shown(&self) -> bool {
        self.level > Level::Debug || self.module.starts_with("unit.")
    }
}

impl Level {
    /// The name in Juju's log.
    pub fn name(self) -> &'static str {
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

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn named<S: serde::Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.name())
}

/// Bytes as text, as Go writes them to JSON: each byte that belongs to no character becomes U+FFFD.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_shows_all_of_units_and_the_graver_records_of_the_agent() {
        let shown = |level, module: &str| Record::new(level, module, "x").is_shown();
        assert!(shown(Level::Debug, "unit.app/0.install"));
        assert!(shown(Level::Trace, "unit.app/0.juju-log"));
        assert!(shown(Level::Info, "juju.worker.uniter"));
        assert!(!shown(Level::Debug, "juju.worker.uniter"));
    }

    #[test]
    fn a_logger_is_named_in_lower_case() {
        let record = Record::new(Level::Warning, "unit.app/0.Backup", "x");
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"level":"WARNING","module":"unit.app/0.backup","message":"x"}"#
        );
    }

    #[test]
    fn each_stray_byte_is_replaced() {
        assert_eq!(text(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
        assert_eq!(text("é\u{10348}".as_bytes()), "é\u{10348}");
        assert_eq!(text(b"\xe2\x82"), "\u{fffd}\u{fffd}");
    }
}
