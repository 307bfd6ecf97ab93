//! Secrets: made, changed, read, granted, removed.

use std::num::NonZeroU32;
use std::time::Duration;

use charmwright_event::{AppName, RelationId, SecretId, SecretUri, UnitName};
use charmwright_hookcmds::{
    ErrorKind, Expiry, NewSecret, RotatePolicy, SecretAudience, SecretContent, SecretOwner, SecretRef,
    SecretUpdate, Timestamp, Tracking,
};
use serde_json::{Value, json};

use crate::peer::{Peer, charm, hook};

const OWN: &str = "9m4e2mr0ui3e8a215n40";
const GRANTED: &str = "9m4e2mr0ui3e8a215n4g";
const FOREIGN: &str = "9m4e2mr0ui3e8a215n5g";
const DB: RelationId = RelationId::new(3);

fn model() -> Value {
    json!({
        "uuid": "11111111-2222-4333-8444-555555555555", "type": "caas", "leader": true,
        "relations": [{"id": 3, "endpoint": "db", "role": "provider", "interface": "pg", "remote_app": "pg",
                       "units": {"pg/0": {}}}],
        "secrets": [
            {"id": OWN, "owner": "app", "label": "own", "revisions": [{"content": {"key": "1"}}, {"content": {"key": "2"}}]},
            {"id": GRANTED, "owner": "pg", "revisions": [{"content": {"key": "a"}}, {"content": {"key": "b", "bin#base64": "AP+A"}}],
             "grants": [{"subject": "app"}], "consumers": {"app/0": {"current_revision": 1, "label": ""}}},
            {"id": FOREIGN, "owner": "pg", "revisions": [{"content": {"key": "c"}}]}],
    })
}

fn uri(id: &str) -> SecretUri {
    SecretId::parse(id).unwrap().into()
}

fn content(pairs: &[(&str, &[u8])]) -> SecretContent {
    let mut content = SecretContent::default();
    for (key, value) in pairs {
        content.insert_bytes(key, value.to_vec()).unwrap();
    }
    content
}

#[test]
fn secrets_are_made_and_changed_as_asked() {
    let mut peer = Peer::new("secrets::makes_secrets", &model());
    let answer = peer.run(&hook("config-changed"));
    let secrets = answer["committed"]["secrets"].as_object().unwrap();
    let made = secrets.values().find(|secret| secret["label"] == "made").unwrap();
    let revisions = made["revisions"].as_array().unwrap();
    assert_eq!(revisions.len(), 1, "{made}");
    assert_eq!((&made["owner"], &made["rotate"]), (&json!("app/0"), &json!("monthly")), "{made}");
    let content = json!({"binary#base64": "AP+A", "blank": " =\n", "empty": "", "password": "hunter2"});
    assert_eq!(revisions[0]["content"], content);
    let largest = secrets.values().find(|secret| secret["label"] == "largest").unwrap();
    assert_eq!(largest["revisions"][0]["content"]["key"].as_str().unwrap().len(), 750_000);
    assert!(!answer["api_calls"].to_string().contains("hunter2"), "the words are in base 64 only");
    for call in answer["api_calls"].as_array().unwrap() {
        assert!(!call["tool"].to_string().contains("hunter2"));
    }
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn makes_secrets() {
    let (_, juju) = charm();
    let values: [(&str, &[u8]); 4] =
        [("empty", b""), ("password", b"hunter2"), ("binary", &[0, 0xff, 0x80]), ("blank", b" =\n")];
    let end = Timestamp::parse("2030-01-01T00:00:00Z").unwrap();
    let new = NewSecret::new(content(&values))
        .owned_by(SecretOwner::Unit)
        .label("made")
        .description("--for db")
        .expire(Expiry::At(end))
        .rotate(RotatePolicy::Monthly);
    let made = juju.secret_add(&new).unwrap();
    assert_eq!(made.model().unwrap(), &"11111111-2222-4333-8444-555555555555");
    let read = juju.secret_read(SecretRef::Uri(&made), Tracking::Tracked).unwrap();
    assert_eq!((read["password"].expose(), read["empty"].expose()), ("hunter2", ""));
    assert_eq!(read["blank"].expose(), " =\n");
    for (key, value) in values {
        assert_eq!(juju.secret_get_bytes(&made, Tracking::Peek, key).unwrap(), value, "{key}");
    }
    let info = juju.secret_info_get(SecretRef::Label("made")).unwrap();
    assert_eq!((&info.id, info.revision.get(), info.owner), (made.id(), 1, SecretOwner::Unit));
    assert_eq!((info.rotation, info.expiry), (Some(RotatePolicy::Monthly), Some(end)));
    assert_eq!(info.description.as_deref(), Some("--for db"));
    assert!(juju.secret_ids().unwrap().contains(made.id()));
    let error = juju.secret_add(&new.label("made")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    juju.secret_grant(&made, DB, Some(&UnitName::parse("pg/0").unwrap())).unwrap();
    let update = SecretUpdate::default().expire(Expiry::In(Duration::from_hours(1)));
    juju.secret_set(&made, &update).unwrap();
    let largest = NewSecret::new(content(&[("key", &vec![b'x'; 750_000])])).label("largest");
    juju.secret_add(&largest).unwrap();
    let own = uri(OWN);
    juju.secret_set(&own, &SecretUpdate::default().content(content(&[("key", b"3")]))).unwrap();
    let peeked = |secret| juju.secret_read(secret, Tracking::Peek).unwrap()["key"].expose().to_owned();
    assert_eq!(peeked(SecretRef::Uri(&own)), "3");
    // Juju looks for a label of the application's with the controller, which knows nothing of this hook yet.
    assert_eq!(peeked(SecretRef::Label("own")), "2");
    juju.secret_grant(&own, DB, None).unwrap();
    let other = UnitName::parse("other/0").unwrap();
    let error = juju.secret_grant(&own, DB, Some(&other)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[test]
fn secrets_of_others_are_read_as_tracked() {
    let mut peer = Peer::new("secrets::reads_secrets", &model());
    let answer = peer.run(&hook("config-changed"));
    let consumer = &answer["committed"]["secrets"][GRANTED]["consumers"]["app/0"];
    assert_eq!(
        (&consumer["current_revision"], &consumer["label"]),
        (&json!(2), &json!("theirs")),
        "{answer}"
    );
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn reads_secrets() {
    let (_, juju) = charm();
    let granted = uri(GRANTED);
    let key = |secret, tracking| juju.secret_read(secret, tracking).unwrap()["key"].expose().to_owned();
    assert_eq!(key(SecretRef::Uri(&granted), Tracking::Tracked), "a");
    assert_eq!(key(SecretRef::Uri(&granted), Tracking::Peek), "b");
    assert_eq!(key(SecretRef::Labelled(&granted, "theirs"), Tracking::Tracked), "a");
    assert_eq!(key(SecretRef::Label("theirs"), Tracking::Refresh), "b");
    assert_eq!(juju.secret_get(&granted).unwrap()["key"].expose(), "b");
    assert_eq!(juju.secret_get_bytes(&granted, Tracking::Tracked, "bin").unwrap(), [0, 0xff, 0x80]);
    for (kind, error) in [
        (ErrorKind::NotGranted, juju.secret_get(&uri(FOREIGN)).unwrap_err()),
        (ErrorKind::NotFound, juju.secret_get(&uri("9m4e2mr0ui3e8a215n60")).unwrap_err()),
        (ErrorKind::NotFound, juju.secret_read(SecretRef::Label("nope"), Tracking::Tracked).unwrap_err()),
        (ErrorKind::NotFound, juju.secret_get_bytes(&granted, Tracking::Tracked, "nope").unwrap_err()),
        (ErrorKind::NotFound, juju.secret_info_get(SecretRef::Uri(&granted)).unwrap_err()),
        (ErrorKind::NotFound, juju.secret_grant(&granted, DB, None).unwrap_err()),
        (ErrorKind::NotFound, juju.secret_grant(&uri(OWN), RelationId::new(9), None).unwrap_err()),
    ] {
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn a_secret_is_removed_and_taken_back() {
    let mut peer = Peer::new("secrets::removes_secrets", &model());
    let answer = peer.run(&hook("config-changed"));
    let left = &answer["committed"]["secrets"][OWN]["revisions"];
    let left: Vec<_> = left.as_array().unwrap().iter().map(|revision| &revision["n"]).collect();
    assert_eq!(left, [2], "{answer}");
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn removes_secrets() {
    let (_, juju) = charm();
    let own = uri(OWN);
    let pg = AppName::parse("pg").unwrap();
    juju.secret_revoke(&own, SecretAudience::Relation(DB)).unwrap();
    juju.secret_revoke(&own, SecretAudience::Application(&pg)).unwrap();
    juju.secret_revoke(&own, SecretAudience::Unit(&UnitName::new(pg.clone(), 0))).unwrap();
    juju.secret_revoke(&own, SecretAudience::UnitIn(DB, &UnitName::new(pg, 0))).unwrap();
    juju.secret_remove(&own, NonZeroU32::new(1)).unwrap();
    juju.secret_remove(&uri("9m4e2mr0ui3e8a215n60"), None).unwrap();
}

#[test]
fn what_is_not_ours_fails_only_when_the_hook_ends() {
    let mut peer = Peer::new("secrets::changes_what_is_not_ours", &model());
    assert!(peer.fail(&hook("config-changed")).contains("updating secrets: permission denied"));
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn changes_what_is_not_ours() {
    let (_, juju) = charm();
    juju.secret_set(&uri(FOREIGN), &SecretUpdate::default().label("mine")).unwrap();
}
