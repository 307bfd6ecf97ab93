//! Durations as Go writes them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

const NANOS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration as Pebble writes it: `1m30s`, `500ms`.
///
/// The same duration always has the same text, so that what was added can be compared with the plan: `60s` reads as
/// `1m0s`. A text that is no duration is kept as it is, and Pebble will say so.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct GoDuration(String);

impl GoDuration {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The duration. None if the text is none or is negative.
    pub fn to_duration(&self) -> Option<Duration> {
        parse(&self.0)
    }
}

impl From<Duration> for GoDuration {
    /// Go counts nanoseconds in 63 bits: what is longer than 292 years is cut.
    fn from(duration: Duration) -> Self {
        Self(format(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).min(u64::MAX / 2)))
    }
}

impl From<&str> for GoDuration {
    fn from(text: &str) -> Self {
        parse(text).map_or_else(|| Self(text.to_owned()), Self::from)
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut total: u128 = 0;
    while {
        let (whole, after) = split_digits(rest);
        let (fraction, after) = after.strip_prefix('.').map_or(("", after), split_digits);
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let nanos = NANOS.iter().find(|(name, _)| *name == unit)?.1;
        let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(nanos)?)?;
        let mut digit_nanos = nanos;
        for digit in fraction.bytes() {
            total += u128::from(digit - b'0') * digit_nanos / 10;
            digit_nanos /= 10;
        }
        rest = after;
        !rest.is_empty()
    } {}
    let nanos = u64::try_from(total).ok().filter(|nanos| *nanos <= u64::MAX / 2)?;
    Some(Duration::from_nanos(nanos))
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn format(nanos: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    match nanos {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => decimal(nanos, 1_000) + "\u{b5}s",
        1_000_000..SECOND => decimal(nanos, 1_000_000) + "ms",
        _ => {
            let minutes = nanos / (60 * SECOND);
            let seconds = decimal(nanos % (60 * SECOND), SECOND) + "s";
            match (minutes / 60, minutes % 60) {
                (0, 0) => seconds,
                (0, minutes) => format!("{minutes}m{seconds}"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
            }
        }
    }
}

/// `value / unit` with as many digits as it needs.
fn decimal(value: u64, unit: u64) -> String {
    let (whole, mut rest) = (value / unit, value % unit);
    let mut text = whole.to_string();
    if rest > 0 {
        text.push('.');
    }
    let mut digit = unit / 10;
    while rest > 0 && digit > 0 {
        text.push_str(&(rest / digit).to_string());
        rest %= digit;
        digit /= 10;
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_duration_has_one_text() {
        for (text, canonical) in [
            ("0", "0s"),
            ("0s", "0s"),
            ("60s", "1m0s"),
            ("1.5h", "1h30m0s"),
            ("1h30m0.5s", "1h30m0.5s"),
            ("168h", "168h0m0s"),
            ("90s", "1m30s"),
            ("1500ms", "1.5s"),
            ("10us", "10\u{b5}s"),
            ("10\u{3bc}s", "10\u{b5}s"),
            (".5s", "500ms"),
            ("+1.s", "1s"),
            ("7ns", "7ns"),
            ("1.000000001s", "1.000000001s"),
        ] {
            assert_eq!(GoDuration::from(text).as_str(), canonical);
        }
    }

    #[test]
    fn what_is_no_duration_is_kept() {
        for text in ["", "5", "s", ".s", "1d", "-1s", "1s ", "é", "9223372036854775808ns", "1s2"] {
            assert_eq!(GoDuration::from(text).to_duration(), None, "{text:?}");
            assert_eq!(GoDuration::from(text).as_str(), text);
        }
        assert_eq!(GoDuration::from(Duration::MAX).as_str(), "2562047h47m16.854775807s");
    }

    proptest! {
        #[test]
        fn text_and_back(nanos in 0..=u64::MAX / 2, shift in 0..60) {
            let duration = Duration::from_nanos(nanos >> shift);
            let text = GoDuration::from(duration);
            prop_assert_eq!(text.to_duration(), Some(duration));
            prop_assert_eq!(GoDuration::from(text.as_str()), text);
        }

        #[test]
        fn any_text_is_taken(text in "[0-9.hmsnu+\u{b5}-]{0,12}") {
            let duration = GoDuration::from(text.as_str());
            prop_assert_eq!(GoDuration::from(duration.as_str()), duration);
        }
    }
}
