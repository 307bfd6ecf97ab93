//! A unit's whole agent as a program that others drive: a request on each line of its input, an answer on each of its
//! output, both in JSON. A program of Juju's own code speaks the same, so that one driver can compare the two.
//!
//! | request | |
//! |---|---|
//! | `{"op":"model","model":{…}}` | sets the model; an agent that runs is ended |
//! | `{"op":"start","new_pod":true,"reboot":true}` | starts the agent |
//! | `{"op":"change","changes":[{…}]}` | changes the world, all at once |
//! | `{"op":"settle","follow":["run start hook",…]}` | goes on until nothing happens any more, or a hook is held; answers with what happened |
//! | `{"op":"advance","ms":5000}` | lets time pass |
//! | `{"op":"stop"}`, `{"op":"crash"}` | ends the agent |
//! | `{"op":"crash_at","method":"Uniter.SetState","match":"…","after":true}` | lets it die at that request |
//! | `{"op":"terminate","kill":true}` | SIGTERM to a sidecar's agent, and to the charm |
//! | `{"op":"exec","script":"…"}` | hands in a script as juju-exec does |
//! | `{"op":"script","hook":"start","hold":true,"fail":2,"run":"…"}` | tells the sample charm what to do |
//! | `{"op":"get"}` | the model |
//!
//! `follow` names the operations that another run began, and the relations that it entered (`enter relation-app.db`):
//! wherever Juju leaves something to chance, what it did is done here too, if it is one of the choices.
//!
//! Nothing happens between two requests: `settle` is where time is given. Where Juju goes wrong, the answer has `faults`.

mod folder;
mod request;
mod runner;

use std::io::{BufRead, Write};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use self::folder::Folder;
use self::request::Request;
use self::runner::{Ending, Lines, ProcessRunner};
use super::context::{Agent, Paths};
use super::controller::{Controller, quoted};
use super::environment::Host;
use super::serving::ServeError;
use super::version::JujuVersion;
use super::worker::{Choice, Schedule, Start, UnitWorker};

/// How often an agent that ends with an error is started again between two requests.
const RESTARTS_MAX: usize = 3;
/// How many steps one request may take.
const STEPS_MAX: usize = 100_000;
/// When a model's time begins: 2026-01-01, midnight.
const BEGINNING: i64 = 1_767_225_600;

/// What the program needs to start.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The Juju that is played.
    pub version: JujuVersion,
    /// The charm's folder, for models that name none.
    pub charm: PathBuf,
    /// The agent's data folder; without it, a temporary one.
    pub work: Option<PathBuf>,
    /// The program that is every hook command when it is called by its name.
    pub tool: PathBuf,
    /// Without Juju's own faults.
    pub ideal: bool,
    /// What stands for chance; without it, the first of several choices is always taken.
    pub seed: Option<u64>,
}

/// A unit's agent, and those who ask it.
#[derive(Debug)]
pub struct Live {
    setup: Setup,
    folder: Folder,
    host: Host,
    schedule: Schedule,
    worker: Option<UnitWorker>,
}

impl Live {
    /// Lays out the agent's folder. There is no unit before there is a model.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new(setup: &Setup) -> Result<Self, ServeError> {
        let folder = Folder::new(setup.work.as_deref(), &setup.tool, setup.version)?;
        let schedule = setup.seed.map_or_else(Schedule::first, Schedule::seeded);
        Ok(Self { setup: setup.clone(), folder, host: Host::this(), schedule, worker: None })
    }

    /// Answers requests until there are no more.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or an answer not be written. That a request cannot be served is its answer.
    pub fn serve(
        &mut self,
        requests: impl BufRead + Send,
        answers: impl Write + Send,
    ) -> Result<(), ServeError> {
        let mut lines = Lines::new(requests, answers);
        while let Some(line) = lines.next()? {
            self.answer(&line, &mut lines)?;
        }
        Ok(())
    }

    fn answer(&mut self, line: &[u8], lines: &mut Lines<'_>) -> Result<(), ServeError> {
        let request: Result<Request, String> =
            serde_json::from_slice(line).map_err(|error| error.to_string());
        // A request that ended the agent in the middle of a hook was answered there.
        let answer = request.and_then(|request| self.handle(&request, lines)).transpose();
        answer.map_or(Ok(()), |answer| Ok(lines.answer(answer)?))
    }

    fn handle(&mut self, request: &Request, lines: &mut Lines<'_>) -> Result<Option<Value>, String> {
        let done = || Ok(Some(json!({})));
        if request.op == "model" {
            self.worker = Some(self.unit(request.model.as_ref().ok_or("unexpected end of JSON input")?)?);
            return done();
        }
        if request.op == "script" {
            self.worker.as_ref().ok_or("no model set")?;
            self.folder.script(request).map_err(|error| error.to_string())?;
            return done();
        }
        let Self { folder, host, schedule, worker, .. } = self;
        let worker = worker.as_mut().ok_or("no model set")?;
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let mut runner = ProcessRunner::new(folder, host, lines);
        match request.op.as_str() {
            "start" => {
                let start = Start { new_pod: request.new_pod, reboot: request.reboot };
                worker.start(start, &mut runner).map_err(|error| text(&error))?;
            }
            "stop" => worker.stop(&mut runner),
            "crash" => {
                if worker.is_up() {
                    worker.crash();
                }
            }
            "crash_at" => worker.juju.controller.set_crash(Some(request.crash_point())),
            "terminate" => worker.terminate().map_err(|error| text(&error))?,
            "exec" => drop(worker.exec(&request.script).map_err(|error| text(&error))?),
            "change" => worker.change(&request.changes()?).map_err(|error| text(&error))?,
            "advance" => worker.advance(SignedDuration::from_millis(request.ms)),
            "settle" => {
                runner.set_follow(request.follow.clone());
                return Ok(settle(worker, schedule, &mut runner));
            }
            "get" => return Ok(Some(json!({"model": worker.juju.controller.live_json()}))),
            op => return Err(format!("unknown op {}", quoted(op))),
        }
        done()
    }

    fn unit(&mut self, model: &Value) -> Result<UnitWorker, String> {
        let charm = std::path::absolute(&self.setup.charm).map_err(|error| error.to_string())?;
        let controller =
            Controller::live(model, &charm.display().to_string()).map_err(|error| error.to_string())?;
        let unit = controller.model().unit_tag();
        let paths: Paths = self.folder.paths(&unit);
        self.folder.clear(&paths).map_err(|error| error.to_string())?;
        let agent = Agent::new(controller, self.setup.version, paths);
        let now = Timestamp::from_second(BEGINNING).map_err(|error| error.to_string())?;
        Ok(UnitWorker::new(agent, now).ideal(self.setup.ideal).recording())
    }
}

/// Goes on until nothing happens any more. `None` if the agent was ended meanwhile: that was answered.
fn settle(
    worker: &mut UnitWorker,
    schedule: &mut Schedule,
    runner: &mut ProcessRunner<'_, '_>,
) -> Option<Value> {
    let mut restarts = 0;
    for _ in 0..STEPS_MAX {
        worker.listen();
        if let Some(follow) = runner.follow() {
            schedule.follow(follow);
        }
        let begun = worker.events().iter().filter(|event| begins(event)).count();
        let Some(choice) = schedule.choose(worker, begun) else { break };
        if choice == Choice::Restart {
            restarts += 1;
            if restarts > RESTARTS_MAX {
                worker.crash();
                break;
            }
        }
        worker.step(&choice, runner);
        match runner.ending() {
            None => {}
            Some(Ending::Crash) => {
                // What it still tries comes to nothing.
                while worker.is_up()
                    && let Some(choice) = schedule.choose(worker, usize::MAX)
                {
                    worker.step(&choice, runner);
                }
                worker.crash();
                return None;
            }
            Some(Ending::Stop) => {
                worker.stop(runner);
                return None;
            }
        }
    }
    Some(answer(worker.take_events(), &worker.juju.controller))
}

/// What is answered to `settle`.
fn answer(happened: Vec<Value>, controller: &Controller) -> Value {
    let (faults, events): (Vec<Value>, Vec<Value>) = happened.into_iter().partition(is_remark);
    let mut answer = json!({"events": events, "agent_status": controller.model().agent_status.status});
    if !faults.is_empty() {
        answer["faults"] = Value::Array(faults);
    }
    answer
}

/// Whether something begins here that could have been something else.
fn begins(event: &Value) -> bool {
    let enters = event.get("api").is_some_and(|api| api == "EnterScope") && event.get("error").is_none();
    enters || event.get("op").is_some()
}

/// Whether an event is one of ours, which Juju's own code has no word for.
fn is_remark(event: &Value) -> bool {
    event.get("fault").is_some() || event.get("retry_in_s").is_some()
}
