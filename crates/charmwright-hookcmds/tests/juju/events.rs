//! The environment that Juju makes for each kind of event is understood.

use charmwright_event::{Event, Origin};
use serde_json::{Value, json};

use crate::peer::{Peer, charm, hook};

const SECRET: &str = "9m4e2mr0ui3e8a215n4g";

fn model() -> Value {
    json!({
        "name": "dev", "uuid": "11111111-2222-4333-8444-555555555555", "type": "caas", "leader": true,
        "relations": [{"id": 3, "endpoint": "db", "role": "provider", "interface": "pg", "remote_app": "pg",
                       "units": {"pg/0": {}, "pg/1": {}}, "members": ["pg/1"]}],
        "secrets": [{"id": SECRET, "owner": "app", "label": "db", "revisions": [{"content": {"key": "v"}}]}],
        "storage": [{"id": "data/0", "kind": "filesystem", "location": "/srv"},
                    {"id": "data/1", "kind": "filesystem", "unprovisioned": true}],
    })
}

#[test]
fn every_hook_of_juju_is_the_event_of_its_name() {
    let mut peer = Peer::new("events::has_the_event_of_its_hook", &model());
    let relation = |kind: &str, more: Value| {
        let mut hook = json!({ "op": "hook", "kind": kind, "relation_id": 3 });
        hook.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hook
    };
    let workload = |kind: &str| {
        json!({ "op": "hook", "kind": kind, "workload": "web", "notice_id": "7", "notice_type": "custom",
                "notice_key": "example.com/done", "check_name": "up" })
    };
    let secret = |kind: &str| json!({ "op": "hook", "kind": kind, "secret_uri": format!("secret:{SECRET}"), "secret_revision": 1 });
    for request in [
        hook("install"),
        hook("start"),
        hook("config-changed"),
        hook("upgrade-charm"),
        hook("leader-elected"),
        hook("leader-settings-changed"),
        hook("update-status"),
        relation("relation-created", json!({})),
        relation("relation-changed", json!({})),
        relation("relation-joined", json!({"remote_unit": "pg/0"})),
        relation("relation-changed", json!({"remote_unit": "pg/0"})),
        relation("relation-departed", json!({"remote_unit": "pg/0", "departing_unit": "app/0"})),
        json!({ "op": "hook", "kind": "storage-attached", "storage_id": "data/0" }),
        json!({ "op": "hook", "kind": "storage-attached", "storage_id": "data/1" }),
        json!({ "op": "hook", "kind": "storage-detaching", "storage_id": "data/0" }),
        secret("secret-changed"),
        secret("secret-rotate"),
        secret("secret-expired"),
        secret("secret-remove"),
        workload("pebble-ready"),
        workload("pebble-custom-notice"),
        workload("pebble-check-failed"),
        workload("pebble-check-recovered"),
        json!({ "op": "hook", "kind": "pre-series-upgrade", "target_base": "ubuntu@24.04" }),
        hook("post-series-upgrade"),
        relation("relation-broken", json!({})),
        hook("stop"),
        hook("remove"),
    ] {
        peer.run(&request);
    }
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn has_the_event_of_its_hook() {
    let (context, _) = charm();
    let hook = std::env::var("JUJU_HOOK_NAME").unwrap();
    assert_eq!(context.event.name(), hook);
    assert!(!matches!(context.event, Event::Other { .. }), "{hook}");
    assert_eq!(context.origin, Origin::Hook);
    assert_eq!((context.unit.to_string().as_str(), context.model.as_str()), ("app/0", "dev"));
    assert_eq!(context.model_uuid.unwrap(), "11111111-2222-4333-8444-555555555555");
    assert_eq!(context.juju_version.unwrap().to_string(), "3.6.11");
    assert_eq!(context.charm_dir, std::env::current_dir().unwrap());
    match context.event {
        Event::Relation(event) => {
            assert_eq!((event.endpoint.as_str(), event.relation.number()), ("db", 3));
            assert_eq!(event.remote_app.unwrap(), "pg");
        }
        Event::SecretExpired { secret, label, revision } => {
            assert_eq!((secret.id().as_str(), label.as_deref(), revision.get()), (SECRET, Some("db"), 1));
        }
        Event::PebbleCustomNotice { container, notice } => {
            assert_eq!((container.as_str(), notice.key.as_str()), ("web", "example.com/done"));
        }
        _ => {}
    }
}

#[test]
fn an_event_that_comes_with_juju_exec_is_out_of_band() {
    let mut peer = Peer::new("events::is_out_of_band", &model());
    let script = "JUJU_DISPATCH_PATH=hooks/my_event ./dispatch";
    let answer = peer.run(&json!({ "op": "exec", "script": script }));
    assert_eq!(answer["exec"]["code"], 0, "{answer}");
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn is_out_of_band() {
    let (context, juju) = charm();
    assert_eq!(context.event, Event::Other { hook: "my_event".to_owned() });
    assert_eq!(context.origin, Origin::OutOfBand);
    assert!(juju.is_leader().unwrap());
}
