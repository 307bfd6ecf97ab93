//! The exceptions to "byte for byte": what Juju itself makes up anew in every run.
//! There is one more, which is a difference: arguments that are no UTF-8, in `corpus/stray_bytes.yaml`.
//!
//! 1. The random end of a context id, 32 hexadecimal digits.
//! 2. Ids of new secrets, and UUIDs of new payloads: numbered in the order in which they appear.
//! 3. Times that are made from the clock: their distance to now, to ten minutes, and their form.
//! 4. The folder in which a side runs, the temporary one of juju-exec, and the id of the process that a reboot kills.
//! 5. Orders that Juju takes from a Go map or from two threads: [`UNORDERED`], [`FAILURES`], and in `record.rs` the ids that
//!    `secret-ids` prints and the log.

use std::path::Path;

use jiff::{Timestamp, Unit};
use serde_json::Value;

/// Lists in the arguments of `CommitHookChanges`, and in the model, that come from maps.
const UNORDERED: [&str; 10] = [
    "add-storage",
    "relation-unit-settings",
    "open-ports",
    "close-ports",
    "secret-creates",
    "secret-updates",
    "secret-grants",
    "secret-revokes",
    "secret-deletes",
    "secrets",
];

/// Texts that name several failures of things from a map: how they begin, and what stands between two.
const FAILURES: [(&str, &str); 6] = [
    ("validation failed: ", "; "),
    ("creating secrets: ", "\n"),
    ("updating secrets: ", "\n"),
    ("granting secrets access: ", "\n"),
    ("revoking secrets access: ", "\n"),
    ("removing secrets: ", "\n"),
];

/// What one case made up so far.
pub(crate) struct Normal {
    root: String,
    /// The case's own text: an id or a time in it is no accident.
    given: String,
    started: Timestamp,
    secrets: Vec<String>,
    uuids: Vec<String>,
}

impl Normal {
    pub(crate) fn new(root: &Path, given: String) -> Self {
        let root = root.to_string_lossy().into_owned();
        Self { root, given, started: Timestamp::now(), secrets: Vec::new(), uuids: Vec::new() }
    }

    /// Replaces everything made up in `text`.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let text = text.replace(&self.root, "{ROOT}");
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            if let Some((made, length)) = self.time(rest) {
                out.push_str(&made);
                rest = &rest[length..];
                continue;
            }
            let word_end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let uuid = rest.get(..36).filter(|uuid| is_uuid(uuid) && !self.given.contains(uuid));
            if let Some(uuid) = uuid.filter(|uuid| !uuid.starts_with("deadbeef")) {
                out.push_str(&numbered("uuid", &mut self.uuids, uuid));
                rest = &rest[36..];
                continue;
            }
            let (word, after) = rest.split_at(word_end);
            if is_secret_id(word) && !self.given.contains(word) {
                out.push_str(&numbered("secret", &mut self.secrets, word));
            } else if word.len() == 32 && out.ends_with('-') && word.bytes().all(|b| b.is_ascii_hexdigit()) {
                out.push_str("<random>");
            } else if word.strip_prefix("exec").is_some_and(is_number) && out.ends_with("/tmp/juju-") {
                out.push_str("exec<random>");
            } else if out.ends_with("context process ") && is_number(word) {
                out.push_str("<pid>");
            } else {
                out.push_str(word);
            }
            rest = after;
        }
        out.push_str(rest);
        ordered_failures(out)
    }

    /// The time at the start of `text`, told by its distance to now, and how long it was.
    fn time(&self, text: &str) -> Option<(String, usize)> {
        let seconds = text.get(..19)?;
        let shape = |(at, byte): (usize, u8)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T' || byte == b' ',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        };
        if !seconds.bytes().enumerate().all(shape) || self.given.contains(seconds) {
            return None;
        }
        let after = &text[19..];
        let fraction = fraction_length(after);
        let time: Timestamp = format!("{}Z", seconds.replace(' ', "T")).parse().ok()?;
        // The seconds that a run takes are no difference; ten minutes are.
        let minutes = time.since((Unit::Minute, self.started)).ok()?.get_minutes();
        let minutes = (minutes + 5).div_euclid(10) * 10;
        // What is long past, or in another century, no clock made.
        if !(-24 * 60..60 * 24 * 366 * 20).contains(&minutes) {
            return None;
        }
        let form = if fraction > 0 { " with a fraction" } else { "" };
        Some((format!("<now{minutes:+}m{}{form}>", &text[10..11]), 19 + fraction))
    }

    /// The same for all texts of a value, with its unordered lists in an order, and its parts in the order of their names.
    pub(crate) fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, field)| {
                    let mut field = self.value(field);
                    if UNORDERED.contains(&key.as_str()) {
                        order(&mut field);
                    }
                    (self.text(key), field)
                })
                .collect(),
            other => other.clone(),
        }
    }
}

fn fraction_length(after: &str) -> usize {
    after
        .strip_prefix('.')
        .map_or(0, |after| 1 + after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len())
}

/// Puts a list into the order of its items' text.
pub(crate) fn order(list: &mut Value) {
    if let Value::Array(items) = list {
        items.sort_by_cached_key(Value::to_string);
    }
}

/// Puts the failures in a text into an order.
fn ordered_failures(text: String) -> String {
    for (lead, between) in FAILURES {
        if let Some((before, failures)) = text.split_once(lead) {
            let mut failures: Vec<&str> = failures.split(between).collect();
            failures.sort_unstable();
            return format!("{before}{lead}{}", failures.join(between));
        }
    }
    text
}

fn numbered(what: &str, seen: &mut Vec<String>, id: &str) -> String {
    let at = seen.iter().position(|known| known == id).unwrap_or_else(|| {
        seen.push(id.to_owned());
        seen.len() - 1
    });
    format!("<{what} {}>", at + 1)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it has the form of a secret's id.
fn is_secret_id(word: &str) -> bool {
    word.len() == 20
        && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'))
        && word.ends_with(['0', 'g'])
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}
