//! Points in time, as Juju writes them.

use std::fmt;
use std::time::Duration;

/// A text that is no point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time such as `2026-01-31T12:00:00Z`")]
pub struct TimeError(String);

/// A point in time, to the second.
///
/// Juju writes RFC 3339, and for `goal-state` a blank in place of the `T`; both are read, fractions of a second are
/// dropped. It is printed in UTC.
///
/// ```
/// use charmwright_hookcmds::Timestamp;
///
/// let time = Timestamp::parse("2025-04-03 20:05:33Z")?;
/// assert_eq!(time.to_string(), "2025-04-03T20:05:33Z");
/// assert_eq!(time, Timestamp::parse("2025-04-03T22:05:33.5+02:00")?);
/// # Ok::<(), charmwright_hookcmds::TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const DAY: i64 = 86_400;
/// The years that Juju's texts can hold.
const YEARS: std::ops::RangeInclusive<i64> = 0..=9_999;

impl Timestamp {
    /// Parses a time.
    ///
    /// # Errors
    ///
    /// If the text is no time with a date, an hour and a distance from UTC.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        read(text).ok_or_else(|| TimeError(text.chars().take(40).collect()))
    }

    /// The time this many seconds after the beginning of 1970 in UTC; `None` beyond the years 0 to 9999.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let (year, _, _) = date(seconds.div_euclid(DAY));
        YEARS.contains(&year).then_some(Self(seconds))
    }

    /// The seconds since the beginning of 1970 in UTC.
    pub fn unix_seconds(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0.div_euclid(DAY));
        let second = self.0.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// When a revision of a secret ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expiry {
    /// Then. Juju takes a past time, and lets the revision expire at once.
    At(Timestamp),
    /// So long after the command has run. Whole seconds count, at least one.
    In(Duration),
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => time.fmt(f),
            Self::In(duration) => write!(f, "{}s", duration.as_secs()),
        }
    }
}

fn read(text: &str) -> Option<Timestamp> {
    let mut rest = text;
    let mut number = |digits: usize, before: &[char]| -> Option<i64> {
        if !before.is_empty() {
            rest = rest.strip_prefix(before)?;
        }
        let (number, after) = rest.split_at_checked(digits)?;
        rest = after;
        if number.bytes().all(|byte| byte.is_ascii_digit()) { number.parse().ok() } else { None }
    };
    let (year, month, day) = (number(4, &[])?, number(2, &['-'])?, number(2, &['-'])?);
    let (hour, minute, second) = (number(2, &['T', 't', ' '])?, number(2, &[':'])?, number(2, &[':'])?);
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        rest = if digits == 0 { return None } else { fraction.get(digits..)? };
    }
    let offset = if matches!(rest, "Z" | "z") {
        0
    } else {
        let sign = if rest.starts_with('-') { -1 } else { 1 };
        let (hours, minutes) = rest.strip_prefix(['+', '-'])?.split_once(':')?;
        let part = |text: &str, limit: i64| -> Option<i64> {
            let legal = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| legal && *number < limit)
        };
        sign * (part(hours, 24)? * 3_600 + part(minutes, 60)? * 60)
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * DAY + hour * 3_600 + minute * 60 + second - offset;
    Timestamp::from_unix_seconds(seconds)
}

/// Counts in eras of 400 years that begin on 1 March, so that the leap day is the last of a year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The other way round.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * shifted + 2) / 5 + 1, (shifted + 2) % 12 + 1);
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times_are_where_they_should_be() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-01-31T12:00:00.123456789Z", 1_769_860_800),
            ("1969-12-31T23:59:59Z", -1),
            ("2026-01-31T12:00:00+01:30", 1_769_855_400),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().unix_seconds(), seconds, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_an_error() {
        for wrong in [
            "",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-02-29T12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00+1:00",
            "+026-01-31T12:00:00Z",
            "0000-01-01T00:00:00+23:59",
            "2026-01-31T12:00:00Zx",
            "２０２６-01-31T12:00:00Z",
        ] {
            assert!(Timestamp::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_prints_reads_back(seconds in -62_167_219_200_i64..253_402_300_799) {
            let time = Timestamp::from_unix_seconds(seconds).unwrap();
            prop_assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(\\.[0-9]{0,4})?(Z|[+-][0-9]{2}:[0-9]{2})", seconds: i64) {
            let _ = Timestamp::parse(&text);
            let _ = Timestamp::from_unix_seconds(seconds).map(|time| time.to_string());
        }
    }
}
