//! Times as Go writes them: RFC 3339 with the offset that they were given with, and no more digits than needed.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, and the offset from UTC that it is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Time {
    at: Timestamp,
    offset: Offset,
}

/// A text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no RFC 3339 time")]
pub struct InvalidTime(String);

impl Time {
    /// A moment, written in UTC.
    pub fn utc(at: Timestamp) -> Self {
        Self { at, offset: Offset::UTC }
    }

    /// A moment, written with an offset.
    pub fn with_offset(at: Timestamp, offset: Offset) -> Self {
        Self { at, offset }
    }

    /// The moment.
    pub fn timestamp(self) -> Timestamp {
        self.at
    }

    /// The nearest whole second, written in UTC.
    #[must_use]
    pub fn rounded(self) -> Self {
        let nearest = self.at.round(jiff::Unit::Second).unwrap_or(self.at);
        Self::utc(nearest)
    }
}

impl FromStr for Time {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let invalid = || InvalidTime(text.to_owned());
        let at: Timestamp = text.parse().map_err(|_| invalid())?;
        let pieces = jiff::fmt::temporal::Pieces::parse(text).map_err(|_| invalid())?;
        Ok(Self { at, offset: pieces.to_numeric_offset().unwrap_or(Offset::UTC) })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.offset == Offset::UTC {
            return write!(f, "{}", self.at);
        }
        let local = self.at.to_zoned(TimeZone::fixed(self.offset)).datetime();
        let seconds = self.offset.seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let minutes = seconds.unsigned_abs() / 60;
        write!(f, "{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_was_given() {
        for text in ["2030-01-02T03:04:05Z", "2030-01-02T03:04:05.25+02:00", "2030-01-02T03:04:05-09:30"] {
            assert_eq!(text.parse::<Time>().unwrap().to_string(), text);
        }
        assert_eq!("2030-01-02T03:04:05+00:00".parse::<Time>().unwrap().to_string(), "2030-01-02T03:04:05Z");
        assert!("soon".parse::<Time>().is_err());
    }

    #[test]
    fn what_is_stored_of_a_secret_is_a_whole_second_in_utc() {
        let rounded = |text: &str| text.parse::<Time>().unwrap().rounded().to_string();
        assert_eq!(rounded("2030-01-02T03:04:05.6+02:00"), "2030-01-02T01:04:06Z");
        assert_eq!(rounded("2030-01-02T03:04:05.4Z"), "2030-01-02T03:04:05Z");
    }
}
