//! The HTTP API: routes, parameters, answers.

pub(crate) mod envelope;
mod get;
mod post;
mod query;
mod route;
mod wait;

use std::fmt::Write;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

pub use self::envelope::reason;

/// Reads the first JSON value of a body; what follows it does not matter.
pub(crate) fn first_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<T>();
    match values.next() {
        None => Err("EOF".to_owned()),
        Some(Err(error)) if error.is_eof() => Err("unexpected EOF".to_owned()),
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(value)) => Ok(value),
    }
}

/// What is null is as good as not there.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Writes a metric in the text format of Prometheus.
pub(crate) fn metric(
    text: &mut String,
    name: &str,
    kind: &str,
    comment: &str,
    (label, value): (&str, &str),
    number: u64,
) {
    let value = crate::text::quoted(value);
    // Writing into a text does not fail.
    let _ =
        write!(text, "# HELP {name} {comment}\n# TYPE {name} {kind}\n{name}{{{label}={value}}} {number}\n\n");
}
