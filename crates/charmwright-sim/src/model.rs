//! The world of one unit, as Juju's controller keeps it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::charm::Declared;

/// A databag.
pub type Bag = BTreeMap<String, String>;

/// The world of one unit.
#[derive(Debug, Clone)]
pub struct Model {
    /// What the charm declares.
    pub declared: Declared,
    /// The model's name.
    pub name: String,
    /// The application's name.
    pub app: String,
    /// The unit's name.
    pub unit: String,
    /// Whether the unit leads.
    pub leader: bool,
    /// The options that an operator has set.
    pub config: BTreeMap<String, Value>,
    /// The relations, by number.
    pub relations: BTreeMap<u64, Relation>,
    /// The secrets of the scripted applications, by id.
    pub secrets: BTreeMap<String, Secret>,
    /// The unit's workload status.
    pub status: Status,
    /// Every status that the unit has had, the oldest first.
    pub history: Vec<Status>,
    /// The application's status, if the charm has set one.
    pub app_status: Option<Status>,
    /// The open ports, as `opened-ports` prints them.
    pub ports: BTreeSet<String>,
    /// The workload's version.
    pub version: String,
    /// The charm's own state (`state-set`).
    pub state: Bag,
    next_id: u64,
}

/// A workload status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// `active`, `blocked` and so on.
    pub status: String,
    /// What is shown beside it.
    pub message: String,
    /// Who set it: the charm, or Juju itself.
    #[serde(skip)]
    pub by_charm: bool,
}

/// A relation, seen from our unit.
#[derive(Debug, Clone)]
pub struct Relation {
    /// Our endpoint.
    pub endpoint: String,
    /// Whether it is a peer relation.
    pub peer: bool,
    /// The other application.
    pub app: String,
    /// Our application's bag.
    pub local_app: Bag,
    /// Our unit's bag.
    pub local_unit: Bag,
    /// Their application's bag.
    pub remote_app: Versioned,
    /// Their units, each with its bag.
    pub units: BTreeMap<String, Versioned>,
    /// Whether it is being removed.
    pub dying: bool,
    /// What the agent has told the charm.
    pub told: Told,
}

/// A bag whose changes are counted, as Juju compares versions and not contents.
#[derive(Debug, Clone, Default)]
pub struct Versioned {
    /// The content.
    pub bag: Bag,
    /// Grows with every change.
    pub version: u64,
}

impl Versioned {
    /// Merges, as `relation-set` does: an empty value deletes. Says whether anything changed.
    pub fn merge(&mut self, changes: &Bag) -> bool {
        let before = self.bag.clone();
        merge(&mut self.bag, changes);
        let differs = self.bag != before;
        self.version += u64::from(differs);
        differs
    }
}

/// Merges changes into a bag: an empty value deletes its key.
pub fn merge(bag: &mut Bag, changes: &Bag) {
    for (key, value) in changes {
        if value.is_empty() {
            bag.remove(key);
        } else {
            bag.insert(key.clone(), value.clone());
        }
    }
}

/// What the agent has told the charm of a relation.
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

/// A secret of a scripted application.
#[derive(Debug, Clone)]
pub struct Secret {
    /// The application that owns it.
    pub owner: String,
    /// The contents, the oldest first; revisions count from 1.
    pub revisions: Vec<Bag>,
    /// Whether our application may read it.
    pub granted: bool,
    /// The relation that it goes with.
    pub relation: u64,
    /// The revision that our unit tracks; 0 if it has not read it.
    pub tracked: u64,
    /// The newest revision that the charm was told of.
    pub announced: u64,
    /// The label that our unit gave it.
    pub label: String,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.status)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl Secret {
    /// The newest revision.
    pub fn latest(&self) -> u64 {
        self.revisions.len() as u64
    }

    /// The content of a revision.
    pub fn content(&self, revision: u64) -> Option<&Bag> {
        self.revisions.get(usize::try_from(revision.checked_sub(1)?).ok()?)
    }
}

impl Model {
    /// The world of a unit that was just added: nothing is set, nothing related.
    pub fn new(declared: Declared, name: &str, leader: bool) -> Self {
        let app = declared.name.clone();
        let status = Status {
            status: "waiting".to_owned(),
            message: "agent initialising".to_owned(),
            by_charm: false,
        };
        let mut model = Self {
            unit: format!("{app}/0"),
            app,
            name: name.to_owned(),
            leader,
            config: BTreeMap::new(),
            relations: BTreeMap::new(),
            secrets: BTreeMap::new(),
            history: vec![status.clone()],
            status,
            app_status: None,
            ports: BTreeSet::new(),
            version: String::new(),
            state: Bag::new(),
            next_id: 0,
            declared,
        };
        let peers: Vec<String> = model.declared.peers.keys().cloned().collect();
        for endpoint in peers {
            let app = model.app.clone();
            model.relate(&endpoint, &app, true, []);
        }
        model
    }

    /// Adds a relation and returns its number.
    pub fn relate(
        &mut self,
        endpoint: &str,
        app: &str,
        peer: bool,
        units: impl IntoIterator<Item = String>,
    ) -> u64 {
        let id = self.take_id();
        let address = Bag::from([
            ("egress-subnets".to_owned(), "127.0.0.1/32".to_owned()),
            ("ingress-address".to_owned(), "127.0.0.1".to_owned()),
            ("private-address".to_owned(), "127.0.0.1".to_owned()),
        ]);
        let unit = |name| (name, Versioned { bag: address.clone(), version: 1 });
        let relation = Relation {
            endpoint: endpoint.to_owned(),
            peer,
            app: app.to_owned(),
            local_app: Bag::new(),
            local_unit: address.clone(),
            remote_app: Versioned::default(),
            units: units.into_iter().map(unit).collect(),
            dying: false,
            told: Told::default(),
        };
        self.relations.insert(id, relation);
        id
    }

    /// The living relation of an endpoint with an application, if there is one.
    pub fn relation_with(&self, endpoint: &str, app: &str) -> Option<u64> {
        let found =
            self.relations.iter().find(|(_, one)| one.endpoint == endpoint && one.app == app && !one.dying);
        found.map(|(id, _)| *id)
    }

    /// Adds a secret and returns its id: 20 characters, as Juju's ids have them.
    pub fn add_secret(&mut self, owner: &str, relation: u64, content: Bag, granted: bool) -> String {
        let number = self.take_id();
        let id = format!("{number:0>19}0");
        let secret = Secret {
            owner: owner.to_owned(),
            revisions: vec![content],
            granted,
            relation,
            tracked: 0,
            announced: 1,
            label: String::new(),
        };
        self.secrets.insert(id.clone(), secret);
        id
    }

    /// Sets the unit's workload status.
    pub fn set_status(&mut self, status: &str, message: &str, by_charm: bool) {
        self.status = Status { status: status.to_owned(), message: message.to_owned(), by_charm };
        self.history.push(self.status.clone());
    }

    /// Whether the charm has ever set the unit's status.
    pub fn charm_set_status(&self) -> bool {
        self.history.iter().any(|status| status.by_charm)
    }

    /// The options as `config-get` prints them.
    pub fn options(&self) -> BTreeMap<String, Value> {
        let options = self.declared.config.options.keys();
        options.filter_map(|name| Some((name.clone(), self.declared.option(name, &self.config)?))).collect()
    }

    /// Values that must not be printed: the contents of secrets.
    pub fn secret_values(&self) -> Vec<&str> {
        let bags = self.secrets.values().flat_map(|secret| &secret.revisions);
        bags.flat_map(Bag::values).map(String::as_str).filter(|value| value.len() > 3).collect()
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_changes_nothing_is_no_new_version() {
        let mut bag = Versioned::default();
        assert!(bag.merge(&Bag::from([("a".to_owned(), "1".to_owned())])));
        assert!(!bag.merge(&Bag::from([("a".to_owned(), "1".to_owned())])));
        assert!(bag.merge(&Bag::from([("a".to_owned(), String::new())])));
        assert_eq!((bag.version, bag.bag.len()), (2, 0));
    }

    #[test]
    fn secret_ids_have_the_form_of_jujus() {
        let mut model = Model::new(Declared::default(), "dev", true);
        let id = model.add_secret("pg", 1, Bag::new(), true);
        assert_eq!(id.len(), 20);
        assert!(id.ends_with('0') && id.chars().all(|c| c.is_ascii_digit()));
    }
}
