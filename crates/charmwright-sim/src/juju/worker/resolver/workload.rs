//! Pebble's events.

use super::super::operation::{Op, Tie};
use super::{Found, Next, UnitWorker, one};
use crate::juju::context::HookInfo;
use crate::juju::controller::{OperationKind as Kind, Step};

impl UnitWorker {
    /// The first event that waits. A hook of Pebble that has failed is passed over.
    pub(super) fn workload(&mut self) -> Found {
        if self.juju.controller.model().containers.is_empty() {
            return Ok(None);
        }
        let state = &self.process.state;
        let at_workload =
            state.kind == Kind::RunHook && state.hook.as_ref().is_some_and(HookInfo::is_workload);
        if state.kind == Kind::Continue || at_workload && state.step == Step::Pending {
            let ears = &self.ears;
            let waiting =
                ears.remote.workload.iter().find_map(|id| Some((*id, ears.listener.events.get(id)?)));
            if let Some((id, event)) = waiting {
                let mut op = self.hook_op(event.hook.clone(), 0);
                op.tie = Tie::Workload(id);
                return Ok(Some(one(Op::Hook(op))));
            }
        }
        if at_workload {
            return Ok(Some(Next::Ops(vec![Op::Skip(self.saved_hook()?)])));
        }
        Ok(None)
    }
}
