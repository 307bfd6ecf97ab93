//! Checks start and stop.

use super::{is_disabled, run};
use crate::change::Status;
use crate::host::{Host, RunId};
use crate::pebble::Pebble;

impl Pebble {
    /// The plan is another one: what changed begins anew, and what is new begins.
    pub(crate) fn plan_changed_checks(&mut self, host: &mut dyn Host) {
        let mut begins = Vec::new();
        let mut watched = Vec::new();
        let changes: Vec<u64> = self
            .ledger
            .changes
            .values()
            .filter(|change| matches!(change.kind.as_str(), "perform-check" | "recover-check"))
            .filter(|change| !self.ledger.status(change).is_ready() && !self.is_aborted(change.id))
            .map(|change| change.id)
            .collect();
        for change in changes {
            let Some(watch) = self.checks.watches.get(&change) else {
                // Of an earlier daemon.
                self.abort_change(change, host);
                continue;
            };
            let name = watch.name.clone();
            watched.push(name.clone());
            if let Some(new) = self.plan.checks.get(&name) {
                if watch.config == run::with_context(&self.plan, new) {
                    continue;
                }
                if is_disabled(new) && !is_disabled(&watch.config) {
                    // It goes on until somebody stops it.
                    continue;
                }
                begins.push(name.clone());
            }
            self.abort_change(change, host);
            self.checks.data.remove(&name);
        }
        let checks = self.plan.checks.clone();
        for (name, config) in &checks {
            if begins.contains(name) || !watched.contains(name) && !is_disabled(config) {
                let config = run::with_context(&self.plan, config);
                let change = self.perform_check(name, &config);
                self.checks.update(name, &config, Some(change), None, (0, 0));
            } else if !watched.contains(name) {
                self.checks.update(name, config, None, None, (0, 0));
            }
        }
    }

    fn is_aborted(&self, change: u64) -> bool {
        let change = self.ledger.changes.get(&change);
        change.is_some_and(|change| matches!(self.ledger.status(change), Status::Abort | Status::Undo))
    }

    /// Starts what a replan starts: all that is not disabled.
    pub(crate) fn replan_checks(&mut self) {
        let names: Vec<String> = self
            .plan
            .checks
            .iter()
            .filter(|(_, check)| !is_disabled(check))
            .map(|(name, _)| name.clone())
            .collect();
        self.start_inactive(&names);
    }

    fn start_inactive(&mut self, names: &[String]) -> Vec<String> {
        let mut started = Vec::new();
        for name in names {
            let is_inactive = self.checks.data.get(name).is_some_and(|data| data.change.is_none());
            let Some(config) = self.plan.checks.get(name).filter(|_| is_inactive).cloned() else {
                continue;
            };
            // What its service gives it is not looked at here, as with Pebble.
            let change = self.perform_check(name, &config);
            self.checks.update(name, &config, Some(change), None, (0, 0));
            started.push(name.clone());
        }
        started
    }

    fn missing_checks(&self, names: &[String]) -> Result<(), String> {
        let mut missing: Vec<&str> =
            names.iter().filter(|name| !self.plan.checks.contains_key(*name)).map(String::as_str).collect();
        missing.sort_unstable();
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!("cannot find checks in plan: {}", missing.join(", ")))
    }

    /// Starts checks, and returns those that were not started yet.
    pub(crate) fn start_checks(&mut self, names: &[String]) -> Result<Vec<String>, String> {
        self.missing_checks(names)?;
        let mut started = self.start_inactive(names);
        started.sort();
        Ok(started)
    }

    /// Stops checks, and returns those that were not stopped yet.
    pub(crate) fn stop_checks(
        &mut self,
        names: &[String],
        host: &mut dyn Host,
    ) -> Result<Vec<String>, String> {
        self.missing_checks(names)?;
        let mut stopped = Vec::new();
        for name in names {
            let Some(data) = self.checks.data.get(name).cloned() else {
                continue;
            };
            let (Some(change), Some(config)) = (data.change, self.plan.checks.get(name).cloned()) else {
                continue;
            };
            self.abort_change(change, host);
            stopped.push(name.clone());
            // The counts are left for whoever wants to know.
            self.checks.update(name, &config, None, data.last_change, (data.successes, data.failures));
        }
        stopped.sort();
        Ok(stopped)
    }

    /// Runs a check now. What came of it is told by [`refreshed`](Self::refreshed).
    pub(crate) fn refresh_check(&mut self, name: &str, host: &mut dyn Host) -> Option<RunId> {
        let config = self.plan.checks.get(name)?.clone();
        let run = self.checks.new_run();
        let data = self.checks.data.entry(name.to_owned()).or_default();
        if let Some(change) = data.change {
            data.asked.push_back(run);
            self.begin_asked(change, host);
        } else {
            self.checks.lone.insert(run);
            self.run_check(run, name, &config, host);
        }
        Some(run)
    }

    /// What came of a run that was asked for, told once: nothing, or why it failed. None if it goes on.
    pub(crate) fn refreshed(&mut self, run: RunId) -> Option<Result<(), String>> {
        self.checks.outcomes.remove(&run)
    }
}
