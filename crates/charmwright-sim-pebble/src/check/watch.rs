//! Changes that watch checks.

use charmwright_pebble::Check;

use super::{Watch, period, run, threshold};
use crate::change::runner::Begun;
use crate::change::{NewTask, Status, Work};
use crate::host::{CheckFailure, Host, RunId};
use crate::pebble::Pebble;
use crate::text::quoted;
use crate::timers::Timer;

impl Pebble {
    /// Makes the change that watches a check as long as it is up.
    pub(super) fn perform_check(&mut self, name: &str, config: &Check) -> u64 {
        self.watch(name, config, Work::PerformCheck, (0, 0))
    }

    fn watch(&mut self, name: &str, config: &Check, work: Work, (successes, failures): (u64, u64)) -> u64 {
        let verb = if work == Work::PerformCheck { "Perform" } else { "Recover" };
        let kind = match (&config.http, &config.tcp) {
            (Some(_), _) => "HTTP",
            (None, Some(_)) => "TCP",
            (None, None) => "exec",
        };
        let summary = format!("{verb} {kind} check {}", quoted(name));
        let change_kind = work.kind();
        let task = NewTask { summary: summary.clone(), work, lane: 0, waits_for: Vec::new() };
        let change = self.new_change_about(change_kind, &summary, vec![task], &[("check-name", name)]);
        let (name, config) = (name.to_owned(), config.clone());
        let watch = Watch { name, config, successes, failures, goes_over: false, run: None, is_due: false };
        self.checks.watches.insert(change, watch);
        change
    }

    pub(crate) fn begin_check(&mut self, task: u64, host: &mut dyn Host) -> Begun {
        let change = self.ledger.tasks.get(&task).map(|task| task.change).unwrap_or_default();
        let Some(watch) = self.checks.watches.get(&change) else {
            return Begun::Ended(Ok(()));
        };
        self.timers.set(self.now.after(period(&watch.config)), Timer::Check(change));
        self.begin_asked(change, host);
        Begun::GoesOn
    }

    pub(crate) fn abort_check(&mut self, task: u64, host: &mut dyn Host) {
        let change = self.ledger.tasks.get(&task).map(|task| task.change).unwrap_or_default();
        self.end_watch(change, host);
    }

    fn end_watch(&mut self, change: u64, host: &mut dyn Host) -> Option<Watch> {
        self.timers.cancel(&Timer::Check(change));
        let watch = self.checks.watches.remove(&change)?;
        if let Some((run, is_asked)) = watch.run {
            host.cancel_check(run);
            if is_asked {
                // Whoever asked for it waits for an answer.
                self.checks.outcomes.insert(run, Err("context canceled".to_owned()));
            }
        }
        Some(watch)
    }

    /// The time of a check has come.
    pub(crate) fn check_timer(&mut self, change: u64, host: &mut dyn Host) {
        let now = self.now;
        let Some(watch) = self.checks.watches.get_mut(&change) else {
            return;
        };
        self.timers.set(now.after(period(&watch.config)), Timer::Check(change));
        if watch.run.is_some() {
            watch.is_due = true;
        } else {
            let run = self.checks.new_run();
            self.begin_run(change, run, false, host);
        }
    }

    /// Begins runs that were asked for, if none goes on.
    pub(super) fn begin_asked(&mut self, change: u64, host: &mut dyn Host) {
        let now = self.now;
        let Some(watch) = self.checks.watches.get_mut(&change).filter(|watch| watch.run.is_none()) else {
            return;
        };
        let asked = self.checks.data.get_mut(&watch.name).and_then(|data| data.asked.pop_front());
        if let Some(run) = asked {
            self.timers.cancel(&Timer::Check(change));
            self.timers.set(now.after(period(&watch.config)), Timer::Check(change));
            watch.is_due = false;
            self.begin_run(change, run, true, host);
        } else if std::mem::take(&mut watch.is_due) {
            let run = self.checks.new_run();
            self.begin_run(change, run, false, host);
        }
    }

    fn begin_run(&mut self, change: u64, run: RunId, is_asked: bool, host: &mut dyn Host) {
        let Some(watch) = self.checks.watches.get_mut(&change) else {
            return;
        };
        watch.run = Some((run, is_asked));
        let (name, config) = (watch.name.clone(), watch.config.clone());
        self.run_check(run, &name, &config, host);
    }

    pub(super) fn run_check(&mut self, run: RunId, name: &str, config: &Check, host: &mut dyn Host) {
        match run::of(&self.settings, name, config, host) {
            Ok(what) => host.run_check(run, &what),
            Err(failure) => self.end_run(run, Err(failure), host),
        }
    }

    pub(crate) fn end_run(&mut self, run: RunId, outcome: Result<(), CheckFailure>, host: &mut dyn Host) {
        if self.checks.lone.remove(&run) {
            self.checks.outcomes.insert(run, outcome.map_err(|failure| failure.whole()));
            return;
        }
        let found = self.checks.watches.iter_mut().find_map(|(change, watch)| match watch.run {
            Some((known, is_asked)) if known == run => {
                watch.run = None;
                Some((*change, is_asked))
            }
            _ => None,
        });
        let Some((change, is_asked)) = found else {
            return;
        };
        if is_asked {
            let failure = outcome.as_ref().map(|&()| ()).map_err(CheckFailure::whole);
            self.checks.outcomes.insert(run, failure);
        }
        let task = self.ledger.changes.get(&change).and_then(|change| change.tasks.first().copied());
        let (Some(task), Some(kind)) = (task, task.and_then(|task| self.ledger.tasks.get(&task))) else {
            return;
        };
        match kind.work {
            Work::PerformCheck => self.performed(change, task, outcome, host),
            _ => self.recovered(change, task, outcome, host),
        }
        self.begin_asked(change, host);
    }

    fn performed(&mut self, change: u64, task: u64, outcome: Result<(), CheckFailure>, host: &mut dyn Host) {
        let Some(watch) = self.checks.watches.get_mut(&change) else {
            return;
        };
        let Some(data) = self.checks.data.get_mut(&watch.name) else {
            return;
        };
        let failures = watch.failures;
        if outcome.is_ok() {
            data.succeeded += 1;
            watch.successes += 1;
            watch.failures = 0;
        } else {
            data.failed += 1;
            watch.failures += 1;
            watch.goes_over = watch.failures >= threshold(&watch.config);
        }
        let watch = watch.clone();
        self.checks.count(&watch.name, &watch.config, change, (watch.successes, watch.failures));
        match outcome {
            Ok(()) if failures == 1 => self.log_task(task, "INFO", "succeeded after 1 failure"),
            Ok(()) if failures > 0 => {
                self.log_task(task, "INFO", &format!("succeeded after {failures} failures"));
            }
            Ok(()) => {}
            Err(failure) if watch.goes_over => {
                self.check_failed(&watch.name, host);
                let has_details = self.settings.since(29);
                self.finish(task, Err(if has_details { failure.whole() } else { failure.message }), host);
            }
            Err(failure) => self.log_task(task, "ERROR", &failure.whole()),
        }
    }

    fn recovered(&mut self, change: u64, task: u64, outcome: Result<(), CheckFailure>, host: &mut dyn Host) {
        let Some(watch) = self.checks.watches.get_mut(&change) else {
            return;
        };
        let Some(data) = self.checks.data.get_mut(&watch.name) else {
            return;
        };
        if outcome.is_ok() {
            data.succeeded += 1;
            (watch.successes, watch.failures, watch.goes_over) = (1, 0, true);
        } else {
            data.failed += 1;
            watch.failures += 1;
        }
        let watch = watch.clone();
        self.checks.count(&watch.name, &watch.config, change, (watch.successes, watch.failures));
        match outcome {
            Ok(()) => self.finish(task, Ok(()), host),
            Err(failure) => self.log_task(task, "ERROR", &failure.whole()),
        }
    }

    /// A change has another status: the end of one watch may be the begin of another.
    pub(crate) fn change_went(&mut self, change: u64, status: Status, host: &mut dyn Host) {
        if !status.is_ready() {
            return;
        }
        let Some(kind) = self.ledger.changes.get(&change).map(|change| change.kind.clone()) else {
            return;
        };
        let Some(watch) = self.end_watch(change, host).filter(|watch| watch.goes_over) else {
            return;
        };
        let counts = (watch.successes, watch.failures);
        let next = match (kind.as_str(), status) {
            ("perform-check", Status::Error) => {
                self.watch(&watch.name, &watch.config, Work::RecoverCheck, counts)
            }
            ("recover-check", Status::Done) => self.perform_check(&watch.name, &watch.config),
            _ => return,
        };
        self.checks.update(&watch.name, &watch.config, Some(next), Some(change), counts);
    }
}

impl CheckFailure {
    /// Message and details.
    pub(crate) fn whole(&self) -> String {
        if self.details.is_empty() {
            return self.message.clone();
        }
        format!("{}; {}", self.message, self.details)
    }
}
