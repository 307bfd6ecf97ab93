//! Services and checks, and the daemon itself.

use std::fs;
use std::time::Duration;

use charmwright_pebble::{
    ChangeStatus, Check, CheckStatus, Client, Error, Layer, Level, OnExit, Service, ServiceStatus, Startup,
};

use crate::support::{Daemon, poll};

/// Runs until it is told to end, and first appends its process id to a file.
fn sleeper(daemon: &Daemon, file: &str) -> Service {
    let pids = daemon.path_text(file);
    Service::new(format!("/bin/sh -c 'echo $$ >> {pids}; exec sleep 300'"))
}

fn starts(daemon: &Daemon, file: &str) -> usize {
    fs::read_to_string(daemon.path(file)).map_or(0, |text| text.lines().count())
}

#[test]
fn the_daemon_says_who_it_is() {
    let daemon = Daemon::start();
    let info = daemon.client.system_info().unwrap();
    assert!(info.version.starts_with('v'), "{info:?}");
    assert!(!info.boot_id.is_empty(), "{info:?}");
}

#[test]
fn a_layer_is_added_applied_and_applied_again() {
    let daemon = Daemon::start();
    let client = &daemon.client;
    assert_eq!(client.plan().unwrap(), Layer::new());
    let layer = |level| {
        let web = sleeper(&daemon, "web").startup(Startup::Enabled).env("LEVEL", level);
        Layer::new().service("web", web).service("idle", sleeper(&daemon, "idle"))
    };

    client.add_layer("app", &layer("info")).unwrap();
    assert_eq!(client.plan().unwrap(), layer("info"));
    let infos = client.services(&["web", "unknown"]).unwrap();
    assert_eq!(infos.len(), 1);
    assert_eq!((&infos[0].current, &infos[0].current_since), (&ServiceStatus::Inactive, &None));

    let change = daemon.wait(client.replan()).into_result().unwrap();
    assert_eq!((change.kind.as_str(), &change.status, change.ready), ("replan", &ChangeStatus::Done, true));
    assert_eq!(client.change(&change.id).unwrap(), change);
    let infos = client.all_services().unwrap();
    let running: Vec<_> = infos.iter().map(|info| (info.name.as_str(), info.is_running())).collect();
    assert_eq!(running, [("idle", false), ("web", true)]);
    assert_eq!(infos[1].startup, Startup::Enabled);
    assert!(infos[1].current_since.is_some());

    // The same again changes nothing.
    client.add_layer("app", &layer("info")).unwrap();
    daemon.wait(client.replan()).into_result().unwrap();
    assert_eq!(starts(&daemon, "web"), 1);

    client.add_layer("app", &layer("debug")).unwrap();
    daemon.wait(client.replan()).into_result().unwrap();
    assert_eq!(starts(&daemon, "web"), 2);

    daemon.wait(client.restart(&["web"])).into_result().unwrap();
    assert_eq!(starts(&daemon, "web"), 3);
    client.signal("SIGCONT", &["web"]).unwrap();
    assert!(matches!(client.signal("SIGCONT", &["idle"]), Err(Error::Api { status: 500, .. })));

    daemon.wait(client.stop(&["web"])).into_result().unwrap();
    assert_eq!(client.services(&["web"]).unwrap()[0].current, ServiceStatus::Inactive);
    daemon.wait(client.start(&["idle"])).into_result().unwrap();
    daemon.wait(client.autostart()).into_result().unwrap();
    assert_eq!((starts(&daemon, "web"), starts(&daemon, "idle")), (4, 1));
}

#[test]
fn nothing_to_do_is_done_at_once() {
    let daemon = Daemon::start();
    let change = daemon.wait(daemon.client.replan()).into_result().unwrap();
    assert_eq!(change.tasks, []);
    let error = daemon.client.autostart().unwrap_err();
    assert_eq!(error.kind(), Some("no-default-services"));
}

#[test]
fn a_service_that_exits_at_once_fails_its_change() {
    let daemon = Daemon::start();
    let service = Service::new("/bin/sh -c 'echo oops; exit 3'").on_failure(OnExit::Ignore);
    daemon.client.add_layer("app", &Layer::new().service("bad", service)).unwrap();
    let change = daemon.wait(daemon.client.start(&["bad"]));
    assert_eq!(change.status, ChangeStatus::Error);
    let error = change.into_result().unwrap_err();
    assert!(error.to_string().contains("exited quickly with code 3"), "{error}");
    assert!(!error.to_string().contains("oops"), "{error}");
    let Error::ChangeFailed { logs, .. } = error else { panic!("{error:?}") };
    assert!(logs.iter().any(|log| log.contains("oops")), "{logs:?}");
    assert_eq!(daemon.client.services(&["bad"]).unwrap()[0].current, ServiceStatus::Error);
}

#[test]
fn a_wait_that_is_too_short_is_a_timeout() {
    let daemon = Daemon::start();
    daemon.client.add_layer("app", &Layer::new().service("web", sleeper(&daemon, "web"))).unwrap();
    // A start takes a second.
    let change = daemon.client.start(&["web"]).unwrap();
    let error = daemon.client.wait_change(&change, Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    // With several rounds.
    let client = daemon.client.clone().with_request_timeout(Duration::from_millis(300));
    client.wait_change(&change, Duration::from_secs(30)).unwrap().into_result().unwrap();
}

#[test]
fn a_bad_layer_is_refused_and_changes_nothing() {
    let daemon = Daemon::start();
    let good = Layer::new().service("web", Service::new("/bin/true"));
    daemon.client.add_layer("app", &good).unwrap();
    for bad in [
        Layer::new().service("web", Service::default()),
        Layer::new().check("c", Check::default()),
        Layer::new().service("web", Service::new("x").requires(["unknown"])),
        Layer::new().service("web", Service::new("x").backoff_factor(0.5)),
    ] {
        let error = daemon.client.add_layer("app", &bad).unwrap_err();
        assert!(matches!(error, Error::Api { status: 400, .. }), "{error:?}");
        assert_eq!(daemon.client.plan().unwrap(), good);
    }
    for result in [daemon.client.start(&["web", "unknown"]), daemon.client.restart(&["unknown"])] {
        assert!(matches!(result, Err(Error::Api { status: 400, .. })), "{result:?}");
    }
}

#[test]
fn a_check_goes_down() {
    let daemon = Daemon::start();
    let soon = Duration::from_millis(50);
    let check = Check::exec("/bin/false").level(Level::Alive).period(soon).timeout(soon).threshold(2);
    daemon.client.add_layer("app", &Layer::new().check("up", check)).unwrap();
    poll("the check to fail", || daemon.client.checks(&["up"]).unwrap()[0].status == CheckStatus::Down);
    let info = &daemon.client.checks(&["up", "unknown"]).unwrap()[0];
    assert!(info.failures >= 2 && info.threshold == 2 && info.change_id.is_some(), "{info:?}");
}

#[test]
fn a_daemon_that_crashes_is_unreachable() {
    let mut daemon = Daemon::start();
    let client = daemon.client.clone();
    // It outlives the daemon, though not for long.
    let stubborn = Service::new("/bin/sh -c \"trap '' TERM; sleep 4\"").kill_delay(Duration::from_secs(20));
    client.add_layer("app", &Layer::new().service("web", stubborn)).unwrap();
    daemon.wait(client.start(&["web"])).into_result().unwrap();
    let change = client.stop(&["web"]).unwrap();

    let waiter = std::thread::spawn({
        let (client, change) = (client.clone(), change.clone());
        move || client.wait_change(&change, Duration::from_mins(1))
    });
    poll("the stop to begin", || client.change(&change).unwrap().status == ChangeStatus::Doing);
    daemon.crash();
    let error = waiter.join().unwrap().unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");

    // The socket is still there, and nobody behind it.
    assert!(client.socket().exists());
    for result in
        [client.system_info().map(drop), client.replan().map(drop), client.read_file("/a").map(drop)]
    {
        assert!(result.unwrap_err().is_unreachable());
    }
    assert!(Client::new(daemon.path("none")).system_info().unwrap_err().is_unreachable());
}
