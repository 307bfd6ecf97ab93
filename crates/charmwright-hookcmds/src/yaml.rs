//! Databags as the text that `relation-set --file -` reads.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// Juju reads the text with a YAML 1.1 parser. JSON is YAML but for a few characters that the parser refuses
/// or bends when they stand raw, though JSON allows them; those are escaped.
pub(crate) fn text_of(bag: &BTreeMap<String, String>) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    bag.serialize(&mut Serializer::with_formatter(&mut bytes, YamlSafe))?;
    String::from_utf8(bytes).map_err(|error| serde_json::Error::io(io::Error::other(error)))
}

struct YamlSafe;

impl Formatter for YamlSafe {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(position) = rest.find(must_be_escaped) {
            let (plain, from) = rest.split_at(position);
            CompactFormatter.write_string_fragment(writer, plain)?;
            let mut characters = from.chars();
            if let Some(character) = characters.next() {
                write!(writer, "\\u{:04x}", u32::from(character))?;
            }
            rest = characters.as_str();
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}

fn must_be_escaped(character: char) -> bool {
    matches!(character, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: &str) -> String {
        text_of(&BTreeMap::from([("k".to_owned(), value.to_owned())])).unwrap()
    }

    #[test]
    fn what_a_yaml_parser_bends_is_escaped_and_the_rest_is_raw() {
        assert_eq!(text("é😀/\"\\\n"), "{\"k\":\"é😀/\\\"\\\\\\n\"}");
        assert_eq!(text("a\u{85}b\u{7f}\u{9f}c"), "{\"k\":\"a\\u0085b\\u007f\\u009fc\"}");
        assert_eq!(text("p \u{2028} q\u{ffff}"), "{\"k\":\"p \\u2028 q\\uffff\"}");
        assert_eq!(text("\u{0}\u{1f}"), "{\"k\":\"\\u0000\\u001f\"}");
    }

    proptest! {
        #[test]
        fn it_stays_json_and_nothing_that_yaml_bends_stands_raw(value: String) {
            let text = text(&value);
            let back: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&back["k"], &value);
            prop_assert!(!text.contains(must_be_escaped) && !text.contains(char::is_control));
        }
    }
}
