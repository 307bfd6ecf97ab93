//! Storage.

use super::super::Fault;
use super::super::remote::Life;
use super::{Found, Next, UnitWorker};
use crate::juju::context::HookInfo;
use crate::juju::controller::{Controller, OperationKind as Kind, Step};

impl UnitWorker {
    pub(super) fn storage(&mut self) -> Found {
        let dying = self.ears.remote.life == Life::Dying;
        if dying && !self.process.storage_dying {
            self.call(Controller::destroy_unit_storage_attachments)?;
            self.process.storage_dying = true;
        }
        let mut heard = self.ears.remote.storage.clone();
        if dying {
            for one in heard.values_mut() {
                one.life = Life::Dying;
            }
        }
        let told = |worker: &Self, id: &String| worker.process.storage.get(id).copied().unwrap_or_default();
        // What goes and was never told of is just let go.
        for id in heard.clone().into_iter().filter(|(_, one)| one.life != Life::Alive).map(|(id, _)| id) {
            if !told(self, &id) {
                self.call(|controller| controller.remove_storage_attachment(&id))?;
                self.process.storage_pending.remove(&id);
                heard.remove(&id);
            }
        }
        let kubernetes = self.juju.is_kubernetes();
        let state = &self.process.state;
        let queued = state.kind == Kind::RunHook && state.step == Step::Queued;
        let due = match state.kind {
            Kind::Continue => true,
            Kind::RunHook if queued && kubernetes => state.started,
            Kind::RunHook if queued => !state.installed,
            _ => false,
        };
        if !due {
            return Ok(None);
        }
        let (installed, overwrites) = (state.installed, queued && kubernetes);
        let mut ops = Vec::new();
        for (id, one) in heard {
            let attached = told(self, &id);
            let kind = match one.life {
                Life::Alive if !attached => {
                    self.process.storage_pending.insert(id.clone());
                    if !one.attached {
                        continue;
                    }
                    "storage-attached"
                }
                Life::Dying if attached => "storage-detaching",
                _ => continue,
            };
            ops.push(self.hook(HookInfo { storage_id: id, ..HookInfo::of_kind(kind) }));
        }
        if !ops.is_empty() {
            if overwrites && !self.goes_wrong(Fault::LostToStorage) {
                return Ok(None);
            }
            return Ok(Some(Next::Ops(ops)));
        }
        if !self.process.storage_pending.is_empty() && !installed && !kubernetes {
            return Ok(Some(Next::Waiting));
        }
        Ok(None)
    }

    /// Whether a hook of storage may be run now.
    pub(in super::super) fn check_storage(&self, hook: &HookInfo) -> Option<String> {
        let attached = self.process.storage.get(&hook.storage_id).copied().unwrap_or_default();
        let why = match (hook.kind.as_str(), attached) {
            ("storage-attached", true) => "storage already attached",
            ("storage-detaching", false) => "storage not attached",
            _ => return None,
        };
        let quoted = crate::juju::controller::quoted;
        let (kind, id) = (quoted(&hook.kind), quoted(&hook.storage_id));
        Some(format!("inappropriate {kind} hook for storage {id}: {why}"))
    }
}
