//! Checks: what they find, and what follows from it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use charmwright_pebble::{
    ChangeId, ChangeStatus, Check, CheckInfo, CheckStatus, Error, Layer, Notice, NoticeKind, NoticesOptions,
    OnExit, Refreshed, ServiceStatus, Startup,
};

use crate::checks::{OFTEN, add, change, goes_on, info, often, seldom, until, until_down};
use crate::daemon::Daemon;
use crate::programs::runs;
use crate::target::Target;

cases! {
    a_check_goes_down_and_up_with_what_it_looks_at:
        Processes = "it runs a command", Files = "the command looks at a file";
    a_check_that_has_run_says_so;
    a_check_is_down_from_its_threshold_on;
    a_refresh_runs_it_now;
    a_refresh_of_what_fails_is_no_error;
    a_refresh_of_what_does_not_run_changes_nothing;
    a_refresh_of_what_is_unknown_is_refused;
    a_failure_restarts_its_service_once;
    http_is_up_with_success_only: Socket = "it looks at a real port";
    tcp_is_up_with_a_listener: Socket = "it looks at a real port";
    a_command_that_takes_too_long_has_failed: Processes = "it runs a command";
}

/// Waits until a check is up, with another change than that.
fn until_up_after(daemon: &Daemon, name: &str, before: &CheckInfo) -> CheckInfo {
    until(daemon, name, "the check to go up", |check| {
        check.status == CheckStatus::Up
            && check.change_id != before.change_id
            && goes_on(daemon, check, "perform-check")
    })
}

/// The notice of a change.
fn notice(daemon: &Daemon, id: &ChangeId) -> Notice {
    let options = NoticesOptions::default().types([NoticeKind::ChangeUpdate]).keys([id.as_str()]);
    daemon.client.notices(&options).unwrap().pop().unwrap()
}

/// Runs a check now. None if this Pebble cannot, and says so.
fn refresh(target: &Target, daemon: &Daemon, name: &str) -> Option<Result<Refreshed, Error>> {
    let refreshed = daemon.client.refresh_check(name);
    if target.since(1, 20) {
        return Some(refreshed);
    }
    assert!(matches!(refreshed, Err(Error::TooOld { .. })), "{refreshed:?}");
    None
}

/// Answers all that ask with this, until the test ends. Where.
fn answers(status: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // Whoever asks no more needs no answer.
            let _ = stream.read(&mut [0; 4096]);
            let _ =
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 6\r\nConnection: close\r\n\r\nwords\n");
        }
    });
    port
}

fn a_check_goes_down_and_up_with_what_it_looks_at(target: &Target) {
    let daemon = target.start();
    let file = daemon.path_text("file");
    fs::write(&file, "").unwrap();
    add(&daemon, "flip", often(&format!("test -e {file}")).threshold(2));
    let first = info(&daemon, "flip");
    assert_eq!((&first.status, &first.prev_change_id), (&CheckStatus::Up, &None));
    daemon.poll("the check to begin", || goes_on(&daemon, &first, "perform-check"));

    fs::remove_file(&file).unwrap();
    let down = until_down(&daemon, "flip");
    assert!(down.failures >= 2 && down.change_id != first.change_id, "{down:?}");
    let performed = change(&daemon, first.change_id.as_ref());
    assert_eq!(performed.status, ChangeStatus::Error);
    assert!(performed.err.unwrap().contains("exit status 1"));

    fs::write(&file, "").unwrap();
    let up = until_up_after(&daemon, "flip", &down);
    assert_eq!(up.failures, 0);
    let recovered = change(&daemon, down.change_id.as_ref());
    assert_eq!((&recovered.status, recovered.err), (&ChangeStatus::Done, None));
    if target.since(1, 29) {
        assert_eq!((&down.prev_change_id, &up.prev_change_id), (&first.change_id, &down.change_id));
    }
    if target.since(1, 23) {
        assert!(up.successes.unwrap() >= 1);
    }

    // Who waits for notices is told of each change, and of which check it is.
    let [first, down, up] = [first, down, up].map(|check| check.change_id.unwrap());
    for (id, kind) in [(&first, "perform-check"), (&down, "recover-check"), (&up, "perform-check")] {
        let notice = notice(&daemon, id);
        let of = |name: &str| notice.last_data.get(name).map(String::as_str);
        assert_eq!((of("kind"), of("check-name")), (Some(kind), Some("flip")), "{notice:?}");
    }
    // That it went down or up is another occurrence of the old one's.
    let [first, down, up] = [first, down, up].map(|id| notice(&daemon, &id).occurrences);
    assert!(first > up && down > up, "{first} {down} {up}");
}

fn a_check_that_has_run_says_so(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new().check("bad", often("false")).check("good", often("true"));
    daemon.client.add_layer("app", &layer).unwrap();
    until(&daemon, "bad", "the check to fail", |check| check.has_run() == Some(true));
    if target.since(1, 23) {
        until(&daemon, "good", "the check to succeed", |check| check.has_run() == Some(true));
    } else {
        assert_eq!(info(&daemon, "good").has_run(), None);
    }
}

fn a_check_is_down_from_its_threshold_on(target: &Target) {
    let daemon = target.start();
    add(&daemon, "bad", often("false").threshold(3));
    let mut most = 0;
    until(&daemon, "bad", "the fifth failure", |check| {
        assert_eq!(check.status == CheckStatus::Down, check.failures >= 3, "{check:?}");
        assert!(check.failures >= most, "{check:?}");
        most = check.failures;
        most >= 5
    });
}

fn a_refresh_runs_it_now(target: &Target) {
    let daemon = target.start();
    add(&daemon, "good", seldom("true"));
    let Some(refreshed) = refresh(target, &daemon, "good") else { return };
    let refreshed = refreshed.unwrap();
    assert_eq!((&refreshed.error, &refreshed.info.status), (&None, &CheckStatus::Up));
    assert_eq!(refreshed.info.successes, target.since(1, 23).then_some(1));
    assert_eq!(info(&daemon, "good"), refreshed.info);
}

fn a_refresh_of_what_fails_is_no_error(target: &Target) {
    let daemon = target.start();
    add(&daemon, "bad", seldom("false").threshold(2));
    for failures in 1..=2 {
        let Some(refreshed) = refresh(target, &daemon, "bad") else { return };
        let refreshed = refreshed.unwrap();
        assert!(refreshed.error.is_some());
        // What is told of the one that takes it down may still be how it was before.
        if failures < 2 {
            assert_eq!((refreshed.info.failures, &refreshed.info.status), (failures, &CheckStatus::Up));
        }
    }
    assert_eq!(until_down(&daemon, "bad").failures, 2);
}

fn a_refresh_of_what_does_not_run_changes_nothing(target: &Target) {
    let daemon = target.start();
    add(&daemon, "bad", seldom("false").startup(Startup::Disabled));
    let before = info(&daemon, "bad");
    let Some(refreshed) = refresh(target, &daemon, "bad") else { return };
    let refreshed = refreshed.unwrap();
    assert!(refreshed.error.is_some());
    assert_eq!((refreshed.info, info(&daemon, "bad")), (before.clone(), before));
}

fn a_refresh_of_what_is_unknown_is_refused(target: &Target) {
    let daemon = target.start();
    let Some(refreshed) = refresh(target, &daemon, "nothing") else { return };
    assert!(matches!(refreshed, Err(Error::Api { status: 404, .. })), "{refreshed:?}");
}

fn a_failure_restarts_its_service_once(target: &Target) {
    let daemon = target.start();
    let service = daemon.service(&runs()).on_check_failure("bad", OnExit::Restart);
    daemon.client.add_layer("app", &Layer::new().service("web", service)).unwrap();
    daemon.done(daemon.client.start(&["web"]));
    daemon.client.add_layer("checks", &Layer::new().check("bad", often("false").threshold(2))).unwrap();
    until_down(&daemon, "bad");
    daemon.poll("the service to be started again", || {
        daemon.starts("web") == 2 && daemon.info("web").current == ServiceStatus::Active
    });
    // As long as it stays down that was all.
    let failures = info(&daemon, "bad").failures;
    until(&daemon, "bad", "more failures", |check| check.failures >= failures + 5);
    assert_eq!(daemon.starts("web"), 2);
}

fn http_is_up_with_success_only(target: &Target) {
    let daemon = target.start();
    let check = |status| {
        let url = format!("http://127.0.0.1:{}/", answers(status));
        Check::http(url).period(OFTEN).timeout(OFTEN).threshold(1)
    };
    let layer = Layer::new().check("good", check("201 Created")).check("bad", check("404 Not Found"));
    daemon.client.add_layer("app", &layer).unwrap();
    let good = info(&daemon, "good");
    let bad = info(&daemon, "bad");
    until_down(&daemon, "bad");
    let performed = change(&daemon, bad.change_id.as_ref());
    let (err, log) = (performed.err.unwrap(), performed.tasks[0].log.concat());
    assert!(err.contains("non-2xx status code 404"), "{err}");
    assert!(log.contains("404"), "{log}");
    if target.since(1, 23) {
        until(&daemon, "good", "the check to succeed", |check| check.successes >= Some(2));
    }
    assert_eq!(info(&daemon, "good").change_id, good.change_id);
}

fn tcp_is_up_with_a_listener(target: &Target) {
    let daemon = target.start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    add(&daemon, "port", Check::tcp(port).period(OFTEN).timeout(OFTEN).threshold(1));
    let first = info(&daemon, "port");
    // Somebody has asked.
    drop(listener.accept().unwrap());
    assert_eq!(info(&daemon, "port").status, CheckStatus::Up);
    drop(listener);
    until_down(&daemon, "port");
    let err = change(&daemon, first.change_id.as_ref()).err.unwrap();
    assert!(err.contains("connection refused") || err.contains("reset"), "{err}");
}

fn a_command_that_takes_too_long_has_failed(target: &Target) {
    let daemon = target.start();
    let slow = Check::exec("sleep 300").period(OFTEN).timeout(Duration::from_millis(50)).threshold(1);
    add(&daemon, "slow", slow);
    let first = info(&daemon, "slow");
    until_down(&daemon, "slow");
    let err = change(&daemon, first.change_id.as_ref()).err.unwrap();
    assert!(err.contains("timed out") || err.contains("deadline"), "{err}");
}
