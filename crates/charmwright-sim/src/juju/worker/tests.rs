use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::juju::context::Paths;
use crate::juju::version::JujuVersion;

/// A unit whose charm does nothing, with what `model` adds.
fn unit(model: &Value) -> UnitWorker {
    let mut all = json!({"unit": "app/0", "leader": true, "config_schema": {}, "private_address": "10.0.0.1",
        "containers": ["one"]});
    for (key, value) in model.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    let controller = Controller::live(&all, ".").unwrap();
    UnitWorker::new(Agent::new(controller, JujuVersion::default(), Paths::default()), Timestamp::UNIX_EPOCH)
}

fn two_relations() -> Value {
    let relation = |id: i64, app: &str| {
        json!({"id": id, "endpoint": app, "role": "requirer", "remote_app": app,
            "units": {format!("{app}/0"): {"a": "1"}}})
    };
    json!({"relations": [relation(1, "pg"), relation(2, "redis")]})
}

fn settle(unit: &mut UnitWorker, schedule: &mut Schedule) -> Vec<String> {
    unit.settle(schedule, &mut Idle, 10_000);
    let ops = unit.take_events().into_iter().filter_map(|event| Some(event["op"].as_str()?.to_owned()));
    ops.collect()
}

fn deployed(model: &Value) -> UnitWorker {
    let mut unit = unit(model).recording();
    unit.start(Start::default(), &mut Idle).unwrap();
    settle(&mut unit, &mut Schedule::first());
    unit
}

#[test]
fn a_seed_names_a_run_and_other_seeds_other_runs() {
    let run = |seed: u64| {
        let mut unit = unit(&two_relations()).recording();
        unit.start(Start::default(), &mut Idle).unwrap();
        settle(&mut unit, &mut Schedule::seeded(seed))
    };
    assert_eq!(run(7), run(7));
    let all: BTreeSet<Vec<String>> = (0..40).map(run).collect();
    assert!(all.len() > 10, "there are only {}", all.len());
}

#[test]
fn where_juju_leaves_something_to_chance_there_is_a_choice() {
    let mut unit = unit(&two_relations());
    unit.start(Start::default(), &mut Idle).unwrap();
    while unit.open().is_empty() {
        let choice = unit.own_choices().remove(0);
        unit.step(&choice, &mut Idle);
    }
    assert_eq!(unit.open(), ["enter relation-app.pg#pg.pg", "enter relation-app.redis#redis.redis"]);
    let mut other = unit.clone();
    unit.step(&Choice::Take(0), &mut Idle);
    other.step(&Choice::Take(1), &mut Idle);
    assert_ne!(unit, other);
    let difference = unit.difference(&other);
    assert!(difference.contains('-') && difference.contains('+'), "{difference}");
    assert_eq!(unit.difference(&unit.clone()), "");
}

#[test]
fn leader_elected_is_lost_to_a_storage_hook_but_not_ideally() {
    for ideal in [false, true] {
        let mut unit = deployed(&json!({"leader": false})).ideal(ideal);
        let storage = crate::juju::controller::StorageChange {
            id: "data/0".to_owned(),
            location: "/data".to_owned(),
            ..Default::default()
        };
        let change = Change { leader: Some(true), storage: Some(storage), ..Change::default() };
        unit.change(&[change]).unwrap();
        unit.hear_all();
        let ops = settle(&mut unit, &mut Schedule::first());
        assert!(ops.contains(&"run storage-attached (data/0) hook".to_owned()), "{ops:?}");
        assert_eq!(ops.contains(&"run leader-elected hook".to_owned()), ideal, "{ops:?}");
    }
}

#[test]
fn a_resumed_relation_is_created_only_ideally() {
    for ideal in [false, true] {
        let mut unit = deployed(&two_relations()).ideal(ideal);
        let mut seen = Vec::new();
        for suspended in [true, false] {
            let relation = crate::juju::controller::RelationChange {
                id: 1,
                suspended: Some(suspended),
                ..Default::default()
            };
            unit.change(&[Change { relation: Some(relation), ..Change::default() }]).unwrap();
            unit.settle(&mut Schedule::first(), &mut Idle, 10_000);
            seen.extend(unit.take_events());
        }
        let faults: Vec<&Value> = seen.iter().filter(|event| event.get("fault").is_some()).collect();
        assert_eq!(faults.is_empty(), ideal, "{faults:?}");
    }
}

#[test]
fn a_relation_that_is_gone_at_once_departs_only_if_its_units_are_heard_of_first() {
    let gone = crate::juju::controller::RelationChange { id: 1, removed: true, ..Default::default() };
    let mut unit = deployed(&two_relations());
    unit.change(&[Change { relation: Some(gone), ..Change::default() }]).unwrap();
    let (relations, units) = (Choice::Hear(Source::Relations), Choice::Hear(Source::RelationUnits(1)));
    assert_eq!(unit.own_choices(), [relations.clone(), units.clone()]);
    for (first, told) in
        [(relations, vec![]), (units, vec!["run relation-departed (1; unit: pg/0, departee: pg/0) hook"])]
    {
        let mut unit = unit.clone();
        unit.step(&first, &mut Idle);
        unit.step(&Choice::Look, &mut Idle);
        assert_eq!(settle(&mut unit, &mut Schedule::first()), told);
    }
}

#[test]
fn a_unit_at_rest_has_nothing_to_do_by_itself() {
    let unit = deployed(&two_relations());
    assert!(unit.is_at_rest() && unit.own_choices().is_empty());
    assert_eq!(unit.choices(), [Choice::Wait, Choice::Crash]);
}

proptest! {
    /// Whatever is chosen, agents that die at any moment included, the unit comes to rest with all told.
    #[test]
    fn whatever_happens_in_whatever_order_the_charm_is_told_in_the_end(
        picks in proptest::collection::vec(any::<usize>(), 1..200),
    ) {
        let mut unit = unit(&two_relations());
        unit.start(Start::default(), &mut Idle).unwrap();
        unit.expect(Change { config: json!({"name": "x"}).as_object().cloned().unwrap(), ..Change::default() });
        for pick in picks {
            let choices = unit.choices();
            if choices.is_empty() {
                unit.start(Start::default(), &mut Idle).unwrap();
                continue;
            }
            unit.step(&choices[pick % choices.len()].clone(), &mut Idle);
        }
        for _ in 0..20 {
            if unit.is_down() {
                unit.start(Start::default(), &mut Idle).unwrap();
            }
            unit.settle(&mut Schedule::first(), &mut Idle, 10_000);
            unit.advance(jiff::SignedDuration::from_mins(5));
        }
        unit.settle(&mut Schedule::first(), &mut Idle, 10_000);
        let state = &unit.process().state;
        prop_assert!(state.installed && state.started && state.leader, "{state:?}");
        for id in [1, 2] {
            prop_assert_eq!(unit.process().relations.state(id).members.len(), 1);
        }
        prop_assert_eq!(&state.config_hash, &unit.remote().hashes.config);
    }
}
