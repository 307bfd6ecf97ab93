//! Juju's unit worker: what decides which hook runs when, from the unit's first day to its last.
//!
//! [`UnitWorker`] is a plain value. It has no thread, no clock and no process of its own: time is what it is told, what
//! runs the charm is behind [`Runner`]. It can be cloned, compared and stepped: [`UnitWorker::choices`] says what may
//! happen next, [`UnitWorker::step`] lets it happen.
//!
//! The rules are those of Juju 3.6.11, its faults among them ([`Fault`]).

mod backoff;
mod choice;
mod commit;
mod ears;
mod execute;
mod fault;
mod journal;
mod life;
mod operation;
mod pebble;
mod process;
mod relation;
mod remote;
mod resolver;
mod saving;
mod schedule;
mod seam;
mod triggers;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use serde_json::{Value, json};

pub use self::choice::Choice;
pub use self::ears::{Ears, Source};
pub use self::fault::Fault;
pub use self::journal::Journal;
pub use self::life::Start;
pub use self::operation::{HookOp, Op, Tie};
pub use self::pebble::{Pebbles, Sound, WorkloadEvent};
pub use self::process::{Entered, Local, Process, Relations};
pub use self::remote::{Hashes, Life, RelationHeard, Remote, Resolved, StorageHeard};
pub use self::schedule::Schedule;
pub use self::seam::{Hearing, Idle, Runner};

use self::execute::Stage;
use super::context::{Agent, HookInfo};
use super::controller::{ApiError, Change, Controller, Endpoints, ModelError, RelationState, Shared};

/// One unit's agent, as a machine that is stepped.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitWorker {
    /// What outlives a run of the charm: the controller, the agent's caches.
    pub juju: Agent,
    pebbles: Pebbles,
    now: Timestamp,
    ideal: bool,
    journal: Journal,
    process: Process,
    ears: Ears,
    phase: Phase,
    /// The version of the charm that the pod was made for.
    enforced: i64,
    /// Whether the charm's files are there.
    deployed: bool,
    endpoints: Option<Shared<Endpoints>>,
    /// The relations whose relation-created has really run. Juju does not remember.
    created: BTreeSet<i64>,
    /// What is to come from outside, at a moment that is open.
    upcoming: VecDeque<Change>,
}

/// Where the agent is.
#[derive(Debug, Clone, PartialEq)]
enum Phase {
    /// It does not run.
    Down,
    /// It has ended with an error and is started again.
    Again,
    /// It waits until it hears something.
    Resting,
    /// It is about to walk the rules.
    Looking,
    /// The rules leave it one of these.
    Picking(Vec<Op>),
    /// It is at an operation.
    Busy(Box<Stage>),
}

/// Why an operation, or the agent itself, did not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Interrupted {
    /// The connection to the controller is gone: the agent has died.
    Severed,
    /// The hook has failed.
    HookFailed,
    /// The charm was killed while the agent lives.
    CharmKilled,
    /// The machine is to be rebooted.
    Reboot,
    /// The unit is gone, or its pod was made for another charm.
    Over,
    /// It was told to end.
    Told,
    /// Something beside the worker does not get over an error, and takes it along.
    Doomed(String),
    /// Something that the worker does not get over: it ends and is started again.
    Error(String),
}

impl UnitWorker {
    /// A unit whose agent does not run yet. `now` is what time it is.
    pub fn new(mut juju: Agent, now: Timestamp) -> Self {
        juju.controller.set_now(now);
        let model = juju.controller.model();
        let (pebbles, enforced) = (Pebbles::new(&model.containers), model.charm_modified_version);
        Self {
            process: Process::new(&juju.controller, "", false),
            ears: Ears::new([], None, now),
            pebbles,
            now,
            ideal: false,
            journal: Journal::silent(),
            phase: Phase::Down,
            enforced,
            deployed: false,
            endpoints: None,
            created: BTreeSet::new(),
            upcoming: VecDeque::new(),
            juju,
        }
    }

    /// Without Juju's own faults.
    #[must_use]
    pub fn ideal(mut self, ideal: bool) -> Self {
        self.ideal = ideal;
        self
    }

    /// Notes what happens.
    #[must_use]
    pub fn recording(mut self) -> Self {
        self.journal = Journal::default();
        self.juju.controller.set_recording(true);
        self
    }

    /// What has happened since this was asked last.
    pub fn take_events(&mut self) -> Vec<Value> {
        self.drain();
        self.journal.take()
    }

    /// What has happened and was not asked for yet.
    pub fn events(&self) -> &[Value] {
        self.journal.events()
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What differs between two moments, or two runs: the lines of the one (`-`) that the other (`+`) has not.
    pub fn difference(&self, other: &Self) -> String {
        let lines = |worker: &Self| -> Vec<String> {
            format!("{worker:#?}").lines().map(|line| line.trim_end().to_owned()).collect()
        };
        let (ours, theirs) = (lines(self), lines(other));
        let only = |one: &[String], of: &[String], sign: char| -> Vec<String> {
            let mut left: Vec<&String> = of.iter().collect();
            let mut missed = |line: &&String| match left.iter().position(|other| other == line) {
                Some(at) => {
                    left.remove(at);
                    false
                }
                None => true,
            };
            one.iter().filter(|line| missed(line)).map(|line| format!("{sign}{line}")).collect()
        };
        [only(&ours, &theirs, '-'), only(&theirs, &ours, '+')].concat().join("\n")
    }

    /// What the agent has heard.
    pub fn remote(&self) -> &Remote {
        &self.ears.remote
    }

    /// What the agent knows by itself.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Whether the agent runs.
    pub fn is_up(&self) -> bool {
        !matches!(self.phase, Phase::Down | Phase::Again)
    }

    /// Whether the agent does not run, and is not about to.
    pub fn is_down(&self) -> bool {
        self.phase == Phase::Down
    }

    /// Whether it is at an operation.
    pub fn is_busy(&self) -> bool {
        matches!(self.phase, Phase::Busy(_))
    }

    /// Whether something comes by itself when time passes: a failed hook is run again, a Pebble is noticed.
    pub fn waits_for_time(&self) -> bool {
        self.ears.backoff.at().is_some() || self.ears.listener.has_news(&self.pebbles)
    }

    /// Shows the agent which boot a real Pebble is at; `None` if it does not answer.
    pub fn set_boot(&mut self, container: &str, boot: Option<u64>) {
        self.pebbles.set_boot(container, boot);
    }

    /// Takes it that the charm was told of these units of a relation, and of their bags as they are.
    pub fn note_members(&mut self, relation: i64, units: &[String]) {
        let model = self.juju.controller.model_mut();
        let Some(one) = model.relations_mut().iter_mut().find(|one| one.id == relation) else { return };
        one.members = Some(units.to_vec());
        let version =
            |unit: &String| (unit.clone(), one.unit_versions.get(unit).copied().unwrap_or_default());
        let members = units.iter().map(version).collect();
        let told = RelationState { id: relation, members, ..RelationState::default() };
        model.saved.relation.insert(relation, told.into());
    }

    /// Runs a hook that the rules do not know, and forgets it.
    pub fn run_beside(&mut self, hook: &HookInfo, runner: &mut dyn Runner) {
        let (juju, hearing) = self.hearing();
        runner.hook(juju, hearing, hook);
    }

    /// The agent, and what it hears with while something runs.
    fn hearing(&mut self) -> (&mut Agent, Hearing<'_>) {
        let Self { juju, ears, pebbles, now, journal, .. } = self;
        (juju, Hearing { ears, pebbles, now, journal })
    }

    /// The hook, action or script that is about to run, or runs.
    pub fn running(&self) -> Option<String> {
        match &self.phase {
            Phase::Busy(stage) => stage.running(),
            _ => None,
        }
    }

    /// Changes the world.
    ///
    /// # Errors
    ///
    /// A change is about something that there is not.
    pub fn change(&mut self, changes: &[Change]) -> Result<(), WorldError> {
        let up = self.is_up();
        let Self { juju, ears, pebbles, now, .. } = self;
        let ears = if up { Some(ears) } else { None };
        apply(&mut juju.controller, ears, pebbles, *now, changes)?;
        // While the charm runs, everything is heard of at once. An agent that waits may hear of one thing first.
        if matches!(self.phase, Phase::Busy(_)) {
            self.hear_all();
        }
        Ok(())
    }

    /// Lets a change come at a moment that is open: see [`Choice::Arrive`].
    pub fn expect(&mut self, change: Change) {
        self.upcoming.push_back(change);
    }

    /// Hears of everything that there is to hear.
    pub fn hear_all(&mut self) {
        if self.is_up() {
            let (juju, mut hearing) = self.hearing();
            hearing.hear_all(&mut juju.controller);
        }
    }

    /// Time passes: what is due then comes, once.
    pub fn advance(&mut self, by: jiff::SignedDuration) {
        self.now += by;
        self.juju.controller.set_now(self.now);
        if self.is_up() {
            self.ears.fire(self.now);
        }
    }

    /// When a timer of the agent fires next.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.is_up().then(|| self.ears.next_timer()).flatten()
    }

    /// Hands in a script, as juju-exec does.
    ///
    /// # Errors
    ///
    /// The agent does not run.
    pub fn exec(&mut self, script: &str) -> Result<u64, WorldError> {
        if !self.is_up() {
            return Err(WorldError::NoAgent);
        }
        Ok(self.ears.add_script(script))
    }

    /// SIGTERM: a sidecar's agent is told to end.
    ///
    /// # Errors
    ///
    /// The agent does not run.
    pub fn terminate(&mut self) -> Result<(), WorldError> {
        if !self.is_up() {
            return Err(WorldError::NoAgent);
        }
        self.ears.shut_down();
        Ok(())
    }

    /// One request to the controller, for something that has to succeed.
    fn call<T>(
        &mut self,
        request: impl FnOnce(&mut Controller) -> Result<T, ApiError>,
    ) -> Result<T, Interrupted> {
        self.ask(request)?.map_err(|error| Interrupted::Error(error.to_string()))
    }

    /// One request to the controller, for something that may be refused.
    fn ask<T>(
        &mut self,
        request: impl FnOnce(&mut Controller) -> Result<T, ApiError>,
    ) -> Result<Result<T, ApiError>, Interrupted> {
        let answer = request(&mut self.juju.controller);
        self.drain();
        self.check_severed()?;
        Ok(answer)
    }

    fn check_severed(&self) -> Result<(), Interrupted> {
        if self.juju.controller.is_severed() { Err(Interrupted::Severed) } else { Ok(()) }
    }

    /// Notes the requests that the agent has made.
    fn drain(&mut self) {
        self.journal.note_calls(&mut self.juju.controller, false);
    }

    fn note_agent(&mut self, what: &str) {
        self.journal.note(|| json!({"agent": what}));
    }
}

/// Changes the world, and lets an agent hear what is told to it directly.
///
/// # Errors
///
/// A change is about something that there is not.
pub fn apply(
    controller: &mut Controller,
    ears: Option<&mut Ears>,
    pebbles: &mut Pebbles,
    now: Timestamp,
    changes: &[Change],
) -> Result<(), WorldError> {
    for change in changes {
        controller.apply(change)?;
    }
    let mut ears = ears;
    for change in changes {
        if let Some(pebble) = &change.pebble
            && pebbles.apply(pebble, now).is_none()
        {
            return Err(WorldError::NoContainer(pebble.container.clone()));
        }
        if change.update_status {
            ears.as_mut().ok_or(WorldError::NobodyWaits)?.tick();
        }
    }
    Ok(())
}

/// The world cannot be changed so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The model would be none.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// There is no such container.
    #[error("container {} not found", super::controller::quoted(.0))]
    NoContainer(String),
    /// There is no agent that waits for the time of update-status.
    #[error("nobody waits for the update-status timer")]
    NobodyWaits,
    /// There is no agent.
    #[error("no agent runs")]
    NoAgent,
    /// There is one already.
    #[error("the agent runs already")]
    Runs,
    /// The agent's folder cannot be laid out.
    #[error("{0}")]
    Folder(String),
}
