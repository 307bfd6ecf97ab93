//! Tests of what has to be done in a container.

use charmwright_pebble::{Check, LogTarget, LogTargetKind, Owner, ServiceInfo};

use super::*;

fn wish(command: &str) -> ContainerWish {
    let service = Service::new(command).startup(Startup::Enabled);
    let digest = crate::digest::of(&service, []);
    ContainerWish {
        layer: Layer::new().service("web", service),
        digests: BTreeMap::from([("web".to_owned(), digest)]),
        ..ContainerWish::default()
    }
}

fn record(digests: &BTreeMap<String, String>) -> Record {
    Record { services: digests.clone(), ..Record::default() }
}

fn running(wish: &ContainerWish, record: &Record, status: &ServiceStatus) -> ContainerState {
    let plan = record.written_to(wish.layer.onto(&Layer::new()));
    let info = serde_json::json!({"name": "web", "startup": "enabled", "current": status.as_str()});
    let info: ServiceInfo = serde_json::from_value(info).unwrap();
    ContainerState { plan, services: vec![info], ..ContainerState::default() }
}

fn step(wish: &ContainerWish, state: &ContainerState) -> Option<ContainerStep> {
    container_step("c", wish, state, &Held::default(), &BTreeSet::new(), true)
}

#[test]
fn a_service_that_runs_as_wanted_is_left_alone() {
    let wish = wish("web --port 80");
    assert!(step(&wish, &running(&wish, &record(&wish.digests), &ServiceStatus::Active)).is_none());
    assert!(step(&wish, &running(&wish, &record(&wish.digests), &ServiceStatus::Backoff)).is_none());
}

#[test]
fn a_layer_that_was_set_without_a_restart_leads_to_the_restart() {
    let (old, new) = (wish("web --port 80"), wish("web --port 81"));
    let step = step(&new, &running(&new, &record(&old.digests), &ServiceStatus::Active)).unwrap();
    assert_eq!(step.start, BTreeMap::from([("web".to_owned(), Why::Outdated)]));
    assert_eq!(step.record, Some(record(&new.digests)));
}

#[test]
fn what_a_plan_cannot_show_is_set_when_it_changes_and_not_again() {
    let odd = wish("web");
    let odd = {
        let service = odd.layer.services["web"].clone().env("TEXT", "\n\u{2028}x");
        let digests = BTreeMap::from([("web".to_owned(), crate::digest::of(&service, []))]);
        ContainerWish { layer: Layer::new().service("web", service), digests, ..ContainerWish::default() }
    };
    let mut state = running(&odd, &record(&odd.digests), &ServiceStatus::Active);
    state.plan.services.get_mut("web").unwrap().environment.insert("TEXT".to_owned(), "x".to_owned());
    assert!(step(&odd, &state).is_none());
    state.plan = Record::default().written_to(state.plan);
    assert!(step(&odd, &state).unwrap().layer.is_some());
}

#[test]
fn a_process_of_unknown_origin_is_restarted() {
    let wish = wish("web");
    let step = step(&wish, &running(&wish, &Record::default(), &ServiceStatus::Active)).unwrap();
    assert_eq!(step.start, BTreeMap::from([("web".to_owned(), Why::Outdated)]));
}

#[test]
fn a_service_that_went_down_is_started_once_in_a_hook() {
    let wish = wish("web");
    let state = running(&wish, &record(&wish.digests), &ServiceStatus::Inactive);
    assert_eq!(step(&wish, &state).unwrap().start, BTreeMap::from([("web".to_owned(), Why::Down)]));
    let tried = BTreeSet::from([("c".to_owned(), "web".to_owned())]);
    assert!(container_step("c", &wish, &state, &Held::default(), &tried, true).is_none());
}

#[test]
fn a_service_that_is_no_longer_wished_is_stopped_when_the_wish_is_complete() {
    let wish = wish("web");
    let state = running(&wish, &record(&wish.digests), &ServiceStatus::Active);
    let nothing = ContainerWish::default();
    let step = step(&nothing, &state).unwrap();
    assert_eq!(step.stop, BTreeSet::from(["web".to_owned()]));
    assert_eq!(step.layer.unwrap().services["web"].startup, Some(Startup::Disabled));
    assert_eq!(step.record, Some(Record::default()));
    assert!(container_step("c", &nothing, &state, &Held::default(), &BTreeSet::new(), false).is_none());
}

#[test]
fn a_file_is_written_only_if_it_differs() {
    let mut wish = ContainerWish::default();
    wish.files.insert("/etc/a".to_owned(), File::unread("/etc/a", "one"));
    let state = ContainerState::default();
    let same = Held { same: BTreeSet::from(["/etc/a".to_owned()]), ..Held::default() };
    let none = BTreeSet::new();
    assert!(container_step("c", &wish, &state, &same, &none, true).is_none());
    assert!(container_step("c", &wish, &state, &Held::default(), &none, true).is_some());
}

fn info(permissions: &str, kind: &str) -> FileInfo {
    let info = serde_json::json!({"path": "/etc/a", "name": "a", "type": kind, "permissions": permissions,
        "user": "app", "user-id": 5});
    serde_json::from_value(info).unwrap()
}

#[test]
fn mode_and_owner_are_repaired_only_where_they_are_wished() {
    let state = ContainerState::default();
    let is_written = |file: File, info: Option<FileInfo>| {
        let mut wish = ContainerWish::default();
        wish.files.insert("/etc/a".to_owned(), file);
        let same = BTreeSet::from(["/etc/a".to_owned()]);
        let infos = info.into_iter().map(|info| ("/etc/a".to_owned(), info)).collect();
        let held = Held { same, infos, ..Held::default() };
        container_step("c", &wish, &state, &held, &BTreeSet::new(), true).is_some()
    };
    let file = || File::unread("/etc/a", "one");
    assert!(!is_written(file(), None));
    assert!(!is_written(file().mode(0o600), Some(info("600", "file"))));
    assert!(is_written(file().mode(0o600), Some(info("644", "file"))));
    assert!(is_written(file().mode(0o600), None));
    assert!(!is_written(file().owner(Owner::user("app")), Some(info("644", "file"))));
    assert!(is_written(file().owner(Owner::user("root")), Some(info("644", "file"))));
    assert!(is_written(file().owner(Owner::ids(5, 6)), Some(info("644", "file"))));
}

#[test]
fn directories_are_made_where_there_are_none_and_what_shall_not_be_is_removed() {
    let state = ContainerState::default();
    let step = |infos: &[&str]| {
        let mut wish = ContainerWish::default();
        wish.directories.insert("/etc/a".to_owned(), Directory::new("/etc/a"));
        wish.absent.insert("/old".to_owned());
        let present = infos.iter().map(|path| (*path).to_owned()).collect();
        let infos = infos.iter().map(|path| ((*path).to_owned(), info("755", "directory"))).collect();
        let held = Held { infos, present, ..Held::default() };
        container_step("c", &wish, &state, &held, &BTreeSet::new(), true).map(|step| step.lines())
    };
    assert_eq!(step(&["/etc/a"]), None);
    assert_eq!(
        step(&["/old"]).unwrap(),
        ["remove /old in container c", "make directory /etc/a in container c"]
    );
}

fn up(status: &str, successes: u64) -> ContainerState {
    let info = serde_json::json!({"name": record::UP, "status": status, "threshold": 1,
        "successes": successes, "change-id": "3"});
    let mut wish = wish("web");
    wish.layer = wish.layer.check(record::UP, Check::tcp(1).threshold(1));
    let checks = BTreeSet::from([record::UP.to_owned()]);
    let record = Record { checks, asked: Some("before".to_owned()), ..record(&wish.digests) };
    let state = running(&wish, &record, &ServiceStatus::Active);
    ContainerState { checks: vec![serde_json::from_value(info).unwrap()], ..state }
}

#[test]
fn the_workload_is_asked_when_something_else_runs_or_nobody_has_asked() {
    let asks = |runs: &str, state: &ContainerState, tried: bool| {
        let mut wish = wish("web");
        wish.layer = wish.layer.check(record::UP, Check::tcp(1).threshold(1));
        wish.up = Some(runs.to_owned());
        let asked = [("c".to_owned(), record::UP.to_owned())].into_iter().filter(|_| tried).collect();
        container_step("c", &wish, state, &Held::default(), &asked, true).is_some_and(|step| step.ask)
    };
    assert!(!asks("before", &up("up", 7), false));
    assert!(asks("before", &up("up", 0), false));
    assert!(!asks("before", &up("up", 0), true));
    assert!(asks("after", &up("up", 7), false));
    assert!(asks("before", &up("inactive", 7), false));
}

#[test]
fn nobody_asks_a_workload_that_is_no_longer_to_be_asked() {
    let step = step(&wish("web"), &up("up", 7)).unwrap();
    assert_eq!(step.stop_checks, BTreeSet::from([record::UP.to_owned()]));
    assert_eq!(step.layer.unwrap().checks[record::UP].startup, Some(Startup::Disabled));
    assert_eq!(step.record.unwrap().asked, None);
}

#[test]
fn the_lines_name_all_that_a_layer_brings() {
    let target = LogTarget::new(LogTargetKind::Loki, "http://loki").services(["all"]);
    let mut wish = wish("web");
    wish.layer = wish.layer.check("alive", Check::tcp(1)).log_target("loki", target);
    let lines = step(&wish, &ContainerState::default()).unwrap().lines();
    assert_eq!(lines[0], "set the layer of container c: web, alive, loki");
}
