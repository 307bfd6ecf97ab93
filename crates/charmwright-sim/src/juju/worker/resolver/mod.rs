//! The rules by which the agent finds what to do next. The first that has something wins.
//!
//! A rule that Juju leaves to chance (which relation, which storage, which secret) answers with all that it may be.

#![expect(clippy::unnecessary_wraps, reason = "all rules have one shape")]

mod relations;
mod secrets;
mod storage;
mod workload;

use super::operation::{HookOp, Op, Tie};
use super::process::Captured;
use super::remote::{Life, Resolved};
use super::{Fault, Interrupted, UnitWorker};
use crate::juju::context::HookInfo;
use crate::juju::controller::{Controller, OperationKind as Kind, Step};
use crate::juju::version::JujuVersion;

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Next {
    /// One of these.
    Ops(Vec<Op>),
    /// Nothing; the unit is at rest.
    Nothing,
    /// Nothing yet; something is waited for.
    Waiting,
    /// The unit goes.
    Dead,
    /// The agent ends, as it was told to.
    Terminate,
    /// The watchers are to begin anew.
    Restart,
}

/// `Ok(None)`: the rule has nothing to do.
pub(super) type Found = Result<Option<Next>, Interrupted>;

/// Leaves with what a rule has found.
macro_rules! first {
    ($rule:expr) => {
        if let Some(next) = $rule? {
            return Ok(next);
        }
    };
}

pub(super) fn one(op: Op) -> Next {
    Next::Ops(vec![op])
}

impl UnitWorker {
    /// Walks the rules.
    pub(super) fn resolve(&mut self) -> Result<Next, Interrupted> {
        let (life, removed) = (self.ears.remote.life, self.process.state.removed);
        if life == Life::Dead || removed {
            return Ok(Next::Dead);
        }
        first!(self.after_reboot());
        let process = &self.process;
        if process.state.kind == Kind::Upgrade {
            return Ok(one(self.upgrade()));
        }
        if process.local.restart {
            return Ok(Next::Restart);
        }
        let failed = process.state.kind == Kind::RunHook && process.state.step == Step::Pending;
        if process.retry_started && !failed {
            self.stop_retry();
        }
        first!(self.created());
        first!(self.leadership());
        first!(self.workload());
        first!(self.secrets());
        first!(self.actions());
        first!(self.scripts());
        first!(self.storage());
        if self.ears.remote.shutdown {
            return self.idle();
        }
        let process = &self.process;
        match process.state.kind {
            Kind::RunHook => self.at_hook(),
            _ => self.idle(),
        }
    }

    /// A hook with what was heard at this moment.
    pub(super) fn hook_op(&self, info: HookInfo, version: i64) -> HookOp {
        HookOp { info, version, captured: Captured::of(&self.ears.remote), tie: Tie::None }
    }

    pub(super) fn hook(&self, info: HookInfo) -> Op {
        Op::Hook(self.hook_op(info, 0))
    }

    fn plain(&self, kind: &str) -> Next {
        one(self.hook(HookInfo::of_kind(kind)))
    }

    /// The hook that the agent is at, as it was saved.
    pub(super) fn saved_hook(&self) -> Result<HookOp, Interrupted> {
        let state = &self.process.state;
        Ok(self.hook_op(state.hook.clone().unwrap_or_default(), state.change_version))
    }

    fn upgrade(&self) -> Op {
        let remote = &self.ears.remote;
        Op::Upgrade { url: remote.charm_url.to_string(), modified: remote.charm_modified }
    }

    /// `start` once more after the processes are new. It waits while a hook is queued or has failed.
    fn after_reboot(&mut self) -> Found {
        let process = &mut self.process;
        if !process.rebooted {
            return Ok(None);
        }
        if !process.state.started {
            process.rebooted = false;
            return Ok(None);
        }
        if process.state.kind == Kind::RunHook {
            return Ok(None);
        }
        process.rebooted = false;
        Ok(Some(self.plain("start")))
    }

    fn leadership(&mut self) -> Found {
        let (remote, state) = (&self.ears.remote, &self.process.state);
        if !state.installed {
            return Ok(None);
        }
        let (dying, idle) = (remote.life == Life::Dying, state.kind == Kind::Continue);
        if remote.leader && !state.leader && idle && !dying {
            return Ok(Some(one(Op::AcceptLeadership)));
        }
        if state.leader && (!remote.leader || dying) {
            return Ok(Some(one(Op::ResignLeadership)));
        }
        let news = self.process.local.leader_settings != remote.leader_settings;
        let told = self.juju.version < JujuVersion::V4_0;
        if idle && !state.leader && !dying && news && told {
            return Ok(Some(self.plain("leader-settings-changed")));
        }
        Ok(None)
    }

    fn actions(&mut self) -> Found {
        let process = &self.process;
        let waiting =
            self.ears.remote.actions.iter().find(|id| !process.local.completed.contains(*id)).cloned();
        let state = &process.state;
        let run = |id: String| {
            let run = self.juju.controller.model().actions.get(&id);
            if run.is_some_and(|run| run.status == "pending") { Ok(Op::Action { id }) } else { Err(id) }
        };
        let op = match (state.kind, waiting) {
            (Kind::RunHook, Some(id)) if state.step == Step::Pending => run(id),
            (Kind::Continue, Some(id)) => run(id),
            (Kind::RunAction, waiting) => {
                if state.hook.is_some() {
                    return Ok(Some(one(Op::Skip(self.saved_hook()?))));
                }
                let id = state.action_id.clone().unwrap_or_default();
                // It was interrupted: to run it again could do harm.
                if waiting.as_ref() == Some(&id) { Ok(Op::FailAction { id }) } else { run(id) }
            }
            _ => return Ok(None),
        };
        let op = op.unwrap_or_else(|id| {
            let interrupted = state.action_id.clone().filter(|_| state.step == Step::Pending);
            Op::FailAction { id: interrupted.unwrap_or(id) }
        });
        Ok(Some(one(op)))
    }

    fn scripts(&mut self) -> Found {
        Ok(self.ears.remote.commands.first().map(|id| one(Op::Script { id: *id })))
    }

    /// The agent is at a hook: it has failed, is queued, or is done and not committed.
    fn at_hook(&mut self) -> Result<Next, Interrupted> {
        let state = &self.process.state;
        match state.hook_step.unwrap_or(state.step) {
            Step::Pending => self.failed_hook(),
            Step::Queued => {
                // The install hook is not run for a unit that goes.
                if state.hook.as_ref().is_some_and(|hook| hook.kind == "install") {
                    return self.idle();
                }
                Ok(one(Op::Hook(self.saved_hook()?)))
            }
            Step::Done => Ok(one(Op::Skip(self.saved_hook()?))),
        }
    }

    fn failed_hook(&mut self) -> Result<Next, Interrupted> {
        let op = self.saved_hook()?;
        self.report_failed_hook(&op.info)?;
        let remote = &self.ears.remote;
        if remote.force_charm && self.charm_modified()? {
            return Ok(one(self.upgrade()));
        }
        match remote.resolved {
            Resolved::No => {
                let process = &self.process;
                if remote.retry_hook > process.local.retry_hook {
                    self.process.retry_started = false;
                    return Ok(one(Op::Hook(op)));
                }
                if !process.retry_started {
                    self.start_retry();
                }
                Ok(Next::Nothing)
            }
            resolved => {
                self.stop_retry();
                self.call(Controller::clear_resolved)?;
                self.ears.remote.resolved = Resolved::No;
                Ok(one(if resolved == Resolved::Retry { Op::Hook(op) } else { Op::Skip(op) }))
            }
        }
    }

    fn charm_modified(&self) -> Result<bool, Interrupted> {
        let (remote, local) = (&self.ears.remote, &self.process.local);
        if remote.charm_url.is_empty() {
            return Ok(false);
        }
        Ok(*local.charm_url != *remote.charm_url || local.charm_modified != remote.charm_modified)
    }

    /// The agent is at no hook.
    fn idle(&mut self) -> Result<Next, Interrupted> {
        let (life, shutdown) = (self.ears.remote.life, self.ears.remote.shutdown);
        let (started, stopped) = (self.process.state.started, self.process.state.stopped);
        match life {
            Life::Alive if shutdown => {
                return Ok(if started && !stopped { self.plain("stop") } else { Next::Terminate });
            }
            Life::Alive => {}
            Life::Dying => {
                first!(self.relations());
                let state = &self.process.state;
                return Ok(if started && !stopped {
                    self.plain("stop")
                } else if state.installed && !state.removed {
                    self.plain("remove")
                } else {
                    Next::Dead
                });
            }
            Life::Dead => return Ok(Next::Dead),
        }
        if !self.process.state.installed && !started {
            return Ok(self.plain("install"));
        }
        if self.charm_modified()? {
            return Ok(one(self.upgrade()));
        }
        let state = &self.process.state;
        let hashes = &self.ears.remote.hashes;
        if state.config_hash != hashes.config
            || state.trust_hash != hashes.trust
            || state.addresses_hash != hashes.addresses
        {
            return Ok(self.plain("config-changed"));
        }
        first!(self.relations());
        if self.process.local.update_status != self.ears.remote.update_status {
            return Ok(self.plain("update-status"));
        }
        Ok(Next::Nothing)
    }

    /// Whether Juju goes wrong here. It is noted.
    pub(super) fn goes_wrong(&mut self, fault: Fault) -> bool {
        if self.ideal {
            return false;
        }
        self.journal.fault(fault);
        true
    }
}
