use super::*;
use crate::juju::text::value::Value;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn emitted(value: impl Into<Value>) -> String {
    encode(&value.into())
}

fn read(text: &str) -> Result<BTreeMap<String, String>, String> {
    let texts = texts(text.as_bytes(), Target::Settings)?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ok(texts.into_iter().map(|(key, value)| (text(key), text(value))).collect())
}

#[test]
fn texts_are_quoted_where_they_would_mean_something_else() {
    for (value, wanted) in [
        ("a", "a\n"),
        ("", "\"\"\n"),
        ("yes", "\"yes\"\n"),
        ("12", "\"12\"\n"),
        ("1:30", "\"1:30\"\n"),
        ("2001-01-02", "\"2001-01-02\"\n"),
        (" a", "' a'\n"),
        ("it's: so", "'it''s: so'\n"),
        ("- a", "'- a'\n"),
        ("a #b", "'a #b'\n"),
        ("a\tb", "\"a\\tb\"\n"),
        ("😀", "\"\\U0001F600\"\n"),
        ("a\nb", "|-\n  a\n  b\n"),
        ("a\n", "|\n  a\n"),
        (" a\nb\n\n", "|2+\n   a\n  b\n\n"),
        ("a \nb", "\"a \\nb\"\n"),
    ] {
        assert_eq!(emitted(value), wanted, "{value:?}");
    }
}

#[test]
fn long_lines_are_folded_at_blanks() {
    let words = vec!["word"; 20].join(" ");
    assert_eq!(emitted(words.as_str()), format!("{}\n  word word word\n", vec!["word"; 17].join(" ")));
}

#[test]
fn collections_are_blocks() {
    let inner = Value::List(vec![Value::map([("a", "1")]), Value::texts(["x"]), Value::Absent]);
    let outer =
        Value::map([("list", inner), ("empty", Value::texts([] as [&str; 0])), ("none", Value::Map(None))]);
    assert_eq!(emitted(outer), "empty: []\nlist:\n- a: \"1\"\n- - x\n- null\nnone: {}\n");
}

#[test]
fn a_long_key_stands_alone() {
    let key = "k".repeat(129);
    assert_eq!(emitted(Value::map([(key.as_str(), "v")])), format!("? {key}\n: v\n"));
}

#[test]
fn bytes_that_are_no_text_are_base64() {
    assert_eq!(emitted(Value::map([("k", Value::Bytes(vec![0xff, 0]))])), "k: !!binary /wA=\n");
    let long = emitted(Value::map([("k", Value::Bytes(vec![0xff; 60]))]));
    assert!(long.starts_with("k: !!binary |\n  "), "{long}");
}

#[test]
fn scalars_are_read_by_their_letters() {
    let text = "{\"a\": 1, b: 1.50, c: true, d: null, e: ~, f: 'x', 9: y, g: !!str 5, h: !!binary YWI=, i: &n v, j: *n}";
    let wanted = [
        ("9", "y"),
        ("a", "1"),
        ("b", "1.50"),
        ("c", "true"),
        ("d", ""),
        ("e", ""),
        ("f", "x"),
        ("g", "5"),
        ("h", "ab"),
        ("i", "v"),
        ("j", "v"),
    ];
    let read = read(text).unwrap();
    assert!(read.iter().map(|(key, value)| (key.as_str(), value.as_str())).eq(wanted), "{read:?}");
}

#[test]
fn merges_are_followed() {
    let read = read("a: &a\n  x: 1\n").unwrap_err();
    assert_eq!(read, "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into string");
    let merged = self::read("<<: {x: 1, y: 2}\ny: 3\n").unwrap();
    assert_eq!(merged, BTreeMap::from([("x".to_owned(), "1".to_owned()), ("y".to_owned(), "3".to_owned())]));
    assert_eq!(
        self::read("<<: 1").unwrap_err(),
        "yaml: map merge requires map or sequence of maps as the value"
    );
}

#[test]
fn what_is_no_map_of_texts_is_refused() {
    for (text, error) in [
        (
            "a: [1]\nb: {c: d}",
            "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into string\n  line 2: cannot unmarshal !!map into string",
        ),
        ("word", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `word` into map[string]string"),
        ("[1]", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into map[string]string"),
        ("a: !!int x", "yaml: cannot decode !!str `x` as a !!int"),
        ("a: *b", "yaml: unknown anchor 'b' referenced"),
    ] {
        assert_eq!(read(text).unwrap_err(), error, "{text}");
    }
    assert_eq!(read(""), Ok(BTreeMap::new()));
    assert_eq!(read("null"), Ok(BTreeMap::new()));
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        entries in proptest::collection::btree_map("[ -~\\n\\t\u{a0}-\u{2ff}😀]{0,40}", "[ -~\\n\\r\\t\u{80}-\u{2ff}\u{ffff}😀]{0,120}", 0..6)
    ) {
        let text = encode(&Value::map(entries.clone()));
        let read = read(&text).unwrap();
        prop_assert_eq!(read, entries, "{}", text);
    }
}
