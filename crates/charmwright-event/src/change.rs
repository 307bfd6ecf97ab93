//! What events announce, and so which event to wait for.
//!
//! One table, read in both directions: from a kind of event to the data that it announces
//! ([`EventKind::changes`]), and from a datum to the events that announce it ([`Datum::wakers`]).

use crate::kind::EventKind;

/// Something that a charm can read, or do, and that can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Datum {
    /// The charm's options.
    Config,
    /// Whether `juju trust` was given, and with it the cloud's credential.
    Trust,
    /// The unit's addresses and networks.
    Addresses,
    /// Whether this unit leads.
    Leadership,
    /// The leader's settings, up to Juju 3.6.
    LeaderSettings,
    /// Which relations an endpoint has.
    Relations,
    /// Which units the other side of a relation has.
    RemoteUnits,
    /// A remote unit's bag.
    RemoteUnitBag,
    /// The remote application's bag; of a peer relation, our own application's.
    RemoteAppBag,
    /// The content of a secret that this unit reads.
    SecretContent,
    /// Whether a secret is granted to this unit.
    SecretGrant,
    /// Whether a secret that this unit manages should get new content.
    SecretDue,
    /// Which revisions of a secret that this unit manages nobody reads any more.
    SecretObsolete,
    /// Which storages are attached.
    Storage,
    /// Whether a container's Pebble answers, and what was lost when the container started anew.
    Container,
    /// The notices of a container.
    Notice,
    /// The health of a container's services, where a check looks at it.
    Check,
    /// The charm's own files.
    CharmFiles,
    /// The resources of the charm.
    Resources,
    /// The processes that ran before: lost by a reboot or with a pod.
    Processes,
    /// The base of the machine.
    Base,
    /// Whether the unit, or its pod, goes on to live.
    Life,
    /// What an operator asks for.
    ActionRequest,
    /// What nothing in Juju announces: the hour, a workload's state, the world outside.
    World,
}

/// How much can be built on an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Juju sends it for every such change, and repeats it until it succeeds; several changes may share one.
    Sure,
    /// Juju sends it for every such change, and can lose it: by a crash, a forced refresh, another hook.
    CanBeLost,
    /// The change can happen without it.
    MayNotCome,
}

/// A datum that an event announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Change {
    /// What changed.
    pub datum: Datum,
    /// Whether the event comes for every such change.
    pub certainty: Certainty,
}

/// An event that announces a datum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WakerEvent {
    /// The kind of event.
    pub kind: EventKind,
    /// Whether it comes for every such change.
    pub certainty: Certainty,
}

impl Datum {
    /// All data.
    pub const ALL: [Self; 24] = [
        Self::Config,
        Self::Trust,
        Self::Addresses,
        Self::Leadership,
        Self::LeaderSettings,
        Self::Relations,
        Self::RemoteUnits,
        Self::RemoteUnitBag,
        Self::RemoteAppBag,
        Self::SecretContent,
        Self::SecretGrant,
        Self::SecretDue,
        Self::SecretObsolete,
        Self::Storage,
        Self::Container,
        Self::Notice,
        Self::Check,
        Self::CharmFiles,
        Self::Resources,
        Self::Processes,
        Self::Base,
        Self::Life,
        Self::ActionRequest,
        Self::World,
    ];

    /// All data that can be found later. An operator's request is no state.
    pub(crate) const ALL_BUT_REQUESTS: [Self; Self::ALL.len() - 1] = {
        let mut data = [Self::World; Self::ALL.len() - 1];
        let (mut from, mut to) = (0, 0);
        while from < Self::ALL.len() {
            if !matches!(Self::ALL[from], Self::ActionRequest) {
                data[to] = Self::ALL[from];
                to += 1;
            }
            from += 1;
        }
        data
    };

    /// The events that announce a change of it, the sure ones first.
    ///
    /// [`EventKind::UpdateStatus`] ends every list but that of what an operator asks for: whatever happened, it is
    /// seen then at the latest, if it comes.
    ///
    /// ```
    /// use charmwright_event::{Certainty, Datum, EventKind};
    ///
    /// let mut wakers = Datum::SecretGrant.wakers();
    /// let first = wakers.next().unwrap();
    /// // A grant has no event of its own: it comes with the data that refers to the secret, or it does not.
    /// assert_eq!((first.kind, first.certainty), (EventKind::RelationChanged, Certainty::MayNotCome));
    /// ```
    pub fn wakers(self) -> impl Iterator<Item = WakerEvent> {
        let with = move |certainty: Certainty, last: bool| {
            EventKind::ALL
                .into_iter()
                .filter(move |kind| kind.can_be_waited_for() && (*kind == EventKind::UpdateStatus) == last)
                .filter(move |kind| kind.changes().contains(&Change { datum: self, certainty }))
                .map(move |kind| WakerEvent { kind, certainty })
        };
        with(Certainty::Sure, false)
            .chain(with(Certainty::CanBeLost, false))
            .chain(with(Certainty::MayNotCome, false))
            .chain(with(Certainty::MayNotCome, true))
    }
}

const fn sure(datum: Datum) -> Change {
    Change { datum, certainty: Certainty::Sure }
}

const fn can_be_lost(datum: Datum) -> Change {
    Change { datum, certainty: Certainty::CanBeLost }
}

const fn may_not_come(datum: Datum) -> Change {
    Change { datum, certainty: Certainty::MayNotCome }
}

/// An event that says nothing of what changed.
const ANYTHING: [Change; Datum::ALL_BUT_REQUESTS.len()] = {
    let mut changes = [may_not_come(Datum::World); Datum::ALL_BUT_REQUESTS.len()];
    let mut at = 0;
    while at < changes.len() {
        changes[at] = may_not_come(Datum::ALL_BUT_REQUESTS[at]);
        at += 1;
    }
    changes
};

impl EventKind {
    /// How much can be built on it by who waits for a change of `datum`; `None` if it does not announce it.
    pub fn certainty_for(self, datum: Datum) -> Option<Certainty> {
        self.changes().iter().find(|change| change.datum == datum).map(|change| change.certainty)
    }

    /// Nobody has waited before the first event, and what nobody has a name for cannot be named.
    fn can_be_waited_for(self) -> bool {
        !matches!(self, Self::Install | Self::Other)
    }

    /// What it announces.
    ///
    /// Anything else may have changed too: Juju coalesces events and lets a unit read the present, not the past.
    /// Where a change is not sure, [`EventKind::losses`] says when it gets lost, and what comes instead.
    pub fn changes(self) -> &'static [Change] {
        match self {
            Self::Start => const { &[sure(Datum::Processes)] },
            Self::ConfigChanged => {
                const { &[sure(Datum::Config), sure(Datum::Trust), sure(Datum::Addresses)] }
            }
            // A forced refresh of a unit in error replaces the files without it; on machines it is lost for an
            // attached resource if another hook comes first. A new pod has new files, addresses and processes, but
            // gets the failed hook instead if its unit was in error.
            Self::UpgradeCharm => {
                const {
                    &[
                        can_be_lost(Datum::CharmFiles),
                        can_be_lost(Datum::Resources),
                        may_not_come(Datum::Addresses),
                        may_not_come(Datum::Processes),
                    ]
                }
            }
            // A storage hook on Kubernetes can overwrite it. Nothing announces to all Jujus that leadership was lost.
            Self::LeaderElected => const { &[can_be_lost(Datum::Leadership)] },
            Self::LeaderSettingsChanged => {
                const { &[can_be_lost(Datum::LeaderSettings), may_not_come(Datum::Leadership)] }
            }
            // At the first, everything is new. The periodic one may be switched off, and any hook after its tick
            // swallows it.
            Self::Install | Self::UpdateStatus | Self::Other => &ANYTHING,
            // Not if the unit never started, was killed, or ends before its installation.
            Self::Stop | Self::Remove => const { &[can_be_lost(Datum::Life)] },
            // Not for a relation that was entered before a crash, nor for one that is resumed.
            Self::RelationCreated => const { &[can_be_lost(Datum::Relations)] },
            Self::RelationJoined => const { &[may_not_come(Datum::Relations), sure(Datum::RemoteUnits)] },
            // A grant is no change of a bag; the two only often come together.
            Self::RelationChanged => {
                const {
                    &[
                        sure(Datum::RemoteUnitBag),
                        sure(Datum::RemoteAppBag),
                        may_not_come(Datum::Relations),
                        may_not_come(Datum::SecretGrant),
                    ]
                }
            }
            Self::RelationDeparted => const { &[sure(Datum::RemoteUnits)] },
            // Not for a relation that the controller removes at once.
            Self::RelationBroken => {
                const { &[can_be_lost(Datum::Relations), may_not_come(Datum::SecretGrant)] }
            }
            Self::StorageAttached | Self::StorageDetaching => const { &[sure(Datum::Storage)] },
            Self::SecretChanged => const { &[sure(Datum::SecretContent)] },
            // A retry on a unit that has stopped leading counts as a rotation, and is none.
            Self::SecretRotate => const { &[can_be_lost(Datum::SecretDue)] },
            Self::SecretExpired => const { &[sure(Datum::SecretDue)] },
            // It is skipped if the unit stops leading before it runs, and the next leader gets none.
            Self::SecretRemove => const { &[can_be_lost(Datum::SecretObsolete)] },
            Self::PebbleReady => const { &[sure(Datum::Container)] },
            // Up to Juju 3.6.24 not for what another user than root tells.
            Self::PebbleCustomNotice => const { &[may_not_come(Datum::Notice)] },
            // Only where the container's layers declare a check, and Juju is new enough.
            Self::PebbleCheckFailed | Self::PebbleCheckRecovered => const { &[may_not_come(Datum::Check)] },
            Self::PreSeriesUpgrade | Self::PostSeriesUpgrade => const { &[sure(Datum::Base)] },
            Self::CollectMetrics | Self::MeterStatusChanged => &[],
            // It is not repeated if the agent ends while it runs.
            Self::Action => const { &[can_be_lost(Datum::ActionRequest)] },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_can_change_has_a_waker() {
        for datum in Datum::ALL {
            assert!(datum.wakers().next().is_some(), "{datum:?}");
            let last = datum.wakers().last().unwrap().kind;
            assert_eq!(last == EventKind::UpdateStatus, datum != Datum::ActionRequest, "{datum:?}");
        }
    }

    #[test]
    fn both_directions_say_the_same() {
        for datum in Datum::ALL {
            for waker in datum.wakers() {
                let change = Change { datum, certainty: waker.certainty };
                assert!(waker.kind.changes().contains(&change), "{datum:?} {}", waker.kind);
            }
        }
        for kind in EventKind::ALL.into_iter().filter(|kind| kind.can_be_waited_for()) {
            for change in kind.changes() {
                let waker = WakerEvent { kind, certainty: change.certainty };
                assert_eq!(
                    change.datum.wakers().filter(|each| *each == waker).count(),
                    1,
                    "{kind} {change:?}"
                );
            }
        }
    }

    #[test]
    fn the_first_waker_is_the_one_to_name() {
        for (datum, kind, certainty) in [
            (Datum::Config, EventKind::ConfigChanged, Certainty::Sure),
            (Datum::Leadership, EventKind::LeaderElected, Certainty::CanBeLost),
            (Datum::Relations, EventKind::RelationCreated, Certainty::CanBeLost),
            (Datum::RemoteUnits, EventKind::RelationJoined, Certainty::Sure),
            (Datum::RemoteAppBag, EventKind::RelationChanged, Certainty::Sure),
            (Datum::RemoteUnitBag, EventKind::RelationChanged, Certainty::Sure),
            (Datum::SecretContent, EventKind::SecretChanged, Certainty::Sure),
            (Datum::SecretGrant, EventKind::RelationChanged, Certainty::MayNotCome),
            (Datum::Storage, EventKind::StorageAttached, Certainty::Sure),
            (Datum::Container, EventKind::PebbleReady, Certainty::Sure),
            (Datum::Notice, EventKind::PebbleCustomNotice, Certainty::MayNotCome),
            (Datum::Check, EventKind::PebbleCheckFailed, Certainty::MayNotCome),
            (Datum::Resources, EventKind::UpgradeCharm, Certainty::CanBeLost),
            (Datum::World, EventKind::UpdateStatus, Certainty::MayNotCome),
        ] {
            assert_eq!(datum.wakers().next(), Some(WakerEvent { kind, certainty }), "{datum:?}");
        }
    }
}
