//! In which order Juju takes what is pending.

use crate::kind::EventKind;

/// A rule of Juju's unit agent. After each hook the agent walks [`ORDER`] from its top, and the first rule that has
/// something to do wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its place: 1 comes first.
    pub number: u8,
    /// The kinds of events that it sends, in the order in which it looks for them.
    pub kinds: &'static [EventKind],
    /// What it does besides, or instead, that is no event; empty if nothing.
    pub step: &'static str,
    /// The order among several of its events.
    pub within: Within,
    /// When it applies, and what belongs to it.
    pub condition: &'static str,
}

/// In which order one rule takes its own events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Within {
    /// There is never more than one.
    One,
    /// As they arrived.
    AsDelivered,
    /// Any may be the next: Juju itself leaves it to chance.
    Random,
    /// By kind, as the rule lists them; then as the condition says.
    ByKind,
}

impl Within {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One => "only one",
            Self::AsDelivered => "as they arrived",
            Self::Random => "random",
            Self::ByKind => "by kind",
        }
    }
}

impl std::fmt::Display for Within {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rules of Juju 3.6.11, the first to be looked at first.
pub const ORDER: [Rule; 16] = [
    Rule {
        number: 1,
        kinds: &[EventKind::Start],
        step: "",
        within: Within::One,
        condition: "once after each start of the agent on Kubernetes, after a reboot on machines; waits while a hook is queued or failed",
    },
    Rule {
        number: 2,
        kinds: &[EventKind::RelationCreated],
        step: "all new relations are entered first",
        within: Within::Random,
        condition: "the unit is installed and does not end",
    },
    Rule {
        number: 3,
        kinds: &[EventKind::LeaderElected, EventKind::LeaderSettingsChanged],
        step: "leadership is accepted, or given up",
        within: Within::ByKind,
        condition: "the unit is installed; a unit that ends only gives up",
    },
    Rule {
        number: 4,
        kinds: &[
            EventKind::PebbleReady,
            EventKind::PebbleCustomNotice,
            EventKind::PebbleCheckFailed,
            EventKind::PebbleCheckRecovered,
        ],
        step: "",
        within: Within::AsDelivered,
        condition: "notices and checks of one container keep their order; `pebble-ready` is independent of them; containers interleave at random; also on a unit that ends",
    },
    Rule {
        number: 5,
        kinds: &[
            EventKind::SecretExpired,
            EventKind::SecretRotate,
            EventKind::SecretChanged,
            EventKind::SecretRemove,
        ],
        step: "secrets that are gone are forgotten, before `secret-remove`",
        within: Within::ByKind,
        condition: "`secret-expired` and `secret-rotate` as they arrived; `secret-changed` and `secret-remove` at random among secrets, revisions ascending",
    },
    Rule {
        number: 6,
        kinds: &[EventKind::Action],
        step: "",
        within: Within::AsDelivered,
        condition: "also while a hook is failed, and on a unit that ends",
    },
    Rule { number: 7, kinds: &[], step: "`juju-exec`", within: Within::AsDelivered, condition: "always" },
    Rule {
        number: 8,
        kinds: &[EventKind::StorageAttached, EventKind::StorageDetaching],
        step: "",
        within: Within::Random,
        condition: "on machines before `install`, which waits for storage that is not provisioned; on Kubernetes also before a queued hook",
    },
    Rule {
        number: 9,
        kinds: &[EventKind::Stop],
        step: "the agent ends",
        within: Within::One,
        condition: "the agent was asked to end (SIGTERM); what stands below is passed over",
    },
    Rule {
        number: 10,
        kinds: &[],
        step: "the failed hook is retried, or the queued one run",
        within: Within::One,
        condition: "while a hook is failed, what stands below waits",
    },
    Rule {
        number: 11,
        kinds: &[EventKind::RelationDeparted, EventKind::RelationBroken, EventKind::Stop, EventKind::Remove],
        step: "the unit is dead",
        within: Within::ByKind,
        condition: "the unit ends; all relations first, at random, peers last; what stands below does not come any more",
    },
    Rule {
        number: 12,
        kinds: &[EventKind::Install],
        step: "",
        within: Within::One,
        condition: "the unit is not installed",
    },
    Rule {
        number: 13,
        kinds: &[EventKind::UpgradeCharm],
        step: "the charm's files are replaced first",
        within: Within::One,
        condition: "`config-changed` is queued behind it",
    },
    Rule {
        number: 14,
        kinds: &[EventKind::ConfigChanged],
        step: "",
        within: Within::One,
        condition: "one for options, trust and addresses together; the first `start` is queued behind it",
    },
    Rule {
        number: 15,
        kinds: &[
            EventKind::RelationDeparted,
            EventKind::RelationBroken,
            EventKind::RelationChanged,
            EventKind::RelationJoined,
        ],
        step: "",
        within: Within::Random,
        condition: "a relation at random after each hook, peers last; the order inside one is below",
    },
    Rule {
        number: 16,
        kinds: &[EventKind::UpdateStatus],
        step: "",
        within: Within::One,
        condition: "only if nothing above ran since the tick",
    },
];

/// What comes next of one relation, the first that applies. Units are taken in the order of their names as text:
/// `pg/10` before `pg/2`.
pub const RELATION_ORDER: [(EventKind, &str); 6] = [
    (EventKind::RelationChanged, "of the unit that has just joined, whatever happened meanwhile"),
    (
        EventKind::RelationDeparted,
        "for each known unit that is gone; for all of them if the relation or the unit ends, or it is suspended",
    ),
    (EventKind::RelationBroken, "if the relation or the unit ends, or it is suspended; not for peers"),
    (EventKind::RelationChanged, "of the application, if its data has another version than seen last"),
    (EventKind::RelationJoined, "for each unit that is not known"),
    (EventKind::RelationChanged, "of a known unit, if its data has another version than seen last"),
];

impl EventKind {
    /// The rules of [`ORDER`] that send it. None for what Juju 3.6.11 does not send, and for what has no name.
    ///
    /// ```
    /// use charmwright_event::EventKind;
    ///
    /// let mut rules = EventKind::ConfigChanged.rules();
    /// assert_eq!(rules.next().map(|rule| rule.number), Some(14));
    /// ```
    pub fn rules(self) -> impl Iterator<Item = &'static Rule> {
        const { &ORDER }.iter().filter(move |rule| rule.kinds.contains(&self))
    }

    /// What Juju queues behind it: nothing but `juju-exec`, and storage on Kubernetes, comes between the two.
    pub fn queues(self) -> Option<Self> {
        match self {
            Self::UpgradeCharm => Some(Self::ConfigChanged),
            // Only until the unit has started.
            Self::ConfigChanged => Some(Self::Start),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JujuVersion;

    #[test]
    fn the_rules_are_numbered_from_one() {
        assert!(ORDER.iter().zip(1..).all(|(rule, number)| rule.number == number));
    }

    #[test]
    fn whatever_juju_sends_has_a_rule() {
        let juju = JujuVersion::parse("3.6.11").unwrap();
        for kind in EventKind::ALL {
            // What a person calls has no rule of its own, and a new base comes before any rule is looked at.
            let outside =
                matches!(kind, EventKind::Other | EventKind::PreSeriesUpgrade | EventKind::PostSeriesUpgrade);
            assert_eq!(kind.rules().next().is_some(), kind.exists_in(&juju) && !outside, "{kind}");
        }
    }

    #[test]
    fn what_is_queued_comes_from_a_rule_of_its_own_too() {
        for kind in EventKind::ALL {
            assert!(kind.queues().is_none_or(|next| next.rules().next().is_some()), "{kind}");
        }
    }
}
