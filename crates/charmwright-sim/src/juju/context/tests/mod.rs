//! What the rules of a run come to, with a controller behind it.

mod caches;
mod commit;
mod creation;
mod ports;
mod secrets;
mod versions;

use serde_json::{Value, json};

use super::{Agent, Context, Failure, HookInfo, Paths, Run, SecretUpdate, SecretValue};
use crate::juju::controller::{Bag, Controller, SecretUri};
use crate::juju::version::JujuVersion;

pub(super) const OWN: &str = "9m4e2mr0ui3e8a215n40";
pub(super) const MINE: &str = "9m4e2mr0ui3e8a215n50";
pub(super) const THEIRS: &str = "9m4e2mr0ui3e8a215n4g";

/// A unit with a relation to `pg`, one to its peers, a secret of its own, one of its application's, one of `pg`'s.
pub(super) fn world() -> Value {
    json!({
        "unit": "app/0", "leader": true,
        "relations": [
            {"id": 1, "endpoint": "db", "role": "requirer", "interface": "pg", "remote_app": "pg",
             "units": {"pg/0": {"a": "b"}, "pg/1": {}}, "remote_app_bag": {"host": "h"}, "local_unit_bag": {"x": "y"}},
            {"id": 2, "endpoint": "cluster", "role": "peer", "units": {"app/1": {"p": "q"}},
             "local_app_bag": {"shared": "1"}},
        ],
        "secrets": [
            {"id": OWN, "owner": "app", "label": "own", "revisions": [{"content": {"key": "one"}}]},
            {"id": MINE, "owner": "unit", "label": "mine", "revisions": [{"content": {"key": "one"}}]},
            {"id": THEIRS, "owner": "pg", "grants": [{"subject": "app"}],
             "revisions": [{"content": {"key": "old"}}, {"content": {"key": "new"}}],
             "consumers": {"app/0": {"current_revision": 1, "label": "theirs"}}},
        ],
        "storage": [{"id": "data/0", "kind": "filesystem", "location": "/data"}],
        "storage_limits": {"data": {"min": 0, "max": 2}},
        "charm_state": {"k": "v"},
    })
}

/// The same with some of its parts replaced.
pub(super) fn world_with(patch: &Value) -> Value {
    let mut world = world();
    if let (Value::Object(world), Value::Object(patch)) = (&mut world, patch) {
        world.extend(patch.clone());
    }
    world
}

pub(super) fn agent_of(model: &Value, version: JujuVersion) -> Agent {
    let mut controller = Controller::from_json(model).unwrap();
    controller.set_recording(true);
    Agent::new(controller, version, Paths::default())
}

pub(super) fn agent(model: &Value) -> Agent {
    agent_of(model, JujuVersion::V3_6)
}

/// What a charm does that may be refused.
pub(super) type Does<'a> = &'a dyn Fn(&mut Run<'_>) -> Result<(), Failure>;

/// Runs a hook, with a function in place of the charm.
pub(super) fn hook<T>(
    agent: &mut Agent,
    hook: &HookInfo,
    charm: impl FnOnce(&mut Run<'_>) -> T,
) -> Result<(T, Result<(), Failure>), Failure> {
    agent.controller.begin();
    let mut hook = hook.clone();
    agent.complete(&mut hook);
    let mut context = Context::hook_run(agent, &hook)?;
    let name = context.hook_name().to_owned();
    let mut run = Run { agent, context: &mut context };
    let told = charm(&mut run);
    let flushed = run.flush(&name, None);
    Ok((told, flushed))
}

/// Runs update-status, with a function in place of the charm, and expects it to be written.
pub(super) fn update<T>(agent: &mut Agent, charm: impl FnOnce(&mut Run<'_>) -> T) -> T {
    let (told, flushed) = hook(agent, &HookInfo::of_kind("update-status"), charm).unwrap();
    flushed.unwrap();
    told
}

/// Runs update-status, and tells why it was not written.
pub(super) fn refused(agent: &mut Agent, charm: impl FnOnce(&mut Run<'_>)) -> String {
    hook(agent, &HookInfo::of_kind("update-status"), charm).unwrap().1.unwrap_err().to_string()
}

pub(super) fn about(kind: &str, relation: i64, unit: &str) -> HookInfo {
    HookInfo { relation_id: Some(relation), remote_unit: unit.to_owned(), ..HookInfo::of_kind(kind) }
}

/// The requests of the last run, from the first of the charm's on.
pub(super) fn asked(agent: &Agent) -> Vec<String> {
    let at_creation =
        ["RelationById", "Relation", "List", "APIAddresses", "SLALevel", "CloudAPIVersion", "ModelConfig"];
    let calls =
        agent.controller.calls().iter().map(|call| call.method.split('.').next_back().unwrap().to_owned());
    calls.skip_while(|name| at_creation.contains(&name.as_str()) || name.starts_with("Opened")).collect()
}

pub(super) fn bag(pairs: &[(&str, &str)]) -> Bag {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn uri(id: &str) -> SecretUri {
    id.parse().unwrap()
}

/// A content of one value, given as text.
pub(super) fn value(text: &str) -> SecretValue {
    use base64::Engine as _;
    SecretValue(bag(&[("key", &base64::engine::general_purpose::STANDARD.encode(text))]))
}

pub(super) fn content(text: &str) -> SecretUpdate {
    SecretUpdate { value: Some(value(text)), ..SecretUpdate::default() }
}

pub(super) fn labelled(label: &str) -> SecretUpdate {
    SecretUpdate { label: Some(label.to_owned()), ..SecretUpdate::default() }
}

/// A part of the model as JSON.
pub(super) fn part(agent: &Agent, pointer: &str) -> Value {
    agent.controller.to_json().pointer(pointer).cloned().unwrap_or_default()
}
