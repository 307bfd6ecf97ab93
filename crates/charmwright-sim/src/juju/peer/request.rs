//! What is asked of the peer.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::juju::context::{CommandInfo, HookInfo};

/// A request, one line of JSON: all that any of them has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    #[serde(deserialize_with = "or_default")]
    pub(super) op: String,
    #[serde(deserialize_with = "present")]
    pub(super) model: Option<Value>,
    #[serde(deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    relation_id: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    remote_unit: String,
    #[serde(deserialize_with = "or_default")]
    remote_app: String,
    #[serde(deserialize_with = "or_default")]
    departing_unit: String,
    #[serde(deserialize_with = "or_default")]
    workload: String,
    #[serde(deserialize_with = "or_default")]
    notice_id: String,
    #[serde(deserialize_with = "or_default")]
    notice_type: String,
    #[serde(deserialize_with = "or_default")]
    notice_key: String,
    #[serde(deserialize_with = "or_default")]
    check_name: String,
    #[serde(deserialize_with = "or_default")]
    secret_uri: String,
    #[serde(deserialize_with = "or_default")]
    secret_label: String,
    #[serde(deserialize_with = "or_default")]
    secret_revision: i64,
    #[serde(deserialize_with = "or_default")]
    storage_id: String,
    #[serde(deserialize_with = "or_default")]
    target_base: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) lose_leadership: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) params: Map<String, Value>,
    #[serde(deserialize_with = "or_default")]
    pub(super) script: String,
    #[serde(deserialize_with = "or_default")]
    force_remote_unit: bool,
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What is `null` is told from what is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Request {
    fn relation(&self) -> Option<i64> {
        self.relation_id.filter(|id| *id >= 0)
    }

    /// The hook that is asked for.
    pub(super) fn hook(&self) -> HookInfo {
        HookInfo {
            kind: self.kind.clone(),
            relation_id: self.relation(),
            remote_unit: self.remote_unit.clone(),
            remote_app: self.remote_app.clone(),
            departing_unit: self.departing_unit.clone(),
            workload: self.workload.clone(),
            notice_id: self.notice_id.clone(),
            notice_type: self.notice_type.clone(),
            notice_key: self.notice_key.clone(),
            check_name: self.check_name.clone(),
            secret_uri: self.secret_uri.clone(),
            secret_label: self.secret_label.clone(),
            secret_revision: self.secret_revision,
            storage_id: self.storage_id.clone(),
            target_base: self.target_base.clone(),
            of_tomorrow: false,
        }
    }

    /// What juju-exec is asked for.
    pub(super) fn command(&self) -> CommandInfo {
        CommandInfo {
            relation_id: self.relation(),
            remote_unit: self.remote_unit.clone(),
            force_remote_unit: self.force_remote_unit,
        }
    }
}
