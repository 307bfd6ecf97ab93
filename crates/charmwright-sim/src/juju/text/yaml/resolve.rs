//! What a scalar without quotes means.

use super::timestamp;
use crate::juju::text::number::{is_integer, underscores_between_digits};

/// The kind of a plain scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Text,
    Binary,
}

impl Kind {
    /// The short form of its tag.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool => "!!bool",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::Text => "!!str",
            Self::Binary => "!!binary",
        }
    }
}

/// The kind of `text` without quotes and without a tag.
pub(super) fn plain(text: &str) -> Kind {
    resolve(text, true)
}

/// The kind of `text`; without `timestamps`, what looks like one is a text.
pub(super) fn resolve(text: &str, timestamps: bool) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" | "n" | "N"
        | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Kind::Bool,
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf"
        | "-.Inf" | "-.INF" => return Kind::Float,
        _ => {}
    }
    match text.bytes().next() {
        Some(b'.') if is_dotted_float(text) => Kind::Float,
        Some(b'+' | b'-' | b'0'..=b'9') => number(text, timestamps),
        _ => Kind::Text,
    }
}

fn number(text: &str, timestamps: bool) -> Kind {
    if timestamps && timestamp::is_timestamp(text) {
        return Kind::Timestamp;
    }
    let bare = text.replace('_', "");
    if is_integer(&bare) || is_binary(&bare) {
        return Kind::Int;
    }
    if is_plain_float(&bare) && is_finite(&bare) { Kind::Float } else { Kind::Text }
}

/// A sign may stand behind the prefix too: an oddity of the library.
fn is_binary(text: &str) -> bool {
    let (digits, signs) = match (text.strip_prefix("0b"), text.strip_prefix("-0b")) {
        (Some(digits), _) => (digits, true),
        (None, Some(digits)) => (digits, false),
        (None, None) => return false,
    };
    let digits = if signs { digits.strip_prefix(['+', '-']).unwrap_or(digits) } else { digits };
    (1..=63).contains(&digits.trim_start_matches('0').len().max(1))
        && !digits.is_empty()
        && digits.bytes().all(|digit| matches!(digit, b'0' | b'1'))
}

/// `[-+]?(0|[1-9][0-9]*)?(\.[0-9]+)?([eE][-+][0-9]+)?`
fn is_plain_float(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let rest = match rest.strip_prefix('0') {
        Some(rest) => rest,
        None => rest.trim_start_matches(|letter: char| letter.is_ascii_digit()),
    };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => match digits(fraction) {
            Some(rest) => rest,
            None => return false,
        },
        None => rest,
    };
    match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => exponent.strip_prefix(['+', '-']).and_then(digits).is_some_and(str::is_empty),
        None => rest.is_empty(),
    }
}

/// What is behind at least one digit.
fn digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

/// What begins with a point is read as Go reads floats: the exponent needs no sign.
fn is_dotted_float(text: &str) -> bool {
    if !underscores_between_digits(text) {
        return false;
    }
    let bare = text.replace('_', "");
    let Some(rest) = bare.strip_prefix('.').and_then(digits) else { return false };
    let rest = match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => match digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)) {
            Some(rest) => rest,
            None => return false,
        },
        None => rest,
    };
    rest.is_empty() && is_finite(&bare)
}

fn is_finite(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Whether older parsers would take `text` for a float in base 60: `190:20:30.15`.
pub(super) fn is_base_60_float(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !rest.starts_with(|letter: char| letter.is_ascii_digit()) {
        return false;
    }
    let mut parts = rest.split(':');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !parts.next().is_some_and(digits) {
        return false;
    }
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return false };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    parts.push(last);
    digits(fraction)
        && parts.iter().all(|part| match part.as_bytes() {
            [one] => one.is_ascii_digit(),
            [ten, one] => matches!(ten, b'0'..=b'5') && one.is_ascii_digit(),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_yaml_v2_makes_of_them() {
        for (text, kind) in [
            ("", Kind::Null),
            ("~", Kind::Null),
            ("Yes", Kind::Bool),
            ("yEs", Kind::Text),
            ("12", Kind::Int),
            ("0o14", Kind::Int),
            ("08", Kind::Text),
            ("1_000", Kind::Int),
            ("0b-1", Kind::Int),
            ("99999999999999999999", Kind::Float),
            ("1e5", Kind::Text),
            ("1e+5", Kind::Float),
            (".5e5", Kind::Float),
            (".1_0", Kind::Float),
            (".", Kind::Text),
            ("+", Kind::Text),
            ("1e+999", Kind::Text),
            ("2001-1-2", Kind::Timestamp),
            ("<<", Kind::Text),
            ("nan", Kind::Text),
        ] {
            assert_eq!(plain(text), kind, "{text}");
        }
    }

    #[test]
    fn times_of_day_look_like_base_60() {
        for text in ["1:0", "190:20:30", "190:20:30.15", "-1_0:59", "20:30."] {
            assert!(is_base_60_float(text), "{text}");
        }
        for text in ["1", "1:60", "a:1", ":1", "1:", "1:2:", "1:5x", "+:1"] {
            assert!(!is_base_60_float(text), "{text}");
        }
    }
}
