//! A program that speaks the JSON-lines protocol of peers/juju: Juju's own runner, or the simulated agent.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{fs, thread};

use charmwright_peers::juju;
use serde_json::Value;

/// A hook that hangs should fail its test, not stop the suite.
const LONGEST_ANSWER: Duration = Duration::from_mins(2);

/// Who runs the charm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Juju 3.6.11's own code.
    Juju,
    /// `cargo charm agent`.
    Simulated,
    /// The same, with Juju's own client for the hook commands.
    SimulatedForJujusClient,
}

/// A running program of one side.
pub(crate) struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    root: PathBuf,
    side: Side,
}

impl Peer {
    /// Starts a side whose charm is in `root/charm` and whose own files go to `root/agent`. With `environment` and nothing
    /// else of the test's own.
    pub(crate) fn start(side: Side, root: &Path, environment: &[(&str, &str)]) -> Self {
        let mut command = match side {
            Side::Juju => Command::new(juju("jujupeer")),
            Side::Simulated | Side::SimulatedForJujusClient => {
                let mut command = Command::new(simulated());
                command.args(["charm", "agent", "--juju", "3.6"]);
                if side == Side::SimulatedForJujusClient {
                    command.arg("--client").arg(juju("jujuc"));
                }
                command
            }
        };
        command.arg("--charm").arg(root.join("charm"));
        command.arg("--work").arg(root.join("agent")).arg("--tools").arg(root.join("tools"));
        command.env_clear().envs(environment.iter().copied());
        let errors = fs::File::create(root.join("errors")).unwrap();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
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
        Self { child, input, answers, root: root.to_owned(), side }
    }

    /// The answer to one request.
    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        let written = writeln!(self.input.as_mut().unwrap(), "{request}");
        let answer = self.answers.recv_timeout(LONGEST_ANSWER);
        let (Ok(()), Ok(answer)) = (written, answer) else {
            let errors = fs::read(self.root.join("errors")).unwrap_or_default();
            let errors = String::from_utf8_lossy(&errors);
            panic!("{:?} gave no answer to {request:.400}; it said: {errors:.3000}", self.side);
        };
        serde_json::from_str(&answer)
            .unwrap_or_else(|error| panic!("{:?} answered {answer:.400}: {error}", self.side))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.input.take());
        if thread::panicking() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// The command line program, which is built into the same folder as the simulator's own helper.
fn simulated() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_charmwright-sim-tool")).with_file_name("cargo-charm");
    assert!(program.is_file(), "{} is not there: run `cargo build --bins`", program.display());
    program
}
