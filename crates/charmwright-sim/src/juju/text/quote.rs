//! Texts in quotes, as Go's `%q` writes them: most error texts hold some.

use std::fmt::Write as _;

use crate::juju::bytes;

/// `text` in double quotes, with everything that is not printable escaped.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        push_escaped(&mut out, character);
    }
    out.push('"');
    out
}

/// A list of texts in brackets: `["a" "b"]`.
pub fn quoted_list<Item: AsRef<str>>(texts: &[Item]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(" "))
}

fn push_escaped(out: &mut String, character: char) {
    if let Some(byte) = bytes::stray_byte(character) {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\x{byte:02x}");
        return;
    }
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        _ if is_printable(character) => out.push(character),
        _ => {
            let code = u32::from(character);
            let _ = match code {
                0..=0x1f | 0x7f => write!(out, "\\x{code:02x}"),
                0x80..=0xffff => write!(out, "\\u{code:04x}"),
                _ => write!(out, "\\U{code:08x}"),
            };
        }
    }
}

/// Whether Go calls the character printable: letters, marks, numbers, punctuation, symbols and the ASCII space.
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return matches!(character, ' '..='~');
    }
    // The standard library keeps the same table, but shows it only by what it escapes. It escapes a mark only at the
    // start of a text, so something stands before it here.
    let mut shown = [0; 8];
    let before = 'a'.encode_utf8(&mut shown).len();
    let Some(rest) = shown.get_mut(before..) else { return false };
    let end = before + character.encode_utf8(rest).len();
    let text = shown.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    text.escape_debug().count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_printable_is_escaped_in_gos_way() {
        for (text, wanted) in [
            ("plain", r#""plain""#),
            ("", r#""""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\u{7}\u{8}\u{c}\n\r\t\u{b}", r#""\a\b\f\n\r\t\v""#),
            ("\u{0}\u{1}\u{7f}", r#""\x00\x01\x7f""#),
            ("\u{80}\u{a0}\u{2028}\u{feff}", r#""\u0080\u00a0\u2028\ufeff""#),
            ("\u{e000}\u{e0001}", r#""\ue000\U000e0001""#),
            ("é\u{301}語😀'", "\"é\u{301}語😀'\""),
        ] {
            assert_eq!(quoted(text), wanted, "{text:?}");
        }
        assert_eq!(quoted("\u{301}"), "\"\u{301}\"");
        assert_eq!(quoted_list(&["a", "b c"]), r#"["a" "b c"]"#);
    }
}
