//! Checks.

use charmwright_pebble::{ChangesIn, Check, Client, Layer, Level, OnExit, Service, Startup};

use crate::support::{current, done, get, one, pebble, pebble_of, post, second};
use serde_json::{Value, json};

fn web_check() -> Check {
    Check::http("http://web/").period(second(10)).threshold(2).level(Level::Ready)
}

fn with(check: Check) -> Layer {
    Layer::new().check("up", check)
}

fn check(client: &Client) -> (String, u64, Option<u64>) {
    let info = client.checks(&["up"]).unwrap().pop().unwrap();
    (info.status.to_string(), info.failures, info.successes)
}

fn changes(client: &Client) -> Vec<(String, String)> {
    let mut all = client.changes(ChangesIn::All, None).unwrap();
    all.sort_by_key(|change| change.id.to_string().parse::<u64>().unwrap());
    all.into_iter().map(|change| (change.kind, change.status.to_string())).collect()
}

fn pair(kind: &str, status: &str) -> (String, String) {
    (kind.to_owned(), status.to_owned())
}

#[test]
fn a_check_goes_down_and_up_by_changes_that_take_turns() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &with(web_check())).unwrap();
    assert_eq!(check(&client), ("up".to_owned(), 0, Some(0)));
    pebble.advance(second(10));
    assert_eq!(check(&client), ("up".to_owned(), 0, Some(1)));
    pebble.down("http://web/");
    pebble.advance(second(10));
    assert_eq!(check(&client), ("up".to_owned(), 1, Some(1)));
    assert!(client.is_healthy(None).unwrap());
    pebble.advance(second(10));
    assert_eq!(check(&client), ("down".to_owned(), 2, Some(1)));
    assert!(!client.is_healthy(None).unwrap());
    assert!(client.is_healthy(Some(&Level::Alive)).unwrap());
    assert_eq!(changes(&client), [pair("perform-check", "Error"), pair("recover-check", "Doing")]);
    pebble.up("http://web/");
    pebble.advance(second(10));
    assert_eq!(check(&client), ("up".to_owned(), 0, Some(1)));
    assert_eq!(changes(&client)[1..], [pair("recover-check", "Done"), pair("perform-check", "Doing")]);
}

#[test]
fn a_down_check_restarts_its_service_once() {
    let (pebble, client) = pebble(&[]);
    let layer = with(web_check()).service("web", Service::new("x").on_check_failure("up", OnExit::Restart));
    client.add_layer("a", &layer).unwrap();
    done(&client, client.start(&["web"]));
    pebble.down("http://web/");
    pebble.advance(second(60));
    assert_eq!(pebble.started().len(), 2);
    assert_eq!(current(&client, "web"), "active");
}

#[test]
fn a_down_check_that_is_stopped_looks_as_if_it_had_recovered() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &with(web_check())).unwrap();
    pebble.down("http://web/");
    pebble.advance(second(20));
    assert_eq!(client.stop_checks(&["up"]).unwrap(), ["up"]);
    assert_eq!(check(&client), ("inactive".to_owned(), 2, Some(0)));
    assert_eq!(changes(&client), [pair("perform-check", "Error"), pair("recover-check", "Done")]);
    assert!(client.is_healthy(None).unwrap());
}

#[test]
fn any_layer_starts_a_check_that_was_stopped() {
    let (_, client) = pebble(&[]);
    client.add_layer("a", &with(web_check())).unwrap();
    client.stop_checks(&["up"]).unwrap();
    client.add_layer("b", &one(Service::new("x"))).unwrap();
    assert_eq!(check(&client).0, "up");
}

#[test]
fn a_check_that_a_layer_disables_goes_on() {
    let (_, client) = pebble(&[]);
    client.add_layer("a", &with(web_check())).unwrap();
    client.add_layer("a", &with(web_check().startup(Startup::Disabled))).unwrap();
    let info = client.checks(&["up"]).unwrap().pop().unwrap();
    assert_eq!((info.status.to_string().as_str(), info.startup), ("up", Startup::Enabled));
    client.stop_checks(&["up"]).unwrap();
    done(&client, client.replan());
    assert_eq!(check(&client).0, "inactive");
}

#[test]
fn a_changed_check_begins_anew_and_an_unchanged_one_does_not() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &with(web_check())).unwrap();
    pebble.advance(second(10));
    client.add_layer("a", &with(web_check())).unwrap();
    assert_eq!(check(&client).2, Some(1));
    client.add_layer("a", &with(web_check().threshold(5))).unwrap();
    assert_eq!(check(&client).2, Some(0));
    assert_eq!(changes(&client), [pair("perform-check", "Done"), pair("perform-check", "Doing")]);
}

#[test]
fn a_refresh_runs_a_check_now() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &with(web_check())).unwrap();
    pebble.down("http://web/");
    pebble.advance(second(9));
    let refreshed = client.refresh_check("up").unwrap();
    assert!(refreshed.error.is_some());
    assert_eq!(refreshed.info.failures, 1);
    // The period begins anew.
    pebble.advance(second(9));
    assert_eq!(check(&client).1, 1);
    pebble.advance(second(1));
    assert_eq!(check(&client).0, "down");
    client.stop_checks(&["up"]).unwrap();
    pebble.up("http://web/");
    assert_eq!(client.refresh_check("up").unwrap().error, None);
    assert_eq!(check(&client).0, "inactive");
}

#[test]
fn versions_differ_in_what_they_tell() {
    for (version, changed, successes) in
        [("1.19.2", Value::Null, None), ("1.26.0", Value::Null, Some(0)), ("1.32.1", json!([]), Some(0))]
    {
        let (pebble, client) = pebble_of(version, &[]);
        client.add_layer("a", &with(web_check())).unwrap();
        assert_eq!(check(&client).2, successes);
        let body = json!({"action": "start", "checks": ["up"]});
        assert_eq!(post(&pebble, "/v1/checks", &body).1["result"]["changed"], changed);
        pebble.down("http://web/");
        pebble.advance(second(20));
        let info = get(&pebble, "/v1/checks").1["result"][0].clone();
        assert_eq!(info.get("prev-change-id").is_some(), version == "1.32.1");
        let status = post(&pebble, "/v1/checks/refresh", &json!({"name": "up"})).0;
        assert_eq!(status, if version == "1.19.2" { 404 } else { 200 });
    }
}
