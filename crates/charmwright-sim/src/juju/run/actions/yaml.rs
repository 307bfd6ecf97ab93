//! The files of a charm's folder, as Juju's library takes them: `on` is a truth and no text, a key may be anything, and of
//! two equal keys the later one counts.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_yaml::options::DuplicateKeyPolicy;

use crate::juju::text::yaml;

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Loaded {
    /// Anything but a list or a map.
    Plain(Value),
    /// A list.
    List(Vec<Self>),
    /// A map, whose keys may be anything.
    Map(Vec<(Self, Self)>),
}

/// Reads a file's text. What is empty is `null`.
///
/// # Errors
///
/// If it is no YAML. The text is Juju's, but for odd mistakes.
pub(super) fn load(text: &str) -> Result<Loaded, String> {
    if text.trim().is_empty() {
        return Ok(Loaded::Plain(Value::Null));
    }
    let mut options = serde_yaml::Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::LastWins;
    options.legacy_octal_numbers = true;
    serde_yaml::from_str_with_options(text, options).map_err(|error| {
        // The reader of settings knows the words, though not what a file of actions may hold.
        let told = yaml::texts(text.as_bytes(), yaml::Target::Settings).err();
        told.filter(|told| !told.contains("unmarshal errors")).unwrap_or_else(|| format!("yaml: {error}"))
    })
}

impl Loaded {
    /// A map's entries by their names; a key that is no text has its letters for a name. What is no map has none.
    pub(super) fn entries(self) -> Map<String, Value> {
        let Self::Map(entries) = self else { return Map::new() };
        entries.into_iter().map(|(key, value)| (key.name(), value.loose())).collect()
    }

    /// A map's entries by their names, each still as it was loaded; `None` for what is no map.
    pub(super) fn parts(self) -> Option<Vec<(String, Self)>> {
        match self {
            Self::Map(entries) => Some(entries.into_iter().map(|(key, value)| (key.name(), value)).collect()),
            Self::Plain(Value::Null) => Some(Vec::new()),
            _ => None,
        }
    }

    /// The value as JSON, if all its keys are texts and none of them is a reference.
    ///
    /// # Errors
    ///
    /// If one is not.
    pub(super) fn strict(self) -> Result<Value, String> {
        match self {
            Self::Plain(value) => Ok(value),
            // In a list, Juju tells of nothing else.
            Self::List(items) => {
                let items = items.into_iter().map(|item| item.strict().map_err(|_| NOT_A_TEXT.to_owned()));
                Ok(Value::Array(items.collect::<Result<_, _>>()?))
            }
            Self::Map(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    let Self::Plain(Value::String(key)) = key else { return Err(NOT_A_TEXT.to_owned()) };
                    if key == "$ref" || key == "$schema" {
                        return Err(format!("schema key \"{key}\" not compatible with this version of juju"));
                    }
                    map.insert(key, value.strict()?);
                }
                Ok(Value::Object(map))
            }
        }
    }

    fn loose(self) -> Value {
        match self {
            Self::Plain(value) => value,
            Self::List(items) => items.into_iter().map(Self::loose).collect(),
            Self::Map(_) => Value::Object(self.entries()),
        }
    }

    fn name(self) -> String {
        match self.loose() {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }
}

const NOT_A_TEXT: &str = "map keyed with non-string value";

impl<'de> Deserialize<'de> for Loaded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Loader)
    }
}

struct Loader;

impl<'de> Visitor<'de> for Loader {
    type Value = Loaded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Loaded, E> {
        Ok(Loaded::Plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Loaded, E> {
        Ok(Loaded::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Loaded, E> {
        Ok(Loaded::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Loaded, E> {
        Ok(Loaded::Plain(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Loaded, E> {
        Number::from_f64(value)
            .map(|number| Loaded::Plain(number.into()))
            .ok_or_else(|| E::custom("infinite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Loaded, E> {
        Ok(Loaded::Plain(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Loaded, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Loaded::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Loaded, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Loaded::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_that_is_no_text_is_seen() {
        for text in ["a: {on: 1}", "a: {1: x}", "a: [{y: x}]", "a: {~: x}"] {
            assert_eq!(load(text).unwrap().strict(), Err(NOT_A_TEXT.to_owned()), "{text}");
        }
        assert_eq!(load("a: {\"on\": yes}").unwrap().strict(), Ok(json!({"a": {"on": true}})));
        assert_eq!(Value::Object(load("on: {1: x}").unwrap().entries()), json!({"true": {"1": "x"}}));
    }

    #[test]
    fn values_are_those_of_old_yaml() {
        assert_eq!(
            load("{a: 0o17, b: 0x1f, c: 1_000, d: ~, e: 2020-01-01, f: 017, g: 'yes', h: 1, h: 2}")
                .unwrap()
                .strict(),
            Ok(
                json!({"a": 15, "b": 31, "c": 1000, "d": null, "e": "2020-01-01", "f": 15, "g": "yes", "h": 2})
            )
        );
    }

    #[test]
    fn what_is_no_yaml_is_told_in_jujus_words() {
        assert_eq!(load("x: [1").unwrap_err(), "yaml: line 1: did not find expected ',' or ']'");
    }
}
