//! A guestbook in a pod with a real Pebble, and an agent that is told what to run, line by line.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;

use charmwright_sim::charm::describe;
use charmwright_sim::pod::{Image, Observer, PebbleRequest, Pod};
use serde_json::{Value, json};

/// Whose code runs the hooks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Side {
    /// Juju's own.
    Juju,
    /// The simulator's.
    Simulated,
}

/// How the charm speaks to the agent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum By {
    Commands,
    Socket,
}

#[derive(Debug)]
struct Unobserved;

impl Observer for Unobserved {
    fn before(&self, _: &PebbleRequest) {}

    fn after(&self, _: &PebbleRequest) {}
}

pub(crate) struct Stage {
    agent: Child,
    input: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pod: Pod,
    seen: Vec<(String, Value)>,
    work: tempfile::TempDir,
}

/// A program that is built beside the charm's own. It must be there: a test without it would prove nothing.
fn beside(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_guestbook")).with_file_name(name);
    assert!(path.is_file(), "{} is not there; `cargo xtask test` builds it", path.display());
    path.canonicalize().unwrap()
}

/// The charm's folder, as charmcraft and Juju leave it there.
fn lay_out(charm: &Path, by: By) {
    fs::create_dir_all(charm).unwrap();
    describe(Path::new(env!("CARGO_MANIFEST_DIR")), charm).unwrap();
    let dispatch = charm.join("dispatch");
    match by {
        By::Commands => drop(fs::copy(env!("CARGO_BIN_EXE_guestbook"), &dispatch).unwrap()),
        By::Socket => {
            fs::copy(env!("CARGO_BIN_EXE_guestbook"), charm.join("guestbook")).unwrap();
            let script = "#!/usr/bin/env -S CHARMWRIGHT_TRANSPORT=socket ./guestbook\n";
            fs::write(&dispatch, script).unwrap();
            fs::set_permissions(&dispatch, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}

impl Stage {
    pub(crate) fn new(side: Side, by: By) -> Self {
        let work = tempfile::Builder::new().prefix("cw-").tempdir().unwrap();
        let charm = work.path().join("charm");
        lay_out(&charm, by);
        let mut pod = Pod::start(work.path(), &beside("charmwright-sim-tool")).unwrap();
        let pebble = charmwright_peers::pebble();
        let image = Image::default().with_file("/usr/local/bin/guestbook-server", beside("guestbook-server"));
        pod.add_container("guestbook", &image, &pebble, Arc::new(Unobserved)).unwrap();
        let mut command = match side {
            Side::Juju => pod.command(&charmwright_peers::juju("jujupeer"), work.path()),
            Side::Simulated => {
                let mut command = pod.command(&beside("cargo-charm"), work.path());
                command.args(["charm", "agent", "--juju", "3.6"]);
                command
            }
        };
        command.arg("--charm").arg(&charm).arg("--work").arg(work.path().join("agent"));
        let mut agent = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = agent.stdin.take();
        let answers = BufReader::new(agent.stdout.take().unwrap());
        let mut stage = Self { agent, input, answers, pod, seen: Vec::new(), work };
        stage.ask(&json!({"op": "model", "model": {
            "name": "dev", "unit": "guestbook/0", "leader": true, "charm_dir": charm,
            "relations": [{"id": 1, "endpoint": "guestbook-peers", "role": "peer",
                "interface": "guestbook_peers", "units": {"guestbook/1": {}}}],
        }}));
        if by == By::Socket {
            // Without them nothing works but the socket.
            fs::remove_dir_all(stage.work.path().join("agent/tools")).unwrap();
        }
        stage
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.input.as_mut().unwrap(), "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{request} was answered by {line:?}: {error}"))
    }

    fn model(&mut self) -> Value {
        self.ask(&json!({"op": "get"}))["model"].take()
    }

    pub(crate) fn start_pebble(&mut self) {
        self.pod.start_pebble("guestbook").unwrap();
    }

    /// Changes the world between two hooks.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Value)) {
        let mut model = self.model();
        change(&mut model);
        let answer = self.ask(&json!({"op": "update", "model": model}));
        assert_eq!(answer["ok"], json!(true), "{answer}");
    }

    pub(crate) fn hook(&mut self, request: Value) {
        self.run("hook", request);
    }

    pub(crate) fn action(&mut self, request: Value) {
        self.run("action", request);
    }

    fn run(&mut self, op: &str, mut request: Value) {
        let name = request.to_string();
        request["op"] = json!(op);
        let mut answer = self.ask(&request);
        let log = answer["log"].to_string();
        assert!(!log.contains("correct-horse") && !log.contains("battery-staple"), "{log}");
        let model = self.model();
        self.seen.push((
            name,
            json!({
                "ok": answer["ok"], "error": answer["error"].take(), "action": answer["action"].take(),
                "status": model["unit_status"], "ports": model["ports"],
                "bags": model["relations"].as_array().unwrap().iter()
                    .map(|one| json!([one["local_app_bag"], one["local_unit_bag"]])).collect::<Vec<_>>(),
                "secrets": model["secrets"],
            }),
        ));
    }

    /// What was seen. The agent has ended then, and without a fault.
    pub(crate) fn end(mut self) -> Vec<(String, Value)> {
        drop(self.input.take());
        assert!(self.agent.wait().unwrap().success());
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // It has ended already, but for a test that failed.
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}
