//! Changes and their tasks.

mod abort;
mod json;
mod restored;
pub(crate) mod runner;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::time::Time;

/// How many entries a task's log keeps.
const LOG_ENTRIES: usize = 10;

/// The status of a task, or of a change. In the order in which one task's status is that of its change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Status {
    Abort,
    Undo,
    Doing,
    Do,
    Error,
    Done,
    Hold,
}

impl Status {
    pub(crate) fn is_ready(self) -> bool {
        matches!(self, Self::Done | Self::Hold | Self::Error)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "Abort",
            Self::Undo => "Undo",
            Self::Doing => "Doing",
            Self::Do => "Do",
            Self::Error => "Error",
            Self::Done => "Done",
            Self::Hold => "Hold",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Abort, Self::Undo, Self::Doing, Self::Do, Self::Error, Self::Done, Self::Hold]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// A change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) id: u64,
    pub(crate) kind: String,
    pub(crate) summary: String,
    /// Its status, if that is not the tasks'.
    pub(crate) own_status: Option<Status>,
    pub(crate) tasks: Vec<u64>,
    pub(crate) spawned: Time,
    pub(crate) ready: Option<Time>,
    /// The services that were asked for.
    pub(crate) services: Vec<String>,
    /// What its notices tell beside its kind.
    pub(crate) notice_data: BTreeMap<String, String>,
    observed: Option<Status>,
    recorded: Option<Status>,
}

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) id: u64,
    pub(crate) change: u64,
    pub(crate) summary: String,
    pub(crate) status: Status,
    pub(crate) work: Work,
    pub(crate) log: Vec<String>,
    pub(crate) spawned: Time,
    pub(crate) ready: Option<Time>,
    pub(crate) lane: u64,
    /// Those that must be done before.
    pub(crate) waits_for: Vec<u64>,
    /// How the command of an exec ended.
    pub(crate) exit_code: Option<i32>,
    /// Whether it goes on now.
    pub(crate) is_running: bool,
}

/// What a task does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Starts this service.
    Start(String),
    /// Stops this service.
    Stop(String),
    /// Runs a command.
    Exec,
    /// Watches a check as long as it is up.
    PerformCheck,
    /// Watches a check as long as it is down.
    RecoverCheck,
}

impl Work {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::Stop(_) => "stop",
            Self::Exec => "exec",
            Self::PerformCheck => "perform-check",
            Self::RecoverCheck => "recover-check",
        }
    }

    pub(crate) fn of_kind(kind: &str, service: &str) -> Option<Self> {
        Some(match kind {
            "start" => Self::Start(service.to_owned()),
            "stop" => Self::Stop(service.to_owned()),
            "exec" => Self::Exec,
            "perform-check" => Self::PerformCheck,
            "recover-check" => Self::RecoverCheck,
            _ => return None,
        })
    }
}

impl Task {
    /// Adds to its log, at this time.
    pub(crate) fn log(&mut self, now: Time, kind: &str, text: &str) {
        if self.log.len() >= LOG_ENTRIES {
            self.log.drain(..=self.log.len() - LOG_ENTRIES);
        }
        self.log.push(format!("{} {kind} {text}", now.rfc3339_seconds()));
    }
}

/// A task that is yet to be part of a change.
#[derive(Clone, Debug)]
pub(crate) struct NewTask {
    pub(crate) summary: String,
    pub(crate) work: Work,
    pub(crate) lane: u64,
    /// Indices of others in the same list.
    pub(crate) waits_for: Vec<usize>,
}

/// All changes and tasks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) changes: BTreeMap<u64, Change>,
    pub(crate) tasks: BTreeMap<u64, Task>,
    pub(crate) last_change: u64,
    pub(crate) last_task: u64,
    pub(crate) last_lane: u64,
}

impl Ledger {
    /// A change by the id of the API.
    pub(crate) fn change(&self, id: &str) -> Option<&Change> {
        // `01` is not `1`.
        id.parse()
            .ok()
            .and_then(|number: u64| self.changes.get(&number))
            .filter(|change| change.id.to_string() == id)
    }

    /// A task by the id of the API.
    pub(crate) fn task(&self, id: &str) -> Option<&Task> {
        id.parse()
            .ok()
            .and_then(|number: u64| self.tasks.get(&number))
            .filter(|task| task.id.to_string() == id)
    }

    pub(crate) fn tasks_of<'a>(&'a self, change: &'a Change) -> impl Iterator<Item = &'a Task> {
        change.tasks.iter().filter_map(|id| self.tasks.get(id))
    }

    /// What the status of its tasks makes of a change.
    pub(crate) fn status(&self, change: &Change) -> Status {
        let of_tasks = || self.tasks_of(change).map(|task| task.status).min();
        change.own_status.or_else(of_tasks).unwrap_or(Status::Hold)
    }

    /// Why a change failed, if it did.
    pub(crate) fn error(&self, change: &Change) -> Option<String> {
        if self.status(change) != Status::Error {
            return None;
        }
        let mut text = "cannot perform the following tasks:".to_owned();
        let mut has_some = false;
        for task in self.tasks_of(change).filter(|task| task.status == Status::Error) {
            for entry in &task.log {
                let message = entry.split_once(' ').and_then(|(_, rest)| rest.strip_prefix("ERROR "));
                if let Some(message) = message {
                    has_some = true;
                    let _ = write!(text, "\n- {} ({message})", task.summary);
                }
            }
        }
        if !has_some {
            text = format!(
                "internal inconsistency: change {} in ErrorStatus with no task errors logged",
                crate::text::quoted(&change.kind)
            );
        }
        Some(text)
    }

    /// Makes tasks in lanes, each lane in its order.
    pub(crate) fn lanes(
        &mut self,
        lanes: &[Vec<String>],
        verb: &str,
        work: impl Fn(String) -> Work,
    ) -> Vec<NewTask> {
        let mut tasks: Vec<NewTask> = Vec::new();
        for names in lanes {
            self.last_lane += 1;
            for (index, name) in names.iter().enumerate() {
                let before = tasks.len().checked_sub(1).filter(|_| index > 0);
                tasks.push(NewTask {
                    summary: format!("{verb} service {}", crate::text::quoted(name)),
                    work: work(name.clone()),
                    lane: self.last_lane,
                    waits_for: before.into_iter().collect(),
                });
            }
        }
        tasks
    }

    /// Adds a change with its tasks.
    pub(crate) fn add(&mut self, now: Time, kind: &str, summary: &str, new: Vec<NewTask>) -> u64 {
        self.last_change += 1;
        let id = self.last_change;
        let first = self.last_task + 1;
        let mut tasks = Vec::new();
        for (task, number) in new.into_iter().zip(first..) {
            self.last_task = number;
            tasks.push(number);
            let waits_for = task.waits_for.iter().map(|index| first + *index as u64).collect();
            self.tasks.insert(
                number,
                Task {
                    id: number,
                    change: id,
                    summary: task.summary,
                    status: Status::Do,
                    work: task.work,
                    log: Vec::new(),
                    spawned: now,
                    ready: None,
                    lane: task.lane,
                    waits_for,
                    exit_code: None,
                    is_running: false,
                },
            );
        }
        self.changes.insert(
            id,
            Change {
                id,
                kind: kind.to_owned(),
                summary: summary.to_owned(),
                own_status: None,
                tasks,
                spawned: now,
                ready: None,
                services: Vec::new(),
                notice_data: BTreeMap::new(),
                observed: None,
                recorded: None,
            },
        );
        id
    }

    /// Sets the status of a task. What it makes of its change is still to be told.
    pub(crate) fn set_status(&mut self, now: Time, id: u64, status: Status) -> Option<u64> {
        let task = self.tasks.get_mut(&id).filter(|task| task.status != status)?;
        if status.is_ready() && !task.status.is_ready() {
            task.ready = Some(now);
        }
        task.status = status;
        let change = task.change;
        let all_ready = {
            let change = self.changes.get(&change)?;
            self.tasks_of(change).all(|task| task.status.is_ready())
        };
        let change = self.changes.get_mut(&change)?;
        if all_ready {
            change.ready = change.ready.or(Some(now));
        }
        Some(change.id)
    }

    /// What became of a change since this was asked last: its new status, and whether that is worth a notice.
    pub(crate) fn observe(&mut self, id: u64) -> (Option<Status>, bool) {
        let Some(status) = self.changes.get(&id).map(|change| self.status(change)) else {
            return (None, false);
        };
        let Some(change) = self.changes.get_mut(&id) else {
            return (None, false);
        };
        let is_new = change.observed != Some(status);
        change.observed = Some(status);
        let goes_back = change.recorded == Some(Status::Doing) && status == Status::Do;
        let is_told = change.recorded == Some(status) || goes_back;
        if !is_told {
            change.recorded = Some(status);
        }
        (is_new.then_some(status), !is_told)
    }

    /// Whether what a task waits for is done.
    pub(crate) fn may_run(&self, task: &Task) -> bool {
        let is_done = |id: &u64| self.tasks.get(id).is_none_or(|task| task.status == Status::Done);
        task.waits_for.iter().all(is_done)
    }

    /// The tasks that wait for this one.
    pub(crate) fn halted_by(&self, id: u64) -> BTreeSet<u64> {
        self.tasks.values().filter(|task| task.waits_for.contains(&id)).map(|task| task.id).collect()
    }
}
