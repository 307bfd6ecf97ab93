//! The sources that tell of the unit, its application, relations, storage and actions.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Ears, Source, hash::hash};
use crate::juju::controller::{Controller, Model, Relation, Shared, settings};
use crate::juju::worker::remote::{Life, RelationHeard, Resolved, StorageHeard};

fn unit(model: &Model) -> (String, String, String, String) {
    (model.life.clone(), model.resolved.clone(), model.provider_id.clone(), model.unit_charm_url.clone())
}

fn is_unit(heard: &(String, String, String, String), model: &Model) -> bool {
    let (life, resolved, provider, charm) = heard;
    *life == model.life
        && *resolved == model.resolved
        && *provider == model.provider_id
        && *charm == model.unit_charm_url
}

fn is_application(heard: &(String, String, bool, i64), model: &Model) -> bool {
    let (life, charm, force, modified) = heard;
    *life == model.app_life
        && *charm == model.charm_url
        && *force == model.force_charm
        && *modified == model.charm_modified_version
}

/// Actions that wait or run, and whether they are being ended.
fn actions(model: &Model) -> impl Iterator<Item = (&String, bool)> {
    model.actions.iter().filter_map(|(id, run)| match run.status.as_str() {
        "pending" | "running" => Some((id, false)),
        "aborting" => Some((id, true)),
        _ => None,
    })
}

/// The newest revision of each secret that the unit reads.
fn consumed(model: &Model) -> impl Iterator<Item = (String, i64)> {
    model.secrets().iter().filter_map(|secret| {
        let consumer = secret.consumers.get(&model.unit)?;
        Some((format!("secret:{}", secret.id), consumer.latest))
    })
}

/// The relations that the controller still has. One that is gone is kept only for the agent that has entered it.
fn present(model: &Model) -> impl Iterator<Item = &Shared<Relation>> + Clone {
    model.relations().iter().filter(|one| !one.gone)
}

fn same_units(one: &Relation, other: &Relation) -> bool {
    one.unit_versions == other.unit_versions
        && one.app_version == other.app_version
        && one.units.iter().flat_map(BTreeMap::keys).eq(other.units.iter().flat_map(BTreeMap::keys))
}

impl Ears {
    /// The sources that have something to tell.
    pub(super) fn changed(&self, model: &Model, sources: &mut Vec<Source>) {
        let heard = &self.heard;
        let mut note = |changed: bool, source: Source| {
            if changed {
                sources.push(source);
            }
        };
        note(!is_unit(&heard.unit, model), Source::Unit);
        note(!is_application(&heard.application, model), Source::Application);
        let config = heard.config.0 == model.unit_charm_url && heard.config.1 == model.config;
        note(!config, Source::Config);
        note(heard.trust != model.trust, Source::Trust);
        let addresses = heard.addresses.0 == model.private_address && heard.addresses.1 == model.networks;
        note(!addresses, Source::Addresses);
        note(self.remote.leader != model.leader, Source::Leadership);
        note(heard.leader_settings != model.leader_settings, Source::LeaderSettings);
        let relations = present(model).map(|one| (one.id, one.life.as_str(), one.suspended));
        let known = heard.relations.iter().map(|(id, (life, suspended))| (*id, life.as_str(), *suspended));
        // The model's are in the order in which they came, which is that of their numbers but for a model that was
        // given otherwise.
        if !relations.clone().eq(known.clone()) {
            let sorted: BTreeMap<_, _> =
                relations.map(|(id, life, suspended)| (id, (life, suspended))).collect();
            let differs = !sorted.into_iter().map(|(id, (life, suspended))| (id, life, suspended)).eq(known);
            note(differs, Source::Relations);
        }
        for (id, last) in &heard.units {
            let now = present(model).find(|one| one.id == *id);
            let same = match (last, now) {
                (Some(last), Some(now)) => Shared::same(last, now) || same_units(last, now),
                (last, now) => last.is_none() && now.is_none(),
            };
            note(!same, Source::RelationUnits(*id));
        }
        let mut storage: Vec<_> = model.storage().iter().map(|one| (&one.id, &one.life)).collect();
        storage.sort();
        note(!storage.into_iter().eq(&heard.storage), Source::Storage);
        for (id, last) in &heard.attachments {
            let now = model.storage().iter().find(|one| one.id == *id);
            note(last.as_ref() != now, Source::StorageAttachment(id.clone()));
        }
        let action = |(id, aborting): (&String, bool)| heard.actions.get(id) != Some(&aborting);
        note(actions(model).any(action), Source::Actions);
        let news = |(uri, latest): &(String, i64)| heard.consumed.get(uri) != Some(latest);
        let gone = consumed(model).count() < heard.consumed.len();
        note(gone || consumed(model).any(|one| news(&one)), Source::ConsumedSecrets);
    }

    /// Hears of one of these sources.
    pub(super) fn hear_world(&mut self, source: &Source, controller: &mut Controller) {
        match source {
            Source::Config => return self.hear_config(controller),
            Source::Relations => return self.hear_relations(controller.model()),
            Source::Storage => return self.hear_storage(controller.model()),
            _ => {}
        }
        let model = controller.model();
        let (heard, remote) = (&mut self.heard, &mut self.remote);
        match source {
            Source::Unit => {
                heard.unit = unit(model);
                remote.life = Life::of(&model.life);
                remote.resolved = Resolved::of(&model.resolved);
            }
            Source::Application => {
                let version = model.charm_modified_version;
                heard.application =
                    (model.app_life.clone(), model.charm_url.clone(), model.force_charm, version);
                // A sidecar waits until its pod is replaced.
                if self.enforced.is_none_or(|enforced| enforced == version) {
                    remote.charm_url = model.charm_url.as_str().into();
                    remote.force_charm = model.force_charm;
                    remote.charm_modified = version;
                }
            }
            Source::Trust => {
                heard.trust = model.trust;
                remote.hashes.trust = hash(&json!(model.trust));
            }
            Source::Addresses => {
                heard.addresses = (model.private_address.clone(), model.networks.clone());
                let networks = if model.networks.is_empty() { json!(null) } else { json!(model.networks) };
                remote.hashes.addresses = hash(&json!([model.private_address, networks]));
            }
            Source::LeaderSettings => {
                heard.leader_settings.clone_from(&model.leader_settings);
                remote.leader_settings += 1;
            }
            Source::Actions => {
                for (id, aborting) in actions(model) {
                    if heard.actions.insert(id.clone(), aborting).is_none() {
                        remote.actions.push(id.clone());
                    }
                }
            }
            Source::RelationUnits(id) => self.hear_units(*id, model),
            Source::StorageAttachment(id) => {
                let now = model.storage().iter().find(|one| one.id == *id);
                match now {
                    None => drop(heard.attachments.remove(id)),
                    Some(now) => {
                        heard.attachments.insert(id.clone(), Some(now.clone()));
                        if !now.unprovisioned {
                            let life = Life::of(&now.life);
                            remote.storage.insert(id.clone(), StorageHeard { life, attached: true });
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn hear_config(&mut self, controller: &Controller) {
        let settings = settings(controller.model());
        let model = controller.model();
        self.heard.config = (model.unit_charm_url.clone(), model.config.clone());
        let failed = settings.is_err();
        let settings = settings.map_or(json!(null), |settings| json!(settings));
        self.remote.hashes.config = hash(&json!([model.unit_charm_url, settings, failed]));
    }

    fn hear_relations(&mut self, model: &Model) {
        let now: BTreeMap<i64, (String, bool)> =
            present(model).map(|one| (one.id, (one.life.clone(), one.suspended))).collect();
        let before = std::mem::replace(&mut self.heard.relations, now.clone());
        for id in before.keys().filter(|id| !now.contains_key(id)) {
            // What was suspended is not watched: it stays as it was heard of last.
            if self.heard.units.remove(id).is_some() {
                self.remote.relations.remove(id);
            }
        }
        for one in present(model).filter(|one| now.get(&one.id) != before.get(&one.id)) {
            let life = Life::of(&one.life);
            let watched = self.heard.units.contains_key(&one.id);
            if watched {
                let known = self.remote.relations.entry(one.id).or_default();
                known.life = life;
                known.suspended = one.suspended;
                if one.suspended {
                    self.heard.units.remove(&one.id);
                }
            } else if !one.suspended {
                self.heard.units.insert(one.id, None);
                let known = RelationHeard { life, suspended: false, ..RelationHeard::default() };
                self.remote.relations.insert(one.id, known.into());
                self.hear_units(one.id, model);
            }
        }
    }

    fn hear_units(&mut self, id: i64, model: &Model) {
        let now = present(model).find(|one| one.id == id);
        let Some(last) = self.heard.units.get_mut(&id) else { return };
        let before = std::mem::replace(last, now.cloned());
        let Some(known) = self.remote.relations.get_mut(&id) else { return };
        let version =
            |one: &Relation, unit: &String| one.unit_versions.get(unit).copied().unwrap_or_default();
        let units = |one: &Relation| one.units.iter().flat_map(BTreeMap::keys).cloned().collect::<Vec<_>>();
        if let Some(now) = now {
            for unit in units(now) {
                let is = version(now, &unit);
                let was =
                    before.as_ref().filter(|one| units(one).contains(&unit)).map(|one| version(one, &unit));
                if was != Some(is) {
                    known.members.insert(unit, is);
                }
            }
            if before.as_ref().map(|one| one.app_version) != Some(now.app_version) {
                known.apps.insert(now.remote_app.clone(), now.app_version);
            }
        }
        let left = now.map(|one| units(one)).unwrap_or_default();
        for unit in before.iter().flat_map(|one| units(one)).filter(|unit| !left.contains(unit)) {
            known.members.remove(&unit);
        }
    }

    fn hear_storage(&mut self, model: &Model) {
        let now: BTreeMap<String, String> =
            model.storage().iter().map(|one| (one.id.clone(), one.life.clone())).collect();
        let before = std::mem::replace(&mut self.heard.storage, now.clone());
        for id in before.keys().filter(|id| !now.contains_key(*id)) {
            self.heard.attachments.remove(id);
            self.remote.storage.remove(id);
        }
        for one in model.storage().iter().filter(|one| now.get(&one.id) != before.get(&one.id)) {
            let life = Life::of(&one.life);
            if let Some(known) = self.remote.storage.get_mut(&one.id) {
                known.life = life;
            } else {
                let heard = StorageHeard { life, attached: !one.unprovisioned };
                self.remote.storage.insert(one.id.clone(), heard);
                self.heard.attachments.insert(one.id.clone(), Some(one.clone()));
            }
        }
    }

    pub(super) fn hear_consumed(&mut self, controller: &mut Controller) {
        let now: BTreeMap<String, i64> = consumed(controller.model()).collect();
        let before = std::mem::replace(&mut self.heard.consumed, now.clone());
        // The first revision is no news.
        let news = now.iter().filter(|(uri, latest)| before.get(*uri) != Some(*latest) && **latest > 1);
        let gone = before.keys().filter(|uri| !now.contains_key(*uri));
        let mut uris: Vec<String> = news.map(|(uri, _)| uri).chain(gone).cloned().collect();
        uris.sort();
        if uris.is_empty() {
            return;
        }
        // A controller that does not answer is one that the agent has lost; it ends for that elsewhere.
        let infos = controller.consumer_secrets_revision_info(&uris).unwrap_or_default();
        let remote = &mut self.remote;
        for uri in uris {
            match infos.get(&uri) {
                Some(info) => drop(remote.consumed.insert(uri, info.clone())),
                None => drop(remote.deleted.insert(uri, Vec::new())),
            }
        }
        let gone = |uri: &String| remote.deleted.get(uri).is_some_and(Vec::is_empty);
        remote.consumed.retain(|uri, _| !gone(uri));
    }
}
