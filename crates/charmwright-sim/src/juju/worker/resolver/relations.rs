//! Relations: entering them, relation-created, and all that follows.

use std::collections::BTreeSet;

use super::super::operation::Op;
use super::super::process::Entered;
use super::super::remote::{Life, RelationHeard};
use super::{Found, Interrupted, Next, UnitWorker};
use crate::juju::context::HookInfo;
use crate::juju::controller::{
    Controller, OperationKind as Kind, Relation, RelationState, Shared, application_of, relation_tag,
};

impl UnitWorker {
    /// relation-created, for relations that it has not run for.
    pub(super) fn created(&mut self) -> Found {
        let state = &self.process.state;
        if !state.installed || self.ears.remote.life == Life::Dying || state.kind != Kind::Continue {
            return Ok(None);
        }
        if let Some(next) = self.enter_relations()? {
            return Ok(Some(next));
        }
        let (process, remote) = (&self.process, &self.ears.remote);
        let new = |(id, one): &(&i64, &Shared<RelationHeard>)| {
            one.life == Life::Alive && !process.relations.created.contains(*id)
        };
        let ops: Vec<Op> = remote
            .relations
            .iter()
            .filter(new)
            .map(|(id, _)| {
                self.hook(HookInfo {
                    relation_id: Some(*id),
                    remote_app: process.relations.remote_app.get(id).cloned().unwrap_or_default(),
                    ..HookInfo::of_kind("relation-created")
                })
            })
            .collect();
        Ok((!ops.is_empty()).then_some(Next::Ops(ops)))
    }

    /// What is due in one of the relations: peers last.
    pub(super) fn relations(&mut self) -> Found {
        self.end_subordinates()?;
        if self.process.state.kind != Kind::Continue {
            return Ok(None);
        }
        if let Some(next) = self.enter_relations()? {
            return Ok(Some(next));
        }
        let ids: Vec<i64> = self.ears.remote.relations.keys().copied().collect();
        let peers = self.process.relations.peers.clone();
        for peer in [false, true] {
            let mut ops = Vec::new();
            for id in ids.iter().filter(|id| peers.contains(id) == peer) {
                ops.extend(self.relation(*id));
            }
            if !ops.is_empty() {
                return Ok(Some(Next::Ops(ops)));
            }
        }
        Ok(None)
    }

    /// Enters relations that are new, and notes which are to be left. Of several new ones, Juju enters any first.
    fn enter_relations(&mut self) -> Found {
        let new: Vec<Op> =
            self.new_relations().into_iter().map(|id| Op::Enter { id, tag: self.tag(id) }).collect();
        if new.len() > 1 {
            return Ok(Some(Next::Ops(new)));
        }
        self.enter_known_relations()?;
        Ok(None)
    }

    fn tag(&self, id: i64) -> String {
        let model = self.juju.controller.model();
        let relation = model.relation(id);
        relation.map(|one| relation_tag(&model.relation_key(one))).unwrap_or_default()
    }

    /// The relations that can be entered and were not yet.
    fn new_relations(&self) -> Vec<i64> {
        let process = &self.process;
        // A unit that goes tries them all, each time, and enters none.
        if self.juju.controller.model().life != "alive" {
            return Vec::new();
        }
        let new = |(id, heard): &(&i64, &Shared<RelationHeard>)| {
            let relation = self.juju.controller.model().relation(**id);
            heard.life == Life::Alive
                && !heard.suspended
                && !process.relations.entered.contains_key(*id)
                && relation.is_some_and(|one| one.life == "alive" && self.implements(one))
        };
        self.ears.remote.relations.iter().filter(new).map(|(id, _)| *id).collect()
    }

    /// Whether the charm declares the endpoint, or has run the first hook of the relation when it did.
    fn implements(&self, relation: &Relation) -> bool {
        self.process.relations.created.contains(&relation.id)
            || self.endpoints.as_ref().is_none_or(|declared| declared.contains(&relation.endpoint))
    }

    /// Enters one relation.
    pub(in super::super) fn enter_relation(&mut self, id: i64) -> Result<(), Interrupted> {
        let Some(relation) = self.juju.controller.model().relation(id).cloned() else {
            self.process.relations.forget(id);
            return Ok(());
        };
        let implemented = self.implements(&relation);
        let relations = &mut self.process.relations;
        if relation.role == "peer" {
            relations.peers.insert(id);
        }
        relations.remote_app.insert(id, relation.remote_app.clone());
        if !implemented {
            return Ok(());
        }
        if !self.join_relation(id, relation.scope == "container")? {
            self.forget_relation_state(id)?;
        }
        Ok(())
    }

    fn enter_known_relations(&mut self) -> Result<(), Interrupted> {
        let heard: Vec<(i64, Life, bool)> =
            self.ears.remote.relations.iter().map(|(id, one)| (*id, one.life, one.suspended)).collect();
        for (id, life, suspended) in heard {
            if let Some(known) = self.process.relations.entered.get_mut(&id) {
                known.suspended = suspended;
                known.dying |= life == Life::Dying || suspended;
                continue;
            }
            if life != Life::Alive || suspended {
                continue;
            }
            self.enter_relation(id)?;
        }
        if !self.juju.principal().is_empty() {
            let container = |one: &Entered| one.container && !one.dying;
            let principal = self.process.relations.entered.values().any(container);
            if !principal {
                self.call(Controller::destroy)?;
            }
        }
        Ok(())
    }

    /// Enters a relation's scope. `false` if it is too late for that.
    pub(in super::super) fn join_relation(&mut self, id: i64, container: bool) -> Result<bool, Interrupted> {
        if !self.process.relations.states.contains_key(&id) {
            self.save_relation(RelationState { id, ..RelationState::default() }.into())?;
        }
        match self.ask(|controller| controller.enter_scope(id))? {
            Ok(()) => {}
            Err(error) if error.code == "cannot enter scope" => return Ok(false),
            Err(error) => return Err(Interrupted::Error(error.to_string())),
        }
        self.process.follows |= !self.juju.controller.model().leader;
        if !self.process.follows {
            self.call(|controller| controller.set_relation_status(id, "joined"))?;
        }
        let entered = Entered { container, ..Entered::default() };
        self.process.relations.entered.insert(id, entered);
        self.know_relations();
        Ok(true)
    }

    /// A unit that goes takes its subordinates with it.
    fn end_subordinates(&mut self) -> Result<(), Interrupted> {
        if self.ears.remote.life != Life::Dying {
            return Ok(());
        }
        let entered = &self.process.relations.entered;
        let theirs = |(id, one): &(&i64, &Shared<RelationHeard>)| {
            one.life == Life::Alive && entered.get(id).is_some_and(|one| one.container)
        };
        let ids: Vec<i64> = self.ears.remote.relations.iter().filter(theirs).map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.call(Controller::destroy_all_subordinates)
    }

    /// What is due in one relation.
    fn relation(&self, id: i64) -> Option<Op> {
        let (process, remote) = (&self.process, &self.ears.remote);
        let relations = &process.relations;
        let heard = remote.relations.get(&id).filter(|_| relations.entered.contains_key(&id))?;
        let nothing = Shared::default();
        let broken = remote.life == Life::Dying || heard.life == Life::Dying || heard.suspended;
        let heard = if broken { &nothing } else { heard };
        let state = relations.state(id);
        let is_peer = relations.peers.contains(&id);
        let found = relations.states.contains_key(&id);
        let due = self.due(&state, heard).or_else(|| {
            let leaves = broken && !is_peer && found;
            leaves.then(|| {
                let remote_app = relations.remote_app.get(&id).cloned().unwrap_or_default();
                (HookInfo { remote_app, ..HookInfo::of_kind("relation-broken") }, 0)
            })
        });
        due.map(|(info, version)| {
            let info = HookInfo { relation_id: Some(id), ..info };
            Op::Hook(self.hook_op(info, version))
        })
    }

    fn departing<'a>(state: &'a RelationState, heard: &RelationHeard) -> Option<&'a String> {
        state.members.keys().find(|unit| !heard.members.contains_key(*unit))
    }

    /// The first difference between what was heard of a relation and what the charm was told.
    fn due(&self, state: &RelationState, heard: &RelationHeard) -> Option<(HookInfo, i64)> {
        let of = |kind: &str, unit: &str, version: i64| {
            let remote_app = application_of(unit).to_owned();
            (HookInfo { remote_unit: unit.to_owned(), remote_app, ..HookInfo::of_kind(kind) }, version)
        };
        let version = |unit: &str| heard.members.get(unit).copied().unwrap_or_default();
        // Whatever happened since, a unit that has joined is told of once more.
        if !state.changed_pending.is_empty() {
            let unit = state.changed_pending.as_str();
            return Some(of("relation-changed", unit, version(unit)));
        }
        if let Some(unit) = Self::departing(state, heard) {
            let model = self.juju.controller.model();
            let ours = model.life != "alive" || model.app_life != "alive";
            let (mut info, version) =
                of("relation-departed", unit, state.members.get(unit).copied().unwrap_or_default());
            info.departing_unit = if ours { model.unit.clone() } else { unit.clone() };
            return Some((info, version));
        }
        let news = heard.apps.iter().find(|(app, version)| {
            state.application_members.get(*app).copied().unwrap_or_default() != **version
        });
        if let Some((app, version)) = news {
            let info = HookInfo { remote_app: app.clone(), ..HookInfo::of_kind("relation-changed") };
            return Some((info, *version));
        }
        if let Some((unit, version)) =
            heard.members.iter().find(|(unit, _)| !state.members.contains_key(*unit))
        {
            return Some(of("relation-joined", unit, *version));
        }
        let newer = heard.members.iter().find(|(unit, version)| state.members.get(*unit) != Some(*version));
        newer.map(|(unit, version)| of("relation-changed", unit, *version))
    }

    /// The runs of hooks know those relations that the agent has entered, with the units that have joined.
    pub(in super::super) fn know_relations(&mut self) {
        let known: BTreeSet<i64> = self.process.relations.entered.keys().copied().collect();
        self.juju.controller.forget_gone(&known);
        self.juju.know_relations(known);
    }
}
