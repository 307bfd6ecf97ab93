//! What a unit's agent keeps from run to run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{Failure, HookInfo};
use crate::juju::controller::{Bag, Controller};
use crate::juju::version::JujuVersion;

/// Where an agent has its files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paths {
    /// The folder with a link for each hook command.
    pub tools: PathBuf,
    /// The agent's own folder.
    pub base: PathBuf,
    /// The charm's folder.
    pub charm: PathBuf,
    /// The socket that hook commands speak to.
    pub socket: PathBuf,
}

impl Paths {
    /// Where resources are put.
    pub fn resources(&self) -> PathBuf {
        self.base.join("resources")
    }
}

/// What is read once, when an agent starts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Started {
    model_uuid: String,
    model_name: String,
    is_kubernetes: bool,
    machine: String,
    zone: String,
    principal: String,
}

/// The bags of a relation's units that were read while these were members. They outlive a hook.
pub(super) type MemberBags = BTreeMap<String, Option<Bag>>;

/// A unit's agent: the controller as it meets it, and what outlives one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// The controller.
    pub controller: Controller,
    /// Which Juju it is.
    pub version: JujuVersion,
    /// Where its files are.
    pub paths: Paths,
    started: Started,
    members: BTreeMap<i64, MemberBags>,
    /// The relations that it has entered; all that there are, if nobody keeps count.
    entered: Option<BTreeSet<i64>>,
    next_context: u64,
    next_action: u64,
}

impl Agent {
    /// An agent that has just started.
    pub fn new(controller: Controller, version: JujuVersion, paths: Paths) -> Self {
        let model = controller.model();
        let is_kubernetes = model.is_kubernetes();
        let of_machine = |text: &String| if is_kubernetes { String::new() } else { text.clone() };
        let started = Started {
            model_uuid: model.uuid.clone(),
            model_name: model.name.clone(),
            is_kubernetes,
            machine: of_machine(&model.machine_id),
            zone: of_machine(&model.zone),
            principal: model.principal.clone(),
        };
        Self {
            controller,
            version,
            paths,
            started,
            members: BTreeMap::new(),
            entered: None,
            next_context: 0,
            next_action: 0,
        }
    }

    /// The model's UUID.
    pub fn model_uuid(&self) -> &str {
        &self.started.model_uuid
    }

    /// The model's name.
    pub fn model_name(&self) -> &str {
        &self.started.model_name
    }

    /// Whether it is a model of Kubernetes.
    pub fn is_kubernetes(&self) -> bool {
        self.started.is_kubernetes
    }

    /// The machine's id; `""` on Kubernetes.
    pub fn machine(&self) -> &str {
        &self.started.machine
    }

    /// The availability zone; `""` on Kubernetes.
    pub fn zone(&self) -> &str {
        &self.started.zone
    }

    /// The unit that a subordinate belongs to, or `""`.
    pub fn principal(&self) -> &str {
        &self.started.principal
    }

    /// From now on only these relations are known to runs of the charm.
    pub fn know_relations(&mut self, entered: BTreeSet<i64>) {
        self.entered = Some(entered);
    }

    /// Whether runs of the charm know a relation.
    pub(super) fn knows(&self, relation: i64) -> bool {
        self.entered.as_ref().is_none_or(|entered| entered.contains(&relation))
    }

    /// The id of the next action.
    pub fn next_action_id(&mut self) -> String {
        self.next_action = self.next_action.saturating_add(1);
        self.next_action.to_string()
    }

    /// A hook's full name: with the endpoint, container or storage before its kind.
    pub fn hook_name(&self, hook: &HookInfo) -> String {
        // An agent that keeps count knows the name even of one that is gone.
        let relations = self.controller.model().relations();
        let knows = self.entered.is_some();
        let relation =
            || relations.iter().find(|one| Some(one.id) == hook.relation_id && (knows || !one.gone));
        let prefix = if hook.is_relation() {
            relation().map_or("", |relation| relation.endpoint.as_str())
        } else if hook.is_workload() {
            &hook.workload
        } else if hook.is_storage() {
            hook.storage_id.split_once('/').map_or(hook.storage_id.as_str(), |(name, _)| name)
        } else {
            ""
        };
        if prefix.is_empty() { hook.kind.clone() } else { format!("{prefix}-{}", hook.kind) }
    }

    /// Fills in the remote application of a relation's hook, if the request has not named it.
    pub fn complete(&self, hook: &mut HookInfo) {
        if !hook.is_relation() || !hook.remote_app.is_empty() {
            return;
        }
        if let Some(relation) = hook.relation_id.and_then(|id| self.controller.model().relation(id)) {
            relation.remote_app.clone_into(&mut hook.remote_app);
        }
    }

    /// What a successful hook changes in who is a member: a unit that has joined or changed is one, a unit that has
    /// departed is none.
    pub fn commit_hook(&mut self, hook: &HookInfo) {
        if hook.remote_unit.is_empty() {
            return;
        }
        let model = self.controller.model_mut();
        let relation = model
            .relations_mut()
            .iter_mut()
            .find(|relation| Some(relation.id) == hook.relation_id && !relation.gone);
        let Some(relation) = relation else { return };
        let members = relation.members.get_or_insert_default();
        members.retain(|name| *name != hook.remote_unit);
        if hook.kind != "relation-departed" {
            members.push(hook.remote_unit.clone());
        }
        members.sort();
    }

    /// The id of a new context. Juju's ends in a random number; this one counts.
    pub(super) fn new_context_id(&mut self, name: &str) -> String {
        self.next_context = self.next_context.saturating_add(1);
        format!("{}-{name}-{:032x}", self.controller.model().unit, self.next_context)
    }

    /// Forgets the bags of all that are not members, and of relations that there are no more.
    pub(super) fn prune_members(&mut self, relations: &[(i64, &[String])]) {
        let mut old = std::mem::take(&mut self.members);
        for (id, names) in relations {
            let mut bags = old.remove(id).unwrap_or_default();
            let kept = names.iter().map(|name| (name.clone(), bags.remove(name).flatten())).collect();
            self.members.insert(*id, kept);
        }
    }

    /// The bags of a relation's members.
    pub(super) fn members(&self, relation: i64) -> Option<&MemberBags> {
        self.members.get(&relation)
    }

    /// The bags of a relation's members, to be changed.
    pub(super) fn members_mut(&mut self, relation: i64) -> &mut MemberBags {
        self.members.entry(relation).or_default()
    }
}

impl HookInfo {
    /// Checks that all is said that the kind of hook needs.
    ///
    /// # Errors
    ///
    /// Something is missing.
    pub fn validate(&self) -> Result<(), Failure> {
        use crate::juju::controller::{SecretUri, quoted};
        let kind = quoted(&self.kind);
        let needs = |missing: bool, what: &str| {
            if missing { Err(Failure::new(format!("{kind} hook {what}"))) } else { Ok(()) }
        };
        let (no_unit, no_app) = (self.remote_unit.is_empty(), self.remote_app.is_empty());
        match self.kind.as_str() {
            "relation-changed" if no_unit => needs(no_app, "requires a remote unit or application"),
            "relation-joined" | "relation-departed" if no_unit => needs(true, "requires a remote unit"),
            "relation-changed" | "relation-joined" | "relation-departed" => {
                needs(no_app, "has a remote unit but no application")
            }
            "pebble-ready" | "pebble-custom-notice" | "pebble-check-failed" | "pebble-check-recovered" => {
                needs(self.workload.is_empty(), "requires a workload name")?;
                if self.kind == "pebble-custom-notice" {
                    let parts = [&self.notice_id, &self.notice_type, &self.notice_key];
                    needs(parts.iter().any(|part| part.is_empty()), "requires a notice ID, type, and key")?;
                }
                needs(
                    self.kind.starts_with("pebble-check") && self.check_name.is_empty(),
                    "requires a check name",
                )
            }
            "pre-series-upgrade" => needs(self.target_base.is_empty(), "requires a target base"),
            "storage-attached" | "storage-detaching" if !is_storage_id(&self.storage_id) => {
                Err(Failure::new(format!("invalid storage ID {}", quoted(&self.storage_id))))
            }
            "secret-rotate" | "secret-changed" | "secret-expired" | "secret-remove" => {
                needs(self.secret_uri.is_empty(), "requires a secret URI")?;
                if self.secret_uri.parse::<SecretUri>().is_err() {
                    return Err(Failure::new(format!("invalid secret URI {}", quoted(&self.secret_uri))));
                }
                needs(self.needs_secret_revision() && self.secret_revision <= 0, "requires a secret revision")
            }
            "action" => Err(Failure::new("hooks.Kind Action is deprecated")),
            "install"
            | "remove"
            | "start"
            | "config-changed"
            | "upgrade-charm"
            | "stop"
            | "relation-created"
            | "relation-broken"
            | "collect-metrics"
            | "meter-status-changed"
            | "update-status"
            | "post-series-upgrade"
            | "storage-attached"
            | "storage-detaching"
            | "leader-elected"
            | "leader-deposed"
            | "leader-settings-changed" => Ok(()),
            _ => Err(Failure::new(format!("unknown hook kind {kind}"))),
        }
    }

    /// Whether a Juju has this kind of hook at all.
    pub fn exists_in(&self, version: JujuVersion) -> bool {
        let later = self.is_secret()
            || matches!(
                self.kind.as_str(),
                "pebble-custom-notice" | "pebble-check-failed" | "pebble-check-recovered"
            );
        let gone = matches!(
            self.kind.as_str(),
            "pre-series-upgrade" | "post-series-upgrade" | "collect-metrics" | "meter-status-changed"
        );
        match version {
            JujuVersion::V2_9 => !later,
            JujuVersion::V3_6 => true,
            JujuVersion::V4_0 => !gone,
        }
    }

    /// Whether the hook is about one revision of a secret.
    pub fn needs_secret_revision(&self) -> bool {
        matches!(self.kind.as_str(), "secret-expired" | "secret-remove")
    }
}

/// Whether a text is `name/N`.
fn is_storage_id(text: &str) -> bool {
    text.split_once('/').is_some_and(|(name, number)| {
        let named = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
        let counted = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        named && counted && (number == "0" || !number.starts_with('0'))
    })
}
