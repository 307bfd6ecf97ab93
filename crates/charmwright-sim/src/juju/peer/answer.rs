//! What is told of a run.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::changes::changed;
use crate::juju::bytes;
use crate::juju::controller::{ApiCall, Controller};
use crate::juju::log::text;
use crate::juju::run::{Executed, Outcome, Rebooting};

/// The answer to a request for a run. What there is nothing to say of is left out.
pub(super) fn of(outcome: Outcome, controller: &Controller, before: &Value, took: Duration) -> Value {
    let after = controller.to_json();
    let began = controller.calls().first().map(|call| call.at);
    let calls: Vec<_> = controller.calls().iter().map(|call| shown(call, began.unwrap_or(call.at))).collect();
    let mut env: Vec<_> = outcome
        .environment
        .into_iter()
        .flatten()
        .map(|(name, value)| text(format!("{name}={value}").as_bytes()))
        .collect();
    env.sort_unstable();
    let mut answer = json!({
        "ok": outcome.failure.is_none(),
        "api_calls": calls,
        "committed": changed(before, &after),
        "log": outcome.log,
        "env": env,
        "duration_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    });
    let error = outcome.failure.map(|failure| json!(failure.to_string()));
    let parts = [
        ("error", error.filter(|error| *error != json!(""))),
        ("handler", outcome.handler.map(|handler| json!(handler))),
        ("missing", outcome.missing.then_some(json!(true))),
        ("reboot", outcome.reboot.map(|reboot| json!(rebooting(reboot)))),
        ("action", outcome.action.map(|id| after["actions"][id].clone())),
        ("exec", outcome.exec.map(|exec| executed(&exec))),
    ];
    if let Value::Object(answer) = &mut answer {
        answer.extend(parts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    written(answer)
}

/// The same as Go writes it: each number has been a float, and a whole one has no point; a text is of characters.
pub(super) fn written(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(bytes::lossy(&text)),
        Value::Number(number) => {
            let float = number.as_f64().unwrap_or_default();
            let is_whole =
                float.fract() == 0.0 && float.abs() < 1e18 && !(float == 0.0 && float.is_sign_negative());
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
            let whole = float as i64;
            if is_whole { whole.into() } else { Value::Number(number) }
        }
        Value::Array(items) => items.into_iter().map(written).collect(),
        Value::Object(entries) => {
            entries.into_iter().map(|(key, value)| (bytes::lossy(&key), written(value))).collect()
        }
        other => other,
    }
}

fn shown(call: &ApiCall, began: jiff::Timestamp) -> Value {
    let at = call.at.duration_since(began).as_millis();
    let mut shown = Map::new();
    shown.insert("method".to_owned(), json!(call.method));
    shown.insert("phase".to_owned(), json!(call.phase.name()));
    shown.insert("at_ms".to_owned(), json!(i64::try_from(at).unwrap_or(i64::MAX)));
    shown.extend(call.args.clone().map(|args| ("args".to_owned(), args)));
    let texts = [("error", call.error.as_deref().unwrap_or_default()), ("tool", call.tool.as_str())];
    shown.extend(
        texts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(key, text)| (key.to_owned(), json!(text))),
    );
    Value::Object(shown)
}

fn rebooting(reboot: Rebooting) -> &'static str {
    match reboot {
        Rebooting::After => "after",
        Rebooting::Now => "now",
    }
}

fn executed(exec: &Executed) -> Value {
    json!({"code": exec.code, "stdout": text(&exec.stdout), "stderr": text(&exec.stderr)})
}
