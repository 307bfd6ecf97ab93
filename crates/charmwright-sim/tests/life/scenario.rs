//! The scenarios, and the short words that stand for requests of the protocol.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// One scenario of `scenarios/*.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// As the recording of the contract is called, where it names one.
    pub name: String,
    /// The rows of the contract that it covers, "section.row".
    pub rows: Vec<String>,
    /// Why Juju may do one thing or another here; then our side shows that Juju's run is one of its own.
    pub random: Option<String>,
    /// The steps as they are written.
    pub steps: Vec<Value>,
}

/// What is done, in order.
#[derive(Debug)]
pub(crate) enum Step {
    /// A request.
    Ask(Value),
    /// A settle; what happened is compared with these words, if there are any.
    See(Option<Vec<String>>),
}

/// All scenarios, or those that `LIFE` names.
pub(crate) fn all() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/life/scenarios");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let scenarios: Vec<Scenario> =
            serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        all.extend(scenarios);
    }
    if let Ok(only) = env::var("LIFE") {
        all.retain(|scenario| only.split(',').any(|name| scenario.name.contains(name)));
    }
    all
}

impl Scenario {
    /// Its steps as requests.
    pub(crate) fn steps(&self) -> Vec<Step> {
        self.steps.iter().flat_map(|step| self.expand(step)).collect()
    }

    fn expand(&self, step: &Value) -> Vec<Step> {
        let (word, value) = match step {
            Value::String(word) => (word.as_str(), &Value::Null),
            Value::Object(one) if one.len() == 1 => {
                one.iter().next().map(|(word, value)| (word.as_str(), value)).unwrap()
            }
            _ => panic!("{}: {step} is no step", self.name),
        };
        let ask = |mut request: Value| {
            if let (Some(request), Some(more)) = (request.as_object_mut(), value.as_object()) {
                request.extend(more.clone());
            }
            Step::Ask(request)
        };
        match word {
            "model" => vec![Step::Ask(json!({"op": "model", "model": model(value)}))],
            "up" => up(&model(value)),
            "see" => {
                let words = (!value.is_null()).then(|| serde_json::from_value(value.clone()).unwrap());
                vec![Step::See(words)]
            }
            "settle" => vec![Step::See(None)],
            "start" | "stop" | "crash" | "terminate" | "crash_at" | "script" => {
                vec![ask(json!({"op": word}))]
            }
            "change" => vec![Step::Ask(json!({"op": "change", "changes": changes(value)}))],
            "advance" => vec![Step::Ask(json!({"op": "advance", "ms": value}))],
            "exec" => vec![Step::Ask(json!({"op": "exec", "script": value}))],
            "hold" => vec![hold(value, true)],
            "release" => vec![Step::See(None), hold(value, false)],
            "busy" => vec![
                hold(&json!("update-status"), true),
                Step::Ask(json!({"op": "change", "changes": [{"update_status": true}]})),
                Step::See(None),
            ],
            "free" => vec![Step::See(None), hold(&json!("update-status"), false)],
            "fail" | "run" => {
                let hooks: BTreeMap<String, Value> = serde_json::from_value(value.clone()).unwrap();
                let told = |(hook, what)| Step::Ask(json!({"op": "script", "hook": hook, word: what}));
                hooks.into_iter().map(told).collect()
            }
            _ => panic!("{}: there is no step {word:?}", self.name),
        }
    }
}

fn hold(hook: &Value, on: bool) -> Step {
    Step::Ask(json!({"op": "script", "hook": hook, "hold": on}))
}

/// A deployed, idle unit whose containers are ready. Several relations come one after another: Juju leaves their order
/// to chance, and a scenario should be random only where it means to be.
fn up(model: &Value) -> Vec<Step> {
    let mut model = model.clone();
    let mut later = Vec::new();
    if let Some(relations) = model.get_mut("relations").and_then(Value::as_array_mut)
        && relations.len() > 1
    {
        later = relations.split_off(1);
    }
    let containers = model["containers"].as_array().cloned().unwrap_or_default();
    let mut steps = vec![
        Step::Ask(json!({"op": "model", "model": model})),
        Step::Ask(json!({"op": "start"})),
        Step::See(None),
    ];
    for relation in later {
        steps.push(Step::Ask(json!({"op": "change", "changes": [{"relation": relation}]})));
        steps.push(Step::See(None));
    }
    if !containers.is_empty() {
        let up = |container| json!({"pebble": {"container": container, "up": true}});
        let changes: Vec<Value> = containers.into_iter().map(up).collect();
        steps.push(Step::Ask(json!({"op": "change", "changes": changes})));
        steps.push(Step::Ask(json!({"op": "advance", "ms": 5000})));
        steps.push(Step::See(None));
    }
    steps
}

/// A model with what most scenarios have. One container only: Juju leaves the order among containers to chance.
fn model(given: &Value) -> Value {
    let mut model = json!({
        "unit": "app/0", "leader": true, "type": "caas", "containers": ["one"], "private_address": "10.1.0.1",
    });
    if let (Some(model), Some(given)) = (model.as_object_mut(), given.as_object()) {
        model.extend(given.clone());
    }
    if let Some(relations) = model.get_mut("relations").and_then(Value::as_array_mut) {
        relations.iter_mut().for_each(complete);
    }
    model
}

fn changes(given: &Value) -> Vec<Value> {
    let mut changes = given.as_array().cloned().unwrap_or_else(|| vec![given.clone()]);
    for change in &mut changes {
        if let Some(relation) = change.get_mut("relation") {
            complete(relation);
        }
    }
    changes
}

/// Adds what the charm's metadata says of the endpoint, where one is named.
fn complete(relation: &mut Value) {
    let more = match relation["endpoint"].as_str() {
        Some("db") => json!({"role": "requirer", "interface": "pg", "remote_app": "pg"}),
        Some("cache") => json!({"role": "requirer", "interface": "redis", "remote_app": "redis"}),
        Some("web") => json!({"role": "provider", "interface": "http", "remote_app": "proxy"}),
        Some(peer @ ("cluster" | "ring")) => json!({"role": "peer", "interface": peer}),
        _ => return,
    };
    let more: Map<String, Value> = serde_json::from_value(more).unwrap();
    let relation = relation.as_object_mut().unwrap();
    for (key, value) in more {
        relation.entry(key).or_insert(value);
    }
}
