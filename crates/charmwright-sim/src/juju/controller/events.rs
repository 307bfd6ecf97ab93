//! What of the requests is worth telling: those that change something, in a short form.

use serde_json::{Map, Value, json};

use super::{ApiCall, Controller, Model, ModelError, normalise};

/// Requests that change something and have no shorter form.
const TOLD: [&str; 18] = [
    "Uniter.BeginActions",
    "Uniter.FinishActions",
    "Uniter.EnsureDead",
    "Uniter.Destroy",
    "Uniter.ClearResolved",
    "Uniter.SetCharmURL",
    "Uniter.EnterScope",
    "Uniter.LeaveScope",
    "Uniter.SetRelationStatus",
    "Uniter.RemoveStorageAttachments",
    "Uniter.DestroyUnitStorageAttachments",
    "Uniter.DestroyAllSubordinates",
    "Uniter.Merge",
    "SecretsManager.SecretsRotated",
    "Uniter.RequestReboot",
    "Uniter.SetUpgradeSeriesUnitStatus",
    "SecretsManager.DeleteContent",
    "Uniter.SetUpgradeSeriesStatus",
];

impl Controller {
    /// The controller at the beginning of a unit's life, with the charm in a folder.
    ///
    /// # Errors
    ///
    /// The value describes no model.
    pub fn live(model: &Value, charm: &str) -> Result<Self, ModelError> {
        let mut model: Model = normalise::from_json(model.clone())?;
        if model.agent_status.status.is_empty() {
            "allocating".clone_into(&mut model.agent_status.status);
        }
        let mut controller = Self::new(model)?;
        normalise::begin(controller.model_mut(), charm);
        Ok(controller)
    }

    /// The model as JSON, with what only a unit's whole life has.
    pub fn live_json(&self) -> Value {
        let mut json = self.to_json();
        let mut told = Vec::new();
        for (relation, mut of) in self.model.relations().iter().zip(list(json["relations"].take())) {
            of["unit_versions"] = json!(relation.unit_versions);
            of["app_version"] = json!(relation.app_version);
            of["in_scope"] = json!(relation.in_scope);
            if let Some(of) = of.as_object_mut() {
                of.remove("members");
            }
            if !relation.gone {
                told.push(of);
            }
        }
        json["relations"] = told.into();
        json["saved"] = json!(self.model.saved);
        json
    }

    /// What a request is to whoever looks on: `None` if it is nothing to them.
    pub fn event(call: &ApiCall, by_charm: bool) -> Option<Value> {
        if let Some(crash) = call.crash() {
            let mut event = json!({"crash": crash.method});
            if crash.after {
                event["after"] = json!(true);
            }
            return Some(event);
        }
        let args = call.args.as_ref()?;
        let mut event = match call.method.as_str() {
            "Uniter.SetAgentStatus" => status("agent_status", args)?,
            "Uniter.SetUnitStatus" => {
                let mut event = status("unit_status", args)?;
                if by_charm {
                    event["by"] = json!("charm");
                }
                event
            }
            "Uniter.SetState" => saved(args)?,
            "Uniter.CommitHookChanges" => {
                let mut changes = args["args"].get(0)?.as_object()?.clone();
                changes.remove("tag");
                changes.retain(|_, value| !value.is_null());
                json!({"api": "CommitHookChanges", "args": changes})
            }
            method if TOLD.contains(&method) => {
                json!({"api": method.split_once('.').map_or(method, |(_, name)| name), "args": args})
            }
            _ => return None,
        };
        if let Some(error) = &call.error {
            event["error"] = json!(error);
        }
        Some(event)
    }
}

fn list(value: Value) -> Vec<Value> {
    if let Value::Array(list) = value { list } else { Vec::new() }
}

fn status(key: &str, args: &Value) -> Option<Value> {
    let entity = args["entities"].get(0)?;
    let mut event = json!({key: entity["status"], "message": entity["info"]});
    if entity["data"].as_object().is_some_and(|data| !data.is_empty()) {
        event["data"] = entity["data"].clone();
    }
    Some(event)
}

/// What the agent saves, as what it means.
fn saved(args: &Value) -> Option<Value> {
    let arg = args["args"].get(0)?;
    let text = |part: &str| arg.get(part).and_then(Value::as_str);
    let plain = |text: &str| serde_yaml::from_str::<Value>(text).unwrap_or_else(|_| Value::from(text));
    if let Some(text) = text("uniter-state") {
        let state = plain(text);
        let flags: Vec<&str> = ["leader", "installed", "started", "stopped", "removed", "status-set"]
            .into_iter()
            .filter(|flag| state[*flag] == json!(true))
            .collect();
        let mut event = json!({"saved": "uniter", "kind": state["op"], "step": state["opstep"],
            "flags": flags.join(" ")});
        if state["hook"].is_object() {
            event["hook"] = state["hook"]["kind"].clone();
        }
        if let Some(step) = state.get("hook-step") {
            event["hook_step"] = step.clone();
        }
        return Some(event);
    }
    if let Some(relations) = arg.get("relation-state").and_then(Value::as_object) {
        let all: Map<String, Value> = relations
            .iter()
            .map(|(id, text)| (id.clone(), plain(text.as_str().unwrap_or_default())))
            .collect();
        return Some(json!({"saved": "relation", "state": all}));
    }
    if let Some(text) = text("storage-state") {
        return Some(json!({"saved": "storage", "state": plain(text)}));
    }
    text("secret-state").map(|text| json!({"saved": "secret", "state": plain(text)}))
}
