//! Notices, identities, and time that is only waited.

use charmwright_pebble::{CustomNotice, NoticesOptions, Service};
use charmwright_sim_pebble::Request;
use serde_json::json;

use crate::support::{done, get, json as answer, one, pebble, post, refused, second};

fn add(key: &str) -> serde_json::Value {
    json!({"action": "add", "type": "custom", "key": key})
}

#[test]
fn a_wait_without_a_notice_ends_empty_and_in_no_time() {
    let (pebble, _) = pebble(&[]);
    let before = pebble.now();
    assert_eq!(get(&pebble, "/v1/notices?timeout=20s").1["result"], json!([]));
    assert_eq!(pebble.now().since(before), second(20));
}

#[test]
fn a_client_waits_by_the_clock_of_the_daemon() {
    let (pebble, client) = pebble(&[]);
    let before = pebble.now();
    // Many requests: none may take longer than half a minute.
    assert_eq!(client.wait_notices(&NoticesOptions::default(), second(3600)).unwrap(), []);
    let waited = pebble.now().since(before);
    assert!((second(3600)..second(3601)).contains(&waited), "{waited:?}");
}

#[test]
fn the_data_of_a_notice_is_that_of_its_last_occurrence() {
    let (pebble, client) = pebble(&[]);
    let id = client.notify(&CustomNotice::new("a.b/c").data("k", "v")).unwrap();
    assert_eq!(client.notify(&CustomNotice::new("a.b/c").repeat_after(second(60))).unwrap(), id);
    let notice = client.notice(&id).unwrap();
    assert_eq!((notice.occurrences, notice.last_data.len()), (2, 0));
    assert_eq!(get(&pebble, &format!("/v1/notices/{id}")).1["result"]["repeat-after"], "1m0s");
}

#[test]
fn a_change_is_noted_when_it_is_made_and_when_it_goes() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &one(Service::new("x"))).unwrap();
    let change = done(&client, client.start(&["web"]));
    let list = get(&pebble, &format!("/v1/notices?types=change-update&keys={}", change.id)).1;
    let notice = &list["result"][0];
    assert_eq!((&notice["occurrences"], &notice["last-data"]), (&json!(3), &json!({"kind": "start"})));
    assert!(notice["user-id"].is_null());
}

#[test]
fn others_see_what_is_theirs_and_everybodys() {
    let (pebble, _) = pebble(&[]);
    let body = add("a.b/c").to_string();
    let other = answer(&pebble, &Request::post("/v1/notices", body).by(Some(1000)));
    assert_eq!(other.0, 200);
    assert_eq!(get(&pebble, "/v1/notices").1["result"], json!([]));
    assert_eq!(get(&pebble, "/v1/notices?users=all").1["result"][0]["user-id"], 1000);
    let by = |target: &str, user| answer(&pebble, &Request::get(target).by(user));
    let (status, message) = refused(by("/v1/notices?users=all", Some(1000)));
    assert_eq!((status, message.as_str()), (403, "only admins may use the \"users\" filter"));
    assert_eq!(refused(by("/v1/notices/1", Some(1001))).0, 403);
    assert_eq!(refused(by("/v1/notices", None)).0, 401);
}

#[test]
fn a_warning_is_in_every_envelope_but_that_of_an_error() {
    let (pebble, _) = pebble(&[]);
    pebble.warn("disk full");
    assert!(get(&pebble, "/v1/services").1["latest-warning"].is_string());
    assert!(get(&pebble, "/v1/nope").1.get("latest-warning").is_none());
}

#[test]
fn an_identity_counts_even_for_root_and_hides_its_secrets() {
    let (pebble, _) = pebble(&[]);
    let replace = json!({"action": "replace", "identities": {
        "bob": {"access": "admin", "local": {"user-id": 1000}},
        "web": {"access": "metrics", "basic": {"password": "$6$x"}},
    }});
    let (status, body) = post(&pebble, "/v1/identities", &replace);
    assert_eq!((status, body.get("result")), (200, None));
    let shown = get(&pebble, "/v1/identities").1;
    assert_eq!(shown["result"]["web"], json!({"access": "metrics", "basic": {"password": "*****"}}));
    let root = json!({"action": "add", "identities": {"r": {"access": "read", "local": {"user-id": 0}}}});
    post(&pebble, "/v1/identities", &root);
    let (status, body) = post(&pebble, "/v1/services", &json!({"action": "replan"}));
    assert_eq!((status, &body["result"]["kind"]), (401, &json!("login-required")));
    let request = Request::post("/v1/services", "{\"action\":\"replan\"}").by(Some(1000));
    assert_eq!(answer(&pebble, &request).0, 202);
}

#[test]
fn a_restart_keeps_notices_and_forgets_layers() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &one(Service::new("x"))).unwrap();
    done(&client, client.start(&["web"]));
    client.notify(&CustomNotice::new("a.b/c")).unwrap();
    let boot = client.system_info().unwrap().boot_id;
    pebble.restart().unwrap();
    assert_ne!(client.system_info().unwrap().boot_id, boot);
    assert!(client.plan().unwrap().services.is_empty());
    assert_eq!(get(&pebble, "/v1/notices?types=custom").1["result"][0]["occurrences"], 1);
    assert_eq!(get(&pebble, "/v1/changes/1").0, 200);
}
