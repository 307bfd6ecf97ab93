//! The agent as a program that others drive: a request on each line of its input, an answer on each of its output,
//! both in JSON. A program of Juju's own code speaks the same, so that one driver can compare the two.
//!
//! | request | |
//! |---|---|
//! | `{"op":"model","model":{…}}` | sets the model and starts a fresh agent |
//! | `{"op":"update","model":{…}}` | replaces the given top-level parts; what the agent remembers stays |
//! | `{"op":"get"}` | the model |
//! | `{"op":"hook","kind":"relation-changed","relation_id":1,"remote_unit":"pg/0"}` | runs a hook |
//! | `{"op":"action","name":"backup","params":{…}}` | runs an action |
//! | `{"op":"exec","script":"…"}` | runs a script as juju-exec does |

mod answer;
mod changes;
mod request;

use std::fs;
use std::io::{self, BufRead, Write};
use std::os::unix::fs::symlink;
use std::path::{PathBuf, absolute};
use std::time::Instant;

use serde_json::{Value, json};

use self::request::Request;
use super::commands;
use super::context::{Agent, Paths};
use super::controller::{Controller, quoted};
use super::environment::{Host, release};
use super::run::{Conditions, DISPATCH_PATH, Location, Processes, plain_command};
use super::serving::{ServeError, WorkFolder};
use super::text::files::clean;
use super::version::JujuVersion;

/// What a peer needs to start.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The Juju that is played.
    pub version: JujuVersion,
    /// The charm's folder, for models that name none.
    pub charm: PathBuf,
    /// The agent's own folder; without it, a temporary one.
    pub work: Option<PathBuf>,
    /// The folder that gets a link for each hook command; without it, `tools` in the agent's own.
    pub tools: Option<PathBuf>,
    /// The program that is every hook command when it is called by its name.
    pub tool: PathBuf,
}

/// The agent and those who ask it.
#[derive(Debug)]
pub struct Peer {
    version: JujuVersion,
    charm: PathBuf,
    work: WorkFolder,
    tools: PathBuf,
    host: Host,
    agent: Option<Agent>,
}

impl Peer {
    /// Lays out the agent's folders. There is no unit before there is a model.
    ///
    /// # Errors
    ///
    /// If they cannot be made.
    pub fn new(setup: &Setup) -> Result<Self, ServeError> {
        let at = ServeError::layout;
        let work = WorkFolder::make(setup.work.as_deref())?;
        let tools = setup.tools.clone().unwrap_or_else(|| work.join("tools"));
        let tools = absolute(&tools).map_err(at(&tools))?;
        fs::create_dir_all(&tools).map_err(at(&tools))?;
        for name in commands::names(setup.version) {
            let link = tools.join(name);
            match fs::remove_file(&link) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&link)(error)),
                _ => symlink(&setup.tool, &link).map_err(at(&link))?,
            }
        }
        let charm = setup.charm.clone();
        let host = Host::this();
        Ok(Self { version: setup.version, charm, work, tools, host, agent: None })
    }

    /// Answers requests until there are no more.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or an answer not be written. That a request cannot be served is its answer.
    pub fn serve(&mut self, mut requests: impl BufRead, mut answers: impl Write) -> Result<(), ServeError> {
        let mut line = Vec::new();
        loop {
            line.clear();
            if requests.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            let request = line.strip_suffix(b"\n").unwrap_or(&line);
            let request = request.strip_suffix(b"\r").unwrap_or(request);
            if request.is_empty() {
                continue;
            }
            let mut answer = self.answer(request).to_string();
            answer.push('\n');
            answers.write_all(answer.as_bytes())?;
            answers.flush()?;
        }
    }

    fn answer(&mut self, line: &[u8]) -> Value {
        let answer = match serde_json::from_slice(line) {
            Ok(request) => self.handle(&request),
            Err(error) => Err(error.to_string()),
        };
        answer.unwrap_or_else(|error| json!({"ok": false, "error": error}))
    }

    fn handle(&mut self, request: &Request) -> Result<Value, String> {
        let done = || Ok(json!({"ok": true}));
        let model = request.model.as_ref().ok_or("unexpected end of JSON input");
        if request.op == "model" {
            self.agent = Some(self.start(model?)?);
            return done();
        }
        let agent = self.agent.as_mut().ok_or("no model set")?;
        match request.op.as_str() {
            "update" => {
                agent.controller.update(model?).map_err(|error| error.to_string())?;
                done()
            }
            "get" => Ok(json!({"ok": true, "model": answer::written(agent.controller.to_json())})),
            "hook" | "action" | "exec" => Ok(run(agent, &self.host, request)),
            op => Err(format!("unknown op {}", quoted(op))),
        }
    }

    fn start(&self, model: &Value) -> Result<Agent, String> {
        let empty = json!({});
        let model = if model.is_null() { &empty } else { model };
        let mut controller = Controller::from_json(model).map_err(|error| error.to_string())?;
        let model = controller.model_mut();
        if !model.juju_version.is_empty() && release(&model.juju_version).is_none() {
            return Err(format!("invalid version {}", quoted(&model.juju_version)));
        }
        let charm =
            if model.charm_dir.is_empty() { self.charm.clone() } else { PathBuf::from(&model.charm_dir) };
        let charm = if charm.as_os_str().is_empty() { PathBuf::from(".") } else { charm };
        let charm = clean(&absolute(&charm).map_err(|error| error.to_string())?);
        model.charm_dir = charm.display().to_string();
        controller.set_recording(true);
        let socket = self.work.join("agent.socket");
        let paths = Paths { tools: self.tools.clone(), base: self.work.to_path_buf(), charm, socket };
        Ok(Agent::new(controller, self.version, paths))
    }
}

/// Runs a hook, an action or a script, and tells all that could be seen of it.
fn run(agent: &mut Agent, host: &Host, request: &Request) -> Value {
    let conditions = Conditions::on(host);
    let socket = agent.paths.socket.clone();
    let mut charm = Processes::new(&socket, plain_command);
    let action = match request.op.as_str() {
        "action" => Some(Conditions::queue_action(agent, &request.name, request.params.clone())),
        _ => None,
    };
    let (before, began) = (agent.controller.to_json(), Instant::now());
    let mut outcome = match (&action, request.op.as_str()) {
        (Some(id), _) => conditions.action(agent, id, &mut charm),
        (None, "hook") => conditions.hook(agent, &request.hook(), request.lose_leadership, &mut charm),
        (None, _) => conditions.exec(agent, &request.command(), &request.script, &mut charm),
    };
    let took = began.elapsed();
    if let (Some(_), Some(environment)) = (&action, &mut outcome.environment) {
        // The one of juju-exec is told of every action, though a script does not get it.
        let path = (DISPATCH_PATH.to_owned(), Location::Actions.dispatch_path(&request.name));
        if !environment.contains(&path) {
            environment.push(path);
        }
    }
    answer::of(outcome, &agent.controller, &before, took)
}
