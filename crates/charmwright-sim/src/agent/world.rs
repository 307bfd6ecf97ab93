//! What operators, other applications and the cloud do to the unit.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Agent, AgentError};
use crate::charm::OptionDeclared;
use crate::remote::Remote;

/// What the world does to the unit.
impl Agent {
    /// `juju config`. A value of `null` resets an option.
    ///
    /// # Errors
    ///
    /// If the charm does not declare the option, or the value is not of its type.
    pub fn set_config(&mut self, values: &BTreeMap<String, Value>) -> Result<(), AgentError> {
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
    pub fn integrate(&mut self, endpoint: &str, app: &str) -> Result<(), AgentError> {
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
    pub fn remove_relation(&mut self, endpoint: &str, app: &str) -> Result<(), AgentError> {
        let id = self.model.relation_with(endpoint, app);
        let one = id.and_then(|id| self.model.relation_mut(id));
        let one =
            one.ok_or_else(|| AgentError::Unknown { what: "relation", name: format!("{endpoint} {app}") })?;
        "dying".clone_into(&mut one.life);
        Ok(())
    }

    /// Gives a scripted application another script, and lets it act on all its relations.
    pub fn set_remote(&mut self, app: &str, remote: Remote) {
        self.remotes.insert(app.to_owned(), remote);
        let theirs: Vec<i64> =
            self.model.relations().iter().filter(|one| one.remote_app == app).map(|one| one.id).collect();
        self.remotes_act(&theirs);
    }

    /// `juju run`: the action waits for its turn.
    ///
    /// # Errors
    ///
    /// If the charm does not declare the action or one of the parameters, if a value is not of its type, or if a
    /// parameter that must be given is not. Juju runs no charm for these.
    pub fn run_action(&mut self, name: &str, params: &BTreeMap<String, Value>) -> Result<(), AgentError> {
        let declared = self.model.declared.actions.get(name);
        let declared =
            declared.ok_or_else(|| AgentError::Unknown { what: "action", name: name.to_owned() })?;
        for (key, value) in params {
            check("parameter", &declared.params, key, value)?;
        }
        if let Some(missing) = declared.required.iter().find(|key| !params.contains_key(*key)) {
            return Err(AgentError::MissingParameter { action: name.to_owned(), name: missing.clone() });
        }
        self.life.actions.push((name.to_owned(), params.clone()));
        Ok(())
    }

    /// The unit becomes the leader, or another one does.
    pub fn set_leader(&mut self, leader: bool) {
        self.model.set_leader(leader);
    }

    /// The time for `update-status` has come.
    pub fn tick(&mut self) {
        self.life.tick = true;
    }

    /// The charm's files are replaced: `upgrade-charm`.
    pub fn upgrade(&mut self) {
        self.life.upgraded = true;
    }

    /// A hook of any name, such as one of a Juju that is yet to come.
    pub fn custom_hook(&mut self, name: &str) {
        self.life.custom.push(name.to_owned());
    }

    /// `juju remove-unit`.
    pub fn remove_unit(&mut self) {
        self.life.dying = true;
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

    /// Whether the unit is gone.
    pub fn is_removed(&self) -> bool {
        self.life.removed
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
