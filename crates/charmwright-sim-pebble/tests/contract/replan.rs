//! Replan: bringing the services to the plan, and what hides a difference from it.

use std::time::Duration;

use charmwright_pebble::{
    Change, ChangeStatus, Check, CheckStatus, Layer, Override, Service, ServiceStatus, Startup,
};
use serde_json::json;

use crate::daemon::{Daemon, PATIENCE, tasks};
use crate::programs::{NOWHERE, exits, runs};
use crate::target::Target;

cases! {
    with_nothing_to_do_it_is_done_without_tasks;
    what_is_enabled_and_does_not_run_is_started;
    what_was_never_started_and_is_disabled_is_left_alone;
    what_changed_is_restarted;
    any_difference_is_a_change;
    a_default_that_is_written_out_is_a_difference: Socket = "the client writes none";
    a_grown_list_is_a_difference: Socket = "the client takes care that they do not grow";
    an_empty_map_is_a_difference_and_an_empty_list_is_none: Socket = "the client writes neither";
    what_was_stopped_is_started_if_it_is_enabled;
    what_was_stopped_and_has_changed_is_started_though_disabled;
    what_was_stopped_and_has_not_changed_stays_so;
    what_requires_a_changed_service_is_stopped_and_left;
    what_requires_a_changed_service_and_is_enabled_comes_back;
    what_failed_is_started_again;
    a_start_hides_a_change_from_replan;
    an_autostart_hides_a_change_from_replan;
    apply_does_not_let_a_change_hide;
    a_failed_replan_is_not_tried_again;
    apply_tells_of_what_is_tried_again;
    a_restart_takes_what_changed;
    adding_a_layer_restarts_nothing;
    a_stopped_check_is_started;
}

fn web(daemon: &Daemon, level: &str) -> Service {
    daemon.service(&runs()).startup(Startup::Enabled).env("LEVEL", level)
}

fn one(service: Service) -> Layer {
    Layer::new().service("web", service)
}

fn apply(daemon: &Daemon, layer: &Layer) -> Change {
    daemon.client.apply("app", layer, PATIENCE).unwrap()
}

fn replan(daemon: &Daemon) -> Vec<String> {
    tasks(&daemon.done(daemon.client.replan()))
}

const RESTARTED: [&str; 2] = ["stop web Done", "start web Done"];
const LOOKED_AT: [&str; 1] = ["start web Done"];

fn with_nothing_to_do_it_is_done_without_tasks(target: &Target) {
    let daemon = target.start();
    let change = daemon.done(daemon.client.replan());
    assert_eq!((change.kind.as_str(), change.summary.as_str()), ("replan", "Replan - no services"));
    assert_eq!((change.status, change.ready, change.tasks), (ChangeStatus::Done, true, vec![]));
    assert!(change.ready_time.is_some());
}

fn what_is_enabled_and_does_not_run_is_started(target: &Target) {
    let daemon = target.start();
    let change = apply(&daemon, &one(web(&daemon, "info")));
    assert_eq!(
        (change.summary.as_str(), tasks(&change)),
        (r#"Replan service "web""#, vec!["start web Done".into()])
    );
    assert_eq!(daemon.starts("web"), 1);
}

fn what_was_never_started_and_is_disabled_is_left_alone(target: &Target) {
    let daemon = target.start();
    daemon.client.add_layer("app", &one(daemon.service(&runs()))).unwrap();
    assert_eq!(replan(&daemon), [""; 0]);
    daemon.client.add_layer("app", &one(daemon.service(&runs()).summary("another"))).unwrap();
    assert_eq!(replan(&daemon), [""; 0]);
    assert_eq!(daemon.info("web").current_since, None);
}

fn what_changed_is_restarted(target: &Target) {
    let daemon = target.start();
    apply(&daemon, &one(web(&daemon, "info")));
    assert_eq!(tasks(&apply(&daemon, &one(web(&daemon, "debug")))), RESTARTED);
    assert_eq!(daemon.starts("web"), 2);
    assert_eq!(replan(&daemon), LOOKED_AT);
    assert_eq!(daemon.starts("web"), 2);
}

fn any_difference_is_a_change(target: &Target) {
    let daemon = target.start();
    let first = web(&daemon, "info");
    apply(&daemon, &one(first.clone()));
    for (times, other) in [
        first.clone().summary("another"),
        first.clone().startup(Startup::Disabled),
        first.clone().kill_delay(Duration::from_secs(1)),
        first.clone().after(["nothing"]),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(tasks(&apply(&daemon, &one(other))), RESTARTED, "{times}");
    }
}

/// Starts `web` of a layer, and then adds its fields under the same label and replans.
fn then(daemon: &Daemon, fields: &serde_json::Value) -> Vec<String> {
    let mut service = json!({"override": "replace", "command": runs().command(), "startup": "enabled"});
    service.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let layer = json!({"services": {"web": service}}).to_string();
    let body = json!({"action": "add", "combine": true, "label": "app", "format": "yaml", "layer": layer});
    assert_eq!(daemon.raw().post("/v1/layers", body.to_string()).status, 200);
    replan(daemon)
}

fn a_default_that_is_written_out_is_a_difference(target: &Target) {
    let daemon = target.start();
    then(&daemon, &json!({}));
    assert_eq!(then(&daemon, &json!({"backoff-delay": "500ms"})), RESTARTED);
    // But not how it is written.
    assert_eq!(then(&daemon, &json!({"backoff-delay": "0.5s"})), LOOKED_AT);
}

fn a_grown_list_is_a_difference(target: &Target) {
    let daemon = target.start();
    then(&daemon, &json!({"override": "merge", "after": ["a"]}));
    for _ in 0..2 {
        assert_eq!(then(&daemon, &json!({"override": "merge", "after": ["a"]})), RESTARTED);
    }
}

fn an_empty_map_is_a_difference_and_an_empty_list_is_none(target: &Target) {
    let daemon = target.start();
    then(&daemon, &json!({}));
    assert_eq!(then(&daemon, &json!({"after": [], "requires": null})), LOOKED_AT);
    // The simulated Pebble has the types of our layers, to which an empty map is none.
    let told: &[&str] = if target.is_simulated() { &LOOKED_AT } else { &RESTARTED };
    assert_eq!(then(&daemon, &json!({"environment": {}})), told);
}

fn what_was_stopped_is_started_if_it_is_enabled(target: &Target) {
    let daemon = target.start();
    apply(&daemon, &one(web(&daemon, "info")));
    daemon.done(daemon.client.stop(&["web"]));
    replan(&daemon);
    assert_eq!((daemon.info("web").current, daemon.starts("web")), (ServiceStatus::Active, 2));
}

/// A service that is disabled, was started and is stopped.
fn stopped(daemon: &Daemon) -> Service {
    let service = daemon.service(&runs());
    daemon.client.add_layer("app", &one(service.clone())).unwrap();
    daemon.done(daemon.client.start(&["web"]));
    daemon.done(daemon.client.stop(&["web"]));
    service
}

fn what_was_stopped_and_has_changed_is_started_though_disabled(target: &Target) {
    let daemon = target.start();
    let service = stopped(&daemon);
    apply(&daemon, &one(service.summary("another")));
    assert_eq!((daemon.info("web").current, daemon.starts("web")), (ServiceStatus::Active, 2));
}

fn what_was_stopped_and_has_not_changed_stays_so(target: &Target) {
    let daemon = target.start();
    stopped(&daemon);
    assert_eq!(replan(&daemon), [""; 0]);
    assert_eq!(daemon.info("web").current, ServiceStatus::Inactive);
}

/// A database, and what requires it and is started, too.
fn pair(daemon: &Daemon, startup: Startup, level: &str) -> Layer {
    let db = daemon.service(&runs()).env("LEVEL", level);
    one(daemon.service(&runs()).requires(["db"]).after(["db"]).startup(startup)).service("db", db)
}

fn what_requires_a_changed_service_is_stopped_and_left(target: &Target) {
    let daemon = target.start();
    daemon.client.add_layer("app", &pair(&daemon, Startup::Disabled, "info")).unwrap();
    daemon.done(daemon.client.start(&["web"]));
    let change = apply(&daemon, &pair(&daemon, Startup::Disabled, "debug"));
    assert_eq!(tasks(&change), ["stop web Done", "stop db Done", "start db Done"]);
    assert_eq!(daemon.info("web").current, ServiceStatus::Inactive);
    assert_eq!(replan(&daemon), [""; 0]);
}

fn what_requires_a_changed_service_and_is_enabled_comes_back(target: &Target) {
    let daemon = target.start();
    apply(&daemon, &pair(&daemon, Startup::Enabled, "info"));
    let change = apply(&daemon, &pair(&daemon, Startup::Enabled, "debug"));
    assert_eq!(tasks(&change), ["stop web Done", "stop db Done", "start db Done", "start web Done"]);
    assert_eq!((daemon.starts("web"), daemon.starts("db")), (2, 2));
}

fn what_failed_is_started_again(target: &Target) {
    let daemon = target.start();
    let bad = daemon.service(&exits(3, Duration::ZERO)).startup(Startup::Enabled).on_failure("ignore".into());
    daemon.client.add_layer("app", &one(bad)).unwrap();
    for times in 1..=2 {
        assert_eq!(daemon.wait(daemon.client.replan()).status, ChangeStatus::Error);
        assert_eq!((daemon.info("web").current, daemon.starts("web")), (ServiceStatus::Error, times));
    }
}

fn hides(daemon: &Daemon, start: impl FnOnce() -> Change) {
    apply(daemon, &one(web(daemon, "info")));
    let since = daemon.info("web").current_since;
    daemon.client.add_layer("app", &one(web(daemon, "debug"))).unwrap();
    start();
    assert_eq!(replan(daemon), LOOKED_AT);
    // It is the old process, until somebody restarts it.
    assert_eq!((daemon.info("web").current_since, daemon.starts("web")), (since, 1));
}

fn a_start_hides_a_change_from_replan(target: &Target) {
    let daemon = target.start();
    hides(&daemon, || daemon.done(daemon.client.start(&["web"])));
}

fn an_autostart_hides_a_change_from_replan(target: &Target) {
    let daemon = target.start();
    hides(&daemon, || daemon.done(daemon.client.autostart()));
}

fn apply_does_not_let_a_change_hide(target: &Target) {
    let daemon = target.start();
    for (times, level) in ["info", "debug", "info"].iter().enumerate() {
        apply(&daemon, &one(web(&daemon, level)));
        assert_eq!(daemon.starts("web"), times as u64 + 1);
    }
}

fn a_failed_replan_is_not_tried_again(target: &Target) {
    let daemon = target.start();
    let service = || daemon.service(&runs());
    daemon.client.add_layer("app", &one(service())).unwrap();
    daemon.done(daemon.client.start(&["web"]));
    daemon.client.add_layer("app", &one(Service::new(NOWHERE))).unwrap();
    assert_eq!(daemon.wait(daemon.client.replan()).status, ChangeStatus::Error);
    assert_eq!(daemon.info("web").current, ServiceStatus::Inactive);
    // What it was asked to run is what it has been told: nothing differs.
    assert_eq!(replan(&daemon), [""; 0]);
}

fn apply_tells_of_what_is_tried_again(target: &Target) {
    let daemon = target.start();
    let quick = |action: &str| {
        let bad = daemon.service(&exits(3, Duration::ZERO)).startup(Startup::Enabled);
        bad.on_failure(action.into()).backoff_delay(PATIENCE)
    };
    let layer = Layer::new()
        .service("again", quick("restart"))
        .service("over", quick("ignore"))
        .service("web", web(&daemon, "info"));
    let error = daemon.client.apply("app", &layer, PATIENCE).unwrap_err();
    let charmwright_pebble::Error::ChangeFailed { retried, err, .. } = error else { panic!("{error:?}") };
    assert_eq!(retried, ["again"]);
    assert!(err.contains("again") && err.contains("over") && !err.contains("web"), "{err}");
}

fn a_restart_takes_what_changed(target: &Target) {
    let daemon = target.start();
    apply(&daemon, &one(web(&daemon, "info")));
    daemon.client.add_layer("app", &one(web(&daemon, "debug"))).unwrap();
    daemon.done(daemon.client.restart(&["web"]));
    assert_eq!(replan(&daemon), LOOKED_AT);
    assert_eq!(daemon.starts("web"), 2);
}

fn adding_a_layer_restarts_nothing(target: &Target) {
    let daemon = target.start();
    apply(&daemon, &one(web(&daemon, "info")));
    let since = daemon.info("web").current_since;
    let merged = Service::new("").override_by(Override::Merge).env("LEVEL", "debug");
    daemon.client.add_layer("other", &one(merged)).unwrap();
    assert_eq!((daemon.info("web").current_since, daemon.starts("web")), (since, 1));
    assert_eq!(replan(&daemon), RESTARTED);
}

fn a_stopped_check_is_started(target: &Target) {
    let daemon = target.start();
    let check = |startup| Check::exec("true").period(PATIENCE).startup(startup);
    let layer = Layer::new().check("up", check(Startup::Enabled)).check("idle", check(Startup::Disabled));
    daemon.client.add_layer("app", &layer).unwrap();
    assert_eq!(daemon.client.stop_checks(&["up", "idle"]).unwrap(), ["up"]);
    daemon.done(daemon.client.replan());
    let told: Vec<_> = daemon.client.all_checks().unwrap().into_iter().map(|check| check.status).collect();
    assert_eq!(told, [CheckStatus::Inactive, CheckStatus::Up]);
}
