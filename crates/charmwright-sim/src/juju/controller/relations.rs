//! Relations and their bags.

use serde_json::{Value, json};

use super::{
    ApiError, Bag, Controller, Model, Relation, application_of, is_unit, quoted, relation_tag, tag_of,
};

/// What the agent learns of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationInfo {
    /// The number.
    pub id: i64,
    /// The key: both ends, the requirer first.
    pub key: String,
    /// Our endpoint.
    pub endpoint: String,
    /// Whether it is between the units of one application.
    pub is_peer: bool,
    /// `alive`, `dying` or `dead`.
    pub life: String,
    /// Whether the operator has suspended it.
    pub suspended: bool,
    /// The application at the other end.
    pub remote_app: String,
    /// The model of that application.
    pub remote_model_uuid: String,
}

impl Model {
    /// A relation's key: both ends, the requirer first.
    pub fn relation_key(&self, relation: &Relation) -> String {
        let local = format!("{}:{}", self.app(), relation.endpoint);
        let remote = format!("{}:{}", relation.remote_app, relation.remote_endpoint);
        match relation.role.as_str() {
            "peer" => local,
            "requirer" => format!("{local} {remote}"),
            _ => format!("{remote} {local}"),
        }
    }

    /// The relation of a tag, if the controller still has it.
    pub(super) fn relation_of_tag(&self, tag: &str) -> Option<usize> {
        self.relations()
            .iter()
            .position(|relation| !relation.gone && relation_tag(&self.relation_key(relation)) == tag)
    }

    fn relation_of_key(&self, key: &str) -> Result<&Relation, ApiError> {
        // What is not there is hidden behind a refusal.
        self.relations()
            .iter()
            .map(|relation| &**relation)
            .find(|relation| !relation.gone && self.relation_key(relation) == key)
            .ok_or_else(ApiError::denied)
    }

    fn relation_info(&self, relation: &Relation) -> RelationInfo {
        RelationInfo {
            id: relation.id,
            key: self.relation_key(relation),
            endpoint: relation.endpoint.clone(),
            is_peer: relation.role == "peer",
            life: relation.life.clone(),
            suspended: relation.suspended,
            remote_app: relation.remote_app.clone(),
            remote_model_uuid: relation.remote_model_uuid.clone(),
        }
    }
}

fn unit_in_relation(model: &Model, key: &str) -> Value {
    json!({"relation": relation_tag(key), "unit": model.unit_tag()})
}

impl Controller {
    /// The relations of the unit as its agent lists them, those that are gone too.
    pub fn listed_relations(&mut self) -> Vec<(RelationInfo, Vec<String>)> {
        let listed: Vec<_> = self
            .model
            .relations()
            .iter()
            .map(|relation| {
                let members = relation.members.clone().unwrap_or_default();
                (self.model.relation_info(relation), members)
            })
            .collect();
        for (info, _) in &listed {
            self.record("Uniter.RelationById", Some(json!({"relation-ids": [info.id]})), None);
            let unit = unit_in_relation(&self.model, &info.key);
            self.record("Uniter.Relation", Some(json!({"relation-units": [unit]})), None);
        }
        listed
    }

    /// The unit's own bag.
    ///
    /// # Errors
    ///
    /// The relation is gone.
    pub fn read_settings(&mut self, key: &str) -> Result<Bag, ApiError> {
        self.answer(
            "Uniter.ReadSettings",
            |model| json!({"relation-units": [unit_in_relation(model, key)]}),
            |this| Ok(this.model.relation_of_key(key)?.local_unit_bag.clone().unwrap_or_default()),
        )
    }

    /// The application's own bag.
    ///
    /// # Errors
    ///
    /// The relation is gone, or only the leader may read it.
    pub fn read_local_application_settings(&mut self, key: &str) -> Result<Bag, ApiError> {
        self.answer(
            "Uniter.ReadLocalApplicationSettings",
            |model| unit_in_relation(model, key),
            |this| {
                let relation = this.model.relation_of_key(key)?;
                if relation.role != "peer" && !this.model.leader {
                    return Err(ApiError::denied());
                }
                Ok(relation.local_app_bag.clone().unwrap_or_default())
            },
        )
    }

    /// The bag of a unit or application at the other end.
    ///
    /// # Errors
    ///
    /// The relation is gone, or the name is not one of the other end.
    pub fn read_remote_settings(&mut self, key: &str, name: &str) -> Result<Bag, ApiError> {
        self.answer(
            "Uniter.ReadRemoteSettings",
            |model| {
                json!({"relation-unit-pairs": [{
                    "relation": relation_tag(key), "local-unit": model.unit_tag(), "remote-unit": tag_of(name),
                }]})
            },
            |this| this.model.remote_settings(key, name),
        )
    }

    /// Sets a relation's status.
    ///
    /// # Errors
    ///
    /// The relation is gone.
    pub fn set_relation_status(&mut self, id: i64, status: &str) -> Result<(), ApiError> {
        self.answer(
            "Uniter.SetRelationStatus",
            |model| {
                json!({"args": [{
                    "unit-tag": model.unit_tag(), "relation-id": id, "status": status, "message": "",
                }]})
            },
            |this| {
                let found = this
                    .model
                    .relations_mut()
                    .iter_mut()
                    .find(|relation| relation.id == id && !relation.gone);
                status.clone_into(&mut found.ok_or_else(ApiError::denied)?.status);
                Ok(())
            },
        )
    }
}

impl Model {
    fn remote_settings(&self, key: &str, name: &str) -> Result<Bag, ApiError> {
        let relation = self.relation_of_key(key)?;
        if is_unit(name) {
            if name == self.unit || application_of(name) != relation.remote_app {
                return Err(ApiError::denied());
            }
            let bag = relation.units.as_ref().and_then(|units| units.get(name));
            let never_joined = || {
                let doing =
                    format!("cannot read settings for unit {} in relation {}", quoted(name), quoted(key));
                ApiError::not_found(format!("unit {}: settings", quoted(name))).while_doing(doing)
            };
            return Ok(bag.ok_or_else(never_joined)?.clone().unwrap_or_default());
        }
        if name != relation.remote_app {
            return Err(ApiError::denied());
        }
        let bag = if relation.role == "peer" { &relation.local_app_bag } else { &relation.remote_app_bag };
        Ok(bag.clone().unwrap_or_default())
    }
}
