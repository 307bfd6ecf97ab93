//! The life of a unit beside Juju 3.6.11's own unit worker: the same scenarios, the same events.
//!
//! `scenarios/` holds them, `charm/` the charm that does in each hook what a scenario says, `normal.rs` the exceptions to
//! "event by event".
//! `LIFE` runs only the scenarios whose names hold one of these texts.
//! `LIFE_SIDE=juju` asks Juju alone; `LIFE_SIDE=twice` runs Juju on both sides, which shows what it leaves to chance.
//! `LIFE_SHOW` names a folder for what both sides did.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod chance;
#[path = "../juju/diff.rs"]
mod diff;
mod normal;
mod rows;
mod scenario;
mod side;
mod words;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use crate::scenario::Scenario;
use crate::side::{Run, Side, play};

/// Scenarios at a time: they mostly wait.
const AT_A_TIME: usize = 8;
/// Runs of Juju's own that may be needed to meet another one of its own. There are scenarios that need more.
const AGAIN: u64 = 5;

#[test]
fn the_simulated_agent_lives_as_jujus_own() {
    compare_all(&scenario::all());
}

#[test]
#[ignore = "takes minutes: LIFE_CHANCE=FIRST..LAST says which of the scenarios by chance"]
fn the_simulated_agent_lives_as_jujus_own_by_chance() {
    let numbers = env::var("LIFE_CHANCE").unwrap_or_else(|_| "0..50".to_owned());
    let (first, last) = numbers.split_once("..").unwrap();
    let numbers = first.parse().unwrap()..last.parse().unwrap();
    compare_all(&numbers.map(chance::scenario).collect::<Vec<Scenario>>());
}

/// Plays scenarios on both sides, several at a time, and tells all differences at once.
fn compare_all(scenarios: &[Scenario]) {
    let next = AtomicUsize::new(0);
    let told = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(difference) = compare(scenario) {
                        told.lock().unwrap().push(format!("{}\n{difference}", scenario.name));
                    }
                }
            });
        }
    });
    let mut told = told.into_inner().unwrap();
    told.sort();
    assert!(told.is_empty(), "{} of {} scenarios differ:\n{}", told.len(), scenarios.len(), told.join("\n"));
}

/// Plays one scenario on both sides. Returns what is wrong.
fn compare(scenario: &Scenario) -> Option<String> {
    let wanted = play(scenario, Side::Juju, None);
    show(scenario, "juju", &wanted);
    if let Some(problem) = as_expected(scenario, &wanted) {
        return Some(format!("  under Juju: {problem}"));
    }
    let chosen = env::var("LIFE_SIDE").unwrap_or_default();
    let twice = chosen == "twice";
    if chosen == "juju" {
        return None;
    }
    let juju = normal::lines(&wanted);
    let tries = if twice && scenario.random.is_some() { AGAIN } else { 1 };
    let mut closest: Option<String> = None;
    for _ in 0..tries {
        let side = if twice { Side::Juju } else { Side::Simulated };
        let run = play(scenario, side, (!twice).then_some(&wanted));
        show(scenario, "ours", &run);
        if let Some(problem) = as_expected(scenario, &run) {
            return Some(format!("  ours: {problem}"));
        }
        let difference = diff::diff(&juju, &normal::lines(&run))?;
        if closest.as_ref().is_none_or(|other| difference.len() < other.len()) {
            closest = Some(difference);
        }
    }
    closest.map(|difference| format!("  Juju's (-) and ours (+):\n{difference}"))
}

/// What a run did is what the scenario says. In another order where Juju has a choice.
fn as_expected(scenario: &Scenario, run: &Run) -> Option<String> {
    if let Some(problem) = &run.failed {
        return Some(problem.clone());
    }
    for (at, expected) in &run.seen {
        let mut expected = expected.clone();
        let mut got = words::words(&run.log[*at].1);
        if scenario.random.is_some() {
            expected.sort();
            got.sort();
        }
        if expected != got {
            let mut out = format!("step {at} is not as it says");
            let _ = write!(out, "\n    expected: {}\n    happened: {}", expected.join(", "), got.join(", "));
            return Some(out);
        }
    }
    None
}

/// Keeps a run for people, one request with its answer a line.
fn show(scenario: &Scenario, side: &str, run: &Run) {
    let Some(folder) = env::var_os("LIFE_SHOW") else { return };
    let mut text = String::new();
    for (request, answer) in &run.log {
        let _ = writeln!(text, "{}", serde_json::json!({"request": request, "answer": answer}));
    }
    let file = Path::new(&folder).join(format!("{}.{side}.jsonl", scenario.name));
    fs::create_dir_all(folder).unwrap();
    fs::write(file, text).unwrap();
}

#[test]
fn every_row_of_the_ordering_is_covered_by_a_scenario() {
    if env::var_os("LIFE").is_some() {
        return;
    }
    let scenarios = scenario::all();
    assert!(scenarios.len() >= 110, "there are only {} scenarios", scenarios.len());
    let names: BTreeSet<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(names.len(), scenarios.len(), "two scenarios have one name");
    let covered: BTreeSet<&str> =
        scenarios.iter().flat_map(|scenario| &scenario.rows).map(String::as_str).collect();
    let rows: BTreeSet<String> = rows::all().collect();
    let missed: Vec<&String> = rows.iter().filter(|row| !covered.contains(row.as_str())).collect();
    let unknown: Vec<&&str> = covered.iter().filter(|row| !rows.contains(**row)).collect();
    assert!(missed.is_empty() && unknown.is_empty(), "not covered: {missed:?}; not there: {unknown:?}");
}
