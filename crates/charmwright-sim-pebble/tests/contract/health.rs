//! Health: whether a check is down.

use std::time::Duration;

use charmwright_pebble::{Check, CheckStatus, Layer, Level, Startup};
use serde_json::json;

use crate::daemon::{Daemon, PATIENCE, Setup};
use crate::target::Target;

cases! {
    without_checks_all_is_well;
    a_check_that_has_not_run_is_well;
    a_check_that_is_down_is_not_well;
    ready_is_asked_of_the_alive_too;
    only_the_named_checks_count;
    what_is_stopped_does_not_count;
    the_answer_of_the_unhealthy_is_a_502_that_is_no_error: Socket = "it looks at the answer itself";
    names_are_given_together_or_one_by_one: Socket = "the client always does the same";
    an_unknown_level_is_refused: Socket = "the client knows none";
    over_plain_http_anyone_may_ask: Socket = "it asks over HTTP";
}

/// A check that fails each time.
fn failing() -> Check {
    let soon = Duration::from_millis(50);
    Check::exec("false").period(soon).timeout(soon).threshold(2)
}

/// A check that has not run yet.
fn waiting() -> Check {
    Check::exec("false").period(PATIENCE)
}

/// Adds the checks, of which these go down.
fn add(daemon: &Daemon, checks: &[(&str, Check)], down: &[&str]) {
    let layer = checks.iter().fold(Layer::new(), |layer, (name, check)| layer.check(*name, check.clone()));
    daemon.client.add_layer("app", &layer).unwrap();
    daemon.poll("checks to go down", || {
        daemon.client.checks(down).unwrap().iter().all(|check| check.status == CheckStatus::Down)
    });
}

fn levels(daemon: &Daemon) -> [bool; 3] {
    [None, Some(&Level::Alive), Some(&Level::Ready)].map(|level| daemon.client.is_healthy(level).unwrap())
}

fn without_checks_all_is_well(target: &Target) {
    let daemon = target.start();
    assert_eq!(levels(&daemon), [true; 3]);
}

fn a_check_that_has_not_run_is_well(target: &Target) {
    let daemon = target.start();
    add(&daemon, &[("up", waiting().level(Level::Alive))], &[]);
    assert_eq!(levels(&daemon), [true; 3]);
}

fn a_check_that_is_down_is_not_well(target: &Target) {
    let daemon = target.start();
    add(&daemon, &[("up", failing()), ("other", waiting().level(Level::Alive))], &["up"]);
    // It is of no level.
    assert_eq!(levels(&daemon), [false, true, true]);
}

fn ready_is_asked_of_the_alive_too(target: &Target) {
    let daemon = target.start();
    add(&daemon, &[("up", failing().level(Level::Ready))], &["up"]);
    assert_eq!(levels(&daemon), [false, true, false]);
    let daemon = target.start();
    add(&daemon, &[("up", failing().level(Level::Alive))], &["up"]);
    assert_eq!(levels(&daemon), [false, false, false]);
}

fn only_the_named_checks_count(target: &Target) {
    let daemon = target.start();
    add(&daemon, &[("down", failing()), ("up", waiting())], &["down"]);
    let healthy = |names: &[&str]| daemon.client.are_healthy(names, None).unwrap();
    assert!(healthy(&["up"]) && healthy(&["up", "unknown"]) && healthy(&["unknown"]) && healthy(&[]));
    assert!(!healthy(&["down"]) && !healthy(&["up", "down"]) && !healthy(&["down", "unknown"]));
}

fn what_is_stopped_does_not_count(target: &Target) {
    let daemon = target.start();
    // A check that is stopped while it runs may stay down in Pebble's eyes; the next run of this one is far.
    let failing_at_leisure = Check::exec("false").period(Duration::from_secs(1)).threshold(1);
    add(&daemon, &[("up", failing_at_leisure.level(Level::Alive))], &["up"]);
    daemon.client.stop_checks(&["up"]).unwrap();
    assert_eq!(levels(&daemon), [true; 3]);
    assert!(daemon.client.are_healthy(&["up"], None).unwrap());
    let never = Layer::new().check("never", failing().startup(Startup::Disabled));
    daemon.client.add_layer("never", &never).unwrap();
    assert!(daemon.client.are_healthy(&["never"], None).unwrap());
}

fn the_answer_of_the_unhealthy_is_a_502_that_is_no_error(target: &Target) {
    let daemon = target.start();
    let answer = daemon.raw().get("/v1/health").json();
    assert_eq!(
        answer,
        json!({"type": "sync", "status-code": 200, "status": "OK", "result": {"healthy": true}})
    );
    add(&daemon, &[("up", failing())], &["up"]);
    let answer = daemon.raw().get("/v1/health");
    assert_eq!(answer.status, 502);
    let expected =
        json!({"type": "sync", "status-code": 502, "status": "Bad Gateway", "result": {"healthy": false}});
    assert_eq!(answer.json(), expected);
}

fn names_are_given_together_or_one_by_one(target: &Target) {
    let daemon = target.start();
    add(&daemon, &[("a", waiting()), ("b", failing())], &["b"]);
    for (query, status) in
        [("names=a,b", 502), ("names=a&names=b", 502), ("names=a", 200), ("names=", 502), ("names=,a,", 200)]
    {
        assert_eq!(daemon.raw().get(&format!("/v1/health?{query}")).status, status, "{query}");
    }
}

fn an_unknown_level_is_refused(target: &Target) {
    let daemon = target.start();
    for level in ["dead", "ALIVE", "alive,ready"] {
        assert_eq!(daemon.raw().get(&format!("/v1/health?level={level}")).status, 400, "{level}");
    }
    assert_eq!(daemon.raw().get("/v1/health?level=").status, 200);
}

fn over_plain_http_anyone_may_ask(target: &Target) {
    // A port that is free now; the daemon does not tell which one it took, if it is to choose.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let daemon = target.start_with(Setup { http: Some(free.clone()), ..Setup::default() });
    let told = daemon.client.system_info().unwrap().http_address;
    assert_eq!(told, target.since(1, 21).then(|| free.clone()));
    let status = |path: &str| crate::raw::Connection::open_tcp(&free).get(path).status;
    assert_eq!((status("/v1/health"), status("/v1/system-info")), (200, 200));
    for path in ["/v1/services", "/v1/plan?format=yaml", "/v1/notices", "/v1/metrics"] {
        assert_eq!(status(path), 401, "{path}");
    }
}
