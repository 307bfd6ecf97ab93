//! Why Juju runs the charm.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::change::{Change, Datum};
use crate::kind::EventKind;
use crate::names::{
    ActionId, AppName, Base, ContainerName, EndpointName, RelationId, SecretUri, StorageId, StorageName,
    UnitName,
};

/// Why Juju runs the charm this time.
///
/// `reconcile` never sees it: state decides, not history. It chooses the handler, names the moment in
/// logs, and says which reads are pointless.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The charm was deployed. First of all, but for storage on machines.
    Install,
    /// The workload may start; again after each start of the agent on Kubernetes, and after a reboot on machines.
    Start,
    /// Config, trust or an address changed.
    ConfigChanged,
    /// The periodic run, by default about every five minutes, possibly never.
    UpdateStatus,
    /// The charm's files were replaced, or a resource was attached. On Kubernetes the pod is new as well.
    UpgradeCharm,
    /// This unit became the leader. Juju can lose this event.
    LeaderElected,
    /// The leader wrote its settings, or this unit stopped leading. Up to Juju 3.6.
    LeaderSettingsChanged,
    /// The unit ends, or its pod does.
    Stop,
    /// The last event of a unit.
    Remove,
    /// Something happened to a relation.
    Relation(RelationEvent),
    /// A storage came or goes.
    Storage(StorageEvent),
    /// Pebble started in a workload container.
    PebbleReady {
        /// The container, as `containers:` of charmcraft.yaml names it.
        container: ContainerName,
    },
    /// Something in a workload container called `pebble notify`. Juju 3.4.
    PebbleCustomNotice {
        /// The container.
        container: ContainerName,
        /// The notice.
        notice: Notice,
    },
    /// A health check reached its threshold of failures. Juju 3.6.
    PebbleCheckFailed {
        /// The container.
        container: ContainerName,
        /// The check, as the container's layers name it.
        check: String,
    },
    /// A health check that had failed succeeds again. Juju 3.6.
    PebbleCheckRecovered {
        /// The container.
        container: ContainerName,
        /// The check, as the container's layers name it.
        check: String,
    },
    /// A secret that this unit reads has a new revision. Juju 3.0.
    SecretChanged {
        /// The secret.
        secret: SecretUri,
        /// Its label, where the unit has given it one.
        label: Option<String>,
    },
    /// A secret that this unit manages should get new content. Juju 3.0.
    SecretRotate {
        /// The secret.
        secret: SecretUri,
        /// Its label, where it has one.
        label: Option<String>,
    },
    /// A revision of a secret that this unit manages is past its time. Juju 3.0.
    SecretExpired {
        /// The secret.
        secret: SecretUri,
        /// Its label, where it has one.
        label: Option<String>,
        /// The revision.
        revision: NonZeroU32,
    },
    /// Nobody reads a revision of a secret that this unit manages any more. Juju 3.0.
    SecretRemove {
        /// The secret.
        secret: SecretUri,
        /// Its label, where it has one.
        label: Option<String>,
        /// The revision.
        revision: NonZeroU32,
    },
    /// The machine is about to get another base. Up to Juju 3.6.
    PreSeriesUpgrade {
        /// The base that it will have. Not said by the oldest Jujus.
        base: Option<Base>,
        /// The same as a series, such as `jammy`.
        series: Option<String>,
    },
    /// The machine has got another base. Up to Juju 3.6.
    PostSeriesUpgrade,
    /// Metrics are due. Most hook commands refuse to work here. Up to Juju 3.6.10.
    CollectMetrics,
    /// The metering's status changed. Most hook commands refuse to work here. Up to Juju 3.6.10.
    MeterStatusChanged,
    /// An operator runs an action.
    Action {
        /// The action, as `actions:` of charmcraft.yaml names it.
        name: String,
        /// The id of this run. Absent if the charm was run by hand with `juju-exec`.
        id: Option<ActionId>,
    },
    /// A hook that this version has no name for, or an event of the charm's own that came through `juju-exec`. It
    /// is not an error: the state may have changed.
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
    pub endpoint: EndpointName,
    /// The relation.
    pub relation: RelationId,
    /// The other application. Absent in `relation-broken` after a restart of the agent.
    pub remote_app: Option<AppName>,
    /// The other unit, where the event is about one: always in `joined` and `departed`, in `changed` if the data
    /// is the unit's and not the application's.
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
        EventKind::from(self).as_str()
    }
}

impl From<RelationEventKind> for EventKind {
    fn from(kind: RelationEventKind) -> Self {
        match kind {
            RelationEventKind::Created => Self::RelationCreated,
            RelationEventKind::Joined => Self::RelationJoined,
            RelationEventKind::Changed => Self::RelationChanged,
            RelationEventKind::Departed => Self::RelationDeparted,
            RelationEventKind::Broken => Self::RelationBroken,
        }
    }
}

/// What happened to a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageEvent {
    /// What happened.
    pub kind: StorageEventKind,
    /// The storage, as `storage:` of charmcraft.yaml names it.
    pub name: StorageName,
    /// The instance; absent if it is not provisioned yet.
    pub instance: Option<StorageInstance>,
}

/// The two events of a storage's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StorageEventKind {
    /// It is there.
    Attached,
    /// It is about to go.
    Detaching,
}

impl From<StorageEventKind> for EventKind {
    fn from(kind: StorageEventKind) -> Self {
        match kind {
            StorageEventKind::Attached => Self::StorageAttached,
            StorageEventKind::Detaching => Self::StorageDetaching,
        }
    }
}

/// An instance of a storage that is provisioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageInstance {
    /// Its id.
    pub id: StorageId,
    /// What it is.
    pub kind: StorageKind,
    /// Where it is: the mounted folder or the device.
    pub location: PathBuf,
}

/// What a storage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageKind {
    /// A mounted folder.
    Filesystem,
    /// A device.
    Block,
}

impl StorageKind {
    /// Parses Juju's word for it.
    ///
    /// # Errors
    ///
    /// If the text is neither `filesystem` nor `block`.
    pub fn parse(text: &str) -> Result<Self, crate::NameError> {
        match text {
            "filesystem" => Ok(Self::Filesystem),
            "block" => Ok(Self::Block),
            _ => Err(crate::NameError::new(text, "a kind of storage, `filesystem` or `block`")),
        }
    }

    /// Juju's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filesystem => "filesystem",
            Self::Block => "block",
        }
    }
}

impl fmt::Display for StorageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A notice of Pebble's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id, unique in the container.
    pub id: String,
    /// Its type; `custom` for all that Juju passes on today.
    pub kind: String,
    /// What `pebble notify` was given, such as `example.com/restarted`.
    pub key: String,
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
    /// What kind of event it is.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Install => EventKind::Install,
            Self::Start => EventKind::Start,
            Self::ConfigChanged => EventKind::ConfigChanged,
            Self::UpdateStatus => EventKind::UpdateStatus,
            Self::UpgradeCharm => EventKind::UpgradeCharm,
            Self::LeaderElected => EventKind::LeaderElected,
            Self::LeaderSettingsChanged => EventKind::LeaderSettingsChanged,
            Self::Stop => EventKind::Stop,
            Self::Remove => EventKind::Remove,
            Self::Relation(event) => event.kind.into(),
            Self::Storage(event) => event.kind.into(),
            Self::PebbleReady { .. } => EventKind::PebbleReady,
            Self::PebbleCustomNotice { .. } => EventKind::PebbleCustomNotice,
            Self::PebbleCheckFailed { .. } => EventKind::PebbleCheckFailed,
            Self::PebbleCheckRecovered { .. } => EventKind::PebbleCheckRecovered,
            Self::SecretChanged { .. } => EventKind::SecretChanged,
            Self::SecretRotate { .. } => EventKind::SecretRotate,
            Self::SecretExpired { .. } => EventKind::SecretExpired,
            Self::SecretRemove { .. } => EventKind::SecretRemove,
            Self::PreSeriesUpgrade { .. } => EventKind::PreSeriesUpgrade,
            Self::PostSeriesUpgrade => EventKind::PostSeriesUpgrade,
            Self::CollectMetrics => EventKind::CollectMetrics,
            Self::MeterStatusChanged => EventKind::MeterStatusChanged,
            Self::Action { .. } => EventKind::Action,
            Self::Other { .. } => EventKind::Other,
        }
    }

    /// What this run is for.
    pub fn goal(&self) -> Goal {
        self.kind().goal()
    }

    /// What it announces: the data that have changed, or may have.
    pub fn changes(&self) -> &'static [Change] {
        self.kind().changes()
    }

    /// Whether it announces a change of this.
    pub fn can_have_changed(&self, datum: Datum) -> bool {
        self.changes().iter().any(|change| change.datum == datum)
    }

    /// The name as Juju's logs have it: `config-changed`, `database-relation-joined`, `show-database`.
    pub fn name(&self) -> String {
        match self {
            Self::Relation(event) => self.kind().hook_name(event.endpoint.as_str()),
            Self::Storage(event) => self.kind().hook_name(event.name.as_str()),
            Self::PebbleReady { container }
            | Self::PebbleCustomNotice { container, .. }
            | Self::PebbleCheckFailed { container, .. }
            | Self::PebbleCheckRecovered { container, .. } => self.kind().hook_name(container.as_str()),
            Self::Action { name, .. } => name.clone(),
            Self::Other { hook } => hook.clone(),
            _ => self.kind().as_str().to_owned(),
        }
    }
}
