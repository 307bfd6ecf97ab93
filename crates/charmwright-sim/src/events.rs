//! One hook by itself, for tests of what a charm does in it. What comes in which order is the unit worker's to say.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::juju::context::HookInfo;
use crate::model::Model;

/// A hook that is to run.
#[derive(Debug, Clone, PartialEq)]
pub enum Hook {
    /// A hook that concerns the unit alone: `install`, `config-changed` and so on.
    Unit(&'static str),
    /// A relation's hook.
    Relation {
        /// `created`, `joined`, `changed`, `departed` or `broken`.
        kind: &'static str,
        /// The relation's number.
        relation: i64,
        /// The unit that it is about.
        unit: Option<String>,
    },
    /// `pebble-ready`
    PebbleReady {
        /// The container.
        container: String,
        /// The boot that it tells of.
        boot_id: String,
    },
    /// `secret-changed`
    SecretChanged {
        /// The secret's id.
        secret: String,
        /// The revision that it tells of.
        revision: i64,
    },
    /// An action.
    Action {
        /// The action.
        name: String,
        /// Its parameters; defaults are filled in when it is queued at the controller.
        params: BTreeMap<String, Value>,
    },
    /// A hook of any other name.
    Custom(String),
}

impl Hook {
    /// The name as Juju gives it in `JUJU_HOOK_NAME`; an action's own name.
    pub fn name(&self, model: &Model) -> String {
        match self {
            Self::Unit(name) => (*name).to_owned(),
            Self::Relation { kind, relation, .. } => {
                let endpoint = model.relation(*relation).map_or("?", |one| one.endpoint.as_str());
                format!("{endpoint}-relation-{kind}")
            }
            Self::PebbleReady { container, .. } => format!("{container}-pebble-ready"),
            Self::SecretChanged { .. } => "secret-changed".to_owned(),
            Self::Action { name, .. } | Self::Custom(name) => name.clone(),
        }
    }

    /// The hook as Juju's own code would describe it. `goes` says that our own unit is being removed.
    pub fn info(&self, model: &Model, goes: bool) -> HookInfo {
        match self {
            Self::Unit(name) => HookInfo::of_kind(*name),
            Self::Custom(name) => HookInfo::of_tomorrow(name.clone()),
            Self::Relation { kind, relation, unit } => {
                let unit = unit.clone().unwrap_or_default();
                let departing = match *kind {
                    "departed" if goes => model.unit().to_owned(),
                    "departed" => unit.clone(),
                    _ => String::new(),
                };
                HookInfo {
                    relation_id: Some(*relation),
                    remote_unit: unit,
                    departing_unit: departing,
                    ..HookInfo::of_kind(format!("relation-{kind}"))
                }
            }
            Self::PebbleReady { container, .. } => {
                HookInfo { workload: container.clone(), ..HookInfo::of_kind("pebble-ready") }
            }
            Self::SecretChanged { secret, .. } => {
                let consumer = model.secret(secret).and_then(|one| one.consumers.get(model.unit()));
                HookInfo {
                    secret_uri: format!("secret:{secret}"),
                    secret_label: consumer.map_or_else(String::new, |one| one.label.clone()),
                    ..HookInfo::of_kind("secret-changed")
                }
            }
            // An action is no hook: it is run by its id.
            Self::Action { name, .. } => HookInfo::of_kind(name.clone()),
        }
    }

    /// Whether it is an action and no hook.
    pub fn is_action(&self) -> bool {
        matches!(self, Self::Action { .. })
    }
}
