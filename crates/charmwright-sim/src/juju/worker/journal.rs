//! What happened, for whoever looks on.

use serde_json::{Map, Value, json};

use super::Fault;
use crate::juju::controller::{Controller, Phase};
use crate::juju::environment::Variable;

/// What happened, in order: the events of a unit's life, as JSON that others know too.
///
/// One that is silent notes nothing and costs nothing: that is what a search wants.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Journal {
    silent: bool,
    events: Vec<Value>,
    running: Option<(&'static str, String)>,
}

impl Journal {
    /// One that notes nothing.
    pub fn silent() -> Self {
        Self { silent: true, ..Self::default() }
    }

    /// Whether it notes nothing.
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    /// Takes what was noted.
    pub fn take(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    /// What was noted and not taken.
    pub fn events(&self) -> &[Value] {
        &self.events
    }

    /// Notes an event. It is made only if somebody listens.
    pub fn note(&mut self, event: impl FnOnce() -> Value) {
        if !self.silent {
            self.events.push(event());
        }
    }

    /// Notes the requests to the controller that were made since the last time. With `of_run`, those that the charm has
    /// made count as its own; without it, all are the agent's.
    pub(super) fn note_calls(&mut self, controller: &mut Controller, of_run: bool) {
        if self.silent {
            return;
        }
        let calls = controller.take_calls();
        let told = |call: &_| Controller::event(call, of_run && call.phase == Phase::Charm);
        self.events.extend(calls.iter().filter_map(told));
    }

    /// Notes that Juju goes wrong.
    pub fn fault(&mut self, fault: Fault) {
        self.note(|| json!({"fault": fault.title(), "row": fault.row(), "instead": fault.instead()}));
    }

    /// A hook or an action is about to run; it is noted when its environment is known.
    pub(super) fn will_run(&mut self, key: &'static str, name: &str) {
        if !self.silent {
            self.running = Some((key, name.to_owned()));
        }
    }

    /// Notes the hook or the action with what tells it apart from its like. Only the first time counts.
    pub fn begin_run(&mut self, environment: &[Variable]) {
        let Some((key, name)) = self.running.take() else { return };
        let told: Map<String, Value> = environment
            .iter()
            .filter_map(|(name, value)| {
                let name = name.strip_prefix("JUJU_").filter(|name| TOLD.contains(name))?;
                (!value.is_empty()).then(|| (name.to_owned(), Value::from(value.as_str())))
            })
            .collect();
        let mut event = json!({key: name});
        if !told.is_empty() {
            event["env"] = Value::Object(told);
        }
        self.events.push(event);
    }

    /// It was not run after all.
    pub(super) fn end_run(&mut self) {
        self.running = None;
    }
}

/// The variables that tell hooks of one kind apart, without `JUJU_`.
const TOLD: [&str; 15] = [
    "RELATION",
    "RELATION_ID",
    "REMOTE_UNIT",
    "REMOTE_APP",
    "DEPARTING_UNIT",
    "WORKLOAD_NAME",
    "NOTICE_ID",
    "NOTICE_TYPE",
    "NOTICE_KEY",
    "PEBBLE_CHECK_NAME",
    "SECRET_ID",
    "SECRET_LABEL",
    "SECRET_REVISION",
    "STORAGE_ID",
    "ACTION_UUID",
];
