//! Time as the model counts it.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

/// A point in time: nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The last one there is.
    pub const MAX: Self = Self(i64::MAX);

    /// From nanoseconds since the Unix epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// This much later, or [`MAX`](Self::MAX).
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// How long since an earlier time; zero if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339, to the nanosecond.
    pub fn parse(text: &str) -> Option<Self> {
        let timestamp: Timestamp = text.parse().ok()?;
        i64::try_from(timestamp.as_nanosecond()).ok().map(Self)
    }

    /// RFC 3339 in UTC with as many digits of a second as it needs, at most nine.
    pub fn rfc3339(self) -> String {
        Timestamp::from_nanosecond(self.0.into()).map_or_else(|_| String::new(), |time| time.to_string())
    }

    /// The same without parts of a second.
    pub fn rfc3339_seconds(self) -> String {
        Self(self.0 - self.0.rem_euclid(1_000_000_000)).rfc3339()
    }

    /// The same with exactly three digits of a second, as in logs.
    pub fn rfc3339_millis(self) -> String {
        Timestamp::from_nanosecond(self.0.into()).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
    }
}

impl From<std::time::SystemTime> for Time {
    fn from(time: std::time::SystemTime) -> Self {
        let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self::default().after(since)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_go_writes_it() {
        let time = Time::from_nanos(1_763_800_000_120_000_000);
        assert_eq!(time.rfc3339(), "2025-11-22T08:26:40.12Z");
        assert_eq!(time.rfc3339_seconds(), "2025-11-22T08:26:40Z");
        assert_eq!(time.rfc3339_millis(), "2025-11-22T08:26:40.120Z");
        assert_eq!(Time::parse("2025-11-22T21:26:40.12+13:00"), Some(time));
    }
}
