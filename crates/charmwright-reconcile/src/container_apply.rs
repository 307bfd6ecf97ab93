//! Carrying out what has to be done in a container.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use charmwright_pebble::{Change, ChangeStatus, Client, Error, Layer, ServiceStatus};

use crate::container_step::ContainerStep;
use crate::logging::told;
use crate::record::{self, Record};

/// The label of our layer.
const LABEL: &str = "charmwright";

/// How often a check runs that a Pebble before 1.19 can neither stop nor disable: ten years after it was told so, and its
/// daemon will have ended by then.
const NEVER: Duration = Duration::from_hours(87600);

/// Files, then the plan, then the processes, then the question whether they are up, then the record of what they were
/// started with: whatever the hook dies between, the next one sees what is still to do.
///
/// `left` is what is left of the time for starts and stops in this container.
pub(crate) fn apply_container(
    step: &ContainerStep,
    client: &Client,
    left: &mut Duration,
) -> Result<(), Error> {
    for path in &step.absent {
        client.remove_path(path, true)?;
    }
    for directory in &step.directories {
        client.make_dir(&directory.path, &directory.options())?;
    }
    for file in &step.files {
        client.write_file(&file.path, &file.content, &file.options())?;
    }
    if !step.stop.is_empty() {
        charged(left, |left| client.stop_and_wait(&names(&step.stop), left))?;
    }
    if let Some(layer) = step.layer_with_names() {
        add_layer(client, layer, &step.stop_checks)?;
    }
    if !step.stop_checks.is_empty() {
        stop_checks(client, &names(&step.stop_checks))?;
    }
    if !step.start_checks.is_empty() {
        client.start_checks(&names(&step.start_checks))?;
    }
    // What it has seen of what ran before does not count, also if the hook dies before it is asked.
    let is_stopped = step.ask && !step.start.is_empty() && stop_checks(client, &[record::UP])?;
    let mut record = step.record.clone();
    if !step.start.is_empty() {
        let names: Vec<&str> = step.start.keys().map(String::as_str).collect();
        let change = client.restart(&names)?;
        let change = charged(left, |left| client.wait_change(&change, left))?;
        if let Some(failure) = &change.err {
            tracing::warn!("container {}: {failure}", step.container);
            record =
                record.map(|record| without_old_processes(record, &change, &names, client)).transpose()?;
        }
    }
    if step.ask {
        ask(client, is_stopped, &step.container)?;
    }
    match record {
        Some(record) => client.add_layer(LABEL, &record.written_to(Layer::new())),
        None => Ok(()),
    }
}

/// Waits for something, and takes what that took from what is left.
fn charged<T>(left: &mut Duration, wait: impl FnOnce(Duration) -> Result<T, Error>) -> Result<T, Error> {
    let began = Instant::now();
    let waited = wait(*left);
    *left = left.saturating_sub(began.elapsed());
    waited
}

/// Adds our layer, in which the checks of `gone` are disabled. A Pebble before 1.19 knows no disabled check; there they are
/// given a period that does not end.
fn add_layer(client: &Client, mut layer: Layer, gone: &BTreeSet<String>) -> Result<(), Error> {
    match client.add_layer(LABEL, &layer) {
        Err(error) if error.is_too_old() && !gone.is_empty() => {
            for check in
                layer.checks.iter_mut().filter(|(name, _)| gone.contains(*name)).map(|(_, check)| check)
            {
                check.startup = None;
                check.period = Some(NEVER.into());
            }
            client.add_layer(LABEL, &layer)
        }
        result => result,
    }
}

/// Stops checks, and says whether that could be: a Pebble before 1.19 cannot.
fn stop_checks(client: &Client, names: &[&str]) -> Result<bool, Error> {
    match client.stop_checks(names) {
        Ok(_) => Ok(true),
        Err(error) if error.is_too_old() => Ok(false),
        // One of them is not in the plan.
        Err(Error::Api { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Asks the workload at once whether it is up.
fn ask(client: &Client, is_stopped: bool, container: &str) -> Result<(), Error> {
    if is_stopped {
        client.start_checks(&[record::UP])?;
    }
    match client.refresh_check(record::UP) {
        Ok(_) => {}
        Err(error) if error.is_unreachable() => return Err(error),
        // It runs by itself after a period, and nobody believes it before that.
        Err(error) => tracing::warn!("container {container}: {}", told(&error)),
    }
    Ok(())
}

fn names(names: &BTreeSet<String>) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// The record without the digests of services whose old process goes on to run, since it could not be stopped.
///
/// A service whose start was tried has a new process or none, and Pebble goes on trying with the new definition.
fn without_old_processes(
    mut record: Record,
    change: &Change,
    names: &[&str],
    client: &Client,
) -> Result<Record, Error> {
    // Pebble names the service in a task's summary only.
    let was_tried = |name: &str| {
        let quoted = format!("{name:?}");
        change.tasks.iter().any(|task| {
            task.kind == "start"
                && matches!(task.status, ChangeStatus::Done | ChangeStatus::Error)
                && task.summary.contains(&quoted)
        })
    };
    let untried: Vec<&str> = names.iter().copied().filter(|name| !was_tried(name)).collect();
    for info in client.services(&untried)? {
        if info.current == ServiceStatus::Active {
            record.services.insert(info.name, String::new());
        }
    }
    Ok(record)
}
