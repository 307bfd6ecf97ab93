//! Access: what each user may do.

use charmwright_pebble::{Access, Identity};

use crate::another_user::ask;
use crate::daemon::{Daemon, Setup};
use crate::target::Target;

cases! {
    root_may_do_all: Root = "it is about root", Socket = "it asks over it";
    the_daemons_own_user_may_do_all: Root = "the daemon must run as another user", Socket = "it asks over it";
    any_other_user_may_look: Root = "another user must ask", Socket = "it asks over it";
    any_other_user_may_record_notices: Root = "another user must ask", Socket = "it asks over it";
    a_user_may_do_what_its_identity_may: Root = "another user must ask", Socket = "it asks over it";
    a_user_whose_identity_is_removed_may_look_again: Root = "another user must ask", Socket = "it asks over it";
    an_identity_can_take_rights_away_even_from_root: Root = "it is about root", Socket = "it asks over it";
    a_password_is_asked_for_over_plain_http: Socket = "it asks over HTTP";
}

/// Users whom no system knows.
const DAEMON: u32 = 4242;
const OTHER: u32 = 4243;

/// What anybody may ask, what one who may look may ask beyond that, and what is for administrators.
const OPEN: [&str; 2] = ["system-info", "health"];
const LOOK: [&str; 3] = ["services", "logs", "identities"];
const ADMIN: [&str; 2] = ["replan", "read-file"];

fn may(daemon: &Daemon, user: u32, questions: &[&str], answer: &str) {
    for question in questions {
        assert_eq!(ask(user, daemon.client.socket(), question), answer, "{question} by {user}");
    }
}

fn open_to_others(target: &Target, setup: Setup) -> Daemon {
    let daemon = target.start_with(setup);
    daemon.let_others_in();
    daemon
}

fn root_may_do_all(target: &Target) {
    let daemon = target.start();
    may(&daemon, 0, &[&OPEN[..], &LOOK, &ADMIN, &["plan", "metrics"]].concat(), "ok");
    // Also where the daemon is another's.
    let daemon = open_to_others(target, Setup { user: Some(DAEMON), ..Setup::default() });
    may(&daemon, 0, &[&OPEN[..], &LOOK, &ADMIN, &["plan", "metrics"]].concat(), "ok");
}

fn the_daemons_own_user_may_do_all(target: &Target) {
    let daemon = open_to_others(target, Setup { user: Some(DAEMON), ..Setup::default() });
    may(&daemon, DAEMON, &[&OPEN[..], &LOOK, &ADMIN, &["plan", "metrics"]].concat(), "ok");
    may(&daemon, OTHER, &ADMIN, "denied");
}

fn any_other_user_may_look(target: &Target) {
    let daemon = open_to_others(target, Setup::default());
    may(&daemon, OTHER, &[&OPEN[..], &LOOK, &["metrics"]].concat(), "ok");
    may(&daemon, OTHER, &ADMIN, "denied");
    // The plan may hold secrets, which newer daemons keep.
    may(&daemon, OTHER, &["plan"], if target.since(1, 28) { "denied" } else { "ok" });
}

fn any_other_user_may_record_notices(target: &Target) {
    let daemon = open_to_others(target, Setup::default());
    let id = ask(OTHER, daemon.client.socket(), "notify");
    let id = charmwright_pebble::NoticeId::new(id).unwrap();
    assert_eq!(daemon.client.notice(&id).unwrap().user_id, Some(OTHER));
}

fn a_user_may_do_what_its_identity_may(target: &Target) {
    let daemon = open_to_others(target, Setup::default());
    for (access, open, look, admin, metrics) in [
        (Access::Admin, "ok", "ok", "ok", "ok"),
        (Access::Read, "ok", "ok", "denied", "ok"),
        (Access::Metrics, "ok", "denied", "denied", "ok"),
        (Access::Untrusted, "ok", "denied", "denied", "denied"),
    ] {
        let identities = [("charm".to_owned(), Identity::with_user_id(access, OTHER))].into();
        daemon.client.set_identities(&identities).unwrap();
        may(&daemon, OTHER, &OPEN, open);
        may(&daemon, OTHER, &LOOK, look);
        may(&daemon, OTHER, &ADMIN, admin);
        may(&daemon, OTHER, &["metrics"], metrics);
    }
}

fn a_user_whose_identity_is_removed_may_look_again(target: &Target) {
    let daemon = open_to_others(target, Setup::default());
    let identities = [("charm".to_owned(), Identity::with_user_id(Access::Untrusted, OTHER))].into();
    daemon.client.set_identities(&identities).unwrap();
    may(&daemon, OTHER, &["services"], "denied");
    daemon.client.remove_identities(&["charm"]).unwrap();
    may(&daemon, OTHER, &["services"], "ok");
}

fn an_identity_can_take_rights_away_even_from_root(target: &Target) {
    let daemon = target.start();
    let identities = [("root".to_owned(), Identity::with_user_id(Access::Read, 0))].into();
    daemon.client.set_identities(&identities).unwrap();
    may(&daemon, 0, &LOOK, "ok");
    may(&daemon, 0, &ADMIN, "denied");
    assert!(matches!(daemon.client.replan(), Err(charmwright_pebble::Error::Denied { .. })));
}

fn a_password_is_asked_for_over_plain_http(target: &Target) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let daemon = target.start_with(Setup { http: Some(free.clone()), ..Setup::default() });
    let with_password = |name: &str, access| {
        let identities = [(name.to_owned(), Identity::with_password(access, crate::identities::HASH))].into();
        daemon.client.set_identities(&identities)
    };
    with_password("scraper", Access::Metrics).unwrap();
    let other = with_password("boss", Access::Admin);
    // Newer daemons know what else a password could be good for: HTTPS.
    assert_eq!(other.is_ok(), target.since(1, 22), "{other:?}");
    let status = |user: &str, path: &str| {
        let mut connection = crate::raw::Connection::open_tcp(&free);
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {user}\r\n\r\n"));
        connection.answer().status
    };
    if target.is_simulated() {
        // It knows nobody over TCP: in a play nobody scrapes its metrics.
        assert_eq!((status("c2NyYXBlcjp0ZXN0", "/v1/metrics"), status("", "/v1/health")), (401, 200));
        return;
    }
    // The names with the password `test`, and with another.
    let (scraper, boss, wrong) = ("c2NyYXBlcjp0ZXN0", "Ym9zczp0ZXN0", "c2NyYXBlcjp3cm9uZw==");
    assert_eq!((status(scraper, "/v1/metrics"), status(wrong, "/v1/metrics")), (200, 401));
    assert_eq!((status(scraper, "/v1/services"), status(scraper, "/v1/health")), (401, 200));
    // Passwords do not travel well: over plain HTTP they open nothing else.
    assert_eq!((status(boss, "/v1/services"), status(boss, "/v1/metrics")), (401, 401));
}
