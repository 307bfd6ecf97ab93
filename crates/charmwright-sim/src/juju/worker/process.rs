//! What the agent knows by itself, in one life.

use std::collections::{BTreeMap, BTreeSet};

use super::backoff::Backoff;
use super::remote::{Hashes, Remote};
use crate::juju::context::HookInfo;
use crate::juju::controller::{
    Controller, Operation, OperationKind, RelationState, SecretState, Shared, Step,
};

/// One life of the agent: from its start to its end.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, as in Juju")]
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// What it does, as it was saved last.
    pub state: Shared<Operation>,
    /// What it compares with what it has heard, and does not save.
    pub local: Local,
    /// The relations.
    pub relations: Shared<Relations>,
    /// Which storage the charm was told of.
    pub storage: Shared<BTreeMap<String, bool>>,
    /// Storage that the charm was not told of.
    pub storage_pending: BTreeSet<String>,
    /// What the charm was told of secrets.
    pub secrets: Shared<SecretState>,
    /// Whether the charm is still to be told that the processes are new.
    pub rebooted: bool,
    /// The agent's status as it was reported last.
    pub reported: (String, String),
    /// Whether the retry timer was started for the hook that has failed.
    pub retry_started: bool,
    /// It has ever not led when it asked: it does not ask again then.
    pub follows: bool,
    /// Why it ends when it comes to rest: a notice of Pebble could not be told.
    pub doomed: Option<String>,
    /// Whether the storage was told to go.
    pub storage_dying: bool,
}

/// What the agent compares with what it has heard, and does not save. It begins anew with the watchers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Local {
    /// The charm that it runs.
    pub charm_url: String,
    /// How often that had changed.
    pub charm_modified: i64,
    /// How often update-status was due when the last hook began.
    pub update_status: u64,
    /// How often the retry timer had fired then.
    pub retry_hook: u64,
    /// How often the leader's settings had changed when the charm was told.
    pub leader_settings: u64,
    /// The actions that are done.
    pub completed: BTreeSet<String>,
    /// The charm was replaced: the watchers are to begin anew.
    pub restart: bool,
}

/// What was heard when an operation was chosen. It is committed with it, whatever was heard since.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captured {
    /// [`Remote::update_status`]
    pub update_status: u64,
    /// [`Remote::charm_modified`]
    pub charm_modified: i64,
    /// [`Remote::retry_hook`]
    pub retry_hook: u64,
    /// [`Remote::leader_settings`]
    pub leader_settings: u64,
    /// [`Remote::hashes`]
    pub hashes: Hashes,
}

impl Captured {
    /// At this moment.
    pub fn of(remote: &Remote) -> Self {
        Self {
            update_status: remote.update_status,
            charm_modified: remote.charm_modified,
            retry_hook: remote.retry_hook,
            leader_settings: remote.leader_settings,
            hashes: remote.hashes.clone(),
        }
    }
}

/// The relations that the agent is in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relations {
    /// Those that it has entered.
    pub entered: BTreeMap<i64, Entered>,
    /// The application at the other end, as far as this life of the agent knows.
    pub remote_app: BTreeMap<i64, String>,
    /// Those whose relation-created has run, or counts as run.
    pub created: BTreeSet<i64>,
    /// Those that are peers, as far as this life of the agent knows.
    pub peers: BTreeSet<i64>,
    /// What was saved of each.
    pub states: BTreeMap<i64, Shared<RelationState>>,
}

/// A relation that the agent has entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Entered {
    /// Only the hooks for leaving it are run.
    pub dying: bool,
    /// Whether it was suspended when the rules were looked at last.
    pub suspended: bool,
    /// Whether it is one between a subordinate and its principal.
    pub container: bool,
}

impl Process {
    /// An agent with what was saved; `url` is the charm that a new unit is to install.
    pub fn new(controller: &Controller, url: &str, rebooted: bool) -> Self {
        let saved = &controller.model().saved;
        let state = saved.uniter.clone().unwrap_or_else(|| {
            Operation {
                kind: OperationKind::Install,
                step: Step::Queued,
                charm: url.to_owned(),
                ..Operation::default()
            }
            .into()
        });
        Self {
            state,
            local: Local::default(),
            relations: Relations { states: saved.relation.clone(), ..Relations::default() }.into(),
            storage: Shared::default(),
            storage_pending: BTreeSet::new(),
            secrets: saved.secret.clone().unwrap_or_default(),
            rebooted,
            reported: (String::new(), String::new()),
            retry_started: false,
            follows: false,
            doomed: None,
            storage_dying: false,
        }
    }

    /// Stops the retry timer; the next failure waits the shortest time.
    pub fn stop_retry(&mut self, backoff: &mut Backoff) {
        backoff.reset();
        self.retry_started = false;
    }

    /// The hook that the agent is at, if it is at one.
    pub fn hook(&self) -> Option<&HookInfo> {
        self.state.hook.as_ref()
    }
}

impl Relations {
    /// What was saved of a relation, or nothing yet.
    pub fn state(&self, id: i64) -> Shared<RelationState> {
        let new = || RelationState { id, ..RelationState::default() }.into();
        self.states.get(&id).cloned().unwrap_or_else(new)
    }

    /// Forgets a relation that is broken. What was saved of it is another matter.
    pub fn forget(&mut self, id: i64) {
        self.entered.remove(&id);
        self.remote_app.remove(&id);
        self.peers.remove(&id);
        self.created.remove(&id);
    }
}
