//! An action.

use std::collections::BTreeMap;

use charmwright_event::{Event, Origin};
use charmwright_hookcmds::{ErrorKind, Reboot};
use serde_json::json;

use crate::peer::{Peer, charm};

#[test]
fn an_action_reads_its_parameters_and_answers() {
    let mut peer = Peer::new("in_action::acts", &json!({ "leader": true }));
    let answer = peer.run(&json!({
        "op": "action", "name": "backup", "params": { "path": "/tmp/x", "deep": { "a": 1 } }
    }));
    let action = &answer["action"];
    assert_eq!((&action["status"], &action["message"]), (&json!("failed"), &json!("--no space")), "{action}");
    assert_eq!(action["results"]["size"], json!({"bytes": "12", "note": " a=b \n"}), "{action}");
    assert_eq!(action["results"]["many-19"].as_str().unwrap().len(), 100_000);
    assert!(action["log"].to_string().contains("- half done"), "{action}");
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn acts() {
    let (context, juju) = charm();
    let Event::Action { name, id } = context.event else { unreachable!() };
    assert_eq!((name.as_str(), context.origin, id.is_some()), ("backup", Origin::Action, true));
    assert_eq!(juju.action_get().unwrap()["path"], "/tmp/x");
    assert_eq!(juju.action_get_key("deep.a").unwrap(), Some(1.into()));
    assert_eq!(juju.action_get_key("deep.b").unwrap(), None);
    let results = [("size.bytes", "12"), ("size.note", " a=b \n")];
    let results: BTreeMap<_, _> = results.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    juju.action_set(&results).unwrap();
    let many = (0..20).map(|number| (format!("many-{number}"), "x".repeat(100_000)));
    juju.action_set(&many.collect()).unwrap();
    juju.action_log("- half done").unwrap();
    assert_eq!(juju.juju_reboot(Reboot::AfterHook).unwrap_err().kind(), ErrorKind::Unsupported);
    juju.action_fail("--no space").unwrap();
}
