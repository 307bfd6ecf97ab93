//! Why Juju runs the charm.

use crate::{AppName, RelationId, SecretUri, UnitName};

/// Why Juju runs the charm this time.
///
/// `reconcile` never sees it: state decides, not history. It chooses the handler, names the moment in
/// logs, and says which reads are pointless.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The charm was deployed. First of all, but for storage on machines.
    Install,
    /// The workload may start; again after each start of the agent on Kubernetes.
    Start,
    /// Config, trust or an address changed.
    ConfigChanged,
    /// The periodic run, by default about every five minutes, possibly never.
    UpdateStatus,
    /// The charm's files were replaced.
    UpgradeCharm,
    /// This unit became the leader. Juju can lose this event.
    LeaderElected,
    /// The unit ends, or its pod does.
    Stop,
    /// The last event of a unit.
    Remove,
    /// Something happened to a relation.
    Relation(RelationEvent),
    /// Pebble started in a workload container.
    PebbleReady {
        /// The container, as `containers:` of charmcraft.yaml names it.
        container: String,
    },
    /// A secret that this unit reads has a new revision. Juju 3.0.
    SecretChanged {
        /// The secret.
        secret: SecretUri,
        /// Its label, where the unit has given it one.
        label: Option<String>,
    },
    /// An operator runs an action.
    Action {
        /// The action, as `actions:` of charmcraft.yaml names it.
        name: String,
    },
    /// A hook that this version has no name for. It is not an error: the state may have changed.
    Other {
        /// The hook's name.
        hook: String,
    },
}

/// What happened to a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationEvent {
    /// What happened.
    pub kind: RelationEventKind,
    /// Our endpoint.
    pub endpoint: String,
    /// The relation.
    pub relation: RelationId,
    /// The other application. Absent in `relation-broken` after a restart of the agent.
    pub remote_app: Option<AppName>,
    /// The other unit, where the event is about one.
    pub remote_unit: Option<UnitName>,
    /// The unit that really goes, in `relation-departed`; it may be our own.
    pub departing_unit: Option<UnitName>,
}

/// The five events of a relation's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationEventKind {
    /// The relation exists.
    Created,
    /// A remote unit is there.
    Joined,
    /// Data of a remote unit or of the remote application changed.
    Changed,
    /// A remote unit went.
    Departed,
    /// The relation is gone.
    Broken,
}

impl RelationEventKind {
    /// All kinds, in the order of a relation's life.
    pub const ALL: [Self; 5] = [Self::Created, Self::Joined, Self::Changed, Self::Departed, Self::Broken];

    /// The kind as hook names have it, `relation-created` for one.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "relation-created",
            Self::Joined => "relation-joined",
            Self::Changed => "relation-changed",
            Self::Departed => "relation-departed",
            Self::Broken => "relation-broken",
        }
    }
}

/// What a run of the charm is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Bring what is to what should be.
    Reconcile,
    /// Leave cleanly: the unit or its pod ends.
    TearDown,
    /// Answer an operator.
    Act,
    /// Nothing: Juju runs the hook where most hook commands refuse to work.
    Nothing,
}

impl Event {
    /// What this run is for.
    pub fn goal(&self) -> Goal {
        match self {
            Self::Stop | Self::Remove => Goal::TearDown,
            Self::Action { .. } => Goal::Act,
            Self::Other { hook } if matches!(hook.as_str(), "collect-metrics" | "meter-status-changed") => {
                Goal::Nothing
            }
            _ => Goal::Reconcile,
        }
    }

    /// The name as Juju's logs have it: `config-changed`, `database-relation-joined`, `show-database`.
    pub fn name(&self) -> String {
        match self {
            Self::Install => "install".to_owned(),
            Self::Start => "start".to_owned(),
            Self::ConfigChanged => "config-changed".to_owned(),
            Self::UpdateStatus => "update-status".to_owned(),
            Self::UpgradeCharm => "upgrade-charm".to_owned(),
            Self::LeaderElected => "leader-elected".to_owned(),
            Self::Stop => "stop".to_owned(),
            Self::Remove => "remove".to_owned(),
            Self::Relation(event) => format!("{}-{}", event.endpoint, event.kind.as_str()),
            Self::PebbleReady { container } => format!("{container}-pebble-ready"),
            Self::SecretChanged { .. } => "secret-changed".to_owned(),
            Self::Action { name } => name.clone(),
            Self::Other { hook } => hook.clone(),
        }
    }
}
