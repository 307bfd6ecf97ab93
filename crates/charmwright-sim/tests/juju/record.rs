//! What happened in one step, as lines that can be compared and read.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::normal::Normal;

/// Texts longer than this are told by their ends and a digest.
const LONGEST: usize = 300;

/// The lines of a step: what the charm saw, then what the side answered.
pub(crate) fn record(root: &Path, answer: &Value, normal: &mut Normal) -> Vec<String> {
    let mut lines = Vec::new();
    let calls = root.join("charm/calls");
    if let Ok(start) = fs::read_to_string(calls.join("start")) {
        lines.extend(start.lines().map(|line| format!("started: {}", normal.text(line))));
    }
    if let Ok(environ) = fs::read(calls.join("environ")) {
        let environ = String::from_utf8_lossy(&environ);
        let mut variables: Vec<String> =
            environ.split_terminator('\0').map(|variable| normal.text(variable)).collect();
        variables.sort();
        lines.extend(variables.into_iter().map(|variable| format!("process: {variable}")));
    }
    for number in 1.. {
        let Ok(arguments) = fs::read(calls.join(format!("{number}.arguments"))) else { break };
        let of = |what: &str| fs::read(calls.join(format!("{number}.{what}"))).ok();
        call(&mut lines, &arguments, of("input"), [of("code"), of("out"), of("err")], normal);
    }
    let mut keys: Vec<(&String, &Value)> = answer.as_object().unwrap().iter().collect();
    keys.sort_by_key(|(key, _)| key.as_str());
    for (key, value) in keys {
        match key.as_str() {
            "duration_ms" => {}
            "api_calls" => {
                lines.extend(value.as_array().unwrap().iter().map(|call| api_call(call, normal)));
            }
            "log" => log(&mut lines, value, normal),
            "env" | "committed" | "model" => each(&mut lines, key, value, normal),
            _ => lines.push(format!("{key}: {}", shown_value(&normal.value(value)))),
        }
    }
    lines
}

fn call(
    lines: &mut Vec<String>,
    arguments: &[u8],
    input: Option<Vec<u8>>,
    results: [Option<Vec<u8>>; 3],
    normal: &mut Normal,
) {
    let arguments = text(arguments, normal);
    let words: Vec<&str> = arguments.split_terminator('\0').collect();
    let quoted = |word: &&str| if word.is_empty() { "''".to_owned() } else { shown(word) };
    let mut line = format!("$ {}", words.iter().map(quoted).collect::<Vec<_>>().join(" "));
    if let Some(input) = input {
        let _ = write!(line, " <<< {}", shown(&text(&input, normal)));
    }
    lines.push(line);
    let [code, out, err] = results;
    let code = code.map_or_else(|| "none".to_owned(), |code| String::from_utf8_lossy(&code).into_owned());
    lines.push(format!("  exit {code}"));
    for (mark, bytes) in [("out", out.unwrap_or_default()), ("err", err.unwrap_or_default())] {
        let mut printed = text(&bytes, normal);
        if words.first() == Some(&"secret-ids") {
            printed = ordered_ids(&printed);
        }
        lines.extend(output(&printed).into_iter().map(|line| format!("  {mark}| {line}")));
    }
}

/// Bytes as text, with those that are none told as such.
fn text(bytes: &[u8], normal: &mut Normal) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(&normal.text(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(text, "{{{byte:02x}}}");
        }
    }
    text
}

/// The lines of an output.
fn output(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(shown).collect();
    if let Some(last) = lines.last_mut().filter(|_| !text.ends_with('\n')) {
        last.push_str("<no newline>");
    }
    lines
}

/// `secret-ids` lists the keys of a map.
fn ordered_ids(printed: &str) -> String {
    if let Ok(Value::Array(mut ids)) = serde_json::from_str(printed) {
        ids.sort_by_cached_key(Value::to_string);
        return format!("{}\n", Value::Array(ids));
    }
    let mut lines: Vec<&str> = printed.split_inclusive('\n').collect();
    lines.sort_unstable();
    lines.concat()
}

fn api_call(call: &Value, normal: &mut Normal) -> String {
    let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
    let args = shown_value(&normal.value(&call["args"]));
    let mut line = format!("api_calls: {} {} {args}", text("phase"), text("method"));
    for key in ["tool", "error"] {
        if !call[key].is_null() {
            let _ = write!(line, " {key}={}", shown(&normal.text(&text(key))));
        }
    }
    line
}

/// Records of the charm's two outputs come from two threads, beside those of the agent itself, and the end of a killed
/// script from another: four sequences.
fn log(lines: &mut Vec<String>, records: &Value, normal: &mut Normal) {
    let mut sequences = [const { Vec::new() }; 4];
    for record in records.as_array().unwrap() {
        let of = |key: &str| record[key].as_str().unwrap_or_default();
        let (level, module) = (of("level"), of("module"));
        let own = module.starts_with("unit.") && !module.ends_with(".juju-log");
        let sequence = match level {
            "DEBUG" if own => 1,
            "WARNING" if own => 2,
            _ if module == "juju.util.exec" => 3,
            _ => 0,
        };
        sequences[sequence].push(format!("log: {level} {module} {}", shown(&normal.text(of("message")))));
    }
    lines.extend(sequences.into_iter().flatten());
}

/// One line for each part of a value.
fn each(lines: &mut Vec<String>, name: &str, value: &Value, normal: &mut Normal) {
    match normal.value(value) {
        Value::Array(items) => {
            lines.extend(items.iter().map(|item| format!("{name}: {}", shown_value(item))));
        }
        Value::Object(fields) => {
            let mut parts: Vec<String> = Vec::new();
            for (key, field) in &fields {
                match field {
                    Value::Object(inner) if name == "committed" && !inner.is_empty() => parts.extend(
                        inner
                            .iter()
                            .map(|(part, field)| format!("{name}: {key}.{part} {}", shown_value(field))),
                    ),
                    Value::Array(inner) if name == "model" && !inner.is_empty() => parts
                        .extend(inner.iter().map(|item| format!("{name}: {key}[] {}", shown_value(item)))),
                    _ => parts.push(format!("{name}: {key} {}", shown_value(field))),
                }
            }
            lines.extend(parts);
        }
        other => lines.push(format!("{name}: {other}")),
    }
}

/// A value in one line, its parts in the order of their names.
fn shown_value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", shown(text)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown_value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            let fields: Vec<String> = fields
                .into_iter()
                .map(|(key, field)| format!("{}: {}", shown(key), shown_value(field)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

/// A text with what cannot be seen escaped, and cut if it is long.
fn shown(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    if out.len() <= LONGEST {
        return out;
    }
    let (start, end): (String, String) = (out.chars().take(80).collect(), last(&out, 40));
    format!("{start}…<{} characters, digest {:016x}>…{end}", out.len(), digest(out.as_bytes()))
}

fn last(text: &str, count: usize) -> String {
    let mut end: Vec<char> = text.chars().rev().take(count).collect();
    end.reverse();
    end.into_iter().collect()
}

/// FNV-1a: equal texts have equal digests in every run.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
