//! Checks: what is told of them, and who starts and stops them.

use std::time::Duration;

use charmwright_pebble::{
    Change, ChangeId, ChangeStatus, Check, CheckInfo, CheckStatus, Error, Layer, Level, Startup,
};
use serde_json::{Value, json};

use crate::daemon::{Daemon, PATIENCE};
use crate::target::Target;

cases! {
    a_check_is_up_before_it_has_run;
    a_check_is_as_it_was_told;
    checks_are_listed_by_name;
    a_level_is_exactly_that_level;
    to_stop_and_to_start_tell_what_changed;
    nothing_that_changed_is_told_as_an_empty_list_or_none: Socket = "the client takes both for the same";
    a_check_that_is_stopped_keeps_its_counts;
    a_check_that_is_started_again_begins_anew;
    an_unknown_name_starts_and_stops_nothing;
    a_layer_starts_what_was_stopped;
    a_layer_leaves_what_it_does_not_change;
    a_layer_that_changes_a_check_begins_it_anew;
    a_check_that_is_down_and_stopped_has_recovered;
    a_check_that_may_not_start_any_more_goes_on;
}

/// So often that one waits for it, and not so often that it is run while it runs.
pub(crate) const OFTEN: Duration = Duration::from_millis(200);

pub(crate) fn often(command: &str) -> Check {
    Check::exec(command).period(OFTEN).timeout(OFTEN)
}

/// One that does not run by itself within a case.
pub(crate) fn seldom(command: &str) -> Check {
    Check::exec(command).period(PATIENCE).timeout(Duration::from_secs(20))
}

pub(crate) fn add(daemon: &Daemon, name: &str, check: Check) {
    daemon.client.add_layer("app", &Layer::new().check(name, check)).unwrap();
}

pub(crate) fn info(daemon: &Daemon, name: &str) -> CheckInfo {
    daemon.client.checks(&[name]).unwrap().pop().unwrap()
}

pub(crate) fn change(daemon: &Daemon, id: Option<&ChangeId>) -> Change {
    daemon.client.change(id.unwrap()).unwrap()
}

/// Waits until a check is like this.
pub(crate) fn until(
    daemon: &Daemon,
    name: &str,
    what: &str,
    mut is_so: impl FnMut(&CheckInfo) -> bool,
) -> CheckInfo {
    let mut last = None;
    daemon.poll(what, || {
        let now = info(daemon, name);
        let is_so = is_so(&now);
        last = Some(now);
        is_so
    });
    last.unwrap()
}

/// Whether the change of a check is of this kind, and has begun.
pub(crate) fn goes_on(daemon: &Daemon, check: &CheckInfo, kind: &str) -> bool {
    let change = change(daemon, check.change_id.as_ref());
    change.kind == kind && change.status == ChangeStatus::Doing
}

/// Waits until a check is down, and its change is the one that waits for its recovery.
pub(crate) fn until_down(daemon: &Daemon, name: &str) -> CheckInfo {
    until(daemon, name, "the check to go down", |check| {
        check.status == CheckStatus::Down && goes_on(daemon, check, "recover-check")
    })
}

fn names(checks: &[CheckInfo]) -> Vec<&str> {
    checks.iter().map(|check| check.name.as_str()).collect()
}

fn a_check_is_up_before_it_has_run(target: &Target) {
    let daemon = target.start();
    add(&daemon, "bad", seldom("false"));
    let check = info(&daemon, "bad");
    assert_eq!((&check.status, check.failures, check.threshold), (&CheckStatus::Up, 0, 3));
    assert_eq!(check.has_run(), target.since(1, 23).then_some(false));
}

fn a_check_is_as_it_was_told(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new()
        .check("own", seldom("true").threshold(7).level(Level::Ready).startup(Startup::Disabled))
        .check("plain", seldom("true").threshold(0));
    daemon.client.add_layer("app", &layer).unwrap();
    let (own, plain) = (info(&daemon, "own"), info(&daemon, "plain"));
    assert_eq!((own.threshold, &own.level, &own.startup), (7, &Some(Level::Ready), &Startup::Disabled));
    assert_eq!((&own.status, &own.change_id), (&CheckStatus::Inactive, &None));
    // None is as much as it says by default.
    assert_eq!((plain.threshold, &plain.level, &plain.startup), (3, &None, &Startup::Enabled));
    assert!(plain.change_id.is_some());
}

fn checks_are_listed_by_name(target: &Target) {
    let daemon = target.start();
    let layer = ["c", "a", "b"].iter().fold(Layer::new(), |layer, name| layer.check(*name, seldom("true")));
    daemon.client.add_layer("app", &layer).unwrap();
    assert_eq!(names(&daemon.client.all_checks().unwrap()), ["a", "b", "c"]);
    assert_eq!(names(&daemon.client.checks(&["c", "nothing", "a"]).unwrap()), ["a", "c"]);
}

fn a_level_is_exactly_that_level(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new()
        .check("alive", seldom("true").level(Level::Alive))
        .check("none", seldom("true"))
        .check("ready", seldom("true").level(Level::Ready));
    daemon.client.add_layer("app", &layer).unwrap();
    for (level, name) in [(Level::Alive, "alive"), (Level::Ready, "ready")] {
        assert_eq!(names(&daemon.client.checks_of_level(&level).unwrap()), [name]);
    }
}

fn to_stop_and_to_start_tell_what_changed(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new()
        .check("b", seldom("true"))
        .check("a", seldom("true"))
        .check("idle", seldom("true").startup(Startup::Disabled));
    daemon.client.add_layer("app", &layer).unwrap();
    let stop = |names: &[&str]| daemon.client.stop_checks(names).unwrap();
    let start = |names: &[&str]| daemon.client.start_checks(names).unwrap();
    assert_eq!(stop(&["b", "idle", "a"]), ["a", "b"]);
    assert_eq!(stop(&["a", "b"]), [""; 0]);
    let stopped = info(&daemon, "a");
    assert_eq!((&stopped.status, &stopped.change_id), (&CheckStatus::Inactive, &None));
    assert_eq!(start(&["idle", "a"]), ["a", "idle"]);
    assert_eq!(start(&["a"]), [""; 0]);
    let started = info(&daemon, "idle");
    assert_eq!((&started.status, &started.startup), (&CheckStatus::Up, &Startup::Disabled));
    assert!(started.change_id.is_some());
}

fn nothing_that_changed_is_told_as_an_empty_list_or_none(target: &Target) {
    let daemon = target.start();
    add(&daemon, "up", seldom("true"));
    let answer = daemon.raw().post("/v1/checks", json!({"action": "start", "checks": ["up"]}).to_string());
    let none = if target.since(1, 28) { json!([]) } else { Value::Null };
    assert_eq!((answer.status, answer.result()), (200, json!({"changed": none})));
    for body in [
        json!({"action": "start", "checks": []}),
        json!({"action": "start"}),
        json!({"action": "restart", "checks": ["up"]}),
    ] {
        assert_eq!(daemon.raw().post("/v1/checks", body.to_string()).status, 400, "{body}");
    }
}

fn a_check_that_is_stopped_keeps_its_counts(target: &Target) {
    let daemon = target.start();
    add(&daemon, "bad", often("false").threshold(100));
    until(&daemon, "bad", "the check to fail", |check| check.failures > 0);
    daemon.client.stop_checks(&["bad"]).unwrap();
    let stopped = info(&daemon, "bad");
    assert_eq!((&stopped.status, &stopped.change_id), (&CheckStatus::Inactive, &None));
    assert!(stopped.failures > 0);
}

fn a_check_that_is_started_again_begins_anew(target: &Target) {
    let daemon = target.start();
    add(&daemon, "bad", Check::exec("false").period(Duration::from_secs(1)).threshold(1));
    let down = until_down(&daemon, "bad");
    daemon.client.stop_checks(&["bad"]).unwrap();
    daemon.wait(Ok(down.change_id.clone().unwrap()));
    daemon.client.start_checks(&["bad"]).unwrap();
    let again = info(&daemon, "bad");
    assert_eq!((&again.status, again.failures), (&CheckStatus::Up, 0));
    assert_ne!(again.change_id, down.change_id);
    assert_eq!(change(&daemon, again.change_id.as_ref()).kind, "perform-check");
}

fn an_unknown_name_starts_and_stops_nothing(target: &Target) {
    let daemon = target.start();
    let layer =
        Layer::new().check("up", seldom("true")).check("idle", seldom("true").startup(Startup::Disabled));
    daemon.client.add_layer("app", &layer).unwrap();
    let before = daemon.client.all_checks().unwrap();
    for refused in
        [daemon.client.stop_checks(&["up", "nothing"]), daemon.client.start_checks(&["idle", "nothing"])]
    {
        match refused {
            Err(Error::Api { status: 400, message, .. }) => assert!(message.contains("nothing"), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(daemon.client.all_checks().unwrap(), before);
}

fn a_layer_starts_what_was_stopped(target: &Target) {
    let daemon = target.start();
    let layer =
        Layer::new().check("up", seldom("true")).check("idle", seldom("true").startup(Startup::Disabled));
    daemon.client.add_layer("app", &layer).unwrap();
    daemon.client.start_checks(&["idle"]).unwrap();
    let running = daemon.client.all_checks().unwrap();
    daemon.client.stop_checks(&["up", "idle"]).unwrap();
    // As long as their changes have not ended, Pebble takes them for running, and starts nothing.
    for check in running {
        daemon.wait(Ok(check.change_id.unwrap()));
    }
    // It speaks of neither.
    daemon.client.add_layer("other", &Layer::new().check("other", seldom("true"))).unwrap();
    let statuses: Vec<_> =
        daemon.client.all_checks().unwrap().into_iter().map(|check| (check.name, check.status)).collect();
    let expected = [("idle", CheckStatus::Inactive), ("other", CheckStatus::Up), ("up", CheckStatus::Up)];
    assert_eq!(statuses, expected.map(|(name, status)| (name.to_owned(), status)));
}

fn a_layer_leaves_what_it_does_not_change(target: &Target) {
    let daemon = target.start();
    add(&daemon, "bad", often("false").threshold(1));
    let down = until_down(&daemon, "bad");
    add(&daemon, "bad", often("false").threshold(1));
    daemon.client.add_layer("other", &Layer::new().check("other", seldom("true"))).unwrap();
    let after = info(&daemon, "bad");
    assert_eq!((&after.status, &after.change_id), (&CheckStatus::Down, &down.change_id));
    assert!(after.failures >= down.failures);
}

fn a_layer_that_changes_a_check_begins_it_anew(target: &Target) {
    let daemon = target.start();
    add(&daemon, "bad", often("false").threshold(1));
    let down = until_down(&daemon, "bad");
    add(&daemon, "bad", seldom("false").threshold(1));
    let anew = info(&daemon, "bad");
    assert_eq!((&anew.status, anew.failures), (&CheckStatus::Up, 0));
    assert_ne!(anew.change_id, down.change_id);
    assert_eq!(daemon.wait(Ok(down.change_id.unwrap())).status, ChangeStatus::Done);
}

fn a_check_that_is_down_and_stopped_has_recovered(target: &Target) {
    let daemon = target.start();
    // A check that is stopped while it runs may be told differently; the next run of this one is far.
    add(&daemon, "bad", Check::exec("false").period(Duration::from_secs(1)).threshold(1));
    let down = until_down(&daemon, "bad");
    daemon.client.stop_checks(&["bad"]).unwrap();
    let change = daemon.wait(Ok(down.change_id.unwrap()));
    assert_eq!((change.kind.as_str(), &change.status), ("recover-check", &ChangeStatus::Done));
    assert_eq!(info(&daemon, "bad").status, CheckStatus::Inactive);
}

fn a_check_that_may_not_start_any_more_goes_on(target: &Target) {
    let daemon = target.start();
    add(&daemon, "up", seldom("true"));
    let before = info(&daemon, "up");
    add(&daemon, "up", seldom("true").startup(Startup::Disabled));
    let after = info(&daemon, "up");
    assert_eq!((&after.status, &after.startup), (&CheckStatus::Up, &Startup::Enabled));
    assert_eq!(after.change_id, before.change_id);
    daemon.client.stop_checks(&["up"]).unwrap();
    assert_eq!(info(&daemon, "up").status, CheckStatus::Inactive);
}
