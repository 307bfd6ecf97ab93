//! Reading relations. What one of them refuses holds up none of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use charmwright_event::{RelationId, SecretUri, UnitName};
use charmwright_hookcmds::{Bag, Error, ErrorKind};

use crate::input::{Declaration, EndpointDeclaration, Reads, RemoteDeclaration};
use crate::reader::{OwnBag, Reader};
use crate::snapshot::{RelationSnapshot, SecretSnapshot, Snapshot};
use crate::trouble::{Trouble, is_juju_gone, words};

/// The most that the other side's bags in one relation may hold together, in bytes as they lie in memory. Real bags
/// have some kilobytes, those with dashboards and alert rules up to a megabyte; and whoever is related must not be able
/// to make the charm's process grow beyond a few megabytes.
const RELATION_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What each entry of a bag takes besides its text: many tiny entries are large, too.
const ENTRY_BYTES: usize = 100;
/// How many units' bags are read at once, so that what lies in memory before it is counted is bounded.
const UNITS_AT_ONCE: usize = 2;

/// The relations of all declared endpoints.
#[derive(Debug, Default)]
pub(crate) struct Related {
    pub(crate) endpoints: BTreeMap<&'static str, Vec<Arc<RelationSnapshot>>>,
    /// The endpoints whose relations could not be listed.
    pub(crate) unlisted: BTreeMap<&'static str, Trouble>,
}

/// Why a relation has not been read.
enum Unread {
    /// It is gone.
    Gone,
    Juju(Error),
    TooLarge(usize),
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Self::Juju(error)
    }
}

/// Reads the relations of the declared endpoints, each as it was declared.
///
/// # Errors
///
/// If Juju cannot be asked at all.
pub(crate) fn related(reader: &Reader<'_>, declared: &[EndpointDeclaration]) -> Result<Related, Error> {
    let mut all = Related::default();
    let mut alive = Vec::new();
    for endpoint in declared {
        let ids = match &endpoint.reads {
            Reads::Peers { .. } => reader.peer_relation(endpoint.endpoint).map(Vec::from_iter),
            _ => reader.relations(endpoint.endpoint),
        };
        match ids {
            Ok(ids) => {
                let relations = relations(reader, endpoint, ids)?;
                alive.extend(relations.iter().map(|relation| relation.id));
                all.endpoints.insert(endpoint.endpoint, relations.into_iter().map(Arc::new).collect());
            }
            Err(error) if is_juju_gone(&error) => return Err(error),
            Err(error) => {
                all.unlisted.insert(endpoint.endpoint, Trouble::of(&error));
            }
        }
    }
    if all.unlisted.is_empty() {
        reader.keep_relations(&alive);
    } else {
        reader.keep_unlisted_relations();
    }
    Ok(all)
}

/// Reads those of the relations in which nothing was asked yet, and so nothing was read: a request without content may be
/// answered all the same. Returns whether there was one.
///
/// # Errors
///
/// If Juju cannot be asked at all.
pub fn read_unasked(
    reader: &Reader<'_>,
    declaration: &Declaration,
    snapshot: &mut Snapshot,
    relations: &BTreeSet<RelationId>,
) -> Result<bool, Error> {
    let mut found = false;
    for endpoint in &declaration.endpoints {
        let Some(known) = snapshot.endpoints.get_mut(endpoint.endpoint) else { continue };
        for one in std::mem::take(known) {
            if one.is_unasked() && relations.contains(&one.id) {
                found = true;
                known.extend(relation(reader, endpoint, one.id, true)?.map(Arc::new));
            } else {
                known.push(one);
            }
        }
    }
    Ok(found)
}

fn relations(
    reader: &Reader<'_>,
    declared: &EndpointDeclaration,
    ids: Vec<RelationId>,
) -> Result<Vec<RelationSnapshot>, Error> {
    let mut relations = Vec::new();
    for id in ids {
        relations.extend(relation(reader, declared, id, false)?);
    }
    // Several where one is meant are a person's business, who knows them by their names.
    if relations.len() > 1 && matches!(declared.reads, Reads::Answer(_)) {
        for one in relations.iter_mut().filter(|one| one.app.is_none() && one.trouble.is_none()) {
            match reader.remote_app(one.id) {
                Ok(app) => one.app = app,
                Err(error) if is_juju_gone(&error) => return Err(error),
                Err(error) => one.trouble = Some(Trouble::of(&error)),
            }
        }
    }
    Ok(relations)
}

/// None if the relation is gone. `unasked` says whether the other side is read although nothing was asked.
fn relation(
    reader: &Reader<'_>,
    declared: &EndpointDeclaration,
    id: RelationId,
    unasked: bool,
) -> Result<Option<RelationSnapshot>, Error> {
    let mut one = RelationSnapshot::unread(id, reader.remote_app_if_known(id));
    let read = match &declared.reads {
        // The other side's name is of no use either, unless it is free.
        Reads::Nothing => Ok(()),
        Reads::Peers { units } => peers(reader, &mut one, *units),
        Reads::Answer(remote) => answer(reader, &mut one, remote, unasked),
    };
    let trouble = match read {
        Ok(()) => return Ok(Some(one)),
        Err(Unread::Gone) => return Ok(None),
        Err(Unread::Juju(error)) if is_juju_gone(&error) => return Err(error),
        Err(Unread::Juju(error)) => Trouble::of(&error),
        Err(Unread::TooLarge(bytes)) => Trouble::too_large(bytes, RELATION_BYTES_MAX),
    };
    Ok(Some(RelationSnapshot { trouble: Some(trouble), ..RelationSnapshot::unread(id, one.app) }))
}

fn peers(reader: &Reader<'_>, one: &mut RelationSnapshot, units: bool) -> Result<(), Unread> {
    let app = reader.context().unit.application();
    one.app = Some(app.clone());
    let mut room = Room::default();
    // In a peer relation every unit may read the application's bag.
    one.remote = Some(room.take(reader.remote_bag(one.id, app)?.ok_or(Unread::Gone)?)?);
    if units {
        one.units = bags_of_units(reader, one.id, &mut room)?;
    }
    Ok(())
}

fn answer(
    reader: &Reader<'_>,
    one: &mut RelationSnapshot,
    declared: &RemoteDeclaration,
    unasked: bool,
) -> Result<(), Unread> {
    // Who has asked nothing yet has no answer; so the first time only our own bag is read.
    if !unasked && reader.remembered_bag(one.id).is_none_or(|bag| bag.is_empty()) && !reader.is_follower()? {
        let own = reader.own_bag(one.id)?;
        if matches!(&own, OwnBag::Readable(bag) if bag.is_empty()) {
            one.own = Some(own);
            return Ok(());
        }
    }
    let app = reader.remote_app(one.id)?.ok_or(Unread::Gone)?;
    one.app = Some(app.clone());
    let mut room = Room::default();
    let bag = room.take(reader.remote_bag(one.id, &app)?.ok_or(Unread::Gone)?)?;
    one.echo = (declared.echo)(&bag).map(|read| room.take(read)).transpose()?;
    if declared.units {
        one.units = bags_of_units(reader, one.id, &mut room)?;
    }
    // As long as nothing is said, what was asked decides nothing but the words of the wait.
    let is_said = !bag.is_empty() || !one.units.is_empty();
    let remembered = if is_said { None } else { reader.remembered_bag(one.id).map(OwnBag::Readable) };
    match (&one.echo, remembered) {
        (Some(read), _) => reader.note_echo(one.id, read),
        (None, Some(own)) => one.own = Some(own),
        (None, None) => one.own = Some(reader.own_bag(one.id)?),
    }
    if let Some(OwnBag::Failed(words)) = &one.own {
        one.trouble = Some(Trouble::refused(words.clone()));
        return Ok(());
    }
    one.secrets = secrets(reader, declared, &bag)?;
    one.remote = Some(bag);
    Ok(())
}

/// The other side's units with their bags. A unit that is just going has none; neither has one of a relation that is
/// gone.
fn bags_of_units(
    reader: &Reader<'_>,
    relation: RelationId,
    room: &mut Room,
) -> Result<BTreeMap<UnitName, Bag>, Unread> {
    let mut known = BTreeMap::new();
    for units in reader.remote_units(relation)?.chunks(UNITS_AT_ONCE) {
        for (unit, bag) in reader.bags_of_units(relation, units) {
            if let Some(bag) = bag? {
                known.insert(unit, room.take(bag)?);
            }
        }
    }
    Ok(known)
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
                Err(error) if is_juju_gone(&error) => return Err(error),
                Err(error) => SecretSnapshot::Unreadable(words(&error)),
            },
        };
        secrets.insert(field, secret);
    }
    Ok(secrets)
}

/// What the bags of one relation have taken so far of what they may.
#[derive(Debug, Default)]
struct Room(usize);

impl Room {
    fn take(&mut self, bag: Bag) -> Result<Bag, Unread> {
        let entry = |(key, value): (&String, &String)| {
            key.len().saturating_add(value.len()).saturating_add(ENTRY_BYTES)
        };
        self.0 = bag.iter().map(entry).fold(self.0, usize::saturating_add);
        if self.0 > RELATION_BYTES_MAX { Err(Unread::TooLarge(self.0)) } else { Ok(bag) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_tiny_entries_are_as_large_as_one_long_value() {
        let entries = RELATION_BYTES_MAX / ENTRY_BYTES;
        let tiny: Bag = (0..entries).map(|number| (number.to_string(), "x".to_owned())).collect();
        assert!(matches!(Room::default().take(tiny), Err(Unread::TooLarge(_))));
        let long = |bytes: usize| Bag::from([("k".to_owned(), "v".repeat(bytes))]);
        assert!(matches!(Room::default().take(long(RELATION_BYTES_MAX)), Err(Unread::TooLarge(_))));
        let most = RELATION_BYTES_MAX - ENTRY_BYTES - 1;
        assert!(Room::default().take(long(most)).is_ok());
    }

    #[test]
    fn the_bags_of_one_relation_share_what_they_may_have() {
        let mut room = Room::default();
        let half = || Bag::from([("k".to_owned(), "v".repeat(RELATION_BYTES_MAX / 2))]);
        assert!(room.take(half()).is_ok());
        assert!(matches!(room.take(half()), Err(Unread::TooLarge(_))));
    }
}
