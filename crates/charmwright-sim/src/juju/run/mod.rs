//! Runs a charm as Juju's agent does: finds what is to be run, gives it its environment, answers its hook commands,
//! and commits what it has changed.
//!
//! What the charm is, a process or a function, is behind [`Charm`].

mod actions;
mod charm;
mod clock;
mod ended;
mod facts;
mod lines;
mod output;
mod script;
mod session;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value};

use super::context::{Agent, CommandInfo, Context, Failure, FailureKind, HookInfo, Run};
use super::controller::{Phase, quoted};
use super::environment::{self, Host, Variable};
use super::log::{Level, Record};
use super::socket::{PATIENCE, Server};

pub use self::actions::{Actions, is_juju_exec};
pub use self::charm::{Charm, Function, Processes, Script, Shell, plain_command};
pub use self::clock::{Clock, SystemClock};
pub use self::ended::Ended;
pub use self::script::{Handler, Location, NoScript};
pub use self::session::{Answer, Observer, Session};

use self::ended::reason;
use self::session::Printed;

/// The variable that the runner itself adds: what the charm is run for.
pub const DISPATCH_PATH: &str = "JUJU_DISPATCH_PATH";

/// Where and how an agent runs its charm.
#[derive(Clone, Copy)]
pub struct Conditions<'a> {
    /// The system that it runs on.
    pub host: &'a Host,
    /// The time that the controller is told.
    pub clock: &'a dyn Clock,
    /// Who looks on.
    pub observer: &'a dyn Observer,
    /// How long connections that a charm leaves open are waited for. Juju waits for ever.
    pub patience: Duration,
}

/// What became of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Why it failed, if it did: the charm, or what it wanted committed.
    pub failure: Option<Failure>,
    /// How the charm's own process ended, if it was started.
    pub ended: Option<Ended>,
    /// What handled it, as far as it was looked for.
    pub handler: Option<Handler>,
    /// The charm has no script for it; for a hook, that is success.
    pub missing: bool,
    /// The machine is to be rebooted.
    pub reboot: Option<Rebooting>,
    /// The agent's log.
    pub log: Vec<Record>,
    /// The environment that the charm had; `None` if there was no run at all.
    pub environment: Option<Vec<Variable>>,
    /// What a script answered to juju-exec.
    pub exec: Option<Executed>,
    /// The action's id.
    pub action: Option<String>,
    /// Whether the charm has set its status.
    pub status_set: bool,
}

/// When a machine is to be rebooted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebooting {
    /// Now that the hook has succeeded.
    After,
    /// The hook was ended for it, and is to be run again.
    Now,
}

/// What a script answered to juju-exec.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Executed {
    /// Its exit code; 0 if a signal ended it.
    pub code: i32,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained about.
    pub stderr: Vec<u8>,
}

/// What is run.
enum Task<'a> {
    /// A hook or an action of the charm.
    Charm { location: Location, name: &'a str },
    /// A script of the operator, with the name under which it is committed. As an action, it has results.
    Script { text: &'a str, commit: &'static str },
}

impl std::fmt::Debug for Conditions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conditions")
            .field("host", self.host)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl<'a> Conditions<'a> {
    /// On a system, by its own clock, with nobody looking on.
    pub fn on(host: &'a Host) -> Self {
        Self { host, clock: &SystemClock, observer: &(), patience: PATIENCE }
    }

    /// Runs a hook, and commits what it has changed. With `loses_leadership` the unit loses it when the charm has
    /// ended and nothing is committed yet.
    pub fn hook(
        self,
        agent: &mut Agent,
        hook: &HookInfo,
        loses_leadership: bool,
        charm: &mut dyn Charm,
    ) -> Outcome {
        let mut hook = hook.clone();
        agent.complete(&mut hook);
        let outcome = self.run_hook(agent, &hook, loses_leadership, charm);
        if outcome.failure.is_none() {
            agent.commit_hook(&hook);
        }
        outcome
    }

    /// Runs a hook that a whole agent has chosen: nothing is completed, and who is a member is that agent's to note.
    pub fn known_hook(self, agent: &mut Agent, hook: &HookInfo, charm: &mut dyn Charm) -> Outcome {
        self.run_hook(agent, hook, false, charm)
    }

    fn run_hook(
        self,
        agent: &mut Agent,
        hook: &HookInfo,
        loses_leadership: bool,
        charm: &mut dyn Charm,
    ) -> Outcome {
        let name = agent.hook_name(hook);
        self.begin(agent);
        let mut context = match Context::hook_run(agent, hook) {
            Ok(context) => context,
            Err(failure) => return Outcome { failure: Some(failure), ..Outcome::default() },
        };
        let task = Task::Charm { location: Location::Hooks, name: &name };
        let mut outcome = self.run(agent, &mut context, &task, loses_leadership, charm);
        match outcome.failure.as_ref().map(Failure::kind) {
            Some(FailureKind::MissingHook) => {
                outcome.missing = true;
                outcome.failure = None;
            }
            Some(FailureKind::Reboot) => {
                outcome.reboot = Some(Rebooting::After);
                outcome.failure = None;
            }
            Some(FailureKind::RequeueAndReboot) => outcome.reboot = Some(Rebooting::Now),
            _ => {}
        }
        outcome
    }

    /// Queues an action with the defaults of its parameters, as the controller does; says its id.
    pub fn queue_action(agent: &mut Agent, name: &str, params: Map<String, Value>) -> String {
        let id = agent.next_action_id();
        let params = match Actions::read(&agent.paths.charm) {
            Ok(actions) => actions.with_defaults(name, params),
            Err(_) => params,
        };
        agent.controller.add_action(&id, name, params);
        id
    }

    /// Checks that an action that was queued can be run.
    ///
    /// # Errors
    ///
    /// There is no such action, or what it was given does not fit.
    pub fn check_action(agent: &Agent, id: &str) -> Result<(), Failure> {
        let queued = agent.controller.model().actions.get(id);
        let queued = queued.ok_or_else(|| Failure::not_found(format_args!("action {}", quoted(id))))?;
        let params = queued.params.clone().unwrap_or_default();
        let actions = Actions::read(&agent.paths.charm);
        actions.and_then(|actions| actions.check(&queued.name, &params)).map_err(Failure::new)
    }

    /// Runs an action that was queued, and hands in its results.
    pub fn action(self, agent: &mut Agent, id: &str, charm: &mut dyn Charm) -> Outcome {
        self.begin(agent);
        let checked = Self::check_action(agent, id);
        self.run_action(agent, id, checked, true, charm)
    }

    /// Runs an action that a whole agent has checked and begun.
    pub fn begun_action(self, agent: &mut Agent, id: &str, charm: &mut dyn Charm) -> Outcome {
        self.begin(agent);
        self.run_action(agent, id, Ok(()), false, charm)
    }

    fn run_action(
        self,
        agent: &mut Agent,
        id: &str,
        checked: Result<(), Failure>,
        begins: bool,
        charm: &mut dyn Charm,
    ) -> Outcome {
        let failed =
            |failure| Outcome { failure: Some(failure), action: Some(id.to_owned()), ..Outcome::default() };
        if let Err(failure) = checked {
            return failed(failure);
        }
        let Some(queued) = agent.controller.model().actions.get(id) else {
            return failed(Failure::not_found(format_args!("action {}", quoted(id))));
        };
        let (name, params) = (queued.name.clone(), queued.params.clone().unwrap_or_default());
        let mut context = match Context::action_run(agent, id, &name, Some(params.clone())) {
            Ok(context) => context,
            Err(failure) => {
                return failed(failure.while_doing(format_args!("cannot run {} action", quoted(&name))));
            }
        };
        let begun = if begins { (Run { agent, context: &mut context }).prepare() } else { Ok(()) };
        if let Err(failure) = begun {
            let path = (DISPATCH_PATH.to_owned(), Location::Actions.dispatch_path(&name));
            return Outcome { environment: Some(vec![path]), ..failed(failure) };
        }
        let command = params.get("command").and_then(Value::as_str);
        let task = match command.filter(|_| is_juju_exec(&name)) {
            Some(text) => Task::Script { text, commit: "juju-exec" },
            None => Task::Charm { location: Location::Actions, name: &name },
        };
        let mut outcome = self.run(agent, &mut context, &task, false, charm);
        if matches!(task, Task::Script { .. }) {
            outcome.handler = Some(Handler::Invalid);
            outcome.exec = None;
        }
        Outcome { action: Some(id.to_owned()), ..outcome }
    }

    /// Runs a script as juju-exec does. What it has changed is committed whatever its exit code.
    pub fn exec(
        self,
        agent: &mut Agent,
        command: &CommandInfo,
        text: &str,
        charm: &mut dyn Charm,
    ) -> Outcome {
        self.begin(agent);
        let mut context = match Context::command_run(agent, command) {
            Ok(context) => context,
            Err(failure) => return Outcome { failure: Some(failure), ..Outcome::default() },
        };
        self.run(agent, &mut context, &Task::Script { text, commit: "run commands" }, false, charm)
    }

    fn begin(self, agent: &mut Agent) {
        agent.controller.set_now(self.clock.now());
        agent.controller.begin();
    }

    fn run(
        self,
        agent: &mut Agent,
        context: &mut Context,
        task: &Task<'_>,
        loses_leadership: bool,
        charm: &mut dyn Charm,
    ) -> Outcome {
        let session = Session::new(Run { agent, context }, self.clock, self.observer);
        let mut outcome = thread::scope(|scope| {
            let server = match charm.socket().map(|path| Server::start(scope, path, &session)).transpose() {
                Ok(server) => server,
                Err(error) => {
                    let doing = "starting jujuc server: listening to jujuc socket";
                    let handler = matches!(task, Task::Charm { .. }).then_some(Handler::Invalid);
                    let failure = Some(Failure::new(format!("{doing}: {}", reason(&error))));
                    return Outcome { failure, handler, environment: Some(Vec::new()), ..Outcome::default() };
                }
            };
            let mut outcome = self.serve(&session, task, loses_leadership, charm);
            if let Some(Err(hung)) = server.map(|server| server.close(self.patience)) {
                outcome.failure = Some(Failure::new(hung.to_string()));
            }
            outcome
        });
        outcome.log = session.into_live().into_log();
        outcome
    }

    /// What happens while hook commands are answered.
    fn serve(
        self,
        session: &Session<'_>,
        task: &Task<'_>,
        loses_leadership: bool,
        charm: &mut dyn Charm,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let dispatch_path = match task {
            Task::Charm { location, name } => Some(location.dispatch_path(name)),
            Task::Script { .. } => None,
        };
        let variables = {
            let mut live = session.live();
            let version = live.run.version();
            facts::of(&mut live.run)
                .and_then(|facts| environment::variables(&facts, self.host, version).map_err(Failure::new))
        };
        session.phase(Phase::Charm);
        let added = dispatch_path.map(|path| (DISPATCH_PATH.to_owned(), path));
        let variables = match variables {
            Ok(variables) => variables.into_iter().chain(added).collect::<Vec<_>>(),
            Err(failure) => {
                outcome.handler = matches!(task, Task::Charm { .. }).then_some(Handler::Invalid);
                outcome.failure = Some(failure);
                outcome.environment = Some(added.into_iter().collect());
                return outcome;
            }
        };
        let dir = session.live().run.agent.paths.charm.clone();
        let (failure, commit) = match task {
            Task::Charm { location, name } => {
                let failure = match charm.find(&dir, *location, name) {
                    Ok((handler, path)) => {
                        outcome.handler = Some(handler);
                        let module = format!("unit.{}.{name}", session.live().run.unit_name());
                        let script =
                            Script { path: &path, dir: &dir, variables: &variables, module: &module };
                        let ended = charm.run(&script, session);
                        let printed = session.finish_output();
                        record(session, &ended, &printed);
                        let failure = ended.failure().map(Failure::new);
                        outcome.ended = Some(ended);
                        failure
                    }
                    Err(error) => {
                        outcome.handler = Some(Handler::Invalid);
                        let kind = match error {
                            NoScript::Missing(_) => FailureKind::MissingHook,
                            NoScript::Unusable(_) => FailureKind::Other,
                        };
                        Some(Failure::of_kind(kind, error.to_string()))
                    }
                };
                (failure, *name)
            }
            Task::Script { text, commit } => {
                let script =
                    Script { path: Path::new("/bin/bash"), dir: &dir, variables: &variables, module: "" };
                (shell(charm, &script, text, session, &mut outcome), *commit)
            }
        };
        outcome.environment = Some(variables);
        session.phase(Phase::Flush);
        let mut live = session.live();
        if loses_leadership {
            live.run.agent.controller.model_mut().leader = false;
        }
        outcome.failure = live.run.flush(commit, failure).err();
        outcome.status_set = live.run.context.has_set_status();
        live.take_log();
        outcome
    }
}

/// Runs a script; says why it failed.
fn shell(
    charm: &mut dyn Charm,
    script: &Script<'_>,
    text: &str,
    session: &Session<'_>,
    outcome: &mut Outcome,
) -> Option<Failure> {
    let Shell { ended, stdout, stderr } = match charm.shell(script, text, session) {
        Ok(shell) => shell,
        Err(text) => return Some(Failure::new(text)),
    };
    if ended != Ended::Exited(0) {
        session.live().log(Level::Info, "juju.util.exec", format!("run result: {}", ended.text()));
    }
    // A script that exits by itself has not failed, whatever its code: that is its result.
    let (code, failure) = match ended {
        Ended::Exited(code) => (code, None),
        _ => (0, Some(Failure::new(ended.text()))),
    };
    let printed = Printed { stdout, stderr };
    record(session, &Ended::Exited(code), &printed);
    let Printed { stdout, stderr } = printed;
    outcome.exec = Some(Executed { code, stdout, stderr });
    outcome.ended = Some(ended);
    failure
}

/// Makes results of what an action has printed; of what is no action, nothing.
fn record(session: &Session<'_>, ended: &Ended, printed: &Printed) {
    let mut live = session.live();
    let Ok(results) = live.run.action_results_mut() else { return };
    results.insert("return-code".to_owned(), ended.code().into());
    for (name, bytes) in [("stdout", &printed.stdout), ("stderr", &printed.stderr)] {
        let (text, encoding) = encoded(bytes);
        if !text.is_empty() {
            results.insert(name.to_owned(), text.into());
        }
        if let Some(encoding) = encoding {
            results.insert(format!("{name}-encoding"), encoding.into());
        }
    }
}

/// Bytes as text: as they are, or if they are no text in base64.
fn encoded(bytes: &[u8]) -> (String, Option<&'static str>) {
    use base64::Engine;
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (base64::engine::general_purpose::STANDARD.encode(bytes), Some("base64")),
    }
}
