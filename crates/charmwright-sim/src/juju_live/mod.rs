//! A unit whose agent is Juju's own: its unit worker as a program, `jujulive`, driven by lines of JSON.
//!
//! The world around the unit is the simulator's: scripted applications, real Pebbles. What it does is told to Juju's
//! agent as changes; what that did comes back as events.

mod changes;
mod events;

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::agent::notices::Notices;
use crate::agent::steps::{kill, notify, span};
use crate::agent::world::World;
use crate::agent::{AgentError, Setup};
use crate::charm::{self, CharmError, Declared};
use crate::juju::context::Paths;
use crate::juju::controller::{Change, Controller, ModelError, Status};
use crate::juju::run::plain_command;
use crate::model::{Model, secret_values};
use crate::play::{Actor, PlayError};
use crate::pod::{Pod, PodError, Unobserved};
use crate::record::{ActionResult, Record};
use crate::scenario::Step;

use self::changes::changes;

/// How long Juju waits before it looks after a Pebble, in milliseconds.
const POLL_MS: i64 = 5000;
/// How often a hook that fails is run again before the play gives up.
const TRIES_MAX: u32 = 4;
/// How long it must have been quiet, in milliseconds, before Juju's agent counts as being at rest.
const QUIET_MS: u32 = 200;
/// Where the charm's own program is put; `dispatch` is what lets a hook be held.
const PROGRAM: &str = "charm-dispatch";
/// What runs in its place.
const DISPATCH: &str = "#!/bin/sh
# Lets a hook be held, as the control folder says, and then runs the charm.
control=$(cd \"$JUJU_CHARM_DIR/../../../control\" && pwd)
name=${JUJU_DISPATCH_PATH#*/}
if [ -f \"$control/hold/$name\" ]; then
    : >\"$control/held/$name\"
    while [ -f \"$control/hold/$name\" ]; do
        sleep 0.02
    done
    rm -f \"$control/held/$name\"
fi
exec \"$JUJU_CHARM_DIR/charm-dispatch\" \"$@\"
";

/// Juju's own agent cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JujuLiveError {
    /// The program cannot be started.
    #[error("cannot start {}: `cargo xtask setup` builds it", path.display())]
    Start {
        /// The program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder or file cannot be made.
    #[error("cannot lay out {}", path.display())]
    Layout {
        /// It.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program has ended, or does not speak as it should.
    #[error("Juju's agent does not answer to {request}")]
    Talk {
        /// To what.
        request: String,
        /// Why.
        source: io::Error,
    },
    /// It refuses a request.
    #[error("Juju's agent refuses {request}: {why}")]
    Refused {
        /// What.
        request: String,
        /// Why.
        why: String,
    },
    /// What it answers is no model.
    #[error("Juju's agent answers with a model that is none")]
    Model(#[from] ModelError),
    /// The charm cannot be used.
    #[error(transparent)]
    Charm(#[from] CharmError),
    /// The pod cannot be made or used.
    #[error(transparent)]
    Pod(#[from] PodError),
    /// A step that only the simulator's own agent can do.
    #[error("`{0}` is nothing that Juju's own agent does")]
    Step(String),
    /// A hook does not succeed.
    #[error("{event} failed {TRIES_MAX} times; the last time: {error}")]
    KeepsFailing {
        /// The hook.
        event: String,
        /// How it ended.
        error: String,
    },
}

/// A unit whose agent is Juju's own.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug)]
pub struct JujuLive {
    agent: Child,
    input: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    // Dropped before the folder goes.
    pod: Option<Pod>,
    world: World,
    records: VecDeque<Record>,
    remarks: Vec<String>,
    /// The event that has begun and not ended.
    running: Option<Record>,
    status: Status,
    boots: BTreeMap<String, String>,
    notices: Notices,
    containers_up: bool,
    replaces_pod: bool,
    /// The agent does not run.
    down: bool,
    /// The agent is new: it has not looked after the Pebbles yet.
    polls: bool,
    tries: u32,
    failed: Option<(String, String)>,
    action: Option<ActionResult>,
    charm: PathBuf,
    _work: tempfile::TempDir,
}

impl Drop for JujuLive {
    fn drop(&mut self) {
        // It ends when there are no more requests.
        self.input = None;
        let _ = self.agent.wait();
    }
}

impl JujuLive {
    /// Starts Juju's agent, which is `program`. The unit is not there yet.
    ///
    /// # Errors
    ///
    /// If it cannot be started, or the charm or its containers cannot be prepared.
    pub fn new(setup: &Setup, program: &Path) -> Result<Self, JujuLiveError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| JujuLiveError::Layout { path, source }
        };
        let declared = Declared::read(&setup.charm)?;
        let work = tempfile::Builder::new().prefix("cw-").tempdir().map_err(at(&std::env::temp_dir()))?;
        let charm = work.path().join("charm");
        charm::install(&setup.charm, setup.dispatch.as_deref(), &charm)?;
        let dispatch = charm.join("dispatch");
        fs::rename(&dispatch, charm.join(PROGRAM)).map_err(at(&dispatch))?;
        fs::write(&dispatch, DISPATCH).map_err(at(&dispatch))?;
        fs::set_permissions(&dispatch, fs::Permissions::from_mode(0o755)).map_err(at(&dispatch))?;
        // It goes by its name.
        let tool = work.path().join(crate::tool::NAME);
        symlink(&setup.tool, &tool).map_err(at(&tool))?;
        let pod = setup.pod(&declared, work.path(), &tool, |_| Arc::new(Unobserved))?;
        let mut run = pod
            .as_ref()
            .map_or_else(|| plain_command(program, work.path()), |pod| pod.command(program, work.path()));
        run.arg("--charm").arg(&charm).arg("--work").arg(work.path().join("j"));
        run.stdin(Stdio::piped()).stdout(Stdio::piped());
        let failed = |source| JujuLiveError::Start { path: program.to_owned(), source };
        let mut agent = run.spawn().map_err(failed)?;
        let no_pipe = || failed(io::Error::other("it has no pipes"));
        let (input, output) =
            (agent.stdin.take().ok_or_else(no_pipe)?, agent.stdout.take().ok_or_else(no_pipe)?);
        let paths = Paths { charm: charm.clone(), ..Paths::default() };
        let model = Model::new(declared, &setup.model, setup.leader, setup.machine, setup.juju, paths)?;
        let mut live = Self {
            agent,
            input: Some(input),
            answers: BufReader::new(output),
            pod,
            world: World::new(model, setup),
            records: VecDeque::new(),
            remarks: Vec::new(),
            running: None,
            status: Status::default(),
            boots: BTreeMap::new(),
            notices: Notices::default(),
            containers_up: false,
            replaces_pod: false,
            down: true,
            polls: false,
            tries: 0,
            failed: None,
            action: None,
            charm,
            _work: work,
        };
        let model = live.world.model.worker.juju.controller.live_json();
        live.ask(&json!({"op": "model", "model": model}))?;
        Ok(live)
    }

    fn ask(&mut self, request: &Value) -> Result<Value, JujuLiveError> {
        let name = || request.get("op").and_then(Value::as_str).unwrap_or_default().to_owned();
        let talk = |source| JujuLiveError::Talk { request: name(), source };
        let input = self.input.as_mut().ok_or_else(|| talk(io::ErrorKind::BrokenPipe.into()))?;
        writeln!(input, "{request}").map_err(talk)?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(talk)?;
        let answer: Value = serde_json::from_str(&line).map_err(|error| talk(error.into()))?;
        if answer.get("ok") == Some(&json!(true)) {
            return Ok(answer);
        }
        let why = answer.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
        Err(JujuLiveError::Refused { request: name(), why })
    }

    fn change(&mut self, changes: &[Change]) -> Result<(), JujuLiveError> {
        if !changes.is_empty() {
            self.ask(&json!({"op": "change", "changes": changes}))?;
        }
        Ok(())
    }

    /// Takes over what Juju's side knows now.
    fn look(&mut self) -> Result<(), JujuLiveError> {
        let model = self.ask(&json!({"op": "get"}))?["model"].take();
        let charm = self.charm.display().to_string();
        self.world.model.worker.juju.controller = Controller::live(&model, &charm)?;
        Ok(())
    }

    /// Lets the world do something, and tells Juju's side what it did.
    fn world_does<T>(
        &mut self,
        act: impl FnOnce(&mut World) -> Result<T, AgentError>,
    ) -> Result<T, PlayError> {
        self.look()?;
        let before = self.world.model.worker.juju.controller.model().clone();
        let done = act(&mut self.world)?;
        let changes = changes(&before, self.world.model.worker.juju.controller.model());
        self.change(&changes)?;
        Ok(done)
    }

    /// Lets Juju's agent go on until nothing happens any more, and takes down what it did.
    fn settle(&mut self) -> Result<(), PlayError> {
        let before = self.world.own_bags();
        let mut answer = self.ask(&json!({"op": "settle", "ms": QUIET_MS}))?;
        let events = answer["events"].take();
        for event in events.as_array().into_iter().flatten() {
            self.note(event);
        }
        self.look()?;
        let secrets = secret_values(self.world.model.worker.juju.controller.model());
        for record in &mut self.records {
            record.hide(&secrets);
        }
        let written: Vec<i64> = (self.world.own_bags().into_iter())
            .filter(|bag| !before.contains(bag))
            .map(|(id, ..)| id)
            .collect();
        if !written.is_empty() {
            self.world_does(|world| {
                world.act(&written);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// What comes by itself when time passes. Says whether there is something.
    fn pass_time(&mut self) -> Result<bool, PlayError> {
        if self.replaces_pod && self.down {
            self.replaces_pod = false;
            for name in self.containers() {
                if let Some(pod) = &mut self.pod {
                    pod.restart_pebble(&name).map_err(AgentError::from)?;
                }
            }
            self.ask(&json!({"op": "start", "new_pod": true}))?;
            return Ok(true);
        }
        self.start_containers()?;
        if self.tell_boots()? || self.hear()? {
            return Ok(true);
        }
        if std::mem::take(&mut self.polls) && !self.boots.is_empty() {
            // A pebble-ready that has failed comes again with the next poll.
            let failed = self.failed.as_ref().filter(|(event, _)| event.ends_with("-pebble-ready")).cloned();
            self.tries = if failed.is_some() { self.tries + 1 } else { self.tries };
            if let Some((event, error)) = failed.filter(|_| self.tries >= TRIES_MAX) {
                return Err(JujuLiveError::KeepsFailing { event, error }.into());
            }
            self.ask(&json!({"op": "advance", "ms": POLL_MS}))?;
            return Ok(true);
        }
        let agent = &self.world.model.worker.juju.controller.model().agent_status;
        if agent.status == "error" {
            self.tries += 1;
            if self.tries > TRIES_MAX - 1 {
                let (event, error) = self.failed.clone().unwrap_or_default();
                return Err(JujuLiveError::KeepsFailing { event, error }.into());
            }
            self.ask(&json!({"op": "advance", "ms": POLL_MS << (self.tries - 1)}))?;
            return Ok(true);
        }
        self.tries = 0;
        Ok(false)
    }

    fn containers(&self) -> Vec<String> {
        self.world.model.declared.containers.keys().cloned().collect()
    }

    /// The images have come and the daemons start when the unit has.
    fn start_containers(&mut self) -> Result<(), PlayError> {
        let saved = &self.world.model.worker.juju.controller.model().saved;
        let started = saved.uniter.as_ref().is_some_and(|state| state.started);
        if !started || self.containers_up {
            return Ok(());
        }
        self.containers_up = true;
        for name in self.containers() {
            if let Some(pod) = self.pod.as_mut().filter(|pod| pod.pebble_boot_id(&name).is_none()) {
                pod.start_pebble(&name).map_err(AgentError::from)?;
            }
        }
        Ok(())
    }

    /// Tells Juju's side which Pebbles have started anew or ended.
    fn tell_boots(&mut self) -> Result<bool, PlayError> {
        let mut news = Vec::new();
        for name in self.containers() {
            let now = self.pod.as_ref().and_then(|pod| pod.pebble_boot_id(&name));
            let before = self.boots.get(&name).cloned();
            if now == before {
                continue;
            }
            let change = match &now {
                None => json!({"pebble": {"container": name, "up": false}}),
                Some(_) if before.is_some() => json!({"pebble": {"container": name, "restart": true}}),
                Some(_) => json!({"pebble": {"container": name, "up": true}}),
            };
            news.push(change);
            match now {
                Some(boot) => drop(self.boots.insert(name, boot)),
                None => drop(self.boots.remove(&name)),
            }
        }
        if news.is_empty() {
            return Ok(false);
        }
        self.ask(&json!({"op": "change", "changes": news}))?;
        self.ask(&json!({"op": "advance", "ms": POLL_MS}))?;
        Ok(true)
    }

    fn refresh(&mut self, force: bool) -> Result<(), PlayError> {
        let refresh = self.world.refresh(force);
        self.change(&[refresh])?;
        if self.world.model.worker.juju.is_kubernetes() { self.new_pod() } else { Ok(()) }
    }

    fn new_pod(&mut self) -> Result<(), PlayError> {
        self.replaces_pod = true;
        self.ask(&json!({"op": "terminate"}))?;
        Ok(())
    }

    fn restart(&mut self, end: &str, reboot: bool) -> Result<(), PlayError> {
        self.ask(&json!({"op": end}))?;
        self.ask(&json!({"op": "start", "reboot": reboot}))?;
        Ok(())
    }

    fn script(&mut self, hook: &str, hold: bool) -> Result<(), PlayError> {
        self.ask(&json!({"op": "script", "hook": hook, "hold": hold}))?;
        Ok(())
    }
}

impl Actor for JujuLive {
    fn perform(&mut self, step: &Step) -> Result<(), PlayError> {
        match step {
            Step::Say(_) | Step::Expect(_) => {}
            Step::Deploy => drop(self.ask(&json!({"op": "start"}))?),
            Step::Config(values) => self.world_does(|world| world.set_config(values))?,
            Step::Integrate(between) => {
                self.world_does(|world| world.integrate(&between.endpoint, &between.with))?;
            }
            Step::RemoveRelation(between) => {
                self.world_does(|world| world.remove_relation(&between.endpoint, &between.with))?;
            }
            Step::Remotes(remotes) => self.world_does(|world| {
                for (app, remote) in remotes {
                    world.set_remote(app, remote.clone());
                }
                Ok(())
            })?,
            Step::Action(action) => {
                self.world_does(|world| world.run_action(&action.name, &action.params))?;
            }
            Step::KillWorkload(service) => kill(self.pod.as_ref(), service)?,
            Step::Notice(notice) => notify(self.pod.as_ref(), notice)?,
            Step::RestartPebble(name) | Step::StopPebble(name) | Step::StartPebble(name) => {
                let unknown = || AgentError::Unknown { what: "container", name: name.clone() };
                let pod = self.pod.as_mut().ok_or_else(unknown)?;
                let done = match step {
                    Step::RestartPebble(_) => pod.restart_pebble(name),
                    Step::StopPebble(_) => pod.stop_pebble(name),
                    _ => pod.start_pebble(name),
                };
                done.map_err(AgentError::from)?;
            }
            Step::Leader(leader) => self.change(&[Change { leader: Some(*leader), ..Change::default() }])?,
            Step::UpdateStatus => self.change(&[Change { update_status: true, ..Change::default() }])?,
            Step::UpgradeCharm => self.refresh(false)?,
            Step::Refresh(refresh) => self.refresh(refresh.force)?,
            Step::RemoveUnit => self.change(&[Change { unit: "dying".to_owned(), ..Change::default() }])?,
            Step::Exec(script) => drop(self.ask(&json!({"op": "exec", "script": script}))?),
            Step::Pass(seconds) => {
                let ms = i64::try_from(span(*seconds).as_millis()).unwrap_or(i64::MAX);
                self.ask(&json!({"op": "advance", "ms": ms}))?;
            }
            Step::Hold(hook) => self.script(hook, true)?,
            Step::Release(hook) => self.script(hook, false)?,
            Step::Crash => self.restart("crash", false)?,
            Step::CrashAt(point) => {
                let (method, matching, after) = (&point.method, &point.matching, point.after);
                self.ask(&json!({"op": "crash_at", "method": method, "match": matching, "after": after}))?;
            }
            Step::RestartAgent => self.restart("stop", false)?,
            Step::Reboot => self.restart("stop", true)?,
            Step::NewPod => self.new_pod()?,
            Step::Hook(_) => return Err(JujuLiveError::Step(step.to_string()).into()),
            step => {
                self.look()?;
                if let Some(change) = self.world.change_of(step)? {
                    self.change(&[change])?;
                }
            }
        }
        Ok(())
    }

    fn next_hook(&mut self) -> Result<Option<Record>, PlayError> {
        loop {
            if let Some(record) = self.records.pop_front() {
                return Ok(Some(record));
            }
            self.settle()?;
            if self.records.is_empty() && !self.pass_time()? {
                return Ok(None);
            }
        }
    }

    fn hear(&mut self) -> Result<bool, PlayError> {
        let news = self.notices.new_ones(self.pod.as_ref(), self.world.model.worker.juju.version);
        self.change(&news)?;
        Ok(!news.is_empty())
    }

    fn take_remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }

    fn model(&self) -> &Model {
        &self.world.model
    }

    fn pod(&self) -> Option<&Pod> {
        self.pod.as_ref()
    }

    fn action(&self) -> Option<&ActionResult> {
        self.action.as_ref()
    }
}
