//! Carrying out a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use charmwright_hookcmds::{BagOwner, ErrorKind};
use charmwright_pebble::{Client, ServiceStatus};
use charmwright_snapshot::{Pebbles, Reader};

use crate::container_plan::ContainerStep;
use crate::driver::DriveError;
use crate::logging::told;
use crate::plan::{BagChange, Plan, Step};
use crate::started::{self, Started};

/// How long a start or stop may take: more than Pebble's own kill delay and what it adds.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(60);

/// The label of our layer.
const LABEL: &str = "charmwright";

/// Carries out all steps, in order. A Pebble that goes away in the middle is not an error: what was seen next
/// tells.
///
/// Returns the containers whose Pebble does not let us, with what they said: it may let us look all the same.
pub(crate) fn apply(
    plan: &Plan,
    reader: &Reader<'_>,
    pebbles: &Pebbles,
) -> Result<BTreeMap<String, String>, DriveError> {
    let mut denied = BTreeMap::new();
    for step in &plan.steps {
        match step {
            Step::Open(port) => reader.juju().open_port(*port)?,
            Step::Close(port) => reader.juju().close_port(*port)?,
            Step::Write(change) => write_bag(change, reader)?,
            Step::Container(step) => match apply_container(step, &pebbles.client(&step.container)) {
                Err(error) if error.is_unreachable() => {
                    tracing::warn!("container {}: Pebble went away: {}", step.container, told(&error));
                }
                Err(charmwright_pebble::Error::Denied { message, .. }) => {
                    denied.insert(step.container.clone(), message);
                }
                result => result.map_err(|error| DriveError::Pebble {
                    container: step.container.clone(),
                    source: Box::new(error),
                })?,
            },
        }
    }
    Ok(denied)
}

fn write_bag(change: &BagChange, reader: &Reader<'_>) -> Result<(), DriveError> {
    match reader.juju().relation_set(change.relation, BagOwner::Application, &change.changes) {
        // Lost since we last wrote; the new leader writes it.
        Err(error) if error.kind() == ErrorKind::NotLeader => reader.could_not_write_bag(change.relation),
        Err(error) if matches!(error.kind(), ErrorKind::Denied | ErrorKind::NotFound) => {
            tracing::debug!("{} is gone and was not told: {}", change.label, told(&error));
        }
        result => result?,
    }
    Ok(())
}

/// Files, then the plan, then the processes, then the question whether they are up, then the record of what they were started with: whatever the hook
/// dies between, the next one sees what is still to do.
fn apply_container(step: &ContainerStep, client: &Client) -> Result<(), charmwright_pebble::Error> {
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
        client.stop_and_wait(&names(&step.stop), CHANGE_TIMEOUT)?;
    }
    if let Some(layer) = &step.layer {
        client.add_layer(LABEL, layer)?;
    }
    if !step.stop_checks.is_empty() {
        client.stop_checks(&names(&step.stop_checks))?;
    }
    if !step.start_checks.is_empty() {
        client.start_checks(&names(&step.start_checks))?;
    }
    let mut started = step.started.clone();
    // What it has seen of what ran before does not count, also if the hook dies before it is asked.
    let is_stopped = step.ask && !step.start.is_empty() && stop_asking(client)?;
    if !step.start.is_empty() {
        let names: Vec<&str> = step.start.keys().map(String::as_str).collect();
        let change = client.wait_change(&client.restart(&names)?, CHANGE_TIMEOUT)?;
        if let Some(failure) = &change.err {
            tracing::warn!("container {}: {failure}", step.container);
            started = started.map(|started| without_old_processes(started, &names, client)).transpose()?;
        }
    }
    if step.ask {
        if is_stopped {
            client.start_checks(&[started::UP])?;
        }
        match client.refresh_check(started::UP) {
            Ok(_) => {}
            Err(error) if error.is_unreachable() => return Err(error),
            // It runs by itself after a period, and nobody believes it before that.
            Err(error) => tracing::warn!("container {}: {}", step.container, told(&error)),
        }
    }
    match started {
        Some(started) => client.add_layer(LABEL, &started::layer(&started)),
        None => Ok(()),
    }
}

/// Stops the check of the workload, and says whether it could: a Pebble before 1.19 cannot.
fn stop_asking(client: &Client) -> Result<bool, charmwright_pebble::Error> {
    match client.stop_checks(&[started::UP]) {
        Ok(_) => Ok(true),
        Err(error) if error.is_too_old() => Ok(false),
        // It is not in the plan.
        Err(charmwright_pebble::Error::Api { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn names(names: &BTreeSet<String>) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Pebble goes on trying to start what failed to start, with the new definition; but a process that could not be
/// stopped is the old one.
fn without_old_processes(
    mut started: Started,
    names: &[&str],
    client: &Client,
) -> Result<Started, charmwright_pebble::Error> {
    for info in client.services(names)? {
        if info.current == ServiceStatus::Active {
            started.remove(&info.name);
        }
    }
    Ok(started)
}
