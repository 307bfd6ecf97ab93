//! From a declaration to a snapshot.

use std::collections::BTreeMap;

use charmwright_event::{RelationId, SecretUri};
use charmwright_hookcmds::{Bag, Error, ErrorKind};

use crate::input::{Declaration, EndpointDeclaration, Reads, RemoteDeclaration};
use crate::look::look;
use crate::pebbles::Pebbles;
use crate::reader::{OwnBag, Reader};
use crate::snapshot::{RelationSnapshot, SecretSnapshot, Snapshot};

/// Reads what is declared, and nothing else.
///
/// # Errors
///
/// If Juju fails to answer. What is merely not there, or not for us, is part of the snapshot.
pub fn collect(reader: &Reader<'_>, declaration: &Declaration, pebbles: &Pebbles) -> Result<Snapshot, Error> {
    let context = reader.context();
    let mut endpoints = BTreeMap::new();
    let mut alive = Vec::new();
    for endpoint in &declaration.endpoints {
        let relations = endpoint_relations(reader, endpoint)?;
        alive.extend(relations.iter().map(|relation| relation.id));
        endpoints.insert(endpoint.endpoint, relations);
    }
    reader.keep_relations(&alive);
    Ok(Snapshot {
        unit: context.unit.clone(),
        model: context.model.clone(),
        config: if declaration.config { reader.juju().config_get()? } else { BTreeMap::new() },
        leader: if declaration.leader { Some(reader.is_leader()?) } else { None },
        endpoints,
        containers: declaration
            .containers
            .iter()
            .map(|&name| (name, look(&pebbles.client(name), name, declaration)))
            .collect(),
    })
}

fn endpoint_relations(
    reader: &Reader<'_>,
    declared: &EndpointDeclaration,
) -> Result<Vec<RelationSnapshot>, Error> {
    let mut relations = Vec::new();
    let ids = match &declared.reads {
        Reads::Peers { .. } => reader.peer_relation(declared.endpoint)?.into_iter().collect(),
        _ => reader.relations(declared.endpoint)?,
    };
    for id in ids {
        relations.extend(relation(reader, declared, id)?);
    }
    // Several where one is meant are a person's business, who knows them by their names.
    if relations.len() > 1 && matches!(declared.reads, Reads::Answer(_)) {
        for one in relations.iter_mut().filter(|one| one.app.is_none()) {
            one.app = reader.remote_app(one.id)?;
        }
    }
    Ok(relations)
}

fn relation(
    reader: &Reader<'_>,
    declared: &EndpointDeclaration,
    id: RelationId,
) -> Result<Option<RelationSnapshot>, Error> {
    match &declared.reads {
        // The other side's name is of no use either, unless it is free.
        Reads::Nothing => Ok(Some(RelationSnapshot::unread(id, reader.remote_app_if_known(id)))),
        Reads::Peers { units } => peers(reader, id, *units),
        Reads::Answer(remote) => answer(reader, remote, id),
    }
}

fn peers(reader: &Reader<'_>, id: RelationId, units: bool) -> Result<Option<RelationSnapshot>, Error> {
    let app = reader.context().unit.application();
    // In a peer relation every unit may read the application's bag.
    let Some(shared) = reader.remote_bag(id, app)? else {
        return Ok(None);
    };
    let units = if units { reader.bags_of_units(id)? } else { BTreeMap::new() };
    let unread = RelationSnapshot::unread(id, Some(app.clone()));
    Ok(Some(RelationSnapshot { remote: Some(shared), units, ..unread }))
}

fn answer(
    reader: &Reader<'_>,
    remote: &RemoteDeclaration,
    id: RelationId,
) -> Result<Option<RelationSnapshot>, Error> {
    // Who has never asked cannot have been answered; so the first time only our own bag is read.
    let mut own = None;
    if !reader.has_written(id) && !reader.is_follower()? {
        let bag = reader.own_bag(id)?;
        let asked = !matches!(&bag, OwnBag::Readable(bag) if bag.is_empty());
        own = Some(bag);
        if !asked {
            let app = reader.remote_app_if_known(id);
            return Ok(Some(RelationSnapshot { own, ..RelationSnapshot::unread(id, app) }));
        }
    }
    let Some(app) = reader.remote_app(id)? else {
        return Ok(None);
    };
    let Some(bag) = reader.remote_bag(id, &app)? else {
        return Ok(None);
    };
    match (remote.echo)(&bag) {
        Some(read) => reader.note_echo(id, read),
        None if own.is_none() => own = Some(reader.own_bag(id)?),
        None => {}
    }
    let units = if remote.units { reader.bags_of_units(id)? } else { BTreeMap::new() };
    let secrets = secrets(reader, remote, &bag)?;
    Ok(Some(RelationSnapshot { id, app: Some(app), remote: Some(bag), own, units, secrets }))
}

fn secrets(
    reader: &Reader<'_>,
    declared: &RemoteDeclaration,
    bag: &Bag,
) -> Result<BTreeMap<&'static str, SecretSnapshot>, Error> {
    let mut secrets = BTreeMap::new();
    for &field in declared.secrets {
        let Some(reference) = bag.get(field) else { continue };
        let secret = match SecretUri::parse(reference) {
            Err(_) => SecretSnapshot::Malformed,
            Ok(uri) => match reader.juju().secret_get(&uri) {
                Ok(content) => SecretSnapshot::Content(content),
                Err(error) if matches!(error.kind(), ErrorKind::NotGranted | ErrorKind::NotFound) => {
                    SecretSnapshot::NotGranted
                }
                Err(error) => return Err(error),
            },
        };
        secrets.insert(field, secret);
    }
    Ok(secrets)
}
