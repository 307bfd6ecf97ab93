//! Stopping: signals, delays, and who else is at it.

use std::time::Duration;

use charmwright_pebble::{ChangeStatus, Layer, Service, ServiceStatus};

use crate::daemon::{Daemon, PATIENCE, tasks};
use crate::programs::{Program, exits, runs};
use crate::target::Target;

cases! {
    a_service_that_ignores_sigterm_is_killed_after_its_delay;
    a_service_that_takes_its_time_is_waited_for;
    a_service_that_ends_at_once_is_not_waited_for;
    all_processes_of_a_service_are_told_to_end: Processes = "it looks at them";
    a_stop_of_what_is_being_stopped_is_done_at_once;
    the_client_waits_for_the_stop_of_another;
    a_start_of_what_is_being_stopped_fails;
    the_client_starts_after_the_stop_of_another;
    a_stop_ends_a_start;
    a_stop_ends_the_attempts_to_start_again;
    a_daemon_that_stops_stops_its_services: Daemon = "it stops it", Processes = "it looks at them";
}

fn started(daemon: &Daemon, program: &Program, change: impl FnOnce(Service) -> Service) {
    let service = change(daemon.service(program));
    daemon.client.add_layer("app", &Layer::new().service("web", service)).unwrap();
    daemon.done(daemon.client.start(&["web"]));
}

/// How long a service was stopped for, by the daemon's own time: its task's.
fn took(daemon: &Daemon, change: &charmwright_pebble::Change) -> Duration {
    let nanoseconds = |time: &Option<String>| daemon.nanoseconds(time.as_deref().unwrap());
    let task = &change.tasks[0];
    Duration::from_nanos(nanoseconds(&task.ready_time) - nanoseconds(&task.spawn_time))
}

fn a_service_that_ignores_sigterm_is_killed_after_its_delay(target: &Target) {
    let daemon = target.start();
    let delay = Duration::from_secs(2);
    started(&daemon, &runs().ignores_term(), |service| service.kill_delay(delay));
    let change = daemon.done(daemon.client.stop(&["web"]));
    let took = took(&daemon, &change);
    assert!(took >= delay && took < 2 * delay, "{took:?}");
    assert_eq!(daemon.info("web").current, ServiceStatus::Inactive);
}

fn a_service_that_takes_its_time_is_waited_for(target: &Target) {
    let daemon = target.start();
    let time = Duration::from_millis(700);
    started(&daemon, &runs().exits_on_term(time), |service| service);
    let took = took(&daemon, &daemon.done(daemon.client.stop(&["web"])));
    assert!(took >= time && took < Duration::from_secs(4), "{took:?}");
}

fn a_service_that_ends_at_once_is_not_waited_for(target: &Target) {
    let daemon = target.start();
    started(&daemon, &runs(), |service| service.kill_delay(PATIENCE));
    let took = took(&daemon, &daemon.done(daemon.client.stop(&["web"])));
    assert!(took < Duration::from_secs(4), "{took:?}");
}

fn all_processes_of_a_service_are_told_to_end(target: &Target) {
    let daemon = target.start();
    let file = daemon.path_text("child");
    let service = Service::new(format!("/bin/sh -c 'sleep 300 & echo $! > {file}; wait'"));
    daemon.client.add_layer("app", &Layer::new().service("web", service)).unwrap();
    daemon.done(daemon.client.start(&["web"]));
    let child = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    assert!(is_there(child));
    daemon.done(daemon.client.stop(&["web"]));
    daemon.poll("the child to end", || !is_there(child));
}

pub(crate) fn is_there(process: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // A zombie has ended, though its parent has not looked.
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

/// A service of which a stop is under way, and does not end before it is killed.
fn stopping(daemon: &Daemon, delay: Duration) -> charmwright_pebble::ChangeId {
    started(daemon, &runs().ignores_term(), |service| service.kill_delay(delay));
    let change = daemon.client.stop(&["web"]).unwrap();
    daemon.poll("the stop to begin", || daemon.info("web").current == ServiceStatus::Inactive);
    change
}

fn a_stop_of_what_is_being_stopped_is_done_at_once(target: &Target) {
    let daemon = target.start();
    let first = stopping(&daemon, PATIENCE);
    let second = daemon.done(daemon.client.stop(&["web"]));
    assert_eq!(tasks(&second), ["stop web Done"]);
    assert!(second.tasks[0].log[0].ends_with(r#"Service "web" already stopping."#), "{second:?}");
    assert_eq!(daemon.client.change(&first).unwrap().status, ChangeStatus::Doing);
}

fn the_client_waits_for_the_stop_of_another(target: &Target) {
    let daemon = target.start();
    let first = stopping(&daemon, Duration::from_secs(1));
    daemon.client.stop_and_wait(&["web"], PATIENCE).unwrap();
    assert_eq!(daemon.client.change(&first).unwrap().status, ChangeStatus::Done);
}

fn a_start_of_what_is_being_stopped_fails(target: &Target) {
    let daemon = target.start();
    stopping(&daemon, PATIENCE);
    let change = daemon.wait(daemon.client.start(&["web"]));
    assert_eq!(change.status, ChangeStatus::Error);
    assert!(change.err.unwrap().contains("cannot start service while terminating"));
}

fn the_client_starts_after_the_stop_of_another(target: &Target) {
    let daemon = target.start();
    let first = stopping(&daemon, Duration::from_secs(1));
    daemon.client.start_and_wait(&["web"], PATIENCE).unwrap();
    assert_eq!(daemon.client.change(&first).unwrap().status, ChangeStatus::Done);
    assert_eq!((daemon.info("web").current, daemon.starts("web")), (ServiceStatus::Active, 2));
}

fn a_stop_ends_a_start(target: &Target) {
    let daemon = target.start();
    daemon.client.add_layer("app", &Layer::new().service("web", daemon.service(&runs()))).unwrap();
    let start = daemon.client.start(&["web"]).unwrap();
    daemon.poll("the service to be started", || daemon.info("web").current == ServiceStatus::Active);
    daemon.done(daemon.client.stop(&["web"]));
    assert!(daemon.wait(Ok(start)).ready);
    assert_eq!(daemon.info("web").current, ServiceStatus::Inactive);
}

fn a_stop_ends_the_attempts_to_start_again(target: &Target) {
    let daemon = target.start();
    let bad = daemon.service(&exits(3, Duration::ZERO)).backoff_delay(PATIENCE);
    daemon.client.add_layer("app", &Layer::new().service("web", bad)).unwrap();
    daemon.wait(daemon.client.start(&["web"]));
    assert_eq!(daemon.info("web").current, ServiceStatus::Backoff);
    daemon.done(daemon.client.stop(&["web"]));
    assert_eq!(daemon.info("web").current, ServiceStatus::Inactive);
}

fn a_daemon_that_stops_stops_its_services(target: &Target) {
    let mut daemon = target.start();
    let file = daemon.path_text("id");
    let service = Service::new(format!("/bin/sh -c 'echo $$ > {file}; exec sleep 300'"));
    daemon.client.add_layer("app", &Layer::new().service("web", service)).unwrap();
    daemon.done(daemon.client.start(&["web"]));
    let process = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    assert!(is_there(process));
    assert_eq!(daemon.stop().code(), Some(0));
    assert!(!is_there(process));
}
