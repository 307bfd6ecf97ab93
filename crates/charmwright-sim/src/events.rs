//! Which hook comes next.
//!
//! After each hook the list is walked from the top, and the first rule that has something to do wins: the order
//! of Juju 3.6.11's own unit worker, for a Kubernetes sidecar charm that is not restarted. Where Juju picks at
//! random (which relation, which secret), the first in order is taken.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::juju::context::HookInfo;
use crate::model::{Model, Relation, Told, is_dying, is_peer};

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
        relation: i64,
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
        revision: i64,
    },
    /// An action.
    Action {
        /// The action.
        name: String,
        /// Its parameters; defaults are filled in when it is queued at the controller.
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
    pub config: Option<Map<String, Value>>,
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
                let endpoint = model.relation(*relation).map_or("?", |one| one.endpoint.as_str());
                format!("{endpoint}-relation-{kind}")
            }
            Self::PebbleReady { container, .. } => format!("{container}-pebble-ready"),
            Self::SecretChanged { .. } => "secret-changed".to_owned(),
            Self::Action { name, .. } | Self::Custom(name) => name.clone(),
        }
    }

    /// The hook as Juju's own code would describe it. `goes` says that our own unit is being removed.
    pub fn info(&self, model: &Model, goes: bool) -> HookInfo {
        match self {
            Self::Unit(name) => HookInfo::of_kind(*name),
            Self::Custom(name) => HookInfo::of_tomorrow(name.clone()),
            Self::Relation { kind, relation, unit } => {
                let unit = unit.clone().unwrap_or_default();
                let departing = match *kind {
                    "departed" if goes => model.unit().to_owned(),
                    "departed" => unit.clone(),
                    _ => String::new(),
                };
                HookInfo {
                    relation_id: Some(*relation),
                    remote_unit: unit,
                    departing_unit: departing,
                    ..HookInfo::of_kind(format!("relation-{kind}"))
                }
            }
            Self::PebbleReady { container, .. } => {
                HookInfo { workload: container.clone(), ..HookInfo::of_kind("pebble-ready") }
            }
            Self::SecretChanged { secret, .. } => {
                let consumer = model.secret(secret).and_then(|one| one.consumers.get(model.unit()));
                HookInfo {
                    secret_uri: format!("secret:{secret}"),
                    secret_label: consumer.map_or_else(String::new, |one| one.label.clone()),
                    ..HookInfo::of_kind("secret-changed")
                }
            }
            // An action is no hook: it is run by its id.
            Self::Action { name, .. } => HookInfo::of_kind(name.clone()),
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
        if model.leader() && !life.leads {
            life.leads = true;
            life.queued = Some(Hook::Unit("leader-elected"));
            return life.queued.clone();
        }
        life.leads = model.leader();
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
pub fn commit(model: &mut Model, life: &mut Life, hook: &Hook, config: Map<String, Value>) {
    if life.queued.as_ref() == Some(hook) {
        life.queued = None;
    }
    // Every hook that starts after a tick swallows it.
    life.tick = false;
    match hook {
        Hook::Unit("install") => life.installed = true,
        Hook::Unit("start") => {
            life.started = true;
            if !model.charm_set_status {
                model.set_status("unknown", "");
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
            model.set_status("maintenance", "");
        }
        Hook::Unit("remove") => {
            life.removed = true;
            model.set_status("terminated", "");
        }
        Hook::Relation { kind, relation, unit } => relation_ran(model, kind, *relation, unit.as_deref()),
        Hook::PebbleReady { container, boot_id } => {
            life.boots.insert(container.clone(), boot_id.clone());
        }
        Hook::SecretChanged { secret, revision } => {
            model.note_announced(secret, *revision);
        }
        Hook::Action { .. } => drop(life.actions.remove(0)),
        Hook::Custom(_) => drop(life.custom.remove(0)),
        Hook::Unit(_) => {}
    }
}

/// The relations with what the charm was told of them, the peers' last.
fn relations(model: &Model) -> impl Iterator<Item = (&Relation, &Told)> {
    let of = |peer: bool| model.relations().iter().filter(move |one| is_peer(one) == peer);
    of(false).chain(of(true)).filter_map(|one| Some((one, model.told.get(&one.id)?)))
}

fn created(model: &Model) -> Option<Hook> {
    let (one, _) = relations(model).find(|(one, told)| !told.created && !is_dying(one))?;
    Some(Hook::Relation { kind: "created", relation: one.id, unit: None })
}

fn pebble(life: &Life, boots: &BTreeMap<String, String>) -> Option<Hook> {
    let (container, boot_id) =
        boots.iter().find(|(container, boot)| life.boots.get(*container) != Some(*boot))?;
    Some(Hook::PebbleReady { container: container.clone(), boot_id: boot_id.clone() })
}

fn secret(model: &Model) -> Option<Hook> {
    let (secret, revision) = model.changed_secret()?;
    Some(Hook::SecretChanged { secret: secret.id.clone(), revision })
}

/// Relations first, then `stop`, then `remove`.
fn dying(model: &Model, life: &Life) -> Hook {
    match relations(model).find_map(|(one, told)| leaving(one, told)) {
        Some(hook) => hook,
        None if life.started && !life.stopped => Hook::Unit("stop"),
        None => Hook::Unit("remove"),
    }
}

fn leaving(one: &Relation, told: &Told) -> Option<Hook> {
    if let Some(unit) = told.members.keys().next() {
        return Some(Hook::Relation { kind: "departed", relation: one.id, unit: Some(unit.clone()) });
    }
    (told.created && !is_peer(one)).then_some(Hook::Relation { kind: "broken", relation: one.id, unit: None })
}

fn relation(model: &Model) -> Option<Hook> {
    relations(model).find_map(|(one, told)| relation_hook(model, one, told))
}

fn relation_hook(model: &Model, one: &Relation, told: &Told) -> Option<Hook> {
    let hook =
        |kind, unit: Option<&String>| Some(Hook::Relation { kind, relation: one.id, unit: unit.cloned() });
    if let Some(unit) = &told.changed_due {
        return hook("changed", Some(unit));
    }
    if is_dying(one) {
        return leaving(one, told);
    }
    let units = one.units.iter().flat_map(BTreeMap::keys);
    if let Some(unit) = told.members.keys().find(|unit| !units.clone().any(|known| known == *unit)) {
        return hook("departed", Some(unit));
    }
    if model.version(one.id, &one.remote_app) != told.app_version {
        return hook("changed", None);
    }
    if let Some(unit) = units.clone().find(|unit| !told.members.contains_key(*unit)) {
        return hook("joined", Some(unit));
    }
    let newer = |unit: &&String| told.members.get(*unit) != Some(&model.version(one.id, unit));
    units.clone().find(newer).and_then(|unit| hook("changed", Some(unit)))
}

fn relation_ran(model: &mut Model, kind: &str, id: i64, unit: Option<&str>) {
    if kind == "broken" {
        return model.forget_relation(id);
    }
    let app = model.relation(id).map_or_else(String::new, |one| one.remote_app.clone());
    let (app_version, unit_version) = (model.version(id, &app), unit.map(|unit| model.version(id, unit)));
    let Some(told) = model.told.get_mut(&id) else {
        return;
    };
    match (kind, unit) {
        ("created", _) => told.created = true,
        ("joined", Some(unit)) => {
            told.members.insert(unit.to_owned(), 0);
            told.changed_due = Some(unit.to_owned());
        }
        ("changed", Some(unit)) => {
            told.changed_due = None;
            told.members.insert(unit.to_owned(), unit_version.unwrap_or_default());
        }
        ("changed", None) => told.app_version = app_version,
        ("departed", Some(unit)) => {
            told.members.remove(unit);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut model = Model::for_tests();
        let id = model.relate("database", "pg", ["pg/0".to_owned(), "pg/1".to_owned()]);
        model.write_remote(id, &BTreeMap::from([("a".to_owned(), "b".to_owned())]));
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
        model.relation_mut(id).unwrap().life = "dying".to_owned();
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
        let mut model = Model::for_tests();
        model.set_leader(false);
        let mut life = Life::default();
        run(&mut model, &mut life, &BTreeMap::new());
        model.relate("database", "pg", []);
        life.tick = true;
        assert_eq!(run(&mut model, &mut life, &BTreeMap::new()), ["database-relation-created"]);
        life.tick = true;
        assert_eq!(run(&mut model, &mut life, &BTreeMap::new()), ["update-status"]);
    }

    #[test]
    fn pebble_is_told_again_after_each_boot() {
        let mut model = Model::for_tests();
        model.set_leader(false);
        let mut life = Life::default();
        let boot = |id: &str| BTreeMap::from([("web".to_owned(), id.to_owned())]);
        assert!(run(&mut model, &mut life, &boot("1")).contains(&"web-pebble-ready".to_owned()));
        assert!(run(&mut model, &mut life, &boot("1")).is_empty());
        assert_eq!(run(&mut model, &mut life, &boot("2")), ["web-pebble-ready"]);
    }
}
