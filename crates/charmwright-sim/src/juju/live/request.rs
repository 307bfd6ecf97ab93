//! What is asked.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::juju::controller::{Change, CrashPoint};

/// A request, one line of JSON: all that any of them has.
#[expect(clippy::struct_excessive_bools, reason = "a request has what any of them has")]
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    pub(super) op: String,
    pub(super) model: Option<Value>,
    change: Option<Value>,
    #[serde(deserialize_with = "or_default")]
    changes: Vec<Value>,
    pub(super) ms: i64,
    pub(super) kill: bool,
    pub(super) script: String,
    pub(super) new_pod: bool,
    pub(super) reboot: bool,
    pub(super) hook: String,
    pub(super) follow: Vec<String>,
    pub(super) hold: Option<bool>,
    pub(super) fail: Option<Value>,
    pub(super) run: Option<String>,
    method: String,
    #[serde(rename = "match")]
    matches: String,
    after: bool,
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Request {
    /// The changes to the world.
    pub(super) fn changes(&self) -> Result<Vec<Change>, String> {
        let one = |value: &Value| serde_json::from_value(value.clone()).map_err(|error| error.to_string());
        self.changes.iter().chain(&self.change).map(one).collect()
    }

    /// Where the agent is to die.
    pub(super) fn crash_point(&self) -> CrashPoint {
        CrashPoint { method: self.method.clone(), matches: self.matches.clone(), after: self.after }
    }
}
