//! The sources that tell of the secrets that the unit owns, or its application while it leads.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Source;
use crate::juju::controller::{Model, Revision, Secret};
use crate::juju::worker::remote::Remote;
use crate::juju::worker::triggers::{Kind, TriggerChange, Triggers};

/// What was told of them last. All of it begins anew when the leadership changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct SecretsHeard {
    leads: bool,
    obsolete: BTreeSet<(String, i64)>,
    there: BTreeMap<String, BTreeSet<i64>>,
    rotations: BTreeMap<String, Timestamp>,
    expiries: BTreeMap<String, (i64, Timestamp)>,
    rotate: Triggers,
    expire: Triggers,
}

fn numbers(secret: &Secret) -> BTreeSet<i64> {
    secret.revisions.iter().flatten().map(|revision: &Revision| revision.number).collect()
}

fn is_obsolete(secret: &Secret, number: i64) -> bool {
    number < secret.latest && secret.consumers.values().all(|consumer| consumer.current != number)
}

impl SecretsHeard {
    /// The owner is another one: all is looked at anew. What is there already was not deleted.
    pub(super) fn restart(&mut self, model: &Model, leads: bool) {
        *self = Self { leads, ..Self::default() };
        self.there = self.now_there(model);
    }

    fn owned<'a>(&self, model: &'a Model) -> impl Iterator<Item = &'a Secret> {
        let leads = self.leads;
        let owns = move |secret: &&Secret| secret.owner == model.unit || leads && secret.owner == model.app();
        model.secrets().iter().map(|secret| &**secret).filter(owns)
    }

    fn now_there(&self, model: &Model) -> BTreeMap<String, BTreeSet<i64>> {
        self.owned(model).map(|secret| (secret.id.clone(), numbers(secret))).collect()
    }

    fn now_obsolete(&self, model: &Model) -> BTreeSet<(String, i64)> {
        let of = |secret: &Secret| {
            let id = secret.id.clone();
            let old: Vec<i64> =
                numbers(secret).into_iter().filter(|number| is_obsolete(secret, *number)).collect();
            old.into_iter().map(move |number| (id.clone(), number))
        };
        self.owned(model).flat_map(of).collect()
    }

    fn now_rotations(&self, model: &Model) -> BTreeMap<String, Timestamp> {
        self.owned(model)
            .filter_map(|secret| Some((secret.id.clone(), secret.next_rotate?.timestamp())))
            .collect()
    }

    fn now_expiries(&self, model: &Model) -> BTreeMap<String, (i64, Timestamp)> {
        self.owned(model)
            .filter_map(|secret| Some((secret.id.clone(), (secret.latest, secret.expire?.timestamp()))))
            .collect()
    }

    /// The sources that have something to tell.
    pub(super) fn changed(&self, model: &Model, sources: &mut Vec<Source>) {
        let nothing = self.there.is_empty() && self.rotations.is_empty() && self.expiries.is_empty();
        if nothing && model.secrets().is_empty() {
            return;
        }
        let mut note = |changed: bool, source: Source| {
            if changed {
                sources.push(source);
            }
        };
        note(self.now_obsolete(model) != self.obsolete, Source::ObsoleteRevisions);
        note(self.now_there(model) != self.there, Source::DeletedRevisions);
        note(self.now_rotations(model) != self.rotations, Source::Rotations);
        note(self.now_expiries(model) != self.expiries, Source::Expiries);
    }

    /// Hears of one of these sources.
    pub(super) fn hear(&mut self, source: &Source, model: &Model, remote: &mut Remote, now: Timestamp) {
        match source {
            Source::ObsoleteRevisions => {
                let is = self.now_obsolete(model);
                let before = std::mem::replace(&mut self.obsolete, is.clone());
                for (id, number) in is.difference(&before) {
                    let known = remote.obsolete.entry(format!("secret:{id}")).or_default();
                    if !known.contains(number) {
                        known.push(*number);
                        known.sort_unstable();
                    }
                }
            }
            Source::DeletedRevisions => {
                let is = self.now_there(model);
                let before = std::mem::replace(&mut self.there, is.clone());
                for (id, numbers) in before {
                    let uri = format!("secret:{id}");
                    match is.get(&id) {
                        None => drop(remote.deleted.insert(uri, Vec::new())),
                        Some(left) if *left != numbers => {
                            let gone = numbers.difference(left).copied();
                            let mut gone = gone.peekable();
                            if gone.peek().is_some() {
                                remote.deleted.entry(uri).or_default().extend(gone);
                            }
                        }
                        Some(_) => {}
                    }
                }
                let deleted = &remote.deleted;
                remote.obsolete.retain(|uri, _| deleted.get(uri).is_none_or(|gone| !gone.is_empty()));
            }
            Source::Rotations => {
                let is = self.now_rotations(model);
                let before = std::mem::replace(&mut self.rotations, is.clone());
                let news = is.iter().filter(|(id, at)| before.get(*id) != Some(*at));
                let mut changes: Vec<TriggerChange> =
                    news.map(|(id, at)| TriggerChange { key: id.clone(), at: Some(*at) }).collect();
                let gone = before.keys().filter(|id| !is.contains_key(*id));
                changes.extend(gone.map(|id| TriggerChange { key: id.clone(), at: None }));
                self.rotate.change(changes, now, Kind::Rotation);
            }
            Source::Expiries => {
                let is = self.now_expiries(model);
                let before = std::mem::replace(&mut self.expiries, is.clone());
                let key = |id: &String, number: i64| format!("{id}/{number}");
                let news = is.iter().filter(|(id, one)| before.get(*id) != Some(*one));
                let mut changes: Vec<TriggerChange> = news
                    .map(|(id, (number, at))| TriggerChange { key: key(id, *number), at: Some(*at) })
                    .collect();
                let gone = before.iter().filter(|(id, _)| !is.contains_key(*id));
                changes
                    .extend(gone.map(|(id, (number, _))| TriggerChange { key: key(id, *number), at: None }));
                self.expire.change(changes, now, Kind::Expiry);
            }
            _ => {}
        }
    }

    pub(super) fn next_timer(&self) -> Option<Timestamp> {
        self.rotate.next_timer().into_iter().chain(self.expire.next_timer()).min()
    }

    /// Fires the timers that are due. Says whether something came of it.
    pub(super) fn fire(&mut self, remote: &mut Remote, now: Timestamp) -> bool {
        let rotate = self.rotate.fire(now, Kind::Rotation).into_iter().map(|id| format!("secret:{id}"));
        let expire = self.expire.fire(now, Kind::Expiry);
        let mut any = false;
        for (due, list) in
            rotate.map(|uri| (uri, true)).chain(expire.into_iter().map(|revision| (revision, false)))
        {
            let list_of = if list { &mut remote.rotations } else { &mut remote.expired };
            any = true;
            if !list_of.contains(&due) {
                list_of.push(due);
            }
        }
        any
    }
}
