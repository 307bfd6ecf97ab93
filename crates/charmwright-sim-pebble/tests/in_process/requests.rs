//! Requests that no client sends, and many at random.

use charmwright_pebble::Service;
use charmwright_sim_pebble::Request;
use charmwright_sim_pebble::in_process::Program;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{done, get, json as answer, one, pebble, pebble_of, post, refused, second};

#[test]
fn what_is_not_there_is_told_in_an_envelope() {
    let (pebble, _) = pebble(&[]);
    let method =
        |method: &str, target: &str| refused(answer(&pebble, &Request::new(method, target, Vec::new())));
    assert_eq!(method("GET", "/v1/nope"), (404, "invalid API endpoint requested".to_owned()));
    assert_eq!(method("GET", "/v1/services/"), (404, "invalid API endpoint requested".to_owned()));
    assert_eq!(method("PUT", "/v1/services"), (405, "method \"PUT\" not allowed".to_owned()));
    assert_eq!(method("POST", "/v1/health"), (405, "method \"POST\" not allowed".to_owned()));
    let moved = pebble.request(&Request::get("//v1/plan/../services?names=a")).unwrap();
    assert_eq!((moved.status, moved.location.as_str()), (301, "/v1/services?names=a"));
}

#[test]
fn bad_requests_are_refused_in_pebbles_words() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &one(Service::new("x"))).unwrap();
    let services = |body: Value| refused(post(&pebble, "/v1/services", &body));
    let told = |status: u16, message: &str| (status, message.to_owned());
    assert_eq!(services(json!({"action": "start"})), told(400, "must specify services for start action"));
    assert_eq!(
        services(json!({"action": "replan", "services": ["a"]})),
        told(400, "replan accepts no service names")
    );
    assert_eq!(services(json!({"action": "frob", "services": ["a"]})), told(400, "invalid action \"frob\""));
    assert_eq!(
        services(json!({"action": "start", "services": ["web", "nope"]})),
        told(400, "cannot start services: service \"nope\" does not exist")
    );
    assert_eq!(services(json!({"action": "autostart"})), told(400, "no default services"));
    let layer = |label: &str, layer: &str| {
        let body = json!({"action": "add", "format": "yaml", "label": label, "layer": layer});
        refused(post(&pebble, "/v1/layers", &body))
    };
    assert_eq!(layer("a", "{}"), told(400, "layer \"a\" already exists"));
    assert_eq!(layer("", "{}"), told(400, "label must be set"));
    assert_eq!(
        layer("b", "services: {x: {command: y}}"),
        told(400, "layer \"b\" must define \"override\" for service \"x\"")
    );
    assert_eq!(refused(get(&pebble, "/v1/plan")), told(400, "invalid format \"\""));
    assert_eq!(refused(get(&pebble, "/v1/changes/01")), told(404, "cannot find change with id \"01\""));
    assert_eq!(
        refused(get(&pebble, "/v1/notices?timeout=5")),
        told(400, "invalid timeout: time: missing unit in duration \"5\"")
    );
}

#[test]
fn a_wait_ends_with_its_timeout() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &one(Service::new("x"))).unwrap();
    client.start(&["web"]).unwrap();
    let (status, message) = refused(get(&pebble, "/v1/changes/1/wait?timeout=100ms"));
    assert_eq!((status, message.as_str()), (504, "timed out waiting for change after 100ms"));
    assert_eq!(get(&pebble, "/v1/changes/1/wait").1["result"]["status"], "Done");
}

#[test]
fn a_plan_needs_an_admin_since_1_28() {
    for (version, status) in [("1.26.0", 200), ("1.32.1", 401)] {
        let (pebble, _) = pebble_of(version, &[]);
        let request = Request::get("/v1/plan?format=yaml").by(Some(1000));
        assert_eq!(answer(&pebble, &request).0, status);
    }
}

#[test]
fn logs_come_from_all_services_in_their_order() {
    let writes = |line: &str| Program::runs().writes([line, "<&>"]);
    let (_, client) = pebble(&[("one", writes("1")), ("two", writes("2"))]);
    client.add_layer("a", &one(Service::new("one")).service("two", Service::new("two"))).unwrap();
    done(&client, client.start(&["web"]));
    done(&client, client.start(&["two"]));
    let entries = client.logs(&charmwright_pebble::LogsOptions::default()).unwrap();
    let texts: Vec<(&str, &str)> =
        entries.iter().map(|entry| (entry.service.as_str(), entry.message.as_str())).collect();
    assert_eq!(texts, [("web", "1"), ("web", "<&>"), ("two", "2"), ("two", "<&>")]);
}

/// A request that may come, or time that goes on.
fn step() -> impl Strategy<Value = (u8, u8, u8)> {
    (0..16_u8, 0..3_u8, 0..6_u8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_is_asked_all_comes_to_an_end(version in 0..3_usize, steps in prop::collection::vec(step(), 1..40)) {
        let version = ["1.19.2", "1.26.0", "1.32.1"][version];
        let (pebble, client) = pebble_of(version, &[
            ("quick", Program::exits(1, second(0))),
            ("late", Program::exits(0, second(3))),
        ]);
        let names = ["a", "b", "c"];
        let commands = ["run", "quick", "late", "run 2", "quick 2", "run 3"];
        for (what, which, how) in steps {
            let (name, command) = (names[usize::from(which)], commands[usize::from(how)]);
            let services = |action: &str| post(&pebble, "/v1/services", &json!({"action": action, "services": [name]}));
            let checks = |action: &str| post(&pebble, "/v1/checks", &json!({"action": action, "checks": [name]}));
            let layer = |layer: Value| {
                let body = json!({"action": "add", "combine": true, "label": name, "format": "yaml", "layer": layer.to_string()});
                post(&pebble, "/v1/layers", &body)
            };
            let (status, body) = match what {
                0 | 1 => services("start"),
                2 => services("stop"),
                3 => services("restart"),
                4 => post(&pebble, "/v1/services", &json!({"action": "replan"})),
                5 => post(&pebble, "/v1/services", &json!({"action": "autostart"})),
                6 | 7 => {
                    let other = names[usize::from((which + 1 + how % 2) % 3)];
                    layer(json!({"services": {name: {
                        "override": if how == 5 { "merge" } else { "replace" }, "command": command,
                        "startup": if how % 2 == 0 { "enabled" } else { "disabled" }, "after": [other],
                    }}}))
                }
                8 => layer(json!({"checks": {name: {
                    "override": "replace", "period": format!("{}s", how + 1), "threshold": which + 1,
                    "exec": {"command": command},
                }}})),
                9 => checks("start"),
                10 => checks("stop"),
                11 => {
                    if how % 2 == 0 { pebble.down(command) } else { pebble.up(command) }
                    get(&pebble, "/v1/health")
                }
                12 => {
                    // Who aborts the change of a check leaves it unwatched, and a refresh without end: as with Pebble.
                    let all = get(&pebble, "/v1/changes").1;
                    let mut of_services = all["result"].as_array().unwrap().iter().rev().filter(|change| {
                        !change["kind"].as_str().unwrap().ends_with("-check")
                    });
                    let id = of_services.next().map_or("0", |change| change["id"].as_str().unwrap());
                    post(&pebble, &format!("/v1/changes/{id}"), &json!({"action": "abort"}))
                }
                13 => post(&pebble, "/v1/exec", &json!({"command": [command]})),
                14 => post(&pebble, "/v1/checks/refresh", &json!({"name": name})),
                _ => {
                    pebble.advance(second(how.into()));
                    get(&pebble, "/v1/services")
                }
            };
            prop_assert_eq!(body["status-code"].as_u64(), Some(status.into()));
            let all = get(&pebble, "/v1/changes?select=all").1;
            for change in all["result"].as_array().unwrap() {
                prop_assert_eq!(change["ready"] == true, change.get("ready-time").is_some(), "{}", change);
                prop_assert_eq!(change["status"] == "Error", change.get("err").is_some(), "{}", change);
            }
        }
        // Nothing but checks goes on for ever.
        pebble.advance(second(120));
        let left = get(&pebble, "/v1/changes").1;
        for change in left["result"].as_array().unwrap() {
            prop_assert!(change["kind"].as_str().unwrap().ends_with("-check"), "{}", change);
        }
        let active = get(&pebble, "/v1/checks").1["result"].as_array().unwrap().iter().filter(|check| check["status"] != "inactive").count();
        prop_assert_eq!(left["result"].as_array().unwrap().len(), active);
        drop(client);
    }
}
