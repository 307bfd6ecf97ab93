//! JSON as Go writes it: sorted keys, and what HTML could take for its own escaped.

use super::number;
use super::value::Value;
use crate::juju::bytes;
use std::fmt::Write as _;

/// `value` as one line without its end.
///
/// # Errors
///
/// Go's text, for a number that JSON cannot say.
pub fn encode(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    push(&mut out, value)?;
    Ok(out)
}

fn push(out: &mut String, value: &Value) -> Result<(), String> {
    match value {
        Value::Absent | Value::Texts(None) | Value::Map(None) => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Float(number) => {
            let text = number::in_json(*number).ok_or_else(|| {
                format!("json: unsupported value: {}", if number.is_nan() { "NaN" } else { "Inf" })
            })?;
            out.push_str(&text);
        }
        Value::Text(text) | Value::Time(text) => push_text(out, text.as_bytes()),
        Value::Bytes(bytes) => push_text(out, bytes),
        Value::Texts(Some(texts)) => {
            separated(out, ('[', ']'), texts, |out, text| {
                push_text(out, text.as_bytes());
                Ok(())
            })?;
        }
        Value::List(items) => separated(out, ('[', ']'), items, push)?,
        Value::Map(Some(entries)) => separated(out, ('{', '}'), entries, |out, (key, value)| {
            push_text(out, key.as_bytes());
            out.push(':');
            push(out, value)
        })?,
        Value::Record(fields) => {
            let fields = fields.iter().filter_map(|field| Some((field.in_json?, &field.value)));
            separated(out, ('{', '}'), fields, |out, (name, value)| {
                push_text(out, name.as_bytes());
                out.push(':');
                push(out, value)
            })?;
        }
    }
    Ok(())
}

fn separated<Item>(
    out: &mut String,
    (open, close): (char, char),
    items: impl IntoIterator<Item = Item>,
    mut push: impl FnMut(&mut String, Item) -> Result<(), String>,
) -> Result<(), String> {
    out.push(open);
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        push(out, item)?;
    }
    out.push(close);
    Ok(())
}

fn push_text(out: &mut String, bytes: &[u8]) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_character(out, character);
        }
        // Go replaces every byte that is no character for itself.
        for _ in chunk.invalid() {
            out.push_str("\\ufffd");
        }
    }
    out.push('"');
}

fn push_character(out: &mut String, character: char) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(character));
        }
        // Go replaces every byte that is no character for itself.
        _ if bytes::stray_byte(character).is_some() => out.push_str("\\ufffd"),
        _ => out.push(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::juju::text::value::Field;

    #[test]
    fn texts_are_escaped_for_html() {
        let text = Value::from("<a & \"b\">\u{2028}\n\u{1}\u{7f}é");
        assert_eq!(encode(&text).unwrap(), "\"\\u003ca \\u0026 \\\"b\\\"\\u003e\\u2028\\n\\u0001\u{7f}é\"");
        assert_eq!(encode(&Value::Bytes(vec![b'a', 0xff, 0xe2, 0x82])).unwrap(), r#""a\ufffd\ufffd\ufffd""#);
    }

    #[test]
    fn what_was_never_made_is_null_and_what_is_empty_is_not() {
        for (value, text) in [
            (Value::Absent, "null"),
            (Value::Texts(None), "null"),
            (Value::texts([] as [&str; 0]), "[]"),
            (Value::Map(None), "null"),
            (Value::map([] as [(&str, &str); 0]), "{}"),
        ] {
            assert_eq!(encode(&value).unwrap(), text);
        }
    }

    #[test]
    fn records_keep_their_order_and_maps_are_sorted() {
        let record = Value::Record(vec![
            Field::new("b", Value::map([("z", "1"), ("a", "2")])),
            Field::named(None, Some("x"), "3"),
            Field::new("a", Value::Int(4)),
        ]);
        assert_eq!(encode(&record).unwrap(), r#"{"b":{"a":"2","z":"1"},"a":4}"#);
    }
}
