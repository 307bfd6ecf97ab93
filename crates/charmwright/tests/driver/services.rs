//! When services are started, and when they are left alone.

use charmwright::pebble::{OnExit, Override, ServiceStatus, Workload};
use charmwright::prelude::*;
use charmwright_sim_pebble::in_process::Program;

use crate::simulated::{Simulated, service, set, try_again};

fn with_missing_exporter() -> (Simulated, Layer) {
    let work = Simulated::new();
    work.pebble.script(|script| {
        script.missing("/bin/exporter");
    });
    let layer = Layer::new().service("web", service("/bin/web")).service("init", service("/bin/exporter"));
    (work, layer)
}

#[test]
fn a_service_that_cannot_start_leaves_its_neighbours_alone_and_is_not_tried_by_every_hook() {
    let (mut work, layer) = with_missing_exporter();
    work.layer(&layer);
    assert_eq!((work.starts("/bin/web"), work.service("web")), (1, ServiceStatus::Active));
    for _ in 0..3 {
        assert_eq!(work.again(), 0);
    }
    assert_eq!(work.starts("/bin/web"), 1);
}

#[test]
fn the_reason_why_a_service_cannot_start_reaches_the_status_and_blocks_where_a_person_must_mend_it() {
    let (mut work, layer) = with_missing_exporter();
    work.layer(&layer);
    let status = work.status();
    assert!(status.starts_with("blocked: work: service init cannot start: "), "{status}");
    assert!(status.contains("not found in $PATH; use an image that has it"), "{status}");
    assert!(status.ends_with("(woken by work-pebble-ready)"), "{status}");
    for (words, remedy) in [
        ("fork/exec /bin/exporter: argument list too long", "put large values into files"),
        ("fork/exec /bin/exporter: permission denied", "let its user run the program"),
        ("fork/exec /bin/exporter: exec format error", "architecture"),
        ("user: unknown user nobody-here", "user and group"),
    ] {
        let mut work = Simulated::new();
        work.pebble.script(|script| {
            script.program("/bin/exporter", Program::refused(words));
        });
        work.layer(&layer);
        let status = work.status();
        assert!(
            status.starts_with("blocked") && status.contains(words) && status.contains(remedy),
            "{status}"
        );
    }
}

#[test]
fn a_reason_that_may_pass_is_waited_for_and_tried_again_by_the_next_hook() {
    let mut work = Simulated::new();
    let passing = Program::refused("fork/exec /bin/web: resource temporarily unavailable");
    work.pebble.script(|script| {
        script.program("/bin/web", passing);
    });
    work.layer(&Layer::new().service("web", service("/bin/web")));
    let status = work.status();
    assert!(
        status.starts_with("waiting: work: service web does not run: fork/exec /bin/web: resource"),
        "{status}"
    );
    work.pebble.script(|script| {
        script.program("/bin/web", Program::runs());
    });
    work.again();
    assert_eq!(work.status(), "active: ");
}

#[test]
fn what_could_not_start_is_tried_again_when_its_definition_or_the_files_beside_it_change() {
    let (mut work, layer) = with_missing_exporter();
    work.layer(&layer);
    let changed = Layer::new().service("web", service("/bin/web")).service("init", service("/bin/other"));
    work.layer(&changed);
    assert_eq!(work.status(), "active: ");

    let (mut work, layer) = with_missing_exporter();
    work.layer(&layer);
    work.pebble.script(|script| *script = charmwright_sim_pebble::in_process::Script::new());
    assert_eq!(work.again(), 0);
    work.wish(move |container, desired| {
        desired.container(container).file(File::unread("/etc/installed", "x")).layer(layer.clone())
    });
    assert_eq!(work.status(), "active: ");
    assert_eq!(work.starts("/bin/web"), 1);
}

#[test]
fn a_neighbour_that_exits_at_once_restarts_nobody() {
    let mut work = Simulated::new();
    let quick = Program::exits(1, std::time::Duration::ZERO);
    work.pebble.script(|script| {
        script.program("/bin/init", quick);
    });
    let layer = Layer::new()
        .service("web", service("/bin/web"))
        .service("init", service("/bin/init").on_success(OnExit::Ignore));
    work.layer(&layer);
    for _ in 0..3 {
        assert_eq!(work.again(), 0);
    }
    assert_eq!(work.starts("/bin/web"), 1);
}

#[test]
fn a_job_that_ends_well_is_done_and_runs_again_only_with_another_definition() {
    for after in [0, 3] {
        let mut work = Simulated::new();
        let after = std::time::Duration::from_secs(after);
        work.pebble.script(|script| {
            script.program("/bin/migrate", Program::exits(0, after));
        });
        let job = |argument: &str| {
            let job = service(&format!("/bin/migrate {argument}")).on_success(OnExit::Ignore);
            Layer::new().service("migrate", job)
        };
        work.layer(&job("1"));
        work.pebble.advance(2 * after);
        for _ in 0..2 {
            assert_eq!(work.again(), 0);
            assert_eq!(work.status(), "active: ");
        }
        assert_eq!(work.starts("/bin/migrate"), 1);
        work.layer(&job("2"));
        assert_eq!(work.starts("/bin/migrate"), 2);
    }
}

#[test]
fn a_job_that_somebody_stopped_is_started() {
    let mut work = Simulated::new();
    let layer = Layer::new().service("migrate", service("/bin/migrate").on_success(OnExit::Ignore));
    work.layer(&layer);
    work.client().stop_and_wait(&["migrate"], std::time::Duration::from_secs(30)).unwrap();
    work.again();
    assert_eq!(work.starts("/bin/migrate"), 2);
}

#[test]
fn what_an_enabled_service_requires_is_restarted_when_it_changes_and_stopped_when_nobody_requires_it() {
    let mut work = Simulated::new();
    let layer = |sidecar: &str, web: Service| {
        Layer::new().service("web", web).service("sidecar", Service::new(sidecar).startup(Startup::Disabled))
    };
    let web = || service("/bin/web");
    work.layer(&layer("/bin/one", web().requires(["sidecar"])));
    assert_eq!(work.status(), "active: ");
    work.layer(&layer("/bin/two", web().requires(["sidecar"])));
    assert_eq!((work.starts("/bin/one"), work.starts("/bin/two"), work.starts("/bin/web")), (1, 1, 1));
    assert_eq!(work.again(), 0);
    work.layer(&layer("/bin/two", web()));
    assert_eq!(work.service("sidecar"), ServiceStatus::Inactive);
    assert_eq!(work.again(), 0);
}

const IMAGE: &str = "
services:
  web: {override: replace, command: /bin/web, startup: enabled, environment: {FROM: image}, after: [db]}
  db: {override: replace, command: /bin/db}
";

#[test]
fn what_is_merged_with_the_image_and_with_an_older_wish_of_ours_settles() {
    let mut work = Simulated::with_layers(&[IMAGE]);
    let merged = |name: &str| {
        let web = Service::default().override_by(Override::Merge).startup(Startup::Enabled).after(["db"]);
        Layer::new().service("web", web.env(name, "x"))
    };
    for name in ["ONE", "TWO"] {
        work.layer(&merged(name));
        assert_eq!(work.status(), "active: ");
        assert_eq!(work.again(), 0);
    }
    let web = work.plan().services["web"].clone();
    assert_eq!((web.command.as_str(), web.after), ("/bin/web", vec!["db".to_owned()]));
    assert!(web.environment.contains_key("FROM") && web.environment.contains_key("TWO"));
}

#[test]
fn what_pebble_writes_down_differently_settles() {
    let second = std::time::Duration::from_secs(1);
    for check in [Check::tcp(1).period(second).timeout(3 * second), Check::tcp(1).threshold(0)] {
        let mut work = Simulated::new();
        work.layer(&Layer::new().check("up", check));
        assert_eq!(work.status(), "active: ");
        assert_eq!(work.again(), 0);
    }
}

#[test]
fn a_workload_of_the_layer_is_compared_with_that_of_the_image_and_reaches_pebble_if_it_differs() {
    let image = "workloads: {app: {override: replace, environment: {A: b}}}";
    let layer = |value: &str| {
        let mut workload = Workload::default();
        workload.environment.insert("A".to_owned(), value.to_owned());
        let mut web = service("/bin/web");
        "app".clone_into(&mut web.workload);
        Layer::new().workload("app", workload).service("web", web)
    };
    let mut work = Simulated::with_layers(&[image]);
    work.layer(&layer("b"));
    assert_eq!(work.status(), "active: ");
    assert_eq!(work.again(), 0);
    let other = layer("c");
    work.layer(&other);
    let status = work.status();
    assert!(status.starts_with("blocked: work: ") && status.contains("workloads"), "{status}");
}

#[test]
fn a_name_that_the_sdk_keeps_for_itself_is_the_authors_mistake() {
    let mut work = Simulated::new();
    work.wish(|_, _| Ok(()));
    for layer in [
        Layer::new().service("charmwright-started", service("/bin/x")),
        Layer::new().check("charmwright-up", Check::tcp(1)),
    ] {
        let before = work.plan();
        let wished = layer.clone();
        set(move |container, desired| desired.container(container).layer(wished.clone()));
        let error = try_again(&mut work).unwrap_err().to_string();
        assert!(error.contains("is the SDK's own; give the entry of the layer another"), "{error}");
        assert_eq!(work.plan(), before);
    }
}

#[test]
fn a_name_that_somebody_wrote_into_the_record_is_no_service_of_ours() {
    let mut work = Simulated::new();
    let layer = Layer::new().service("web", service("/bin/web"));
    work.layer(&layer);
    let ghost = Service::default().override_by(Override::Merge).env("service/ghost", "x").env("ghost", "x");
    work.client().add_layer("debug", &Layer::new().service("charmwright-started", ghost)).unwrap();
    work.again();
    work.wish(|_, _| Ok(()));
    assert_eq!(work.service("web"), ServiceStatus::Inactive);
}

#[test]
fn what_would_kill_a_pebble_is_left_out_and_the_rest_of_the_layer_is_done() {
    for (check, told) in [
        (
            Check::http("0.0.0.0:8080/health"),
            "check url can never succeed: its URL has no scheme, begin it with http://",
        ),
        (Check::http("localhost:8080"), "check url can never succeed: "),
        (Check::exec(" "), "check url can never succeed: its command has no words"),
    ] {
        let mut work = Simulated::new();
        let layer = Layer::new().service("web", service("/bin/web")).check("url", check);
        work.layer(&layer);
        let status = work.status();
        assert!(status.starts_with(&format!("waiting: work: {told}")), "{status}");
        assert_eq!(work.service("web"), ServiceStatus::Active);
        assert!(work.plan().checks.is_empty());
        assert_eq!(work.again(), 0);
    }
    let mut work = Simulated::new();
    work.layer(&Layer::new().service("web", service("/bin/web")).service("none", service(" # nothing")));
    let status = work.status();
    assert!(
        status.starts_with("waiting: work: service none can never start: its command has no words"),
        "{status}"
    );
    assert_eq!(work.service("web"), ServiceStatus::Active);
}

#[test]
fn a_charm_that_wishes_for_something_else_each_time_is_told_so() {
    let mut work = Simulated::new();
    work.wish(|_, _| Ok(()));
    let round = std::cell::Cell::new(0);
    set(move |container, desired| {
        round.set(round.get() + 1);
        desired.container(container).file(File::unread("/etc/round", round.get().to_string()));
        Ok(())
    });
    let error = try_again(&mut work).unwrap_err().to_string();
    assert!(
        error.starts_with("reconcile does not settle: after 5 rounds there is still to do: write /etc/round"),
        "{error}"
    );
}

#[test]
fn a_status_with_a_zero_byte_or_longer_than_may_be_is_set_once() {
    let mut work = Simulated::new();
    let long = "\u{e9}".repeat(100_000);
    let told = format!("zero\0byte\nand more {long}");
    work.wish(move |container, _| Err(container.not_yet(told.as_str())));
    let status = work.status();
    assert!(status.starts_with("waiting: work: zero\u{fffd}byte and more \u{e9}"), "{}", &status[..80]);
    let record = work.unit.config_changed(&crate::simulated::charm_of_the_test());
    assert!(record.writes.is_empty(), "{} writes", record.writes.len());
}
