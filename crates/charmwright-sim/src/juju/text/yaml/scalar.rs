//! How one text is written: which style it can have, judged by what is in it.

use super::resolve::{Kind, is_base_60_float, plain};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What is in a text that matters for its style.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about a text")]
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// It has line breaks of any kind.
    pub(super) lines: bool,
    plain: bool,
    single: bool,
    block: bool,
}

pub(super) fn is_break(letter: char) -> bool {
    matches!(letter, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_break(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\0') || is_break(letter)
}

/// What the library calls printable: nothing beyond the basic plane is.
pub(super) fn is_printable(letter: char) -> bool {
    matches!(letter, '\n' | ' '..='~' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Looks through a text.
pub(super) fn look(text: &str) -> Found {
    if text.is_empty() {
        return Found { lines: false, plain: true, single: true, block: false };
    }
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut lines, mut special, mut break_space, mut space_break) = (false, false, false, false);
    let mut before: Option<char> = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let followed = letters.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
        indicators |= match (before, letter) {
            (
                None,
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
                | '`',
            ) => true,
            (None, '?' | ':' | '-') | (Some(_), ':') => followed,
            (Some(before), '#') => is_blank_or_break(before),
            _ => false,
        };
        special |= !is_printable(letter);
        lines |= is_break(letter);
        break_space |= letter == ' ' && before.is_some_and(is_break);
        space_break |= is_break(letter) && before == Some(' ');
        before = Some(letter);
    }
    let edge = |letter: Option<char>| letter.is_some_and(|letter| letter == ' ' || is_break(letter));
    let edges = edge(text.chars().next()) || edge(before);
    Found {
        lines,
        plain: !(edges || break_space || space_break || special || lines || indicators),
        single: !(break_space || space_break || special),
        block: !(before == Some(' ') || space_break || special),
    }
}

/// The style of a text: the one that yaml.v2 asks for, or the next that can hold it.
pub(super) fn style(text: &str, found: Found, tagged: bool, simple_key: bool) -> Style {
    let wanted = if text.contains('\n') {
        Style::Literal
    } else if tagged || (plain(text) == Kind::Text && !is_base_60_float(text)) {
        Style::Plain
    } else {
        Style::Double
    };
    match wanted {
        Style::Plain | Style::Literal if simple_key && found.lines => Style::Double,
        Style::Plain if found.plain && !(text.is_empty() && simple_key) => Style::Plain,
        Style::Plain if found.single => Style::Single,
        Style::Literal if found.block && !simple_key => Style::Literal,
        _ => Style::Double,
    }
}
