//! What an operation leaves behind.

use super::operation::{HookOp, Op, Tie};
use super::{Fault, Interrupted, UnitWorker};
use crate::juju::context::HookInfo;
use crate::juju::controller::{OperationKind as Kind, Shared, Step};

/// What Juju's worker says when it looks for the run of a hook that was not run.
const PANIC: &str = "panic resulted in: runtime error: invalid memory address or nil pointer dereference";

impl UnitWorker {
    /// Commits an operation, but for the last save.
    pub(super) fn commit(&mut self, op: &Op) -> Result<(), Interrupted> {
        match op {
            Op::Hook(hook) => self.commit_hook(hook, true),
            Op::Skip(hook) => self.commit_hook(hook, false),
            Op::SecretsRemoved { deleted, lost } => {
                let mut state = (*self.process.secrets).clone();
                for uri in deleted.iter().filter(|(_, revisions)| revisions.is_empty()).map(|(uri, _)| uri) {
                    state.consumed.remove(uri);
                }
                for (uri, gone) in deleted.iter().chain(lost) {
                    let left = state.obsolete.remove(uri).unwrap_or_default();
                    let left: Vec<i64> =
                        left.into_iter().filter(|revision| !gone.contains(revision)).collect();
                    if !gone.is_empty() && !left.is_empty() {
                        state.obsolete.insert(uri.clone(), left);
                    }
                }
                self.save_secrets(state.into())?;
                self.forget_deleted(deleted);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What was heard of deleted secrets is done with.
    fn forget_deleted(&mut self, deleted: &std::collections::BTreeMap<String, Vec<i64>>) {
        let remote = &mut self.ears.remote;
        for (uri, gone) in deleted {
            if gone.is_empty() {
                remote.obsolete.remove(uri);
                remote.deleted.remove(uri);
                continue;
            }
            for known in [&mut remote.obsolete, &mut remote.deleted] {
                if let Some(revisions) = known.get_mut(uri) {
                    revisions.retain(|revision| !gone.contains(revision));
                    revisions.sort_unstable();
                    if revisions.is_empty() {
                        known.remove(uri);
                    }
                }
            }
        }
    }

    fn save_secrets(
        &mut self,
        state: Shared<crate::juju::controller::SecretState>,
    ) -> Result<(), Interrupted> {
        let saved = state.clone();
        self.call(|controller| controller.set_secret_state(saved))?;
        self.process.secrets = state;
        Ok(())
    }

    fn commit_hook(&mut self, op: &HookOp, ran: bool) -> Result<(), Interrupted> {
        let info = &op.info;
        let name = if ran { self.juju.hook_name(info) } else { String::new() };
        let name = crate::juju::controller::quoted(&name);
        let failed = |why: Interrupted| match why {
            Interrupted::Error(text) => Interrupted::Error(format!("committing hook {name}: {text}")),
            why => why,
        };
        if info.is_relation() {
            self.commit_relation(op).map_err(failed)?;
        } else if info.is_storage() {
            self.commit_storage(info).map_err(failed)?;
        } else if info.is_secret() {
            let mut state = (*self.process.secrets).clone();
            let revision = info.secret_revision;
            match info.kind.as_str() {
                "secret-changed" => drop(state.consumed.insert(info.secret_uri.clone(), revision)),
                "secret-remove" => {
                    let told = state.obsolete.entry(info.secret_uri.clone()).or_default();
                    if !told.contains(&revision) {
                        told.push(revision);
                        told.sort_unstable();
                    }
                }
                _ => {}
            }
            self.save_secrets(state.into())?;
        }
        if info.kind == "secret-rotate" {
            self.note_rotation(info, ran)?;
        }
        Ok(())
    }

    /// The controller is told that a secret was rotated.
    fn note_rotation(&mut self, info: &HookInfo, ran: bool) -> Result<(), Interrupted> {
        if !ran && self.goes_wrong(Fault::RotateSkippedPanics) {
            return Err(Interrupted::Doomed(PANIC.to_owned()));
        }
        let model = self.juju.controller.model();
        let secret = model.secret_at(&info.secret_uri);
        let seen = secret.filter(|secret| secret.owner == model.unit || model.leader);
        let revision = seen.map_or(0, |secret| secret.latest);
        let of_unit = secret.is_some_and(|secret| secret.owner == model.unit);
        if of_unit && !self.goes_wrong(Fault::UnitRotateRefused) {
            return Ok(());
        }
        let uri = info.secret_uri.clone();
        self.call(|controller| controller.secret_rotated(&uri, revision, false))
    }

    fn commit_storage(&mut self, info: &HookInfo) -> Result<(), Interrupted> {
        let mut state = (*self.process.storage).clone();
        let detaches = info.kind == "storage-detaching";
        if detaches && !state.contains_key(&info.storage_id) {
            let id = crate::juju::controller::quoted(&info.storage_id);
            return Err(Interrupted::Error(format!("unknown storage {id}")));
        }
        state.insert(info.storage_id.clone(), !detaches);
        let state: Shared<_> = state.into();
        let saved = state.clone();
        self.process.storage = state;
        self.call(|controller| controller.set_storage_state(saved))?;
        if detaches {
            self.call(|controller| controller.remove_storage_attachment(&info.storage_id))?;
        }
        self.process.storage_pending.remove(&info.storage_id);
        Ok(())
    }

    /// The last save of an operation, and what is noted beside it.
    pub(super) fn save_committed(&mut self, op: &Op) -> Result<(), Interrupted> {
        match op {
            Op::Hook(hook) | Op::Skip(hook) => self.save_hook(hook),
            Op::Install { .. } => self.save_deployed("install"),
            Op::Upgrade { url, modified } => {
                self.save_deployed("upgrade-charm")?;
                let local = &mut self.process.local;
                local.charm_url.clone_from(url);
                local.charm_modified = *modified;
                local.restart = true;
                Ok(())
            }
            Op::AcceptLeadership if self.process.state.leader => Ok(()),
            Op::AcceptLeadership => self.save_at(Kind::RunHook, Step::Queued, |state| {
                state.hook = Some(HookInfo::of_kind("leader-elected"));
                state.leader = true;
            }),
            Op::ResignLeadership => self.save(|state| state.leader = false),
            Op::Enter { .. } | Op::SecretsRemoved { .. } => Ok(()),
            Op::Action { id } | Op::FailAction { id } => {
                let (hook, version) = (self.process.state.hook.clone(), self.process.state.change_version);
                let kind = if hook.is_some() { Kind::RunHook } else { Kind::Continue };
                self.save_at(kind, Step::Pending, |state| {
                    state.hook = hook;
                    state.change_version = version;
                })?;
                let local = &mut self.process.local;
                local.completed.insert(id.clone());
                let waiting = &self.ears.remote.actions;
                local.completed.retain(|id| waiting.contains(id));
                Ok(())
            }
            Op::Script { id } => {
                self.ears.remote.commands.retain(|known| known != id);
                Ok(())
            }
        }
    }

    fn save_deployed(&mut self, kind: &str) -> Result<(), Interrupted> {
        let state = &self.process.state;
        let kept = state.kind == Kind::Upgrade;
        let (hook, version) = (state.hook.clone().filter(|_| kept), state.change_version);
        let never_ran = self.ideal && state.hook_step == Some(Step::Queued);
        let hook_step = state.hook_step;
        if let Some(hook) = hook {
            let step = if never_ran { Step::Queued } else { Step::Pending };
            return self.save_at(Kind::RunHook, step, |state| {
                state.hook = Some(hook);
                state.change_version = version;
                state.hook_step = hook_step;
            });
        }
        let hook = HookInfo::of_kind(kind);
        self.save_at(Kind::RunHook, Step::Queued, |state| state.hook = Some(hook))
    }

    fn save_hook(&mut self, op: &HookOp) -> Result<(), Interrupted> {
        let kind = op.info.kind.as_str();
        let queued = match kind {
            "config-changed" if !self.process.state.started => Some("start"),
            "upgrade-charm" => Some("config-changed"),
            _ => None,
        };
        let (at, step) =
            if queued.is_some() { (Kind::RunHook, Step::Queued) } else { (Kind::Continue, Step::Pending) };
        let hashes = op.captured.hashes.clone();
        self.save_at(at, step, |state| {
            state.hook = queued.map(HookInfo::of_kind);
            match kind {
                "install" => {
                    state.installed = true;
                    state.removed = false;
                }
                "start" => {
                    state.started = true;
                    state.stopped = false;
                }
                "stop" => state.stopped = true,
                "remove" => state.removed = true,
                "config-changed" => {
                    state.config_hash = hashes.config;
                    state.trust_hash = hashes.trust;
                    state.addresses_hash = hashes.addresses;
                }
                _ => {}
            }
        })?;
        let captured = &op.captured;
        if kind == "leader-settings-changed" {
            self.process.local.leader_settings = captured.leader_settings;
        }
        self.process.local.update_status = captured.update_status;
        self.note_modified(captured.charm_modified, kind);
        self.note_secret_done(op);
        Ok(())
    }

    /// Each hook takes over how often the charm had changed: so the change itself can be lost.
    fn note_modified(&mut self, modified: i64, kind: &str) {
        let local = &self.process.local;
        let (url, heard) = (&local.charm_url, &self.ears.remote.charm_url);
        let loses = local.charm_modified != modified
            && **heard == **url
            && !matches!(kind, "install" | "upgrade-charm")
            && !self.juju.is_kubernetes();
        if loses && !self.goes_wrong(Fault::LostModifiedVersion) {
            return;
        }
        self.process.local.charm_modified = modified;
    }

    /// What came due is taken from the list, but only by the run that was chosen from it.
    fn note_secret_done(&mut self, op: &HookOp) {
        let remote = &mut self.ears.remote;
        match &op.tie {
            Tie::Rotation(uri) => remote.rotations.retain(|due| due != uri),
            Tie::Expiry(revision) => remote.expired.retain(|due| due != revision),
            Tie::None | Tie::Workload(_) => {
                let info = &op.info;
                let revision = format!("{}/{}", info.secret_uri, info.secret_revision);
                let left = match info.kind.as_str() {
                    "secret-rotate" => remote.rotations.contains(&info.secret_uri),
                    "secret-expired" => remote.expired.contains(&revision),
                    _ => false,
                };
                if left && !self.goes_wrong(Fault::SecretHookTwice) {
                    let remote = &mut self.ears.remote;
                    remote.rotations.retain(|due| *due != op.info.secret_uri);
                    remote.expired.retain(|due| *due != revision);
                }
            }
        }
    }
}
