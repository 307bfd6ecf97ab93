//! When a secret expires: a time, or how long from now.

use crate::juju::controller::Time;
use crate::juju::text::quote::quoted;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Reads `--expire`. Nothing comes of the year 1, which Go takes for no time.
pub(super) fn parse(text: &str, now: Timestamp) -> Result<Option<Time>, String> {
    let invalid = || format!("expire time or duration {} not valid", quoted(text));
    let at = if let Some(at) = time(text) {
        at
    } else {
        let length = duration(text).ok_or_else(invalid)?;
        if length <= 0 {
            return Err(format!("negative expire duration {} not valid", quoted(text)));
        }
        now.checked_add(SignedDuration::from_nanos(length)).map_err(|_| invalid())?
    };
    let never = Date::constant(1, 1, 1).to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    Ok(Some(at).filter(|at| Some(*at) != never).map(Time::utc))
}

/// `2006-01-02T15:04:05` with any fraction, and with an offset or without one.
fn time(text: &str) -> Option<Timestamp> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let rest = rest.strip_prefix('T')?;
    // Go takes an hour of one digit.
    let (hour, rest) = digits(rest, 2).or_else(|| digits(rest, 1))?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (nanosecond, rest) = fraction(rest);
    let offset = match rest {
        "" | "Z" => 0,
        _ => offset(rest)?,
    };
    let number = |value: i32| i8::try_from(value).ok();
    let date = Date::new(i16::try_from(year).ok()?, number(month)?, number(day)?).ok()?;
    if second > 59 {
        return None;
    }
    let time = jiff::civil::Time::new(number(hour)?, number(minute)?, number(second)?, nanosecond).ok()?;
    let local = date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp();
    local.checked_sub(SignedDuration::from_secs(i64::from(offset))).ok()
}

fn digits(text: &str, length: usize) -> Option<(i32, &str)> {
    let (digits, rest) = text.split_at_checked(length)?;
    (digits.bytes().all(|byte| byte.is_ascii_digit())).then_some((digits.parse().ok()?, rest))
}

/// Nanoseconds, and what is behind them.
fn fraction(text: &str) -> (i32, &str) {
    let Some(rest) = text.strip_prefix(['.', ',']) else { return (0, text) };
    let behind = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let count = rest.len() - behind.len();
    if count == 0 {
        return (0, text);
    }
    let kept: String = rest.chars().take(count).chain(std::iter::repeat('0')).take(9).collect();
    (kept.parse().unwrap_or_default(), behind)
}

fn offset(text: &str) -> Option<i32> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits(text.get(1..)?, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(':')?, 2)?;
    (rest.is_empty() && hours <= 24 && minutes <= 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Nanoseconds of a duration as Go writes it: `1h30m`, `1.5h`, `-2s`.
fn duration(text: &str) -> Option<i64> {
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let whole = leading_digits(rest);
        let behind = rest.get(whole.len()..)?;
        let (fraction, behind) = match behind.strip_prefix('.') {
            Some(behind) => {
                let fraction = leading_digits(behind);
                (fraction, behind.get(fraction.len()..)?)
            }
            None => ("", behind),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let unit = behind.get(
            ..behind.find(|letter: char| letter == '.' || letter.is_ascii_digit()).unwrap_or(behind.len()),
        )?;
        rest = behind.get(unit.len()..)?;
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(unit)?)?;
        // More digits than these are less than a nanosecond of an hour.
        let kept = fraction.get(..fraction.len().min(18)).filter(|kept| !kept.is_empty());
        if let Some(kept) = kept {
            let scale = 10_i128.checked_pow(u32::try_from(kept.len()).ok()?)?;
            total = total.checked_add(kept.parse::<i128>().ok()?.checked_mul(unit)? / scale)?;
        }
        if total > i128::from(i64::MAX) + i128::from(negative) {
            return None;
        }
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

fn leading_digits(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<String>, String> {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        parse(text, now).map(|time| time.map(|time| time.to_string()))
    }

    #[test]
    fn times_and_durations_are_read() {
        for (text, wanted) in [
            ("2030-01-02T03:04:05Z", "2030-01-02T03:04:05Z"),
            ("2030-01-02T03:04:05", "2030-01-02T03:04:05Z"),
            ("2030-01-02T3:04:05.25+02:00", "2030-01-02T01:04:05.25Z"),
            ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"),
            ("24h", "2026-01-02T00:00:00Z"),
            ("1h30m0.5s", "2026-01-01T01:30:00.5Z"),
            ("+.5h", "2026-01-01T00:30:00Z"),
        ] {
            assert_eq!(read(text), Ok(Some(wanted.to_owned())), "{text}");
        }
        assert_eq!(read("0001-01-01T00:00:00Z"), Ok(None));
    }

    #[test]
    fn what_is_neither_or_past_is_refused() {
        for text in ["soon", "1", "1d", "h", ".h", "2030-02-30T00:00:00Z", "2030-01-02", "", "-", "9999999h"]
        {
            assert_eq!(read(text), Err(format!("expire time or duration \"{text}\" not valid")));
        }
        for text in ["-1h", "0", "0s"] {
            assert_eq!(read(text), Err(format!("negative expire duration \"{text}\" not valid")));
        }
    }
}
