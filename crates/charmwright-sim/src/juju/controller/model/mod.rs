//! What the controller keeps, in the shape in which it is given and read.
//!
//! A field that is unset is left out, or is `null`, exactly where Juju's own values would be.

mod cloud;
mod network;
mod relation;
mod saved;
mod secret;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::shared::Shared;

pub use self::cloud::{CloudCredential, CloudSpec, GoalState, GoalStatus, UnitGoals};
pub use self::network::{ErrorInfo, InterfaceAddress, InterfaceInfo, NetworkInfo, Port};
pub use self::relation::Relation;
pub use self::saved::{
    NotSaved, Operation, OperationKind, RelationState, Saved, SecretState, Step, StorageState, Text,
};
pub use self::secret::{Consumer, Grant, Revision, Secret};

/// The settings of a relation, and other small maps of text.
pub type Bag = BTreeMap<String, String>;

pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::ref_option, reason = "serde asks for a reference to the field")]
fn is_empty<T>(list: &Option<Vec<T>>) -> bool {
    list.as_ref().is_none_or(Vec::is_empty)
}

#[expect(clippy::ref_option, reason = "serde asks for a reference to the field")]
fn is_empty_bag(bag: &Option<Bag>) -> bool {
    bag.as_ref().is_none_or(Bag::is_empty)
}

#[expect(clippy::ref_option, reason = "serde asks for a reference to the field")]
fn is_empty_map(map: &Option<Map<String, Value>>) -> bool {
    map.as_ref().is_none_or(Map::is_empty)
}

/// Everything that the controller knows and one unit's agent can see.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, as in Juju")]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    /// The model's name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The model's UUID.
    #[serde(deserialize_with = "or_default")]
    pub uuid: String,
    /// `caas` or `iaas`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// The unit whose agent this is.
    #[serde(deserialize_with = "or_default")]
    pub unit: String,
    /// The charm's folder.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub charm_dir: String,
    /// The version that the agent reports.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub juju_version: String,
    /// Whether the unit is its application's leader.
    #[serde(deserialize_with = "or_default")]
    pub leader: bool,
    /// Whether the application may see the cloud's credentials.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub trust: bool,
    /// The machine that the unit is on.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub machine_id: String,
    /// The availability zone.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub zone: String,
    /// The unit that a subordinate belongs to.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub principal: String,
    /// The service level.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub sla: String,
    /// The version of the cloud's API.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub cloud_api_version: String,
    /// Where the controller is found.
    #[serde(skip_serializing_if = "is_empty")]
    pub api_addresses: Option<Vec<String>>,
    /// The unit's private address.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub private_address: String,
    /// The unit's public address.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub public_address: String,
    /// Settings of the model that differ from the defaults.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Map::is_empty")]
    pub model_config: Map<String, Value>,
    /// What the operator has set.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
    /// The options, as `options` of config.yaml. Without them the charm's own are read.
    #[serde(skip_serializing_if = "is_empty_map")]
    pub config_schema: Option<Map<String, Value>>,
    /// The unit's relations.
    pub relations: Option<Vec<Shared<Relation>>>,
    /// All secrets, whoever owns them.
    pub secrets: Option<Vec<Shared<Secret>>>,
    /// The storage that is attached to the unit.
    pub storage: Option<Vec<Storage>>,
    /// How many of each storage there may be.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub storage_limits: BTreeMap<String, StorageLimit>,
    /// The networks by endpoint; `""` is the application's own.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub networks: BTreeMap<String, NetworkInfo>,
    /// The ports that the unit has opened.
    pub ports: Option<Vec<Port>>,
    /// The ports that other units have opened.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub other_ports: BTreeMap<String, Option<Vec<Port>>>,
    /// What `goal-state` answers; made up from the relations if unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal_state: Option<GoalState>,
    /// Resources, and the files that they are.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub resources: Bag,
    /// What `credential-get` answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_spec: Option<CloudSpec>,
    /// The unit's status.
    #[serde(deserialize_with = "or_default")]
    pub unit_status: Status,
    /// The agent's status.
    #[serde(deserialize_with = "or_default")]
    pub agent_status: Status,
    /// The application's status.
    #[serde(deserialize_with = "or_default")]
    pub app_status: Status,
    /// The statuses of the application's other units.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub peer_statuses: BTreeMap<String, Status>,
    /// The version of the workload.
    #[serde(deserialize_with = "or_default")]
    pub workload_version: String,
    /// What the charm has stored with `state-set`.
    pub charm_state: Option<Bag>,
    /// The settings that leaders share with their units.
    #[serde(skip_serializing_if = "is_empty_bag")]
    pub leader_settings: Option<Bag>,
    /// Registered payloads by their id.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub payloads: BTreeMap<String, Payload>,
    /// The pod specification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_spec: Option<String>,
    /// The raw Kubernetes specification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_k8s_spec: Option<String>,
    /// Whether a reboot of the machine was asked for.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub reboot_requested: bool,
    /// What became of actions, by id.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub actions: BTreeMap<String, ActionRun>,
    /// The unit's life.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub life: String,
    /// The application's life.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub app_life: String,
    /// How the operator resolves a failed hook: `retry-hooks`, `no-hooks` or `""`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub resolved: String,
    /// The pod's name.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub provider_id: String,
    /// The folders of charms, by URL.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub charms: BTreeMap<String, String>,
    /// The application's charm.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub charm_url: String,
    /// The charm that the unit says it runs.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub unit_charm_url: String,
    /// Whether the charm is to be replaced even while a hook is in error.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub force_charm: bool,
    /// How often the application's charm was changed in some way.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub charm_modified_version: i64,
    /// What the agent keeps here.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub saved: Saved,
    /// The unit's workload containers.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub containers: Vec<String>,
    /// The most bytes that `charm_state` may have.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub max_charm_state_size: i64,
}

/// A status as `status-set` sets it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// `active`, `blocked` …
    #[serde(deserialize_with = "or_default")]
    pub status: String,
    /// The message.
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    /// Data that goes with it.
    #[serde(skip_serializing_if = "is_empty_map")]
    pub data: Option<Map<String, Value>>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.status)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

/// One storage instance that is attached to the unit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Storage {
    /// `name/N`.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// `filesystem` or `block`.
    #[serde(deserialize_with = "or_default")]
    pub kind: String,
    /// Where it is.
    #[serde(deserialize_with = "or_default")]
    pub location: String,
    /// The attachment's life.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub life: String,
    /// Whether it is not there yet.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub unprovisioned: bool,
}

/// How many instances of a storage there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StorageLimit {
    /// The fewest.
    #[serde(deserialize_with = "or_default")]
    pub min: i64,
    /// The most; below zero there is no limit.
    #[serde(deserialize_with = "or_default")]
    pub max: i64,
}

/// One registered payload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Payload {
    /// Its class.
    #[serde(deserialize_with = "or_default")]
    pub class: String,
    /// Its type.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// Its id in its class.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// `running`, `stopped` …
    #[serde(deserialize_with = "or_default")]
    pub status: String,
    /// Labels.
    #[serde(skip_serializing_if = "is_empty")]
    pub labels: Option<Vec<String>>,
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionRun {
    /// The action's name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// What it was given.
    pub params: Option<Map<String, Value>>,
    /// Whether the agent has begun it.
    #[serde(deserialize_with = "or_default")]
    pub begun: bool,
    /// `pending`, `running`, `completed`, `failed` or `aborted`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub status: String,
    /// The message.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub message: String,
    /// The results.
    #[serde(skip_serializing_if = "is_empty_map")]
    pub results: Option<Map<String, Value>>,
    /// What `action-log` wrote.
    #[serde(skip_serializing_if = "is_empty")]
    pub log: Option<Vec<String>>,
    /// Whether it may run beside others.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub parallel: bool,
    /// The group of those that may not run beside each other.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub execution_group: String,
}
