//! Log entries.

use crate::host::ProcessId;
use crate::pebble::Pebble;
use crate::request::LogQuery;
use crate::time::Time;

/// A log entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When.
    pub time: Time,
    /// Of which service.
    pub service: String,
    /// The line, without its end.
    pub message: String,
    /// Counts all entries of the daemon: later ones have higher numbers.
    pub number: u64,
}

impl LogEntry {
    /// The entry as Pebble sends it, with its line break.
    pub fn json(&self) -> String {
        // Go does not escape for HTML here, but line separators it does.
        let quote = |text: &str| {
            let text = serde_json::Value::from(text).to_string();
            text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
        };
        let time = quote(&self.time.rfc3339_millis());
        format!(
            "{{\"time\":{time},\"service\":{},\"message\":{}}}\n",
            quote(&self.service),
            quote(&self.message)
        )
    }
}

impl Pebble {
    /// A service wrote this to standard output or error.
    pub fn output(&mut self, process: ProcessId, bytes: &[u8]) {
        let Some((name, data)) =
            self.processes.get(&process).and_then(|name| Some((name, self.services.get_mut(name)?)))
        else {
            return;
        };
        // Time and name stand before each line in Pebble's buffer.
        let prefix = "2006-01-02T15:04:05.000Z [] ".len() + name.len();
        data.logs.write(self.now, prefix, bytes, &mut self.last_line);
    }

    /// The log entries that there are, oldest first.
    pub fn logs(&self, query: &LogQuery) -> Vec<LogEntry> {
        let mut all = self.logs_after(query, 0);
        for name in query.services.iter().filter(|_| !query.follow) {
            let open = self.services.get(name).and_then(|data| data.logs.open_line());
            all.extend(open.map(|(time, message)| LogEntry {
                time,
                service: name.clone(),
                message,
                number: self.last_line + 1,
            }));
        }
        if let Some(count) = query.count {
            all.drain(..all.len().saturating_sub(count));
        }
        all
    }

    /// The entries after this number that whoever follows gets.
    pub fn logs_after(&self, query: &LogQuery, number: u64) -> Vec<LogEntry> {
        let mut all: Vec<LogEntry> = query
            .services
            .iter()
            .filter_map(|name| Some((name, self.services.get(name)?)))
            .flat_map(|(name, data)| data.logs.lines.iter().map(move |line| (name, line)))
            .filter(|(_, line)| line.number > number)
            .map(|(name, line)| LogEntry {
                time: line.time,
                service: name.clone(),
                message: line.text.clone(),
                number: line.number,
            })
            .collect();
        all.sort_by_key(|entry| entry.number);
        all
    }

    /// The number of the newest log entry.
    pub fn last_log(&self) -> u64 {
        self.last_line
    }
}
