//! What only the unit worker asks: saving, entering and leaving relations, letting storage go.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::model::{Operation, RelationState, SecretState, StorageState, Text};
use super::secrets::next_rotation;
use super::shared::Shared;
use super::{ApiError, Controller, Model, SecretUri, Time, nothing, this_unit};

fn state_args(part: &str, value: Value) -> impl FnOnce(&Model) -> Value + use<> {
    let part = part.to_owned();
    move |model| {
        let mut arg = json!({"tag": model.unit_tag()});
        arg[part] = value;
        json!({"args": [arg]})
    }
}

fn relation_args(model: &Model, id: i64) -> Value {
    let key = model.relation(id).map(|one| model.relation_key(one)).unwrap_or_default();
    json!({"relation-units": [{"relation": super::relation_tag(&key), "unit": model.unit_tag()}]})
}

fn storage_args(model: &Model, id: &str) -> Value {
    let tag = format!("storage-{}", id.replace('/', "-"));
    json!({"ids": [{"storage-tag": tag, "unit-tag": model.unit_tag()}]})
}

impl Controller {
    /// Whether arguments are of use to anybody: a worker that nobody watches makes none.
    fn yaml(&self, state: &impl Text) -> Value {
        if self.needs_args() { state.to_yaml().into() } else { Value::Null }
    }

    /// Saves what the agent does.
    ///
    /// # Errors
    ///
    /// The controller does not take it. So with all that is saved.
    pub fn set_uniter_state(&mut self, state: Shared<Operation>) -> Result<(), ApiError> {
        let args = state_args("uniter-state", self.yaml(&*state));
        self.answer("Uniter.SetState", args, |this| {
            this.model.saved.uniter = Some(state);
            Ok(())
        })
    }

    /// Saves what the charm was told of its relations.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn set_relation_state(
        &mut self,
        states: BTreeMap<i64, Shared<RelationState>>,
    ) -> Result<(), ApiError> {
        let texts: BTreeMap<String, Value> = if self.needs_args() {
            states.iter().map(|(id, state)| (id.to_string(), self.yaml(&**state))).collect()
        } else {
            BTreeMap::new()
        };
        let args = state_args("relation-state", json!(texts));
        self.answer("Uniter.SetState", args, |this| {
            this.model.saved.relation = states;
            Ok(())
        })
    }

    /// Saves which storage the charm was told of.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn set_storage_state(&mut self, state: Shared<StorageState>) -> Result<(), ApiError> {
        let args = state_args("storage-state", self.yaml(&*state));
        self.answer("Uniter.SetState", args, |this| {
            this.model.saved.storage = Some(state);
            Ok(())
        })
    }

    /// Saves what the charm was told of secrets.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn set_secret_state(&mut self, state: Shared<SecretState>) -> Result<(), ApiError> {
        let args = state_args("secret-state", self.yaml(&*state));
        self.answer("Uniter.SetState", args, |this| {
            this.model.saved.secret = Some(state);
            Ok(())
        })
    }

    /// The unit enters a relation: the other side can see it.
    ///
    /// # Errors
    ///
    /// The relation is gone, or it or the unit is about to go.
    pub fn enter_scope(&mut self, id: i64) -> Result<(), ApiError> {
        self.answer(
            "Uniter.EnterScope",
            |model| relation_args(model, id),
            |this| {
                let model = &mut *this.model;
                let alive = model.life.is_empty() || model.life == "alive";
                let address = model.private_address.clone();
                let one = model.relations_mut().iter_mut().find(|one| one.id == id && !one.gone);
                let one = one.ok_or_else(ApiError::denied)?;
                if one.in_scope {
                    return Ok(());
                }
                if one.life != "alive" || !alive {
                    return Err(ApiError::cannot_enter_scope());
                }
                one.in_scope = true;
                if !address.is_empty() {
                    let bag = one.local_unit_bag.get_or_insert_default();
                    for key in ["private-address", "ingress-address"] {
                        bag.insert(key.to_owned(), address.clone());
                    }
                }
                Ok(())
            },
        )
    }

    /// The unit leaves a relation. The last to leave one that goes removes it.
    ///
    /// # Errors
    ///
    /// The relation is gone.
    pub fn leave_scope(&mut self, id: i64) -> Result<(), ApiError> {
        self.answer(
            "Uniter.LeaveScope",
            |model| relation_args(model, id),
            |this| {
                let relations = this.model.relations.get_or_insert_default();
                let one = relations.iter_mut().find(|one| one.id == id && !one.gone);
                let one = one.ok_or_else(ApiError::denied)?;
                one.in_scope = false;
                if one.life != "alive" {
                    relations.retain(|one| one.id != id);
                }
                Ok(())
            },
        )
    }

    /// Forgets relations that are gone, except those that the agent still knows.
    pub fn forget_gone(&mut self, known: &BTreeSet<i64>) {
        if self.model.relations().iter().any(|one| one.gone && !known.contains(&one.id)) {
            let relations = self.model.relations.get_or_insert_default();
            relations.retain(|one| !one.gone || known.contains(&one.id));
        }
    }

    /// The unit is gone.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn ensure_dead(&mut self) -> Result<(), ApiError> {
        self.answer("Uniter.EnsureDead", this_unit, |this| {
            "dead".clone_into(&mut this.model.life);
            Ok(())
        })
    }

    /// The unit is to go.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn destroy(&mut self) -> Result<(), ApiError> {
        self.answer("Uniter.Destroy", this_unit, |this| {
            if this.model.life == "alive" {
                "dying".clone_into(&mut this.model.life);
            }
            Ok(())
        })
    }

    /// The unit's subordinates are to go.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn destroy_all_subordinates(&mut self) -> Result<(), ApiError> {
        self.answer("Uniter.DestroyAllSubordinates", this_unit, |_| Ok(()))
    }

    /// The operator's word on a failed hook was heeded.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn clear_resolved(&mut self) -> Result<(), ApiError> {
        self.answer("Uniter.ClearResolved", this_unit, |this| {
            this.model.resolved.clear();
            Ok(())
        })
    }

    /// The unit runs a charm.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn set_charm_url(&mut self, url: &str) -> Result<(), ApiError> {
        self.answer(
            "Uniter.SetCharmURL",
            |model| json!({"entities": [{"tag": model.unit_tag(), "charm-url": url}]}),
            |this| {
                url.clone_into(&mut this.model.unit_charm_url);
                Ok(())
            },
        )
    }

    /// A storage is not the unit's any more.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn remove_storage_attachment(&mut self, id: &str) -> Result<(), ApiError> {
        self.answer(
            "Uniter.RemoveStorageAttachments",
            |model| storage_args(model, id),
            |this| {
                this.model.storage.get_or_insert_default().retain(|one| one.id != id);
                Ok(())
            },
        )
    }

    /// All storage of the unit is to go.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn destroy_unit_storage_attachments(&mut self) -> Result<(), ApiError> {
        self.answer("Uniter.DestroyUnitStorageAttachments", this_unit, |this| {
            for one in this.model.storage.get_or_insert_default().iter_mut().filter(|one| one.life == "alive")
            {
                "dying".clone_into(&mut one.life);
            }
            Ok(())
        })
    }

    /// An action is failed without being run.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn fail_action(&mut self, id: &str, message: &str) -> Result<(), ApiError> {
        match self.finish_action(id, "failed", &serde_json::Map::new(), message) {
            Err(error) if error.is_gone() => Ok(()),
            done => done,
        }
    }

    /// The newest revision and the label of secrets that the unit reads; none for one that is gone or forbidden.
    ///
    /// # Errors
    ///
    /// The controller does not answer.
    pub fn consumer_secrets_revision_info(
        &mut self,
        uris: &[String],
    ) -> Result<BTreeMap<String, (i64, String)>, ApiError> {
        self.answer("SecretsManager.GetConsumerSecretsRevisionInfo", nothing, |this| {
            let model = &this.model;
            let info = |uri: &String| {
                let secret = model.secret_at(uri)?;
                let consumer = secret.consumers.get(&model.unit).filter(|_| model.may_read(secret))?;
                let own = consumer.label.is_empty() && model.owns(secret);
                let label = if own { &secret.label } else { &consumer.label };
                Some((uri.clone(), (consumer.latest, label.clone())))
            };
            Ok(uris.iter().filter_map(info).collect())
        })
    }

    /// A secret's hook has run: when is it to be rotated next? Juju takes that for secrets of applications only.
    ///
    /// # Errors
    ///
    /// There is no such secret, or it is not the application's.
    pub fn secret_rotated(&mut self, uri: &str, original: i64, skip: bool) -> Result<(), ApiError> {
        self.answer(
            "SecretsManager.SecretsRotated",
            |_| json!({"args": [{"uri": uri, "original-revision": original, "skip": skip}]}),
            |this| {
                let id = uri.parse::<SecretUri>().map_err(|error| ApiError::new(error.to_string()))?.id;
                let (now, app) = (this.now, this.model.app().to_owned());
                let secret = this.model.secrets_mut().iter_mut().find(|one| one.id == id);
                let secret =
                    secret.ok_or_else(|| ApiError::not_found(format!("secret {}", super::quoted(uri))))?;
                if secret.owner != app {
                    return Err(ApiError::denied());
                }
                let last = secret.next_rotate.map_or(now, Time::timestamp);
                let Some(mut next) = next_rotation(&secret.rotate, last) else { return Ok(()) };
                let forced = Time::utc(last + jiff::SignedDuration::from_mins(5));
                let expires = secret.expire.filter(|expire| expire.timestamp() < next.timestamp());
                let before = expires.is_some_and(|expire| forced.timestamp() < expire.timestamp());
                if before || !skip && secret.latest == original {
                    next = forced;
                }
                secret.next_rotate = Some(next);
                Ok(())
            },
        )
    }
}
