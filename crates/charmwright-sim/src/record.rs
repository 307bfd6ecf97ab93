//! What one run of `dispatch` did.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::juju::controller::ActionRun;
use crate::juju::log;
use crate::model::Status;

/// What one run of `dispatch` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Record {
    /// The hook's or action's name.
    pub event: String,
    /// How `dispatch` ended; `None` if a signal ended it.
    pub exit_code: Option<i32>,
    /// The processes that the hook started: `dispatch` and each hook command.
    pub processes: usize,
    /// The hook commands, in order.
    pub commands: Vec<CommandRecord>,
    /// The requests to Pebble, in order: container, method and path.
    pub pebble: Vec<String>,
    /// The plan, if the charm logged one: a record whose first line begins with `plan:`.
    pub plan: Option<Vec<String>>,
    /// What was written: hook commands and requests to Pebble that change something.
    pub writes: Vec<String>,
    /// The unit's status afterwards.
    pub status: Option<Status>,
    /// How long the hook took, in milliseconds.
    pub millis: u128,
    /// The most memory that `dispatch` had when it ran a hook command or asked Pebble, in KiB.
    pub peak_memory_kib: u64,
    /// Why Juju counts the hook as failed, if it does.
    pub error: Option<String>,
    /// What the charm logged, by `juju-log` and through standard output and error.
    pub log: Vec<LogLine>,
    /// An action's outcome.
    pub action: Option<ActionResult>,
    /// What the agent did beside it, and where Juju goes wrong, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// A hook command that was run.
#[derive(Debug, Clone, Serialize)]
pub struct CommandRecord {
    /// The command and its arguments; the contents of secrets replaced.
    pub args: Vec<String>,
    /// Its exit code.
    pub code: i32,
}

/// A line of Juju's log.
#[derive(Debug, Clone, Serialize)]
pub struct LogLine {
    /// `DEBUG`, `INFO`, `WARNING`, `ERROR`.
    pub level: String,
    /// The message; it may have several lines.
    pub message: String,
}

/// How an action ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ActionResult {
    /// Whether `action-fail` was called, or the charm failed.
    pub failed: bool,
    /// What the charm said about it.
    pub message: String,
    /// What it answered.
    pub results: BTreeMap<String, String>,
}

/// What Juju itself adds to an action's results.
const ADDED_BY_JUJU: [&str; 5] = ["return-code", "stdout", "stdout-encoding", "stderr", "stderr-encoding"];

impl ActionResult {
    /// What became of an action, without what Juju adds.
    pub(crate) fn of(run: &ActionRun) -> Self {
        let mut results = BTreeMap::new();
        flatten("", run.results.as_ref().unwrap_or(&Map::new()), &mut results);
        results.retain(|key, _| !ADDED_BY_JUJU.contains(&key.as_str()));
        Self { failed: run.status != "completed", message: run.message.clone(), results }
    }

    fn hide(&mut self, secrets: &[String]) {
        self.results.values_mut().for_each(|value| hide(value, secrets));
        hide(&mut self.message, secrets);
    }
}

/// `action-set a.b=c` makes maps of maps; here it is `a.b` again.
fn flatten(prefix: &str, results: &Map<String, Value>, into: &mut BTreeMap<String, String>) {
    for (key, value) in results {
        match value {
            Value::Object(inner) => flatten(&format!("{prefix}{key}."), inner, into),
            Value::String(text) => drop(into.insert(format!("{prefix}{key}"), text.clone())),
            other => drop(into.insert(format!("{prefix}{key}"), other.to_string())),
        }
    }
}

impl Record {
    pub(crate) fn of(event: String) -> Self {
        Self { event, processes: 1, ..Self::default() }
    }

    /// Whether the hook changed anything.
    pub fn wrote(&self) -> bool {
        !self.writes.is_empty()
    }

    /// Whether it failed.
    pub fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// Notes a hook command that was run.
    ///
    /// What a secret is to hold is not kept, were the charm to put it on the command line.
    pub(crate) fn note_command(&mut self, mut args: Vec<String>, code: i32) {
        if args.first().is_some_and(|command| matches!(command.as_str(), "secret-add" | "secret-set")) {
            for arg in args.iter_mut().skip(1).filter(|arg| !arg.starts_with('-')) {
                if let Some((key, _)) = arg.split_once('=') {
                    *arg = format!("{key}=<secret>");
                }
            }
        }
        self.processes += 1;
        if code == 0 && args.first().is_some_and(|command| is_write(command)) {
            self.writes.push(args.join(" "));
        }
        self.commands.push(CommandRecord { args, code });
    }

    /// Notes a request to Pebble.
    pub(crate) fn note_pebble(&mut self, container: &str, method: &str, path: &str) {
        let request = format!("{container}: {method} {path}");
        if method != "GET" {
            self.writes.push(request.clone());
        }
        self.pebble.push(request);
    }

    /// Takes what the charm logged from the agent's log, and a plan out of that. What it printed on several
    /// lines, of which all but the first are indented, is one message.
    pub(crate) fn take_log(&mut self, log: &[log::Record]) {
        let mut printed: Option<(&str, String)> = None;
        for record in log.iter().filter(|record| record.module.starts_with("unit.")) {
            let level = record.level.name();
            if record.module.ends_with(".juju-log") {
                self.log_printed(printed.take());
                self.log(level, &record.message);
            } else if let Some((_, block)) =
                printed.as_mut().filter(|(of, _)| *of == level && record.message.starts_with(' '))
            {
                block.push('\n');
                block.push_str(&record.message);
            } else {
                self.log_printed(printed.take());
                printed = Some((level, record.message.clone()));
            }
        }
        self.log_printed(printed);
    }

    fn log_printed(&mut self, printed: Option<(&str, String)>) {
        if let Some((level, block)) = printed {
            self.log(level, &block);
        }
    }

    fn log(&mut self, level: &str, message: &str) {
        // In a relation's hook Juju puts the relation before what `juju-log` says.
        let own = message.split_once(": ").filter(|(of, _)| is_relation(of)).map_or(message, |(_, own)| own);
        if own.starts_with("plan:") {
            self.plan = Some(own.lines().skip(1).map(|line| line.trim().to_owned()).collect());
        }
        self.log.push(LogLine { level: level.to_owned(), message: message.to_owned() });
    }

    /// Replaces texts that must not be seen.
    pub(crate) fn hide(&mut self, secrets: &[String]) {
        let args = self.commands.iter_mut().flat_map(|command| &mut command.args);
        args.chain(&mut self.writes).for_each(|text| hide(text, secrets));
        if let Some(action) = &mut self.action {
            action.hide(secrets);
        }
    }
}

/// Whether a text is a relation as `juju-log` names it: `database:2`.
fn is_relation(text: &str) -> bool {
    text.split_once(':').is_some_and(|(endpoint, number)| {
        !endpoint.contains(' ') && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn hide(text: &mut String, secrets: &[String]) {
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        if text.contains(secret.as_str()) {
            *text = text.replace(secret.as_str(), "<secret>");
        }
    }
}

/// Whether a hook command changes something outside the charm's own process.
fn is_write(command: &str) -> bool {
    matches!(
        command,
        "relation-set"
            | "open-port"
            | "close-port"
            | "status-set"
            | "state-set"
            | "state-delete"
            | "storage-add"
            | "leader-set"
            | "application-version-set"
            | "action-set"
            | "action-fail"
            | "juju-reboot"
            | "secret-add"
            | "secret-set"
            | "secret-grant"
            | "secret-revoke"
            | "secret-remove"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(records: &[(log::Level, &str, &str)]) -> Record {
        let log: Vec<_> =
            records.iter().map(|(level, module, text)| log::Record::new(*level, module, *text)).collect();
        let mut record = Record::of("x".to_owned());
        record.take_log(&log);
        record
    }

    #[test]
    fn a_plan_is_found_in_what_is_printed_and_in_what_is_logged() {
        let printed = logged(&[
            (log::Level::Debug, "unit.app/0.start", "plan: 2 changes"),
            (log::Level::Debug, "unit.app/0.start", "  one"),
            (log::Level::Debug, "unit.app/0.start", "  two"),
            (log::Level::Debug, "unit.app/0.start", "something else"),
        ]);
        assert_eq!(printed.plan.unwrap(), ["one", "two"]);
        assert_eq!(printed.log.len(), 2);
        let logged = logged(&[
            (log::Level::Info, "juju.worker.uniter", "plan: not the charm's"),
            (log::Level::Info, "unit.app/0.juju-log", "database:2: plan: 1 change\n  one"),
        ]);
        assert_eq!(logged.plan.unwrap(), ["one"]);
        assert_eq!(logged.log.len(), 1);
    }

    #[test]
    fn what_a_new_secret_is_to_hold_is_not_kept() {
        let mut record = Record::of("x".to_owned());
        let args = ["secret-add", "--label=db", "password=hunter22", "key#base64=aHVudGVy"];
        record.note_command(args.map(str::to_owned).to_vec(), 0);
        assert_eq!(record.writes, ["secret-add --label=db password=<secret> key#base64=<secret>"]);
    }

    #[test]
    fn a_secret_is_shown_nowhere() {
        let mut record = Record::of("x".to_owned());
        record.note_command(vec!["action-set".to_owned(), "password=hunter22".to_owned()], 0);
        record.action = Some(ActionResult {
            results: BTreeMap::from([("password".to_owned(), "hunter22".to_owned())]),
            ..ActionResult::default()
        });
        record.hide(&["hunter22".to_owned()]);
        assert!(!format!("{record:?}").contains("hunter22"));
    }
}
