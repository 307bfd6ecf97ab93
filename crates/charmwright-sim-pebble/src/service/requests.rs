//! What is asked of services, as changes.

use std::collections::BTreeSet;

use super::State;
use crate::change::{NewTask, Status, Work};
use crate::host::Host;
use crate::order::{start_order, stop_order};
use crate::pebble::Pebble;
use crate::text::quoted;

/// Services that do not depend on one another, each lane in its order.
type Lanes = Vec<Vec<String>>;

/// What may be asked of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Start,
    Stop,
    Restart,
    Autostart,
    Replan,
}

impl Action {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "start" => Self::Start,
            "stop" => Self::Stop,
            "restart" => Self::Restart,
            "autostart" => Self::Autostart,
            "replan" => Self::Replan,
            _ => return None,
        })
    }

    fn titles(self) -> (&'static str, &'static str) {
        match self {
            Self::Start => ("start", "Start"),
            Self::Stop => ("stop", "Stop"),
            Self::Restart => ("restart", "Restart"),
            Self::Autostart => ("autostart", "Autostart"),
            Self::Replan => ("replan", "Replan"),
        }
    }
}

impl Pebble {
    /// The services that start on their own, in their order.
    pub(crate) fn default_services(&self) -> Result<Vec<String>, String> {
        let names: Vec<String> =
            self.plan.services.keys().filter(|name| self.is_enabled(name)).cloned().collect();
        if names.is_empty() {
            return Ok(names);
        }
        Ok(start_order(&self.plan.services, &names)?.concat())
    }

    /// Makes the change that does this, and returns its id.
    pub(crate) fn ask_services(
        &mut self,
        action: Action,
        mut names: Vec<String>,
        host: &mut dyn Host,
    ) -> Result<u64, String> {
        let services = &self.plan.services;
        let (stop, start) = match action {
            Action::Start | Action::Autostart => (Vec::new(), start_order(services, &names)?),
            Action::Stop => (stop_order(services, &names)?, Vec::new()),
            Action::Restart => {
                let mut stop = stop_order(services, &names)?;
                for lane in &mut stop {
                    lane.retain(|name| names.contains(name));
                }
                (stop, start_order(services, &names)?)
            }
            Action::Replan => self.replan()?,
        };
        let count = match action {
            Action::Stop => stop.concat().len(),
            Action::Replan => {
                let all: BTreeSet<&String> = stop.iter().chain(&start).flatten().collect();
                names = all.into_iter().cloned().collect();
                names.len()
            }
            _ => start.concat().len(),
        };
        let mut tasks = self.ledger.lanes(&stop, "Stop", Work::Stop);
        let stops = tasks.len();
        tasks.extend(after(stops, self.ledger.lanes(&start, "Start", Work::Start)));
        if action == Action::Replan {
            self.replan_checks();
        }
        let (kind, title) = action.titles();
        let first = quoted(names.first().map_or("", String::as_str));
        if tasks.is_empty() {
            let change = self.new_change(kind, &format!("{title} - no services"), tasks);
            self.set_change_status(change, Status::Done, host);
            return Ok(change);
        }
        let summary = match count {
            1 => format!("{title} service {first}"),
            count => format!("{title} service {first} and {} more", count.saturating_sub(1)),
        };
        let change = self.new_change(kind, &summary, tasks);
        if let Some(change) = self.ledger.changes.get_mut(&change) {
            change.services = names;
        }
        Ok(change)
    }

    /// What a replan stops and starts. It takes note of the new definitions, whatever comes of it.
    fn replan(&mut self) -> Result<(Lanes, Lanes), String> {
        let mut changed = BTreeSet::new();
        for (name, data) in &mut self.services {
            let Some(config) = self.plan.services.get(name) else {
                continue;
            };
            let workload = self.plan.workloads.get(&data.config.workload);
            if *config == data.config && workload.is_none_or(|new| data.workload.as_ref() == Some(new)) {
                continue;
            }
            data.config = config.clone();
            if let Some(workload) = workload {
                data.workload = Some(workload.clone());
            }
            changed.insert(name.clone());
        }
        let starts = |name: &String| changed.contains(name) || self.is_enabled(name);
        let start: Vec<String> = self.plan.services.keys().filter(|name| starts(name)).cloned().collect();
        let stop: Vec<String> = changed.iter().cloned().collect();
        Ok((stop_order(&self.plan.services, &stop)?, start_order(&self.plan.services, &start)?))
    }

    /// The tasks that stop what runs, before the daemon ends.
    pub(crate) fn stop_all(&mut self) -> Vec<NewTask> {
        let names: Vec<String> = self.plan.services.keys().cloned().collect();
        let mut lanes = stop_order(&self.plan.services, &names).unwrap_or_default();
        let runs = |name: &String| {
            let state = self.services.get(name).map(|data| data.state);
            matches!(state, Some(State::Starting | State::Running | State::Backoff))
        };
        for lane in &mut lanes {
            lane.retain(runs);
        }
        self.ledger.lanes(&lanes, "Stop", Work::Stop)
    }
}

/// The same tasks, each after all of the first.
fn after(first: usize, mut tasks: Vec<NewTask>) -> Vec<NewTask> {
    for task in &mut tasks {
        task.waits_for = (0..first).chain(task.waits_for.iter().map(|index| index + first)).collect();
    }
    tasks
}
