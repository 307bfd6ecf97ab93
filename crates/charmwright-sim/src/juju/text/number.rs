//! Numbers as Go writes and reads them.

use super::quote::quoted;

/// The shortest digits that read back as `value`, and the place of the decimal point in them.
fn shortest(value: f64) -> (String, i32) {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mut digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if let Some(even) = even_of_two(value, &digits) {
        digits = even;
    }
    (digits, exponent.parse::<i32>().unwrap_or_default() + 1)
}

/// Where two texts of the same length are as near to `value` as each other, Rust takes the greater, and Go the even one.
fn even_of_two(value: f64, digits: &str) -> Option<String> {
    // Shorter ones have no rival, and no float has more digits than are asked for here.
    if digits.len() < 15 || !digits.ends_with(['1', '3', '5', '7', '9']) {
        return None;
    }
    let exact = format!("{value:.800e}");
    let exact: String = exact.split('e').next()?.chars().filter(char::is_ascii_digit).collect();
    let (kept, rest) = exact.split_at_checked(digits.len())?;
    (rest.trim_end_matches('0') == "5" && kept.ends_with(['0', '2', '4', '6', '8'])).then(|| kept.to_owned())
}

fn scientific(digits: &str, exponent: i32) -> String {
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{point}{rest}e{sign}{:02}", exponent.unsigned_abs())
}

/// A float as YAML shows it: from a million on, and below a ten-thousandth, with an exponent.
pub fn in_yaml(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() };
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let (digits, point) = shortest(value.abs());
    let exponent = point - 1;
    if value != 0.0 && !(-4..6).contains(&exponent) {
        return format!("{sign}{}", scientific(&digits, exponent));
    }
    format!("{sign}{}", positional(&digits, point))
}

/// Digits with the decimal point at its place.
fn positional(digits: &str, point: i32) -> String {
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    if digits.trim_start_matches('0').is_empty() {
        return "0".to_owned();
    }
    if point <= 0 {
        return format!("0.{}{digits}", zeros(-point));
    }
    if point >= length {
        return format!("{digits}{}", zeros(point - length));
    }
    let (whole, fraction) =
        usize::try_from(point).ok().and_then(|at| digits.split_at_checked(at)).unwrap_or((digits, "0"));
    format!("{whole}.{fraction}")
}

/// A float as JSON shows it, or nothing where JSON has no word for it.
pub fn in_json(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let magnitude = value.abs();
    let (digits, point) = shortest(magnitude);
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        // Only negative exponents lose their leading zero.
        return Some(format!("{sign}{}", scientific(&digits, point - 1).replace("e-0", "e-")));
    }
    Some(format!("{sign}{}", positional(&digits, point)))
}

/// Reads a whole number as Go's `Atoi` does.
///
/// # Errors
///
/// Go's text, if it is none or too big.
pub fn atoi(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("strconv.Atoi: parsing {}: invalid syntax", quoted(text)));
    }
    text.parse().map_err(|_| format!("strconv.Atoi: parsing {}: value out of range", quoted(text)))
}

/// Reads a whole number as Go's `ParseInt` does when the text may say its base: `0x1f`, `0b11`, `017`, `1_000`.
///
/// # Errors
///
/// Go's text, if it is none or too big.
pub fn parse_int(text: &str) -> Result<i64, String> {
    let syntax = || format!("strconv.ParseInt: parsing {}: invalid syntax", quoted(text));
    let (negative, magnitude) = magnitude(text, true).ok_or_else(syntax)?;
    let signed = magnitude.and_then(|magnitude| {
        let magnitude = i128::try_from(magnitude).ok()?;
        i64::try_from(if negative { -magnitude } else { magnitude }).ok()
    });
    signed.ok_or_else(|| format!("strconv.ParseInt: parsing {}: value out of range", quoted(text)))
}

/// Whether the text is a whole number that fits 64 bits, with or without a sign.
pub(super) fn is_integer(text: &str) -> bool {
    let signed = text.starts_with(['+', '-']);
    match magnitude(text, true) {
        Some((negative, Some(magnitude))) => {
            let limit = match (signed, negative) {
                (false, _) => u128::from(u64::MAX),
                (true, true) => 1 << 63,
                (true, false) => (1 << 63) - 1,
            };
            magnitude <= limit
        }
        _ => false,
    }
}

/// The sign and size of an integer literal; the size is missing if it does not fit 128 bits.
fn magnitude(text: &str, underscores: bool) -> Option<(bool, Option<u128>)> {
    let negative = text.starts_with('-');
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest.is_empty() {
        return None;
    }
    let long = rest.len() >= 3;
    let prefix = rest.get(..2).unwrap_or_default().to_ascii_lowercase();
    let (base, digits) = match prefix.as_str() {
        "0b" if long => (2, rest.get(2..)?),
        "0o" if long => (8, rest.get(2..)?),
        "0x" if long => (16, rest.get(2..)?),
        _ => match rest.strip_prefix('0') {
            Some(digits) => (8, digits),
            None => (10, rest),
        },
    };
    if digits.contains('_') && !(underscores && underscores_between_digits(rest)) {
        return None;
    }
    let mut size = Some(0_u128);
    for digit in digits.chars().filter(|digit| *digit != '_') {
        let digit = u128::from(digit.to_digit(base)?);
        size = size.and_then(|size| size.checked_mul(u128::from(base))?.checked_add(digit));
    }
    Some((negative, size))
}

/// Whether every underscore stands between two digits, or between the prefix of a base and a digit.
pub(super) fn underscores_between_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let prefixed = matches!(bytes, [b'0', b'b' | b'B' | b'o' | b'O' | b'x' | b'X', ..]);
    let hex = matches!(bytes, [b'0', b'x' | b'X', ..]);
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(|byte| byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit()))
    };
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'_')
        .all(|(at, _)| (digit(at.checked_sub(1)) || (prefixed && at == 2)) && digit(at.checked_add(1)))
}

/// Reads a truth value in one of the spellings that flags take.
///
/// # Errors
///
/// Go's text, if it is none of them.
pub fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {}: invalid syntax", quoted(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (value, yaml, json) in [
            (0.0, "0", "0"),
            (1.0, "1", "1"),
            (-1.5, "-1.5", "-1.5"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "1e-05", "0.00001"),
            (0.000_000_12, "1.2e-07", "1.2e-7"),
            (123_456.0, "123456", "123456"),
            (1_000_000.0, "1e+06", "1000000"),
            (1_234_567.0, "1.234567e+06", "1234567"),
            (695_353_725_269_689.3, "6.953537252696892e+14", "695353725269689.2"),
            (1e21, "1e+21", "1e+21"),
            (1.5e300, "1.5e+300", "1.5e+300"),
        ] {
            assert_eq!(in_yaml(value), yaml);
            assert_eq!(in_json(value).as_deref(), Some(json));
        }
        assert_eq!(in_yaml(f64::INFINITY), ".inf");
        assert_eq!(in_json(f64::NAN), None);
    }

    #[test]
    fn whole_numbers_are_read_as_go_reads_them() {
        for (text, number) in [("0", 0), ("017", 15), ("0x1F", 31), ("-0b11", -3), ("1_000", 1000), ("+7", 7)]
        {
            assert_eq!(parse_int(text), Ok(number), "{text}");
        }
        for text in ["", "-", "x", "08", "1__0", "_1", "0x", "1 "] {
            assert!(parse_int(text).is_err_and(|error| error.ends_with("invalid syntax")), "{text}");
        }
        assert!(parse_int("9223372036854775808").is_err_and(|error| error.ends_with("value out of range")));
        assert!(is_integer("18446744073709551615") && !is_integer("+9223372036854775808"));
        assert_eq!(atoi("007"), Ok(7));
        assert_eq!(atoi("0x1").unwrap_err(), r#"strconv.Atoi: parsing "0x1": invalid syntax"#);
    }
}
