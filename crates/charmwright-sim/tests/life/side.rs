//! A program that speaks the protocol of `peers/juju-live`, and what it did in a scenario.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{fs, thread};

use serde_json::{Value, json};

use crate::scenario::{Scenario, Step};

/// A unit that hangs should fail its scenario, not stop the suite.
const LONGEST_ANSWER: Duration = Duration::from_mins(1);
/// All that the charm needs of the machine.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Who runs the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Juju 3.6.11's own unit worker.
    Juju,
    /// `cargo charm agent --life`, with what it leaves to chance.
    Simulated,
}

/// What a side did in a scenario.
pub(crate) struct Run {
    /// Every request with its answer.
    pub log: Vec<(Value, Value)>,
    /// Where in the log the settles are that a scenario looks at, and with which words.
    pub seen: Vec<(usize, Vec<String>)>,
    /// Why it could not be played to its end.
    pub failed: Option<String>,
    /// The folder of the agent, which is in some texts.
    pub work: String,
}

/// Plays a scenario from its start to its end.
/// Wherever Juju leaves something to chance, `follows` did it, and this one does it too if it can.
pub(crate) fn play(scenario: &Scenario, side: Side, follows: Option<&Run>) -> Run {
    // Sockets are below it, and their paths must be short.
    let folder = tempfile::Builder::new().prefix("lf").tempdir().unwrap();
    let mut peer = Peer::start(side, folder.path());
    let work = folder.path().join("w").display().to_string();
    let mut run = Run { log: Vec::new(), seen: Vec::new(), failed: None, work };
    let mut steps = scenario.steps();
    steps.push(Step::Ask(json!({"op": "get"})));
    for step in steps {
        let request = match step {
            Step::Ask(mut request) => {
                follow(&mut request, follows, run.log.len());
                request
            }
            Step::See(words) => {
                run.seen.extend(words.map(|words| (run.log.len(), words)));
                let mut request = json!({"op": "settle"});
                follow(&mut request, follows, run.log.len());
                request
            }
        };
        let answer = match peer.ask(&request) {
            Ok(answer) => answer,
            Err(error) => {
                run.failed = Some(format!("{request}: {error}"));
                break;
            }
        };
        if answer["ok"] != true || answer["timeout"] == true {
            run.failed = Some(format!("{request}: {answer:.400}"));
            run.log.push((request, answer));
            break;
        }
        run.log.push((request, answer));
    }
    run
}

/// Tells what another run did at the same place.
fn follow(request: &mut Value, follows: Option<&Run>, at: usize) {
    let answer = follows.and_then(|run| run.log.get(at)).map(|(_, answer)| answer);
    if let Some(answer) = answer.filter(|_| request["op"] == "settle") {
        request["follow"] = operations(answer).into();
    }
}

/// The operations that were begun, and the relations that were entered. Juju names hooks of Pebble without the
/// container, which the hook's own variables tell.
fn operations(answer: &Value) -> Vec<String> {
    let events = answer["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut names = Vec::new();
    for (at, event) in events.iter().enumerate() {
        if event["api"] == "EnterScope" && event.get("error").is_none() {
            let relation = event["args"]["relation-units"][0]["relation"].as_str().unwrap_or_default();
            names.push(format!("enter {relation}"));
        }
        let Some(name) = event["op"].as_str() else { continue };
        let hooks = events[at + 1..].iter().take_while(|event| event.get("op").is_none());
        let container = hooks.into_iter().find_map(|event| event["env"]["WORKLOAD_NAME"].as_str());
        names.push(match container.filter(|_| name.contains(" pebble-")) {
            Some(container) => format!("{name} of {container}"),
            None => name.to_owned(),
        });
    }
    names
}

struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    errors: PathBuf,
}

impl Peer {
    fn start(side: Side, folder: &Path) -> Self {
        let mut command = match side {
            Side::Juju => Command::new(charmwright_peers::juju("jujulive")),
            Side::Simulated => {
                let mut command = Command::new(simulated());
                command.args(["charm", "agent", "--life", "--juju", "3.6"]);
                command
            }
        };
        let charm = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/life/charm");
        command.arg("--charm").arg(charm).arg("--work").arg(folder.join("w"));
        command.env_clear().env("PATH", PATH);
        let errors = folder.join("errors");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(fs::File::create(&errors).unwrap());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, input, answers, errors }
    }

    fn ask(&mut self, request: &Value) -> Result<Value, String> {
        let written = writeln!(self.input.as_mut().unwrap(), "{request}");
        let answer = self.answers.recv_timeout(LONGEST_ANSWER);
        let (Ok(()), Ok(answer)) = (written, answer) else {
            let errors = fs::read(&self.errors).unwrap_or_default();
            return Err(format!("no answer; it said: {:.2000}", String::from_utf8_lossy(&errors)));
        };
        serde_json::from_str(&answer).map_err(|error| format!("{answer:.400}: {error}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.input.take());
        for _ in 0..500 {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command line program, which is built into the same folder as the simulator's own helper.
fn simulated() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_charmwright-sim-tool")).with_file_name("cargo-charm");
    assert!(program.is_file(), "{} is not there: run `cargo build --bins`", program.display());
    program
}
