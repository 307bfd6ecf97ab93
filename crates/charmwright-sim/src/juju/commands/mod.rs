//! The hook commands: their arguments, what they ask of the run, and what they print.

mod action;
mod arguments;
mod config;
mod credential;
mod goal;
mod invocation;
mod leader;
mod log;
mod network;
mod payload;
mod ports;
mod reboot;
mod relation;
mod relation_get;
mod relation_set;
mod resource;
mod secrets;
mod settings_file;
mod spec;
mod state;
mod status;
mod storage;
mod unit;

use self::invocation::{Invocation, Stop};
use crate::juju::context::Run;
use crate::juju::text::quote::{quoted, quoted_list};
use crate::juju::version::JujuVersion;
use std::path::PathBuf;

/// A hook command that is called.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Its arguments, without its name.
    pub args: Vec<String>,
    /// The folder that the caller is in.
    pub dir: PathBuf,
    /// The caller's standard input, if it was sent along.
    pub stdin: Option<Vec<u8>>,
}

impl Call {
    /// The command with its arguments, as Juju notes it: `"relation-get" ["-r" "1"]`. They may be secrets.
    pub fn noted(&self) -> String {
        format!("{} {}", quoted(&self.name), quoted_list(&self.args))
    }
}

/// Arguments and input may be secrets, so they are counted and not shown.
impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("name", &self.name)
            .field("args", &self.args.len())
            .field("dir", &self.dir)
            .field("stdin", &self.stdin.as_ref().map(Vec::len))
            .finish()
    }
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It ended.
    Done(Reply),
    /// It wants the caller's standard input, which was not sent along.
    NeedsStdin,
    /// This Juju has no such command.
    Unknown,
}

/// What a command that ended leaves. Its output may be a secret, so it is not shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// The exit code.
    pub code: i32,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("code", &self.code)
            .field("stdout", &self.stdout.len())
            .field("stderr", &self.stderr.len())
            .finish()
    }
}

/// A command, and the Jujus that have it.
struct Entry {
    name: &'static str,
    first: JujuVersion,
    last: JujuVersion,
    run: fn(&mut Invocation<'_, '_>) -> Result<(), Stop>,
}

type Body = fn(&mut Invocation<'_, '_>) -> Result<(), Stop>;

/// A command of every Juju.
const fn always(name: &'static str, run: Body) -> Entry {
    Entry { name, first: JujuVersion::V2_9, last: JujuVersion::V4_0, run }
}

/// A command that came with Juju 3.
const fn newer(name: &'static str, run: Body) -> Entry {
    Entry { name, first: JujuVersion::V3_6, last: JujuVersion::V4_0, run }
}

/// A command that went with Juju 4.
const fn older(name: &'static str, run: Body) -> Entry {
    Entry { name, first: JujuVersion::V2_9, last: JujuVersion::V3_6, run }
}

/// Every command, by name.
const COMMANDS: &[Entry] = &[
    always("action-fail", action::fail),
    always("action-get", action::get),
    always("action-log", action::log),
    always("action-set", action::set),
    always("application-version-set", unit::application_version_set),
    always("close-port", ports::close),
    always("config-get", config::get),
    always("credential-get", credential::get),
    always("goal-state", goal::state),
    always("is-leader", leader::is_leader),
    always("juju-log", log::log),
    always("juju-reboot", reboot::reboot),
    older("k8s-raw-get", spec::raw_get),
    older("k8s-raw-set", spec::raw_set),
    older("k8s-spec-get", spec::spec_get),
    older("k8s-spec-set", spec::spec_set),
    older("leader-get", leader::get),
    older("leader-set", leader::set),
    always("network-get", network::get),
    always("open-port", ports::open),
    always("opened-ports", ports::opened),
    older("payload-register", payload::register),
    older("payload-status-set", payload::status_set),
    older("payload-unregister", payload::unregister),
    older("pod-spec-get", spec::spec_get),
    older("pod-spec-set", spec::spec_set),
    always("relation-get", relation_get::get),
    always("relation-ids", relation::ids),
    always("relation-list", relation::list),
    newer("relation-model-get", relation::model_get),
    always("relation-set", relation_set::set),
    always("resource-get", resource::get),
    newer("secret-add", secrets::add),
    newer("secret-get", secrets::get),
    newer("secret-grant", secrets::grant),
    newer("secret-ids", secrets::ids),
    newer("secret-info-get", secrets::info_get),
    newer("secret-remove", secrets::remove),
    newer("secret-revoke", secrets::revoke),
    newer("secret-set", secrets::set),
    always("state-delete", state::delete),
    always("state-get", state::get),
    always("state-set", state::set),
    always("status-get", status::get),
    always("status-set", status::set),
    always("storage-add", storage::add),
    always("storage-get", storage::get),
    always("storage-list", storage::list),
    always("unit-get", network::unit_get),
];

/// Commands that ask the controller before Juju notes that they are running; they note it themselves.
const ASKS_FIRST: [&str; 1] = ["storage-get"];

fn known(version: JujuVersion) -> impl Iterator<Item = &'static Entry> {
    COMMANDS.iter().filter(move |entry| (entry.first..=entry.last).contains(&version))
}

/// The names of the commands that a Juju has, sorted.
pub fn names(version: JujuVersion) -> Vec<&'static str> {
    known(version).map(|entry| entry.name).collect()
}

/// Runs a command, and tells the controller which one is running.
pub fn run(call: &Call, run: &mut Run<'_>) -> Outcome {
    let version = run.version();
    let Some(entry) = known(version).find(|entry| entry.name == call.name) else { return Outcome::Unknown };
    let mut invocation = Invocation::new(entry.name, call, run);
    if !ASKS_FIRST.contains(&entry.name) {
        invocation.note();
    }
    let ended = (entry.run)(&mut invocation);
    invocation.end(ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_each_juju_has_its_own() {
        assert!(COMMANDS.is_sorted_by(|left, right| left.name < right.name));
        let has = |version, name: &str| names(version).contains(&name);
        for (name, versions) in [
            ("config-get", [true, true, true]),
            ("secret-get", [false, true, true]),
            ("relation-model-get", [false, true, true]),
            ("leader-get", [true, true, false]),
            ("payload-register", [true, true, false]),
            ("k8s-raw-set", [true, true, false]),
        ] {
            let had =
                [JujuVersion::V2_9, JujuVersion::V3_6, JujuVersion::V4_0].map(|version| has(version, name));
            assert_eq!(had, versions, "{name}");
        }
        assert_eq!(names(JujuVersion::V3_6).len(), 49);
    }
}
