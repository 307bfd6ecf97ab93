//! From a declaration to a snapshot.

use std::collections::BTreeMap;

use charmwright_hookcmds::Error;

use crate::input::Declaration;
use crate::local::Local;
use crate::look::look;
use crate::pebbles::Pebbles;
use crate::reader::Reader;
use crate::related::{Related, related};
use crate::snapshot::Snapshot;

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
