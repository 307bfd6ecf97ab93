//! Runs tasks.

use super::{NewTask, Status, Work};
use crate::host::Host;
use crate::pebble::Pebble;

/// How a task stands after it has begun.
pub(crate) enum Begun {
    /// It is over.
    Ended(Result<(), String>),
    /// It goes on, and ends by [`Pebble::finish`].
    GoesOn,
}

impl Pebble {
    /// Adds a change whose tasks run when [`ensure`](Self::ensure) is called next.
    pub(crate) fn new_change(&mut self, kind: &str, summary: &str, tasks: Vec<NewTask>) -> u64 {
        self.new_change_about(kind, summary, tasks, &[])
    }

    /// The same with data for its notices.
    pub(crate) fn new_change_about(
        &mut self,
        kind: &str,
        summary: &str,
        tasks: Vec<NewTask>,
        data: &[(&str, &str)],
    ) -> u64 {
        let id = self.ledger.add(self.now, kind, summary, tasks);
        if let Some(change) = self.ledger.changes.get_mut(&id) {
            change.notice_data =
                data.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        }
        self.notice_of_change(id);
        id
    }

    /// Runs what may run, and stops what was aborted, until nothing changes any more.
    pub(crate) fn ensure(&mut self, host: &mut dyn Host) {
        loop {
            let next = self.ledger.tasks.values().find_map(|task| {
                let is_next = match task.status {
                    Status::Abort => !task.is_running || !self.killed.contains(&task.id),
                    Status::Undo => {
                        let is_ready =
                            |id: &u64| self.ledger.tasks.get(id).is_none_or(|task| task.status.is_ready());
                        !task.is_running && self.ledger.halted_by(task.id).iter().all(is_ready)
                    }
                    Status::Do => !task.is_running && self.ledger.may_run(task),
                    _ => false,
                };
                is_next.then_some((task.id, task.status, task.is_running))
            });
            match next {
                None => return,
                Some((id, Status::Abort, true)) => {
                    self.killed.insert(id);
                    self.kill(id, host);
                }
                Some((id, Status::Abort, false)) => self.set_status(id, Status::Hold, host),
                Some((id, Status::Undo, _)) => self.set_status(id, Status::Done, host),
                Some((id, ..)) => self.run(id, host),
            }
        }
    }

    fn run(&mut self, id: u64, host: &mut dyn Host) {
        let Some(task) = self.ledger.tasks.get_mut(&id) else {
            return;
        };
        task.is_running = true;
        let work = task.work.clone();
        self.set_status(id, Status::Doing, host);
        let begun = match work {
            Work::Start(name) => self.begin_start(id, &name, host),
            Work::Stop(name) => self.begin_stop(id, &name, host),
            Work::Exec => self.begin_exec(id),
            Work::PerformCheck | Work::RecoverCheck => self.begin_check(id, host),
        };
        if let Begun::Ended(outcome) = begun {
            self.finish(id, outcome, host);
        }
    }

    /// Asks a task that goes on to end.
    fn kill(&mut self, id: u64, host: &mut dyn Host) {
        let Some(work) = self.ledger.tasks.get(&id).map(|task| task.work.clone()) else {
            return;
        };
        match work {
            Work::Start(name) => {
                let outcome = self.abort_start(&name, host);
                self.finish(id, outcome, host);
            }
            // Its signals have been sent.
            Work::Stop(_) => {}
            Work::Exec => self.abort_exec(id, host),
            Work::PerformCheck | Work::RecoverCheck => {
                self.abort_check(id, host);
                self.finish(id, Ok(()), host);
            }
        }
    }

    /// A task is over.
    pub(crate) fn finish(&mut self, id: u64, outcome: Result<(), String>, host: &mut dyn Host) {
        self.killed.remove(&id);
        let Some(task) = self.ledger.tasks.get_mut(&id) else {
            return;
        };
        task.is_running = false;
        let (status, change, lane) = (task.status, task.change, task.lane);
        match outcome {
            Ok(()) => match status {
                Status::Doing => self.set_status(id, Status::Done, host),
                // It was done before it could be aborted.
                Status::Abort => self.set_status(id, Status::Undo, host),
                _ => {}
            },
            Err(message) => {
                for (task, status) in self.ledger.aborted(change, Some(lane)) {
                    self.set_status(task, status, host);
                }
                // The log comes first, so that whoever hears of the status finds it.
                if let Some(task) = self.ledger.tasks.get_mut(&id) {
                    task.log(self.now, "ERROR", &message);
                }
                self.set_status(id, Status::Error, host);
            }
        }
    }

    /// Aborts all of a change that is not over.
    pub(crate) fn abort_change(&mut self, id: u64, host: &mut dyn Host) {
        for (task, status) in self.ledger.aborted(id, None) {
            self.set_status(task, status, host);
        }
    }

    /// Sets the status of a change itself.
    pub(crate) fn set_change_status(&mut self, id: u64, status: Status, host: &mut dyn Host) {
        let now = self.now;
        if let Some(change) = self.ledger.changes.get_mut(&id) {
            change.own_status = Some(status);
            if status.is_ready() {
                change.ready = change.ready.or(Some(now));
            }
        }
        self.tell_of_change(id, host);
    }

    pub(crate) fn set_status(&mut self, task: u64, status: Status, host: &mut dyn Host) {
        if let Some(change) = self.ledger.set_status(self.now, task, status) {
            self.tell_of_change(change, host);
        }
    }

    fn tell_of_change(&mut self, id: u64, host: &mut dyn Host) {
        let (new, is_noted) = self.ledger.observe(id);
        if let Some(status) = new {
            self.change_went(id, status, host);
        }
        if is_noted {
            self.notice_of_change(id);
        }
    }

    fn notice_of_change(&mut self, id: u64) {
        let Some(change) = self.ledger.changes.get(&id) else {
            return;
        };
        let mut data = change.notice_data.clone();
        data.entry("kind".to_owned()).or_insert_with(|| change.kind.clone());
        self.notices.add(self.now, None, "change-update", &id.to_string(), data, std::time::Duration::ZERO);
    }

    pub(crate) fn log_task(&mut self, id: u64, kind: &str, text: &str) {
        let now = self.now;
        if let Some(task) = self.ledger.tasks.get_mut(&id) {
            task.log(now, kind, text);
        }
    }
}
