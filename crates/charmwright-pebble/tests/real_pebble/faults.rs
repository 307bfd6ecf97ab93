//! What is known to kill a daemon is not sent to it.

use std::time::Duration;

use charmwright_pebble::{Check, Error, Layer, Override, Service, Startup};

use crate::support::{Daemon, poll};

const SOON: Duration = Duration::from_millis(20);

fn negative() -> Check {
    let mut check = Check::tcp(80);
    check.period = Some("-1s".into());
    check
}

fn dies(daemon: &Daemon) {
    poll("the daemon to die", || daemon.client.system_info().is_err());
}

#[test]
fn a_fault_of_a_check_kills_a_daemon_and_is_not_sent() {
    let every_version = ["1.19.2", "1.26.0", "1.32.1"];
    let url = Check::http("0.0.0.0:8080/health");
    for (check, versions) in [
        (url, &every_version[..1]),
        (Check::exec(" "), &every_version[..]),
        (Check::exec("# x"), &every_version[..]),
        (negative(), &every_version[..]),
    ] {
        let mut check = check;
        check.period = check.period.or(Some(SOON.into()));
        let layer = Layer::new().check("up", check.timeout(SOON));
        for version in versions {
            let daemon = Daemon::of_version(version);
            let error = daemon.client.add_layer("app", &layer).unwrap_err();
            assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
            assert!(error.to_string().contains("check \"up\": its "), "{error}");
            assert!(daemon.client.plan().unwrap().checks.is_empty());
            // One that is sent all the same.
            let _ = daemon.push("app", &layer, true);
            dies(&daemon);
        }
    }
}

#[test]
fn a_service_without_a_command_kills_a_daemon_and_is_not_sent() {
    for version in ["1.19.2", "1.26.0", "1.32.1"] {
        let daemon = Daemon::of_version(version);
        let layer = Layer::new().service("web", Service::new("\t"));
        let error = daemon.client.add_layer("app", &layer).unwrap_err();
        assert!(error.to_string().contains("service \"web\": its command has no words"), "{error}");
        daemon.push("app", &layer, true).unwrap();
        let _ = daemon.client.start(&["web"]);
        dies(&daemon);
    }
}

#[test]
fn a_fault_that_sleeps_in_another_layer_is_not_woken() {
    let daemon = Daemon::of_version("1.19.2");
    let bad = Check::http(":80").period(SOON).timeout(SOON).startup(Startup::Disabled);
    daemon.push("base", &Layer::new().check("up", bad), false).unwrap();
    let enabled = Check::default().override_by(Override::Merge).startup(Startup::Enabled);
    let error = daemon.client.add_layer("app", &Layer::new().check("up", enabled)).unwrap_err();
    assert!(error.to_string().contains("check \"up\": its URL has no scheme"), "{error}");
    daemon.client.add_layer("app", &Layer::new().service("web", Service::new("x"))).unwrap();
}
