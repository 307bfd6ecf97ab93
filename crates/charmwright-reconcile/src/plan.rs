//! The difference between what is wished and what is, as a value that can be printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use charmwright_event::RelationId;
use charmwright_hookcmds::{Bag, OpenedPort};
use charmwright_pebble::{Check, CheckStatus, FileInfo, Layer, LogTarget, Service, ServiceStatus, Startup};
use charmwright_snapshot::Observed;
use charmwright_snapshot::snapshot::ContainerState;
use serde::Serialize;
use serde_json::Value;

use crate::container::{is_enabled, status_of};
use crate::desired::ContainerWish;
use crate::file::{Directory, File};
use crate::started::{self, Started};

/// How many failures in a row Pebble takes for a check that is down, unless the check says.
const THRESHOLD_DEFAULT: u64 = 3;

/// What has to be done. Printed, it is one block of lines for people.
#[derive(Debug, Default)]
pub struct Plan {
    pub(crate) steps: Vec<Step>,
}

/// One thing to do.
#[derive(Debug)]
pub(crate) enum Step {
    Open(OpenedPort),
    Close(OpenedPort),
    Write(BagChange),
    Container(Box<ContainerStep>),
}

/// What has to change in our application's bag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BagChange {
    pub(crate) relation: RelationId,
    /// The relation as people know it: endpoint and application.
    pub(crate) label: String,
    /// An empty value deletes its key.
    pub(crate) changes: Bag,
    /// What is in the bag then.
    pub(crate) result: Bag,
}

/// What has to be done in a container, in this order.
#[derive(Debug, Default)]
pub(crate) struct ContainerStep {
    pub(crate) container: String,
    pub(crate) absent: Vec<String>,
    pub(crate) directories: Vec<Directory>,
    pub(crate) files: Vec<File>,
    pub(crate) stop: BTreeSet<String>,
    pub(crate) layer: Option<Layer>,
    pub(crate) stop_checks: BTreeSet<String>,
    pub(crate) start_checks: BTreeSet<String>,
    pub(crate) start: BTreeMap<String, Why>,
    /// Whether the workload is to be asked at once if it is up.
    pub(crate) ask: bool,
    pub(crate) started: Option<Started>,
}

/// What is wished for and what is there, of files and directories.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) contents: BTreeMap<String, Vec<u8>>,
    pub(crate) infos: BTreeMap<String, FileInfo>,
}

/// Why a service is started or restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It does not run.
    Down,
    /// Its process was started with something else, or nobody knows with what.
    Outdated,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many things there are to do.
    pub fn len(&self) -> usize {
        self.lines().len()
    }

    /// One line for each thing to do.
    pub fn lines(&self) -> Vec<String> {
        self.steps.iter().flat_map(Step::lines).collect()
    }
}

impl Step {
    fn lines(&self) -> Vec<String> {
        match self {
            Self::Open(port) => vec![format!("open port {port}")],
            Self::Close(port) => vec![format!("close port {port}")],
            Self::Write(change) => vec![change.to_string()],
            Self::Container(step) => step.lines(),
        }
    }
}

impl fmt::Display for BagChange {
    /// Names the keys, never the values: they are the other side's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (removed, set): (Vec<_>, Vec<_>) = self.changes.iter().partition(|(_, value)| value.is_empty());
        let keys = |changes: Vec<(&String, &String)>| {
            changes.into_iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ")
        };
        write!(f, "tell {}:", self.label)?;
        if !set.is_empty() {
            write!(f, " {}", keys(set))?;
        }
        if !removed.is_empty() {
            write!(f, " (no longer {})", keys(removed))?;
        }
        Ok(())
    }
}

impl ContainerStep {
    fn lines(&self) -> Vec<String> {
        let name = &self.container;
        let mut lines = Vec::new();
        lines.extend(self.absent.iter().map(|path| format!("remove {path} in container {name}")));
        let directories = self.directories.iter().map(|directory| &directory.path);
        lines.extend(directories.map(|path| format!("make directory {path} in container {name}")));
        lines.extend(self.files.iter().map(|file| {
            let File { path, content, .. } = file;
            format!("write {path} in container {name} ({} bytes{})", content.len(), file.told_mode())
        }));
        lines.extend(
            self.stop.iter().map(|service| format!("stop {service} in container {name}: no longer wanted")),
        );
        if let Some(layer) = &self.layer {
            let entries: Vec<_> =
                layer.services.keys().chain(layer.checks.keys()).map(String::as_str).collect();
            lines.push(format!("set the layer of container {name}: {}", entries.join(", ")));
        }
        let checks = |what: &str, checks: &BTreeSet<String>| -> Vec<String> {
            checks.iter().map(|check| format!("{what} check {check} in container {name}")).collect()
        };
        lines.extend(checks("stop", &self.stop_checks));
        lines.extend(checks("start", &self.start_checks));
        lines.extend(self.start.iter().map(|(service, why)| match why {
            Why::Down => format!("start {service} in container {name}"),
            Why::Outdated => format!("restart {service} in container {name}: it runs with something else"),
        }));
        if self.ask {
            lines.push(format!("ask the workload of container {name} whether it is up"));
        }
        if lines.is_empty() && self.started.is_some() {
            lines.push(format!("note what container {name} was started with"));
        }
        lines
    }

    fn is_empty(&self) -> bool {
        self.absent.is_empty()
            && self.directories.is_empty()
            && self.files.is_empty()
            && self.stop.is_empty()
            && self.layer.is_none()
            && self.stop_checks.is_empty()
            && self.start_checks.is_empty()
            && self.start.is_empty()
            && !self.ask
            && self.started.is_none()
    }
}

/// The keys that have to change so that `wanted` is in a bag; `None` if none has, or if the bag is not ours.
///
/// An incomplete wish removes nothing. A bag of which only the keys are known is written whole.
pub(crate) fn bag_change(
    relation: RelationId,
    label: String,
    held: &Observed<Bag>,
    wanted: &Bag,
    complete: bool,
) -> Option<BagChange> {
    let nothing = Bag::new();
    let (held, keys): (&Bag, Vec<&String>) = match held {
        Observed::Is(held) => (held, held.keys().collect()),
        Observed::Unknown(keys) => (&nothing, keys.iter().collect()),
        Observed::NotOurs => return None,
    };
    let mut result = if complete { Bag::new() } else { held.clone() };
    result.extend(
        wanted.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.clone(), value.clone())),
    );
    let gone = keys.into_iter().filter(|key| complete && !result.contains_key(*key));
    let mut changes: Bag = gone.map(|key| (key.clone(), String::new())).collect();
    changes.extend(
        result
            .iter()
            .filter(|(key, value)| held.get(*key) != Some(*value))
            .map(|(k, v)| (k.clone(), v.clone())),
    );
    (!changes.is_empty()).then_some(BagChange { relation, label, changes, result })
}

/// What has to be done in a container.
///
/// `held` are the wished files as they are; `tried` are the services that this hook has started already.
pub(crate) fn container_step(
    container: &str,
    wish: &ContainerWish,
    state: &ContainerState,
    held: &Held,
    tried: &BTreeSet<(String, String)>,
    complete: bool,
) -> Option<ContainerStep> {
    let before = started::read(&state.plan);
    let mut after = before.clone();
    let mut step = ContainerStep { container: container.to_owned(), ..ContainerStep::default() };
    plan_files(&mut step, wish, held);

    let mut layer = wish.layer.clone();
    for name in before.keys().filter(|name| *name != started::UP) {
        let unwanted = match wish.layer.services.get(name) {
            Some(service) => !is_enabled(service),
            None => complete,
        };
        if unwanted {
            after.remove(name);
            step.stop.insert(name.clone());
            // Pebble forgets no entry; one that is disabled is never started again.
            if let Some(old) = state.plan.services.get(name).filter(|_| !layer.services.contains_key(name)) {
                layer.services.insert(name.clone(), old.clone().startup(Startup::Disabled));
            }
        }
    }
    for (name, digest) in &wish.digests {
        if !wish.layer.services.get(name).is_some_and(is_enabled)
            || tried.contains(&(container.to_owned(), name.clone()))
        {
            continue;
        }
        let down = !matches!(status_of(state, name), Some(ServiceStatus::Active | ServiceStatus::Backoff));
        if before.get(name) != Some(digest) {
            step.start.insert(name.clone(), if down { Why::Down } else { Why::Outdated });
        } else if down {
            step.start.insert(name.clone(), Why::Down);
        }
        after.insert(name.clone(), digest.clone());
    }
    match &wish.up {
        Some(up) => drop(after.insert(started::UP.to_owned(), up.clone())),
        None if complete && after.remove(started::UP).is_some() => {
            step.stop_checks.insert(started::UP.to_owned());
            if let Some(old) = state.plan.checks.get(started::UP) {
                layer.checks.insert(started::UP.to_owned(), old.clone().startup(Startup::Disabled));
            }
        }
        None => {}
    }
    // A service that is to be started anew gets its definition anew: a plan does not show all of a text.
    let outdated = step.start.values().any(|why| *why == Why::Outdated) || after != before;
    step.layer = (outdated || differs(&layer, &state.plan)).then_some(layer);
    plan_checks(&mut step, wish, state, tried);
    step.started = (after != before).then_some(after);
    (!step.is_empty()).then_some(step)
}

/// What is to be removed, made and written.
fn plan_files(step: &mut ContainerStep, wish: &ContainerWish, held: &Held) {
    step.absent = wish.absent.iter().filter(|path| held.infos.contains_key(*path)).cloned().collect();
    let missing = |directory: &&Directory| !held.infos.get(&directory.path).is_some_and(Directory::is_there);
    step.directories = wish.directories.values().filter(missing).cloned().collect();
    let changed = |file: &&File| {
        held.contents.get(&file.path) != Some(&file.content)
            || (file.has_attributes() && !held.infos.get(&file.path).is_some_and(|info| file.fits(info)))
    };
    step.files = wish.files.values().filter(changed).cloned().collect();
}

/// Which checks are to be started, and whether the workload is to be asked: since it was last asked something else was
/// started, or nobody knows what the check has seen.
fn plan_checks(
    step: &mut ContainerStep,
    wish: &ContainerWish,
    state: &ContainerState,
    tried: &BTreeSet<(String, String)>,
) {
    // Adding a layer starts all of them.
    if step.layer.is_none() {
        let wanted = |name: &str| {
            wish.layer.checks.get(name).is_some_and(|check| check.startup != Some(Startup::Disabled))
        };
        let stopped = state.checks.iter().filter(|check| check.status == CheckStatus::Inactive);
        step.start_checks = stopped.map(|check| check.name.clone()).filter(|name| wanted(name)).collect();
    }
    let asked = (step.container.clone(), started::UP.to_owned());
    if wish.up.is_none() || tried.contains(&asked) {
        return;
    }
    let unproven =
        state.checks.iter().any(|check| check.name == started::UP && check.has_run() == Some(false));
    let known = started::read(&state.plan);
    step.ask = unproven
        || !step.start.is_empty()
        || step.layer.is_some()
        || step.start_checks.contains(started::UP)
        || known.get(started::UP) != wish.up.as_ref();
}

/// Whether the plan lacks anything of the layer.
fn differs(layer: &Layer, plan: &Layer) -> bool {
    let service =
        |(name, service): (&String, &Service)| plan.services.get(name).map(legible) != Some(legible(service));
    let check = |(name, check): (&String, &Check)| {
        plan.checks.get(name).map(legible) != Some(legible(&as_planned(check)))
    };
    let target = |(name, target): (&String, &LogTarget)| {
        plan.log_targets.get(name).map(legible) != Some(legible(target))
    };
    layer.services.iter().any(service)
        || layer.checks.iter().any(check)
        || layer.log_targets.iter().any(target)
}

/// What a plan shows of an entry: Pebble's YAML loses a text's leading line breaks and bends the rarer ones.
fn legible(entry: &impl Serialize) -> Option<Value> {
    fn bent(value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(
                text.replace(['\u{85}', '\u{2028}', '\u{2029}'], "").trim_start_matches('\n').to_owned(),
            ),
            Value::Array(items) => items.into_iter().map(bent).collect(),
            Value::Object(map) => map.into_iter().map(|(key, value)| (key, bent(value))).collect(),
            other => other,
        }
    }
    serde_json::to_value(entry).ok().map(bent)
}

/// A plan shows each check's threshold, Pebble's default where the layer gives none.
fn as_planned(check: &Check) -> Check {
    let mut check = check.clone();
    check.threshold = check.threshold.or(Some(THRESHOLD_DEFAULT));
    check
}

#[cfg(test)]
mod tests {
    use charmwright_pebble::{Owner, ServiceInfo};
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    fn bag(entries: &[(&str, &str)]) -> Bag {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn changes(held: &[(&str, &str)], wanted: &[(&str, &str)], complete: bool) -> Option<Bag> {
        let held = Observed::Is(bag(held));
        let change = bag_change(RelationId::new(1), String::new(), &held, &bag(wanted), complete);
        change.map(|change| change.changes)
    }

    #[test]
    fn only_keys_that_differ_are_written() {
        assert_eq!(
            changes(&[("a", "1"), ("b", "2")], &[("a", "1"), ("b", "3")], true),
            Some(bag(&[("b", "3")]))
        );
        assert_eq!(changes(&[("a", "1")], &[("a", "1")], true), None);
        assert_eq!(changes(&[], &[("a", "")], true), None);
    }

    #[test]
    fn keys_go_only_when_the_wish_is_complete() {
        assert_eq!(changes(&[("a", "1"), ("b", "2")], &[("a", "1")], true), Some(bag(&[("b", "")])));
        assert_eq!(changes(&[("a", "1"), ("b", "2")], &[("a", "1")], false), None);
    }

    proptest! {
        #[test]
        fn a_change_leads_to_what_is_wished_and_a_second_one_is_not_needed(
            held in btree_map("[a-e]", "[xyz]", 0..5),
            wanted in btree_map("[a-e]", "[xyz]?", 0..5),
            complete: bool,
        ) {
            let change = |held: &Bag| {
                bag_change(RelationId::new(1), String::new(), &Observed::Is(held.clone()), &wanted, complete)
            };
            let mut after = held.clone();
            if let Some(change) = change(&held) {
                after.extend(change.changes);
                after.retain(|_, value| !value.is_empty());
                prop_assert_eq!(&after, &change.result);
            }
            for (key, value) in &wanted {
                let expected = Some(value).filter(|value| !value.is_empty());
                let kept = held.get(key).filter(|_| !complete && value.is_empty());
                prop_assert_eq!(after.get(key), expected.or(kept));
            }
            for key in after.keys().filter(|key| !wanted.contains_key(*key)) {
                prop_assert!(!complete && held.contains_key(key));
            }
            prop_assert!(change(&after).is_none());
        }
    }

    #[test]
    fn a_bag_of_which_only_the_keys_are_known_is_written_whole() {
        let held = Observed::Unknown(BTreeSet::from(["a".to_owned(), "old".to_owned()]));
        let change =
            |complete| bag_change(RelationId::new(1), String::new(), &held, &bag(&[("a", "1")]), complete);
        assert_eq!(change(true).unwrap().changes, bag(&[("a", "1"), ("old", "")]));
        assert_eq!(change(false).unwrap().changes, bag(&[("a", "1")]));
        assert!(
            bag_change(RelationId::new(1), String::new(), &Observed::NotOurs, &bag(&[("a", "1")]), true)
                .is_none()
        );
    }

    fn wish(command: &str) -> ContainerWish {
        let service = Service::new(command).startup(Startup::Enabled);
        let digest = crate::digest::of(&service, []);
        ContainerWish {
            layer: Layer::new().service("web", service),
            digests: BTreeMap::from([("web".to_owned(), digest)]),
            ..ContainerWish::default()
        }
    }

    fn running(wish: &ContainerWish, started: &Started, status: &ServiceStatus) -> ContainerState {
        let mut plan = wish.layer.clone();
        plan.services.extend(started::layer(started).services);
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
        assert!(step(&wish, &running(&wish, &wish.digests, &ServiceStatus::Active)).is_none());
        assert!(step(&wish, &running(&wish, &wish.digests, &ServiceStatus::Backoff)).is_none());
    }

    #[test]
    fn a_layer_that_was_set_without_a_restart_leads_to_the_restart() {
        let (old, new) = (wish("web --port 80"), wish("web --port 81"));
        let step = step(&new, &running(&new, &old.digests, &ServiceStatus::Active)).unwrap();
        assert_eq!(step.start, BTreeMap::from([("web".to_owned(), Why::Outdated)]));
        assert_eq!(step.started, Some(new.digests));
    }

    #[test]
    fn what_a_plan_cannot_show_is_set_when_it_changes_and_not_again() {
        let odd = wish("web");
        let odd = {
            let service = odd.layer.services["web"].clone().env("TEXT", "\n\u{2028}x");
            let digests = BTreeMap::from([("web".to_owned(), crate::digest::of(&service, []))]);
            ContainerWish { layer: Layer::new().service("web", service), digests, ..ContainerWish::default() }
        };
        let mut state = running(&odd, &odd.digests, &ServiceStatus::Active);
        state.plan.services.get_mut("web").unwrap().environment.insert("TEXT".to_owned(), "x".to_owned());
        assert!(step(&odd, &state).is_none());
        state.plan.services.extend(started::layer(&Started::new()).services);
        assert!(step(&odd, &state).unwrap().layer.is_some());
    }

    #[test]
    fn a_process_of_unknown_origin_is_restarted() {
        let wish = wish("web");
        let step = step(&wish, &running(&wish, &Started::new(), &ServiceStatus::Active)).unwrap();
        assert_eq!(step.start, BTreeMap::from([("web".to_owned(), Why::Outdated)]));
    }

    #[test]
    fn a_service_that_went_down_is_started_once_in_a_hook() {
        let wish = wish("web");
        let state = running(&wish, &wish.digests, &ServiceStatus::Inactive);
        assert_eq!(step(&wish, &state).unwrap().start, BTreeMap::from([("web".to_owned(), Why::Down)]));
        let tried = BTreeSet::from([("c".to_owned(), "web".to_owned())]);
        assert!(container_step("c", &wish, &state, &Held::default(), &tried, true).is_none());
    }

    #[test]
    fn a_service_that_is_no_longer_wished_is_stopped_when_the_wish_is_complete() {
        let wish = wish("web");
        let state = running(&wish, &wish.digests, &ServiceStatus::Active);
        let nothing = ContainerWish::default();
        let step = step(&nothing, &state).unwrap();
        assert_eq!(step.stop, BTreeSet::from(["web".to_owned()]));
        assert_eq!(step.layer.unwrap().services["web"].startup, Some(Startup::Disabled));
        assert_eq!(step.started, Some(Started::new()));
        assert!(container_step("c", &nothing, &state, &Held::default(), &BTreeSet::new(), false).is_none());
    }

    #[test]
    fn a_file_is_written_only_if_it_differs() {
        let mut wish = ContainerWish::default();
        wish.files.insert("/etc/a".to_owned(), File::unread("/etc/a", "one"));
        let state = ContainerState::default();
        let held = |content: &[u8]| Held {
            contents: BTreeMap::from([("/etc/a".to_owned(), content.to_vec())]),
            ..Held::default()
        };
        let none = BTreeSet::new();
        assert!(container_step("c", &wish, &state, &held(b"one"), &none, true).is_none());
        assert!(container_step("c", &wish, &state, &held(b"two"), &none, true).is_some());
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
            let contents = BTreeMap::from([("/etc/a".to_owned(), b"one".to_vec())]);
            let infos = info.into_iter().map(|info| ("/etc/a".to_owned(), info)).collect();
            let held = Held { contents, infos };
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
            let infos = infos.iter().map(|path| ((*path).to_owned(), info("755", "directory"))).collect();
            let held = Held { infos, ..Held::default() };
            container_step("c", &wish, &state, &held, &BTreeSet::new(), true).map(|step| step.lines())
        };
        assert_eq!(step(&["/etc/a"]), None);
        assert_eq!(
            step(&["/old"]).unwrap(),
            ["remove /old in container c", "make directory /etc/a in container c"]
        );
    }

    fn up(status: &str, successes: u64) -> ContainerState {
        let info = serde_json::json!({"name": started::UP, "status": status, "threshold": 1,
            "successes": successes, "change-id": "3"});
        let mut wish = wish("web");
        wish.layer = wish.layer.check(started::UP, Check::tcp(1).threshold(1));
        let mut record = wish.digests.clone();
        record.insert(started::UP.to_owned(), "before".to_owned());
        let state = running(&wish, &record, &ServiceStatus::Active);
        ContainerState { checks: vec![serde_json::from_value(info).unwrap()], ..state }
    }

    #[test]
    fn the_workload_is_asked_when_something_else_runs_or_nobody_has_asked() {
        let asks = |runs: &str, state: &ContainerState, tried: bool| {
            let mut wish = wish("web");
            wish.layer = wish.layer.check(started::UP, Check::tcp(1).threshold(1));
            wish.up = Some(runs.to_owned());
            let asked = [("c".to_owned(), started::UP.to_owned())].into_iter().filter(|_| tried).collect();
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
        assert_eq!(step.stop_checks, BTreeSet::from([started::UP.to_owned()]));
        assert_eq!(step.layer.unwrap().checks[started::UP].startup, Some(Startup::Disabled));
        assert!(!step.started.unwrap().contains_key(started::UP));
    }
}
