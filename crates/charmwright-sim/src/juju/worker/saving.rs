//! What the agent saves at the controller, and the statuses that it sets.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Interrupted, UnitWorker};
use crate::juju::context::HookInfo;
use crate::juju::controller::{
    Operation, OperationKind as Kind, RelationState, Shared, Status, Step, quoted,
};

impl UnitWorker {
    /// Saves what the agent does, if that differs.
    pub(super) fn save(&mut self, change: impl FnOnce(&mut Operation)) -> Result<(), Interrupted> {
        let mut state = (*self.process.state).clone();
        change(&mut state);
        if state == *self.process.state {
            return Ok(());
        }
        let state: Shared<Operation> = state.into();
        let saved = state.clone();
        self.call(|controller| controller.set_uniter_state(saved))?;
        self.process.state = state;
        Ok(())
    }

    pub(super) fn save_relation(&mut self, state: Shared<RelationState>) -> Result<(), Interrupted> {
        let mut states = self.process.relations.states.clone();
        states.insert(state.id, state);
        self.save_relations(states)
    }

    pub(super) fn forget_relation_state(&mut self, id: i64) -> Result<(), Interrupted> {
        let mut states = self.process.relations.states.clone();
        if states.remove(&id).is_none() {
            return Err(Interrupted::Error(format!("relation {id} not found")));
        }
        self.save_relations(states)
    }

    fn save_relations(&mut self, states: BTreeMap<i64, Shared<RelationState>>) -> Result<(), Interrupted> {
        let saved = states.clone();
        self.call(|controller| controller.set_relation_state(saved))?;
        self.process.relations.states = states;
        Ok(())
    }

    /// Sets the agent's status, unless it was the last to be set.
    pub(super) fn set_agent_status(
        &mut self,
        status: &str,
        message: &str,
        data: Option<Map<String, Value>>,
    ) -> Result<(), Interrupted> {
        let (last, text) = &self.process.reported;
        if last == status && text == message {
            return Ok(());
        }
        self.process.reported = (status.to_owned(), message.to_owned());
        let status = Status { status: status.to_owned(), message: message.to_owned(), data };
        self.call(|controller| controller.set_agent_status(&status))
    }

    pub(super) fn set_unit_status(&mut self, status: &str, message: &str) -> Result<(), Interrupted> {
        let status = Status { status: status.to_owned(), message: message.to_owned(), data: None };
        self.call(|controller| controller.set_unit_status(&status))
    }

    pub(super) fn report_failed_hook(&mut self, hook: &HookInfo) -> Result<(), Interrupted> {
        let mut data = Map::new();
        let mut name = hook.kind.clone();
        let mut message = name.clone();
        if hook.is_relation() {
            let id = hook.relation_id.unwrap_or_default();
            data.insert("relation-id".to_owned(), json!(id));
            if !hook.remote_unit.is_empty() {
                data.insert("remote-unit".to_owned(), json!(hook.remote_unit));
            }
            match self.endpoint_of(id) {
                Some(endpoint) => {
                    name = format!("{endpoint}-{}", hook.kind);
                    message.clone_from(&name);
                }
                None => message = format!("{}: relation: {id} not found", hook.kind),
            }
        }
        if hook.is_secret() {
            data.insert("secret-uri".to_owned(), json!(hook.secret_uri));
            data.insert("secret-label".to_owned(), json!(hook.secret_label));
        }
        data.insert("hook".to_owned(), json!(name));
        self.set_agent_status("error", &format!("hook failed: {}", quoted(&message)), Some(data))
    }

    /// Our endpoint of a relation that the agent has entered.
    pub(super) fn endpoint_of(&self, id: i64) -> Option<String> {
        self.process.relations.entered.get(&id)?;
        let model = self.juju.controller.model();
        model.relations().iter().find(|one| one.id == id).map(|one| one.endpoint.clone())
    }

    pub(super) fn start_retry(&mut self) {
        let wait = self.ears.backoff.wait();
        self.ears.backoff.start(self.now);
        self.process.retry_started = true;
        self.journal.note(|| json!({"retry_in_s": wait.as_secs()}));
    }

    pub(super) fn stop_retry(&mut self) {
        self.process.stop_retry(&mut self.ears.backoff);
    }

    /// Sets where the agent is, with all that is not named left empty.
    pub(super) fn save_at(
        &mut self,
        kind: Kind,
        step: Step,
        change: impl FnOnce(&mut Operation),
    ) -> Result<(), Interrupted> {
        self.save(|state| {
            state.kind = kind;
            state.step = step;
            state.hook = None;
            state.change_version = 0;
            state.hook_step = None;
            state.action_id = None;
            state.charm = String::new();
            change(state);
        })
    }
}
