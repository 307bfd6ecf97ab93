//! Metrics: what the daemon counts.

use std::time::Duration;

use charmwright_pebble::{Check, Layer, Sample};

use crate::daemon::{Daemon, PATIENCE};
use crate::programs::runs;
use crate::target::Target;

cases! {
    only_services_that_were_started_are_counted;
    starts_are_counted_and_running_is_told;
    checks_are_counted;
    the_text_is_that_of_prometheus: Socket = "it looks at the answer itself";
}

fn value(daemon: &Daemon, name: &str, label: (&str, &str)) -> Option<f64> {
    let samples = Sample::parse(&daemon.client.metrics().unwrap());
    let fits = |sample: &&Sample| {
        sample.name == name
            && sample.labels.len() == 1
            && sample.labels.get(label.0).is_some_and(|it| it == label.1)
    };
    samples.iter().find(fits).map(|sample| sample.value)
}

fn only_services_that_were_started_are_counted(target: &Target) {
    let daemon = target.start();
    assert_eq!(Sample::parse(&daemon.client.metrics().unwrap()), []);
    daemon.client.add_layer("app", &Layer::new().service("web", daemon.service(&runs()))).unwrap();
    assert_eq!(Sample::parse(&daemon.client.metrics().unwrap()), []);
}

fn starts_are_counted_and_running_is_told(target: &Target) {
    let daemon = target.start();
    daemon.client.add_layer("app", &Layer::new().service("web", daemon.service(&runs()))).unwrap();
    let told = || {
        ["pebble_service_active", "pebble_service_start_count"]
            .map(|name| value(&daemon, name, ("service", "web")))
    };
    for starts in [1.0, 2.0] {
        daemon.done(daemon.client.start(&["web"]));
        assert_eq!(told(), [Some(1.0), Some(starts)]);
        daemon.done(daemon.client.stop(&["web"]));
        assert_eq!(told(), [Some(0.0), Some(starts)]);
    }
}

fn checks_are_counted(target: &Target) {
    let daemon = target.start();
    let check = |command: &str| Check::exec(command).period(Duration::from_millis(250)).threshold(2);
    let layer = Layer::new().check("good", check("true")).check("bad", check("false"));
    daemon.client.add_layer("app", &layer).unwrap();
    let told = |check: &str| {
        ["up", "success_count", "failure_count"]
            .map(|what| value(&daemon, &format!("pebble_check_{what}"), ("check", check)))
    };
    daemon.poll("both to run", || told("good")[1] >= Some(2.0) && told("bad")[2] >= Some(2.0));
    let (good, bad) = (told("good"), told("bad"));
    assert_eq!((good[0], good[2], bad[0], bad[1]), (Some(1.0), Some(0.0), Some(0.0), Some(0.0)));
    // What is stopped is neither up nor down, whether it has run or not.
    let calm = Check::exec("true").period(PATIENCE);
    daemon.client.add_layer("calm", &Layer::new().check("calm", calm)).unwrap();
    assert_eq!(told("calm"), [Some(1.0), Some(0.0), Some(0.0)]);
    daemon.client.stop_checks(&["calm"]).unwrap();
    assert_eq!(told("calm"), [None, Some(0.0), Some(0.0)]);
    let idle = check("true").startup(charmwright_pebble::Startup::Disabled).period(PATIENCE);
    daemon.client.add_layer("idle", &Layer::new().check("idle", idle)).unwrap();
    assert_eq!(told("idle"), [None, Some(0.0), Some(0.0)]);
}

fn the_text_is_that_of_prometheus(target: &Target) {
    let daemon = target.start();
    daemon.client.add_layer("app", &Layer::new().service("web", daemon.service(&runs()))).unwrap();
    daemon.done(daemon.client.start(&["web"]));
    let answer = daemon.raw().get("/v1/metrics");
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
    let mut lines: Vec<&str> = answer.text().lines().filter(|line| !line.starts_with("# HELP ")).collect();
    lines.retain(|line| !line.is_empty());
    let expected = [
        "# TYPE pebble_service_active gauge",
        "pebble_service_active{service=\"web\"} 1",
        "# TYPE pebble_service_start_count counter",
        "pebble_service_start_count{service=\"web\"} 1",
    ];
    assert_eq!(lines, expected);
}
