//! What looks like a time.

/// Whether `text` is a time in one of the forms that yaml.v2 knows.
pub(super) fn is_timestamp(text: &str) -> bool {
    let Some(rest) = year(text).and_then(|rest| rest.strip_prefix('-')) else { return false };
    let Some((month, rest)) = number(rest) else { return false };
    let Some((day, rest)) = rest.strip_prefix('-').and_then(number) else { return false };
    let year = text.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default();
    if !(1..=12).contains(&month) || !(1..=days_in(month, year)).contains(&day) {
        return false;
    }
    match rest.bytes().next() {
        None => true,
        Some(b'T' | b't') => rest.get(1..).and_then(time).is_some_and(is_zone),
        Some(b' ') => time(rest.trim_start_matches(' ')).is_some_and(str::is_empty),
        _ => false,
    }
}

fn year(text: &str) -> Option<&str> {
    let (year, rest) = text.split_at_checked(4)?;
    year.bytes().all(|byte| byte.is_ascii_digit()).then_some(rest)
}

fn time(text: &str) -> Option<&str> {
    let (hour, rest) = number(text)?;
    let (minute, rest) = number(rest.strip_prefix(':')?)?;
    let (second, rest) = number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let Some(fraction) = rest.strip_prefix(['.', ',']) else { return Some(rest) };
    let behind = fraction.trim_start_matches(|letter: char| letter.is_ascii_digit());
    // A point without digits stays, and then nothing fits it.
    Some(if behind.len() == fraction.len() { rest } else { behind })
}

/// One or two digits.
fn number(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    Some((digits.parse().ok()?, rest))
}

fn is_zone(text: &str) -> bool {
    if text == "Z" {
        return true;
    }
    let [b'+' | b'-', h1, h2, b':', m1, m2] = text.as_bytes() else { return false };
    let pair = |ten: &u8, one: &u8| {
        (ten.is_ascii_digit() && one.is_ascii_digit()).then(|| (ten - b'0') * 10 + (one - b'0'))
    };
    // Some write offsets of 24 hours, so Go takes them.
    pair(h1, h2).is_some_and(|hours| hours <= 24) && pair(m1, m2).is_some_and(|minutes| minutes <= 60)
}

fn days_in(month: u32, year: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_known_forms_are_times() {
        for text in [
            "2001-01-02",
            "2001-1-2",
            "2001-1-2 3:4:5",
            "2001-01-02  03:04:05.123",
            "2001-01-02T03:04:05Z",
            "2001-01-02t3:4:5.1+24:60",
            "2000-02-29",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "2001-02-29",
            "2001-13-01",
            "2001-01-02 ",
            "2001-01-02 03:04",
            "2001-01-02 03:04:05Z",
            "2001-01-02T03:04:05",
            "2001-01-02T24:04:05Z",
            "2001-01-02 03:04:05.",
            "20010-1-2",
            "201-1-2",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
