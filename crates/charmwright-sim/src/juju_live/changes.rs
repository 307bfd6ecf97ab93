//! The difference between two worlds, as changes that lead from one to the other.

use std::collections::BTreeMap;

use crate::juju::controller::{
    ActionChange, Bag, Change, Model, Relation, RelationChange, Revision, Secret, SecretChange,
};

/// What leads from one world to another, as far as scripted applications and operators change it.
pub(super) fn changes(before: &Model, after: &Model) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut config = serde_json::Map::new();
    for name in before.config.keys().filter(|name| !after.config.contains_key(*name)) {
        config.insert(name.clone(), serde_json::Value::Null);
    }
    let new = after.config.iter().filter(|(name, value)| before.config.get(*name) != Some(value));
    config.extend(new.map(|(name, value)| (name.clone(), value.clone())));
    if !config.is_empty() {
        changes.push(Change { config, ..Change::default() });
    }
    // A secret is there before a bag refers to it.
    for secret in after.secrets() {
        changes.extend(of_secret(before.secret(&secret.id), secret));
    }
    for relation in after.relations() {
        changes.extend(of_relation(before.relation(relation.id), relation));
    }
    for (id, run) in after.actions.iter().filter(|(id, _)| !before.actions.contains_key(*id)) {
        let (id, name, params) = (id.clone(), run.name.clone(), run.params.clone());
        let action = Some(ActionChange { id, name, params, ..ActionChange::default() });
        changes.push(Change { action, ..Change::default() });
    }
    changes
}

/// What makes one bag of another: an empty value deletes. `None` if nothing has to be done.
fn of_bag(before: &Bag, after: &Bag) -> Option<Bag> {
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), String::new()));
    let new = after.iter().filter(|(key, value)| before.get(*key) != Some(value));
    let all: Bag = gone.chain(new.map(|(key, value)| (key.clone(), value.clone()))).collect();
    (!all.is_empty()).then_some(all)
}

fn of_relation(before: Option<&Relation>, after: &Relation) -> Option<Change> {
    let none = Relation::default();
    let old = before.unwrap_or(&none);
    let empty = Bag::new();
    let units = |one: &Relation| one.units.clone().unwrap_or_default();
    let (had, has) = (units(old), units(after));
    let mut changed: BTreeMap<String, Option<Bag>> =
        had.keys().filter(|unit| !has.contains_key(*unit)).map(|unit| (unit.clone(), None)).collect();
    for (unit, bag) in &has {
        let (was, is) = (had.get(unit), bag.clone().unwrap_or_default());
        let difference = of_bag(was.and_then(Option::as_ref).unwrap_or(&empty), &is);
        if was.is_none() || difference.is_some() {
            changed.insert(unit.clone(), Some(difference.unwrap_or_default()));
        }
    }
    let bag = |one: &Relation| one.remote_app_bag.clone().unwrap_or_default();
    let change = RelationChange {
        id: after.id,
        units: changed,
        remote_app_bag: of_bag(&bag(old), &bag(after)),
        life: if old.life == after.life { String::new() } else { after.life.clone() },
        suspended: (old.suspended != after.suspended).then_some(after.suspended),
        ..RelationChange::default()
    };
    if before.is_some() && change == (RelationChange { id: after.id, ..RelationChange::default() }) {
        return None;
    }
    let relation = RelationChange {
        endpoint: after.endpoint.clone(),
        role: after.role.clone(),
        interface: after.interface.clone(),
        remote_app: after.remote_app.clone(),
        ..change
    };
    Some(Change { relation: Some(relation), ..Change::default() })
}

fn of_secret(before: Option<&Secret>, after: &Secret) -> Vec<Change> {
    let latest = before.map_or(0, |one| one.latest);
    let id = || SecretChange { id: after.id.clone(), owner: after.owner.clone(), ..SecretChange::default() };
    let new = |revision: &&Revision| revision.number > latest;
    let mut changes: Vec<SecretChange> = (after.revisions.iter().flatten())
        .filter(new)
        .map(|revision| SecretChange { new_revision: revision.content.clone(), ..id() })
        .collect();
    let grants = |one: &Secret| -> Vec<String> {
        one.grants.iter().flatten().map(|grant| grant.subject.clone()).collect()
    };
    let had = before.map(grants).unwrap_or_default();
    let has = grants(after);
    let granted = has.iter().filter(|subject| !had.contains(subject));
    changes.extend(granted.map(|subject| SecretChange { grant: subject.clone(), ..id() }));
    let revoked = had.iter().filter(|subject| !has.contains(subject));
    changes.extend(revoked.map(|subject| SecretChange { revoke: subject.clone(), ..id() }));
    changes.into_iter().map(|secret| Change { secret: Some(secret), ..Change::default() }).collect()
}
