//! Juju's own agent, with a test as its charm.

use std::fs::{Permissions, create_dir, set_permissions, write};
use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use charmwright_event::Context;
use charmwright_hookcmds::{HookCommands, Processes};
use charmwright_peers::juju;
use serde_json::{Value, json};

pub(crate) struct Peer {
    process: Child,
    requests: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    folder: tempfile::TempDir,
}

impl Peer {
    /// An agent of the unit `app/0` in this model, whose charm is the test `charm`.
    pub(crate) fn new(charm: &str, model: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        create_dir(at("charm")).unwrap();
        let metadata = "name: app\nsummary: s\ndescription: d\nprovides: {db: pg, web: http}\npeers: {peers: p}\n\
                        storage: {data: {type: filesystem, multiple: {range: 0-}}}\n\
                        resources: {file: {type: file, filename: f.txt}}\n";
        write(at("charm/metadata.yaml"), metadata).unwrap();
        let actions = "backup: {description: b, params: {path: {type: string}, deep: {type: object}}}\n";
        write(at("charm/actions.yaml"), actions).unwrap();
        let this = std::env::current_exe().unwrap();
        let dispatch = format!(
            "#!/bin/sh\nexport CHARMWRIGHT_TEST_CHARM=1\nexec '{}' --exact {charm} --ignored --nocapture >>'{}' 2>&1\n",
            this.display(),
            at("output").display()
        );
        write(at("charm/dispatch"), dispatch).unwrap();
        set_permissions(at("charm/dispatch"), Permissions::from_mode(0o755)).unwrap();
        let mut process = Command::new(juju("jujupeer"))
            .arg("--charm")
            .arg(at("charm"))
            .arg("--work")
            .arg(at("work"))
            .arg("--tools")
            .arg(at("tools"))
            .arg("--client")
            .arg(juju("jujuc"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut peer = Self { process, requests, answers, folder };
        let mut model = model.clone();
        model["unit"] = "app/0".into();
        let answer = peer.ask(&json!({ "op": "model", "model": model }));
        assert_eq!(answer["ok"], true, "{answer}");
        peer
    }

    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests.as_mut().unwrap(), "{request}").unwrap();
        serde_json::from_str(&self.answers.next().unwrap().unwrap()).unwrap()
    }

    /// Runs a hook or an action; it must succeed.
    pub(crate) fn run(&mut self, request: &Value) -> Value {
        let answer = self.ask(request);
        assert_eq!(answer["ok"], true, "{}\n{}", answer["error"], self.output());
        answer
    }

    /// Runs a hook whose commit must fail, and says with which words.
    pub(crate) fn fail(&mut self, request: &Value) -> String {
        let answer = self.ask(request);
        assert!(self.output().contains("test result: ok. 1 passed"), "{}", self.output());
        assert_eq!(answer["ok"], false, "{answer}");
        answer["error"].as_str().unwrap().to_owned()
    }

    /// What the charm printed.
    fn output(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("output")).unwrap_or_default()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.requests.take());
        let _ = self.process.wait();
    }
}

/// What a charm has: its context, and the commands.
pub(crate) fn charm() -> (Context, HookCommands) {
    assert!(std::env::var_os("CHARMWRIGHT_TEST_CHARM").is_some(), "only Juju can run this");
    (Context::from_variables(std::env::vars()).unwrap(), HookCommands::new(Processes::default()))
}

pub(crate) fn hook(kind: &str) -> Value {
    json!({ "op": "hook", "kind": kind })
}
