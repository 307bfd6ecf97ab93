//! The world of one unit: what Juju's controller keeps of it, the agent that tells the charm of it, and what the
//! scripted applications have.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::charm::{Declared, OptionDeclared};
use crate::juju::context::{Agent, Paths};
pub use crate::juju::controller::{Bag, Relation, Secret, Status};
use crate::juju::controller::{Controller, Grant, ModelError, Revision, Shared, merge, relation_tag};
use crate::juju::version::JujuVersion;
use crate::juju::worker::UnitWorker;

/// The world of one unit.
#[derive(Debug)]
pub struct Model {
    /// What the charm declares.
    pub declared: Declared,
    /// The unit's agent as Juju has it, with what the controller keeps.
    pub worker: UnitWorker,
    /// What there is beside each secret of a scripted application.
    theirs: BTreeMap<String, Theirs>,
    next_id: i64,
}

/// A scripted application's secret.
#[derive(Debug, Clone, Copy)]
struct Theirs {
    /// The relation that it goes with.
    relation: i64,
}

impl Model {
    /// The world of a unit that was just added: nothing is set, nothing related. `machine` says that it is on one, and
    /// not on Kubernetes.
    ///
    /// # Errors
    ///
    /// If the charm's name is none that Juju would take.
    pub fn new(
        declared: Declared,
        name: &str,
        leader: bool,
        machine: bool,
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
        let containers: Vec<&String> = declared.containers.keys().collect();
        let charm = paths.charm.display().to_string();
        let kind = if machine { "iaas" } else { "caas" };
        let value = json!({
            "name": name, "uuid": "11111111-2222-4333-8444-555555555555", "type": kind, "unit": unit, "containers": containers,
            "leader": leader, "charm_dir": paths.charm, "config_schema": options, "unit_status": { "status": "waiting", "message": "agent initialising" },
            "networks": { "": { "bind-addresses": address, "egress-subnets": ["127.0.0.1/32"],
                "ingress-addresses": ["127.0.0.1"] } },
        });
        let controller = Controller::live(&value, &charm)?;
        let mut model = Self {
            worker: UnitWorker::new(Agent::new(controller, version, paths), Timestamp::now()).recording(),
            theirs: BTreeMap::new(),
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
        self.worker.juju.controller.model()
    }

    fn kept_mut(&mut self) -> &mut crate::juju::controller::Model {
        self.worker.juju.controller.model_mut()
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
    pub fn relations(&self) -> &[Shared<Relation>] {
        self.kept().relations()
    }

    /// A relation.
    pub fn relation(&self, id: i64) -> Option<&Relation> {
        self.relations().iter().find(|one| one.id == id).map(|one| &**one)
    }

    /// A relation, to be changed behind the charm's back.
    pub fn relation_mut(&mut self, id: i64) -> Option<&mut Relation> {
        self.kept_mut().relations_mut().iter_mut().find(|one| one.id == id).map(|one| &mut **one)
    }

    /// The living relation of an endpoint with an application, if there is one.
    pub fn relation_with(&self, endpoint: &str, app: &str) -> Option<i64> {
        let found =
            |one: &&Shared<Relation>| one.endpoint == endpoint && one.remote_app == app && !is_dying(one);
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
        let unit_versions = units.keys().map(|name| (name.clone(), 1)).collect();
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
            unit_versions,
            members: Some(Vec::new()),
            ..Relation::default()
        };
        self.kept_mut().relations.get_or_insert_default().push(relation.into());
        id
    }

    /// Secrets go with the relation that they belong to.
    pub fn forget_gone(&mut self) {
        let there: BTreeSet<i64> = self.relations().iter().map(|one| one.id).collect();
        let gone = |(id, one): (&String, &Theirs)| (!there.contains(&one.relation)).then(|| id.clone());
        let gone: BTreeSet<String> = self.theirs.iter().filter_map(gone).collect();
        if !gone.is_empty() {
            self.theirs.retain(|id, _| !gone.contains(id));
            self.kept_mut().secrets.get_or_insert_default().retain(|one| !gone.contains(&one.id));
        }
    }

    /// Merges into the other application's bag. Says whether that changed anything.
    pub fn write_remote(&mut self, id: i64, changes: &Bag) -> bool {
        let Some(one) = self.relation_mut(id) else { return false };
        let bag = one.remote_app_bag.get_or_insert_default();
        let before = bag.clone();
        merge(bag, changes);
        let differs = *bag != before;
        // Juju compares versions and not contents.
        one.app_version += i64::from(differs);
        differs
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
        self.kept_mut().secrets.get_or_insert_default().push(secret.into());
        self.theirs.insert(id.clone(), Theirs { relation });
        self.set_granted(&id, granted);
        id
    }

    /// A secret.
    pub fn secret(&self, id: &str) -> Option<&Secret> {
        self.kept().secrets().iter().find(|one| one.id == id).map(|one| &**one)
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

    fn secret_mut(&mut self, id: &str) -> Option<&mut Secret> {
        self.kept_mut().secrets_mut().iter_mut().find(|one| one.id == id).map(|one| &mut **one)
    }

    fn take_id(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id
    }
}

/// Values that must not be printed: the contents of secrets.
pub(crate) fn secret_values(model: &crate::juju::controller::Model) -> Vec<String> {
    let revisions = model.secrets().iter().flat_map(|secret| secret.revisions.iter().flatten());
    let values = revisions.flat_map(|revision| revision.content.iter().flat_map(Bag::values));
    values.filter(|value| value.len() > 3).cloned().collect()
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
        Self::new(declared, "dev", true, false, JujuVersion::default(), Paths::default()).unwrap()
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
        assert_eq!(model.relation(id).unwrap().app_version, 2);
    }

    #[test]
    fn secret_ids_have_the_form_of_jujus() {
        let mut model = Model::for_tests();
        let id = model.add_secret("pg", 1, Bag::new(), true);
        assert_eq!(id.len(), 20);
        assert!(id.ends_with('0') && id.chars().all(|c| c.is_ascii_digit()));
    }
}
