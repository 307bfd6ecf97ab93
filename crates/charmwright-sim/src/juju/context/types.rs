//! What hook commands give to a run and get from it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::juju::controller::{Bag, Time};

/// A hook to be run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HookInfo {
    /// Juju's name of the kind of hook: `install`, `relation-changed` …
    pub kind: String,
    /// The relation's number, for hooks of relations.
    pub relation_id: Option<i64>,
    /// The unit at the other end, or `""`.
    pub remote_unit: String,
    /// The application at the other end, or `""`: the relation's own.
    pub remote_app: String,
    /// The unit that is really leaving, for relation-departed.
    pub departing_unit: String,
    /// The container, for hooks of workloads.
    pub workload: String,
    /// The notice's id.
    pub notice_id: String,
    /// The notice's type.
    pub notice_type: String,
    /// The notice's key.
    pub notice_key: String,
    /// The check's name.
    pub check_name: String,
    /// The secret, for hooks of secrets.
    pub secret_uri: String,
    /// The secret's label as far as the controller has told it.
    pub secret_label: String,
    /// The secret's revision.
    pub secret_revision: i64,
    /// The storage, for hooks of storage.
    pub storage_id: String,
    /// What a machine is being upgraded to.
    pub target_base: String,
    /// A kind that no Juju has yet. It is run all the same, to see what a charm does then.
    #[serde(skip)]
    pub of_tomorrow: bool,
}

impl HookInfo {
    /// A hook without anything more to say.
    pub fn of_kind(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }

    /// A hook that no Juju has yet.
    pub fn of_tomorrow(kind: impl Into<String>) -> Self {
        Self { of_tomorrow: true, ..Self::of_kind(kind) }
    }

    /// Whether it is about a relation.
    pub fn is_relation(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "relation-created"
                | "relation-joined"
                | "relation-changed"
                | "relation-departed"
                | "relation-broken"
        )
    }

    /// Whether it is about a container.
    pub fn is_workload(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "pebble-ready" | "pebble-custom-notice" | "pebble-check-failed" | "pebble-check-recovered"
        )
    }

    /// Whether it is about storage.
    pub fn is_storage(&self) -> bool {
        matches!(self.kind.as_str(), "storage-attached" | "storage-detaching")
    }

    /// Whether it is about a secret.
    pub fn is_secret(&self) -> bool {
        matches!(self.kind.as_str(), "secret-changed" | "secret-rotate" | "secret-expired" | "secret-remove")
    }
}

/// What juju-exec asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandInfo {
    /// The relation that it is run for.
    pub relation_id: Option<i64>,
    /// The unit at the other end, or `""`.
    pub remote_unit: String,
    /// Whether a unit that is not a member is taken too.
    pub force_remote_unit: bool,
}

/// One side's own settings in a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// This unit's bag.
    Unit,
    /// This application's bag.
    Application,
}

/// When a machine is to be rebooted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reboot {
    /// Not at all.
    #[default]
    Skip,
    /// When the hook has succeeded.
    AfterHook,
    /// At once.
    Now,
}

/// A status, and whose it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StatusInfo {
    /// The tag of the unit or application, or `""`.
    pub tag: String,
    /// The status.
    pub status: String,
    /// The message.
    pub info: String,
    /// Data that goes with it; `None` is Go's nil.
    pub data: Option<Map<String, Value>>,
}

/// The status of the application and of each of its units, as the leader sees them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApplicationStatusInfo {
    /// The application's own.
    pub application: StatusInfo,
    /// Each unit's, by unit. Juju has no order for them.
    pub units: Vec<StatusInfo>,
}

/// A range of ports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    /// `tcp`, `udp` or `icmp`.
    pub protocol: String,
    /// The first port; -1 for icmp.
    pub from: i64,
    /// The last port; -1 for icmp.
    pub to: i64,
}

/// The ports of each endpoint; `""` is all endpoints.
pub type GroupedPorts = BTreeMap<String, Vec<PortRange>>;

/// One storage instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageAttachment {
    /// `name/N`.
    pub id: String,
    /// `filesystem` or `block`.
    pub kind: String,
    /// Where it is.
    pub location: String,
}

/// How storage is to be added.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StorageConstraints {
    /// The pool that it is from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pool: String,
    /// How large, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// The content of a secret: each value in base64. It is never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SecretValue(pub Bag);

impl SecretValue {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values in base64, by key.
    pub fn encoded(&self) -> &Bag {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What is to be set of a secret.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SecretUpdate {
    /// The content.
    pub value: Option<SecretValue>,
    /// How often it is rotated.
    pub rotate: Option<String>,
    /// When it expires.
    pub expire: Option<Time>,
    /// The description.
    pub description: Option<String>,
    /// The label.
    pub label: Option<String>,
}

/// Who owns something, as a tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A unit, by its name.
    Unit(String),
    /// An application, by its name.
    Application(String),
    /// The model, by its UUID.
    Model(String),
}

impl Owner {
    /// The name without its kind.
    pub fn id(&self) -> &str {
        match self {
            Self::Unit(id) | Self::Application(id) | Self::Model(id) => id,
        }
    }

    /// `unit`, `application` or `model`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unit(_) => "unit",
            Self::Application(_) => "application",
            Self::Model(_) => "model",
        }
    }

    /// The owner of a name: a unit's has a slash.
    pub fn named(name: &str) -> Self {
        if name.contains('/') { Self::Unit(name.to_owned()) } else { Self::Application(name.to_owned()) }
    }
}

/// The tag: `unit-app-0`, `application-app`, `model-…`.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind(), self.id().replace('/', "-"))
    }
}

/// Whom a secret is granted to, or taken from. The texts are names, not tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretAccess {
    /// The application.
    pub application: Option<String>,
    /// The unit, in place of its application.
    pub unit: Option<String>,
    /// The key of the relation that the grant holds for.
    pub relation_key: Option<String>,
}

/// One who may read a secret, in tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessInfo {
    /// Who.
    pub target: String,
    /// What the grant holds for.
    pub scope: String,
    /// `view`.
    pub role: String,
}

/// What an owner sees of a secret.
#[derive(Debug, Clone, PartialEq)]
pub struct SecretMetadata {
    /// Who owns it.
    pub owner: Owner,
    /// The description.
    pub description: String,
    /// The label.
    pub label: String,
    /// How often it is rotated; `""` reads as `never`.
    pub rotate: String,
    /// The newest revision.
    pub latest_revision: i64,
    /// When that expires.
    pub latest_expire: Option<Time>,
    /// Its checksum.
    pub latest_checksum: String,
    /// When it is to be rotated next.
    pub next_rotate: Option<Time>,
    /// Who may read it.
    pub access: Vec<AccessInfo>,
}
