//! A unit with hook commands that are scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// A folder with hook commands, and what they were told.
pub(crate) struct Unit(tempfile::TempDir);

/// What a run told, and by which road.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The arguments of all calls of `juju-log`.
    pub(crate) log: String,
    /// The arguments of all calls of `action-fail`.
    pub(crate) failed_action: String,
}

impl Unit {
    pub(crate) fn new() -> Self {
        let unit = Self(tempfile::tempdir().unwrap());
        fs::create_dir(unit.tools()).unwrap();
        unit.answers("juju-log", &format!("echo \"$@\" >>{}", unit.at("log")));
        unit.answers("action-fail", &format!("echo \"$@\" >>{}", unit.at("failed")));
        unit.answers("action-get", "echo '{}'");
        unit.answers("action-set", "");
        unit.answers("opened-ports", "echo '[]'");
        unit.answers("status-get", "echo '{\"status\":\"unknown\",\"message\":\"\"}'");
        unit.answers("status-set", "");
        unit
    }

    fn tools(&self) -> PathBuf {
        self.0.path().join("tools")
    }

    fn at(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Makes a hook command do this.
    pub(crate) fn answers(&self, command: &str, script: &str) {
        let path = self.tools().join(command);
        // Written anew beside it: the system runs no program that anybody still writes.
        let new = self.0.path().join("new");
        fs::write(&new, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(new, path).unwrap();
    }

    pub(crate) fn without(&self, command: &str) {
        fs::remove_file(self.tools().join(command)).unwrap();
    }

    /// No hook command is found any more.
    pub(crate) fn without_path(&self) {
        fs::remove_dir_all(self.tools()).unwrap();
    }

    pub(crate) fn hook(&self, charm: &str) -> Ran {
        self.run(
            charm,
            &[("JUJU_DISPATCH_PATH", "hooks/config-changed"), ("JUJU_HOOK_NAME", "config-changed")],
        )
    }

    pub(crate) fn action(&self, charm: &str, action: &str) -> Ran {
        let path = format!("actions/{action}");
        self.run(charm, &[("JUJU_DISPATCH_PATH", &path), ("JUJU_ACTION_NAME", action)])
    }

    /// Runs a charm with these variables over those that Juju sets.
    pub(crate) fn run(&self, charm: &str, variables: &[(&str, &str)]) -> Ran {
        let mut command = self.command(charm);
        command.env("JUJU_UNIT_NAME", "app/0").env("JUJU_CHARM_DIR", self.0.path());
        command.env("JUJU_VERSION", "3.6.11").envs(variables.iter().copied());
        self.ran(command)
    }

    pub(crate) fn without_juju(&self, charm: &str) -> Ran {
        self.ran(self.command(charm))
    }

    fn command(&self, charm: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env_clear().env("CHARM", charm);
        if self.tools().exists() {
            command.env("PATH", format!("{}:/usr/bin:/bin", self.tools().display()));
        }
        command
    }

    fn ran(&self, mut command: Command) -> Ran {
        let output = command.output().unwrap();
        let read = |name| fs::read_to_string(self.at(name)).unwrap_or_default();
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            log: read("log"),
            failed_action: read("failed"),
        }
    }
}
