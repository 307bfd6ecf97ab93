//! Texts of a daemon in errors: so long, and on one line.

use std::fmt;

use crate::limits::MESSAGE_CHARACTERS_MAX;

/// As much of the text as is kept.
pub(crate) fn kept(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MESSAGE_CHARACTERS_MAX) {
        text.truncate(end);
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// Displays the text as one line: what would break it, hide a part of it or turn it around is replaced.
pub(crate) struct Line<'a>(pub(crate) &'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self
            .0
            .split(breaks)
            .map(|line| line.trim().trim_start_matches("- "))
            .filter(|line| !line.is_empty());
        let mut before = None;
        for line in lines {
            match before {
                None => {}
                Some(':') => f.write_str(" ")?,
                Some(_) => f.write_str("; ")?,
            }
            line.chars().try_for_each(|c| fmt::Write::write_char(f, printable(c)))?;
            before = line.chars().last();
        }
        Ok(())
    }
}

fn breaks(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        // The last are those that change the direction of a text or cannot be seen.
        '\u{61c}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_several_lines_is_one() {
        let told = "cannot perform the following tasks:\n- Start \"a\" (exited)\n- Start \"b\" (exited)\n\n";
        let line = "cannot perform the following tasks: Start \"a\" (exited); Start \"b\" (exited)";
        assert_eq!(Line(told).to_string(), line);
        assert_eq!(Line("plain").to_string(), "plain");
        assert_eq!(Line("\r\n").to_string(), "");
    }

    #[test]
    fn what_cannot_be_printed_is_replaced() {
        for c in ['\0', '\u{1b}', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{200b}'] {
            assert_eq!(Line(&format!("a{c}b")).to_string(), "a\u{fffd}b", "{c:?}");
        }
        assert_eq!(Line("a\tb \u{e9}\u{1f600}").to_string(), "a b \u{e9}\u{1f600}");
        for c in ['\n', '\r', '\u{b}', '\u{85}', '\u{2028}', '\u{2029}'] {
            assert_eq!(Line(&format!("a{c}b")).to_string(), "a; b", "{c:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let most = "\u{e9}".repeat(MESSAGE_CHARACTERS_MAX);
        assert_eq!(kept(most.clone()), most);
        assert_eq!(kept(format!("{most}x")), format!("{most}…"));
    }
}
