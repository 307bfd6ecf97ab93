//! Identities: who is known, and as whom.

use std::collections::BTreeMap;

use charmwright_pebble::{Access, Error, Identity};
use serde_json::json;

use crate::daemon::{Daemon, Setup};
use crate::target::Target;

cases! {
    there_are_none_at_first;
    they_are_set_changed_and_removed;
    setting_them_again_changes_nothing;
    only_new_ones_are_added;
    only_known_ones_are_updated;
    only_known_ones_are_removed_by_that_word: Socket = "the client removes by another";
    passwords_come_masked;
    a_user_is_one_identity_only;
    what_is_no_identity_is_refused;
    certificates_are_known_to_newer_daemons;
    they_outlive_a_restart: Daemon = "it starts the daemon again";
    those_of_the_file_are_set_at_each_start: Daemon = "it is started with a file of them";
}

/// What `openssl passwd -6` makes of the password `test`.
pub(crate) const HASH: &str =
    "$6$charmwright$GL/8Zb0r/p2NJxviZJep94KXZ.KdvMsCMFlsVqW9UUTHiHmKYg6OUiBFSHHNyBPEUwaNlMUGtNMsKq9zsBB7h1";

type Identities = BTreeMap<String, Identity>;

fn one(name: &str, identity: Identity) -> Identities {
    [(name.to_owned(), identity)].into()
}

fn user(access: Access, id: u32) -> Identity {
    Identity::with_user_id(access, id)
}

fn refused(result: Result<(), Error>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Api { status: 400, kind: None, .. }), "{error:?}");
    error.to_string()
}

fn known(daemon: &Daemon) -> Identities {
    daemon.client.identities().unwrap()
}

fn there_are_none_at_first(target: &Target) {
    let daemon = target.start();
    assert_eq!(known(&daemon), Identities::new());
}

fn they_are_set_changed_and_removed(target: &Target) {
    let daemon = target.start();
    daemon.client.set_identities(&one("bob", user(Access::Read, 1001))).unwrap();
    daemon.client.set_identities(&one("eve", user(Access::Untrusted, 1002))).unwrap();
    let mut all = one("bob", user(Access::Read, 1001));
    all.extend(one("eve", user(Access::Untrusted, 1002)));
    assert_eq!(known(&daemon), all);
    daemon.client.set_identities(&one("bob", user(Access::Admin, 1003))).unwrap();
    all.extend(one("bob", user(Access::Admin, 1003)));
    assert_eq!(known(&daemon), all);
    daemon.client.remove_identities(&["bob", "unknown"]).unwrap();
    assert_eq!(known(&daemon), one("eve", user(Access::Untrusted, 1002)));
    daemon.client.remove_identities(&["eve"]).unwrap();
    assert_eq!(known(&daemon), Identities::new());
}

fn setting_them_again_changes_nothing(target: &Target) {
    let daemon = target.start();
    let bob = one("bob", user(Access::Read, 1001));
    for _ in 0..2 {
        daemon.client.set_identities(&bob).unwrap();
        assert_eq!(known(&daemon), bob);
    }
}

fn only_new_ones_are_added(target: &Target) {
    let daemon = target.start();
    daemon.client.add_identities(&one("bob", user(Access::Read, 1001))).unwrap();
    let mut both = one("bob", user(Access::Admin, 1001));
    both.extend(one("eve", user(Access::Read, 1002)));
    assert!(refused(daemon.client.add_identities(&both)).contains("already exist: bob"));
    assert_eq!(known(&daemon), one("bob", user(Access::Read, 1001)));
}

fn only_known_ones_are_updated(target: &Target) {
    let daemon = target.start();
    daemon.client.add_identities(&one("bob", user(Access::Read, 1001))).unwrap();
    let mut both = one("bob", user(Access::Admin, 1001));
    both.extend(one("eve", user(Access::Read, 1002)));
    assert!(refused(daemon.client.update_identities(&both)).contains("do not exist: eve"));
    daemon.client.update_identities(&one("bob", user(Access::Admin, 1001))).unwrap();
    assert_eq!(known(&daemon), one("bob", user(Access::Admin, 1001)));
}

fn only_known_ones_are_removed_by_that_word(target: &Target) {
    let daemon = target.start();
    daemon.client.add_identities(&one("bob", user(Access::Read, 1001))).unwrap();
    let post = |action: &str, identities| {
        let body = json!({"action": action, "identities": identities});
        daemon.raw().post("/v1/identities", body.to_string()).status
    };
    assert_eq!(post("remove", json!({"bob": null, "eve": null})), 400);
    assert_eq!(post("remove", json!({"bob": {"access": "read", "local": {"user-id": 1001}}})), 400);
    assert_eq!(post("add", json!({"eve": null})), 400);
    assert_eq!(post("update", json!({"bob": null})), 400);
    assert_eq!(post("forget", json!({"bob": null})), 400);
    assert_eq!(known(&daemon).len(), 1);
    assert_eq!(post("remove", json!({"bob": null})), 200);
    assert_eq!(known(&daemon), Identities::new());
}

fn passwords_come_masked(target: &Target) {
    let daemon = target.start();
    daemon.client.set_identities(&one("web", Identity::with_password(Access::Metrics, HASH))).unwrap();
    let web = known(&daemon).remove("web").unwrap();
    assert_eq!(
        (web.access, web.local, web.basic.unwrap().password.as_str()),
        (Access::Metrics, None, "*****")
    );
}

fn a_user_is_one_identity_only(target: &Target) {
    let daemon = target.start();
    daemon.client.set_identities(&one("bob", user(Access::Read, 1001))).unwrap();
    let message = refused(daemon.client.set_identities(&one("eve", user(Access::Admin, 1001))));
    assert!(message.contains("bob") && message.contains("eve"), "{message}");
    assert_eq!(known(&daemon), one("bob", user(Access::Read, 1001)));
}

fn what_is_no_identity_is_refused(target: &Target) {
    let daemon = target.start();
    let mut nobody = user(Access::Read, 1);
    nobody.local = None;
    for (name, identity) in [
        ("bob", nobody),
        ("bob", user(Access::from("owner"), 1)),
        ("bob", user(Access::from(""), 1)),
        ("bob", Identity::with_password(Access::Metrics, "")),
        ("", user(Access::Read, 1)),
        ("1bob", user(Access::Read, 1)),
        ("bob eve", user(Access::Read, 1)),
        ("bob.eve", user(Access::Read, 1)),
    ] {
        refused(daemon.client.set_identities(&one(name, identity)));
        assert_eq!(known(&daemon), Identities::new());
    }
    // Whether a password is a hash at all is not looked at.
    daemon.client.set_identities(&one("web", Identity::with_password(Access::Metrics, "plain"))).unwrap();
    daemon.client.remove_identities(&["web"]).unwrap();
    let names = one("Bob-e_1", user(Access::Read, 0));
    daemon.client.set_identities(&names).unwrap();
    assert_eq!(known(&daemon), names);
}

fn certificates_are_known_to_newer_daemons(target: &Target) {
    let daemon = target.start();
    let bob = one("bob", Identity::with_certificate(Access::Admin, "no certificate"));
    let error = daemon.client.set_identities(&bob).unwrap_err();
    if target.since(1, 25) {
        refused(Err(error));
    } else {
        assert!(matches!(error, Error::TooOld { .. }), "{error:?}");
    }
}

fn they_outlive_a_restart(target: &Target) {
    let mut daemon = target.start();
    let bob = one("bob", user(Access::Read, 1001));
    daemon.client.set_identities(&bob).unwrap();
    daemon.stop();
    daemon.restart();
    assert_eq!(known(&daemon), bob);
}

fn those_of_the_file_are_set_at_each_start(target: &Target) {
    let file = |access: &str| {
        format!("identities:\n  bob:\n    access: {access}\n    local:\n      user-id: 1001\n")
    };
    let setup = Setup { identities: Some(file("read")), ..Setup::default() };
    let mut daemon = target.start_with(setup);
    // The daemon answers before it has read the file.
    daemon.poll("the file to be read", || known(&daemon) == one("bob", user(Access::Read, 1001)));
    daemon.client.set_identities(&one("eve", user(Access::Read, 1002))).unwrap();
    std::fs::write(daemon.path("identities"), file("admin")).unwrap();
    daemon.stop();
    daemon.restart();
    let mut all = one("bob", user(Access::Admin, 1001));
    all.extend(one("eve", user(Access::Read, 1002)));
    daemon.poll("the file to be read again", || known(&daemon) == all);
}
