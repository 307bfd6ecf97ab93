//! The model as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use charmwright_pebble::{Layer, Layers};

use crate::change::Ledger;
use crate::check::Checks;
use crate::exec::Execution;
use crate::host::{CheckFailure, Exit, Host, ProcessId, RunId, TaskId, Websocket};
use crate::identities::Identities;
use crate::layers::{Adding, add};
use crate::notices::Notices;
use crate::request::{Reply, Request, Response, Wait};
use crate::service::requests::Action;
use crate::service::{FAIL_DELAY, KILL_DELAY, ServiceData};
use crate::settings::Settings;
use crate::time::Time;
use crate::timers::{Timer, Timers};

/// How often what is old is forgotten.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

/// A Pebble, as plain data: no threads, no clock, no processes.
///
/// A request goes in by [`handle`](Self::handle). What happens outside is told by the inputs, and time by
/// [`advance`](Self::advance), which is called before every other input too where time is real. Each does at once all that
/// follows, through the [`Host`]; nothing happens between them.
#[derive(Clone, Debug)]
pub struct Pebble {
    pub(crate) settings: Settings,
    pub(crate) now: Time,
    pub(crate) random: fastrand::Rng,
    pub(crate) timers: Timers,
    pub(crate) ledger: Ledger,
    /// Tasks that were asked to end.
    pub(crate) killed: BTreeSet<u64>,
    pub(crate) notices: Notices,
    pub(crate) layers: Layers,
    pub(crate) plan: Layer,
    pub(crate) services: BTreeMap<String, ServiceData>,
    pub(crate) processes: BTreeMap<ProcessId, String>,
    pub(crate) last_process: u64,
    pub(crate) last_line: u64,
    pub(crate) checks: Checks,
    pub(crate) executions: BTreeMap<u64, Execution>,
    pub(crate) identities: Identities,
    /// Why it is to end, and the change that stops the services before.
    ending: Option<(End, Option<u64>)>,
    ended: Option<End>,
    /// What it is to end with, before it has begun to.
    must_end: Option<End>,
}

/// Why the daemon has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to, or a service ended that was to end it well. Exit code 0.
    Stopped,
    /// A service ended that was to end it as a failure. Exit code 10.
    ServiceFailure,
    /// A check went down that was to end it. Exit code 11.
    CheckFailure,
}

impl End {
    /// The exit code of the daemon.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Stopped => 0,
            Self::ServiceFailure => 10,
            Self::CheckFailure => 11,
        }
    }
}

impl Pebble {
    /// Starts a daemon at this time.
    ///
    /// # Errors
    ///
    /// Pebble's words for why it does not start: bad layers, bad identities.
    pub fn start(settings: Settings, now: Time, host: &mut dyn Host) -> Result<Self, String> {
        let mut layers = Layers::new();
        for (label, text) in &settings.layers {
            let adding = Adding { is_combined: false, is_inner: true, is_static: true };
            add(&mut layers, &settings, host, label, text, adding).map_err(|refused| refused.message)?;
        }
        let mut pebble = Self {
            now,
            random: fastrand::Rng::with_seed(settings.seed),
            timers: Timers::default(),
            ledger: Ledger::default(),
            killed: BTreeSet::new(),
            notices: Notices::default(),
            plan: layers.plan(),
            layers,
            services: BTreeMap::new(),
            processes: BTreeMap::new(),
            last_process: 0,
            last_line: 0,
            checks: Checks::default(),
            executions: BTreeMap::new(),
            identities: Identities::default(),
            ending: None,
            ended: None,
            must_end: None,
            settings,
        };
        pebble.restore()?;
        if let Some(text) = pebble.settings.identities.clone() {
            pebble.identities.load(&text, &pebble.settings)?;
        }
        pebble.timers.set(now.after(PRUNE_EVERY), Timer::Prune);
        pebble.plan_changed_checks(host);
        if pebble.settings.autostart {
            let names = pebble.default_services()?;
            if !names.is_empty() {
                pebble.ask_services(Action::Autostart, names, host)?;
            }
        }
        pebble.settle(host);
        Ok(pebble)
    }

    /// Takes a request.
    pub fn handle(&mut self, request: &Request, host: &mut dyn Host) -> Reply {
        let reply = self.route(request, host);
        self.settle(host);
        reply
    }

    /// The answer to somebody who waits, if it is there.
    pub fn poll(&mut self, wait: &Wait) -> Option<Response> {
        self.answer(wait)
    }

    /// Time goes on to this point, and what was to happen until then happens. Time that has passed changes nothing.
    pub fn advance(&mut self, to: Time, host: &mut dyn Host) {
        while self.ended.is_none() {
            let Some((at, timer)) = self.timers.next_until(to) else {
                break;
            };
            self.now = self.now.max(at);
            match timer {
                Timer::Check(change) => self.check_timer(change, host),
                Timer::Connected(_) | Timer::Exec(_) => self.exec_timer(&timer, host),
                Timer::Prune => {
                    self.prune(host);
                    self.timers.set(self.now.after(PRUNE_EVERY), Timer::Prune);
                }
                Timer::StopServices => self.end(),
                timer => self.service_timer(&timer, host),
            }
            self.settle(host);
        }
        self.now = self.now.max(to);
    }

    /// Time goes on to this point, and what the daemon does at it is yet to come.
    pub(crate) fn set_time(&mut self, to: Time) {
        self.now = self.now.max(to);
    }

    /// When something is to happen next. None if nothing does by itself.
    pub fn next_timer(&self) -> Option<Time> {
        self.timers.next()
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// How it was started.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The process of a service ended, and all that it wrote was told.
    pub fn exited(&mut self, process: ProcessId, exit: Exit, host: &mut dyn Host) {
        self.service_exited(process, exit, host);
        self.settle(host);
    }

    /// A run of a check ended.
    pub fn check_ended(&mut self, run: RunId, outcome: Result<(), CheckFailure>, host: &mut dyn Host) {
        self.end_run(run, outcome, host);
        self.settle(host);
    }

    /// A websocket of a command is open.
    pub fn exec_connected(&mut self, task: &TaskId, websocket: Websocket, host: &mut dyn Host) {
        self.exec_has(task, websocket, host);
        self.settle(host);
    }

    /// A command ended, and all that it wrote was sent.
    pub fn exec_ended(&mut self, task: &TaskId, exit: Exit, host: &mut dyn Host) {
        self.exec_exited(task, exit, host);
        self.settle(host);
    }

    /// Asks the daemon to stop, as SIGTERM does. It has when [`ended`](Self::ended) says so.
    pub fn stop(&mut self, host: &mut dyn Host) {
        self.must_end(End::Stopped);
        self.settle(host);
    }

    /// Why the daemon has ended; None as long as it runs.
    pub fn ended(&self) -> Option<End> {
        self.ended
    }

    /// Notes a warning, as Pebble does where something of its own goes wrong.
    pub fn warn(&mut self, message: &str) {
        let day = Duration::from_hours(24);
        self.notices.add(self.now, None, "warning", message, BTreeMap::new(), day);
    }

    /// The daemon is to end, once what happens now has happened.
    pub(crate) fn must_end(&mut self, end: End) {
        if self.ending.is_none() {
            self.must_end = Some(end);
        }
    }

    /// Whether it is about to end as daemons do that are started again.
    pub(crate) fn is_restarting(&self) -> bool {
        matches!(self.ending, Some((End::Stopped, _)))
    }

    /// Does all that follows from what has happened.
    fn settle(&mut self, host: &mut dyn Host) {
        self.ensure(host);
        if let Some(end) = self.must_end.take() {
            let longest = self.services.values().map(ServiceData::kill_delay).max().unwrap_or(KILL_DELAY);
            let tasks = self.stop_all();
            let is_idle = tasks.is_empty();
            let change = if is_idle {
                None
            } else {
                Some(self.new_change("stop", "Stop all running services", tasks))
            };
            self.ending = Some((end, change));
            let delay = longest.max(KILL_DELAY) + FAIL_DELAY + Duration::from_millis(100);
            self.timers.set(self.now.after(delay), Timer::StopServices);
            self.ensure(host);
        }
        if let Some((_, change)) = self.ending {
            let change = change.and_then(|change| self.ledger.changes.get(&change));
            if change.is_none_or(|change| self.ledger.status(change).is_ready()) {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        if let Some((end, _)) = self.ending {
            self.ended = Some(end);
            self.timers.clear();
        }
    }

    /// Takes a layer over, with all that follows at once: checks begin anew, services do not.
    pub(crate) fn set_layers(&mut self, layers: Layers, host: &mut dyn Host) {
        self.layers = layers;
        self.plan = self.layers.plan();
        self.plan_changed_checks(host);
    }

    fn prune(&mut self, host: &mut dyn Host) {
        let week = Duration::from_hours(168);
        let now = self.now;
        self.notices.prune(now);
        let old: Vec<u64> = self
            .ledger
            .changes
            .values()
            .filter(|change| {
                change.ready.is_none()
                    && !change.kind.ends_with("-check")
                    && now.since(change.spawned) > week * 2
            })
            .map(|change| change.id)
            .collect();
        for change in old {
            self.abort_change(change, host);
        }
        let mut ready: Vec<(Time, u64)> =
            self.ledger.changes.values().filter_map(|change| Some((change.ready?, change.id))).collect();
        ready.sort_unstable();
        let kept = if self.settings.since(22) || self.settings.since(19) { 1000 } else { 500 };
        let excess = ready.len().saturating_sub(kept);
        for (index, (at, id)) in ready.into_iter().enumerate() {
            if index < excess || now.since(at) > week {
                let tasks = self.ledger.changes.remove(&id).map(|change| change.tasks).unwrap_or_default();
                for task in tasks {
                    self.ledger.tasks.remove(&task);
                }
            }
        }
    }

    /// Whether a change is over.
    pub(crate) fn is_ready(&self, change: &str) -> bool {
        self.ledger.change(change).is_none_or(|change| self.ledger.status(change).is_ready())
    }
}
