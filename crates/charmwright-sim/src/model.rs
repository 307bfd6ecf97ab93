//! The world of one unit: what Juju's controller keeps of it, and what the charm was told of that.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::charm::{Declared, OptionDeclared};
use crate::juju::context::{Agent, Paths};
pub use crate::juju::controller::{Bag, Relation, Secret, Status};
use crate::juju::controller::{Controller, Grant, ModelError, Revision, merge, relation_tag};
use crate::juju::version::JujuVersion;

/// The world of one unit.
#[derive(Debug)]
pub struct Model {
    /// What the charm declares.
    pub declared: Declared,
    /// The unit's agent as Juju has it, with what the controller keeps.
    pub juju: Agent,
    /// What the charm was told of each relation.
    pub told: BTreeMap<i64, Told>,
    /// How often each bag of the other sides was changed: Juju compares versions and not contents. An
    /// application's bag is under its name, a unit's under the unit's.
    versions: BTreeMap<(i64, String), u64>,
    /// What there is beside each secret of a scripted application.
    theirs: BTreeMap<String, Theirs>,
    /// Whether the charm has ever set the unit's status.
    pub charm_set_status: bool,
    next_id: i64,
}

/// What the charm was told of a relation.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// `relation-created` has run.
    pub created: bool,
    /// The units that have joined, with the version of their bag that the charm was told of.
    pub members: BTreeMap<String, u64>,
    /// The version of the application's bag that the charm was told of.
    pub app_version: u64,
    /// The unit whose guaranteed `relation-changed` is due.
    pub changed_due: Option<String>,
}

/// A scripted application's secret.
#[derive(Debug, Clone, Copy)]
struct Theirs {
    /// The relation that it goes with.
    relation: i64,
    /// The newest revision that the charm was told of.
    announced: i64,
}

impl Model {
    /// The world of a unit that was just added: nothing is set, nothing related.
    ///
    /// # Errors
    ///
    /// If the charm's name is none that Juju would take.
    pub fn new(
        declared: Declared,
        name: &str,
        leader: bool,
        version: JujuVersion,
        paths: Paths,
    ) -> Result<Self, ModelError> {
        let unit = format!("{}/0", declared.name);
        let address = json!([{ "mac-address": "", "interface-name": "", "addresses": [{ "hostname": "",
            "value": "127.0.0.1", "cidr": "127.0.0.0/8" }] }]);
        let option = |(name, one): (&String, &OptionDeclared)| {
            (name.clone(), json!({ "type": one.type_name(), "default": one.default }))
        };
        let options: Map<String, Value> = declared.config.options.iter().map(option).collect();
        let controller = Controller::from_json(&json!({
            "name": name, "uuid": "11111111-2222-4333-8444-555555555555", "type": "caas", "unit": unit,
            "leader": leader, "charm_dir": paths.charm, "config_schema": options, "unit_status": { "status": "waiting", "message": "agent initialising" },
            "networks": { "": { "bind-addresses": address, "egress-subnets": ["127.0.0.1/32"],
                "ingress-addresses": ["127.0.0.1"] } },
        }))?;
        let mut model = Self {
            juju: Agent::new(controller, version, paths),
            told: BTreeMap::new(),
            versions: BTreeMap::new(),
            theirs: BTreeMap::new(),
            charm_set_status: false,
            next_id: 0,
            declared,
        };
        let peers: Vec<String> = model.declared.peers.keys().cloned().collect();
        let app = model.app().to_owned();
        for endpoint in peers {
            model.relate(&endpoint, &app, []);
        }
        Ok(model)
    }

    fn kept(&self) -> &crate::juju::controller::Model {
        self.juju.controller.model()
    }

    fn kept_mut(&mut self) -> &mut crate::juju::controller::Model {
        self.juju.controller.model_mut()
    }

    /// The unit's name.
    pub fn unit(&self) -> &str {
        &self.kept().unit
    }

    /// The application's name.
    pub fn app(&self) -> &str {
        self.kept().app()
    }

    /// Whether the unit leads.
    pub fn leader(&self) -> bool {
        self.kept().leader
    }

    /// The unit becomes the leader, or another one does.
    pub fn set_leader(&mut self, leader: bool) {
        self.kept_mut().leader = leader;
    }

    /// The unit's workload status.
    pub fn status(&self) -> &Status {
        &self.kept().unit_status
    }

    /// A status that Juju sets by itself.
    pub fn set_status(&mut self, status: &str, message: &str) {
        self.kept_mut().unit_status =
            Status { status: status.to_owned(), message: message.to_owned(), data: None };
    }

    /// The open ports, as `opened-ports` prints them.
    pub fn ports(&self) -> BTreeSet<String> {
        let shown = |port: &crate::juju::controller::Port| match (port.from, port.to) {
            _ if port.protocol == "icmp" => port.protocol.clone(),
            (from, to) if from == to => format!("{from}/{}", port.protocol),
            (from, to) => format!("{from}-{to}/{}", port.protocol),
        };
        self.kept().ports().iter().map(shown).collect()
    }

    /// The charm's own state (`state-set`).
    pub fn charm_state(&self) -> Bag {
        self.kept().charm_state.clone().unwrap_or_default()
    }

    /// Sets an option, as an operator does; `null` resets it.
    pub fn set_option(&mut self, name: &str, value: Value) {
        let config = &mut self.kept_mut().config;
        if value.is_null() {
            config.remove(name);
        } else {
            config.insert(name.to_owned(), value);
        }
    }

    /// The options that are set or have a default.
    pub fn options(&self) -> Map<String, Value> {
        let declared = &self.declared.config.options;
        let set = &self.kept().config;
        let value = |name: &String| set.get(name).or(declared.get(name)?.default.as_ref()).cloned();
        declared
            .keys()
            .filter_map(|name| Some((name.clone(), value(name).filter(|value| !value.is_null())?)))
            .collect()
    }

    /// The relations, in the order of their numbers.
    pub fn relations(&self) -> &[Relation] {
        self.kept().relations()
    }

    /// A relation.
    pub fn relation(&self, id: i64) -> Option<&Relation> {
        self.relations().iter().find(|one| one.id == id)
    }

    /// A relation, to be changed behind the charm's back.
    pub fn relation_mut(&mut self, id: i64) -> Option<&mut Relation> {
        self.kept_mut().relations_mut().iter_mut().find(|one| one.id == id)
    }

    /// The living relation of an endpoint with an application, if there is one.
    pub fn relation_with(&self, endpoint: &str, app: &str) -> Option<i64> {
        let found = |one: &&Relation| one.endpoint == endpoint && one.remote_app == app && !is_dying(one);
        self.relations().iter().find(found).map(|one| one.id)
    }

    /// Our application's bag in a relation; empty if there is no such relation.
    pub fn own_bag(&self, id: i64) -> Bag {
        self.relation(id).and_then(|one| one.local_app_bag.clone()).unwrap_or_default()
    }

    /// Adds a relation with an application and returns its number. With our own application it is the peers'.
    pub fn relate(&mut self, endpoint: &str, app: &str, units: impl IntoIterator<Item = String>) -> i64 {
        let id = self.take_id();
        let address = Bag::from([
            ("egress-subnets".to_owned(), "127.0.0.1/32".to_owned()),
            ("ingress-address".to_owned(), "127.0.0.1".to_owned()),
            ("private-address".to_owned(), "127.0.0.1".to_owned()),
        ]);
        let declared = &self.declared;
        let role = if declared.peers.contains_key(endpoint) {
            "peer"
        } else if declared.provides.contains_key(endpoint) {
            "provider"
        } else {
            "requirer"
        };
        let interface = declared.endpoint(endpoint).map_or("", |one| one.interface()).to_owned();
        let units: BTreeMap<String, Option<Bag>> =
            units.into_iter().map(|name| (name, Some(address.clone()))).collect();
        self.versions.extend(units.keys().map(|name| ((id, name.clone()), 1)));
        let relation = Relation {
            id,
            endpoint: endpoint.to_owned(),
            remote_endpoint: endpoint.to_owned(),
            interface,
            role: role.to_owned(),
            scope: "global".to_owned(),
            life: "alive".to_owned(),
            remote_app: app.to_owned(),
            remote_model_uuid: self.kept().uuid.clone(),
            local_unit_bag: Some(address),
            local_app_bag: Some(Bag::new()),
            remote_app_bag: Some(Bag::new()),
            units: Some(units),
            members: Some(Vec::new()),
            ..Relation::default()
        };
        self.kept_mut().relations.get_or_insert_default().push(relation);
        self.told.insert(id, Told::default());
        id
    }

    /// The relation is gone, and with it the secrets that went with it.
    pub fn forget_relation(&mut self, id: i64) {
        let gone: BTreeSet<String> = self
            .theirs
            .iter()
            .filter(|(_, one)| one.relation == id)
            .map(|(secret, _)| secret.clone())
            .collect();
        self.theirs.retain(|secret, _| !gone.contains(secret));
        self.told.remove(&id);
        self.versions.retain(|(relation, _), _| *relation != id);
        let kept = self.kept_mut();
        kept.relations.get_or_insert_default().retain(|one| one.id != id);
        kept.secrets.get_or_insert_default().retain(|one| !gone.contains(&one.id));
    }

    /// Merges into the other application's bag. Says whether that changed anything.
    pub fn write_remote(&mut self, id: i64, changes: &Bag) -> bool {
        let Some(one) = self.relation_mut(id) else { return false };
        let app = one.remote_app.clone();
        let bag = one.remote_app_bag.get_or_insert_default();
        let before = bag.clone();
        merge(bag, changes);
        let differs = *bag != before;
        *self.versions.entry((id, app)).or_default() += u64::from(differs);
        differs
    }

    /// How often a bag of the other side was changed: that of an application or a unit.
    pub fn version(&self, relation: i64, whose: &str) -> u64 {
        self.versions.get(&(relation, whose.to_owned())).copied().unwrap_or_default()
    }

    /// Adds a secret of another application and returns its id.
    pub fn add_secret(&mut self, owner: &str, relation: i64, content: Bag, granted: bool) -> String {
        let id = format!("{:0>19}0", self.take_id());
        let secret = Secret {
            id: id.clone(),
            owner: owner.to_owned(),
            revisions: Some(vec![Revision { number: 1, content: Some(content) }]),
            latest: 1,
            ..Secret::default()
        };
        self.kept_mut().secrets.get_or_insert_default().push(secret);
        self.theirs.insert(id.clone(), Theirs { relation, announced: 1 });
        self.set_granted(&id, granted);
        id
    }

    /// A secret.
    pub fn secret(&self, id: &str) -> Option<&Secret> {
        self.kept().secrets().iter().find(|one| one.id == id)
    }

    /// Whether our application may read a secret of another one.
    pub fn set_granted(&mut self, id: &str, granted: bool) {
        let Some(theirs) = self.theirs.get(id).copied() else { return };
        let kept = self.kept();
        let scope = self
            .relation(theirs.relation)
            .map(|one| relation_tag(&kept.relation_key(one)))
            .unwrap_or_default();
        let grant = Grant { subject: self.app().to_owned(), scope, role: "view".to_owned() };
        if let Some(secret) = self.secret_mut(id) {
            secret.grants = granted.then(|| vec![grant]);
        }
    }

    /// Gives a secret this content: a new revision if it differs from the last.
    pub fn set_content(&mut self, id: &str, content: Bag) {
        let Some(secret) = self.secret_mut(id) else { return };
        let revisions = secret.revisions.get_or_insert_default();
        if revisions.last().and_then(|last| last.content.as_ref()) == Some(&content) {
            return;
        }
        secret.latest += 1;
        revisions.push(Revision { number: secret.latest, content: Some(content) });
        for consumer in secret.consumers.values_mut() {
            consumer.latest = secret.latest;
        }
    }

    /// A secret that the unit reads and that has a revision which it was not told of, with that revision.
    pub fn changed_secret(&self) -> Option<(&Secret, i64)> {
        let due = |one: &&Secret| {
            let tracked = one.consumers.get(self.unit()).is_some_and(|consumer| consumer.current > 0);
            let granted = one.grants.as_ref().is_some_and(|grants| !grants.is_empty());
            let announced = self.theirs.get(&one.id).map_or(i64::MAX, |theirs| theirs.announced);
            tracked && granted && one.latest > announced
        };
        self.kept().secrets().iter().find(due).map(|one| (one, one.latest))
    }

    /// Notes that the charm was told of a secret's revision.
    pub fn note_announced(&mut self, id: &str, revision: i64) {
        if let Some(theirs) = self.theirs.get_mut(id) {
            theirs.announced = revision;
        }
    }

    /// Values that must not be printed: the contents of secrets.
    pub fn secret_values(&self) -> Vec<String> {
        let revisions = self.kept().secrets().iter().flat_map(|secret| secret.revisions.iter().flatten());
        let values = revisions.flat_map(|revision| revision.content.iter().flat_map(Bag::values));
        values.filter(|value| value.len() > 3).cloned().collect()
    }

    fn secret_mut(&mut self, id: &str) -> Option<&mut Secret> {
        self.kept_mut().secrets_mut().iter_mut().find(|one| one.id == id)
    }

    fn take_id(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id
    }
}

/// Whether a relation is being removed.
pub fn is_dying(relation: &Relation) -> bool {
    relation.life != "alive"
}

/// Whether a relation is the peers' of our own application.
pub fn is_peer(relation: &Relation) -> bool {
    relation.role == "peer"
}

#[cfg(test)]
impl Model {
    /// The world of a leader whose charm declares nothing.
    pub(crate) fn for_tests() -> Self {
        let declared = Declared { name: "app".to_owned(), ..Declared::default() };
        Self::new(declared, "dev", true, JujuVersion::default(), Paths::default()).unwrap()
    }

    pub(crate) fn write_own_bag(&mut self, id: i64, key: &str, value: &str) {
        let bag = &mut self.relation_mut(id).unwrap().local_app_bag;
        bag.get_or_insert_default().insert(key.to_owned(), value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_changes_nothing_is_no_new_version() {
        let mut model = Model::for_tests();
        let id = model.relate("database", "pg", []);
        let mut write =
            |value: &str| model.write_remote(id, &Bag::from([("a".to_owned(), value.to_owned())]));
        assert_eq!([write("1"), write("1"), write(""), write("")], [true, false, true, false]);
        assert_eq!(model.version(id, "pg"), 2);
    }

    #[test]
    fn secret_ids_have_the_form_of_jujus() {
        let mut model = Model::for_tests();
        let id = model.add_secret("pg", 1, Bag::new(), true);
        assert_eq!(id.len(), 20);
        assert!(id.ends_with('0') && id.chars().all(|c| c.is_ascii_digit()));
    }

    #[test]
    fn a_new_revision_is_told_once_to_a_unit_that_reads_the_secret() {
        let mut model = Model::for_tests();
        let relation = model.relate("database", "pg", []);
        let content = |text: &str| Bag::from([("password".to_owned(), text.to_owned())]);
        let id = model.add_secret("pg", relation, content("one"), true);
        model.set_content(&id, content("two"));
        assert!(model.changed_secret().is_none(), "nobody reads it yet");
        let unit = model.unit().to_owned();
        model.secret_mut(&id).unwrap().consumers.entry(unit).or_default().current = 1;
        assert_eq!(model.changed_secret().unwrap().1, 2);
        model.note_announced(&id, 2);
        assert!(model.changed_secret().is_none());
    }
}
