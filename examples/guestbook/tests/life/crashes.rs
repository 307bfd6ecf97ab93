//! `dispatch` is killed wherever it touches the outside, and run again: it must end as if nothing had happened.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::stage::Stage;

/// How many units live through crashes at once. They mostly wait for Pebble.
const UNITS: usize = 6;

/// The change that is interrupted: another port and another greeting, and then back.
const THERE: &str = "[{config: {server-port: 9000, greeting: There}}, {expect: {status: active}}, {expect: {http: {port: 9000, body: There}}}]";
const BACK: &str = "[{config: {server-port: 8080, greeting: Back}}, {expect: {status: active}}, {expect: {http: {port: 8080, body: Back}}}]";

#[test]
fn killed_at_any_hook_command_or_pebble_request_of_a_config_change_it_ends_as_if_never_killed() {
    survives(THERE, BACK);
}

#[test]
fn killed_anywhere_while_a_password_rotates_it_ends_as_if_never_killed() {
    let rotate = |password: &str| {
        format!(
            "[{{remotes: {{pg: {{answers: {{when: [database, requested-secrets], bag: {{endpoints: 'pg:5432'}},
               secrets: {{secret-user: {{username: u, password: {password}}}}}, echo: data}}}}}}}},
              {{expect: {{status: active}}}}]"
        )
    };
    survives(&rotate("first-one"), &rotate("second-one"));
}

#[test]
fn killed_anywhere_while_the_database_goes_and_comes_back_it_ends_as_if_never_killed() {
    let again = "[{remove-relation: {endpoint: database, with: pg}}, {expect: {status: blocked}},
                  {integrate: {endpoint: database, with: pg}}, {expect: {status: active}}]";
    survives(again, again);
}

#[test]
fn killed_anywhere_while_it_sets_up_a_new_pebble_it_ends_as_if_never_killed() {
    let again = "[{restart-pebble: guestbook}, {expect: {status: active}}, {expect: {http: {port: 8080}}}]";
    survives(again, again);
}

/// Kills `dispatch` at every boundary of both changes, one after the other, and compares where each ends with where
/// it ends undisturbed.
fn survives(there: &str, back: &str) {
    let mut undisturbed = Stage::ready();
    live(&mut undisturbed, there);
    live(&mut undisturbed, back);
    let ends = [there, back].map(|change| {
        let before = boundaries(&mut undisturbed);
        undisturbed.does(change);
        let passed = boundaries(&mut undisturbed) - before;
        assert!(passed > 20, "the change passes only {passed} boundaries");
        let end = undisturbed.end_state();
        live(&mut undisturbed, "[]");
        (change, passed, end)
    });
    let most = ends.iter().map(|(_, passed, _)| *passed).max().unwrap();

    let next = AtomicUsize::new(0);
    let killed = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..UNITS {
            scope.spawn(|| {
                let mut stage = Stage::ready();
                live(&mut stage, there);
                live(&mut stage, back);
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    if at >= most {
                        return;
                    }
                    for (change, passed, end) in &ends {
                        if at < *passed {
                            kill_at(&mut stage, at);
                        }
                        let records = stage.does(change);
                        let died = records.iter().filter(|record| record.exit_code.is_none()).count();
                        assert_eq!(
                            died,
                            usize::from(at < *passed),
                            "boundary {at} of {passed}: {records:#?}"
                        );
                        assert_eq!(stage.end_state(), *end, "killed at boundary {at} of {passed}");
                        live(&mut stage, "[]");
                        *killed.lock().unwrap() += died;
                    }
                }
            });
        }
    });
    assert_eq!(*killed.lock().unwrap(), ends.iter().map(|(_, passed, _)| passed).sum::<usize>());
}

/// Plays steps, and an uneventful hook that must find nothing to do.
fn live(stage: &mut Stage, steps: &str) {
    stage.does(steps);
    let records = stage.does("[update-status]");
    assert_eq!(records[0].writes, Vec::<String>::new());
}

fn boundaries(stage: &mut Stage) -> usize {
    stage.agent().watch().lock().boundaries
}

fn kill_at(stage: &mut Stage, boundary: usize) {
    let mut watched = stage.agent().watch().lock();
    watched.kill_at = Some(watched.boundaries + boundary);
}

#[test]
fn a_pebble_that_dies_at_any_request_of_a_config_change_is_waited_for_and_then_all_is_well() {
    let mut undisturbed = Stage::ready();
    let before = requests(&mut undisturbed);
    undisturbed.does(THERE);
    let passed = requests(&mut undisturbed) - before;
    let there = undisturbed.end_state();
    assert!(passed > 6, "a config change makes only {passed} requests");
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..UNITS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    if at >= passed {
                        return;
                    }
                    let mut stage = Stage::ready();
                    let mut watched = stage.agent().watch().lock();
                    watched.kill_pebble_at = Some(watched.requests + at);
                    drop(watched);
                    let records =
                        stage.does("[{config: {server-port: 9000, greeting: There}}, {expect: {status: waiting, within: 1}}]");
                    assert_eq!(records[0].exit_code, Some(0), "request {at}: {:#?}", records[0].log);
                    assert_eq!(
                        stage.status(),
                        "waiting: guestbook: Pebble does not answer (woken by guestbook-pebble-ready)",
                        "request {at} of {passed}"
                    );
                    stage.does("[{restart-pebble: guestbook}, {expect: {status: active, within: 2}}]");
                    assert_eq!(stage.end_state(), there, "request {at} of {passed}");
                }
            });
        }
    });
}

fn requests(stage: &mut Stage) -> usize {
    stage.agent().watch().lock().requests
}
