//! Relations: which there are, and what is in their bags.

use std::collections::BTreeMap;

use super::{Failure, JujuVersion, Run, Side};
use crate::juju::controller::{Bag, RelationInfo, is_application, is_unit, quoted, relation_tag};

/// One relation in one run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ContextRelation {
    info: RelationInfo,
    broken: bool,
    /// The bags of units that are no members, read in this run.
    others: BTreeMap<String, Bag>,
    applications: BTreeMap<String, Bag>,
    unit: Option<OwnBag>,
    application: Option<OwnBag>,
}

/// A bag of our own: read once, and then changed here. Empty values are deleted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OwnBag {
    settings: Bag,
    changed: bool,
}

/// What hook commands see of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationView {
    /// The number.
    pub id: i64,
    /// Our endpoint.
    pub name: String,
    /// The key: both ends, the requirer first.
    pub key: String,
    /// The application at the other end.
    pub remote_app: String,
    /// The model of that application.
    pub remote_model_uuid: String,
    /// `alive`, `dying` or `dead`.
    pub life: String,
    /// Whether the operator has suspended it.
    pub suspended: bool,
    /// The units that are members, in order.
    pub units: Vec<String>,
}

impl RelationView {
    /// `endpoint:number`
    pub fn fake_id(&self) -> String {
        format!("{}:{}", self.name, self.id)
    }
}

impl ContextRelation {
    pub(super) fn new(info: RelationInfo, broken: bool) -> Self {
        Self {
            info,
            broken,
            others: BTreeMap::new(),
            applications: BTreeMap::new(),
            unit: None,
            application: None,
        }
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.info.endpoint
    }

    pub(super) fn tag(&self) -> String {
        relation_tag(&self.info.key)
    }

    /// What is to be written at the end: the unit's bag if it was read at all, the application's if it was changed.
    pub(super) fn final_settings(&self) -> (Option<&Bag>, Option<&Bag>) {
        let unit = self.unit.as_ref().map(|own| &own.settings);
        let application = self.application.as_ref().filter(|own| own.changed).map(|own| &own.settings);
        (unit, application)
    }
}

fn no_relation() -> Failure {
    Failure::not_found("relation")
}

impl Run<'_> {
    /// The relation that the run is about.
    ///
    /// # Errors
    ///
    /// It is about none.
    pub fn hook_relation(&self) -> Result<i64, Failure> {
        let id = self.context.relation_id.ok_or_else(no_relation)?;
        self.known_relation(id)?;
        Ok(id)
    }

    /// The unit at the other end that the run is about.
    ///
    /// # Errors
    ///
    /// It is about none.
    pub fn remote_unit_name(&self) -> Result<String, Failure> {
        match self.context.remote_unit.as_str() {
            "" => Err(Failure::not_found("remote unit")),
            unit => Ok(unit.to_owned()),
        }
    }

    /// The application at the other end that the run is about.
    ///
    /// # Errors
    ///
    /// It is about none.
    pub fn remote_application_name(&self) -> Result<String, Failure> {
        match self.context.remote_app.as_str() {
            "" => Err(Failure::not_found("saas application")),
            app => Ok(app.to_owned()),
        }
    }

    fn known_relation(&self, id: i64) -> Result<&ContextRelation, Failure> {
        self.context.relations.get(&id).ok_or_else(no_relation)
    }

    fn known_relation_mut(&mut self, id: i64) -> Result<&mut ContextRelation, Failure> {
        self.context.relations.get_mut(&id).ok_or_else(no_relation)
    }

    /// A relation, as it was when the run began.
    ///
    /// # Errors
    ///
    /// The agent does not know it.
    pub fn relation(&self, id: i64) -> Result<RelationView, Failure> {
        let info = self.known_relation(id)?.info.clone();
        let units = self.agent.members(id).into_iter().flat_map(BTreeMap::keys).cloned().collect();
        Ok(RelationView {
            id,
            name: info.endpoint,
            key: info.key,
            remote_app: info.remote_app,
            remote_model_uuid: info.remote_model_uuid,
            life: info.life,
            suspended: info.suspended,
            units,
        })
    }

    /// The numbers of all relations but those that are being broken.
    ///
    /// # Errors
    ///
    /// None.
    pub fn relation_ids(&self) -> Result<Vec<i64>, Failure> {
        let whole = self.context.relations.iter().filter(|(_, relation)| !relation.broken);
        Ok(whole.map(|(id, _)| *id).collect())
    }

    /// A bag of our own, with what this run has changed in it.
    ///
    /// # Errors
    ///
    /// The relation is gone, or the unit may not read it.
    pub fn own_settings(&mut self, id: i64, side: Side) -> Result<Bag, Failure> {
        let own = self.own_bag(id, side)?;
        Ok(own
            .settings
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect())
    }

    /// Changes a bag of our own. Empty values delete.
    ///
    /// # Errors
    ///
    /// The relation is gone, or the unit may not read it.
    pub fn change_own_settings(&mut self, id: i64, side: Side, changes: &Bag) -> Result<(), Failure> {
        let own = self.own_bag(id, side)?;
        if !changes.is_empty() {
            own.changed = true;
            own.settings.extend(changes.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        Ok(())
    }

    fn own_bag(&mut self, id: i64, side: Side) -> Result<&mut OwnBag, Failure> {
        let relation = self.known_relation(id)?;
        let known = match side {
            Side::Unit => relation.unit.is_some(),
            Side::Application => relation.application.is_some(),
        };
        let read = if known {
            None
        } else {
            let key = relation.info.key.clone();
            Some(match side {
                Side::Unit => self.controller().read_settings(&key).map_err(Failure::from)?,
                Side::Application => {
                    let read = self.controller().read_local_application_settings(&key);
                    read.map_err(|error| Failure::from(error.of_request()))?
                }
            })
        };
        let relation = self.known_relation_mut(id)?;
        let slot = match side {
            Side::Unit => &mut relation.unit,
            Side::Application => &mut relation.application,
        };
        Ok(slot.get_or_insert_with(|| OwnBag { settings: read.unwrap_or_default(), changed: false }))
    }

    /// The bag of a unit at the other end. A member's is kept until a hook for that member.
    ///
    /// # Errors
    ///
    /// The relation is gone, or the unit is none of it.
    pub fn read_settings(&mut self, id: i64, unit: &str) -> Result<Bag, Failure> {
        let relation = self.known_relation(id)?;
        let member = self.agent.members(id).and_then(|members| members.get(unit));
        let cached = match member {
            Some(bag) => bag.as_ref(),
            None => relation.others.get(unit),
        };
        if let Some(bag) = cached {
            return Ok(bag.clone());
        }
        let is_member = member.is_some();
        let bag = self.read_remote(id, unit)?;
        if is_member {
            self.agent.members_mut(id).insert(unit.to_owned(), Some(bag.clone()));
        } else {
            self.known_relation_mut(id)?.others.insert(unit.to_owned(), bag.clone());
        }
        Ok(bag)
    }

    /// The bag of the application at the other end, kept for this run.
    ///
    /// # Errors
    ///
    /// The relation is gone, or the application is none of it.
    pub fn read_application_settings(&mut self, id: i64, app: &str) -> Result<Bag, Failure> {
        if let Some(bag) = self.known_relation(id)?.applications.get(app) {
            return Ok(bag.clone());
        }
        let bag = self.read_remote(id, app)?;
        self.known_relation_mut(id)?.applications.insert(app.to_owned(), bag.clone());
        Ok(bag)
    }

    fn read_remote(&mut self, id: i64, name: &str) -> Result<Bag, Failure> {
        if !is_unit(name) && !is_application(name) {
            return Err(Failure::new(format!("{} is not a valid unit or application", quoted(name))));
        }
        let key = self.known_relation(id)?.info.key.clone();
        let read = self.controller().read_remote_settings(&key, name);
        // Juju 4 says of a relation that is gone what it is; before, it only refuses.
        if read.is_err()
            && self.version() >= JujuVersion::V4_0
            && self.agent.controller.model().relation(id).is_none()
        {
            return Err(no_relation());
        }
        read.map_err(Failure::from)
    }

    /// Sets a relation's status.
    ///
    /// # Errors
    ///
    /// The relation is gone.
    pub fn set_relation_status(&mut self, id: i64, status: &str) -> Result<(), Failure> {
        self.controller().set_relation_status(id, status).map_err(Failure::from)
    }
}
