//! Looking at a container.

mod ended;

use std::collections::BTreeMap;
use std::sync::Arc;

use charmwright_pebble::{Client, Error, FileError, FileErrorKind, Notice, NoticeKind, NoticesOptions};

use crate::input::{Declaration, FileDeclaration};
use crate::snapshot::{ContainerSnapshot, ContainerState, FileSnapshot};

/// Asks the Pebble of a container for all that plans are compared with, and for what is declared of it.
pub fn look(client: &Client, container: &str, declaration: &Declaration) -> ContainerSnapshot {
    match state(client, container, declaration) {
        Ok(state) => ContainerSnapshot::Up(Arc::new(state)),
        Err(error) => ContainerSnapshot::unseen(&error),
    }
}

fn state(client: &Client, container: &str, declaration: &Declaration) -> Result<ContainerState, Error> {
    let (plan, services, checks) = (client.plan()?, client.all_services()?, client.all_checks()?);
    let keys = declaration.notices.iter().filter(|(name, _)| *name == container).map(|(_, key)| *key);
    let declared: Vec<_> = declaration.files.iter().filter(|file| file.container == container).collect();
    Ok(ContainerState {
        ended: ended::of_services(client, &plan, &services)?,
        unable: ended::of_checks(client, &checks)?,
        notices: notices(client, &keys.collect::<Vec<_>>())?,
        files: files(client, &declared)?,
        plan,
        services,
        checks,
    })
}

/// Reads the notices of all users, since a workload may run as any user.
fn notices(client: &Client, keys: &[&str]) -> Result<BTreeMap<String, Notice>, Error> {
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

/// Reads the declared files, each no further than its declaration allows: whoever owns the folder in the container may
/// have made it of any size.
fn files(client: &Client, declared: &[&FileDeclaration]) -> Result<BTreeMap<String, FileSnapshot>, Error> {
    let mut files = BTreeMap::new();
    let mut wanted = Vec::new();
    for file in declared {
        // The size is asked for first, so that a file that is too large is told with its size.
        let too_large = |bytes: &u64| *bytes > file.bytes_max;
        let seen = match client.file_info(file.path) {
            Ok(None) => FileSnapshot::Missing,
            Ok(Some(info)) => {
                let Some(bytes) = info.size.filter(too_large) else {
                    wanted.push((file.path, file.bytes_max));
                    continue;
                };
                FileSnapshot::TooLarge { bytes: Some(bytes), bytes_max: file.bytes_max }
            }
            Err(error @ Error::File { .. }) => FileSnapshot::Unreadable { cause: error.to_string() },
            Err(error) => return Err(error),
        };
        files.insert(file.path.to_owned(), seen);
    }
    for (path, result) in client.read_files_within(&wanted)? {
        let bytes_max =
            wanted.iter().find(|(wanted, _)| *wanted == path).map_or(0, |(_, bytes_max)| *bytes_max);
        files.insert(path, content(result, bytes_max));
    }
    Ok(files)
}

fn content(result: Result<Vec<u8>, FileError>, bytes_max: u64) -> FileSnapshot {
    match result {
        Ok(content) => FileSnapshot::Content(Arc::from(content)),
        Err(error) => match error.kind {
            FileErrorKind::NotFound => FileSnapshot::Missing,
            FileErrorKind::TooLarge => FileSnapshot::TooLarge { bytes: None, bytes_max },
            _ => FileSnapshot::Unreadable { cause: error.to_string() },
        },
    }
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
