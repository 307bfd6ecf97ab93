//! What the world does to a unit.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::model::or_default;
use super::{
    ActionRun, Bag, Consumer, Controller, Grant, ModelError, Relation, Revision, Secret, Storage, Time,
    merge, normalise,
};

/// One change to the world. Any number of parts may be set; they come in the order of the fields.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// What the operator sets; `null` resets an option.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
    /// Whether the application is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<bool>,
    /// Whether the unit leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<bool>,
    /// What the leader shares; an empty value deletes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader_settings: Option<Bag>,
    /// The unit's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// A relation comes, changes or goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<RelationChange>,
    /// A secret comes, changes or goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretChange>,
    /// A storage comes, changes or goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageChange>,
    /// An action is asked for, or called off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionChange>,
    /// The charm is refreshed, or a resource attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charm: Option<CharmChange>,
    /// The unit's life.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// The application's life.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app: String,
    /// How a failed hook is resolved: `retry-hooks`, `no-hooks` or `""`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
    /// The time for update-status comes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub update_status: bool,
    /// A container's Pebble.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pebble: Option<PebbleChange>,
}

impl From<PebbleChange> for Change {
    fn from(change: PebbleChange) -> Self {
        Self { pebble: Some(change), ..Self::default() }
    }
}

/// A relation comes, changes or goes. Bags are merged, an empty value deletes; a unit without a bag departs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RelationChange {
    /// The relation's number.
    pub id: i64,
    /// Our endpoint.
    pub endpoint: String,
    /// `provider`, `requirer` or `peer`.
    pub role: String,
    /// The interface.
    pub interface: String,
    /// The application at the other end.
    pub remote_app: String,
    /// The remote units.
    #[serde(deserialize_with = "or_default")]
    pub units: BTreeMap<String, Option<Bag>>,
    /// The remote application's bag.
    pub remote_app_bag: Option<Bag>,
    /// Our application's bag, as the leader writes it.
    pub local_app_bag: Option<Bag>,
    /// The relation's life.
    pub life: String,
    /// Whether it is suspended.
    pub suspended: Option<bool>,
    /// It is gone at once.
    pub removed: bool,
}

/// A secret comes, changes or goes.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SecretChange {
    /// The id.
    pub id: String,
    /// Who owns it: `unit`, `app`, or a name.
    pub owner: String,
    /// The owner's label.
    pub label: String,
    /// How often it is rotated.
    pub rotate: String,
    /// In how many seconds it is to be rotated.
    pub rotate_in_s: Option<i64>,
    /// In how many seconds it expires.
    pub expire_in_s: Option<i64>,
    /// Who may read it now.
    pub grant: String,
    /// Who may not any more.
    pub revoke: String,
    /// The content of a new revision.
    pub new_revision: Option<Bag>,
    /// Which revision a consumer tracks, by unit.
    #[serde(deserialize_with = "or_default")]
    pub track: BTreeMap<String, i64>,
    /// The revisions that go.
    #[serde(deserialize_with = "or_default")]
    pub remove_revisions: Vec<i64>,
    /// It goes as a whole.
    pub removed: bool,
}

/// The content is not shown.
impl std::fmt::Debug for SecretChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretChange")
            .field("id", &self.id)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// A storage comes, changes or goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StorageChange {
    /// `name/N`.
    pub id: String,
    /// The attachment's life.
    pub life: String,
    /// Where it is.
    pub location: String,
    /// Whether it is not there yet.
    pub unprovisioned: Option<bool>,
    /// It is gone at once.
    pub removed: bool,
}

/// An action is asked for, or called off.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionChange {
    /// The id.
    pub id: String,
    /// The action.
    pub name: String,
    /// What it is given.
    pub params: Option<Map<String, Value>>,
    /// Whether it may run beside others.
    pub parallel: bool,
    /// It is called off.
    pub cancel: bool,
}

/// The charm is refreshed; without a URL, only a resource is attached.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CharmChange {
    /// The charm.
    pub url: String,
    /// The folder with its files; without it, the files stay the same.
    pub dir: String,
    /// Whether it is replaced even while a hook is in error.
    pub force: bool,
}

/// Something happens to a container's Pebble.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PebbleChange {
    /// The container.
    pub container: String,
    /// Whether it answers.
    pub up: Option<bool>,
    /// It starts anew. Its notices survive.
    pub restart: bool,
    /// Its notices do not.
    pub fresh: bool,
    /// The key of a custom notice.
    pub notice: String,
    /// The id that a real Pebble gave to it; of the agent's own Pebble without.
    pub notice_id: String,
    /// A check that fails.
    pub check_failed: String,
    /// A check that succeeds again.
    pub check_recovered: String,
}

impl Controller {
    /// Lets a change happen, as far as the controller knows of it.
    ///
    /// # Errors
    ///
    /// The model would be none.
    pub fn apply(&mut self, change: &Change) -> Result<(), ModelError> {
        let now = self.now();
        let model = self.model_mut();
        for (name, value) in &change.config {
            if value.is_null() {
                model.config.remove(name);
            } else {
                model.config.insert(name.clone(), value.clone());
            }
        }
        model.trust = change.trust.unwrap_or(model.trust);
        model.leader = change.leader.unwrap_or(model.leader);
        if let Some(settings) = &change.leader_settings {
            merge(model.leader_settings.get_or_insert_default(), settings);
        }
        if let Some(address) = &change.address {
            model.private_address.clone_from(address);
        }
        if let Some(relation) = &change.relation {
            relation.apply(model);
        }
        if let Some(secret) = &change.secret {
            secret.apply(model, now)?;
        }
        if let Some(storage) = &change.storage {
            storage.apply(model);
        }
        if let Some(action) = &change.action {
            action.apply(model);
        }
        if let Some(charm) = &change.charm {
            if !charm.url.is_empty() {
                model.charm_url.clone_from(&charm.url);
                let dir = if charm.dir.is_empty() { model.charm_dir.clone() } else { charm.dir.clone() };
                model.charms.insert(charm.url.clone(), dir);
            }
            model.force_charm = charm.force;
            model.charm_modified_version += 1;
        }
        if !change.unit.is_empty() {
            model.life.clone_from(&change.unit);
        }
        if !change.app.is_empty() {
            model.app_life.clone_from(&change.app);
        }
        if let Some(resolved) = &change.resolved {
            model.resolved.clone_from(resolved);
        }
        normalise::model(model)?;
        normalise::live(model);
        Ok(())
    }
}

impl RelationChange {
    fn apply(&self, model: &mut super::Model) {
        let relations = model.relations.get_or_insert_default();
        if self.removed {
            // The agent still knows one that it has entered.
            relations
                .iter_mut()
                .filter(|one| one.id == self.id && one.in_scope)
                .for_each(|one| one.gone = true);
            return relations.retain(|one| one.id != self.id || one.gone);
        }
        if !relations.iter().any(|one| one.id == self.id && !one.gone) {
            relations.push(
                Relation {
                    id: self.id,
                    endpoint: self.endpoint.clone(),
                    role: self.role.clone(),
                    interface: self.interface.clone(),
                    remote_app: self.remote_app.clone(),
                    units: Some(BTreeMap::new()),
                    members: Some(Vec::new()),
                    ..Relation::default()
                }
                .into(),
            );
        }
        let Some(one) = relations.iter_mut().find(|one| one.id == self.id && !one.gone) else { return };
        let one = &mut **one;
        for (name, bag) in &self.units {
            let units = one.units.get_or_insert_default();
            let Some(bag) = bag else {
                units.remove(name);
                one.unit_versions.remove(name);
                continue;
            };
            let held = units.entry(name.clone()).or_default();
            let version = one.unit_versions.entry(name.clone()).or_default();
            if !bag.is_empty() {
                merge(held.get_or_insert_default(), bag);
                *version += 1;
            }
        }
        for (bag, held) in
            [(&self.remote_app_bag, &mut one.remote_app_bag), (&self.local_app_bag, &mut one.local_app_bag)]
        {
            if let Some(bag) = bag {
                merge(held.get_or_insert_default(), bag);
                one.app_version += 1;
            }
        }
        if !self.life.is_empty() {
            one.life.clone_from(&self.life);
        }
        one.suspended = self.suspended.unwrap_or(one.suspended);
    }
}

impl SecretChange {
    fn apply(&self, model: &mut super::Model, now: jiff::Timestamp) -> Result<(), ModelError> {
        let unit = model.unit.clone();
        let secrets = model.secrets.get_or_insert_default();
        if !secrets.iter().any(|one| one.id == self.id) {
            let owner = self.owner.clone();
            secrets.push(Secret { id: self.id.clone(), owner, ..Secret::default() }.into());
        }
        let Some(one) = secrets.iter_mut().find(|one| one.id == self.id) else { return Ok(()) };
        let one = &mut **one;
        for (text, held) in [(&self.label, &mut one.label), (&self.rotate, &mut one.rotate)] {
            if !text.is_empty() {
                held.clone_from(text);
            }
        }
        let at = |seconds: i64| {
            let at = now.checked_add(SignedDuration::from_secs(seconds));
            at.map(Time::utc).map_err(|error| ModelError::Content(error.to_string()))
        };
        if let Some(seconds) = self.rotate_in_s {
            one.next_rotate = Some(at(seconds)?);
        }
        if let Some(seconds) = self.expire_in_s {
            one.expire = Some(at(seconds)?);
        }
        if !self.grant.is_empty() {
            let grant = Grant { subject: self.grant.clone(), ..Grant::default() };
            one.grants.get_or_insert_default().push(grant);
        }
        if !self.revoke.is_empty() {
            one.grants.get_or_insert_default().retain(|grant| grant.subject != self.revoke);
            // The subject's tracking goes with it.
            one.consumers.remove(&unit);
        }
        if let Some(content) = &self.new_revision {
            one.latest += 1;
            let revision = Revision { number: one.latest, content: Some(content.clone()) };
            one.revisions.get_or_insert_default().push(revision);
            let latest = one.latest;
            one.consumers.values_mut().for_each(|consumer| consumer.latest = latest);
        }
        for (name, revision) in &self.track {
            let consumer = Consumer { current: *revision, latest: one.latest, ..Consumer::default() };
            one.consumers.insert(name.clone(), consumer);
        }
        let gone = &self.remove_revisions;
        one.revisions.get_or_insert_default().retain(|revision| !gone.contains(&revision.number));
        if self.removed {
            secrets.retain(|one| one.id != self.id);
        }
        Ok(())
    }
}

impl StorageChange {
    fn apply(&self, model: &mut super::Model) {
        let all = model.storage.get_or_insert_default();
        if !all.iter().any(|one| one.id == self.id) {
            all.push(Storage { id: self.id.clone(), kind: "filesystem".to_owned(), ..Storage::default() });
        }
        if let Some(one) = all.iter_mut().find(|one| one.id == self.id) {
            for (text, held) in [(&self.life, &mut one.life), (&self.location, &mut one.location)] {
                if !text.is_empty() {
                    held.clone_from(text);
                }
            }
            one.unprovisioned = self.unprovisioned.unwrap_or(one.unprovisioned);
        }
        if self.removed {
            all.retain(|one| one.id != self.id);
        }
    }
}

impl ActionChange {
    fn apply(&self, model: &mut super::Model) {
        match model.actions.get_mut(&self.id) {
            Some(run) if self.cancel => {
                let word = if run.status == "running" { "aborting" } else { "cancelled" };
                word.clone_into(&mut run.status);
            }
            _ => {
                let run = ActionRun {
                    name: self.name.clone(),
                    params: self.params.clone(),
                    status: "pending".to_owned(),
                    parallel: self.parallel,
                    ..ActionRun::default()
                };
                model.actions.insert(self.id.clone(), run);
            }
        }
    }
}
