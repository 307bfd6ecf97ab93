//! What is no longer wished for is taken back, whatever the hook dies between.

use std::sync::atomic::Ordering;

use charmwright::pebble::{CheckStatus, LogTarget, LogTargetKind, ServiceStatus};
use charmwright::prelude::*;

use crate::simulated::{Simulated, service, set, try_again};

fn everything() -> Layer {
    let loki = LogTarget::new(LogTargetKind::Loki, "http://loki/push").services(["all"]);
    Layer::new()
        .service("web", service("/bin/web"))
        .check("alive", Check::tcp(8080).level(Level::Alive))
        .log_target("loki", loki)
}

fn check(work: &Simulated, name: &str) -> CheckStatus {
    work.client().checks(&[name]).unwrap().remove(0).status.clone()
}

#[test]
fn a_check_that_is_no_longer_wished_for_is_stopped() {
    let mut work = Simulated::new();
    work.layer(&Layer::new().check("old", Check::tcp(1)).check("kept", Check::tcp(2)));
    work.layer(&Layer::new().check("new", Check::tcp(1)).check("kept", Check::tcp(2)));
    assert_eq!(check(&work, "old"), CheckStatus::Inactive);
    assert_eq!((check(&work, "new"), check(&work, "kept")), (CheckStatus::Up, CheckStatus::Up));
    assert_eq!(work.again(), 0);
    // Adding a layer does not start it.
    work.layer(&Layer::new().check("newer", Check::tcp(1)).check("kept", Check::tcp(2)));
    assert_eq!((check(&work, "old"), check(&work, "new")), (CheckStatus::Inactive, CheckStatus::Inactive));
    // It can come back.
    work.layer(&Layer::new().check("old", Check::tcp(1)));
    assert_eq!(check(&work, "old"), CheckStatus::Up);
}

#[test]
fn a_log_target_that_is_no_longer_wished_for_gets_no_logs() {
    let mut work = Simulated::new();
    work.layer(&everything());
    assert_eq!(work.plan().log_targets["loki"].services, ["all"]);
    work.layer(&Layer::new().service("web", service("/bin/web")));
    assert!(work.plan().log_targets["loki"].services.is_empty());
    assert_eq!(work.again(), 0);
    assert_eq!(work.starts("/bin/web"), 1);
}

#[test]
fn what_the_image_brings_is_not_ours_to_take_back() {
    let image = "
checks: {image: {override: replace, tcp: {port: 1}}}
log-targets: {image: {override: replace, type: loki, location: 'http://x', services: [all]}}
";
    let mut work = Simulated::with_layers(&[image]);
    work.layer(&everything());
    work.wish(|_, _| Ok(()));
    assert_eq!((check(&work, "image"), check(&work, "alive")), (CheckStatus::Up, CheckStatus::Inactive));
    assert_eq!(work.plan().log_targets["image"].services, ["all"]);
}

#[test]
fn nothing_is_taken_back_while_the_wishes_are_not_complete() {
    let mut work = Simulated::new();
    work.layer(&everything());
    work.wish(|container, desired| {
        let _ = desired.container(container).layer(Layer::new());
        Err(container.not_yet("something else"))
    });
    assert_eq!(check(&work, "alive"), CheckStatus::Up);
    assert_eq!(work.service("web"), ServiceStatus::Active);
    assert_eq!(work.plan().log_targets["loki"].services, ["all"]);
}

#[test]
fn a_hook_that_dies_at_any_request_leaves_nothing_that_a_later_wish_cannot_take_back() {
    for answers in 0.. {
        let mut work = Simulated::new();
        work.watched.answers.store(answers, Ordering::Relaxed);
        set(|container, desired| desired.container(container).layer(everything()));
        let _ = try_again(&mut work);
        let died = work.watched.answers.load(Ordering::Relaxed) == 0;
        work.watched.answers.store(usize::MAX, Ordering::Relaxed);
        work.wish(|_, _| Ok(()));
        assert_eq!(work.status(), "active: ", "after {answers} requests");
        let runs =
            work.client().all_services().unwrap().iter().any(charmwright::pebble::ServiceInfo::is_running);
        let checks = work.client().all_checks().unwrap();
        let targets = work.plan().log_targets;
        assert!(!runs, "after {answers} requests");
        assert!(checks.iter().all(|check| check.status == CheckStatus::Inactive), "after {answers} requests");
        assert!(targets.values().all(|target| target.services.is_empty()), "after {answers} requests");
        assert_eq!(work.again(), 0, "after {answers} requests");
        if !died {
            assert!(answers > 10, "a hook asks more than {answers} times");
            return;
        }
    }
}

#[test]
fn a_dangling_link_is_removed_where_nothing_shall_be_and_the_root_cannot_be() {
    let mut work = Simulated::new();
    work.pebble.files(|files| files.put_link("/etc/old*", "/nowhere"));
    work.pebble.files(|files| files.put("/etc/older", "x"));
    work.wish(|container, desired| {
        desired.container(container).absent("/etc/old*");
        Ok(())
    });
    let paths: Vec<String> = work.pebble.files(|files| files.paths().map(str::to_owned).collect());
    assert!(
        !paths.contains(&"/etc/old*".to_owned()) && paths.contains(&"/etc/older".to_owned()),
        "{paths:?}"
    );
    assert_eq!(work.again(), 0);
    for path in ["/", "//", "/etc/.."] {
        set(move |container, desired| {
            desired.container(container).absent(path);
            Ok(())
        });
        let error = try_again(&mut work).unwrap_err().to_string();
        assert!(error.contains("would remove all of the container's files"), "{error}");
    }
}
