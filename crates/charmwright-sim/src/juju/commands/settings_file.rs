//! Settings that are read from a file or from the caller's standard input.

use super::invocation::{Invocation, Stop, failed};
use crate::juju::text::{files, yaml};
use std::collections::BTreeMap;
use std::path::Path;

/// The whole of the file that an option names. `-` is the caller's standard input, a relative path is the caller's.
pub(super) fn content(invocation: &Invocation<'_, '_>, file: &str) -> Result<Vec<u8>, Stop> {
    match file {
        "" => Err(failed("path not set")),
        "-" => invocation.stdin().map(<[u8]>::to_vec),
        file => files::read(&files::in_dir(invocation.dir, file)).map_err(Stop::Failed),
    }
}

/// The settings of a file, if one is named, with those of the command line over them.
pub(super) fn with_file(
    invocation: &Invocation<'_, '_>,
    file: &str,
    given: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Stop> {
    if file.is_empty() {
        return Ok(given);
    }
    let content = content(invocation, file)?;
    let read = yaml::texts(&content, yaml::Target::Settings).map_err(Stop::Failed)?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let mut settings: BTreeMap<String, String> =
        read.into_iter().map(|(key, value)| (text(key), text(value))).collect();
    settings.extend(given);
    Ok(settings)
}

/// The file that a command of the agent itself names, beside the agent's own folder and not the caller's.
pub(super) fn agents_file(path: &str) -> Result<Vec<u8>, String> {
    files::read(Path::new(path))
}
