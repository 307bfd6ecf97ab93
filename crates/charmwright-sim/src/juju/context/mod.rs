//! One run of a charm, as the unit's agent sees it: what was so when the run began, what hook commands have read and
//! changed since, and what is written when the charm has ended.

mod actions;
mod agent;
mod create;
mod failure;
mod flush;
mod leader;
mod payloads;
mod pod_spec;
mod ports;
mod relations;
mod resources;
mod secrets;
mod state;
mod storage;
mod types;
mod unit;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use self::agent::{Agent, Paths};
pub use self::failure::{Failure, FailureKind};
pub use self::relations::RelationView;
pub use self::types::{
    AccessInfo, ApplicationStatusInfo, CommandInfo, GroupedPorts, HookInfo, Owner, PortRange, Reboot,
    SecretAccess, SecretMetadata, SecretUpdate, SecretValue, Side, StatusInfo, StorageAttachment,
    StorageConstraints,
};

use self::payloads::Payloads;
use self::ports::PortChanges;
use self::relations::ContextRelation;
use self::secrets::PendingSecrets;
use super::controller::{Bag, CloudSpec, Controller};
use super::log::{Level, Record};
use super::version::JujuVersion;

/// The name of the agent's own logger.
const LOGGER: &str = "juju.worker.uniter";

/// The action that is being run.
#[derive(Debug, Clone, PartialEq)]
struct ActionData {
    name: String,
    id: String,
    params: Option<Map<String, Value>>,
    failed: bool,
    message: String,
    results: Map<String, Value>,
}

/// One run: of a hook, of an action, or of juju-exec.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Context {
    id: String,
    hook_name: String,
    hook: HookInfo,
    relation_id: Option<i64>,
    remote_unit: String,
    remote_app: String,
    relations: BTreeMap<i64, ContextRelation>,
    action: Option<ActionData>,
    api_addresses: Vec<String>,
    sla: String,
    cloud_api_version: String,
    model_config: Map<String, Value>,
    private_address: String,
    public_address: String,
    ports: PortChanges,
    secrets: PendingSecrets,
    payloads: Payloads,
    is_minion: bool,
    leader_settings: Option<Bag>,
    status: Option<StatusInfo>,
    has_set_status: bool,
    config: Option<Map<String, Value>>,
    cloud_spec: Option<CloudSpec>,
    charm_state: Option<Bag>,
    charm_state_changed: bool,
    storage_ids: Option<Vec<String>>,
    storage: BTreeMap<String, StorageAttachment>,
    storage_adds: BTreeMap<String, Vec<StorageConstraints>>,
    pod_spec: Option<String>,
    raw_k8s_spec: Option<String>,
    reboot: Reboot,
    log: Vec<Record>,
}

/// A run together with its agent: what hook commands are given.
#[derive(Debug)]
pub struct Run<'a> {
    /// The agent.
    pub agent: &'a mut Agent,
    /// The run.
    pub context: &'a mut Context,
}

impl Context {
    /// The id, which is `JUJU_CONTEXT_ID`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The hook's full name; `""` for actions and juju-exec.
    pub fn hook_name(&self) -> &str {
        &self.hook_name
    }

    /// The hook, with what the agent has found out about it: a secret's own label is filled in.
    pub fn hook(&self) -> &HookInfo {
        &self.hook
    }

    /// The relation that the run is about, if the agent has it: its number and our endpoint.
    pub fn relation(&self) -> Option<(i64, &str)> {
        let id = self.relation_id?;
        Some((id, self.relations.get(&id)?.endpoint()))
    }

    /// The unit at the other end, or `""`.
    pub fn remote_unit(&self) -> &str {
        &self.remote_unit
    }

    /// The application at the other end, or `""`.
    pub fn remote_app(&self) -> &str {
        &self.remote_app
    }

    /// The action that is run: its name and its id.
    pub fn action(&self) -> Option<(&str, &str)> {
        self.action.as_ref().map(|action| (action.name.as_str(), action.id.as_str()))
    }

    /// Where the controller is found.
    pub fn api_addresses(&self) -> &[String] {
        &self.api_addresses
    }

    /// The service level.
    pub fn sla(&self) -> &str {
        &self.sla
    }

    /// The version of the cloud's API.
    pub fn cloud_api_version(&self) -> &str {
        &self.cloud_api_version
    }

    /// The model's configuration as far as it differs from the defaults.
    pub fn model_config(&self) -> &Map<String, Value> {
        &self.model_config
    }

    /// Whether the charm has set the unit's status.
    pub fn has_set_status(&self) -> bool {
        self.has_set_status
    }

    /// Whether and when the machine is to be rebooted.
    pub fn reboot(&self) -> Reboot {
        self.reboot
    }

    /// What the agent has logged since this was asked last.
    pub fn take_log(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.log)
    }

    /// Logs something.
    pub fn log(&mut self, record: Record) {
        self.log.push(record);
    }
}

impl Run<'_> {
    /// Which Juju is played.
    pub fn version(&self) -> JujuVersion {
        self.agent.version
    }

    /// What the time is.
    pub fn now(&self) -> jiff::Timestamp {
        self.agent.controller.now()
    }

    /// The unit's name.
    pub fn unit_name(&self) -> &str {
        &self.agent.controller.model().unit
    }

    /// Logs what the charm wants logged.
    pub fn juju_log(&mut self, level: Level, message: impl Into<String>) {
        let logger = format!("unit.{}.juju-log", self.unit_name());
        self.context.log(Record::new(level, &logger, message));
    }

    fn controller(&mut self) -> &mut Controller {
        &mut self.agent.controller
    }

    fn log(&mut self, level: Level, message: impl Into<String>) {
        self.context.log(Record::new(level, LOGGER, message));
    }
}
