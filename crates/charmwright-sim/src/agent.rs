//! Runs hooks until nothing is left to do.

pub(crate) mod life;
pub(crate) mod notices;
mod once;
mod playing;
pub(crate) mod steps;
pub(crate) mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::Pid;

use notices::Notices;
pub use once::{Ran, run};
use playing::{Playing, Source};
use world::World;

use crate::charm::{self, CharmError, Declared};
use crate::juju::commands;
use crate::juju::context::HookInfo;
use crate::juju::context::Paths;
use crate::juju::controller::ModelError;
use crate::juju::environment::{Host, System};
use crate::juju::version::JujuVersion;
use crate::juju::worker::{Choice, Schedule, Start, UnitWorker, WorldError};
use crate::model::{Bag, Model};
use crate::pod::{Image, Observer, PebbleRequest, Pod, PodError};
use crate::record::{ActionResult, Record};
use crate::remote::Remote;
use crate::watch::Watch;

/// How often a hook that fails is run again before the agent gives up.
const TRIES_MAX: usize = 4;
/// How often an agent that ends with an error is started again in one step.
const RESTARTS_MAX: usize = 3;
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
    /// Whether the unit is on a machine, and not on Kubernetes.
    pub machine: bool,
    /// Without Juju's own faults.
    pub ideal: bool,
    /// What stands for chance; without it, the first of several choices is always taken.
    pub seed: Option<u64>,
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
    /// The world cannot be changed so.
    #[error(transparent)]
    World(#[from] WorldError),
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
    world: World,
    watch: Watch,
    schedule: Schedule,
    source: Source,
    host: Host,
    /// The numbers of the boots of Pebble that were seen, by container and boot id.
    boots: BTreeMap<(String, String), u64>,
    notices: Notices,
    custom: Vec<String>,
    started: bool,
    /// The unit is to get another pod when its agent has ended.
    new_pod: bool,
    containers_up: bool,
    held: BTreeSet<String>,
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
        // What cannot be run is said at once, and options and actions are known before the unit is deployed.
        charm::install(&setup.charm, setup.dispatch.as_deref(), &paths.charm)?;
        fs::create_dir_all(&paths.tools)?;
        for command in commands::names(setup.juju) {
            symlink(&setup.tool, paths.tools.join(command))?;
        }
        let tool = work.path().join(crate::tool::NAME);
        symlink(&setup.tool, &tool)?;
        let watch = Watch::default();
        let pod = setup.pod(&declared, work.path(), &tool, |daemon| {
            Arc::new(AtPebble { watch: watch.clone(), daemon })
        })?;
        let mut model = Model::new(declared, &setup.model, setup.leader, setup.machine, setup.juju, paths)?;
        model.worker = model.worker.ideal(setup.ideal);
        Ok(Self {
            pod,
            world: World::new(model, setup),
            watch,
            schedule: setup.seed.map_or_else(Schedule::first, Schedule::seeded),
            source: Source { charm: setup.charm.clone(), dispatch: setup.dispatch.clone() },
            // Charms run in a container of their own base, whatever this system is.
            host: Host { system: System::Ubuntu, ..Host::this() },
            boots: BTreeMap::new(),
            notices: Notices::default(),
            custom: Vec::new(),
            started: false,
            new_pod: false,
            containers_up: false,
            held: BTreeSet::new(),
            tries: 0,
            kills: 0,
            gave_up: None,
            action: None,
            _work: work,
        })
    }

    /// The unit's world.
    pub fn model(&self) -> &Model {
        &self.world.model
    }

    /// The unit's world, to be changed behind the charm's back.
    pub fn model_mut(&mut self) -> &mut Model {
        &mut self.world.model
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
        &self.world.model.worker.juju.paths.charm
    }

    /// Runs the next hook that is due; `None` if none is.
    ///
    /// A hook that fails stays due and is run again at the next call; so is one that is killed. The time that Juju waits
    /// before, and until it notices a Pebble, passes at once.
    ///
    /// # Errors
    ///
    /// If a hook cannot be run, or fails again and again.
    pub fn step(&mut self) -> Result<Option<Record>, AgentError> {
        if let Some(error) = self.gave_up.take() {
            return Err(error);
        }
        let bags = self.world.own_bags();
        if let Some(ran) = self.run_custom() {
            return self.after(ran, &bags).map(Some);
        }
        let mut restarts = 0;
        let mut last = None;
        loop {
            self.hear_pebbles()?;
            self.start_if_due()?;
            self.world.model.worker.listen();
            let held = self.world.model.worker.running().is_some_and(|name| self.held.contains(&name));
            let choice = if held { None } else { self.schedule.choose(&self.world.model.worker, usize::MAX) };
            // What was run is brought to its end before it is told; what follows it is another step.
            if let Some(ran) = last.take_if(|_| !self.world.model.worker.is_busy()) {
                return self.after(ran, &bags).map(Some);
            }
            let Some(choice) = choice else {
                if held || !self.pass_time() {
                    return Ok(None);
                }
                continue;
            };
            restarts += usize::from(choice == Choice::Restart);
            if restarts > RESTARTS_MAX {
                return Ok(None);
            }
            last = self.take(&choice).or(last);
        }
    }

    /// Lets one thing happen; what was run, if that was it.
    fn take(&mut self, choice: &Choice) -> Option<Ran> {
        let (worker, mut playing) = self.playing();
        worker.step(choice, &mut playing);
        playing.ran
    }

    /// The unit's worker, and what runs its charm.
    fn playing(&mut self) -> (&mut UnitWorker, Playing<'_>) {
        let Self { pod, world, watch, host, source, .. } = self;
        (&mut world.model.worker, Playing { pod: pod.as_ref(), watch, host, source, ran: None })
    }

    /// The agent is started when the unit is added, and when its pod was replaced.
    fn start_if_due(&mut self) -> Result<(), AgentError> {
        let replaced = self.new_pod && self.world.model.worker.is_down();
        if self.started && !replaced {
            return Ok(());
        }
        if replaced {
            for name in self.containers() {
                self.pod_mut(&name)?.restart_pebble(&name)?;
            }
        }
        (self.started, self.new_pod) = (true, false);
        self.start(replaced, false)
    }

    /// Time passes if something is waited for that comes by itself. Says whether it does.
    fn pass_time(&mut self) -> bool {
        let worker = &mut self.world.model.worker;
        let Some(at) = worker.next_timer().filter(|_| worker.waits_for_time()) else { return false };
        worker.advance(at.duration_since(worker.now()));
        true
    }

    /// The agent is shown which boots the Pebbles are at, and what they have noted. Says whether they have.
    fn hear_pebbles(&mut self) -> Result<bool, AgentError> {
        let up = self.boots();
        for name in self.containers() {
            let next = u64::try_from(self.boots.len()).unwrap_or(u64::MAX);
            let number =
                up.get(&name).map(|boot| *self.boots.entry((name.clone(), boot.clone())).or_insert(next));
            self.world.model.worker.set_boot(&name, number);
        }
        let news = self.notices.new_ones(self.pod.as_ref(), self.world.model.worker.juju.version);
        if !news.is_empty() {
            self.apply(&news)?;
        }
        Ok(!news.is_empty())
    }

    /// A hook of a name that no Juju has.
    fn run_custom(&mut self) -> Option<Ran> {
        if self.custom.is_empty() || !self.world.model.worker.process().state.installed {
            return None;
        }
        let name = self.custom.remove(0);
        let (worker, mut playing) = self.playing();
        worker.run_beside(&HookInfo::of_tomorrow(name), &mut playing);
        playing.ran
    }

    fn after(&mut self, ran: Ran, bags: &[(i64, Bag, Bag)]) -> Result<Record, AgentError> {
        let Ran { mut record, killed, action } = ran;
        if record.failed() && action.is_none() {
            let (count, most) =
                if killed { (&mut self.kills, KILLS_MAX) } else { (&mut self.tries, TRIES_MAX) };
            *count += 1;
            if *count >= most {
                let error = record.error.clone().unwrap_or_default();
                let event = record.event.clone();
                self.gave_up = Some(AgentError::KeepsFailing { event, tries: *count, error });
            }
        } else {
            (self.tries, self.kills) = (0, 0);
            self.world.model.forget_gone();
            let now = self.world.own_bags();
            let written: Vec<i64> =
                now.into_iter().filter(|bag| !bags.contains(bag)).map(|(id, ..)| id).collect();
            self.world.act(&written);
            self.start_containers(&record)?;
        }
        record.status = Some(self.world.model.status().clone());
        if action.is_some() {
            self.action = action;
        }
        record.remarks = self.remarks();
        Ok(record)
    }

    /// The images have come and the daemons start when the unit has: the charm has to wait for them.
    fn start_containers(&mut self, record: &Record) -> Result<(), AgentError> {
        if record.event == "start" && !self.containers_up {
            self.containers_up = true;
            let up = self.boots();
            for name in self.containers().into_iter().filter(|name| !up.contains_key(name)) {
                self.pod_mut(&name)?.start_pebble(&name)?;
            }
        }
        Ok(())
    }

    fn containers(&self) -> Vec<String> {
        self.world.model.declared.containers.keys().cloned().collect()
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
}

/// Kills the daemon that listens on a socket.
fn kill_daemon(socket: &Path) -> io::Result<()> {
    let stream = UnixStream::connect(socket)?;
    let peer = getsockopt(&stream, PeerCredentials)?;
    Ok(kill(Pid::from_raw(peer.pid()), Signal::SIGKILL)?)
}
