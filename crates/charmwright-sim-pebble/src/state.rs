//! What outlives a daemon: notices, changes and identities.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::change::{Status, Work};
use crate::identities::Identities;
use crate::notices::Notice;
use crate::pebble::Pebble;
use crate::time::Time;

#[derive(Default, Serialize, Deserialize)]
struct Saved {
    identities: Identities,
    notices: Vec<SavedNotice>,
    changes: Vec<SavedChange>,
    last_change: u64,
    last_task: u64,
    last_notice: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedNotice {
    id: u64,
    user: Option<u32>,
    kind: String,
    key: String,
    times: [i64; 3],
    occurrences: u64,
    data: BTreeMap<String, String>,
    repeat_after: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedChange {
    id: u64,
    kind: String,
    summary: String,
    status: Option<String>,
    spawned: i64,
    ready: Option<i64>,
    services: Vec<String>,
    notice_data: BTreeMap<String, String>,
    tasks: Vec<SavedTask>,
}

#[derive(Serialize, Deserialize)]
struct SavedTask {
    id: u64,
    kind: String,
    service: String,
    summary: String,
    status: String,
    log: Vec<String>,
    spawned: i64,
    ready: Option<i64>,
    lane: u64,
    waits_for: Vec<u64>,
    exit_code: Option<i32>,
}

impl Pebble {
    /// What a daemon writes to its state file: notices, changes and identities, secrets among them. See
    /// [`Settings::state`](crate::Settings::state).
    pub fn state(&self) -> Vec<u8> {
        let notices = self.notices.all.values().map(|notice| SavedNotice {
            id: notice.id,
            user: notice.user,
            kind: notice.kind.clone(),
            key: notice.key.clone(),
            times: [notice.first_occurred, notice.last_occurred, notice.last_repeated].map(Time::as_nanos),
            occurrences: notice.occurrences,
            data: notice.data.clone(),
            repeat_after: u64::try_from(notice.repeat_after.as_nanos()).unwrap_or(u64::MAX),
        });
        let changes = self.ledger.changes.values().map(|change| SavedChange {
            id: change.id,
            kind: change.kind.clone(),
            summary: change.summary.clone(),
            status: change.own_status.map(|status| status.as_str().to_owned()),
            spawned: change.spawned.as_nanos(),
            ready: change.ready.map(Time::as_nanos),
            services: change.services.clone(),
            notice_data: change.notice_data.clone(),
            tasks: self.ledger.tasks_of(change).map(saved_task).collect(),
        });
        let saved = Saved {
            identities: self.identities.clone(),
            notices: notices.collect(),
            changes: changes.collect(),
            last_change: self.ledger.last_change,
            last_task: self.ledger.last_task,
            last_notice: self.notices.last_id,
        };
        serde_json::to_vec(&saved).unwrap_or_default()
    }

    /// Takes over what the last daemon left.
    pub(crate) fn restore(&mut self) -> Result<(), String> {
        if self.settings.state.is_empty() {
            return Ok(());
        }
        let saved: Saved = serde_json::from_slice(&self.settings.state)
            .map_err(|error| format!("cannot read the state file: {error}"))?;
        self.identities = saved.identities;
        for notice in saved.notices {
            let [first_occurred, last_occurred, last_repeated] = notice.times.map(Time::from_nanos);
            self.notices.restore(Notice {
                id: notice.id,
                user: notice.user,
                kind: notice.kind,
                key: notice.key,
                first_occurred,
                last_occurred,
                last_repeated,
                occurrences: notice.occurrences,
                data: notice.data,
                repeat_after: Duration::from_nanos(notice.repeat_after),
            });
        }
        self.notices.last_id = self.notices.last_id.max(saved.last_notice);
        for change in saved.changes {
            let mut tasks = Vec::new();
            for task in change.tasks {
                let work = Work::of_kind(&task.kind, &task.service);
                let (Some(status), Some(work)) = (Status::named(&task.status), work) else {
                    return Err("cannot read the state file".to_owned());
                };
                tasks.push(task.id);
                self.ledger.last_lane = self.ledger.last_lane.max(task.lane);
                self.ledger.tasks.insert(
                    task.id,
                    crate::change::Task {
                        id: task.id,
                        change: change.id,
                        summary: task.summary,
                        // What went on is tried again.
                        status: if status == Status::Doing { Status::Do } else { status },
                        work,
                        log: task.log,
                        spawned: Time::from_nanos(task.spawned),
                        ready: task.ready.map(Time::from_nanos),
                        lane: task.lane,
                        waits_for: task.waits_for,
                        exit_code: task.exit_code,
                        is_running: false,
                    },
                );
            }
            let own_status = change.status.as_deref().and_then(Status::named);
            let (spawned, ready) = (Time::from_nanos(change.spawned), change.ready.map(Time::from_nanos));
            self.ledger.restore(crate::change::Change::restored(
                (change.id, change.kind, change.summary),
                own_status,
                tasks,
                (spawned, ready),
                (change.services, change.notice_data),
            ));
        }
        self.ledger.last_change = saved.last_change;
        self.ledger.last_task = saved.last_task;
        Ok(())
    }
}

fn saved_task(task: &crate::change::Task) -> SavedTask {
    SavedTask {
        id: task.id,
        kind: task.work.kind().to_owned(),
        service: match &task.work {
            Work::Start(name) | Work::Stop(name) => name.clone(),
            _ => String::new(),
        },
        summary: task.summary.clone(),
        status: task.status.as_str().to_owned(),
        log: task.log.clone(),
        spawned: task.spawned.as_nanos(),
        ready: task.ready.map(Time::as_nanos),
        lane: task.lane,
        waits_for: task.waits_for.clone(),
        exit_code: task.exit_code,
    }
}
