//! Signals to services.

use charmwright_pebble::{Error, Layer, LogsOptions, Service};
use serde_json::json;

use crate::daemon::Daemon;
use crate::programs::runs;
use crate::target::Target;

cases! {
    a_signal_reaches_the_service: Processes = "a shell says that it came";
    a_signal_reaches_only_the_main_process: Processes = "a shell says where it came";
    an_unknown_signal_is_refused;
    what_does_not_run_gets_no_signal;
    those_that_run_get_it_all_the_same: Processes = "a shell says that it came";
    a_signal_has_a_name: Socket = "the client sends no numbers";
}

fn shell(daemon: &Daemon, name: &str, script: &str) {
    let service = Service::new(format!("/bin/sh -c {}", crate::programs::quoted(script)));
    daemon.client.add_layer("app", &Layer::new().service(name, service)).unwrap();
    daemon.done(daemon.client.start(&[name]));
}

fn wrote(daemon: &Daemon, line: &str) -> bool {
    let lines = daemon.client.logs(&LogsOptions::of(["web"])).unwrap();
    lines.iter().any(|entry| entry.message == line)
}

/// Says which signals come. (SIGHUP would not do: `nohup` has it ignored, and a shell leaves it so.)
const SAYS: &str = "trap 'echo got USR2' USR2; trap 'echo got USR1' USR1; while :; do sleep 0.01; done";

fn a_signal_reaches_the_service(target: &Target) {
    let daemon = target.start();
    shell(&daemon, "web", SAYS);
    for name in ["USR2", "USR1"] {
        daemon.client.signal(&format!("SIG{name}"), &["web"]).unwrap();
        daemon.poll("the signal to come", || wrote(&daemon, &format!("got {name}")));
    }
    assert_eq!(daemon.starts("web"), 1);
}

fn a_signal_reaches_only_the_main_process(target: &Target) {
    let daemon = target.start();
    let child = "trap 'echo child got it' USR1; echo child; while :; do sleep 0.01; done";
    let script = format!("sh -c \"{child}\" & trap 'echo main got it' USR1; while :; do sleep 0.01; done");
    shell(&daemon, "web", &script);
    daemon.poll("the child to run", || wrote(&daemon, "child"));
    for _ in 0..2 {
        daemon.client.signal("SIGUSR1", &["web"]).unwrap();
    }
    daemon.poll("the signal to come", || wrote(&daemon, "main got it"));
    daemon.done(daemon.client.stop(&["web"]));
    assert!(!wrote(&daemon, "child got it"));
}

fn refused(result: Result<(), Error>, words: &[&str]) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Api { status: 500, kind: None, .. }), "{error:?}");
    assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
}

fn an_unknown_signal_is_refused(target: &Target) {
    let daemon = target.start();
    daemon.client.add_layer("app", &Layer::new().service("web", daemon.service(&runs()))).unwrap();
    daemon.done(daemon.client.start(&["web"]));
    refused(daemon.client.signal("SIGNOTHING", &["web"]), &["SIGNOTHING"]);
    refused(daemon.client.signal("SIGhup", &["web"]), &["SIGhup"]);
    assert!(matches!(daemon.client.signal("HUP", &["web"]), Err(Error::Invalid { .. })));
    assert!(matches!(daemon.client.signal("SIGHUP", &[]), Err(Error::Invalid { .. })));
}

fn what_does_not_run_gets_no_signal(target: &Target) {
    let daemon = target.start();
    let layer =
        Layer::new().service("idle", daemon.service(&runs())).service("over", daemon.service(&runs()));
    daemon.client.add_layer("app", &layer).unwrap();
    refused(daemon.client.signal("SIGHUP", &["idle"]), &["idle"]);
    daemon.done(daemon.client.start(&["over"]));
    daemon.done(daemon.client.stop(&["over"]));
    refused(daemon.client.signal("SIGHUP", &["over"]), &["over"]);
    refused(daemon.client.signal("SIGHUP", &["unknown", "idle"]), &["unknown", "; ", "idle"]);
}

fn those_that_run_get_it_all_the_same(target: &Target) {
    let daemon = target.start();
    shell(&daemon, "web", SAYS);
    refused(daemon.client.signal("SIGUSR2", &["unknown", "web"]), &["unknown"]);
    daemon.poll("the signal to come", || wrote(&daemon, "got USR2"));
}

fn a_signal_has_a_name(target: &Target) {
    let daemon = target.start();
    for (body, status) in [
        (json!({"signal": 1, "services": ["web"]}), 400),
        (json!({"signal": "1", "services": ["web"]}), 500),
        (json!({"signal": "HUP", "services": ["web"]}), 500),
        (json!({"signal": "SIGHUP"}), 400),
        (json!({"signal": "SIGHUP", "services": []}), 400),
    ] {
        assert_eq!(daemon.raw().post("/v1/signals", body.to_string()).status, status, "{body}");
    }
}
