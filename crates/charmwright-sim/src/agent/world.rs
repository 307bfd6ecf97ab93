//! What operators, other applications and the cloud do to the unit.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Agent, AgentError, Setup};
use crate::charm::OptionDeclared;
use crate::juju::controller::{Bag, Change, CharmChange, PebbleChange, Relation, RelationChange};
use crate::juju::run::Conditions;
use crate::model::Model;
use crate::remote::Remote;
use crate::scenario::{Between, CheckOf, OwnBag, RemoteData, Step};

/// The unit's world, and those at the other ends of its relations.
#[derive(Debug)]
pub(crate) struct World {
    /// The unit's world.
    pub(crate) model: Model,
    /// The scripted applications, by name.
    remotes: BTreeMap<String, Remote>,
    /// How often the charm was refreshed.
    refreshes: u32,
}

impl World {
    pub(crate) fn new(model: Model, setup: &Setup) -> Self {
        Self { model, remotes: setup.remotes.clone(), refreshes: 0 }
    }

    /// `juju config`. A value of `null` resets an option.
    ///
    /// # Errors
    ///
    /// If the charm does not declare the option, or the value is not of its type.
    pub(crate) fn set_config(&mut self, values: &BTreeMap<String, Value>) -> Result<(), AgentError> {
        for (name, value) in values {
            check("option", &self.model.declared.config.options, name, value)?;
            self.model.set_option(name, value.clone());
        }
        Ok(())
    }

    /// `juju integrate` with a scripted application; one that is not scripted has one unit and says nothing.
    ///
    /// # Errors
    ///
    /// If the charm does not declare the endpoint, or it is related to that application already.
    pub(crate) fn integrate(&mut self, endpoint: &str, app: &str) -> Result<(), AgentError> {
        let remote = self.remotes.entry(app.to_owned()).or_default().clone();
        if self.model.declared.endpoint(endpoint).is_none() {
            return Err(AgentError::Unknown { what: "endpoint", name: endpoint.to_owned() });
        }
        if self.model.relation_with(endpoint, app).is_some() {
            return Err(AgentError::Related { endpoint: endpoint.to_owned(), app: app.to_owned() });
        }
        let id = self.model.relate(endpoint, app, remote.unit_names(app));
        remote.act(&mut self.model, id);
        Ok(())
    }

    /// `juju remove-relation`.
    ///
    /// # Errors
    ///
    /// If there is no such relation.
    pub(crate) fn remove_relation(&mut self, endpoint: &str, app: &str) -> Result<(), AgentError> {
        let id = self.model.relation_with(endpoint, app);
        let one = id.and_then(|id| self.model.relation_mut(id));
        let one =
            one.ok_or_else(|| AgentError::Unknown { what: "relation", name: format!("{endpoint} {app}") })?;
        "dying".clone_into(&mut one.life);
        Ok(())
    }

    /// Gives a scripted application another script, and lets it act on all its relations.
    pub(crate) fn set_remote(&mut self, app: &str, remote: Remote) {
        self.remotes.insert(app.to_owned(), remote);
        let theirs: Vec<i64> =
            self.model.relations().iter().filter(|one| one.remote_app == app).map(|one| one.id).collect();
        self.act(&theirs);
    }

    /// `juju run`: the action waits for its turn.
    ///
    /// # Errors
    ///
    /// If the charm does not declare the action or one of the parameters, if a value is not of its type, or if a
    /// parameter that must be given is not. Juju runs no charm for these.
    pub(crate) fn run_action(
        &mut self,
        name: &str,
        params: &BTreeMap<String, Value>,
    ) -> Result<(), AgentError> {
        let declared = self.model.declared.actions.get(name);
        let declared =
            declared.ok_or_else(|| AgentError::Unknown { what: "action", name: name.to_owned() })?;
        for (key, value) in params {
            check("parameter", &declared.params, key, value)?;
        }
        if let Some(missing) = declared.required.iter().find(|key| !params.contains_key(*key)) {
            return Err(AgentError::MissingParameter { action: name.to_owned(), name: missing.clone() });
        }
        let params = params.clone().into_iter().collect();
        Conditions::queue_action(&mut self.model.worker.juju, name, params);
        Ok(())
    }

    /// What our side has written in each relation.
    pub(crate) fn own_bags(&self) -> Vec<(i64, Bag, Bag)> {
        let bag = |bag: &Option<Bag>| bag.clone().unwrap_or_default();
        let of = |one: &Relation| (one.id, bag(&one.local_app_bag), bag(&one.local_unit_bag));
        self.model.relations().iter().map(|one| of(one)).collect()
    }

    /// Those at the other end of these relations act.
    pub(crate) fn act(&mut self, relations: &[i64]) {
        for id in relations {
            let app = self.model.relation(*id).map(|one| one.remote_app.clone());
            if let Some(remote) = app.and_then(|app| self.remotes.get(&app)) {
                remote.act(&mut self.model, *id);
            }
        }
    }

    /// A relation, by our endpoint and the other application.
    fn relation_of(&self, between: &Between) -> Result<i64, AgentError> {
        let Between { endpoint, with } = between;
        let unknown = || AgentError::Unknown { what: "relation", name: format!("{endpoint} {with}") };
        let model = self.model.worker.juju.controller.model();
        let found = model.relations().iter().find(|one| one.endpoint == *endpoint && one.remote_app == *with);
        found.map(|one| one.id).ok_or_else(unknown)
    }

    /// `juju refresh`: the change that this is. Each charm has another URL.
    pub(crate) fn refresh(&mut self, force: bool) -> Change {
        self.refreshes += 1;
        let url = format!("local:{}-{}", self.model.app(), self.refreshes);
        let charm = CharmChange { url, force, ..CharmChange::default() };
        Change { charm: Some(charm), ..Change::default() }
    }

    /// The change that a step is, if it is one to what the controller knows.
    ///
    /// # Errors
    ///
    /// It is about a relation that there is not.
    pub(crate) fn change_of(&self, step: &Step) -> Result<Option<Change>, AgentError> {
        let relation = |between: &Between, change: RelationChange| {
            let id = self.relation_of(between)?;
            Ok::<_, AgentError>(Change {
                relation: Some(RelationChange { id, ..change }),
                ..Change::default()
            })
        };
        let suspended = |between: &Between, suspended: bool| {
            relation(between, RelationChange { suspended: Some(suspended), ..RelationChange::default() })
        };
        let none = Change::default;
        Ok(Some(match step {
            Step::Trust(trust) => Change { trust: Some(*trust), ..none() },
            Step::Address(address) => Change { address: Some(address.clone()), ..none() },
            Step::LeaderSettings(bag) => Change { leader_settings: Some(bag.clone()), ..none() },
            Step::RemoteData(RemoteData { endpoint, with, units, bag }) => {
                let between = Between { endpoint: endpoint.clone(), with: with.clone() };
                let (units, remote_app_bag) = (units.clone(), bag.clone());
                relation(&between, RelationChange { units, remote_app_bag, ..RelationChange::default() })?
            }
            Step::OwnBag(OwnBag { endpoint, bag }) => {
                let between = Between { endpoint: endpoint.clone(), with: self.model.app().to_owned() };
                let local_app_bag = Some(bag.clone());
                relation(&between, RelationChange { local_app_bag, ..RelationChange::default() })?
            }
            Step::SuspendRelation(between) => suspended(between, true)?,
            Step::ResumeRelation(between) => suspended(between, false)?,
            Step::Secret(secret) => Change { secret: Some(secret.clone()), ..none() },
            Step::Storage(storage) => Change { storage: Some(storage.clone()), ..none() },
            Step::CheckFailed(CheckOf { container, check }) => Change::from(PebbleChange {
                container: container.clone(),
                check_failed: check.clone(),
                ..PebbleChange::default()
            }),
            Step::CheckRecovered(CheckOf { container, check }) => Change::from(PebbleChange {
                container: container.clone(),
                check_recovered: check.clone(),
                ..PebbleChange::default()
            }),
            Step::Resolved(retry) => {
                let word = if *retry { "retry-hooks" } else { "no-hooks" };
                Change { resolved: Some(word.to_owned()), ..none() }
            }
            Step::AttachResource => Change { charm: Some(CharmChange::default()), ..none() },
            Step::RemoveApplication => Change { unit: "dying".to_owned(), app: "dying".to_owned(), ..none() },
            _ => return Ok(None),
        }))
    }
}

/// What the world does to the unit.
impl Agent {
    /// `juju config`. A value of `null` resets an option.
    ///
    /// # Errors
    ///
    /// If the charm does not declare the option, or the value is not of its type.
    pub fn set_config(&mut self, values: &BTreeMap<String, Value>) -> Result<(), AgentError> {
        self.world.set_config(values)
    }

    /// `juju integrate` with a scripted application; one that is not scripted has one unit and says nothing.
    ///
    /// # Errors
    ///
    /// If the charm does not declare the endpoint, or it is related to that application already.
    pub fn integrate(&mut self, endpoint: &str, app: &str) -> Result<(), AgentError> {
        self.world.integrate(endpoint, app)
    }

    /// `juju remove-relation`.
    ///
    /// # Errors
    ///
    /// If there is no such relation.
    pub fn remove_relation(&mut self, endpoint: &str, app: &str) -> Result<(), AgentError> {
        self.world.remove_relation(endpoint, app)
    }

    /// Gives a scripted application another script, and lets it act on all its relations.
    pub fn set_remote(&mut self, app: &str, remote: Remote) {
        self.world.set_remote(app, remote);
    }

    /// `juju run`: the action waits for its turn.
    ///
    /// # Errors
    ///
    /// If the charm does not declare the action or one of the parameters, if a value is not of its type, or if a
    /// parameter that must be given is not. Juju runs no charm for these.
    pub fn run_action(&mut self, name: &str, params: &BTreeMap<String, Value>) -> Result<(), AgentError> {
        self.world.run_action(name, params)
    }

    /// The unit becomes the leader, or another one does.
    pub fn set_leader(&mut self, leader: bool) {
        self.world.model.set_leader(leader);
    }

    /// The time for `update-status` has come.
    pub fn tick(&mut self) {
        // An agent that does not run has no timer.
        let _ = self.apply(&[Change { update_status: true, ..Change::default() }]);
    }

    /// `juju refresh`: the charm's files are replaced. On Kubernetes the unit gets another pod for it.
    ///
    /// # Errors
    ///
    /// The unit's agent does not run.
    pub fn refresh(&mut self, force: bool) -> Result<(), AgentError> {
        let refresh = self.world.refresh(force);
        self.apply(&[refresh])?;
        if self.world.model.worker.juju.is_kubernetes() { self.replace_pod() } else { Ok(()) }
    }

    /// A hook of any name, such as one of a Juju that is yet to come.
    pub fn custom_hook(&mut self, name: &str) {
        self.custom.push(name.to_owned());
    }

    /// `juju remove-unit`.
    pub fn remove_unit(&mut self) {
        // The model stays one.
        let _ = self.apply(&[Change { unit: "dying".to_owned(), ..Change::default() }]);
    }

    /// Pebble and all in its container end, and start anew.
    ///
    /// # Errors
    ///
    /// If there is no such container, or it does not start.
    pub fn restart_pebble(&mut self, container: &str) -> Result<(), AgentError> {
        Ok(self.pod_mut(container)?.restart_pebble(container)?)
    }

    /// Pebble and all in its container end.
    ///
    /// # Errors
    ///
    /// If there is no such container.
    pub fn stop_pebble(&mut self, container: &str) -> Result<(), AgentError> {
        Ok(self.pod_mut(container)?.stop_pebble(container)?)
    }

    /// Pebble starts.
    ///
    /// # Errors
    ///
    /// If there is no such container, or it does not start.
    pub fn start_pebble(&mut self, container: &str) -> Result<(), AgentError> {
        Ok(self.pod_mut(container)?.start_pebble(container)?)
    }
}

/// Refuses what Juju refuses before any charm sees it.
fn check(
    what: &'static str,
    declared: &BTreeMap<String, OptionDeclared>,
    name: &str,
    value: &Value,
) -> Result<(), AgentError> {
    let declared = declared.get(name).ok_or_else(|| AgentError::Unknown { what, name: name.to_owned() })?;
    if value.is_null() || declared.takes(value) {
        return Ok(());
    }
    let expected = declared.type_name().to_owned();
    Err(AgentError::Value { name: name.to_owned(), expected, value: value.to_string() })
}
