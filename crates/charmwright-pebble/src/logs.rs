//! What services wrote.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::time::Duration;

use serde::Deserialize;

use crate::budget::Charge;
use crate::client::{Client, Deadline, Query};
use crate::envelope::protocol;
use crate::error::Error;
use crate::limits::{LOG_LINE_BYTES_MAX, LOG_LINES_MAX, LOGS_BYTES_MAX};

impl Client {
    /// The last lines that services wrote, all services' in the order of time: `GET /v1/logs`.
    ///
    /// Pebble keeps 100 KiB a service, in memory.
    ///
    /// # Errors
    ///
    /// Those of the transport. A service that is unknown, or was never started, wrote nothing. [`Error::TooLarge`] if
    /// there are more than [`LOGS_BYTES_MAX`] or [`LOG_LINES_MAX`]: ask for fewer services or lines.
    pub fn logs(&self, options: &LogsOptions) -> Result<Vec<LogEntry>, Error> {
        let charge = Charge::begin(self, "read the logs", self.request_timeout())?;
        let (mut bytes, mut lines) = (0, 0);
        let mut entries = Vec::new();
        let mut stream = self.log_stream(options, false, charge.deadline())?;
        while let Some(entry) = stream.next() {
            entries.push(entry?);
            (bytes, lines) = (bytes + stream.last, lines + 1);
            for (count, most, unit) in [(bytes, LOGS_BYTES_MAX, "bytes"), (lines, LOG_LINES_MAX, "lines")] {
                if count > most {
                    let action = stream.action.to_owned();
                    return Err(Error::TooLarge { action, what: "the log", most, unit });
                }
            }
        }
        Ok(entries)
    }

    /// Follows what services write: `GET /v1/logs` with `follow`. Lines from before come first, if `options` ask for some.
    ///
    /// The stream ends when the daemon does. When nothing is written for `patience`, its last item is
    /// [`Error::Timeout`]. A service that is started for the first time after this call is not in it. Dropping the stream
    /// ends it.
    ///
    /// # Errors
    ///
    /// Those of the transport, and [`Error::Timeout`] if nothing is written within `patience`: Pebble does not answer
    /// before there is something to tell.
    pub fn follow_logs(&self, options: &LogsOptions, patience: Duration) -> Result<LogStream, Error> {
        self.log_stream(options, true, Deadline::Stall(patience))
    }

    fn log_stream(
        &self,
        options: &LogsOptions,
        follow: bool,
        deadline: Deadline<'_>,
    ) -> Result<LogStream, Error> {
        let action = if follow { "follow the logs" } else { "read the logs" };
        let services: Vec<&str> = options.services.iter().map(String::as_str).collect();
        let mut query = Query::default().with_names(action, "services", &services)?;
        query = match options.lines {
            Lines::Default => query,
            Lines::Last(lines) => query.with("n", &lines.to_string()),
            Lines::All => query.with("n", "-1"),
        };
        if follow {
            query = query.with("follow", "true");
        }
        let lines = BufReader::new(self.get_raw(action, &format!("/v1/logs{query}"), deadline)?);
        let timeout = deadline.timeout();
        Ok(LogStream { client: self.clone(), action, lines, follow, timeout, last: 0, ended: false })
    }
}

/// Which lines of which services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogsOptions {
    /// Of these services only, if any are given.
    pub services: Vec<String>,
    /// How many.
    pub lines: Lines,
}

/// How many lines, of all services together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lines {
    /// As Pebble does: the last 30, and none from before where logs are followed.
    #[default]
    Default,
    /// So many at most.
    Last(u32),
    /// All that Pebble has kept.
    All,
}

impl LogsOptions {
    /// All that these services wrote, as far as Pebble has kept it.
    pub fn of<I: IntoIterator<Item: Into<String>>>(services: I) -> Self {
        Self { services: services.into_iter().map(Into::into).collect(), lines: Lines::All }
    }

    /// Sets how many lines.
    #[must_use]
    pub fn lines(mut self, lines: Lines) -> Self {
        self.lines = lines;
        self
    }
}

/// A line that a service wrote; one of more than 4 KiB comes as several. Its `Debug` shows no message, which may hold
/// anything.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct LogEntry {
    /// When, as RFC 3339 with milliseconds in UTC.
    #[serde(default)]
    pub time: String,
    /// Which service.
    #[serde(default)]
    pub service: String,
    /// What, without the line break at its end.
    #[serde(default)]
    pub message: String,
}

impl fmt::Debug for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogEntry")
            .field("time", &self.time)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// Lines as they are written. See [`Client::follow_logs`].
pub struct LogStream {
    client: Client,
    action: &'static str,
    lines: BufReader<Box<dyn Read + Send>>,
    follow: bool,
    timeout: Duration,
    /// The bytes of the last line.
    last: u64,
    ended: bool,
}

impl fmt::Debug for LogStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogStream").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Iterator for LogStream {
    type Item = Result<LogEntry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let mut line = Vec::new();
        let item = match self.line(&mut line) {
            Ok(0) => None,
            Ok(length) if length > LOG_LINE_BYTES_MAX => Some(Err(Error::TooLarge {
                action: self.action.to_owned(),
                what: "a line of the log",
                most: LOG_LINE_BYTES_MAX,
                unit: "bytes",
            })),
            Ok(length) => {
                self.last = length;
                let entry = serde_json::from_slice(&line);
                Some(entry.map_err(|_| protocol(self.action, "a line that is no entry of a log".to_owned())))
            }
            // A daemon that goes away cuts the stream as it ends it.
            Err(error) if self.follow && is_end(&error) => None,
            Err(error) => {
                Some(Err(self.client.read_error(self.action, error, Deadline::Stall(self.timeout))))
            }
        };
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

impl LogStream {
    /// Reads a line, and one byte more than it may have at most. A line of which something came ends within the timeout:
    /// whoever sends a byte now and then would hold us for days.
    fn line(&mut self, line: &mut Vec<u8>) -> io::Result<u64> {
        let mut began = None;
        loop {
            let came = match self.lines.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                came => came?,
            };
            let left = usize::try_from(LOG_LINE_BYTES_MAX + 1).unwrap_or(usize::MAX) - line.len();
            let end = came.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let is_whole = end.is_some() || came.is_empty();
            let taken = end.unwrap_or(came.len()).min(left);
            line.extend_from_slice(came.get(..taken).unwrap_or_default());
            self.lines.consume(taken);
            if is_whole || taken == left {
                return Ok(u64::try_from(line.len()).unwrap_or(u64::MAX));
            }
            let now = self.client.transport().now();
            if now.saturating_duration_since(*began.get_or_insert(now)) > self.timeout {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
}

fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}
