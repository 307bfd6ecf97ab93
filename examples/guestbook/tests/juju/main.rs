//! The guestbook's whole life, hook by hook, under Juju's own runner and commands and under the simulated ones, each
//! by commands and by the agent's socket: what the model holds after each hook is the same.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod stage;

use serde_json::{Value, json};
use stage::{By, Side, Stage};

const SECRET: &str = "d3vnjge8ci1s73f0s4t0";
const REQUEST: &str = r#"{"database":"guestbook","requested-secrets":"[\"username\",\"password\",\"tls\",\"tls-ca\",\"uris\"]"}"#;

/// Plays the life and returns what the model held after each hook, with the hook's name.
fn life(side: Side, by: By) -> Vec<(String, Value)> {
    let mut stage = Stage::new(side, by);
    stage.hook(json!({"kind": "install"}));
    stage.hook(json!({"kind": "leader-elected"}));
    stage.hook(json!({"kind": "config-changed"}));
    stage.hook(json!({"kind": "start"}));
    stage.start_pebble();
    stage.hook(json!({"kind": "pebble-ready", "workload": "guestbook"}));

    // The database is asked first, answers without a grant, and then grants.
    stage.change(|model| {
        let relation = json!({"id": 2, "endpoint": "database", "role": "requirer", "interface": "postgresql_client",
            "remote_app": "pg", "units": {"pg/0": {"ingress-address": "10.0.0.1"}}, "members": []});
        model["relations"].as_array_mut().unwrap().push(relation);
    });
    stage.hook(json!({"kind": "relation-created", "relation_id": 2}));
    stage.hook(json!({"kind": "relation-joined", "relation_id": 2, "remote_unit": "pg/0"}));
    stage.hook(json!({"kind": "relation-changed", "relation_id": 2, "remote_unit": "pg/0"}));
    stage.change(|model| {
        model["relations"][1]["remote_app_bag"] =
            json!({"data": REQUEST, "database": "guestbook", "endpoints": "pg:5432",
                "secret-user": format!("secret:{SECRET}")});
        model["secrets"] = json!([{"id": SECRET, "owner": "pg",
            "revisions": [{"content": {"username": "relation_2", "password": "correct-horse"}}]}]);
    });
    stage.hook(json!({"kind": "relation-changed", "relation_id": 2}));
    stage.change(|model| model["secrets"][0]["grants"] = json!([{"subject": "guestbook"}]));
    stage.hook(json!({"kind": "update-status"}));
    stage.hook(json!({"kind": "update-status"}));

    // Prometheus is told; the port moves; an operator asks.
    stage.change(|model| {
        let relation = json!({"id": 3, "endpoint": "metrics-endpoint", "role": "provider",
            "interface": "prometheus_scrape", "remote_app": "prometheus", "units": {"prometheus/0": {}}});
        model["relations"].as_array_mut().unwrap().push(relation);
    });
    stage.hook(json!({"kind": "relation-created", "relation_id": 3}));
    stage.action(json!({"name": "show-database"}));
    stage.action(json!({"name": "show-database", "params": {"show-password": true}}));
    stage.change(|model| model["config"] = json!({"server-port": 9000, "greeting": "Hello \u{1f600}"}));
    stage.hook(json!({"kind": "config-changed"}));

    // The password is rotated.
    stage.change(|model| {
        let next = json!({"n": 2, "content": {"username": "relation_2", "password": "battery-staple"}});
        model["secrets"][0]["revisions"].as_array_mut().unwrap().push(next);
        model["secrets"][0]["latest_revision"] = json!(2);
    });
    stage.hook(json!({"kind": "secret-changed", "secret_uri": format!("secret:{SECRET}")}));

    // The leadership is lost after the charm has ended and before its writes are committed: the hook fails, and
    // its repetition leaves to the leader what is the leader's.
    stage.change(|model| model["config"] = json!({"server-port": 9001}));
    stage.hook(json!({"kind": "config-changed", "lose_leadership": true}));
    stage.hook(json!({"kind": "config-changed"}));
    stage.change(|model| model["leader"] = json!(true));
    stage.hook(json!({"kind": "leader-elected"}));
    stage.change(|model| model["config"] = json!({"server-port": 22}));
    stage.hook(json!({"kind": "config-changed"}));
    stage.change(|model| model["config"] = json!({}));
    stage.hook(json!({"kind": "config-changed"}));

    // The relation vanishes behind the agent's back, then in order.
    stage.change(|model| model["relations"][1]["gone"] = json!(true));
    stage.hook(json!({"kind": "update-status"}));
    stage.change(|model| model["relations"][1]["gone"] = json!(false));
    stage.hook(json!({"kind": "relation-departed", "relation_id": 2, "remote_unit": "pg/0", "departing_unit": "pg/0"}));
    stage.hook(json!({"kind": "relation-broken", "relation_id": 2}));
    stage.change(|model| drop(model["relations"].as_array_mut().unwrap().remove(1)));
    stage.hook(json!({"kind": "upgrade-charm"}));
    stage.hook(json!({"kind": "stop"}));
    stage.hook(json!({"kind": "remove"}));
    stage.end()
}

/// What a life under Juju's own code must have come to, so that four equal failures are no success.
fn check(seen: &[(String, Value)]) {
    let statuses: Vec<String> = seen.iter().map(|(_, held)| held["status"].to_string()).collect();
    let has = |part: &str| statuses.iter().any(|status| status.contains(part));
    for part in [
        "nothing is related",
        "has not granted us",
        "must not be 22",
        "{\"message\":\"\",\"status\":\"active\"}",
    ] {
        assert!(has(part), "no status with `{part}` in {statuses:#?}");
    }
    let answered = |part: &str| seen.iter().any(|(_, held)| held["action"].to_string().contains(part));
    assert!(answered("relation_2") && answered("correct-horse"));
    let ports: Vec<String> = seen.iter().map(|(_, held)| held["ports"].to_string()).collect();
    assert!(ports.iter().any(|open| open.contains("9000")), "{ports:?}");
    let failed: Vec<_> = seen.iter().filter(|(_, held)| held["ok"] == json!(false)).collect();
    assert_eq!(failed.len(), 1, "only the lost leadership fails a hook: {failed:#?}");
    assert!(failed[0].1["error"].to_string().contains("not leader"), "{failed:#?}");
}

fn same(one: &[(String, Value)], other: &[(String, Value)]) {
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one, other);
    }
}

#[test]
fn under_jujus_own_code_the_charm_lives_the_same_life_by_commands_and_by_socket() {
    let by_commands = life(Side::Juju, By::Commands);
    check(&by_commands);
    same(&by_commands, &life(Side::Juju, By::Socket));
}

#[test]
fn under_the_simulated_agent_the_charm_lives_the_same_life_as_under_jujus_own_code() {
    let own = life(Side::Juju, By::Commands);
    same(&own, &life(Side::Simulated, By::Commands));
    same(&own, &life(Side::Simulated, By::Socket));
}
