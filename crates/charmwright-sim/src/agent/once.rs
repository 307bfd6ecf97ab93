//! Running a hook or an action once.

use std::time::Instant;

use crate::events::Hook;
use crate::juju::context::Agent;
use crate::juju::environment::Host;
use crate::juju::run::{Charm, Conditions, Ended, Outcome};
use crate::model::{Model, secret_values};
use crate::record::{ActionResult, Record};
use crate::watch::Watch;

/// What became of a run.
#[derive(Debug)]
pub struct Ran {
    /// What it did.
    pub record: Record,
    /// A signal ended it: Juju runs it again at once.
    pub killed: bool,
    /// How the action ended, if it was one, with what was secret in it.
    pub action: Option<ActionResult>,
}

/// Runs a hook or an action once, whatever the charm is: a process or a function. `goes` says that the unit is being
/// removed.
pub fn run(
    model: &mut Model,
    watch: &Watch,
    host: &Host,
    hook: &Hook,
    goes: bool,
    charm: &mut dyn Charm,
) -> Ran {
    let name = hook.name(model);
    let info = hook.info(model, goes);
    let conditions = Conditions { observer: watch, ..Conditions::on(host) };
    watched(&mut model.worker.juju, watch, name, |juju| {
        if let Hook::Action { name, params } = hook {
            let params = params.clone().into_iter().collect();
            let id = Conditions::queue_action(juju, name, params);
            conditions.action(juju, &id, charm)
        } else {
            conditions.hook(juju, &info, false, charm)
        }
    })
    .0
}

/// Runs something of a charm, and makes a record of it.
pub(super) fn watched(
    juju: &mut Agent,
    watch: &Watch,
    name: String,
    run: impl FnOnce(&mut Agent) -> Outcome,
) -> (Ran, Outcome) {
    watch.begin(name);
    let began = Instant::now();
    let outcome = run(juju);
    let mut record = watch.end();
    record.millis = began.elapsed().as_millis();
    record.exit_code = match &outcome.ended {
        Some(Ended::Exited(code)) => Some(*code),
        _ => None,
    };
    record.error = outcome.failure.as_ref().map(ToString::to_string);
    record.take_log(&outcome.log);
    let model = juju.controller.model();
    let action = outcome.action.as_ref().and_then(|id| model.actions.get(id)).map(ActionResult::of);
    record.action.clone_from(&action);
    record.hide(&secret_values(model));
    record.status = Some(model.unit_status.clone());
    let killed = outcome.ended.as_ref().is_some_and(Ended::was_terminated);
    (Ran { record, killed, action }, outcome)
}
