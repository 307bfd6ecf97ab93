//! `pod`: a process that holds the unit's network for as long as somebody holds its standard input.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use super::error::ToolError;
use super::{loopback, namespaces, say};

pub(super) fn hold(words: &[OsString]) -> Result<(), ToolError> {
    if let Some(word) = words.first() {
        return Err(ToolError::Usage(format!("`pod` takes no `{}`", word.display())));
    }
    namespaces::leave_network()?;
    loopback::up()?;
    say("ready")?;
    wait_for_the_end()
}

/// Waits until standard input closes, which the end of its holder does too.
pub(super) fn wait_for_the_end() -> Result<(), ToolError> {
    let ended = io::copy(&mut io::stdin().lock(), &mut io::sink());
    ended.map(drop).map_err(ToolError::io("read from", Path::new("standard input")))
}
