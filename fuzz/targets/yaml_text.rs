//! What is written for YAML parsers: they read the same texts. Two parsers stand for Juju's and Pebble's.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use libyaml_safer::{EventData, Parser};

/// Parsers of YAML refuse longer keys; whoever writes a bag checks that.
const KEY_CHARACTERS_MAX: usize = 100;

/// The texts of all scalars, in order. The parser is a port of the one that Juju's is made from.
fn scalars(text: &[u8]) -> Vec<String> {
    let mut parser = Parser::new();
    parser.set_input(text);
    let mut scalars = Vec::new();
    loop {
        match parser.parse().unwrap().data {
            EventData::Scalar { value, .. } => scalars.push(value),
            EventData::StreamEnd => return scalars,
            _ => {}
        }
    }
}

fuzz_target!(|text: &str| {
    let list: Vec<&str> = text.split('\0').collect();
    let written = charmwright_yaml::to_text(&list).unwrap();
    assert_eq!(scalars(written.as_bytes()), list);
    assert_eq!(serde_saphyr::from_str::<Vec<String>>(&written).unwrap(), list);

    let key = |text: &str| text.chars().take(KEY_CHARACTERS_MAX).collect::<String>();
    let bag: BTreeMap<String, String> =
        list.chunks(2).map(|pair| (key(pair[0]), pair[pair.len() - 1].to_owned())).collect();
    let written = charmwright_yaml::to_text(&bag).unwrap();
    let flat: Vec<&String> = bag.iter().flat_map(|(key, value)| [key, value]).collect();
    assert_eq!(scalars(written.as_bytes()).iter().collect::<Vec<_>>(), flat);
    assert_eq!(serde_saphyr::from_str::<BTreeMap<String, String>>(&written).unwrap(), bag);
});
