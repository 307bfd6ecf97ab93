//! What is compared of a run, and the exceptions to "event by event".

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::side::Run;

/// The events that are compared. `op_failed` says what `ended` and the status say, `exec_ended` comes from another
/// thread than the rest, `log` and `juju_log` are texts for people.
const COMPARED: [&str; 10] =
    ["saved", "hook", "action", "exec", "ended", "op", "agent_status", "unit_status", "api", "agent"];

/// A run as lines: a heading for each settle, its events, and in the end the model.
pub(crate) fn lines(run: &Run) -> Vec<String> {
    let mut normal = Normal { work: &run.work, names: BTreeMap::new() };
    let mut out = Vec::new();
    let mut asked = Vec::new();
    for (request, answer) in &run.log {
        match request["op"].as_str() {
            Some("settle") => {
                out.push(format!("$ {}", asked.join(" ")));
                asked.clear();
                normal.settle(answer, &mut out);
            }
            Some("get") => {
                out.push("$ get".to_owned());
                normal.model(&answer["model"], &mut out);
            }
            _ => asked.push(format!("{request:.300}")),
        }
    }
    out
}

struct Normal<'a> {
    work: &'a str,
    /// Random identifiers and hashes, by order of appearance.
    names: BTreeMap<String, String>,
}

impl Normal<'_> {
    fn settle(&mut self, answer: &Value, out: &mut Vec<String>) {
        let mut removed = Vec::new();
        let mut entered: Option<Vec<String>> = None;
        let mut executing = String::new();
        for event in without_vain_entries(answer["events"].as_array().cloned().unwrap_or_default()) {
            let crash = event.get("crash").is_some();
            if !crash && !COMPARED.iter().any(|kind| event.get(kind).is_some()) {
                continue;
            }
            // Whether the agent is idle for a moment between two events depends on how soon the second one comes; the
            // status in the end is compared.
            if event["agent_status"] == "idle" {
                continue;
            }
            // And so does whether its status has to be set again for the same hook.
            let message = event["message"].as_str().filter(|_| event["agent_status"] == "executing");
            if message.is_some_and(|message| message == executing) {
                continue;
            }
            executing = message.map_or(executing, str::to_owned);
            let mut event = event.clone();
            // The text of a cut connection says which call was cut first.
            if let Some(error) = event.get_mut("error")
                && error.as_str().is_some_and(|text| text.contains("connection is shut down"))
            {
                *error = Value::from("connection is shut down");
            }
            if event.get("api").is_some() {
                // Juju lists what a hook changed in no order.
                sort(&mut event["args"]);
            }
            let line = self.text(&event);
            // An agent that starts enters its relations again, in no order.
            let enters = ["EnterScope", "SetRelationStatus"].iter().any(|api| event["api"] == *api);
            if enters && let Some(entered) = &mut entered {
                entered.push(line);
                continue;
            }
            if let Some(mut lines) = entered.take() {
                lines.sort();
                out.extend(lines);
            }
            if event["agent"] == "started" {
                entered = Some(Vec::new());
            }
            // Asked again until the watcher has seen it.
            if event["api"] == "RemoveStorageAttachments" {
                if removed.contains(&line) {
                    continue;
                }
                removed.push(line.clone());
            }
            out.push(line);
        }
        if let Some(mut lines) = entered {
            lines.sort();
            out.extend(lines);
        }
        let held = answer["held"].as_str().map(|hook| format!(", held in {hook}")).unwrap_or_default();
        out.push(format!("{}{held}", answer["agent_status"].as_str().unwrap_or_default()));
    }

    fn model(&mut self, model: &Value, out: &mut Vec<String>) {
        let mut model = model.clone();
        // What the agent saves is YAML in a text: its meaning is compared.
        let saved = &mut model["saved"];
        if let Some(saved) = saved.as_object_mut() {
            for (key, text) in saved.iter_mut() {
                if key == "relation" {
                    text.as_object_mut().into_iter().flatten().for_each(|(_, text)| parse(text));
                } else {
                    parse(text);
                }
            }
        }
        let mut leaves = Vec::new();
        flatten("", &model, &mut leaves);
        out.extend(leaves.into_iter().map(|leaf| self.rename(&leaf)));
    }

    fn text(&mut self, event: &Value) -> String {
        self.rename(&event.to_string())
    }

    /// Replaces what no two runs share.
    fn rename(&mut self, line: &str) -> String {
        let line = line.replace(self.work, "WORK");
        let mut out = String::new();
        let mut word = String::new();
        for c in line.chars().chain(['\n']) {
            if c.is_ascii_alphanumeric() {
                word.push(c);
                continue;
            }
            out.push_str(&self.name(&word));
            word.clear();
            if c != '\n' {
                out.push(c);
            }
        }
        out
    }

    fn name(&mut self, word: &str) -> String {
        let hash = word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        // The scenarios' own secrets have all letters but the last alike.
        let secret = word.len() == 20
            && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'))
            && !word.bytes().take(19).all(|byte| Some(byte) == word.bytes().next());
        if !hash && !secret {
            return word.to_owned();
        }
        let kind = if hash { "HASH" } else { "SECRET" };
        let next = format!("{kind}{}", self.names.len());
        self.names.entry(word.to_owned()).or_insert(next).clone()
    }
}

/// A unit that goes tries to enter what it is not in, again and again and in any order, and is refused: saved, refused,
/// saved back.
fn without_vain_entries(events: Vec<Value>) -> Vec<Value> {
    let vain = |event: &Value| event["api"] == "EnterScope" && event.get("error").is_some();
    let saves = |event: &Value| event["saved"] == "relation";
    let mut out: Vec<Value> = Vec::new();
    let mut skips = 0;
    for event in events {
        if vain(&event) {
            if out.last().is_some_and(saves) {
                out.pop();
            }
            skips += 1;
        } else if skips > 0 && saves(&event) {
            skips -= 1;
        } else {
            out.push(event);
        }
    }
    out
}

fn parse(text: &mut Value) {
    if let Some(Ok(value)) = text.as_str().map(serde_yaml::from_str::<Value>) {
        *text = value;
    }
}

/// Sorts all lists.
fn sort(value: &mut Value) {
    match value {
        Value::Array(list) => {
            list.iter_mut().for_each(sort);
            list.sort_by_key(Value::to_string);
        }
        Value::Object(map) => map.iter_mut().for_each(|(_, value)| sort(value)),
        _ => {}
    }
}

/// The leaves of a value with their paths. What is empty is left out: Juju's own tools differ in whether they write it.
fn flatten(path: &str, value: &Value, out: &mut Vec<String>) {
    let into = |map: &Map<String, Value>, out: &mut Vec<String>| {
        for (key, value) in map {
            flatten(&format!("{path}.{key}"), value, out);
        }
    };
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::String(text) if text.is_empty() => {}
        Value::Object(map) => into(map, out),
        Value::Array(list) => {
            for (number, value) in list.iter().enumerate() {
                flatten(&format!("{path}[{number}]"), value, out);
            }
        }
        _ => out.push(format!("{path} = {value}")),
    }
}
