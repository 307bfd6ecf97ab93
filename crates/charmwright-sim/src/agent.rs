//! Runs hooks until nothing is left to do.

mod world;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::Pid;

use crate::charm::{self, CharmError, Declared};
use crate::events::{self, Hook, Life};
use crate::hook::{self, ActionResult, HookError, Place, Record, Shared};
use crate::model::Model;
use crate::pod::{Image, Observer, PebbleRequest, Pod, PodError};
use crate::remote::Remote;

/// How often a hook that fails is run again before the agent gives up.
const TRIES_MAX: usize = 4;
/// How often a hook that is killed is run again before the agent gives up.
const KILLS_MAX: usize = 20;

/// The hook commands that the agent serves.
pub const HOOK_COMMANDS: &[&str] = &[
    "action-fail",
    "action-get",
    "action-log",
    "action-set",
    "application-version-set",
    "close-port",
    "config-get",
    "is-leader",
    "juju-log",
    "network-get",
    "open-port",
    "opened-ports",
    "relation-get",
    "relation-ids",
    "relation-list",
    "relation-set",
    "secret-get",
    "secret-ids",
    "state-delete",
    "state-get",
    "state-set",
    "status-get",
    "status-set",
    "storage-list",
];

/// What an agent needs to start.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The charm's folder, with its charmcraft.yaml.
    pub charm: PathBuf,
    /// The charm's program; without it, `dispatch` in the charm's folder.
    pub dispatch: Option<PathBuf>,
    /// What is in the containers, by container.
    pub images: BTreeMap<String, Image>,
    /// The agent's own helper program, `charmwright-sim-tool`.
    pub tool: PathBuf,
    /// The Pebble daemon.
    pub pebble: PathBuf,
    /// The model's name.
    pub model: String,
    /// Whether the unit leads.
    pub leader: bool,
    /// The scripted applications, by name.
    pub remotes: BTreeMap<String, Remote>,
}

/// An agent that cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The charm cannot be used.
    #[error(transparent)]
    Charm(#[from] CharmError),
    /// The pod cannot be made or used.
    #[error(transparent)]
    Pod(#[from] PodError),
    /// A hook could not be run.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// A folder or link of the agent's own could not be made.
    #[error("cannot lay out the agent's folder: {0}")]
    Layout(#[from] io::Error),
    /// A hook does not succeed.
    #[error("{event} failed {tries} times; the last time: {error}")]
    KeepsFailing {
        /// The hook.
        event: String,
        /// How often it ran.
        tries: usize,
        /// How it ended.
        error: String,
    },
    /// Juju would not take a value.
    #[error("`{name}` is of type {expected}, and {value} is not")]
    Value {
        /// The option or parameter.
        name: String,
        /// Its type.
        expected: String,
        /// What was given.
        value: String,
    },
    /// Juju would not run an action without one of its parameters.
    #[error("the action `{action}` needs the parameter `{name}`")]
    MissingParameter {
        /// The action.
        action: String,
        /// The parameter.
        name: String,
    },
    /// Something is there already.
    #[error("{endpoint} is related to {app} already")]
    Related {
        /// Our endpoint.
        endpoint: String,
        /// The other application.
        app: String,
    },
    /// Something was named that does not exist.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// One unit with its charm.
#[derive(Debug)]
pub struct Agent {
    // Dropped first: it ends every process before the folder goes.
    pod: Option<Pod>,
    shared: Shared,
    life: Life,
    place: Place,
    remotes: BTreeMap<String, Remote>,
    containers_up: bool,
    hooks: u64,
    tries: usize,
    kills: usize,
    gave_up: Option<AgentError>,
    action: Option<ActionResult>,
    _work: tempfile::TempDir,
}

/// Notes Pebble requests, and lets the charm or the daemon die at them.
#[derive(Debug)]
struct Watch {
    shared: Shared,
    /// The daemon's own socket.
    daemon: PathBuf,
}

impl Observer for Watch {
    fn before(&self, request: &PebbleRequest) {
        let mut live = self.shared.lock();
        if live.boundary() {
            return;
        }
        live.note_pebble(&request.container, &request.method, &request.path_and_query);
        if live.kill_pebble_at == Some(live.requests) {
            // One that is gone already needs no killing.
            let _ = kill_daemon(&self.daemon);
        }
        live.requests += 1;
    }

    fn after(&self, _: &PebbleRequest) {
        self.shared.lock().boundary();
    }
}

impl Agent {
    /// Lays out the unit's folders and containers. Nothing runs yet.
    ///
    /// # Errors
    ///
    /// If the charm cannot be used or the pod not be made.
    pub fn new(setup: &Setup) -> Result<Self, AgentError> {
        let declared = Declared::read(&setup.charm)?;
        let work = tempfile::Builder::new().prefix("cw-").tempdir()?;
        let model = Model::new(declared.clone(), &setup.model, setup.leader);
        let base = work.path().join(format!("unit-{}-0", model.app));
        let place = Place {
            charm: base.join("charm"),
            tools: work.path().join("tools"),
            socket: base.join("agent.socket"),
            path: std::env::var("PATH").unwrap_or_default(),
        };
        charm::install(&setup.charm, setup.dispatch.as_deref(), &place.charm)?;
        fs::create_dir_all(&place.tools)?;
        for command in HOOK_COMMANDS {
            symlink(&setup.tool, place.tools.join(command))?;
        }
        let tool = work.path().join(crate::tool::NAME);
        symlink(&setup.tool, &tool)?;
        let shared = Shared::new(model);
        let pod = if declared.containers.is_empty() {
            None
        } else {
            let mut pod = Pod::start(work.path(), &tool)?;
            for name in declared.containers.keys() {
                let image = setup.images.get(name).cloned().unwrap_or_default();
                let watch = Watch { shared: shared.clone(), daemon: pod.pebble_socket(name) };
                pod.add_container(name, &image, &setup.pebble, Arc::new(watch))?;
            }
            Some(pod)
        };
        Ok(Self {
            pod,
            shared,
            life: Life::default(),
            place,
            remotes: setup.remotes.clone(),
            containers_up: false,
            hooks: 0,
            tries: 0,
            kills: 0,
            gave_up: None,
            action: None,
            _work: work,
        })
    }

    /// The world and the running hook.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The unit's containers; `None` if the charm declares none.
    pub fn pod(&self) -> Option<&Pod> {
        self.pod.as_ref()
    }

    /// How the last action ended.
    pub fn action(&self) -> Option<&ActionResult> {
        self.action.as_ref()
    }

    /// The folder that the charm runs in.
    pub fn charm_dir(&self) -> &Path {
        &self.place.charm
    }

    /// Runs the next hook that is due; `None` if none is.
    ///
    /// A hook that fails stays due and is run again at the next call; so is one that is killed.
    ///
    /// # Errors
    ///
    /// If a hook cannot be run, or fails again and again.
    pub fn step(&mut self) -> Result<Option<Record>, AgentError> {
        if let Some(error) = self.gave_up.take() {
            return Err(error);
        }
        let boots = self.boots();
        let (hook, config) = {
            let mut live = self.shared.lock();
            let Some(hook) = events::next(&live.model, &mut self.life, &boots) else {
                return Ok(None);
            };
            before(&hook, &mut live.model);
            (hook, live.model.options())
        };
        self.hooks += 1;
        let command = self.command();
        let mut ended = hook::run(&self.shared, &hook, &self.place, self.hooks, self.life.dying, command)?;
        if !ended.record.failed() || hook.is_action() {
            events::commit(&mut self.shared.lock().model, &mut self.life, &hook, config);
            (self.tries, self.kills) = (0, 0);
            self.remotes_act(&ended.written);
            self.after(&hook)?;
            ended.record.status = Some(self.shared.lock().model.status.clone());
        } else {
            let (count, most) =
                if ended.killed { (&mut self.kills, KILLS_MAX) } else { (&mut self.tries, TRIES_MAX) };
            *count += 1;
            if *count >= most {
                let error = ended.record.error.clone().unwrap_or_default();
                let event = ended.record.event.clone();
                self.gave_up = Some(AgentError::KeepsFailing { event, tries: *count, error });
            }
        }
        if ended.action.is_some() {
            self.action = ended.action;
        }
        Ok(Some(ended.record))
    }

    fn command(&self) -> Command {
        let dispatch = self.place.charm.join("dispatch");
        if let Some(pod) = &self.pod {
            return pod.command(&dispatch, &self.place.charm);
        }
        let mut command = Command::new(dispatch);
        command.current_dir(&self.place.charm);
        command
    }

    /// The images have come and the daemons start when the unit has: the charm has to wait for them.
    fn after(&mut self, hook: &Hook) -> Result<(), AgentError> {
        if *hook == Hook::Unit("start") && !self.containers_up {
            self.containers_up = true;
            let up = self.boots();
            for name in self.containers().into_iter().filter(|name| !up.contains_key(name)) {
                self.pod_mut(&name)?.start_pebble(&name)?;
            }
        }
        Ok(())
    }

    fn containers(&self) -> Vec<String> {
        self.shared.lock().model.declared.containers.keys().cloned().collect()
    }

    fn boots(&self) -> BTreeMap<String, String> {
        let boot = |name: String| Some((name.clone(), self.pod.as_ref()?.pebble_boot_id(&name)?));
        self.containers().into_iter().filter_map(boot).collect()
    }

    fn pod_mut(&mut self, container: &str) -> Result<&mut Pod, AgentError> {
        let known = self.containers().iter().any(|name| name == container);
        let unknown = || AgentError::Unknown { what: "container", name: container.to_owned() };
        self.pod.as_mut().filter(|_| known).ok_or_else(unknown)
    }

    fn remotes_act(&mut self, relations: &[u64]) {
        let mut live = self.shared.lock();
        for id in relations {
            let app = live.model.relations.get(id).map(|one| one.app.clone());
            if let Some(remote) = app.and_then(|app| self.remotes.get(&app)) {
                remote.act(&mut live.model, *id);
            }
        }
    }
}

/// Kills the daemon that listens on a socket.
fn kill_daemon(socket: &Path) -> io::Result<()> {
    let stream = UnixStream::connect(socket)?;
    let peer = getsockopt(&stream, PeerCredentials)?;
    Ok(kill(Pid::from_raw(peer.pid()), Signal::SIGKILL)?)
}

/// The statuses that Juju sets by itself before a hook.
fn before(hook: &Hook, model: &mut Model) {
    match hook {
        Hook::Unit("install") if !model.charm_set_status() => {
            model.set_status("maintenance", "installing charm software", false);
        }
        Hook::Unit("stop") => model.set_status("maintenance", "stopping charm software", false),
        Hook::Unit("remove") => model.set_status("maintenance", "cleaning up prior to charm deletion", false),
        _ => {}
    }
}
