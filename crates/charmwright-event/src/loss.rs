//! When Juju loses an event, and what comes instead.

use crate::change::Datum;
use crate::kind::EventKind;

/// A way in which an event does not come, or comes and leads to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// What it would have announced. Empty if it does come, but not what should follow it.
    pub data: &'static [Datum],
    /// When that happens.
    pub when: &'static str,
    /// The next events of which the charm can count on one, the first to come first. Any other event does as well:
    /// the charm reads the present in each.
    pub instead: &'static [EventKind],
    /// What comes next, in words.
    pub then: &'static str,
    /// The row of the notes on the order of Juju 3.6.11's events; `None` if it lies elsewhere in them, or outside.
    pub row: Option<u8>,
}

/// A relation whose relation-created did not come shows itself by what follows it.
const OF_A_RELATION: &[EventKind] =
    &[EventKind::RelationChanged, EventKind::RelationJoined, EventKind::UpdateStatus];

const ONLY_THE_TICK: &[EventKind] = &[EventKind::UpdateStatus];

impl EventKind {
    /// When Juju 3.6.11 loses it. Empty if it never does.
    ///
    /// Left out is what an operator chooses: `juju resolved --no-retry` passes over any hook, and a pod or machine
    /// that is killed for good runs none.
    ///
    /// ```
    /// use charmwright_event::EventKind;
    ///
    /// let [loss] = EventKind::LeaderElected.losses() else { panic!() };
    /// assert_eq!(loss.row, Some(6));
    /// assert_eq!(loss.instead[0], EventKind::StorageAttached);
    /// assert!(EventKind::ConfigChanged.losses().is_empty());
    /// ```
    pub fn losses(self) -> &'static [Loss] {
        match self {
            Self::LeaderElected => const { &LEADER_ELECTED },
            Self::LeaderSettingsChanged => const { &LEADER_SETTINGS_CHANGED },
            Self::UpgradeCharm => const { &UPGRADE_CHARM },
            Self::UpdateStatus => const { &UPDATE_STATUS },
            Self::Stop => const { &STOP },
            Self::Remove => const { &REMOVE },
            Self::RelationCreated => const { &RELATION_CREATED },
            Self::RelationChanged => const { &RELATION_CHANGED },
            Self::RelationBroken => const { &RELATION_BROKEN },
            Self::SecretRotate => const { &SECRET_ROTATE },
            Self::SecretRemove => const { &SECRET_REMOVE },
            Self::PebbleReady => const { &PEBBLE_READY },
            Self::PebbleCustomNotice => const { &PEBBLE_CUSTOM_NOTICE },
            Self::PebbleCheckFailed | Self::PebbleCheckRecovered => const { &PEBBLE_CHECK },
            Self::Action => const { &ACTION },
            _ => &[],
        }
    }

    /// The losses that matter to who waits for a change of `datum`.
    pub fn losses_of(self, datum: Datum) -> impl Iterator<Item = &'static Loss> {
        self.losses().iter().filter(move |loss| loss.data.contains(&datum))
    }
}

const LEADER_ELECTED: [Loss; 1] = [Loss {
    data: &[Datum::Leadership],
    when: "on Kubernetes a storage hook comes between the acceptance and it, and overwrites it",
    instead: &[EventKind::StorageAttached, EventKind::StorageDetaching, EventKind::UpdateStatus],
    then: "the storage hook, in which the unit leads already; leader-elected itself not before the leadership changes again",
    row: Some(6),
}];

const LEADER_SETTINGS_CHANGED: [Loss; 1] = [Loss {
    data: &[Datum::LeaderSettings],
    when: "the unit leads by the time it would run",
    instead: &[EventKind::LeaderElected, EventKind::UpdateStatus],
    then: "leader-elected",
    row: None,
}];

const UPGRADE_CHARM: [Loss; 3] = [
    Loss {
        data: &[Datum::Resources],
        when: "on machines a resource is attached, and a hook of rules 2 to 8 is started before rule 13 is reached",
        instead: ONLY_THE_TICK,
        then: "that hook, which sees the new resource; nothing else until the charm is refreshed",
        row: Some(2),
    },
    Loss {
        data: &[Datum::CharmFiles, Datum::Resources],
        when: "the charm of a unit in error is replaced by a forced refresh",
        instead: ONLY_THE_TICK,
        then: "the failed hook is run again, by the new charm",
        row: None,
    },
    Loss {
        data: &[Datum::CharmFiles, Datum::Resources, Datum::Addresses, Datum::Processes],
        when: "the pod of a unit in error is replaced, or of one whose next hook was only queued",
        instead: &[EventKind::Start, EventKind::UpdateStatus],
        then: "that hook is run again after its delay, then start",
        row: Some(19),
    },
];

const UPDATE_STATUS: [Loss; 2] = [
    Loss {
        data: &Datum::ALL_BUT_REQUESTS,
        when: "any hook is started after its tick",
        instead: &[],
        then: "that hook, which runs the charm as well; update-status with the next tick",
        row: Some(1),
    },
    Loss {
        data: &Datum::ALL_BUT_REQUESTS,
        when: "the model's update-status-hook-interval is 0, or a unit is in error",
        instead: &[],
        then: "nothing, until something else happens",
        row: None,
    },
];

const STOP: [Loss; 1] = [Loss {
    data: &[Datum::Life],
    when: "the unit never started, or its pod or machine is killed",
    instead: &[EventKind::UpgradeCharm, EventKind::Start],
    then: "of a new pod: upgrade-charm, config-changed, start; of a unit that is gone: nothing",
    row: Some(18),
}];

const REMOVE: [Loss; 1] = [Loss {
    data: &[Datum::Life],
    when: "the unit ends before its installation, or is removed by force",
    instead: &[],
    then: "nothing",
    row: None,
}];

const RELATION_CREATED: [Loss; 2] = [
    Loss {
        data: &[Datum::Relations],
        when: "the agent ends after it has entered the relation, and before the hook",
        instead: OF_A_RELATION,
        then: "relation-changed of the application, or relation-joined",
        row: Some(10),
    },
    Loss {
        data: &[Datum::Relations],
        when: "a suspended relation is resumed, and the agent was not restarted in between",
        instead: OF_A_RELATION,
        then: "relation-changed of the application, or relation-joined",
        row: Some(23),
    },
];

const RELATION_CHANGED: [Loss; 1] = [Loss {
    data: &[Datum::SecretGrant],
    when: "a secret is granted, and no bag changes with it",
    instead: ONLY_THE_TICK,
    then: "nothing that has to do with it",
    row: None,
}];

const RELATION_BROKEN: [Loss; 1] = [Loss {
    data: &[Datum::Relations, Datum::SecretGrant],
    when: "the controller removes the relation at once, or a suspended relation ends",
    instead: ONLY_THE_TICK,
    then: "nothing that has to do with it",
    row: None,
}];

const SECRET_ROTATE: [Loss; 3] = [
    Loss {
        data: &[Datum::SecretDue],
        when: "the secret is the application's, the hook fails, and the unit stops leading before the retry",
        instead: &[EventKind::SecretRotate],
        then: "the hook on a unit that may not change the secret; it counts as rotated until the next interval is over",
        row: Some(11),
    },
    Loss {
        data: &[],
        when: "the secret is the unit's own",
        instead: &[],
        then: "nothing: the agent ends with an error after the hook, and again after each start",
        row: Some(12),
    },
    Loss {
        data: &[],
        when: "the failed hook is passed over by an operator, or the agent ends between the hook and its commit",
        instead: &[],
        then: "the hook is in error again, or the agent ends with an error after each start",
        row: Some(13),
    },
];

const SECRET_REMOVE: [Loss; 1] = [Loss {
    data: &[Datum::SecretObsolete],
    when: "the unit stops leading before it runs; the next leader gets none",
    instead: ONLY_THE_TICK,
    then: "nothing that has to do with it",
    row: Some(11),
}];

const PEBBLE_READY: [Loss; 1] = [Loss {
    data: &[],
    when: "it fails: it is passed over, and the unit is not in error",
    instead: &[EventKind::PebbleReady],
    then: "itself, with the next poll of Pebble (5 s)",
    row: Some(3),
}];

const PEBBLE_CUSTOM_NOTICE: [Loss; 3] = [
    Loss {
        data: &[Datum::Notice],
        when: "up to Juju 3.6.24 another user than root tells it",
        instead: ONLY_THE_TICK,
        then: "nothing that has to do with it",
        row: None,
    },
    Loss {
        data: &[Datum::Notice],
        when: "the pod is replaced before it runs, or Pebble has dropped it after seven days",
        instead: &[EventKind::PebbleReady, EventKind::UpdateStatus],
        then: "of a new pod: upgrade-charm, config-changed, start, pebble-ready",
        row: Some(4),
    },
    Loss {
        data: &[],
        when: "it fails: it is passed over, and the agent's worker starts anew",
        instead: &[EventKind::Start, EventKind::PebbleCustomNotice],
        then: "start, then all notices that Pebble still keeps, then pebble-ready",
        row: Some(3),
    },
];

const PEBBLE_CHECK: [Loss; 3] = [
    Loss {
        data: &[Datum::Check],
        when: "the container's layers declare no check, or Juju is older than 3.6",
        instead: ONLY_THE_TICK,
        then: "nothing that has to do with it",
        row: None,
    },
    Loss {
        data: &[Datum::Check],
        when: "the pod is replaced before it runs",
        instead: &[EventKind::PebbleReady, EventKind::UpdateStatus],
        then: "of a new pod: upgrade-charm, config-changed, start, pebble-ready",
        row: Some(4),
    },
    Loss {
        data: &[],
        when: "it fails: it is passed over, and the agent's worker starts anew",
        instead: &[EventKind::Start, EventKind::PebbleCheckFailed, EventKind::PebbleCheckRecovered],
        then: "start, then all notices and checks that Pebble still keeps, then pebble-ready",
        row: Some(3),
    },
];

const ACTION: [Loss; 1] = [Loss {
    data: &[Datum::ActionRequest],
    when: "the agent ends while it runs",
    instead: &[],
    then: "nothing: the operator is told that the action was terminated",
    row: None,
}];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Certainty;

    #[test]
    fn what_can_be_lost_says_when_and_what_is_sure_is_not_lost() {
        for kind in EventKind::ALL {
            for change in kind.changes() {
                let lost = kind.losses_of(change.datum).next().is_some();
                match change.certainty {
                    Certainty::Sure => assert!(!lost, "{kind} {:?}", change.datum),
                    Certainty::CanBeLost => assert!(lost, "{kind} {:?}", change.datum),
                    // That it may not come needs no reason where the event is about something else.
                    Certainty::MayNotCome => {}
                }
            }
        }
    }

    #[test]
    fn only_what_an_event_announces_is_lost_with_it() {
        for kind in EventKind::ALL {
            for loss in kind.losses() {
                for datum in loss.data {
                    assert!(kind.certainty_for(*datum).is_some(), "{kind} {datum:?}");
                }
            }
        }
    }

    #[test]
    fn what_comes_instead_announces_what_was_lost() {
        for kind in EventKind::ALL {
            for loss in kind.losses().iter().filter(|loss| !loss.data.is_empty()) {
                if let Some(last) = loss.instead.last() {
                    let again = loss.data.iter().any(|datum| last.certainty_for(*datum).is_some());
                    assert!(again || *last == EventKind::Start, "{kind}: {}", loss.when);
                }
            }
        }
    }
}
