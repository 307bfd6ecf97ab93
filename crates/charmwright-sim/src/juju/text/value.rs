//! What a command prints, before it has a format.

use std::collections::BTreeMap;

/// A value of one of the shapes that Juju's commands print.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value at all: nothing is printed, and `null` as JSON.
    Absent,
    /// True or false.
    Bool(bool),
    /// A whole number that never went over the wire.
    Int(i64),
    /// Any number that came over the wire: JSON has but one kind, and Go reads it as a float.
    Float(f64),
    /// A text.
    Text(String),
    /// A time in its written form, which YAML needs no quotes for.
    Time(String),
    /// A text of any bytes: what a secret holds need not be UTF-8.
    Bytes(Vec<u8>),
    /// A list of texts. `None` is a list that was never made, which JSON shows as `null`.
    Texts(Option<Vec<String>>),
    /// A list of anything.
    List(Vec<Self>),
    /// A map. `None` is one that was never made, which JSON shows as `null`.
    Map(Option<BTreeMap<String, Self>>),
    /// Named fields in an order of their own.
    Record(Vec<Field>),
}

/// One field of a [`Value::Record`]. A format for which it has no name does not show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name in JSON.
    pub in_json: Option<&'static str>,
    /// Its name in YAML.
    pub in_yaml: Option<&'static str>,
    /// What it holds.
    pub value: Value,
}

impl Field {
    /// A field of one name in both formats.
    pub fn new(name: &'static str, value: impl Into<Value>) -> Self {
        Self { in_json: Some(name), in_yaml: Some(name), value: value.into() }
    }

    /// A field of a name in each format.
    pub fn named(
        in_json: Option<&'static str>,
        in_yaml: Option<&'static str>,
        value: impl Into<Value>,
    ) -> Self {
        Self { in_json, in_yaml, value: value.into() }
    }
}

impl Value {
    /// A map of texts.
    pub fn map<Key: Into<String>, Held: Into<Self>>(entries: impl IntoIterator<Item = (Key, Held)>) -> Self {
        Self::Map(Some(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect()))
    }

    /// A list of texts that was made, were it empty.
    pub fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Texts(Some(texts.into_iter().map(Into::into).collect()))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<Self>> for Value {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// What came over the wire: every number is a float.
impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Absent,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(number) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            serde_json::Value::String(text) => Self::Text(text),
            serde_json::Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(entries) => Self::map(entries),
        }
    }
}
