//! Running a hook or an action once.

use std::time::Instant;

use crate::events::Hook;
use crate::juju::environment::Host;
use crate::juju::run::{Charm, Conditions, Ended};
use crate::model::Model;
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
    watch.begin(hook.name(model));
    let began = Instant::now();
    let conditions = Conditions { observer: watch, ..Conditions::on(host) };
    let outcome = if let Hook::Action { name, params } = hook {
        let params = params.clone().into_iter().collect();
        let id = Conditions::queue_action(&mut model.juju, name, params);
        conditions.action(&mut model.juju, &id, charm)
    } else {
        let info = hook.info(model, goes);
        conditions.hook(&mut model.juju, &info, false, charm)
    };
    let mut record = watch.end();
    record.millis = began.elapsed().as_millis();
    record.exit_code = match &outcome.ended {
        Some(Ended::Exited(code)) => Some(*code),
        _ => None,
    };
    record.error = outcome.failure.as_ref().map(ToString::to_string);
    record.take_log(&outcome.log);
    let runs = &model.juju.controller.model().actions;
    let action = outcome.action.and_then(|id| runs.get(&id)).map(ActionResult::of);
    record.action.clone_from(&action);
    record.hide(&model.secret_values());
    record.status = Some(model.status().clone());
    let killed = outcome.ended.is_some_and(|ended| ended.was_terminated());
    Ran { record, killed, action }
}
