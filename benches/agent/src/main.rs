//! How fast the simulated unit worker is: events a second of a unit whose charm does nothing, and the time to clone a
//! unit with many relations. `cargo xtask bench agent` runs it.
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use charmwright_sim::juju::context::{Agent, Paths};
use charmwright_sim::juju::controller::{Change, Controller, RelationChange};
use charmwright_sim::juju::version::JujuVersion;
use charmwright_sim::juju::worker::{Idle, Schedule, Start, UnitWorker};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Hooks to run before the clock is looked at again.
const ROUND: u32 = 10_000;
const RUNS: usize = 11;

/// A unit at rest, with that many relations of that many units.
fn unit(relations: usize, units: usize) -> Result<UnitWorker, Box<dyn Error>> {
    let relation = |id: usize| {
        let names = (0..units).map(|unit| (format!("remote{id}/{unit}"), json!({"host": "10.0.0.1"})));
        let units: serde_json::Map<String, Value> = names.collect();
        json!({"id": id, "endpoint": "db", "remote_endpoint": format!("db{id}"), "role": "requirer",
            "interface": "db", "remote_app": format!("remote{id}"), "units": units})
    };
    let relations: Vec<Value> = (0..relations).map(relation).collect();
    let model = json!({"unit": "app/0", "leader": true, "type": "iaas", "config_schema": {},
        "relations": relations, "private_address": "10.0.0.1"});
    let controller = Controller::live(&model, ".")?;
    let agent = Agent::new(controller, JujuVersion::default(), Paths::default());
    let mut unit = UnitWorker::new(agent, Timestamp::UNIX_EPOCH);
    unit.start(Start::default(), &mut Idle)?;
    unit.settle(&mut Schedule::first(), &mut Idle, usize::MAX);
    Ok(unit)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The time of one event: a remote unit writes, and the charm is told.
fn event(unit: &mut UnitWorker) -> Result<Duration, Box<dyn Error>> {
    let mut schedule = Schedule::first();
    let began = Instant::now();
    for number in 0..ROUND {
        let bag = [("a".to_owned(), (number % 2).to_string())].into();
        let units = [("remote0/0".to_owned(), Some(bag))].into();
        let relation = RelationChange { units, ..RelationChange::default() };
        unit.change(&[Change { relation: Some(relation), ..Change::default() }])?;
        unit.settle(&mut schedule, &mut Idle, usize::MAX);
    }
    Ok(began.elapsed() / ROUND)
}

fn clone(unit: &UnitWorker) -> Duration {
    let began = Instant::now();
    for _ in 0..ROUND {
        drop(black_box(unit.clone()));
    }
    began.elapsed() / ROUND
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut small = unit(1, 1)?;
    let events = (0..RUNS).map(|_| event(&mut small)).collect::<Result<Vec<_>, _>>()?;
    let one = median(events);
    println!("one event (a bag is written, relation-changed is heard of, prepared, run, saved, committed):");
    println!("  {:.2} µs, {:.0} events a second on one core", micros(one), 1.0 / one.as_secs_f64());
    for (relations, units) in [(1, 1), (100, 10)] {
        let unit = unit(relations, units)?;
        let time = median((0..RUNS).map(|_| clone(&unit)).collect());
        println!("to clone a unit with {relations} relations of {units} units: {:.2} µs", micros(time));
    }
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
