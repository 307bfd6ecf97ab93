//! Hooks of relations: when they may run, and what they leave behind.

use super::operation::HookOp;
use super::{Fault, Interrupted, UnitWorker};
use crate::juju::context::HookInfo;
use crate::juju::controller::quoted;

impl UnitWorker {
    /// Refuses a hook that does not fit what the charm was told of the relation.
    pub(super) fn check_relation_hook(&self, info: &HookInfo) -> Result<(), Interrupted> {
        let id = info.relation_id.unwrap_or_default();
        let Some(state) = self.process.relations.states.get(&id) else {
            return Err(Interrupted::Error(format!("relation {id} not found")));
        };
        let (unit, kind) = (info.remote_unit.as_str(), info.kind.as_str());
        let joined = state.members.contains_key(unit);
        let pending = state.changed_pending.as_str();
        let why = if kind == "relation-broken" {
            (!state.members.is_empty())
                .then(|| "cannot run \"relation-broken\" while units still present".to_owned())
        } else if !pending.is_empty() {
            (unit != pending || kind != "relation-changed")
                .then(|| format!("expected \"relation-changed\" for {}", quoted(pending)))
        } else if unit.is_empty() {
            None
        } else if joined && kind == "relation-joined" {
            Some("unit already joined".to_owned())
        } else if !joined && kind != "relation-joined" {
            Some("unit has not joined".to_owned())
        } else {
            None
        };
        why.map_or(Ok(()), |why| {
            let text = format!("inappropriate {} for {}: {why}", quoted(kind), quoted(unit));
            Err(Interrupted::Error(text))
        })
    }

    /// What a hook of a relation leaves behind.
    pub(super) fn commit_relation(&mut self, op: &HookOp) -> Result<(), Interrupted> {
        let info = &op.info;
        let id = info.relation_id.unwrap_or_default();
        let entered = self.process.relations.entered.contains_key(&id);
        let kind = info.kind.as_str();
        if entered && kind == "relation-broken" {
            self.leave_relation(id)?;
        } else if entered {
            let Some(state) = self.process.relations.states.get(&id) else {
                return Err(Interrupted::Error(format!("relation {id} not found")));
            };
            let mut state = state.clone();
            let (unit, app) = (&info.remote_unit, &info.remote_app);
            if kind == "relation-departed" {
                state.members.remove(unit);
            } else {
                if unit.is_empty() {
                    state.application_members.insert(app.clone(), op.version);
                } else {
                    state.members.insert(unit.clone(), op.version);
                }
                let joined = kind == "relation-joined";
                state.changed_pending = if joined { unit.clone() } else { String::new() };
            }
            self.save_relation(state)?;
            self.juju.commit_hook(info);
        }
        match kind {
            "relation-created" => {
                if entered {
                    self.created.insert(id);
                } else {
                    self.goes_wrong(Fault::ResumedNotCreated);
                }
                self.process.relations.created.insert(id);
            }
            "relation-broken" => {
                let model = self.juju.controller.model();
                if entered && model.relations().iter().any(|one| one.id == id && one.role == "peer") {
                    self.goes_wrong(Fault::PeerBroken);
                }
                if entered && info.remote_app.is_empty() {
                    self.goes_wrong(Fault::NoRemoteApp);
                }
                self.process.relations.forget(id);
                self.created.remove(&id);
                self.know_relations();
            }
            _ => {}
        }
        Ok(())
    }

    fn leave_relation(&mut self, id: i64) -> Result<(), Interrupted> {
        // A relation that is gone already is left.
        match self.ask(|controller| controller.leave_scope(id))? {
            Err(error) if !error.is_gone() => Err(Interrupted::Error(error.to_string())),
            _ => self.forget_relation_state(id),
        }
    }
}
