//! Plays a scenario: lets it happen, runs the hooks that follow, and looks whether what is expected holds.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::agent::{Agent, AgentError, Setup};
use crate::juju_live::JujuLiveError;
use crate::model::{Model, Relation};
use crate::pod::Pod;
use crate::record::{ActionResult, Record};
use crate::scenario::{Expectation, HttpExpectation, Scenario, Step};

/// How many hooks may follow one change before the unit counts as restless.
const HOOKS_MAX: usize = 200;
/// How long a workload may take to answer, to stop answering, or to tell the charm something.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is asked.
const ANSWER_PERIOD: Duration = Duration::from_millis(50);

/// So many events, in words.
pub(crate) fn events(count: usize) -> String {
    if count == 1 { "1 event".to_owned() } else { format!("{count} events") }
}

/// Follows a play.
pub trait Audience {
    /// Something happens to the unit.
    fn change(&mut self, step: &Step);
    /// A hook is about to run.
    fn waiting(&mut self);
    /// The agent did something beside running hooks, or Juju went wrong.
    fn remarks(&mut self, _remarks: &[String]) {}
    /// A hook has run.
    fn hook(&mut self, number: usize, record: &Record);
    /// What was expected holds.
    fn met(&mut self, expectation: &Expectation);
    /// What was expected does not hold.
    fn unmet(&mut self, expectation: &Expectation, why: &str);
}

/// A play that cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// The agent cannot go on.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// Juju's own agent cannot go on.
    #[error(transparent)]
    JujuLive(#[from] JujuLiveError),
    /// Something is to be done to a unit that is not there.
    #[error("`{step}` comes before `deploy`")]
    NotDeployed {
        /// What.
        step: String,
    },
    /// Hooks go on and on.
    #[error("after `{step}` the unit does not come to rest: {HOOKS_MAX} hooks ran")]
    Restless {
        /// After what.
        step: String,
    },
    /// A notice could not be recorded in a container.
    #[error("cannot record the notice {key} in {container}")]
    Notify {
        /// The container.
        container: String,
        /// The notice's key.
        key: String,
        /// Why.
        source: Box<charmwright_pebble::Error>,
    },
    /// A process in a container could not be killed.
    #[error("cannot kill {service} in {container}")]
    Kill {
        /// The container.
        container: String,
        /// The service.
        service: String,
        /// Why.
        source: Box<charmwright_pebble::Error>,
    },
}

/// Who plays the unit: the simulator's own agent, or Juju's.
pub trait Actor {
    /// Lets a step happen. Hooks are not run yet.
    ///
    /// # Errors
    ///
    /// It cannot happen.
    fn perform(&mut self, step: &Step) -> Result<(), PlayError>;

    /// The next hook that ran; `None` if none is due.
    ///
    /// # Errors
    ///
    /// The unit cannot go on.
    fn next_hook(&mut self) -> Result<Option<Record>, PlayError>;

    /// Listens to what the containers' Pebbles have noted. Says whether there is something new.
    ///
    /// # Errors
    ///
    /// The unit cannot go on.
    fn hear(&mut self) -> Result<bool, PlayError>;

    /// What was done beside hooks since this was asked last, in words.
    fn take_remarks(&mut self) -> Vec<String>;

    /// The unit's world.
    fn model(&self) -> &Model;

    /// The unit's containers; `None` if the charm declares none.
    fn pod(&self) -> Option<&Pod>;

    /// How the last action ended.
    fn action(&self) -> Option<&ActionResult>;

    /// Whether the unit is gone.
    fn is_gone(&self) -> bool {
        self.model().worker.juju.controller.model().life == "dead"
    }
}

/// A scenario that is being played.
#[derive(Debug)]
pub struct Play<A = Agent> {
    agent: A,
    deployed: bool,
    hooks: usize,
    since_change: usize,
    /// The hooks since the last change.
    ran: Vec<String>,
    last: Option<Record>,
}

impl Play {
    /// Prepares the unit, played by the simulator's own agent; nothing runs yet.
    ///
    /// # Errors
    ///
    /// If the charm or its containers cannot be prepared.
    pub fn new(scenario: &Scenario, setup: &Setup) -> Result<Self, PlayError> {
        Ok(Self::with(Agent::new(&setup.of(scenario))?))
    }
}

impl<A: Actor> Play<A> {
    /// A play in which somebody plays the unit.
    pub fn with(agent: A) -> Self {
        Self { agent, deployed: false, hooks: 0, since_change: 0, ran: Vec::new(), last: None }
    }

    /// The unit.
    pub fn agent(&mut self) -> &mut A {
        &mut self.agent
    }

    /// Plays all steps, up to the first expectation that is not met. Says whether all were.
    ///
    /// # Errors
    ///
    /// If a step cannot be done or the agent cannot go on.
    pub fn run(&mut self, scenario: &Scenario, audience: &mut dyn Audience) -> Result<bool, PlayError> {
        for step in &scenario.steps {
            if !self.step(step, audience)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Plays one step and lets the unit come to rest. Says whether what it expects is met.
    ///
    /// # Errors
    ///
    /// If it cannot be done or the agent cannot go on.
    pub fn step(&mut self, step: &Step, audience: &mut dyn Audience) -> Result<bool, PlayError> {
        if let Step::Expect(expectation) = step {
            return self.expect(expectation, audience);
        }
        audience.change(step);
        if matches!(step, Step::Say(_)) {
            return Ok(true);
        }
        self.deployed |= matches!(step, Step::Deploy);
        self.agent.perform(step)?;
        self.since_change = 0;
        self.ran.clear();
        self.settle(step, audience)?;
        Ok(true)
    }

    /// Runs hooks until none is due, and says what else the agent did.
    fn settle(&mut self, after: &Step, audience: &mut dyn Audience) -> Result<(), PlayError> {
        self.run_hooks(after, audience)?;
        let remarks = self.agent.take_remarks();
        if !remarks.is_empty() {
            audience.remarks(&remarks);
        }
        Ok(())
    }

    fn run_hooks(&mut self, after: &Step, audience: &mut dyn Audience) -> Result<(), PlayError> {
        while self.deployed && self.hook(audience)? {
            if self.since_change > HOOKS_MAX {
                return Err(PlayError::Restless { step: after.to_string() });
            }
        }
        Ok(())
    }

    fn hook(&mut self, audience: &mut dyn Audience) -> Result<bool, PlayError> {
        audience.waiting();
        let Some(record) = self.agent.next_hook()? else {
            return Ok(false);
        };
        self.hooks += 1;
        self.since_change += 1;
        audience.hook(self.hooks, &record);
        self.ran.push(record.event.clone());
        self.last = Some(record);
        Ok(true)
    }

    /// What does not hold yet may come with time. If it is said how many hooks it may take, `update-status` runs as
    /// often as is left; if not, what runs in the containers may yet tell something.
    fn expect(&mut self, expectation: &Expectation, audience: &mut dyn Audience) -> Result<bool, PlayError> {
        if !self.deployed {
            return Err(PlayError::NotDeployed { step: format!("expect {expectation}") });
        }
        let most = expectation.within.unwrap_or(self.since_change);
        if self.since_change > most {
            audience.unmet(
                expectation,
                &format!("the unit came to rest only after {}", events(self.since_change)),
            );
            return Ok(false);
        }
        let end = Instant::now() + ANSWER_TIMEOUT;
        loop {
            let Err(why) = self.holds(expectation) else {
                audience.met(expectation);
                return Ok(true);
            };
            let goes_on = if self.since_change < most {
                self.agent.perform(&Step::UpdateStatus)?;
                self.hook(audience)?
            } else {
                expectation.within.is_none() && self.hears_something(end)?
            };
            if !goes_on {
                audience.unmet(expectation, &why);
                return Ok(false);
            }
            self.settle(&Step::UpdateStatus, audience)?;
        }
    }

    /// Waits until a container's Pebble has noted something. Not for long, and not where nothing runs.
    fn hears_something(&mut self, end: Instant) -> Result<bool, PlayError> {
        while Instant::now() < end && self.agent.pod().is_some_and(Pod::is_at_work) {
            if self.agent.hear()? {
                return Ok(true);
            }
            std::thread::sleep(ANSWER_PERIOD);
        }
        Ok(false)
    }

    fn holds(&self, expectation: &Expectation) -> Result<(), String> {
        self.holds_in_model(expectation)?;
        if let Some(wrote) = expectation.wrote {
            if self.last.as_ref().is_some_and(|record| record.processes == 0) {
                return Err("Juju's own agent does not tell what a hook wrote".to_owned());
            }
            let writes = self.last.as_ref().map_or(&[][..], |record| &record.writes);
            if writes.is_empty() == wrote {
                return Err(format!("the last hook wrote {}", json!(writes)));
            }
        }
        if let Some(expected) = &expectation.action {
            let action = self.agent.action().ok_or("no action has run")?;
            let has = |part: &String| action.message.contains(part.as_str());
            let results = expected.results.iter().all(|(key, value)| action.results.get(key) == Some(value));
            let without = expected.without.iter().all(|key| !action.results.contains_key(key));
            if action.failed != expected.failed
                || !expected.message.as_ref().is_none_or(has)
                || !results
                || !without
            {
                let keys: Vec<_> = action.results.keys().collect();
                let how = if action.failed {
                    format!("failed: {}", action.message)
                } else {
                    "succeeded".to_owned()
                };
                return Err(format!("the action {how}, with the results {}", json!(keys)));
            }
        }
        expectation.http.as_ref().map_or(Ok(()), |http| self.answers(http))
    }

    fn holds_in_model(&self, expectation: &Expectation) -> Result<(), String> {
        let model = self.agent.model();
        let status = model.status();
        let has = |part: &String| status.message.contains(part.as_str());
        let is = |expected: &String| status.status == *expected;
        if !expectation.status.as_ref().is_none_or(is) || !expectation.message.as_ref().is_none_or(has) {
            return Err(format!("the status is {status}"));
        }
        if expectation.removed.is_some_and(|removed| removed != self.agent.is_gone()) {
            return Err(format!("the unit is {}", if self.agent.is_gone() { "gone" } else { "still there" }));
        }
        if let Some(ports) = &expectation.ports
            && model.ports() != ports.iter().cloned().collect()
        {
            return Err(format!("the open ports are {}", json!(model.ports())));
        }
        if let Some(hooks) = expectation.hooks.as_ref().filter(|hooks| **hooks != self.ran) {
            return Err(format!("the hooks were {}, and not {}", json!(self.ran), json!(hooks)));
        }
        let agent = &model.worker.juju.controller.model().agent_status;
        if expectation.agent.as_ref().is_some_and(|status| *status != agent.status) {
            return Err(format!("the agent is {agent}"));
        }
        for (endpoint, expected) in &expectation.bags {
            let mut bags = model.relations().iter().filter(|one| one.endpoint == *endpoint);
            let holds = |one: &Relation| {
                let held = |key: &String| one.local_app_bag.as_ref()?.get(key);
                expected
                    .iter()
                    .all(|(key, part)| held(key).is_some_and(|value| value.contains(part.as_str())))
            };
            if !bags.any(|one| holds(one)) {
                return Err(format!("no bag of {endpoint} has all of it"));
            }
        }
        Ok(())
    }

    /// Asks the workload, and asks again while it is starting or stopping.
    fn answers(&self, expected: &HttpExpectation) -> Result<(), String> {
        let pod = self.agent.pod().ok_or("the charm has no containers")?;
        let url = format!("http://127.0.0.1:{}{}", expected.port, expected.path);
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        loop {
            let answer = pod.http_get(&url);
            let (holds, seen) = match &answer {
                Ok(answer) => {
                    let status = expected.status.is_none_or(|status| status == answer.status);
                    let body = expected.body.as_ref().is_none_or(|part| answer.body.contains(part.as_str()));
                    (
                        status && body && !expected.refused,
                        format!("it answers {} {}", answer.status, answer.body.trim()),
                    )
                }
                Err(error) => (expected.refused, error.to_string()),
            };
            if holds {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(seen);
            }
            std::thread::sleep(ANSWER_PERIOD);
        }
    }
}
