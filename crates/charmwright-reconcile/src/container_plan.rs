//! What has to be done in a container.

use std::collections::{BTreeMap, BTreeSet};

use charmwright_pebble::{Check, CheckStatus, FileInfo, Layer, LogTarget, Service, ServiceStatus, Startup};
use charmwright_snapshot::snapshot::ContainerState;
use serde::Serialize;
use serde_json::Value;

use crate::container::{is_enabled, status_of};
use crate::desired::ContainerWish;
use crate::file::{Directory, File};
use crate::started::{self, Started};

/// How many failures in a row Pebble takes for a check that is down, unless the check says.
const THRESHOLD_DEFAULT: u64 = 3;

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

impl ContainerStep {
    pub(crate) fn lines(&self) -> Vec<String> {
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
#[path = "container_plan_tests.rs"]
mod tests;
