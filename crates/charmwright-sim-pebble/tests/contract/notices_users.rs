//! Notices: whose they are, and who may see them.

use charmwright_pebble::{
    Access, ChangeId, Client, CustomNotice, Error, Identity, Notice, NoticeId, NoticeKind, NoticesOptions,
    Users,
};

use crate::another_user::ask;
use crate::daemon::Daemon;
use crate::target::Target;

cases! {
    what_others_record_is_seen_by_who_asks_for_all: Root = "another user must record", Socket = "it asks over it";
    the_same_key_of_another_user_is_another_notice: Root = "another user must record", Socket = "it asks over it";
    who_only_looks_sees_its_own_and_nobodys: Root = "another user must ask", Socket = "it asks over it";
    who_only_looks_is_refused_those_of_others: Root = "another user must ask", Socket = "it asks over it";
    what_a_change_tells_is_nobodys;
    of_nobody_is_not_of_root;
    a_user_is_told_by_a_number_or_all_are: Socket = "the client asks nothing else";
}

/// A user whom no system knows.
const OTHER: u32 = 4243;
/// What another user records, as it is asked to.
const KEY: &str = "example.com/of/another-user";

fn start(target: &Target) -> Daemon {
    let daemon = target.start();
    daemon.let_others_in();
    daemon
}

fn by_other(daemon: &Daemon, question: &str) -> String {
    ask(OTHER, daemon.client.socket(), question)
}

/// A notice of another user.
fn of_other(daemon: &Daemon) -> Notice {
    let id = NoticeId::new(by_other(daemon, "notify")).unwrap();
    daemon.client.notice(&id).unwrap()
}

fn of_ours(daemon: &Daemon, key: &str) -> Notice {
    let id = daemon.client.notify(&CustomNotice::new(key)).unwrap();
    daemon.client.notice(&id).unwrap()
}

fn custom(daemon: &Daemon, users: Users) -> Vec<Notice> {
    let options = NoticesOptions::default().types([NoticeKind::Custom]).users(users);
    daemon.client.notices(&options).unwrap()
}

/// The ids of what another user sees.
pub(crate) fn seen(client: &Client) -> String {
    let seen = client.notices(&NoticesOptions::default()).unwrap();
    seen.into_iter().map(|notice| notice.id.to_string()).collect::<Vec<_>>().join(" ")
}

/// With which status it is refused to see those of everybody, of root, and one of root's by its id.
pub(crate) fn refused(client: &Client) -> String {
    let status = |result: Result<(), Error>| match result {
        Err(Error::Api { status, .. }) => status.to_string(),
        other => format!("{other:?}"),
    };
    let list = |users| client.notices(&NoticesOptions::default().users(users)).map(drop);
    let of_root = client.notice(&NoticeId::new("1").unwrap()).map(drop);
    [list(Users::All), list(Users::One(0)), of_root].map(status).join(" ")
}

fn what_others_record_is_seen_by_who_asks_for_all(target: &Target) {
    let daemon = start(target);
    let (ours, others) = (of_ours(&daemon, "a.b/ours"), of_other(&daemon));
    assert_eq!((ours.user_id, others.user_id, others.key.as_str()), (Some(0), Some(OTHER), KEY));
    let ids = |users| custom(&daemon, users).into_iter().map(|notice| notice.id).collect::<Vec<_>>();
    // Root, too, has its own only.
    assert_eq!([ids(Users::Own), ids(Users::One(0))], [[ours.id.clone()], [ours.id.clone()]]);
    assert_eq!([ids(Users::One(OTHER))], [[others.id.clone()]]);
    assert_eq!(custom(&daemon, Users::All), [ours, others]);
    assert_eq!(custom(&daemon, Users::One(OTHER + 1)), []);
}

fn the_same_key_of_another_user_is_another_notice(target: &Target) {
    let daemon = start(target);
    let (ours, others) = (of_ours(&daemon, KEY), of_other(&daemon));
    assert_ne!(ours.id, others.id);
    let again = of_ours(&daemon, KEY);
    assert_eq!((again.id, again.occurrences), (ours.id, 2));
    assert_eq!(daemon.client.notice(&others.id).unwrap(), others);
}

fn who_only_looks_sees_its_own_and_nobodys(target: &Target) {
    let daemon = start(target);
    of_ours(&daemon, "a.b/ours");
    let others = of_other(&daemon);
    assert_eq!(by_other(&daemon, "notices"), others.id.to_string());
    // A change is everybody's to know of.
    let change = daemon.done(daemon.client.replan()).id;
    let options = NoticesOptions::default().types([NoticeKind::ChangeUpdate]).keys([change.as_str()]);
    let public = daemon.client.notices(&options).unwrap().pop().unwrap();
    assert_eq!(by_other(&daemon, "notices"), format!("{} {}", others.id, public.id));
}

fn who_only_looks_is_refused_those_of_others(target: &Target) {
    let daemon = start(target);
    assert_eq!(of_ours(&daemon, "a.b/ours").id, NoticeId::new("1").unwrap());
    assert_eq!(by_other(&daemon, "notices-of-others"), "403 403 403");
    let identities = [("other".to_owned(), Identity::with_user_id(Access::Admin, OTHER))].into();
    daemon.client.set_identities(&identities).unwrap();
    assert_eq!(by_other(&daemon, "notices-of-others"), "Ok(()) Ok(()) Ok(())");
}

fn what_a_change_tells_is_nobodys(target: &Target) {
    let daemon = target.start();
    let change = daemon.done(daemon.client.replan()).id;
    for users in [Users::Own, Users::All, Users::One(0), Users::One(OTHER)] {
        let options =
            NoticesOptions::default().types([NoticeKind::ChangeUpdate]).keys([change.as_str()]).users(users);
        let listed = daemon.client.notices(&options).unwrap();
        assert_eq!((listed.len(), listed[0].user_id), (1, None), "{users:?}");
        assert_eq!(daemon.client.notice(&listed[0].id).unwrap(), listed[0]);
        assert_eq!(ChangeId::new(listed[0].key.clone()), Some(change.clone()));
    }
}

fn of_nobody_is_not_of_root(target: &Target) {
    let daemon = target.start();
    let options = NoticesOptions::all_users();
    let own = daemon.client.notify(&CustomNotice::new("a.b/c")).unwrap();
    daemon.done(daemon.client.replan());
    let mut owners: Vec<_> =
        daemon.client.notices(&options).unwrap().into_iter().map(|one| one.user_id).collect();
    owners.dedup();
    assert_eq!(owners, [daemon.client.notice(&own).unwrap().user_id, None]);
}

fn a_user_is_told_by_a_number_or_all_are(target: &Target) {
    let daemon = target.start();
    let status = |query: &str| daemon.raw().get(&format!("/v1/notices?{query}")).status;
    for query in ["users=some", "user-id=root", "user-id=-1", "user-id=0&users=all", "user-id=0&user-id=1"] {
        assert_eq!(status(query), 400, "{query}");
    }
    for query in ["users=all", "user-id=0", "user-id=4294967295"] {
        assert_eq!(status(query), 200, "{query}");
    }
}
