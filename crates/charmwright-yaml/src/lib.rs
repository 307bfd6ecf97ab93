//! JSON that a YAML parser reads as it was meant.
//!
//! Juju reads databags, and Pebble layers, with a YAML parser. JSON is YAML but for a few characters that such a
//! parser refuses or bends when they stand raw, though JSON allows them; [`to_text`] escapes those.

#![warn(clippy::disallowed_methods)]

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// A value as JSON that YAML 1.1 and 1.2 parsers read back exactly.
///
/// ```
/// let text = charmwright_yaml::to_text(&["é😀", "a\u{2028}b"])?;
/// assert_eq!(text, r#"["é😀","a\u2028b"]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// If the value cannot be written as JSON, as a map whose keys are no texts.
pub fn to_text(value: &impl Serialize) -> serde_json::Result<String> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, YamlSafe))?;
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

struct YamlSafe;

impl Formatter for YamlSafe {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(start) = rest.find(must_be_escaped) {
            let (plain, from) = rest.split_at(start);
            writer.write_all(plain.as_bytes())?;
            let mut characters = from.chars();
            if let Some(character) = characters.next() {
                write!(writer, "\\u{:04x}", u32::from(character))?;
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// JSON has escaped what is below the space. Beyond the basic plane nothing may be escaped: YAML knows no surrogate
/// pairs. What is left is unprintable to YAML, or a line break that it folds.
fn must_be_escaped(character: char) -> bool {
    matches!(character, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_yaml_parser_bends_is_escaped_and_the_rest_is_raw() {
        assert_eq!(to_text(&"é😀/\"\\\n").unwrap(), "\"é😀/\\\"\\\\\\n\"");
        assert_eq!(to_text(&"a\u{85}b\u{7f}\u{9f}c").unwrap(), "\"a\\u0085b\\u007f\\u009fc\"");
        assert_eq!(to_text(&"p \u{2028} q\u{ffff}").unwrap(), "\"p \\u2028 q\\uffff\"");
        assert_eq!(to_text(&"\u{0}\u{1f}").unwrap(), "\"\\u0000\\u001f\"");
    }

    proptest! {
        #[test]
        fn it_stays_json_and_nothing_that_yaml_bends_stands_raw(value: String) {
            let text = to_text(&value).unwrap();
            let back: String = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&back, &value);
            prop_assert!(!text.contains(must_be_escaped) && !text.contains(char::is_control));
        }
    }
}
