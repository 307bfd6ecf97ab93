//! The life of a service.

use std::time::Duration;

use charmwright_pebble::OnExit;

use super::{FAIL_DELAY, OKAY_DELAY, ServiceData, State};
use crate::change::runner::Begun;
use crate::host::{Exit, Host, ProcessId, SignalTo};
use crate::pebble::{End, Pebble};
use crate::signal::Signal;
use crate::text::quoted;
use crate::timers::Timer;

/// How many lines of a service the log of a failed task quotes.
const QUOTED_LINES: usize = 20;

impl Pebble {
    pub(crate) fn begin_start(&mut self, task: u64, name: &str, host: &mut dyn Host) -> Begun {
        let Some(config) = self.plan.services.get(name).cloned() else {
            return Begun::Ended(Err(format!("cannot find service {} in plan", quoted(name))));
        };
        let workload = self.plan.workloads.get(&config.workload).cloned();
        match self.services.get_mut(name) {
            None => {
                self.services.insert(name.to_owned(), ServiceData::new(config, workload));
            }
            Some(data) => {
                // Whether it is applied or not.
                data.config = config;
                data.workload = workload.or(data.workload.take());
                match data.state {
                    State::Initial | State::Starting | State::Running => {
                        self.log_task(task, "INFO", &format!("Service {} already started.", quoted(name)));
                        return Begun::Ended(Ok(()));
                    }
                    State::Backoff | State::Stopped | State::Exited => {
                        data.backoff = Duration::ZERO;
                        self.enter(name, State::Initial);
                    }
                    state @ (State::Terminating | State::Killing) => {
                        return Begun::Ended(Err(format!("cannot start service while {}", state.as_str())));
                    }
                }
            }
        }
        if let Err(error) = self.start_process(name, host) {
            self.enter(name, State::Stopped);
            return Begun::Ended(Err(error));
        }
        self.enter(name, State::Starting);
        if let Some(data) = self.services.get_mut(name) {
            data.starting = Some(task);
        }
        self.timers.set(self.now.after(OKAY_DELAY), Timer::Okay(name.to_owned()));
        Begun::GoesOn
    }

    /// A start is aborted while it goes on.
    pub(crate) fn abort_start(&mut self, name: &str, host: &mut dyn Host) -> Result<(), String> {
        self.enter(name, State::Stopped);
        let process = self.services.get_mut(name).and_then(|data| {
            data.starting = None;
            data.process
        });
        let killed = process.map_or(Ok(()), |process| host.signal(process, Signal::KILL, SignalTo::Group));
        Err(match killed {
            Ok(()) => "start aborted, sent SIGKILL to process".to_owned(),
            Err(error) => format!("start aborted, but cannot send SIGKILL to process: {error}"),
        })
    }

    pub(crate) fn begin_stop(&mut self, task: u64, name: &str, host: &mut dyn Host) -> Begun {
        let name_quoted = quoted(name);
        let text = match self.services.get(name).map(|data| data.state) {
            None => format!("Service {name_quoted} has never been started."),
            Some(State::Terminating | State::Killing) => format!("Service {name_quoted} already stopping."),
            Some(State::Stopped) => format!("Service {name_quoted} already stopped."),
            Some(State::Exited) => {
                self.enter(name, State::Stopped);
                format!("Service {name_quoted} had already exited.")
            }
            Some(State::Initial) => return Begun::Ended(Err("cannot stop service while initial".to_owned())),
            Some(State::Backoff) => {
                self.enter(name, State::Stopped);
                return Begun::Ended(Ok(()));
            }
            Some(state @ (State::Starting | State::Running)) => {
                if let Some(data) = self.services.get_mut(name) {
                    data.stopping = Some(task);
                }
                if state == State::Starting {
                    self.started(name, Err("stopped before the 1s okay delay".to_owned()), host);
                }
                self.terminate(name, false, host);
                return Begun::GoesOn;
            }
        };
        self.log_task(task, "INFO", &text);
        Begun::Ended(Ok(()))
    }

    fn terminate(&mut self, name: &str, is_restarting: bool, host: &mut dyn Host) {
        self.signal_group(name, Signal::TERM, host);
        self.enter(name, State::Terminating);
        if let Some(data) = self.services.get_mut(name) {
            data.is_restarting = is_restarting;
            let delay = data.kill_delay();
            self.timers.set(self.now.after(delay), Timer::Terminated(name.to_owned()));
        }
    }

    fn signal_group(&self, name: &str, signal: Signal, host: &mut dyn Host) {
        if let Some(process) = self.services.get(name).and_then(|data| data.process) {
            // One that has ended just now will be told as such.
            let _ = host.signal(process, signal, SignalTo::Group);
        }
    }

    /// Whoever waits for the start of a service hears how it went.
    fn started(&mut self, name: &str, outcome: Result<(), String>, host: &mut dyn Host) {
        let Some(task) = self.services.get_mut(name).and_then(|data| data.starting.take()) else {
            return;
        };
        if outcome.is_err() {
            let quote = self.services.get(name).map(|data| data.logs.quote(QUOTED_LINES, "    "));
            if let Some(quote) = quote {
                self.log_task(task, "INFO", &format!("Most recent service output:\n{quote}"));
            }
        }
        self.finish(task, outcome.map_err(|error| format!("service start attempt: {error}")), host);
    }

    fn stopped(&mut self, name: &str, outcome: Result<(), String>, host: &mut dyn Host) {
        self.enter(name, State::Stopped);
        if let Some(task) = self.services.get_mut(name).and_then(|data| data.stopping.take()) {
            self.finish(task, outcome.map_err(|error| format!("cannot stop service: {error}")), host);
        }
    }

    pub(crate) fn service_timer(&mut self, timer: &Timer, host: &mut dyn Host) {
        let (Timer::Okay(name)
        | Timer::BackoffReset(name)
        | Timer::Backoff(name)
        | Timer::Terminated(name)
        | Timer::Killed(name)) = timer
        else {
            return;
        };
        let Some(data) = self.services.get_mut(name) else {
            return;
        };
        // Timers are never taken back: one of an earlier start counts for a later one too, as with Pebble.
        match (timer, data.state) {
            (Timer::Okay(_), State::Starting) => {
                self.enter(name, State::Running);
                self.started(name, Ok(()), host);
            }
            (Timer::BackoffReset(_), State::Running) => data.backoff = Duration::ZERO,
            (Timer::Backoff(_), State::Backoff) => {
                let outcome = self.start_process(name, host);
                // One that cannot be started stays as it is.
                self.enter(name, if outcome.is_ok() { State::Running } else { State::Backoff });
            }
            (Timer::Terminated(_), State::Terminating) => {
                let is_restarting = data.is_restarting;
                self.signal_group(name, Signal::KILL, host);
                self.enter(name, State::Killing);
                if let Some(data) = self.services.get_mut(name) {
                    data.is_restarting = is_restarting;
                }
                self.timers.set(self.now.after(FAIL_DELAY), Timer::Killed(name.clone()));
            }
            (Timer::Killed(_), State::Killing) => {
                let outcome = Err("process still running after SIGTERM and SIGKILL".to_owned());
                self.stopped(name, outcome, host);
            }
            _ => {}
        }
    }

    pub(crate) fn service_exited(&mut self, process: ProcessId, exit: Exit, host: &mut dyn Host) {
        let Some(name) = self.processes.remove(&process) else {
            return;
        };
        let Some(data) = self.services.get_mut(&name) else {
            return;
        };
        if data.process == Some(process) {
            data.process = None;
        }
        self.timers.cancel(&Timer::BackoffReset(name.clone()));
        let (code, action) = (exit.code(), data.on_exit(exit.code() == 0));
        match data.state {
            State::Starting => {
                // The service goes its way before those hear of it who waited.
                self.exited_by_itself(&name, code, &action);
                let error = format!("exited quickly with code {code}, will {action}");
                self.started(&name, Err(error), host);
            }
            State::Running => self.exited_by_itself(&name, code, &action),
            State::Terminating | State::Killing if data.is_restarting => self.back_off(&name),
            State::Terminating | State::Killing => self.stopped(&name, Ok(()), host),
            // It was killed when its start was aborted, or went later than it should.
            State::Initial | State::Stopped | State::Backoff | State::Exited => {}
        }
    }

    fn exited_by_itself(&mut self, name: &str, code: i32, action: &OnExit) {
        match action {
            OnExit::Ignore if code == 0 => self.enter(name, State::Stopped),
            OnExit::Ignore => self.enter(name, State::Exited),
            OnExit::Shutdown if code == 0 => self.exited_for_all(name, End::Stopped),
            OnExit::SuccessShutdown => self.exited_for_all(name, End::Stopped),
            OnExit::Shutdown | OnExit::FailureShutdown => self.exited_for_all(name, End::ServiceFailure),
            _ => self.back_off(name),
        }
    }

    fn exited_for_all(&mut self, name: &str, end: End) {
        self.enter(name, State::Exited);
        self.must_end(end);
    }

    fn back_off(&mut self, name: &str) {
        self.enter(name, State::Backoff);
        let chance = self.random.f64();
        if let Some(data) = self.services.get_mut(name) {
            data.backoff = data.next_backoff();
            let jitter = data.backoff.mul_f64(0.1 * chance);
            self.timers.set(self.now.after(data.backoff + jitter), Timer::Backoff(name.to_owned()));
        }
    }

    /// A check went down.
    pub(crate) fn check_failed(&mut self, check: &str, host: &mut dyn Host) {
        let concerned: Vec<(String, OnExit, State)> = self
            .services
            .iter()
            .filter_map(|(name, data)| {
                data.config
                    .on_check_failure
                    .get(check)
                    .map(|action| (name.clone(), action.clone(), data.state))
            })
            .collect();
        for (name, action, state) in concerned {
            if !matches!(state, State::Running | State::Backoff | State::Exited) {
                continue;
            }
            match (action, state) {
                (OnExit::Shutdown, _) => self.must_end(End::CheckFailure),
                (OnExit::SuccessShutdown, _) => self.must_end(End::Stopped),
                (OnExit::Restart, State::Running) => self.terminate(&name, true, host),
                (OnExit::Restart, State::Exited) => self.back_off(&name),
                _ => {}
            }
        }
    }
}
