//! From a declaration to a snapshot.

use std::collections::BTreeMap;

use charmwright_hookcmds::Error;
use charmwright_pebble::{Client, FileError, FileErrorKind, Notice, NoticeKind, NoticesOptions};

use crate::input::Declaration;
use crate::local::Local;
use crate::pebbles::Pebbles;
use crate::reader::Reader;
use crate::related::{Related, related};
use crate::snapshot::{ContainerSnapshot, ContainerState, FileSnapshot, Snapshot};

/// Reads what is declared, and nothing else.
///
/// # Errors
///
/// If Juju fails to answer. What is merely not there, or not for us, is part of the snapshot; so is a relation that
/// cannot be read.
pub fn collect(reader: &Reader<'_>, declaration: &Declaration, pebbles: &Pebbles) -> Result<Snapshot, Error> {
    let context = reader.context();
    let Related { endpoints, unlisted } = related(reader, &declaration.endpoints)?;
    Ok(Snapshot {
        local: Local::new(context, declaration.charm_name),
        leaving: reader.is_leaving(),
        config: if declaration.config { reader.juju().config_get()? } else { BTreeMap::new() },
        leader: if declaration.leader { Some(reader.is_leader()?) } else { None },
        endpoints,
        unlisted,
        containers: declaration
            .containers
            .iter()
            .map(|&name| (name, look(&pebbles.client(name), name, declaration)))
            .collect(),
    })
}

/// Asks the Pebble of a container for all that plans are compared with, and for what is declared of it.
pub fn look(client: &Client, container: &str, declaration: &Declaration) -> ContainerSnapshot {
    let of_it = |all: &[(&'static str, &'static str)]| -> Vec<&'static str> {
        all.iter().filter(|(name, _)| *name == container).map(|(_, what)| *what).collect()
    };
    let state = || {
        Ok(ContainerState {
            plan: client.plan()?,
            services: client.all_services()?,
            checks: client.all_checks()?,
            notices: notices(client, &of_it(&declaration.notices))?,
            files: files(client, &of_it(&declaration.files))?,
        })
    };
    match state() {
        Ok(state) => ContainerSnapshot::Up(Box::new(state)),
        // Other users' notices are refused in another way.
        Err(
            charmwright_pebble::Error::Denied { message, .. }
            | charmwright_pebble::Error::Api { status: 403, message, .. },
        ) => ContainerSnapshot::Denied { cause: message },
        Err(error) if error.is_unreachable() => {
            ContainerSnapshot::Unreachable { cause: "Pebble does not answer".to_owned() }
        }
        Err(error) => ContainerSnapshot::Unreachable { cause: error.to_string() },
    }
}

/// Those of all users: a workload may run as any.
fn notices(client: &Client, keys: &[&str]) -> Result<BTreeMap<String, Notice>, charmwright_pebble::Error> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted = NoticesOptions::all_users().types([NoticeKind::Custom]).keys(keys.iter().copied());
    let mut listed = client.notices(&wanted)?;
    listed.sort_by_cached_key(|notice| moment(&notice.last_occurred));
    Ok(listed.into_iter().map(|notice| (notice.key.clone(), notice)).collect())
}

/// What sorts as the times do: Pebble writes them in UTC, without the zeros at the end.
fn moment(time: &str) -> String {
    let (seconds, fraction) = time.trim_end_matches('Z').split_once('.').unwrap_or((time, ""));
    format!("{}.{fraction:0<9}", seconds.trim_end_matches('Z'))
}

fn files(
    client: &Client,
    paths: &[&str],
) -> Result<BTreeMap<String, FileSnapshot>, charmwright_pebble::Error> {
    if paths.is_empty() {
        return Ok(BTreeMap::new());
    }
    let seen = |result: Result<Vec<u8>, FileError>| match result {
        Ok(content) => FileSnapshot::Content(content),
        Err(error) if error.kind == FileErrorKind::NotFound => FileSnapshot::Missing,
        Err(error) => FileSnapshot::Unreadable { cause: error.to_string() },
    };
    Ok(client.read_files(paths)?.into_iter().map(|(path, result)| (path, seen(result))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_zeros_at_their_end_are_in_order() {
        let times = ["2026-11-22T16:23:38Z", "2026-11-22T16:23:38.05Z", "2026-11-22T16:23:38.176823466Z"];
        assert!(times.iter().is_sorted_by_key(|time| moment(time)));
    }
}
