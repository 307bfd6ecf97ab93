//! The kinds of events.

use crate::event::Goal;
use crate::version::JujuVersion;

/// What kind of event it is, without what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// `install`.
    Install,
    /// `start`.
    Start,
    /// `config-changed`.
    ConfigChanged,
    /// `upgrade-charm`.
    UpgradeCharm,
    /// `leader-elected`.
    LeaderElected,
    /// `leader-settings-changed`; up to Juju 3.6.
    LeaderSettingsChanged,
    /// `update-status`.
    UpdateStatus,
    /// `stop`.
    Stop,
    /// `remove`.
    Remove,
    /// `<endpoint>-relation-created`.
    RelationCreated,
    /// `<endpoint>-relation-joined`.
    RelationJoined,
    /// `<endpoint>-relation-changed`.
    RelationChanged,
    /// `<endpoint>-relation-departed`.
    RelationDeparted,
    /// `<endpoint>-relation-broken`.
    RelationBroken,
    /// `<storage>-storage-attached`.
    StorageAttached,
    /// `<storage>-storage-detaching`.
    StorageDetaching,
    /// `secret-changed`; Juju 3.0.
    SecretChanged,
    /// `secret-rotate`; Juju 3.0.
    SecretRotate,
    /// `secret-expired`; Juju 3.0.
    SecretExpired,
    /// `secret-remove`; Juju 3.0.
    SecretRemove,
    /// `<container>-pebble-ready`; Kubernetes.
    PebbleReady,
    /// `<container>-pebble-custom-notice`; Kubernetes, Juju 3.4.
    PebbleCustomNotice,
    /// `<container>-pebble-check-failed`; Kubernetes, Juju 3.6.
    PebbleCheckFailed,
    /// `<container>-pebble-check-recovered`; Kubernetes, Juju 3.6.
    PebbleCheckRecovered,
    /// `pre-series-upgrade`; machines, up to Juju 3.6.
    PreSeriesUpgrade,
    /// `post-series-upgrade`; machines, up to Juju 3.6.
    PostSeriesUpgrade,
    /// `collect-metrics`; up to Juju 3.6.10.
    CollectMetrics,
    /// `meter-status-changed`; up to Juju 3.6.10.
    MeterStatusChanged,
    /// An action.
    Action,
    /// A hook that this version of the crate has no name for.
    Other,
}

/// Whose name stands before the kind in the name of a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// An endpoint's.
    Endpoint,
    /// A storage's.
    Storage,
    /// A workload container's.
    Container,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 30] = [
        Self::Install,
        Self::Start,
        Self::ConfigChanged,
        Self::UpgradeCharm,
        Self::LeaderElected,
        Self::LeaderSettingsChanged,
        Self::UpdateStatus,
        Self::Stop,
        Self::Remove,
        Self::RelationCreated,
        Self::RelationJoined,
        Self::RelationChanged,
        Self::RelationDeparted,
        Self::RelationBroken,
        Self::StorageAttached,
        Self::StorageDetaching,
        Self::SecretChanged,
        Self::SecretRotate,
        Self::SecretExpired,
        Self::SecretRemove,
        Self::PebbleReady,
        Self::PebbleCustomNotice,
        Self::PebbleCheckFailed,
        Self::PebbleCheckRecovered,
        Self::PreSeriesUpgrade,
        Self::PostSeriesUpgrade,
        Self::CollectMetrics,
        Self::MeterStatusChanged,
        Self::Action,
        Self::Other,
    ];

    /// The kind as hook names have it, `relation-created` for one; `action` and `other` for what has no such name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Start => "start",
            Self::ConfigChanged => "config-changed",
            Self::UpgradeCharm => "upgrade-charm",
            Self::LeaderElected => "leader-elected",
            Self::LeaderSettingsChanged => "leader-settings-changed",
            Self::UpdateStatus => "update-status",
            Self::Stop => "stop",
            Self::Remove => "remove",
            Self::RelationCreated => "relation-created",
            Self::RelationJoined => "relation-joined",
            Self::RelationChanged => "relation-changed",
            Self::RelationDeparted => "relation-departed",
            Self::RelationBroken => "relation-broken",
            Self::StorageAttached => "storage-attached",
            Self::StorageDetaching => "storage-detaching",
            Self::SecretChanged => "secret-changed",
            Self::SecretRotate => "secret-rotate",
            Self::SecretExpired => "secret-expired",
            Self::SecretRemove => "secret-remove",
            Self::PebbleReady => "pebble-ready",
            Self::PebbleCustomNotice => "pebble-custom-notice",
            Self::PebbleCheckFailed => "pebble-check-failed",
            Self::PebbleCheckRecovered => "pebble-check-recovered",
            Self::PreSeriesUpgrade => "pre-series-upgrade",
            Self::PostSeriesUpgrade => "post-series-upgrade",
            Self::CollectMetrics => "collect-metrics",
            Self::MeterStatusChanged => "meter-status-changed",
            Self::Action => "action",
            Self::Other => "other",
        }
    }

    /// Whose name stands before it; none if it stands alone.
    pub fn prefix(self) -> Option<Prefix> {
        match self {
            Self::RelationCreated
            | Self::RelationJoined
            | Self::RelationChanged
            | Self::RelationDeparted
            | Self::RelationBroken => Some(Prefix::Endpoint),
            Self::StorageAttached | Self::StorageDetaching => Some(Prefix::Storage),
            Self::PebbleReady
            | Self::PebbleCustomNotice
            | Self::PebbleCheckFailed
            | Self::PebbleCheckRecovered => Some(Prefix::Container),
            _ => None,
        }
    }

    /// The name of the hook for what `owner` names, an endpoint for one; of a kind that stands alone, its own name.
    ///
    /// ```
    /// use charmwright_event::EventKind;
    ///
    /// assert_eq!(EventKind::RelationChanged.hook_name("database"), "database-relation-changed");
    /// assert_eq!(EventKind::ConfigChanged.hook_name("database"), "config-changed");
    /// ```
    pub fn hook_name(self, owner: &str) -> String {
        match self.prefix() {
            Some(_) => format!("{owner}-{}", self.as_str()),
            None => self.as_str().to_owned(),
        }
    }

    /// The kind of a hook, and what stands before it in its name.
    ///
    /// Only the end of the name counts: an endpoint may itself end in `-relation-created`.
    pub(crate) fn of_hook(hook: &str) -> (Self, &str) {
        for kind in Self::ALL {
            if matches!(kind, Self::Action | Self::Other) {
                continue;
            }
            if kind.prefix().is_none() {
                if hook == kind.as_str() {
                    return (kind, "");
                }
            } else if let Some(owner) =
                hook.strip_suffix(kind.as_str()).and_then(|owner| owner.strip_suffix('-'))
                && !owner.is_empty()
            {
                return (kind, owner);
            }
        }
        (Self::Other, "")
    }

    /// Whether this Juju ever sends it. What the substrate excludes (Pebble on machines) is not looked at.
    pub fn exists_in(self, juju: &JujuVersion) -> bool {
        let before_four = juju.major() < 4;
        match self {
            Self::SecretChanged | Self::SecretRotate | Self::SecretExpired | Self::SecretRemove => {
                juju.major() >= 3
            }
            Self::PebbleReady => juju.major() >= 3 || (juju.major(), juju.minor()) == (2, 9),
            Self::PebbleCustomNotice => juju.major() > 3 || (juju.major(), juju.minor()) >= (3, 4),
            Self::PebbleCheckFailed | Self::PebbleCheckRecovered => {
                juju.major() > 3 || (juju.major(), juju.minor()) >= (3, 6)
            }
            Self::LeaderSettingsChanged | Self::PreSeriesUpgrade | Self::PostSeriesUpgrade => before_four,
            Self::CollectMetrics | Self::MeterStatusChanged => !juju.at_least(3, 6, 11),
            _ => true,
        }
    }

    /// What a run for it is for.
    pub fn goal(self) -> Goal {
        match self {
            Self::Stop | Self::Remove => Goal::TearDown,
            Self::Action => Goal::Act,
            Self::CollectMetrics | Self::MeterStatusChanged => Goal::Nothing,
            _ => Goal::Reconcile,
        }
    }
}

impl std::fmt::Display for EventKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_known_by_its_hook() {
        for kind in EventKind::ALL {
            let hook = kind.hook_name("some-name");
            let (known, owner) = EventKind::of_hook(&hook);
            match kind {
                EventKind::Action | EventKind::Other => assert_eq!(known, EventKind::Other),
                _ => assert_eq!((known, owner.is_empty()), (kind, kind.prefix().is_none())),
            }
        }
    }

    #[test]
    fn the_end_of_a_name_says_the_kind() {
        for (hook, kind, owner) in [
            ("x-relation-created-relation-joined", EventKind::RelationJoined, "x-relation-created"),
            ("a-pebble-ready-storage-attached", EventKind::StorageAttached, "a-pebble-ready"),
            ("-relation-created", EventKind::Other, ""),
            ("relation-created", EventKind::Other, ""),
            ("xrelation-created", EventKind::Other, ""),
            ("db-secret-changed", EventKind::Other, ""),
            ("leader-deposed", EventKind::Other, ""),
        ] {
            assert_eq!(EventKind::of_hook(hook), (kind, owner), "{hook}");
        }
    }

    #[test]
    fn kinds_come_and_go_with_jujus_versions() {
        let versions = ["2.9.51", "3.3.0", "3.6.10", "3.6.11", "4.0-beta1", "4.0.0"];
        for (kind, expected) in [
            (EventKind::Install, "yyyyyy"),
            (EventKind::SecretChanged, "-yyyyy"),
            (EventKind::PebbleReady, "yyyyyy"),
            (EventKind::PebbleCustomNotice, "--yyyy"),
            (EventKind::PebbleCheckFailed, "--yyyy"),
            (EventKind::LeaderSettingsChanged, "yyyy--"),
            (EventKind::PreSeriesUpgrade, "yyyy--"),
            (EventKind::CollectMetrics, "yyy---"),
        ] {
            let exists = |version: &str| kind.exists_in(&JujuVersion::parse(version).unwrap());
            let found: String =
                versions.map(|version| if exists(version) { 'y' } else { '-' }).iter().collect();
            assert_eq!(found, expected, "{kind}");
        }
    }
}
