//! Which hook comes next.
//!
//! After each hook the list is walked from the top, and the first rule that has something to do wins: the order
//! of Juju 3.6.11's own unit worker, for a Kubernetes sidecar charm that is not restarted. Where Juju picks at
//! random (which relation, which secret), the first in order is taken.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{Model, Relation};

/// A hook that is to run.
#[derive(Debug, Clone, PartialEq)]
pub enum Hook {
    /// A hook that concerns the unit alone: `install`, `config-changed` and so on.
    Unit(&'static str),
    /// A relation's hook.
    Relation {
        /// `created`, `joined`, `changed`, `departed` or `broken`.
        kind: &'static str,
        /// The relation's number.
        relation: u64,
        /// The unit that it is about.
        unit: Option<String>,
    },
    /// `pebble-ready`
    PebbleReady {
        /// The container.
        container: String,
        /// The boot that it tells of.
        boot_id: String,
    },
    /// `secret-changed`
    SecretChanged {
        /// The secret's id.
        secret: String,
        /// The revision that it tells of.
        revision: u64,
    },
    /// An action.
    Action {
        /// The action.
        name: String,
        /// Its parameters, defaults filled in.
        params: BTreeMap<String, Value>,
    },
    /// A hook of any other name.
    Custom(String),
}

/// What the agent remembers of the unit's life.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, as in Juju's saved state")]
#[derive(Debug, Clone, Default)]
pub struct Life {
    /// `install` has run.
    pub installed: bool,
    /// `start` has run.
    pub started: bool,
    /// `stop` has run.
    pub stopped: bool,
    /// `remove` has run.
    pub removed: bool,
    /// The unit is being removed.
    pub dying: bool,
    /// Leadership has been accepted.
    pub leads: bool,
    /// The hook that comes next, whatever else is due.
    pub queued: Option<Hook>,
    /// The config that the charm was told of.
    pub config: Option<BTreeMap<String, Value>>,
    /// The boots of Pebble that the charm was told of, by container.
    pub boots: BTreeMap<String, String>,
    /// The charm's files were replaced.
    pub upgraded: bool,
    /// The actions that wait.
    pub actions: Vec<(String, BTreeMap<String, Value>)>,
    /// Hooks of any name that were asked for.
    pub custom: Vec<String>,
    /// The time for `update-status` has come.
    pub tick: bool,
}

impl Hook {
    /// The name as Juju gives it in `JUJU_HOOK_NAME`; an action's own name.
    pub fn name(&self, model: &Model) -> String {
        match self {
            Self::Unit(name) => (*name).to_owned(),
            Self::Relation { kind, relation, .. } => {
                let endpoint = model.relations.get(relation).map_or("?", |one| one.endpoint.as_str());
                format!("{endpoint}-relation-{kind}")
            }
            Self::PebbleReady { container, .. } => format!("{container}-pebble-ready"),
            Self::SecretChanged { .. } => "secret-changed".to_owned(),
            Self::Action { name, .. } | Self::Custom(name) => name.clone(),
        }
    }

    /// Whether it is an action and no hook.
    pub fn is_action(&self) -> bool {
        matches!(self, Self::Action { .. })
    }
}

/// The next hook, `None` if nothing is due. `boots` are the boot ids of the Pebbles that answer.
pub fn next(model: &Model, life: &mut Life, boots: &BTreeMap<String, String>) -> Option<Hook> {
    if life.removed {
        return None;
    }
    let idle = life.queued.is_none();
    if idle && life.installed && !life.dying {
        if let Some(hook) = created(model) {
            return Some(hook);
        }
        if model.leader && !life.leads {
            life.leads = true;
            life.queued = Some(Hook::Unit("leader-elected"));
            return life.queued.clone();
        }
        life.leads = model.leader;
    }
    if idle
        && life.started
        && let Some(hook) = pebble(life, boots)
    {
        return Some(hook);
    }
    if idle
        && life.installed
        && !life.dying
        && let Some(hook) = secret(model)
    {
        return Some(hook);
    }
    if idle && let Some((name, params)) = life.actions.first().cloned() {
        return Some(Hook::Action { name, params });
    }
    if let Some(hook) = &life.queued {
        return Some(hook.clone());
    }
    if let Some(name) = life.custom.first() {
        return Some(Hook::Custom(name.clone()));
    }
    if life.dying {
        return Some(dying(model, life));
    }
    if !life.installed {
        return Some(Hook::Unit("install"));
    }
    if life.upgraded {
        return Some(Hook::Unit("upgrade-charm"));
    }
    if life.config.as_ref() != Some(&model.options()) {
        return Some(Hook::Unit("config-changed"));
    }
    if let Some(hook) = relation(model) {
        return Some(hook);
    }
    life.tick.then_some(Hook::Unit("update-status"))
}

/// Notes that a hook has run and succeeded, and what follows it at once.
pub fn commit(model: &mut Model, life: &mut Life, hook: &Hook, config: BTreeMap<String, Value>) {
    if life.queued.as_ref() == Some(hook) {
        life.queued = None;
    }
    // Every hook that starts after a tick swallows it.
    life.tick = false;
    match hook {
        Hook::Unit("install") => life.installed = true,
        Hook::Unit("start") => {
            life.started = true;
            if !model.charm_set_status() {
                model.set_status("unknown", "", false);
            }
        }
        Hook::Unit("config-changed") => {
            life.config = Some(config);
            if !life.started {
                life.queued = Some(Hook::Unit("start"));
            }
        }
        Hook::Unit("upgrade-charm") => {
            life.upgraded = false;
            life.queued = Some(Hook::Unit("config-changed"));
        }
        Hook::Unit("stop") => {
            life.stopped = true;
            model.set_status("maintenance", "", false);
        }
        Hook::Unit("remove") => {
            life.removed = true;
            model.set_status("terminated", "", false);
        }
        Hook::Relation { kind, relation, unit } => relation_ran(model, kind, *relation, unit.as_deref()),
        Hook::PebbleReady { container, boot_id } => {
            life.boots.insert(container.clone(), boot_id.clone());
        }
        Hook::SecretChanged { secret, revision } => {
            if let Some(secret) = model.secrets.get_mut(secret) {
                secret.announced = *revision;
            }
        }
        Hook::Action { .. } => drop(life.actions.remove(0)),
        Hook::Custom(_) => drop(life.custom.remove(0)),
        Hook::Unit(_) => {}
    }
}

fn created(model: &Model) -> Option<Hook> {
    let due = |one: &&Relation| !one.told.created && !one.dying;
    let hook = |id: u64| Hook::Relation { kind: "created", relation: id, unit: None };
    let of = |peer: bool| {
        model.relations.iter().find(|(_, one)| due(one) && one.peer == peer).map(|(id, _)| hook(*id))
    };
    of(false).or_else(|| of(true))
}

fn pebble(life: &Life, boots: &BTreeMap<String, String>) -> Option<Hook> {
    let (container, boot_id) =
        boots.iter().find(|(container, boot)| life.boots.get(*container) != Some(*boot))?;
    Some(Hook::PebbleReady { container: container.clone(), boot_id: boot_id.clone() })
}

fn secret(model: &Model) -> Option<Hook> {
    let due =
        model.secrets.iter().find(|(_, one)| one.granted && one.tracked > 0 && one.latest() > one.announced);
    due.map(|(id, one)| Hook::SecretChanged { secret: id.clone(), revision: one.latest() })
}

/// Relations first, then `stop`, then `remove`.
fn dying(model: &Model, life: &Life) -> Hook {
    let of = |peer: bool| {
        model.relations.iter().filter(|(_, one)| one.peer == peer).find_map(|(id, one)| leaving(*id, one))
    };
    match of(false).or_else(|| of(true)) {
        Some(hook) => hook,
        None if life.started && !life.stopped => Hook::Unit("stop"),
        None => Hook::Unit("remove"),
    }
}

fn leaving(id: u64, one: &Relation) -> Option<Hook> {
    if let Some(unit) = one.told.members.keys().next() {
        return Some(Hook::Relation { kind: "departed", relation: id, unit: Some(unit.clone()) });
    }
    (one.told.created && !one.peer).then_some(Hook::Relation { kind: "broken", relation: id, unit: None })
}

fn relation(model: &Model) -> Option<Hook> {
    let of = |peer: bool| {
        model
            .relations
            .iter()
            .filter(|(_, one)| one.peer == peer)
            .find_map(|(id, one)| relation_hook(*id, one))
    };
    of(false).or_else(|| of(true))
}

fn relation_hook(id: u64, one: &Relation) -> Option<Hook> {
    let hook = |kind, unit: Option<&String>| Some(Hook::Relation { kind, relation: id, unit: unit.cloned() });
    if let Some(unit) = &one.told.changed_due {
        return hook("changed", Some(unit));
    }
    if one.dying {
        return leaving(id, one);
    }
    if let Some(unit) = one.told.members.keys().find(|unit| !one.units.contains_key(*unit)) {
        return hook("departed", Some(unit));
    }
    if one.remote_app.version != one.told.app_version {
        return hook("changed", None);
    }
    if let Some(unit) = one.units.keys().find(|unit| !one.told.members.contains_key(*unit)) {
        return hook("joined", Some(unit));
    }
    let newer =
        |(unit, bag): &(&String, &crate::model::Versioned)| one.told.members.get(*unit) != Some(&bag.version);
    one.units.iter().find(newer).and_then(|(unit, _)| hook("changed", Some(unit)))
}

fn relation_ran(model: &mut Model, kind: &str, id: u64, unit: Option<&str>) {
    if kind == "broken" {
        model.relations.remove(&id);
        model.secrets.retain(|_, secret| secret.relation != id);
        return;
    }
    let Some(one) = model.relations.get_mut(&id) else {
        return;
    };
    match (kind, unit) {
        ("created", _) => one.told.created = true,
        ("joined", Some(unit)) => {
            one.told.members.insert(unit.to_owned(), 0);
            one.told.changed_due = Some(unit.to_owned());
        }
        ("changed", Some(unit)) => {
            one.told.changed_due = None;
            if let Some(bag) = one.units.get(unit) {
                one.told.members.insert(unit.to_owned(), bag.version);
            }
        }
        ("changed", None) => one.told.app_version = one.remote_app.version,
        ("departed", Some(unit)) => {
            one.told.members.remove(unit);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charm::Declared;

    fn run(model: &mut Model, life: &mut Life, boots: &BTreeMap<String, String>) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(hook) = next(model, life, boots) {
            names.push(hook.name(model));
            let config = model.options();
            commit(model, life, &hook, config);
            assert!(names.len() < 50, "it goes on for ever: {names:?}");
        }
        names
    }

    #[test]
    fn a_unit_is_deployed_in_jujus_order() {
        let mut model = Model::new(Declared::default(), "dev", true);
        let id = model.relate("database", "pg", false, ["pg/0".to_owned(), "pg/1".to_owned()]);
        model
            .relations
            .get_mut(&id)
            .unwrap()
            .remote_app
            .merge(&BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        let boots = BTreeMap::from([("web".to_owned(), "boot".to_owned())]);
        let mut life = Life::default();
        assert_eq!(
            run(&mut model, &mut life, &boots),
            [
                "install",
                "database-relation-created",
                "leader-elected",
                "config-changed",
                "start",
                "web-pebble-ready",
                "database-relation-changed",
                "database-relation-joined",
                "database-relation-changed",
                "database-relation-joined",
                "database-relation-changed",
            ]
        );
        model.relations.get_mut(&id).unwrap().dying = true;
        let names = run(&mut model, &mut life, &boots);
        assert_eq!(
            names,
            ["database-relation-departed", "database-relation-departed", "database-relation-broken"]
        );
        life.dying = true;
        assert_eq!(run(&mut model, &mut life, &boots), ["stop", "remove"]);
    }

    #[test]
    fn several_writes_are_told_once_and_a_tick_is_swallowed_by_any_hook() {
        let mut model = Model::new(Declared::default(), "dev", false);
        let mut life = Life::default();
        run(&mut model, &mut life, &BTreeMap::new());
        model.relate("database", "pg", false, []);
        life.tick = true;
        assert_eq!(run(&mut model, &mut life, &BTreeMap::new()), ["database-relation-created"]);
        life.tick = true;
        assert_eq!(run(&mut model, &mut life, &BTreeMap::new()), ["update-status"]);
    }

    #[test]
    fn pebble_is_told_again_after_each_boot() {
        let mut model = Model::new(Declared::default(), "dev", false);
        let mut life = Life::default();
        let boot = |id: &str| BTreeMap::from([("web".to_owned(), id.to_owned())]);
        assert!(run(&mut model, &mut life, &boot("1")).contains(&"web-pebble-ready".to_owned()));
        assert!(run(&mut model, &mut life, &boot("1")).is_empty());
        assert_eq!(run(&mut model, &mut life, &boot("2")), ["web-pebble-ready"]);
    }
}
