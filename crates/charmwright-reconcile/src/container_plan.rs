//! What has to be done in a container.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use charmwright_pebble::{CheckStatus, FileInfo, Layer, OnExit, Override, Service, ServiceStatus, Startup};
use charmwright_snapshot::snapshot::{ContainerState, Ended};
use serde::Serialize;
use serde_json::Value;

use crate::container::{status_of, to_run};
use crate::container_step::{ContainerStep, Why};
use crate::desired::ContainerWish;
use crate::file::{Directory, File};
use crate::record::{self, Record};

/// What is there, of the files and directories that are wished for.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The files that have just the wished content.
    pub(crate) same: BTreeSet<String>,
    pub(crate) infos: BTreeMap<String, FileInfo>,
    /// The paths at which something is that shall not be.
    pub(crate) present: BTreeSet<String>,
}

/// How long Pebble takes to stop a process, unless its service says.
const KILL_DELAY: Duration = Duration::from_secs(5);
/// How long Pebble then waits for a process to end that it has killed.
const AFTER_KILL: Duration = Duration::from_secs(5);
/// How long Pebble watches a process after its start; those that depend on one another start one after the other.
const START: Duration = Duration::from_secs(1);
/// What starts and stops may take beyond that, on a busy node.
const MARGIN: Duration = Duration::from_secs(10);

/// How long all starts and stops in a container may take in a hook: as long as its own services say, and no longer than a
/// hook can wait for a daemon that never ends them.
fn patience(plan: &Layer, wished: &Layer) -> Duration {
    let services = || plan.services.values().chain(wished.services.values());
    let kill_delay = services().filter_map(|service| service.kill_delay.as_ref()?.to_duration()).max();
    let starts = u32::try_from(to_run(wished).len()).unwrap_or(u32::MAX);
    [kill_delay.unwrap_or(KILL_DELAY).max(KILL_DELAY), AFTER_KILL, START.saturating_mul(starts), MARGIN]
        .into_iter()
        .fold(Duration::ZERO, Duration::saturating_add)
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
    let before = Record::read(&state.plan);
    let mut after = before.with_names_of(&wish.layer, &to_run(&wish.layer));
    let patience = patience(&state.plan, &wish.layer);
    let mut step = ContainerStep { container: container.to_owned(), patience, ..ContainerStep::default() };
    plan_files(&mut step, wish, held);

    let mut layer = wish.layer.clone();
    take_back_services(&mut step, &mut layer, &mut after, &before, state, complete);
    plan_starts(&mut step, &mut after, &before, wish, state, tried);
    if complete {
        take_back_checks(&mut step, &mut layer, &mut after, state);
        take_back_log_targets(&mut layer, &mut after, state);
    }
    after.asked = wish.up.clone().or(after.asked.filter(|_| after.checks.contains(record::UP)));
    // A service that is to be started anew gets its definition anew: a plan does not show all of a text.
    let outdated = step.start.values().any(|why| *why == Why::Outdated)
        || after.services != before.services
        || after.asked != before.asked;
    if outdated || differs(&layer, &state.plan) {
        // Pebble takes workloads from the image only, and refuses a layer that would change them.
        layer.workloads.retain(|name, workload| state.plan.workloads.get(name) != Some(workload));
        step.named = before.with_names_of(&layer, &to_run(&wish.layer));
        step.layer = Some(layer).filter(|layer| *layer != Layer::new());
    }
    plan_checks(&mut step, wish, state, &before, tried);
    let recorded = if step.layer.is_some() { &step.named } else { &before };
    step.record = (after != *recorded).then_some(after);
    (!step.is_empty()).then_some(step)
}

/// What is to be removed, made and written.
fn plan_files(step: &mut ContainerStep, wish: &ContainerWish, held: &Held) {
    step.absent = wish.absent.iter().filter(|path| held.present.contains(*path)).cloned().collect();
    let missing = |directory: &&Directory| !held.infos.get(&directory.path).is_some_and(Directory::is_there);
    step.directories = wish.directories.values().filter(missing).cloned().collect();
    let changed = |file: &&File| {
        !held.same.contains(&file.path)
            || (file.has_attributes() && !held.infos.get(&file.path).is_some_and(|info| file.fits(info)))
    };
    step.files = wish.files.values().filter(changed).cloned().collect();
}

/// Services of ours that are not to run are stopped, and disabled if they are not wished for at all.
fn take_back_services(
    step: &mut ContainerStep,
    layer: &mut Layer,
    after: &mut Record,
    before: &Record,
    state: &ContainerState,
    complete: bool,
) {
    let wished = layer.services.clone();
    let running: BTreeSet<String> = to_run(layer).into_iter().map(str::to_owned).collect();
    for name in before.services.keys().filter(|name| !running.contains(*name)) {
        if !complete && !wished.contains_key(name) {
            continue;
        }
        after.services.remove(name);
        step.stop.insert(name.clone());
        // Pebble forgets no entry; one that is disabled is never started again.
        if let Some(old) = state.plan.services.get(name).filter(|_| !wished.contains_key(name)) {
            let gone = old.clone().startup(Startup::Disabled).override_by(Override::Replace);
            layer.services.insert(name.clone(), gone);
        }
    }
    // One that was never started has nothing to stop.
    step.stop.retain(|name| {
        before.services.get(name).is_some_and(|digest| !digest.is_empty())
            || status_of(state, name) != Some(&ServiceStatus::Inactive)
    });
}

/// Which services are to be started or restarted, and what they will have been started with.
fn plan_starts(
    step: &mut ContainerStep,
    after: &mut Record,
    before: &Record,
    wish: &ContainerWish,
    state: &ContainerState,
    tried: &BTreeSet<(String, String)>,
) {
    let running = to_run(&wish.layer);
    for (name, digest) in wish.digests.iter().filter(|(name, _)| running.contains(name.as_str())) {
        if tried.contains(&(step.container.clone(), name.clone())) {
            continue;
        }
        let down = !matches!(status_of(state, name), Some(ServiceStatus::Active | ServiceStatus::Backoff));
        if before.services.get(name) != Some(digest) {
            step.start.insert(name.clone(), if down { Why::Down } else { Why::Outdated });
        } else if down && is_worth_a_start(wish.layer.services.get(name), state.ended.get(name), step) {
            step.start.insert(name.clone(), Why::Down);
        }
        after.services.insert(name.clone(), digest.clone());
    }
}

/// Whether a service that was started as it is wished, and is down, is to be started again: not a job that is done, and not
/// what cannot be started as long as nothing changes.
fn is_worth_a_start(service: Option<&Service>, ended: Option<&Ended>, step: &ContainerStep) -> bool {
    match ended {
        Some(Ended::Well) => !service.is_some_and(is_job),
        Some(Ended::Failed { lasting: Some(_), .. }) => step.changes_files(),
        _ => true,
    }
}

/// Whether a service may end: it is done when it ends well.
pub(crate) fn is_job(service: &Service) -> bool {
    service.on_success == Some(OnExit::Ignore)
}

/// Checks of ours that are not wished for any longer are stopped and disabled: they would go on to tell Juju and Kubernetes
/// that something is down.
fn take_back_checks(step: &mut ContainerStep, layer: &mut Layer, after: &mut Record, state: &ContainerState) {
    let gone: Vec<String> =
        after.checks.iter().filter(|name| !layer.checks.contains_key(*name)).cloned().collect();
    for name in gone {
        after.checks.remove(&name);
        let Some(old) = state.plan.checks.get(&name) else { continue };
        layer
            .checks
            .insert(name.clone(), old.clone().startup(Startup::Disabled).override_by(Override::Replace));
        step.stop_checks.insert(name);
    }
}

/// Log targets of ours that are not wished for any longer get the logs of no service. Pebble cannot forget one.
fn take_back_log_targets(layer: &mut Layer, after: &mut Record, state: &ContainerState) {
    let gone: Vec<String> =
        after.log_targets.iter().filter(|name| !layer.log_targets.contains_key(*name)).cloned().collect();
    for name in gone {
        after.log_targets.remove(&name);
        let Some(old) = state.plan.log_targets.get(&name) else { continue };
        let silent = old.clone().override_by(Override::Replace).services(Vec::<String>::new());
        layer.log_targets.insert(name, silent);
    }
}

/// Which checks are to be started, and whether the workload is to be asked: since it was last asked something else was
/// started, or nobody knows what the check has seen.
fn plan_checks(
    step: &mut ContainerStep,
    wish: &ContainerWish,
    state: &ContainerState,
    before: &Record,
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
    let asked = (step.container.clone(), record::UP.to_owned());
    if wish.up.is_none() || tried.contains(&asked) {
        return;
    }
    let unproven =
        state.checks.iter().any(|check| check.name == record::UP && check.has_run() == Some(false));
    step.ask = unproven
        || !step.start.is_empty()
        || step.layer.is_some()
        || step.start_checks.contains(record::UP)
        || before.asked != wish.up;
}

/// Whether the plan lacks anything of the layer. What the layer does not name is left out: a plan may be large.
fn differs(layer: &Layer, plan: &Layer) -> bool {
    fn part<T: Clone>(plan: &BTreeMap<String, T>, named: &BTreeMap<String, T>) -> BTreeMap<String, T> {
        plan.iter()
            .filter(|(name, _)| named.contains_key(*name))
            .map(|(name, entry)| (name.clone(), entry.clone()))
            .collect()
    }
    fn changed<T: Serialize>(after: &BTreeMap<String, T>, before: &BTreeMap<String, T>) -> bool {
        after.iter().any(|(name, entry)| before.get(name).map(legible) != Some(legible(entry)))
    }
    let mut before = Layer::new();
    before.services = part(&plan.services, &layer.services);
    before.checks = part(&plan.checks, &layer.checks);
    before.log_targets = part(&plan.log_targets, &layer.log_targets);
    before.workloads = part(&plan.workloads, &layer.workloads);
    let after = layer.onto(&before);
    changed(&after.services, &before.services)
        || changed(&after.checks, &before.checks)
        || changed(&after.log_targets, &before.log_targets)
        || changed(&after.workloads, &before.workloads)
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

#[cfg(test)]
#[path = "container_plan_tests.rs"]
mod tests;
