//! What the agent has heard of the world.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::juju::controller::Shared;

/// What the agent has heard of the world: Juju's "remote state".
///
/// The rules look at this, never at the controller. Numbers called versions count how often something was heard of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remote {
    /// The unit's life.
    pub life: Life,
    /// The charm that the unit should run; `""` if it was not heard yet.
    pub charm_url: Arc<str>,
    /// How often the application's charm was changed in some way.
    pub charm_modified: i64,
    /// Whether the charm is to be replaced even while a hook is in error.
    pub force_charm: bool,
    /// How the operator resolves a failed hook.
    pub resolved: Resolved,
    /// How often the retry timer has fired.
    pub retry_hook: u64,
    /// What config-changed is run for.
    pub hashes: Hashes,
    /// Whether the unit leads.
    pub leader: bool,
    /// How often the leader's settings have changed.
    pub leader_settings: u64,
    /// How often the time for update-status came.
    pub update_status: u64,
    /// The actions that were heard of, done ones among them.
    pub actions: Vec<String>,
    /// The scripts of juju-exec that wait, by number.
    pub commands: Vec<u64>,
    /// The secrets to rotate, by URI.
    pub rotations: Vec<String>,
    /// The revisions that have expired, as `id/revision`.
    pub expired: Vec<String>,
    /// The newest revision and the label of each secret that the unit reads, by URI.
    pub consumed: BTreeMap<String, (i64, String)>,
    /// The revisions that nobody reads any more, by URI.
    pub obsolete: BTreeMap<String, Vec<i64>>,
    /// The revisions that were deleted, by URI; none means the whole secret.
    pub deleted: BTreeMap<String, Vec<i64>>,
    /// Pebble's events that wait, by number.
    pub workload: Vec<u64>,
    /// Whether the agent was told to end.
    pub shutdown: bool,
    /// The relations.
    pub relations: BTreeMap<i64, Shared<RelationHeard>>,
    /// The storage, by id.
    pub storage: BTreeMap<String, StorageHeard>,
}

/// How far something has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Life {
    /// It lives.
    #[default]
    Alive,
    /// It is to go.
    Dying,
    /// It has gone.
    Dead,
}

impl Life {
    /// From Juju's word.
    pub fn of(word: &str) -> Self {
        match word {
            "dying" => Self::Dying,
            "dead" => Self::Dead,
            _ => Self::Alive,
        }
    }
}

/// How the operator resolves a failed hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resolved {
    /// Not at all.
    #[default]
    No,
    /// It is to be run again.
    Retry,
    /// It is to be passed over.
    Skip,
}

impl Resolved {
    /// From Juju's word.
    pub fn of(word: &str) -> Self {
        match word {
            "retry-hooks" => Self::Retry,
            "no-hooks" => Self::Skip,
            _ => Self::No,
        }
    }
}

/// What config-changed is run for: a digest of the options, of trust, and of the unit's addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hashes {
    /// Of the charm's URL and the options.
    pub config: Arc<str>,
    /// Of trust.
    pub trust: Arc<str>,
    /// Of the addresses.
    pub addresses: Arc<str>,
}

/// What the agent has heard of a relation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelationHeard {
    /// The relation's life.
    pub life: Life,
    /// Whether it is suspended.
    pub suspended: bool,
    /// The version of each remote unit's bag.
    pub members: BTreeMap<String, i64>,
    /// The version of the remote application's bag.
    pub apps: BTreeMap<String, i64>,
}

/// What the agent has heard of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StorageHeard {
    /// The attachment's life.
    pub life: Life,
    /// Whether it is there.
    pub attached: bool,
}
