//! What the corpus covers.

use std::collections::BTreeSet;
use std::fs;

use crate::{FILES, corpus};

/// Every hook command of Juju 3.6.11.
const COMMANDS: [&str; 49] = [
    "action-fail",
    "action-get",
    "action-log",
    "action-set",
    "application-version-set",
    "close-port",
    "config-get",
    "credential-get",
    "goal-state",
    "is-leader",
    "juju-log",
    "juju-reboot",
    "k8s-raw-get",
    "k8s-raw-set",
    "k8s-spec-get",
    "k8s-spec-set",
    "leader-get",
    "leader-set",
    "network-get",
    "open-port",
    "opened-ports",
    "payload-register",
    "payload-status-set",
    "payload-unregister",
    "pod-spec-get",
    "pod-spec-set",
    "relation-get",
    "relation-ids",
    "relation-list",
    "relation-model-get",
    "relation-set",
    "resource-get",
    "secret-add",
    "secret-get",
    "secret-grant",
    "secret-ids",
    "secret-info-get",
    "secret-remove",
    "secret-revoke",
    "secret-set",
    "state-delete",
    "state-get",
    "state-set",
    "status-get",
    "status-set",
    "storage-add",
    "storage-get",
    "storage-list",
    "unit-get",
];

/// Every kind of hook that it runs.
const KINDS: [&str; 26] = [
    "install",
    "start",
    "stop",
    "remove",
    "config-changed",
    "upgrade-charm",
    "update-status",
    "leader-elected",
    "leader-settings-changed",
    "relation-created",
    "relation-joined",
    "relation-changed",
    "relation-departed",
    "relation-broken",
    "storage-attached",
    "storage-detaching",
    "secret-changed",
    "secret-rotate",
    "secret-expired",
    "secret-remove",
    "pebble-ready",
    "pebble-custom-notice",
    "pebble-check-failed",
    "pebble-check-recovered",
    "pre-series-upgrade",
    "post-series-upgrade",
];

/// The hook command that a line of a script runs and records.
fn command(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    let recorded = ["t ", "ti ", "tf "].iter().any(|recorder| line.starts_with(recorder));
    let words = line.split_whitespace().skip(1);
    words.filter(|_| recorded).find_map(|word| COMMANDS.iter().copied().find(|command| *command == word))
}

#[test]
fn the_corpus_covers_every_command_and_every_kind_of_hook() {
    let files: BTreeSet<String> = fs::read_dir(corpus::folder())
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, FILES.iter().map(|name| (*name).to_owned()).collect(), "each file is run");

    let cases: Vec<_> = FILES.iter().flat_map(|name| corpus::read(name)).collect();
    let steps = || cases.iter().flat_map(|case| &case.steps);
    let calls: Vec<&str> =
        steps().flat_map(|step| step.scripts().flat_map(str::lines).filter_map(command)).collect();
    let never: Vec<&&str> = COMMANDS.iter().filter(|command| !calls.contains(command)).collect();
    assert!(never.is_empty(), "never called: {never:?}");
    let kinds: Vec<&str> = steps().filter_map(|step| step.kind()).collect();
    let never: Vec<&&str> = KINDS.iter().filter(|kind| !kinds.contains(kind)).collect();
    assert!(never.is_empty(), "never run: {never:?}");
    assert!(calls.len() >= 300, "{} calls", calls.len());
}
