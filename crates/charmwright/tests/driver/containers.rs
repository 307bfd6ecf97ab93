//! What a charm wants of a container, on a real Pebble: a daemon that runs as the test does.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use charmwright::Charm;
use charmwright::pebble::ServiceStatus;
use charmwright::prelude::*;
use charmwright_sim::events::Hook;

use crate::pebble::{LOOK_PERIOD, Pebble};
use crate::unit::Unit;

#[derive(Debug, Config)]
struct Options {
    port: Port,
}

#[derive(Debug, Inputs)]
struct Work {
    options: Options,
    #[container("work")]
    work: Container,
}

fn unit(pebble: &Pebble) -> Unit {
    let mut unit = Unit::new(true);
    unit.containers = pebble.folder.path().into();
    unit
}

/// The port says what to wish for, so that one charm can be told.
fn work() -> Charm<Work> {
    charm(reconcile)
}

thread_local! {
    /// Where the test's files go. A real charm has fixed paths; these must not be the host's.
    static FOLDER: RefCell<String> = const { RefCell::new(String::new()) };
}

fn sleeper() -> Service {
    Service::new("sleep 1000").startup(Startup::Enabled)
}

fn reconcile(work: &Work, desired: &Desired) -> Result<(), NotYet> {
    let container = desired.container(&work.work);
    let file = |name: &str| FOLDER.with_borrow(|folder| format!("{folder}{name}"));
    let both = Layer::new().service("reader", sleeper()).service("other", sleeper());
    match work.options.port.number() {
        // Two services; one of them reads a file.
        1 => container.file(File::read_by("reader", &file("config"), "one")).layer(both),
        // The same with another content.
        2 => container.file(File::read_by("reader", &file("config"), "two")).layer(both),
        // A file that nobody reads.
        3 => container
            .file(File::read_by("reader", &file("config"), "two"))
            .file(File::unread(&file("notes"), "unread"))
            .layer(both),
        // One service less.
        4 => container
            .file(File::read_by("reader", &file("config"), "two"))
            .layer(Layer::new().service("reader", sleeper())),
        5 => container
            .layer(Layer::new().service("bad", Service::new("sh -c 'exit 3'").startup(Startup::Enabled))),
        6 => container.layer(Layer::new().service("web", sleeper()).check("up", Check::tcp(1).threshold(1))),
        7 => container
            .layer(Layer::new().service("web", Service::new("sleep '1000").startup(Startup::Enabled))),
        8 => container.file(File::read_by("nobody", &file("config"), "x")).layer(both),
        9 => container.layer(Layer::new().service("later", Service::new("sleep 1000"))),
        _ => Ok(()),
    }
}

fn wish(unit: &mut Unit, pebble: &Pebble, number: u16) {
    FOLDER.set(pebble.file(""));
    unit.model.set_option("port", number.into());
    unit.config_changed(&work());
}

#[test]
fn a_file_restarts_the_service_that_reads_it_and_no_other() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    wish(&mut unit, &pebble, 1);
    assert_eq!(unit.status(), "active: ");
    assert_eq!(std::fs::read_to_string(pebble.file("config")).unwrap(), "one");
    let (reader, other) = (pebble.since("reader"), pebble.since("other"));
    wish(&mut unit, &pebble, 1);
    assert_eq!((pebble.since("reader"), pebble.since("other")), (reader.clone(), other.clone()));
    wish(&mut unit, &pebble, 2);
    assert_ne!(pebble.since("reader"), reader);
    assert_eq!(pebble.since("other"), other);
    assert_eq!(std::fs::read_to_string(pebble.file("config")).unwrap(), "two");
    let reader = pebble.since("reader");
    wish(&mut unit, &pebble, 3);
    assert_eq!((pebble.since("reader"), pebble.since("other")), (reader, other));
    assert_eq!(std::fs::read_to_string(pebble.file("notes")).unwrap(), "unread");
}

#[test]
fn a_file_that_was_written_by_a_hook_that_died_restarts_its_reader_all_the_same() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    wish(&mut unit, &pebble, 1);
    let reader = pebble.since("reader");
    std::fs::write(pebble.file("config"), "two").unwrap();
    wish(&mut unit, &pebble, 2);
    assert_ne!(pebble.since("reader"), reader);
}

#[test]
fn a_file_that_somebody_changed_is_written_again() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    wish(&mut unit, &pebble, 1);
    std::fs::write(pebble.file("config"), "by hand").unwrap();
    wish(&mut unit, &pebble, 1);
    assert_eq!(std::fs::read_to_string(pebble.file("config")).unwrap(), "one");
}

#[test]
fn a_service_that_is_no_longer_wished_is_stopped_and_starts_again_when_it_is() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    wish(&mut unit, &pebble, 2);
    wish(&mut unit, &pebble, 4);
    assert_eq!(pebble.status("other"), ServiceStatus::Inactive);
    assert_eq!(pebble.status("reader"), ServiceStatus::Active);
    assert_eq!(pebble.client().plan().unwrap().services["other"].startup, Some(Startup::Disabled));
    wish(&mut unit, &pebble, 2);
    assert_eq!(pebble.status("other"), ServiceStatus::Active);
    wish(&mut unit, &pebble, 80);
    assert_eq!(
        (pebble.status("reader"), pebble.status("other")),
        (ServiceStatus::Inactive, ServiceStatus::Inactive)
    );
    assert_eq!(unit.status(), "active: ");
}

#[test]
fn a_service_that_was_stopped_by_hand_is_started() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    wish(&mut unit, &pebble, 1);
    let change = pebble.client().stop(&["other"]).unwrap();
    pebble.client().wait_change(&change, Duration::from_secs(10)).unwrap();
    let reader = pebble.since("reader");
    wish(&mut unit, &pebble, 1);
    assert_eq!(pebble.status("other"), ServiceStatus::Active);
    assert_eq!(pebble.since("reader"), reader);
}

#[test]
fn a_service_that_does_not_stay_up_is_waited_for_and_not_restarted_by_every_hook() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    wish(&mut unit, &pebble, 5);
    let told = unit.status();
    assert!(told.starts_with("waiting: work: service bad does not run: it is "), "{told}");
    assert!(told.ends_with("(woken by update-status)"), "{told}");
    assert!(!pebble.client().plan().unwrap().services["charmwright-started"].environment.is_empty());
}

#[test]
fn a_check_that_is_down_is_waited_for_with_its_recovery_as_the_waker() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    wish(&mut unit, &pebble, 6);
    assert_eq!(unit.status(), "active: ");
    let deadline = Instant::now() + Duration::from_mins(1);
    while pebble.client().checks(&["up"]).unwrap()[0].status != charmwright::pebble::CheckStatus::Down {
        assert!(Instant::now() < deadline, "the check does not fail");
        std::thread::sleep(LOOK_PERIOD);
    }
    wish(&mut unit, &pebble, 6);
    assert_eq!(
        unit.status(),
        "waiting: work: check up is down (woken by work-pebble-check-recovered or update-status)"
    );
}

#[test]
fn a_layer_that_pebble_refuses_blocks_the_unit_with_its_reason_and_leaves_what_runs() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    wish(&mut unit, &pebble, 1);
    wish(&mut unit, &pebble, 7);
    let status = unit.status();
    assert!(status.starts_with("blocked: work: cannot add layer") && status.contains("web"), "{status}");
    assert_eq!(pebble.status("reader"), ServiceStatus::Active);
    wish(&mut unit, &pebble, 1);
    assert_eq!(unit.status(), "active: ");
}

#[test]
fn a_reader_that_is_not_in_the_layer_is_the_authors_mistake() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    FOLDER.set(pebble.file(""));
    unit.model.set_option("port", 8.into());
    let error = unit.try_run(&work(), &Hook::Unit("config-changed")).unwrap_err();
    assert!(error.to_string().ends_with("is read by `nobody`, which is not in the layer"), "{error}");
}

#[test]
fn a_service_that_is_not_enabled_is_in_the_plan_and_does_not_run() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    wish(&mut unit, &pebble, 9);
    assert_eq!(pebble.status("later"), ServiceStatus::Inactive);
    assert_eq!(unit.status(), "active: ");
}
