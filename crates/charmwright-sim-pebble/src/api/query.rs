//! Parameters, as Go reads them.

use std::time::Duration;

use charmwright_pebble::GoDuration;

use crate::text::quoted;

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
        let decoded = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((unescape(name, true)?, unescape(value, true)?))
        });
        Self(decoded.collect())
    }

    /// The first of this name; empty without one.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// All of this name.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// All of this name, each of which may be several, with commas between.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let all = self.all(name);
        let words = all.iter().flat_map(|value| value.split(',')).map(str::trim);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

/// Takes escapes out. None if one is not whole, or if it makes no UTF-8.
pub(super) fn unescape(text: &str, is_query: bool) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            b'+' if is_query => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// A duration that may be missing: then it is zero. A negative one is told as such.
pub(super) fn duration(text: &str) -> Result<SignedDuration, String> {
    if text.is_empty() {
        return Ok(SignedDuration::default());
    }
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let is_signed_twice = rest.starts_with(['+', '-']);
    match GoDuration::from(rest).to_duration().filter(|_| !is_signed_twice) {
        Some(length) => Ok(SignedDuration { length, is_negative: is_negative && !length.is_zero() }),
        None => Err(why_no_duration(text, rest)),
    }
}

/// A duration, as Go's may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SignedDuration {
    length: Duration,
    is_negative: bool,
}

impl SignedDuration {
    pub(super) fn is_zero(self) -> bool {
        self.length.is_zero()
    }

    /// As long as one can wait.
    pub(super) fn wait(self) -> Duration {
        if self.is_negative { Duration::ZERO } else { self.length }
    }

    pub(super) fn text(self) -> String {
        format!("{}{}", if self.is_negative { "-" } else { "" }, GoDuration::from(self.length))
    }
}

fn why_no_duration(text: &str, mut rest: &str) -> String {
    let invalid = || format!("time: invalid duration {}", quoted(text));
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = number
            .strip_prefix('.')
            .map_or(number, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        let taken = rest.get(..rest.len() - number.len()).unwrap_or_default();
        if taken.is_empty() || taken == "." {
            return invalid();
        }
        let end = number.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(number.len());
        let (unit, after) = number.split_at(end);
        match unit {
            "" => return format!("time: missing unit in duration {}", quoted(text)),
            "ns" | "us" | "\u{b5}s" | "\u{3bc}s" | "ms" | "s" | "m" | "h" => rest = after,
            unit => return format!("time: unknown unit {} in duration {}", quoted(unit), quoted(text)),
        }
    }
    invalid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_may_have_commas_and_repeats() {
        let query = Query::parse("names=a,b&names=c%2Cd&x=1+2&names=,&after=2020-01-01T00:00:00%2B01:00");
        assert_eq!(query.list("names"), ["a", "b", "c", "d"]);
        assert_eq!((query.get("x"), query.get("none")), ("1 2", ""));
        assert_eq!(query.get("after"), "2020-01-01T00:00:00+01:00");
    }

    #[test]
    fn durations_are_those_of_go() {
        assert_eq!(duration("1500ms").unwrap().text(), "1.5s");
        assert_eq!(duration("-1s").unwrap().text(), "-1s");
        assert_eq!(duration("-1s").unwrap().wait(), Duration::ZERO);
        for (text, error) in [
            ("5", "time: missing unit in duration \"5\""),
            ("x", "time: invalid duration \"x\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
            ("--1s", "time: invalid duration \"--1s\""),
        ] {
            assert_eq!(duration(text).unwrap_err(), error);
        }
    }
}
