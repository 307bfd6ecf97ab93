//! What a unit's agent keeps at the controller, so that another life of it can go on.
//!
//! Here it is what it means; as JSON it is what Juju writes: texts in YAML.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::juju::context::HookInfo;
use crate::juju::controller::shared::Shared;
use crate::juju::text::value::{Field, Value};
use crate::juju::text::yaml;

/// What a unit's agent keeps at the controller.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    /// What the agent does.
    #[serde(with = "text", skip_serializing_if = "Option::is_none")]
    pub uniter: Option<Shared<Operation>>,
    /// What the charm was told of each relation.
    #[serde(with = "texts", skip_serializing_if = "BTreeMap::is_empty")]
    pub relation: BTreeMap<i64, Shared<RelationState>>,
    /// Which storage the charm was told of.
    #[serde(with = "text", skip_serializing_if = "no_storage")]
    pub storage: Option<Shared<StorageState>>,
    /// What the charm was told of secrets.
    #[serde(with = "text", skip_serializing_if = "Option::is_none")]
    pub secret: Option<Shared<SecretState>>,
}

/// Which storage the charm was told of: `false` once it is detached.
pub type StorageState = BTreeMap<String, bool>;

#[expect(clippy::ref_option, reason = "serde asks for a reference to the field")]
fn no_storage(state: &Option<Shared<StorageState>>) -> bool {
    state.as_ref().is_none_or(|state| state.is_empty())
}

/// What the agent is at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, as in Juju's saved state")]
pub struct Operation {
    /// The unit has accepted leadership.
    pub leader: bool,
    /// `start` has run.
    pub started: bool,
    /// `stop` has run.
    pub stopped: bool,
    /// `install` has run.
    pub installed: bool,
    /// `remove` has run.
    pub removed: bool,
    /// The charm has ever set its status.
    pub status_set: bool,
    /// What it does.
    pub kind: OperationKind,
    /// How far that has come.
    pub step: Step,
    /// The hook, if it is one, or one that it comes back to.
    pub hook: Option<HookInfo>,
    /// The version of the bag that the hook tells of.
    pub change_version: i64,
    /// How far the hook has come, where that is something else.
    pub hook_step: Option<Step>,
    /// The action, if it is one.
    pub action_id: Option<String>,
    /// The charm that is put in place.
    pub charm: String,
    /// Of the options that the charm was told of.
    pub config_hash: Arc<str>,
    /// Of trust.
    pub trust_hash: Arc<str>,
    /// Of the addresses.
    pub addresses_hash: Arc<str>,
}

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationKind {
    /// It installs the charm.
    Install,
    /// It runs a hook, or is about to.
    RunHook,
    /// It runs an action.
    RunAction,
    /// It replaces the charm.
    Upgrade,
    /// Nothing.
    #[default]
    Continue,
}

/// How far an operation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// It is to be begun.
    Queued,
    /// It was begun.
    #[default]
    Pending,
    /// It is done and not committed.
    Done,
}

/// What the charm was told of a relation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct RelationState {
    /// The relation's number.
    pub id: i64,
    /// The version of each unit's bag that it was told of.
    pub members: BTreeMap<String, i64>,
    /// The version of the application's bag.
    pub application_members: BTreeMap<String, i64>,
    /// The unit that has joined and is told of once more.
    pub changed_pending: String,
}

/// What the charm was told of secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct SecretState {
    /// The newest revision of each secret that it reads, by URI.
    #[serde(rename = "secret-revisions")]
    pub consumed: BTreeMap<String, i64>,
    /// The revisions that nobody reads any more, by URI.
    #[serde(rename = "secret-obsolete-revisions")]
    pub obsolete: BTreeMap<String, Vec<i64>>,
}

/// A text that is no saved state.
#[derive(Debug, thiserror::Error)]
#[error("not what an agent saves: {0}")]
pub struct NotSaved(String);

/// What is kept as a text in YAML.
pub trait Text: Sized {
    /// As Juju writes it.
    fn to_yaml(&self) -> String;

    /// From a text.
    ///
    /// # Errors
    ///
    /// It is none.
    fn parse(text: &str) -> Result<Self, NotSaved>;
}

/// Saved hooks and operations as they are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "as in Juju's saved state")]
struct Written {
    leader: bool,
    started: bool,
    stopped: bool,
    installed: bool,
    removed: bool,
    status_set: bool,
    op: OperationKind,
    opstep: Step,
    hook: Option<WrittenHook>,
    hook_step: Option<Step>,
    action_id: Option<String>,
    charm: String,
    config_hash: String,
    trust_hash: String,
    addresses_hash: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct WrittenHook {
    kind: String,
    relation_id: i64,
    remote_unit: String,
    remote_application: String,
    change_version: i64,
    storage_id: String,
    departee: String,
    workload_name: String,
    notice_id: String,
    notice_type: String,
    notice_key: String,
    check_name: String,
    series_upgrade_target: String,
    secret_uri: String,
    secret_revision: i64,
    secret_label: String,
}

impl OperationKind {
    /// Juju's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::RunHook => "run-hook",
            Self::RunAction => "run-action",
            Self::Upgrade => "upgrade",
            Self::Continue => "continue",
        }
    }
}

impl Step {
    /// Juju's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Pending => "pending",
            Self::Done => "done",
        }
    }
}

fn text_field(fields: &mut Vec<Field>, name: &'static str, text: &str) {
    if !text.is_empty() {
        fields.push(Field::new(name, text));
    }
}

fn number_field(fields: &mut Vec<Field>, name: &'static str, number: i64) {
    if number != 0 {
        fields.push(Field::new(name, Value::Int(number)));
    }
}

fn numbers(map: &BTreeMap<String, i64>) -> Value {
    Value::map(map.iter().map(|(key, number)| (key.clone(), Value::Int(*number))))
}

impl Operation {
    fn hook_value(&self, hook: &HookInfo) -> Value {
        let mut fields = vec![Field::new("kind", hook.kind.as_str())];
        number_field(&mut fields, "relation-id", hook.relation_id.unwrap_or_default());
        text_field(&mut fields, "remote-unit", &hook.remote_unit);
        text_field(&mut fields, "remote-application", &hook.remote_app);
        number_field(&mut fields, "change-version", self.change_version);
        text_field(&mut fields, "storage-id", &hook.storage_id);
        text_field(&mut fields, "departee", &hook.departing_unit);
        text_field(&mut fields, "workload-name", &hook.workload);
        text_field(&mut fields, "notice-id", &hook.notice_id);
        text_field(&mut fields, "notice-type", &hook.notice_type);
        text_field(&mut fields, "notice-key", &hook.notice_key);
        text_field(&mut fields, "check-name", &hook.check_name);
        text_field(&mut fields, "series-upgrade-target", &hook.target_base);
        text_field(&mut fields, "secret-uri", &hook.secret_uri);
        number_field(&mut fields, "secret-revision", hook.secret_revision);
        text_field(&mut fields, "secret-label", &hook.secret_label);
        Value::Record(fields)
    }
}

impl Text for Operation {
    fn to_yaml(&self) -> String {
        let mut fields = vec![
            Field::new("leader", self.leader),
            Field::new("started", self.started),
            Field::new("stopped", self.stopped),
            Field::new("installed", self.installed),
            Field::new("removed", self.removed),
            Field::new("status-set", self.status_set),
            Field::new("op", self.kind.name()),
            Field::new("opstep", self.step.name()),
        ];
        if let Some(hook) = &self.hook {
            fields.push(Field::new("hook", self.hook_value(hook)));
        }
        if let Some(step) = self.hook_step {
            fields.push(Field::new("hook-step", step.name()));
        }
        if let Some(id) = &self.action_id {
            fields.push(Field::new("action-id", id.as_str()));
        }
        text_field(&mut fields, "charm", &self.charm);
        text_field(&mut fields, "config-hash", &self.config_hash);
        text_field(&mut fields, "trust-hash", &self.trust_hash);
        text_field(&mut fields, "addresses-hash", &self.addresses_hash);
        yaml::encode(&Value::Record(fields))
    }

    fn parse(text: &str) -> Result<Self, NotSaved> {
        let read: Written = serde_yaml::from_str(text).map_err(|error| NotSaved(error.to_string()))?;
        let hook = read.hook.as_ref();
        Ok(Self {
            leader: read.leader,
            started: read.started,
            stopped: read.stopped,
            installed: read.installed,
            removed: read.removed,
            status_set: read.status_set,
            kind: read.op,
            step: read.opstep,
            change_version: hook.map_or(0, |hook| hook.change_version),
            hook: read.hook.map(WrittenHook::info),
            hook_step: read.hook_step,
            action_id: read.action_id,
            charm: read.charm,
            config_hash: read.config_hash.into(),
            trust_hash: read.trust_hash.into(),
            addresses_hash: read.addresses_hash.into(),
        })
    }
}

impl WrittenHook {
    fn info(self) -> HookInfo {
        let mut info = HookInfo {
            remote_unit: self.remote_unit,
            remote_app: self.remote_application,
            departing_unit: self.departee,
            workload: self.workload_name,
            notice_id: self.notice_id,
            notice_type: self.notice_type,
            notice_key: self.notice_key,
            check_name: self.check_name,
            secret_uri: self.secret_uri,
            secret_label: self.secret_label,
            secret_revision: self.secret_revision,
            storage_id: self.storage_id,
            target_base: self.series_upgrade_target,
            ..HookInfo::of_kind(self.kind)
        };
        info.relation_id = info.is_relation().then_some(self.relation_id);
        info
    }
}

impl Text for RelationState {
    fn to_yaml(&self) -> String {
        let mut fields = vec![Field::new("id", Value::Int(self.id))];
        for (name, map) in [("members", &self.members), ("application-members", &self.application_members)] {
            if !map.is_empty() {
                fields.push(Field::new(name, numbers(map)));
            }
        }
        text_field(&mut fields, "changed-pending", &self.changed_pending);
        yaml::encode(&Value::Record(fields))
    }

    fn parse(text: &str) -> Result<Self, NotSaved> {
        serde_yaml::from_str(text).map_err(|error| NotSaved(error.to_string()))
    }
}

impl Text for StorageState {
    fn to_yaml(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        yaml::encode(&Value::map(self.iter().map(|(id, attached)| (id.clone(), *attached))))
    }

    fn parse(text: &str) -> Result<Self, NotSaved> {
        serde_yaml::from_str(text).map_err(|error| NotSaved(error.to_string()))
    }
}

impl Text for SecretState {
    fn to_yaml(&self) -> String {
        let mut fields = Vec::new();
        if !self.consumed.is_empty() {
            fields.push(Field::new("secret-revisions", numbers(&self.consumed)));
        }
        if !self.obsolete.is_empty() {
            let list = |list: &Vec<i64>| Value::List(list.iter().copied().map(Value::Int).collect());
            let lists = self.obsolete.iter().map(|(uri, revisions)| (uri.clone(), list(revisions)));
            fields.push(Field::new("secret-obsolete-revisions", Value::map(lists)));
        }
        if fields.is_empty() {
            return "{}\n".to_owned();
        }
        yaml::encode(&Value::Record(fields))
    }

    fn parse(text: &str) -> Result<Self, NotSaved> {
        serde_yaml::from_str(text).map_err(|error| NotSaved(error.to_string()))
    }
}

mod text {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Shared, Text};

    #[expect(clippy::ref_option, reason = "serde asks for a reference to the field")]
    pub(super) fn serialize<T: Text, S: Serializer>(
        state: &Option<Shared<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        state.as_ref().map(|state| state.to_yaml()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Shared<T>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
        let state = text.map(|text| T::parse(&text)).transpose().map_err(serde::de::Error::custom)?;
        Ok(state.map(Shared::from))
    }
}

mod texts {
    use super::{BTreeMap, Deserialize, Deserializer, RelationState, Serialize, Serializer, Shared, Text};

    pub(super) fn serialize<S: Serializer>(
        states: &BTreeMap<i64, Shared<RelationState>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let texts: BTreeMap<i64, String> = states.iter().map(|(id, state)| (*id, state.to_yaml())).collect();
        texts.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<i64, Shared<RelationState>>, D::Error> {
        let texts = Option::<BTreeMap<String, String>>::deserialize(deserializer)?.unwrap_or_default();
        let one = |(id, text): (String, String)| {
            let id: i64 = id.parse().map_err(serde::de::Error::custom)?;
            Ok((id, RelationState::parse(&text).map_err(serde::de::Error::custom)?.into()))
        };
        texts.into_iter().map(one).collect()
    }
}
