//! Services that need each other: what starts and stops with what, and in which order.

use charmwright_pebble::{ChangeStatus, Layer, Service, ServiceStatus};

use crate::daemon::{Daemon, tasks};
use crate::programs::{NOWHERE, runs};
use crate::target::Target;

cases! {
    what_is_required_starts_first;
    what_requires_a_failure_is_held;
    what_requires_a_service_stops_with_it;
    a_restart_is_of_the_named_alone;
    services_that_do_not_depend_start_beside_each_other;
    a_failure_holds_no_service_that_does_not_depend_on_it;
    the_order_is_that_of_before_and_after;
}

fn current(daemon: &Daemon, name: &str) -> ServiceStatus {
    daemon.info(name).current
}

fn what_is_required_starts_first(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new()
        .service("web", daemon.service(&runs()).requires(["db"]).after(["db"]))
        .service("db", daemon.service(&runs()).requires(["disk"]).after(["disk"]))
        .service("disk", daemon.service(&runs()));
    daemon.client.add_layer("app", &layer).unwrap();
    let change = daemon.done(daemon.client.start(&["web"]));
    assert_eq!(tasks(&change), ["start disk Done", "start db Done", "start web Done"]);
    assert_eq!(change.summary, r#"Start service "web" and 2 more"#);
    let ready: Vec<_> = change.tasks.iter().map(|task| task.ready_time.clone().unwrap()).collect();
    assert!(ready.is_sorted(), "{ready:?}");
}

fn what_requires_a_failure_is_held(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new()
        .service("web", daemon.service(&runs()).requires(["db"]).after(["db"]))
        .service("db", Service::new(NOWHERE));
    daemon.client.add_layer("app", &layer).unwrap();
    let change = daemon.wait(daemon.client.start(&["web"]));
    assert_eq!(
        (&change.status, tasks(&change)),
        (&ChangeStatus::Error, vec!["start db Error".into(), "start web Hold".into()])
    );
    assert!(!change.err.clone().unwrap().contains("\"web\""), "{change:?}");
    assert_eq!(current(&daemon, "web"), ServiceStatus::Inactive);
}

fn what_requires_a_service_stops_with_it(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new()
        .service("web", daemon.service(&runs()).requires(["db"]).after(["db"]))
        .service("db", daemon.service(&runs()))
        .service("other", daemon.service(&runs()));
    daemon.client.add_layer("app", &layer).unwrap();
    daemon.done(daemon.client.start(&["web", "other"]));
    let change = daemon.done(daemon.client.stop(&["db"]));
    assert_eq!(tasks(&change), ["stop web Done", "stop db Done"]);
    assert_eq!(current(&daemon, "other"), ServiceStatus::Active);
    // The other way round it does not: what a service requires stays.
    daemon.done(daemon.client.start(&["web"]));
    assert_eq!(tasks(&daemon.done(daemon.client.stop(&["web"]))), ["stop web Done"]);
    assert_eq!(current(&daemon, "db"), ServiceStatus::Active);
}

fn a_restart_is_of_the_named_alone(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new()
        .service("web", daemon.service(&runs()).requires(["db"]).after(["db"]))
        .service("db", daemon.service(&runs()));
    daemon.client.add_layer("app", &layer).unwrap();
    daemon.done(daemon.client.start(&["web"]));
    // What requires it goes on,
    assert_eq!(tasks(&daemon.done(daemon.client.restart(&["db"]))), ["stop db Done", "start db Done"]);
    assert_eq!((daemon.starts("web"), daemon.starts("db")), (1, 2));
    // and what it requires is started, if it does not run.
    assert_eq!(
        tasks(&daemon.done(daemon.client.restart(&["web"]))),
        ["stop web Done", "start db Done", "start web Done"]
    );
    assert_eq!((daemon.starts("web"), daemon.starts("db")), (2, 2));
}

fn services_that_do_not_depend_start_beside_each_other(target: &Target) {
    let daemon = target.start();
    let names: Vec<String> = (0..10).map(|number| format!("web-{number}")).collect();
    let layer = names.iter().fold(Layer::new(), |layer, name| layer.service(name, daemon.service(&runs())));
    daemon.client.add_layer("app", &layer).unwrap();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let change = daemon.done(daemon.client.start(&names));
    assert_eq!(change.tasks.len(), 10);
    // One after the other, each of them would have begun when the one before was ready.
    let first_ready = change.tasks.iter().filter_map(|task| task.ready_time.clone()).min().unwrap();
    let since = daemon
        .client
        .all_services()
        .unwrap()
        .into_iter()
        .filter_map(|info| info.current_since)
        .max()
        .unwrap();
    assert!(since < first_ready, "{since} {first_ready}");
}

fn a_failure_holds_no_service_that_does_not_depend_on_it(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new().service("bad", Service::new(NOWHERE)).service("web", daemon.service(&runs()));
    daemon.client.add_layer("app", &layer).unwrap();
    let change = daemon.wait(daemon.client.start(&["bad", "web"]));
    assert_eq!(tasks(&change), ["start bad Error", "start web Done"]);
    assert_eq!(current(&daemon, "web"), ServiceStatus::Active);
}

fn the_order_is_that_of_before_and_after(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new()
        .service("a", daemon.service(&runs()).after(["b"]))
        .service("b", daemon.service(&runs()))
        .service("c", daemon.service(&runs()).before(["b"]));
    daemon.client.add_layer("app", &layer).unwrap();
    let change = daemon.done(daemon.client.start(&["a", "b", "c"]));
    assert_eq!(tasks(&change), ["start c Done", "start b Done", "start a Done"]);
    // Only among those of one call.
    daemon.done(daemon.client.stop(&["a", "b", "c"]));
    assert_eq!(tasks(&daemon.done(daemon.client.start(&["a"]))), ["start a Done"]);
}
