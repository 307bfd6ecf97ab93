//! Operations in their steps: prepared and saved, run, saved as done, committed.

use serde_json::json;

use super::operation::{HookOp, Op};
use super::{Fault, Interrupted, Phase, Runner, UnitWorker};
use crate::juju::context::HookInfo;
use crate::juju::controller::{OperationKind as Kind, Step, quoted};
use crate::juju::run::{Ended, Outcome, Rebooting};

/// How far an operation has come. Between two of these the agent can die, and the world can change.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// It is saved as pending; the charm runs next.
    Charm(Op, String),
    /// A hook has run, and what it changed is committed; it is not saved as done.
    Ran(HookOp, Ran),
    /// An action has run; it is not saved as done.
    ActionRan(String),
    /// It is saved as done; it is to be committed.
    Done(Op),
    /// All but the last save.
    Committed(Op),
}

/// How a hook has ended, as far as the agent cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ran {
    /// Whether the charm has set its status.
    status_set: bool,
    /// Whether the machine is to be rebooted, and the hook run again.
    reboot: Option<bool>,
}

impl Stage {
    pub(super) fn running(&self) -> Option<String> {
        match self {
            Self::Charm(_, name) => Some(name.clone()),
            _ => None,
        }
    }
}

impl UnitWorker {
    /// Begins an operation.
    pub(super) fn take_op(&mut self, op: &Op, runner: &mut dyn Runner) -> Result<Option<Stage>, Interrupted> {
        if let Op::Enter { id, .. } = op {
            self.enter_relation(*id)?;
            return Ok(None);
        }
        self.journal.note(|| json!({"op": op.to_string()}));
        let begun = self.begin(op, runner);
        if let Err(Interrupted::Error(text)) = &begun
            && let Op::Hook(hook) = op
        {
            self.workload_done(hook, Some(text));
        }
        begun.map_err(|why| self.failed("preparing", op, why))
    }

    /// What an operation was interrupted by, with what was done to it, as Juju says it.
    fn failed(&self, doing: &str, op: &Op, why: Interrupted) -> Interrupted {
        match why {
            Interrupted::Error(text) => {
                let (op, unit) = (quoted(&op.to_string()), &self.juju.controller.model().unit);
                Interrupted::Error(format!("{doing} operation {op} for {unit}: {text}"))
            }
            why => why,
        }
    }

    fn begin(&mut self, op: &Op, runner: &mut dyn Runner) -> Result<Option<Stage>, Interrupted> {
        match op {
            Op::Hook(hook) => self.begin_hook(hook),
            Op::Action { id } => self.begin_action(id, runner),
            Op::FailAction { id } => {
                self.save_action(id, Step::Pending)?;
                self.call(|controller| controller.fail_action(id, "action terminated"))?;
                self.save_action(id, Step::Done)?;
                Ok(Some(Stage::Done(op.clone())))
            }
            Op::Script { .. } => {
                self.set_agent_status("executing", "running commands", None)?;
                Ok(Some(Stage::Charm(op.clone(), "juju-exec".to_owned())))
            }
            Op::Install { url } => self.deploy(op, Kind::Install, url, runner),
            Op::Upgrade { url, .. } => self.deploy(op, Kind::Upgrade, url, runner),
            Op::AcceptLeadership if self.process.state.kind != Kind::Continue => {
                Err(Interrupted::Error("cannot accept leadership".to_owned()))
            }
            Op::ResignLeadership => {
                if self.process.state.leader {
                    self.journal.note(|| {
                        json!({"log": "we should run a leader-deposed hook here, but we can't yet",
                            "level": "WARNING"})
                    });
                }
                Ok(Some(Stage::Done(op.clone())))
            }
            Op::Skip(hook) => {
                if hook.info.is_workload() {
                    self.goes_wrong(Fault::SkippedPebbleHook);
                }
                Ok(Some(Stage::Done(op.clone())))
            }
            Op::Enter { .. } | Op::AcceptLeadership | Op::SecretsRemoved { .. } => {
                Ok(Some(Stage::Done(op.clone())))
            }
        }
    }

    /// Prepares a hook. One that has lost its reason is only committed.
    fn begin_hook(&mut self, op: &HookOp) -> Result<Option<Stage>, Interrupted> {
        let all = Op::Hook(op.clone());
        let Some(name) = self.prepare_hook(&op.info)? else {
            return Ok(Some(Stage::Done(all)));
        };
        let (info, version) = (op.info.clone(), op.version);
        self.save_at(Kind::RunHook, Step::Pending, |state| {
            state.hook = Some(info);
            state.change_version = version;
        })?;
        self.process.local.retry_hook = op.captured.retry_hook;
        match op.info.kind.as_str() {
            "install" if !self.process.state.status_set => {
                self.set_unit_status("maintenance", "installing charm software")?;
            }
            "stop" => self.set_unit_status("maintenance", "stopping charm software")?,
            "remove" => self.set_unit_status("maintenance", "cleaning up prior to charm deletion")?,
            _ => {}
        }
        if name != "update-status" {
            self.set_agent_status("executing", &op.message(&name), None)?;
        }
        Ok(Some(Stage::Charm(all, name)))
    }

    /// The hook's full name; `None` if it is not to be run after all.
    fn prepare_hook(&mut self, info: &HookInfo) -> Result<Option<String>, Interrupted> {
        if info.is_relation() {
            let id = info.relation_id.unwrap_or_default();
            if !self.process.relations.entered.contains_key(&id) {
                return Ok(None);
            }
            self.check_relation_hook(info)?;
            let endpoint = self.endpoint_of(id).unwrap_or_default();
            return Ok(Some(format!("{endpoint}-{}", info.kind)));
        }
        if let Some(why) = self.check_storage(info) {
            return Err(Interrupted::Error(why));
        }
        let leads = self.juju.controller.model().leader;
        if info.kind == "leader-elected" && !leads {
            return Ok(None);
        }
        if info.is_secret() && info.kind != "secret-changed" && !leads && self.of_application(info) {
            // Juju would look at the secret's owner, but who does not lead cannot see that.
            if !self.goes_wrong(Fault::RotateByNonLeader) {
                return Ok(None);
            }
        }
        Ok(Some(self.juju.hook_name(info)))
    }

    fn of_application(&self, info: &HookInfo) -> bool {
        let model = self.juju.controller.model();
        model.secret_at(&info.secret_uri).is_some_and(|secret| secret.owner == model.app())
    }

    fn begin_action(&mut self, id: &str, runner: &mut dyn Runner) -> Result<Option<Stage>, Interrupted> {
        let op = Op::Action { id: id.to_owned() };
        let model = self.juju.controller.model();
        let Some(name) = model.actions.get(id).map(|run| run.name.clone()) else {
            return Ok(Some(Stage::Done(op)));
        };
        if let Err(why) = runner.check_action(&self.juju, id) {
            self.call(|controller| controller.fail_action(id, &why))?;
            return Ok(Some(Stage::Done(op)));
        }
        self.call(|controller| controller.begin_action(id))?;
        self.save_action(id, Step::Pending)?;
        self.set_agent_status("executing", &format!("running action {name}"), None)?;
        Ok(Some(Stage::Charm(op, name)))
    }

    fn save_action(&mut self, id: &str, step: Step) -> Result<(), Interrupted> {
        let (hook, version) = (self.process.state.hook.clone(), self.process.state.change_version);
        let id = id.to_owned();
        self.save_at(Kind::RunAction, step, |state| {
            state.hook = hook;
            state.change_version = version;
            state.action_id = Some(id);
        })
    }

    /// Puts the charm's files where they are run.
    fn deploy(
        &mut self,
        op: &Op,
        kind: Kind,
        url: &str,
        runner: &mut dyn Runner,
    ) -> Result<Option<Stage>, Interrupted> {
        let state = &self.process.state;
        if state.kind == kind && state.charm == url && state.step == Step::Done {
            return Ok(Some(Stage::Done(op.clone())));
        }
        self.call(|controller| controller.set_charm_url(url))?;
        for step in [Step::Pending, Step::Done] {
            let state = &self.process.state;
            let kept = matches!(state.kind, Kind::RunHook | Kind::Upgrade);
            let (hook, version) = (state.hook.clone().filter(|_| kept), state.change_version);
            let (hook_step, charm) = (state.hook_step, url.to_owned());
            // Juju forgets at this place whether the hook had been run at all.
            let queued = state.kind == Kind::RunHook && state.step == Step::Queued && self.ideal;
            let hook_step = if queued { Some(Step::Queued) } else { hook_step };
            if step == Step::Done {
                let files = runner.deploy(&mut self.juju, url);
                self.check_severed()?;
                self.endpoints = files.map_err(Interrupted::Error)?.map(Into::into);
                self.deployed = true;
            } else if state.kind == Kind::RunHook && state.step == Step::Queued && hook.is_some() {
                self.goes_wrong(Fault::NeverRanIsFailed);
            }
            self.save_at(kind, step, |state| {
                state.change_version = if hook.is_some() { version } else { 0 };
                state.hook = hook;
                state.hook_step = hook_step;
                state.charm = charm;
            })?;
        }
        Ok(Some(Stage::Done(op.clone())))
    }

    /// Goes on with an operation.
    pub(super) fn advance_stage(
        &mut self,
        stage: Stage,
        runner: &mut dyn Runner,
    ) -> Result<Option<Stage>, Interrupted> {
        match stage {
            Stage::Charm(Op::Hook(op), name) => self.run_hook(op, &name, runner).map(Some),
            Stage::Charm(Op::Action { id }, name) => self.run_action(id, &name, runner).map(Some),
            Stage::Charm(Op::Script { id }, _) => self.run_script(id, runner).map(Some),
            Stage::Charm(op, _) => Ok(Some(Stage::Done(op))),
            Stage::Ran(op, ran) => self.after_hook(op, ran).map(Some),
            Stage::ActionRan(id) => {
                self.save_action(&id, Step::Done)?;
                Ok(Some(Stage::Done(Op::Action { id })))
            }
            Stage::Done(op) => {
                let ended = self.commit(&op);
                if let Op::Hook(hook) = &op {
                    let text = match &ended {
                        Err(Interrupted::Error(text)) => Some(text.clone()),
                        _ => None,
                    };
                    if !matches!(ended, Err(Interrupted::Severed)) {
                        self.workload_done(hook, text.as_deref());
                    }
                }
                ended.map_err(|why| self.failed("committing", &op, why))?;
                Ok(Some(Stage::Committed(op)))
            }
            Stage::Committed(op) => {
                self.save_committed(&op)?;
                Ok(None)
            }
        }
    }

    /// Notes what a run did: the hook, what it asked of the controller, how it ended.
    fn note_run(&mut self, name: &str, outcome: &Outcome) {
        if self.journal.is_silent() {
            return;
        }
        match &outcome.environment {
            Some(environment) => self.journal.begin_run(environment),
            None => self.journal.end_run(),
        }
        self.note_calls(outcome);
        let mut ended = json!({"ended": name});
        if outcome.missing {
            ended["missing"] = json!(true);
        } else if let Some(failure) = &outcome.failure {
            ended["error"] = json!(failure.to_string());
        }
        self.journal.note(|| ended);
    }

    fn note_calls(&mut self, outcome: &Outcome) {
        let (juju, mut hearing) = self.hearing();
        hearing.note_calls(&mut juju.controller);
        for record in outcome.log.iter().filter(|record| record.module.ends_with(".juju-log")) {
            self.journal.note(|| json!({"juju_log": record.message}));
        }
    }

    fn run_hook(&mut self, op: HookOp, name: &str, runner: &mut dyn Runner) -> Result<Stage, Interrupted> {
        self.journal.will_run("hook", name);
        let (juju, hearing) = self.hearing();
        let outcome = runner.hook(juju, hearing, &op.info);
        self.note_run(name, &outcome);
        let killed = outcome.ended.as_ref().is_some_and(Ended::was_terminated);
        if killed && outcome.reboot.is_none() {
            let (info, version) = (op.info.clone(), op.version);
            // Whether that is saved or not, the rules are walked again.
            let _ = self.save_at(Kind::RunHook, Step::Queued, |state| {
                state.hook = Some(info);
                state.change_version = version;
                state.hook_step = Some(Step::Queued);
            });
            self.workload_done(&op, Some("terminated"));
            return Err(Interrupted::CharmKilled);
        }
        self.check_severed()?;
        let reboot = outcome.reboot.map(|when| when == Rebooting::Now);
        if outcome.failure.is_some() && reboot.is_none() {
            self.workload_done(&op, Some("hook failed"));
            return Err(Interrupted::HookFailed);
        }
        Ok(Stage::Ran(op, Ran { status_set: outcome.status_set, reboot }))
    }

    /// The statuses that Juju sets after a hook, and the save.
    fn after_hook(&mut self, op: HookOp, ran: Ran) -> Result<Stage, Interrupted> {
        let set = ran.status_set || self.process.state.status_set;
        match op.info.kind.as_str() {
            "stop" => self.set_unit_status("maintenance", "")?,
            "remove" => self.set_unit_status("terminated", "")?,
            "start" if !set => self.set_unit_status("unknown", "")?,
            "relation-broken" if self.juju.controller.model().leader => {
                let id = op.info.relation_id.unwrap_or_default();
                let known = self.process.relations.entered.get(&id);
                if known.is_some_and(|one| one.suspended) {
                    self.call(|controller| controller.set_relation_status(id, "suspended"))?;
                }
            }
            _ => {}
        }
        let step = if ran.reboot == Some(true) { Step::Queued } else { Step::Done };
        let (info, version) = (op.info.clone(), op.version);
        self.save_at(Kind::RunHook, step, |state| {
            state.hook = Some(info);
            state.change_version = version;
            state.hook_step = Some(step);
            state.status_set |= set;
        })?;
        if ran.reboot.is_some() {
            return Err(Interrupted::Reboot);
        }
        Ok(Stage::Done(Op::Hook(op)))
    }

    fn run_action(&mut self, id: String, name: &str, runner: &mut dyn Runner) -> Result<Stage, Interrupted> {
        self.journal.will_run("action", name);
        let (juju, hearing) = self.hearing();
        let outcome = runner.action(juju, hearing, &id);
        self.note_run(name, &outcome);
        self.check_severed()?;
        Ok(Stage::ActionRan(id))
    }

    fn run_script(&mut self, id: u64, runner: &mut dyn Runner) -> Result<Stage, Interrupted> {
        let script = self.ears.scripts.remove(&id).unwrap_or_default();
        self.journal.note(|| json!({"exec": script}));
        let (juju, hearing) = self.hearing();
        let outcome = runner.script(juju, hearing, &script);
        self.note_calls(&outcome);
        self.check_severed()?;
        let mut ended = json!({"exec_ended": script});
        match (&outcome.exec, &outcome.failure) {
            (Some(executed), _) => ended["code"] = json!(executed.code),
            (None, Some(failure)) => ended["error"] = json!(failure.to_string()),
            (None, None) => {}
        }
        self.journal.note(|| ended);
        Ok(Stage::Done(Op::Script { id }))
    }

    /// An event of Pebble is done. A notice that could not be told ends the agent.
    fn workload_done(&mut self, op: &HookOp, failure: Option<&str>) {
        let super::Tie::Workload(id) = op.tie else { return };
        self.ears.remote.workload.retain(|known| *known != id);
        if let Some(error) = self.ears.listener.done(id, failure) {
            // Juju's worker ends for that when it comes to rest.
            self.process.doomed.get_or_insert(error);
        }
    }

    /// Walks on after an operation was interrupted.
    pub(super) fn interrupted(&mut self, why: &Interrupted, runner: &mut dyn Runner) -> Phase {
        let again = matches!(why, Interrupted::HookFailed | Interrupted::CharmKilled);
        if again { self.loop_again(runner) } else { self.end(why) }
    }

    /// Enters the loop of the rules anew.
    pub(super) fn loop_again(&mut self, runner: &mut dyn Runner) -> Phase {
        match self.enter_loop(runner) {
            Ok(()) => Phase::Looking,
            Err(why) => self.interrupted(&why, runner),
        }
    }
}
