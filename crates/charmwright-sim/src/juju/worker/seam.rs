//! What runs the charm.

use jiff::{SignedDuration, Timestamp};

use super::ears::Ears;
use super::journal::Journal;
use super::pebble::Pebbles;
use super::{WorldError, apply};
use crate::juju::context::{Agent, HookInfo};
use crate::juju::controller::{Change, Controller, Endpoints};
use crate::juju::run::{Conditions, Outcome};

/// What the agent can hear with while the charm runs: the world may change then.
#[derive(Debug)]
pub struct Hearing<'a> {
    /// What it hears with.
    pub ears: &'a mut Ears,
    /// The containers' Pebbles.
    pub pebbles: &'a mut Pebbles,
    /// What time it is.
    pub now: &'a mut Timestamp,
    /// What has happened.
    pub journal: &'a mut Journal,
}

impl Hearing<'_> {
    /// The world changes while the charm runs. The agent hears of all of it.
    ///
    /// # Errors
    ///
    /// A change is about something that there is not.
    pub fn change(&mut self, controller: &mut Controller, changes: &[Change]) -> Result<(), WorldError> {
        apply(controller, Some(self.ears), self.pebbles, *self.now, changes)?;
        self.hear_all(controller);
        Ok(())
    }

    /// Time passes while the charm runs.
    pub fn advance(&mut self, controller: &mut Controller, by: SignedDuration) {
        *self.now += by;
        controller.set_now(*self.now);
        self.ears.fire(*self.now);
        self.hear_all(controller);
    }

    pub(super) fn hear_all(&mut self, controller: &mut Controller) {
        self.ears.hear_all(controller, self.pebbles, *self.now);
    }

    /// Notes what the charm has asked of the controller up to now.
    pub fn note_calls(&mut self, controller: &mut Controller) {
        self.journal.note_calls(controller, true);
    }
}

/// What runs the charm: a process for a play, a function for a test. The one place where the machine meets it.
pub trait Runner {
    /// Runs a hook, and has what it changed committed.
    fn hook(&mut self, agent: &mut Agent, hearing: Hearing<'_>, hook: &HookInfo) -> Outcome;

    /// Whether an action can be run at all: the charm has it, and takes what it is given.
    ///
    /// # Errors
    ///
    /// Why not.
    fn check_action(&mut self, agent: &Agent, id: &str) -> Result<(), String> {
        Conditions::check_action(agent, id).map_err(|failure| failure.to_string())
    }

    /// Runs an action that has begun, and has its results handed in.
    fn action(&mut self, agent: &mut Agent, hearing: Hearing<'_>, id: &str) -> Outcome;

    /// Runs a script as juju-exec does.
    fn script(&mut self, agent: &mut Agent, hearing: Hearing<'_>, script: &str) -> Outcome;

    /// Puts a charm's files where the agent runs them, and says which endpoints it declares; `None` if any will do.
    ///
    /// # Errors
    ///
    /// The files cannot be put there; why.
    fn deploy(&mut self, agent: &mut Agent, url: &str) -> Result<Option<Endpoints>, String>;

    /// Removes the agent's folder: the unit gets another pod.
    ///
    /// # Errors
    ///
    /// It cannot be removed; why.
    fn replace_pod(&mut self, agent: &mut Agent) -> Result<(), String>;
}

/// A charm that does nothing, at no cost: each hook succeeds without being run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Idle;

impl Runner for Idle {
    fn hook(&mut self, _: &mut Agent, _: Hearing<'_>, _: &HookInfo) -> Outcome {
        Outcome::default()
    }

    fn check_action(&mut self, _: &Agent, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn action(&mut self, agent: &mut Agent, _: Hearing<'_>, id: &str) -> Outcome {
        // One that is gone meanwhile is none to finish.
        let _ = agent.controller.finish_action(id, "completed", &serde_json::Map::new(), "");
        Outcome { environment: Some(Vec::new()), ..Outcome::default() }
    }

    fn script(&mut self, _: &mut Agent, _: Hearing<'_>, _: &str) -> Outcome {
        Outcome::default()
    }

    fn deploy(&mut self, _: &mut Agent, _: &str) -> Result<Option<Endpoints>, String> {
        Ok(None)
    }

    fn replace_pod(&mut self, _: &mut Agent) -> Result<(), String> {
        Ok(())
    }
}
