//! How an agent starts and ends.

use serde_json::{Value, json};

use super::ears::Ears;
use super::operation::Op;
use super::process::{Local, Process};
use super::resolver::Next;
use super::{Fault, Interrupted, Phase, Runner, UnitWorker, WorldError};
use crate::juju::controller::{Controller, OperationKind as Kind, Shared, Step};

/// How an agent is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Start {
    /// The unit has got another pod: the agent's folder is empty, and it is made for the charm as it is now.
    pub new_pod: bool,
    /// The machine was rebooted.
    pub reboot: bool,
}

impl UnitWorker {
    /// Starts the agent.
    ///
    /// # Errors
    ///
    /// It runs already, or its folder cannot be laid out.
    pub fn start(&mut self, start: Start, runner: &mut dyn Runner) -> Result<(), WorldError> {
        if self.phase != Phase::Down {
            return Err(WorldError::Runs);
        }
        if start.new_pod {
            runner.replace_pod(&mut self.juju).map_err(WorldError::Folder)?;
            self.deployed = false;
            self.enforced = self.juju.controller.model().charm_modified_version;
        }
        self.boot(start.reboot, runner);
        Ok(())
    }

    /// An agent that has ended with an error is started again.
    pub(super) fn start_again(&mut self, runner: &mut dyn Runner) {
        self.boot(false, runner);
    }

    /// Ends the agent. The operation that it is at is brought to its end.
    pub fn stop(&mut self, runner: &mut dyn Runner) {
        while let Phase::Busy(stage) = std::mem::replace(&mut self.phase, Phase::Looking) {
            self.phase = match self.advance_stage(*stage, runner) {
                Ok(Some(stage)) => Phase::Busy(Box::new(stage)),
                Ok(None) | Err(_) => Phase::Looking,
            };
        }
        self.ended(None, false);
        self.phase = Phase::Down;
    }

    /// The agent dies: what was not saved is lost. One that has died already is not started again.
    pub fn crash(&mut self) {
        if self.is_up() {
            self.ended(Some("connection is shut down"), false);
        }
        self.phase = Phase::Down;
    }

    fn ended(&mut self, error: Option<&str>, terminate: bool) {
        self.drain();
        self.journal.note(|| {
            let mut event = json!({"agent": "ended", "terminate": terminate});
            if let Some(error) = error {
                event["error"] = Value::from(error);
            }
            event
        });
    }

    /// The worker ends; with an error it is started again.
    pub(super) fn end(&mut self, why: &Interrupted) -> Phase {
        match why {
            Interrupted::Over if self.juju.is_kubernetes() => {
                self.ended(None, false);
                Phase::Down
            }
            Interrupted::Over | Interrupted::Told => {
                self.ended(Some("agent should be terminated"), true);
                Phase::Down
            }
            Interrupted::Doomed(text) => {
                self.ended(Some(text), false);
                Phase::Again
            }
            Interrupted::Severed => {
                self.ended(Some("connection is shut down"), false);
                self.juju.controller.reconnect();
                Phase::Again
            }
            Interrupted::Reboot => {
                self.ended(Some("machine needs to reboot"), false);
                Phase::Again
            }
            Interrupted::Error(text) => {
                // That the controller cannot be told is no news.
                let _ = self.set_agent_status("failed", "resolver loop error", None);
                self.ended(Some(text), false);
                Phase::Again
            }
            Interrupted::HookFailed | Interrupted::CharmKilled => Phase::Looking,
        }
    }

    fn boot(&mut self, reboot: bool, runner: &mut dyn Runner) {
        self.note_agent("started");
        self.juju.controller.reconnect();
        let kubernetes = self.juju.is_kubernetes();
        let containers = self.juju.controller.model().containers.clone();
        self.ears = Ears::new(&containers, kubernetes.then_some(self.enforced), self.now);
        let url = self.juju.controller.model().charm_url.clone();
        self.process = Process::new(&self.juju.controller, &url, reboot || kubernetes);
        self.phase = Phase::Looking;
        self.phase = match self.set_up(runner).and_then(|()| self.enter_loop(runner)) {
            Ok(()) => Phase::Looking,
            Err(Interrupted::Error(text)) => {
                let unit = self.juju.controller.model().unit.clone();
                self.ended(
                    Some(&format!(
                        "failed to initialize uniter for \"unit-{}\": {text}",
                        unit.replace('/', "-")
                    )),
                    false,
                );
                Phase::Again
            }
            Err(why) => self.end(&why),
        };
    }

    /// What comes before the rules: what was saved is compared with what there is.
    fn set_up(&mut self, runner: &mut dyn Runner) -> Result<(), Interrupted> {
        let model = self.juju.controller.model();
        if model.life == "dead" {
            return Err(Interrupted::Over);
        }
        let (status, message) = (model.unit_status.status.as_str(), model.unit_status.message.as_str());
        if status == "waiting" && matches!(message, "waiting for machine" | "installing agent") {
            self.set_unit_status("waiting", "agent initialising")?;
        }
        self.load_relations()?;
        self.load_storage()?;
        self.load_secrets()?;
        let model = self.juju.controller.model();
        if self.juju.is_kubernetes() && model.charm_modified_version != self.enforced {
            return Err(Interrupted::Over);
        }
        let local = if self.process.state.kind == Kind::Install {
            let url = self.process.state.charm.clone();
            self.run_now(&Op::Install { url: url.clone() }, runner)?;
            Local { charm_url: url, ..Local::default() }
        } else {
            let model = self.juju.controller.model();
            let (charm_url, charm_modified) = (model.unit_charm_url.clone(), model.charm_modified_version);
            Local { charm_url, charm_modified, ..Local::default() }
        };
        self.process.local = local;
        self.ears.restart(&mut self.juju.controller, self.now);
        Ok(())
    }

    /// The relations that the unit is in are entered again.
    fn load_relations(&mut self) -> Result<(), Interrupted> {
        let model = self.juju.controller.model();
        let relations: Vec<_> = model.relations().to_vec();
        let in_scope = |id: i64| relations.iter().find(|one| one.id == id && one.in_scope && !one.gone);
        let suspended = |id: i64| relations.iter().any(|one| one.id == id && one.in_scope && one.suspended);
        for one in relations.iter().filter(|one| one.in_scope && !one.gone) {
            // Juju takes it that the hook has run.
            let ran = self.created.contains(&one.id);
            if ran || self.goes_wrong(Fault::LostCreated) {
                self.process.relations.created.insert(one.id);
                // It is lost once, and for good.
                self.created.insert(one.id);
            }
            if self.ideal {
                self.process.relations.remote_app.insert(one.id, one.remote_app.clone());
                if one.role == "peer" {
                    self.process.relations.peers.insert(one.id);
                }
            }
        }
        let known: Vec<i64> = self.process.relations.states.keys().copied().collect();
        for id in known {
            if let Some(one) = in_scope(id) {
                self.join_relation(id, one.scope == "container")?;
            } else if !suspended(id) {
                self.forget_relation_state(id)?;
            }
        }
        for one in relations.iter().filter(|one| one.in_scope && !one.gone) {
            if !self.process.relations.states.contains_key(&one.id) {
                self.join_relation(one.id, one.scope == "container")?;
            }
        }
        self.know_relations();
        Ok(())
    }

    fn load_storage(&mut self) -> Result<(), Interrupted> {
        let model = self.juju.controller.model();
        let saved = model.saved.storage.clone().unwrap_or_default();
        let ids: Vec<String> = model.storage().iter().map(|one| one.id.clone()).collect();
        let unknown = ids.iter().filter(|id| !saved.contains_key(*id)).cloned();
        self.process.storage_pending = unknown.collect();
        let attached: std::collections::BTreeMap<String, bool> =
            ids.into_iter().filter(|id| saved.get(id) == Some(&true)).map(|id| (id, true)).collect();
        self.process.storage = Shared::from(attached);
        if !self.process.storage.is_empty() {
            let state = self.process.storage.clone();
            self.call(|controller| controller.set_storage_state(state))?;
        }
        Ok(())
    }

    fn load_secrets(&mut self) -> Result<(), Interrupted> {
        let uris: Vec<String> = self.process.secrets.consumed.keys().cloned().collect();
        if uris.is_empty() {
            return Ok(());
        }
        let infos = self.call(|controller| controller.consumer_secrets_revision_info(&uris))?;
        let now: std::collections::BTreeMap<String, i64> =
            infos.into_iter().map(|(uri, (revision, _))| (uri, revision)).collect();
        if now == self.process.secrets.consumed {
            return Ok(());
        }
        self.process.secrets.consumed = now;
        let state = self.process.secrets.clone();
        self.call(|controller| controller.set_secret_state(state))
    }

    /// Runs an operation of the agent itself to its end.
    fn run_now(&mut self, op: &Op, runner: &mut dyn Runner) -> Result<(), Interrupted> {
        let mut stage = self.take_op(op, runner)?;
        while let Some(next) = stage {
            stage = self.advance_stage(next, runner)?;
        }
        Ok(())
    }

    /// Before the rules are walked, at a start and after each hook that has failed: is the charm still the right one?
    pub(super) fn enter_loop(&mut self, runner: &mut dyn Runner) -> Result<(), Interrupted> {
        let (state, local) = (&self.process.state, &self.process.local);
        let at = |kind: &str| state.hook.as_ref().is_some_and(|hook| hook.kind == kind);
        let url = self.ears.remote.charm_url.to_string();
        let installing = !state.installed && at("install") && state.step != Step::Done;
        if !installing && (!state.installed || url.is_empty()) {
            return Ok(());
        }
        if self.deployed && (state.kind == Kind::Upgrade || at("upgrade-charm")) {
            return Ok(());
        }
        let same = local.charm_url == url;
        if self.deployed && (!state.started || same) {
            return Ok(());
        }
        let modified = self.ears.remote.charm_modified;
        let op = if installing { Op::Install { url } } else { Op::Upgrade { url, modified } };
        self.run_now(&op, runner)?;
        if self.process.local.restart {
            self.restart_watchers();
            return self.enter_loop(runner);
        }
        Ok(())
    }

    /// The charm was replaced: everything is heard of anew.
    fn restart_watchers(&mut self) {
        let local = &self.process.local;
        self.process.local = Local {
            charm_url: local.charm_url.clone(),
            charm_modified: local.charm_modified,
            ..Local::default()
        };
        self.process.retry_started = false;
        self.process.storage_dying = false;
        self.ears.restart(&mut self.juju.controller, self.now);
    }

    /// Walks the rules, and begins what they say if it is one thing.
    pub(super) fn look(&mut self, runner: &mut dyn Runner) {
        self.ears.woken = false;
        let next = self.resolve();
        self.phase = match next {
            Ok(Next::Ops(ops)) => match <[Op; 1]>::try_from(ops) {
                Ok([op]) => return self.do_op(&op, runner),
                Err(ops) => Phase::Picking(ops),
            },
            Ok(Next::Nothing) => {
                let idle = self.process.state.kind == Kind::Continue;
                let set = if idle { self.set_agent_status("idle", "", None) } else { Ok(()) };
                match (set, self.process.doomed.take()) {
                    (Ok(()), Some(why)) => self.end(&Interrupted::Doomed(why)),
                    (Ok(()), None) => Phase::Resting,
                    (Err(why), _) => self.interrupted(&why, runner),
                }
            }
            Ok(Next::Waiting) => Phase::Resting,
            Ok(Next::Dead) => match self.call(Controller::ensure_dead) {
                Ok(()) => self.end(&Interrupted::Over),
                Err(why) => self.interrupted(&why, runner),
            },
            Ok(Next::Terminate) => self.end(&Interrupted::Told),
            Ok(Next::Restart) => {
                self.restart_watchers();
                self.loop_again(runner)
            }
            Err(why) => self.interrupted(&why, runner),
        };
    }

    /// Begins an operation.
    pub(super) fn do_op(&mut self, op: &Op, runner: &mut dyn Runner) {
        self.phase = match self.take_op(op, runner) {
            Ok(Some(stage)) => Phase::Busy(Box::new(stage)),
            Ok(None) => Phase::Looking,
            Err(why) => self.interrupted(&why, runner),
        };
    }
}
