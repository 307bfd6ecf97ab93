//! Notices.

use std::thread;
use std::time::Duration;

use charmwright_pebble::{CustomNotice, Error, Layer, Notice, NoticeId, NoticeKind, NoticesOptions};
use serde_json::{Value, json};

use crate::daemon::{Daemon, PATIENCE};
use crate::programs::Program;
use crate::target::Target;

cases! {
    a_notice_is_as_it_was_recorded;
    what_occurs_again_is_the_same_notice;
    data_and_repeat_after_are_those_of_the_last_time;
    what_repeats_too_soon_is_not_told_again;
    what_repeats_late_enough_is_told_again;
    they_are_listed_by_when_they_were_last_told;
    after_is_strict_and_has_all_digits;
    they_are_filtered_by_type_and_key;
    an_unknown_id_is_none;
    a_start_is_told_as_a_change_update;
    who_waits_in_vain_gets_nothing;
    who_waits_gets_what_is_there_at_once;
    who_waits_hears_of_a_new_one: Clock = "a second thread waits";
    keys_are_those_that_the_client_takes: Socket = "the client sends no others";
    data_has_at_most_4096_bytes: Socket = "the client sends no more";
    what_is_recorded_must_be_custom_and_whole: Socket = "the client sends nothing else";
    what_is_asked_must_be_known: Socket = "the client asks nothing else";
}

const KEY: &str = "example.com/a";

fn notify(daemon: &Daemon, key: &str) -> NoticeId {
    daemon.client.notify(&CustomNotice::new(key)).unwrap()
}

fn get(daemon: &Daemon, id: &NoticeId) -> Notice {
    daemon.client.notice(id).unwrap()
}

fn keys(daemon: &Daemon, options: &NoticesOptions) -> Vec<String> {
    daemon.client.notices(options).unwrap().into_iter().map(|notice| notice.key).collect()
}

/// Only those of the case, whatever else the daemon tells.
fn custom() -> NoticesOptions {
    NoticesOptions::default().types([NoticeKind::Custom])
}

fn a_notice_is_as_it_was_recorded(target: &Target) {
    let daemon = target.start();
    let notice =
        CustomNotice::new(KEY).data("a", "1").data("ü", "\"\n").repeat_after(Duration::from_mins(90));
    let id = daemon.client.notify(&notice).unwrap();
    let notice = get(&daemon, &id);
    assert_eq!((&notice.id, &notice.kind, notice.key.as_str()), (&id, &NoticeKind::Custom, KEY));
    assert_eq!((notice.occurrences, notice.user_id.is_some()), (1, true));
    assert_eq!(
        notice.last_data,
        [("a", "1"), ("ü", "\"\n")].map(|(a, b)| (a.to_owned(), b.to_owned())).into()
    );
    assert_eq!(notice.repeat_after.as_ref().unwrap().as_str(), "1h30m0s");
    assert_eq!(notice.expire_after.as_ref().unwrap().as_str(), "168h0m0s");
    assert_eq!(notice.first_occurred, notice.last_occurred);
    assert_eq!(notice.first_occurred, notice.last_repeated);
    assert_eq!(daemon.client.notices(&custom()).unwrap(), [notice]);
}

fn what_occurs_again_is_the_same_notice(target: &Target) {
    let daemon = target.start();
    let id = notify(&daemon, KEY);
    let first = get(&daemon, &id);
    assert_ne!(notify(&daemon, "example.com/b"), id);
    assert_eq!((notify(&daemon, KEY), notify(&daemon, KEY)), (id.clone(), id.clone()));
    let last = get(&daemon, &id);
    assert_eq!((last.occurrences, &last.first_occurred), (3, &first.first_occurred));
    assert!(daemon.nanoseconds(&last.last_occurred) > daemon.nanoseconds(&first.last_occurred));
    assert_eq!(last.last_occurred, last.last_repeated);
}

fn data_and_repeat_after_are_those_of_the_last_time(target: &Target) {
    let daemon = target.start();
    let hour = Duration::from_hours(1);
    let id = daemon.client.notify(&CustomNotice::new(KEY).data("a", "1").repeat_after(hour)).unwrap();
    daemon.client.notify(&CustomNotice::new(KEY).data("b", "2")).unwrap();
    let notice = get(&daemon, &id);
    assert_eq!(notice.last_data, [("b".to_owned(), "2".to_owned())].into());
    assert_eq!(notice.repeat_after, None);
    notify(&daemon, KEY);
    assert!(get(&daemon, &id).last_data.is_empty());
}

fn what_repeats_too_soon_is_not_told_again(target: &Target) {
    let daemon = target.start();
    let rarely = CustomNotice::new(KEY).repeat_after(Duration::from_hours(1));
    let id = notify(&daemon, KEY);
    let first = get(&daemon, &id);
    // What counts is what is said this time, not what was said the last time.
    daemon.client.notify(&rarely).unwrap();
    let second = get(&daemon, &id);
    assert_eq!((second.occurrences, &second.last_repeated), (2, &first.last_repeated));
    assert_ne!(second.last_occurred, first.last_occurred);
    assert_eq!(daemon.client.notices(&custom().after(first.last_repeated.as_str())).unwrap(), []);
    notify(&daemon, KEY);
    let third = get(&daemon, &id);
    assert_eq!(third.last_repeated, third.last_occurred);
    assert_eq!(daemon.client.notices(&custom().after(first.last_repeated)).unwrap(), [third]);
}

fn what_repeats_late_enough_is_told_again(target: &Target) {
    let daemon = target.start();
    let often = CustomNotice::new(KEY).repeat_after(Duration::from_millis(20));
    let id = daemon.client.notify(&often).unwrap();
    let first = get(&daemon, &id);
    daemon.poll("the notice to be told again", || {
        daemon.client.notify(&often).unwrap();
        get(&daemon, &id).last_repeated != first.last_repeated
    });
    let between =
        daemon.nanoseconds(&get(&daemon, &id).last_repeated) - daemon.nanoseconds(&first.last_repeated);
    assert!(between >= 20_000_000, "{between}");
}

fn they_are_listed_by_when_they_were_last_told(target: &Target) {
    let daemon = target.start();
    let rarely = |key| CustomNotice::new(key).repeat_after(Duration::from_hours(1));
    for key in ["a.b/1", "a.b/2", "a.b/3", "a.b/1"] {
        notify(&daemon, key);
    }
    daemon.client.notify(&rarely("a.b/2")).unwrap();
    assert_eq!(keys(&daemon, &custom()), ["a.b/2", "a.b/3", "a.b/1"]);
}

fn after_is_strict_and_has_all_digits(target: &Target) {
    let daemon = target.start();
    let [one, two] = ["a.b/1", "a.b/2"].map(|key| get(&daemon, &notify(&daemon, key)));
    let after = |time: &str| keys(&daemon, &custom().after(time));
    assert_eq!(after(&one.last_repeated), ["a.b/2"]);
    assert_eq!(after(&two.last_repeated), [""; 0]);
    let time: jiff::Timestamp = one.last_repeated.parse().unwrap();
    let before = time - jiff::SignedDuration::from_nanos(1);
    assert_eq!(after(&before.to_string()), ["a.b/1", "a.b/2"]);
}

fn they_are_filtered_by_type_and_key(target: &Target) {
    let daemon = target.start();
    for key in ["a.b/1", "a.b/2", "a.b/3"] {
        notify(&daemon, key);
    }
    assert_eq!(keys(&daemon, &custom().keys(["a.b/3", "a.b/1", "a.b/unknown"])), ["a.b/1", "a.b/3"]);
    assert_eq!(keys(&daemon, &NoticesOptions::default().keys(["a.b"])), [""; 0]);
    let unknown = NoticeKind::from("unheard-of".to_owned());
    assert_eq!(keys(&daemon, &NoticesOptions::default().types([unknown.clone()])), [""; 0]);
    assert_eq!(keys(&daemon, &NoticesOptions::default().types([unknown, NoticeKind::Custom])).len(), 3);
    assert_eq!(keys(&daemon, &NoticesOptions::default().types([NoticeKind::Warning])), [""; 0]);
}

fn an_unknown_id_is_none(target: &Target) {
    let daemon = target.start();
    for id in ["9999", "abc"] {
        let result = daemon.client.notice(&NoticeId::new(id).unwrap());
        let Err(Error::Api { status, message, .. }) = result else { panic!("{result:?}") };
        assert_eq!((status, message), (404, format!("cannot find notice with ID \"{id}\"")));
    }
}

fn a_start_is_told_as_a_change_update(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new().service("web", daemon.service(&Program::default()));
    daemon.client.add_layer("app", &layer).unwrap();
    let change = daemon.client.start(&["web"]).unwrap();
    daemon.done(Ok(change.clone()));
    let options = NoticesOptions::default().types([NoticeKind::ChangeUpdate]).keys([change.as_str()]);
    let notices = daemon.client.notices(&options).unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!((notices[0].user_id, notices[0].key.as_str()), (None, change.as_str()));
    assert_eq!(notices[0].last_data["kind"], "start");
    assert!(notices[0].occurrences >= 2, "{notices:?}");
}

fn who_waits_in_vain_gets_nothing(target: &Target) {
    let daemon = target.start();
    notify(&daemon, KEY);
    let none = custom().keys(["a.b/never"]);
    assert_eq!(daemon.client.wait_notices(&none, Duration::from_millis(200)).unwrap(), []);
}

fn who_waits_gets_what_is_there_at_once(target: &Target) {
    let daemon = target.start();
    let notice = get(&daemon, &notify(&daemon, KEY));
    assert_eq!(daemon.client.wait_notices(&custom(), PATIENCE).unwrap(), [notice]);
}

fn who_waits_hears_of_a_new_one(target: &Target) {
    let daemon = target.start();
    let old = get(&daemon, &notify(&daemon, "a.b/old"));
    let options = custom().after(old.last_repeated).keys(["a.b/new"]);
    let mut waiting = daemon.raw();
    waiting.send("GET /v1/notices?keys=a.b/new&timeout=60s HTTP/1.1\r\nHost: x\r\n\r\n");
    let client = daemon.client.clone();
    let waiter = thread::spawn(move || client.wait_notices(&options, PATIENCE).unwrap());
    // What is for others wakes nobody.
    notify(&daemon, "a.b/other");
    assert!(!waiting.has_something() && !waiter.is_finished());
    let new = get(&daemon, &notify(&daemon, "a.b/new"));
    assert_eq!(waiting.answer().result()[0]["id"], new.id.as_str());
    assert_eq!(waiter.join().unwrap(), [new]);
}

fn add(daemon: &Daemon, body: &Value) -> u16 {
    daemon.raw().post("/v1/notices", body.to_string()).status
}

fn keys_are_those_that_the_client_takes(target: &Target) {
    let daemon = target.start();
    let (long, longer) = (format!("a.b/{}", "c".repeat(252)), format!("a.b/{}", "c".repeat(253)));
    for (key, is_good) in [
        ("a.b/c", true),
        ("example.com/backup/done", true),
        ("1.2/3", true),
        ("a-b.c-d.e/f-g/h", true),
        (&long, true),
        (&longer, false),
        ("", false),
        ("a", false),
        ("a.b", false),
        ("a/b", false),
        ("localhost/x", false),
        ("a.b/", false),
        ("a.b/c/", false),
        ("a.b//c", false),
        ("/a.b/c", false),
        (".a/b", false),
        ("a./b", false),
        ("a..b/c", false),
        ("A.b/c", false),
        ("a.b/C", false),
        ("a.b/c_d", false),
        ("a.b/-c", false),
        ("a.b/c-", false),
        ("a.b/c--d", false),
        ("a.b/c.d", false),
        ("a.b/ä", false),
        ("a.b/c d", false),
        ("a.b/c\n", false),
    ] {
        let body = json!({"action": "add", "type": "custom", "key": key});
        assert_eq!(add(&daemon, &body), if is_good { 200 } else { 400 }, "{key:?}");
        let ours = daemon.client.notify(&CustomNotice::new(key));
        assert_eq!(ours.is_ok(), is_good, "{key:?}");
        assert!(is_good || matches!(ours, Err(Error::Invalid { .. })), "{key:?}: {ours:?}");
    }
}

fn data_has_at_most_4096_bytes(target: &Target) {
    let daemon = target.start();
    // That is with all of `{"a":""}`.
    for (length, is_good) in [(4088, true), (4089, false)] {
        let text = "x".repeat(length);
        let body = json!({"action": "add", "type": "custom", "key": KEY, "data": {"a": text}});
        assert_eq!(add(&daemon, &body), if is_good { 200 } else { 400 }, "{length}");
        let ours = daemon.client.notify(&CustomNotice::new(KEY).data("a", text));
        assert_eq!(ours.is_ok(), is_good, "{length}");
        assert!(is_good || matches!(ours, Err(Error::Invalid { .. })), "{ours:?}");
    }
}

fn what_is_recorded_must_be_custom_and_whole(target: &Target) {
    let daemon = target.start();
    let good = json!({"action": "add", "type": "custom", "key": KEY});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        add(&daemon, &body)
    };
    assert_eq!(add(&daemon, &good), 200);
    assert_eq!(
        (with("data", Value::Null), with("data", json!({})), with("repeat-after", json!("1h"))),
        (200, 200, 200)
    );
    for (name, value) in [
        ("action", json!("remove")),
        ("action", json!("")),
        ("type", json!("warning")),
        ("type", json!("change-update")),
        ("type", json!("")),
        ("data", json!({"a": 1})),
        ("data", json!(["a"])),
        ("data", json!("a")),
        ("repeat-after", json!("soon")),
        ("repeat-after", json!(1)),
        ("key", json!(1)),
    ] {
        assert_eq!(with(name, value.clone()), 400, "{name}: {value}");
    }
    let id = daemon.client.notices(&custom()).unwrap();
    assert_eq!((id.len(), id[0].occurrences), (1, 4));
}

fn what_is_asked_must_be_known(target: &Target) {
    let daemon = target.start();
    for query in
        ["after=yesterday", "timeout=soon", "users=some", "user-id=x", "user-id=-1", "user-id=0&users=all"]
    {
        assert_eq!(daemon.raw().get(&format!("/v1/notices?{query}")).status, 400, "{query}");
    }
    for query in ["", "types=", "keys=", "users=all", "user-id=0", "unknown=1"] {
        assert_eq!(daemon.raw().get(&format!("/v1/notices?{query}")).status, 200, "{query}");
    }
}
