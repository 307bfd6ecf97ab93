//! Runs hooks until nothing is left to do.

mod once;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::Pid;

pub use once::{Ran, run};

use crate::charm::{self, CharmError, Declared};
use crate::events::{self, Hook, Life};
use crate::juju::commands;
use crate::juju::context::Paths;
use crate::juju::controller::ModelError;
use crate::juju::environment::{Host, System};
use crate::juju::run::{Processes, plain_command};
use crate::juju::version::JujuVersion;
use crate::model::{Bag, Model, Relation};
use crate::pod::{Image, Observer, PebbleRequest, Pod, PodError};
use crate::record::{ActionResult, Record};
use crate::remote::Remote;
use crate::watch::Watch;

/// How often a hook that fails is run again before the agent gives up.
const TRIES_MAX: usize = 4;
/// How often a hook that is killed is run again before the agent gives up.
const KILLS_MAX: usize = 20;

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
    /// Which Juju it is.
    pub juju: JujuVersion,
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
    /// The unit is none that Juju would have.
    #[error(transparent)]
    Model(#[from] ModelError),
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
    model: Model,
    watch: Watch,
    life: Life,
    host: Host,
    remotes: BTreeMap<String, Remote>,
    containers_up: bool,
    tries: usize,
    kills: usize,
    gave_up: Option<AgentError>,
    action: Option<ActionResult>,
    _work: tempfile::TempDir,
}

/// Tells the watch of requests to a Pebble, and kills the daemon where the watch says so.
#[derive(Debug)]
struct AtPebble {
    watch: Watch,
    /// The daemon's own socket.
    daemon: PathBuf,
}

impl Observer for AtPebble {
    fn before(&self, request: &PebbleRequest) {
        let mut watched = self.watch.lock();
        if watched.boundary() {
            return;
        }
        watched.note_pebble(&request.container, &request.method, &request.path_and_query);
        if watched.kill_pebble_at == Some(watched.requests) {
            // One that is gone already needs no killing.
            let _ = kill_daemon(&self.daemon);
        }
        watched.requests += 1;
    }

    fn after(&self, _: &PebbleRequest) {
        self.watch.lock().boundary();
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
        let base = work.path().join(format!("unit-{}-0", declared.name));
        let paths = Paths {
            charm: base.join("charm"),
            tools: work.path().join("tools"),
            socket: base.join("agent.socket"),
            base,
        };
        charm::install(&setup.charm, setup.dispatch.as_deref(), &paths.charm)?;
        fs::create_dir_all(&paths.tools)?;
        for command in commands::names(setup.juju) {
            symlink(&setup.tool, paths.tools.join(command))?;
        }
        let tool = work.path().join(crate::tool::NAME);
        symlink(&setup.tool, &tool)?;
        let watch = Watch::default();
        let pod = if declared.containers.is_empty() {
            None
        } else {
            let mut pod = Pod::start(work.path(), &tool)?;
            for name in declared.containers.keys() {
                let image = setup.images.get(name).cloned().unwrap_or_default();
                let observer = AtPebble { watch: watch.clone(), daemon: pod.pebble_socket(name) };
                pod.add_container(name, &image, &setup.pebble, Arc::new(observer))?;
            }
            Some(pod)
        };
        Ok(Self {
            pod,
            model: Model::new(declared, &setup.model, setup.leader, setup.juju, paths)?,
            watch,
            life: Life::default(),
            // Charms run in a container of their own base, whatever this system is.
            host: Host { system: System::Ubuntu, ..Host::this() },
            remotes: setup.remotes.clone(),
            containers_up: false,
            tries: 0,
            kills: 0,
            gave_up: None,
            action: None,
            _work: work,
        })
    }

    /// The unit's world.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The unit's world, to be changed behind the charm's back.
    pub fn model_mut(&mut self) -> &mut Model {
        &mut self.model
    }

    /// What is seen while hooks run, and where they shall die.
    pub fn watch(&self) -> &Watch {
        &self.watch
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
        &self.model.juju.paths.charm
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
        let Some(hook) = events::next(&self.model, &mut self.life, &boots) else {
            return Ok(None);
        };
        before(&hook, &mut self.model);
        let config = self.model.options();
        let bags = self.own_bags();
        let Ran { mut record, killed, action } = self.run(&hook);
        self.model.charm_set_status |= record.set_status();
        if !record.failed() || hook.is_action() {
            events::commit(&mut self.model, &mut self.life, &hook, config);
            (self.tries, self.kills) = (0, 0);
            let now = self.own_bags();
            let written: Vec<i64> =
                now.into_iter().filter(|bag| !bags.contains(bag)).map(|(id, ..)| id).collect();
            self.remotes_act(&written);
            self.after(&hook)?;
        } else {
            let (count, most) =
                if killed { (&mut self.kills, KILLS_MAX) } else { (&mut self.tries, TRIES_MAX) };
            *count += 1;
            if *count >= most {
                let error = record.error.clone().unwrap_or_default();
                let event = record.event.clone();
                self.gave_up = Some(AgentError::KeepsFailing { event, tries: *count, error });
            }
        }
        record.status = Some(self.model.status().clone());
        if action.is_some() {
            self.action = action;
        }
        Ok(Some(record))
    }

    fn run(&mut self, hook: &Hook) -> Ran {
        let socket = self.model.juju.paths.socket.clone();
        let pod = self.pod.as_ref();
        let mut charm = Processes::new(&socket, |file: &Path, dir: &Path| match pod {
            Some(pod) => pod.command(file, dir),
            None => plain_command(file, dir),
        });
        run(&mut self.model, &self.watch, &self.host, hook, self.life.dying, &mut charm)
    }

    /// What our side has written in each relation.
    fn own_bags(&self) -> Vec<(i64, Bag, Bag)> {
        let bag = |bag: &Option<Bag>| bag.clone().unwrap_or_default();
        let of = |one: &Relation| (one.id, bag(&one.local_app_bag), bag(&one.local_unit_bag));
        self.model.relations().iter().map(of).collect()
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
        self.model.declared.containers.keys().cloned().collect()
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

    fn remotes_act(&mut self, relations: &[i64]) {
        for id in relations {
            let app = self.model.relation(*id).map(|one| one.remote_app.clone());
            if let Some(remote) = app.and_then(|app| self.remotes.get(&app)) {
                remote.act(&mut self.model, *id);
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
        Hook::Unit("install") if !model.charm_set_status => {
            model.set_status("maintenance", "installing charm software");
        }
        Hook::Unit("stop") => model.set_status("maintenance", "stopping charm software"),
        Hook::Unit("remove") => model.set_status("maintenance", "cleaning up prior to charm deletion"),
        _ => {}
    }
}
