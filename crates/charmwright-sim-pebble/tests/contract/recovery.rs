//! What follows when a service ends by itself.

use std::time::Duration;

use charmwright_pebble::{ChangesIn, Check, Layer, OnExit, Service, ServiceStatus};

use crate::daemon::{Daemon, PATIENCE};
use crate::programs::{exits, runs};
use crate::target::Target;

cases! {
    a_service_that_ends_is_started_again;
    a_service_that_failed_to_start_may_come_up_later: Files = "the service looks for one";
    each_next_attempt_waits_longer;
    what_ran_long_enough_waits_as_at_first;
    a_start_ends_the_waiting;
    what_is_ignored_stays_as_it_ended;
    a_shutdown_ends_the_daemon_as_the_service_ended: Daemon = "it looks how it ends";
    a_check_that_goes_down_can_end_the_daemon: Daemon = "it looks how it ends";
    a_check_that_goes_down_can_restart_a_service;
}

/// Longer than a start is watched.
const LATER: Duration = Duration::from_millis(1200);

fn add(daemon: &Daemon, service: Service) {
    daemon.client.add_layer("app", &Layer::new().service("web", service)).unwrap();
}

fn current(daemon: &Daemon) -> ServiceStatus {
    daemon.info("web").current
}

fn a_service_that_ends_is_started_again(target: &Target) {
    let daemon = target.start();
    for code in [0, 3] {
        add(&daemon, daemon.service(&exits(code, LATER)).backoff_delay(Duration::from_millis(300)));
        daemon.done(daemon.client.start(&["web"]));
        let starts = daemon.starts("web");
        daemon.poll("the back-off", || current(&daemon) == ServiceStatus::Backoff);
        daemon.poll("the next start", || daemon.starts("web") > starts);
        daemon.poll("it to run again", || current(&daemon) == ServiceStatus::Active);
        daemon.done(daemon.client.stop(&["web"]));
    }
    // That is no change.
    let kinds: Vec<_> =
        daemon.client.changes(ChangesIn::All, None).unwrap().into_iter().map(|one| one.kind).collect();
    assert_eq!(kinds, ["start", "stop", "start", "stop"]);
}

fn a_service_that_failed_to_start_may_come_up_later(target: &Target) {
    let daemon = target.start();
    let file = daemon.path_text("there");
    let service = Service::new(format!("/bin/sh -c 'test -e {file} && exec sleep 300; exit 1'"));
    add(&daemon, service.backoff_delay(Duration::from_millis(700)).backoff_factor(1.0));
    let error = daemon.client.start_and_wait(&["web"], PATIENCE).unwrap_err();
    let charmwright_pebble::Error::ChangeFailed { retried, .. } = error else { panic!("{error:?}") };
    assert_eq!(retried, ["web"]);
    daemon.poll("another attempt", || daemon.starts("web") > 1);
    std::fs::write(&file, "").unwrap();
    daemon.poll("it to come up", || {
        let before = daemon.starts("web");
        current(&daemon) == ServiceStatus::Active && {
            // It stays so for as long as another start takes.
            daemon
                .client
                .add_layer("other", &Layer::new().service("other", daemon.service(&runs())))
                .unwrap();
            daemon.done(daemon.client.restart(&["other"]));
            daemon.starts("web") == before
        }
    });
}

fn each_next_attempt_waits_longer(target: &Target) {
    let daemon = target.start();
    let delay = Duration::from_millis(100);
    let bad = daemon.service(&exits(3, Duration::ZERO).writes(["started"]));
    add(&daemon, bad.backoff_delay(delay).backoff_factor(2.0).backoff_limit(4 * delay));
    daemon.wait(daemon.client.start(&["web"]));
    let gaps = gaps(&daemon, 5);
    for (gap, at_least) in gaps.iter().zip([delay, 2 * delay, 4 * delay, 4 * delay]) {
        // Times are told in milliseconds.
        assert!(*gap + Duration::from_millis(2) >= at_least, "{gaps:?}");
    }
}

/// The times between the starts of a service that writes a line at each, when it has been started so often.
fn gaps(daemon: &Daemon, starts: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    daemon.poll("attempts to start", || {
        let lines = daemon.client.logs(&charmwright_pebble::LogsOptions::of(["web"])).unwrap();
        times = lines.iter().map(|line| daemon.nanoseconds(&line.time)).collect();
        times.len() >= starts
    });
    times.windows(2).map(|two| Duration::from_nanos(two[1] - two[0])).take(starts - 1).collect()
}

fn what_ran_long_enough_waits_as_at_first(target: &Target) {
    let daemon = target.start();
    let ran = Duration::from_secs(2);
    let service = daemon.service(&exits(3, ran).writes(["started"]));
    let (first, limit) = (Duration::from_millis(200), Duration::from_millis(1500));
    add(&daemon, service.backoff_delay(first).backoff_factor(20.0).backoff_limit(limit));
    daemon.done(daemon.client.start(&["web"]));
    // The second time it would wait for as long as the limit, had it not run for longer than that.
    let gaps = gaps(&daemon, 3);
    assert!(gaps[1] < ran + limit, "{gaps:?}");
}

fn a_start_ends_the_waiting(target: &Target) {
    let daemon = target.start();
    add(&daemon, daemon.service(&exits(3, Duration::ZERO)).backoff_delay(PATIENCE));
    for times in 1..=2 {
        daemon.wait(daemon.client.start(&["web"]));
        assert_eq!((current(&daemon), daemon.starts("web")), (ServiceStatus::Backoff, times));
    }
}

fn what_is_ignored_stays_as_it_ended(target: &Target) {
    let daemon = target.start();
    for (code, status) in [(0, ServiceStatus::Inactive), (7, ServiceStatus::Error)] {
        add(
            &daemon,
            daemon.service(&exits(code, LATER)).on_success(OnExit::Ignore).on_failure(OnExit::Ignore),
        );
        daemon.done(daemon.client.start(&["web"]));
        daemon.poll("it to end", || current(&daemon) == status);
    }
    assert_eq!(daemon.starts("web"), 2);
    // Stopped, it is as good as any other.
    daemon.done(daemon.client.stop(&["web"]));
    assert_eq!(current(&daemon), ServiceStatus::Inactive);
}

fn a_shutdown_ends_the_daemon_as_the_service_ended(target: &Target) {
    std::thread::scope(|scope| {
        for (action, code, exit) in [
            (OnExit::Shutdown, 0, 0),
            (OnExit::Shutdown, 3, 10),
            (OnExit::FailureShutdown, 0, 10),
            (OnExit::SuccessShutdown, 3, 0),
        ] {
            scope.spawn(move || {
                let mut daemon = target.start();
                let quick = daemon.service(&exits(code, Duration::ZERO));
                let quick = if code == 0 {
                    quick.on_success(action.clone())
                } else {
                    quick.on_failure(action.clone())
                };
                add(&daemon, quick);
                daemon.client.start(&["web"]).unwrap();
                assert_eq!(daemon.wait_for_exit().code(), Some(exit), "{action} after {code}");
            });
        }
    });
}

fn down() -> Check {
    let soon = Duration::from_millis(50);
    Check::exec("false").period(soon).timeout(soon).threshold(2)
}

fn a_check_that_goes_down_can_end_the_daemon(target: &Target) {
    for (action, exit) in [(OnExit::Shutdown, 11), (OnExit::SuccessShutdown, 0)] {
        let mut daemon = target.start();
        add(&daemon, daemon.service(&runs()).on_check_failure("up", action));
        daemon.done(daemon.client.start(&["web"]));
        daemon.client.add_layer("checks", &Layer::new().check("up", down())).unwrap();
        assert_eq!(daemon.wait_for_exit().code(), Some(exit));
    }
}

fn a_check_that_goes_down_can_restart_a_service(target: &Target) {
    let daemon = target.start();
    let soon = Duration::from_millis(50);
    add(&daemon, daemon.service(&runs()).on_check_failure("up", OnExit::Restart).backoff_delay(soon));
    daemon.done(daemon.client.start(&["web"]));
    daemon.client.add_layer("checks", &Layer::new().check("up", down())).unwrap();
    daemon.poll("the service to be restarted", || daemon.starts("web") == 2);
    daemon.poll("the service to run again", || current(&daemon) == ServiceStatus::Active);
    // Once for each time that it goes down, not for each failure.
    let failures = || daemon.client.checks(&["up"]).unwrap()[0].failures;
    daemon.poll("more failures", || failures() > 20);
    assert_eq!(daemon.starts("web"), 2);
}
