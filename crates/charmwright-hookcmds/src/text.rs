//! Foreign text, made fit for a status, a log or an error.
//!
//! Juju's words, Pebble's words and an author's texts may hold anything: line breaks that forge a record of the log,
//! escape sequences that a terminal obeys, zero bytes that no argument can have. So each such text becomes one
//! printable line of bounded length before it reaches a person.

use std::error::Error;

/// The longest line that a person is shown, in bytes of UTF-8: a status, an error, the answer of an action, one line
/// of a log record. Juju's longest own messages have a few hundred bytes; what is longer is somebody's data.
pub const LINE_BYTES_MAX: usize = 4 * 1024;

/// The longest log record, in bytes of UTF-8: sixteen lines of the greatest length, or a plan with hundreds of
/// ordinary lines. The system takes 128 KiB in one argument of `juju-log`.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

/// How the SDK begins each further line of a log record.
pub const INDENT: &str = "\n  ";

/// What stands at the end of a text that was cut.
const CUT: char = '…';

/// One printable line of at most `bytes_max` bytes.
///
/// White space of any kind, line breaks included, becomes one space; what is not printable, or turns the direction
/// of the text, becomes one `�`. What is too long is cut, and ends with `…`. Making a line of a line changes nothing.
///
/// ```
/// use charmwright_hookcmds::text::line;
///
/// assert_eq!(line("no\r\n such\tfile\0", 100), "no such file�");
/// assert_eq!(line("a long story", 9), "a long…");
/// ```
pub fn line(text: &str, bytes_max: usize) -> String {
    let mut line = String::with_capacity(text.len().min(bytes_max));
    let mut is_cut = false;
    for c in text.trim().chars() {
        let c = shown(c);
        let repeats = matches!(c, ' ' | char::REPLACEMENT_CHARACTER) && line.ends_with(c);
        if repeats {
            continue;
        }
        if line.len().saturating_add(c.len_utf8()) > bytes_max {
            is_cut = true;
            break;
        }
        line.push(c);
    }
    if is_cut {
        while line.len().saturating_add(CUT.len_utf8()) > bytes_max && line.pop().is_some() {}
        line.truncate(line.trim_end().len());
        if CUT.len_utf8() <= bytes_max {
            line.push(CUT);
        }
    } else {
        line.truncate(line.trim_end().len());
    }
    line
}

/// One log record: the lines that the SDK began with [`INDENT`] stay lines, and each is [printable and
/// bounded](line()). A line break of any other kind is foreign, and becomes a space.
pub fn record(text: &str) -> String {
    let mut record = String::new();
    for part in text.split(INDENT) {
        let part = line(part, LINE_BYTES_MAX);
        if part.is_empty() {
            continue;
        }
        let left = RECORD_BYTES_MAX.saturating_sub(record.len());
        let needed = part.len().saturating_add(INDENT.len());
        if needed.saturating_add(INDENT.len()).saturating_add(CUT.len_utf8()) > left {
            record.push_str(INDENT);
            record.push(CUT);
            break;
        }
        if !record.is_empty() {
            record.push_str(INDENT);
        }
        record.push_str(&part);
    }
    record
}

/// An error with all that led to it, as [one line](line()): each error says its own part only.
pub fn told(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told.extend([": ", &error.to_string()]);
        cause = error.source();
    }
    line(&told, LINE_BYTES_MAX)
}

/// What stands for a character in a line.
fn shown(c: char) -> char {
    match c {
        c if c.is_whitespace() => ' ',
        c if c.is_control() || is_invisible(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// Characters that show nothing by themselves, or change how others are shown.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e000}'..='\u{f8ff}'
        | '\u{e0000}'..='\u{10ffff}')
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_printable_is_shown_as_such_and_white_space_is_one_space() {
        for (text, expected) in [
            ("", ""),
            (" \n\t ", ""),
            ("plain words, ünïcödé", "plain words, ünïcödé"),
            ("one\ntwo\r\n\r\nthree\u{2028}four\u{85}five", "one two three four five"),
            ("\u{1b}[31mred\u{1b}[0m", "�[31mred�[0m"),
            ("zero\0\0byte\u{7f}", "zero�byte�"),
            ("invoice\u{202e}fdp.exe", "invoice�fdp.exe"),
            ("zero\u{200b}width\u{feff}", "zero�width�"),
            ("no\u{a0}break", "no break"),
        ] {
            assert_eq!(line(text, 1_000), expected, "{text:?}");
        }
    }

    #[test]
    fn a_line_is_cut_between_characters_and_says_so() {
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdefg", 6), "abc…");
        assert_eq!(line("ab cdefg", 6), "ab…");
        assert_eq!(line("ééééé", 8), "éé…");
        assert_eq!(line("abc", 2), "");
        let long = line(&"x".repeat(10_000_000), LINE_BYTES_MAX);
        assert_eq!((long.len(), long.ends_with("x…")), (LINE_BYTES_MAX, true));
    }

    #[test]
    fn only_the_lines_that_the_sdk_made_stay_lines() {
        assert_eq!(record("plan: 1 change\n  open 80/tcp\n  not yet: b\nplan: forged"), {
            "plan: 1 change\n  open 80/tcp\n  not yet: b plan: forged"
        });
    }

    #[test]
    fn a_record_has_no_more_than_so_many_bytes() {
        let many = format!("plan{}", "\n  a line of a plan".repeat(100_000));
        let cut = record(&many);
        assert!(cut.len() <= RECORD_BYTES_MAX && cut.len() > RECORD_BYTES_MAX - 100, "{}", cut.len());
        assert!(cut.ends_with("\n  …"));
        assert_eq!(record(&cut), cut);
    }

    #[test]
    fn the_causes_of_an_error_follow_it_in_one_line() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read\nthe file")]
        struct Outer(#[source] std::io::Error);
        let error = Outer(std::io::Error::other("no\0such file"));
        assert_eq!(told(&error), "cannot read the file: no�such file");
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_printable_line_within_the_bound(text in any::<String>(), bytes_max in 0..200_usize) {
            let made = line(&text, bytes_max);
            prop_assert!(made.len() <= bytes_max);
            prop_assert!(made.chars().all(|c| c == ' ' || shown(c) == c), "{made:?}");
            prop_assert!(!made.contains("  ") && made.trim() == made, "{made:?}");
            prop_assert_eq!(line(&made, bytes_max), made);
        }

        #[test]
        fn any_text_becomes_a_record_whose_lines_are_printable(
            parts in proptest::collection::vec(any::<String>(), 0..6),
        ) {
            let made = record(&parts.join(INDENT));
            prop_assert!(made.len() <= RECORD_BYTES_MAX);
            for part in made.split(INDENT) {
                prop_assert_eq!(line(part, LINE_BYTES_MAX), part);
            }
            prop_assert_eq!(record(&made), made);
        }
    }
}
