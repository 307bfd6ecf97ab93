//! Events in short words, as the scenarios expect them.

use serde_json::Value;

/// What tells hooks of one kind apart, besides the relation.
const TOLD: [&str; 5] = ["NOTICE_KEY", "PEBBLE_CHECK_NAME", "SECRET_ID", "SECRET_REVISION", "STORAGE_ID"];

/// The words for one settle.
pub(crate) fn words(answer: &Value) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for event in answer["events"].as_array().into_iter().flatten() {
        let text = |key: &str| event[key].as_str();
        if text("saved").is_some() {
            continue;
        }
        if text("hook").is_some() || text("action").is_some() {
            out.push(charm(event));
        } else if text("exec").is_some() {
            out.push("juju-exec".to_owned());
        } else if text("ended").is_some() {
            let how = if text("error").is_some() {
                " ✗"
            } else if event["missing"] == true {
                " (missing)"
            } else {
                ""
            };
            if let Some(last) = out.last_mut() {
                last.push_str(how);
            }
        } else if let Some(op) = text("op") {
            out.extend(operation(op));
        } else if let Some(method) = text("crash") {
            let method = method.split_once('.').map_or(method, |(_, method)| method);
            out.push(format!("<crash at {method}>"));
        } else if let Some(agent) = text("agent") {
            out.push(format!("<agent {agent}>"));
        } else if let Some(status @ ("error" | "failed")) = text("agent_status") {
            out.push(format!("<{status}>"));
        }
    }
    if let Some(hook) = answer["held"].as_str() {
        out.push(format!("held in {hook}"));
    }
    out
}

/// A hook or an action.
fn charm(event: &Value) -> String {
    let env = |key: &str| event["env"][key].as_str();
    let mut out = match (event["hook"].as_str(), event["action"].as_str()) {
        (Some(hook), _) => hook.to_owned(),
        (None, action) => format!("action {}", action.unwrap_or_default()),
    };
    let mut add = |word: &str| {
        if !word.is_empty() {
            out.push(' ');
            out.push_str(word);
        }
    };
    if let Some((_, id)) = env("RELATION_ID").and_then(|id| id.split_once(':')) {
        add(id);
        add(env("REMOTE_UNIT").or_else(|| env("REMOTE_APP")).unwrap_or_default());
        if let Some(unit) = env("DEPARTING_UNIT") {
            add(&format!("departing {unit}"));
        }
    }
    for key in TOLD {
        let value = env(key).unwrap_or_default();
        let id = key == "SECRET_ID" && value.is_ascii();
        add(if id { &value[value.len().saturating_sub(4)..] } else { value });
    }
    out
}

/// Operations that the hook or action that follows does not tell.
fn operation(op: &str) -> Option<String> {
    let first = op.lines().next().unwrap_or_default().trim_end_matches(':');
    let runs = op.starts_with("run ") && (op.ends_with(" hook") || op.starts_with("run action"));
    (!runs && !op.starts_with("run commands")).then(|| format!("<{first}>"))
}
