//! The difference between what is wished and what is, as a value that can be printed.

use std::fmt;

use charmwright_event::RelationId;
use charmwright_hookcmds::{Bag, OpenedPort};
use charmwright_snapshot::Observed;

use crate::container_step::ContainerStep;

/// What has to be done. Printed, it is one block of lines for people.
#[derive(Debug, Default)]
pub struct Plan {
    pub(crate) steps: Vec<Step>,
}

/// One thing to do.
#[derive(Debug)]
pub(crate) enum Step {
    Open(OpenedPort),
    Close(OpenedPort),
    Write(BagChange),
    Container(Box<ContainerStep>),
}

/// What has to change in our application's bag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BagChange {
    pub(crate) relation: RelationId,
    /// The relation as people know it: endpoint and application.
    pub(crate) label: String,
    /// An empty value deletes its key.
    pub(crate) changes: Bag,
    /// What is in the bag then.
    pub(crate) result: Bag,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many things there are to do.
    pub fn len(&self) -> usize {
        self.lines().len()
    }

    /// One line for each thing to do.
    pub fn lines(&self) -> Vec<String> {
        self.steps.iter().flat_map(Step::lines).collect()
    }
}

impl Step {
    pub(crate) fn lines(&self) -> Vec<String> {
        match self {
            Self::Open(port) => vec![format!("open port {port}")],
            Self::Close(port) => vec![format!("close port {port}")],
            Self::Write(change) => vec![change.to_string()],
            Self::Container(step) => step.lines(),
        }
    }
}

impl fmt::Display for BagChange {
    /// Names the keys, never the values: they are the other side's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (removed, set): (Vec<_>, Vec<_>) = self.changes.iter().partition(|(_, value)| value.is_empty());
        let keys = |changes: Vec<(&String, &String)>| {
            changes.into_iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ")
        };
        write!(f, "tell {}:", self.label)?;
        if !set.is_empty() {
            write!(f, " {}", keys(set))?;
        }
        if !removed.is_empty() {
            write!(f, " (no longer {})", keys(removed))?;
        }
        Ok(())
    }
}

/// The keys that have to change so that `wanted` is in a bag; `None` if none has, or if the bag is not ours.
///
/// An incomplete wish removes nothing. A bag of which only the keys are known is written whole.
pub(crate) fn bag_change(
    relation: RelationId,
    label: String,
    held: &Observed<Bag>,
    wanted: &Bag,
    complete: bool,
) -> Option<BagChange> {
    let nothing = Bag::new();
    let (held, keys): (&Bag, Vec<&String>) = match held {
        Observed::Is(held) => (held, held.keys().collect()),
        Observed::Unknown(keys) => (&nothing, keys.iter().collect()),
        Observed::NotOurs => return None,
    };
    let mut result = if complete { Bag::new() } else { held.clone() };
    result.extend(
        wanted.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.clone(), value.clone())),
    );
    let gone = keys.into_iter().filter(|key| complete && !result.contains_key(*key));
    let mut changes: Bag = gone.map(|key| (key.clone(), String::new())).collect();
    changes.extend(
        result
            .iter()
            .filter(|(key, value)| held.get(*key) != Some(*value))
            .map(|(k, v)| (k.clone(), v.clone())),
    );
    (!changes.is_empty()).then_some(BagChange { relation, label, changes, result })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    fn bag(entries: &[(&str, &str)]) -> Bag {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn changes(held: &[(&str, &str)], wanted: &[(&str, &str)], complete: bool) -> Option<Bag> {
        let held = Observed::Is(bag(held));
        let change = bag_change(RelationId::new(1), String::new(), &held, &bag(wanted), complete);
        change.map(|change| change.changes)
    }

    #[test]
    fn only_keys_that_differ_are_written() {
        assert_eq!(
            changes(&[("a", "1"), ("b", "2")], &[("a", "1"), ("b", "3")], true),
            Some(bag(&[("b", "3")]))
        );
        assert_eq!(changes(&[("a", "1")], &[("a", "1")], true), None);
        assert_eq!(changes(&[], &[("a", "")], true), None);
    }

    #[test]
    fn keys_go_only_when_the_wish_is_complete() {
        assert_eq!(changes(&[("a", "1"), ("b", "2")], &[("a", "1")], true), Some(bag(&[("b", "")])));
        assert_eq!(changes(&[("a", "1"), ("b", "2")], &[("a", "1")], false), None);
    }

    proptest! {
        #[test]
        fn a_change_leads_to_what_is_wished_and_a_second_one_is_not_needed(
            held in btree_map("[a-e]", "[xyz]", 0..5),
            wanted in btree_map("[a-e]", "[xyz]?", 0..5),
            complete: bool,
        ) {
            let change = |held: &Bag| {
                bag_change(RelationId::new(1), String::new(), &Observed::Is(held.clone()), &wanted, complete)
            };
            let mut after = held.clone();
            if let Some(change) = change(&held) {
                after.extend(change.changes);
                after.retain(|_, value| !value.is_empty());
                prop_assert_eq!(&after, &change.result);
            }
            for (key, value) in &wanted {
                let expected = Some(value).filter(|value| !value.is_empty());
                let kept = held.get(key).filter(|_| !complete && value.is_empty());
                prop_assert_eq!(after.get(key), expected.or(kept));
            }
            for key in after.keys().filter(|key| !wanted.contains_key(*key)) {
                prop_assert!(!complete && held.contains_key(key));
            }
            prop_assert!(change(&after).is_none());
        }
    }

    #[test]
    fn a_bag_of_which_only_the_keys_are_known_is_written_whole() {
        let held = Observed::Unknown(BTreeSet::from(["a".to_owned(), "old".to_owned()]));
        let change =
            |complete| bag_change(RelationId::new(1), String::new(), &held, &bag(&[("a", "1")]), complete);
        assert_eq!(change(true).unwrap().changes, bag(&[("a", "1"), ("old", "")]));
        assert_eq!(change(false).unwrap().changes, bag(&[("a", "1")]));
        assert!(
            bag_change(RelationId::new(1), String::new(), &Observed::NotOurs, &bag(&[("a", "1")]), true)
                .is_none()
        );
    }
}
