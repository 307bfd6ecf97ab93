//! Changes: what Pebble does after it has answered.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::{Client, Deadline, Query};
use crate::error::Error;
use crate::layer::GoDuration;
use crate::limits::{ID_CHARACTERS_MAX, RETRIED_MAX};
use crate::open_enum::{null_as_default, open_enum};
use crate::services::{ServiceInfo, ServiceStatus};
use crate::told::kept;

impl Client {
    /// A change as it stands: `GET /v1/changes/{id}`.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] with status 404 if there is none. Pebble forgets those that ended a week ago.
    pub fn change(&self, id: &ChangeId) -> Result<Change, Error> {
        let action = format!("read change {id}");
        self.get(&action, &format!("/v1/changes/{id}"), &Query::default())?.result(&action)
    }

    /// The changes, oldest first: `GET /v1/changes`. Each check that is active has one that is in progress, so this list
    /// is not empty only because something is going on.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    pub fn changes(&self, which: ChangesIn, service: Option<&str>) -> Result<Vec<Change>, Error> {
        let action = "list changes";
        let mut query = Query::default().with("select", which.as_str());
        if let Some(service) = service {
            query = query.with("for", service);
        }
        let mut changes: Vec<Change> = self.get(action, "/v1/changes", &query)?.list(action)?;
        // In no order, and the ids are numbers as texts.
        changes.sort_by_key(|change| (change.id.as_str().len(), change.id.clone()));
        Ok(changes)
    }

    /// Stops what a change does: `POST /v1/changes/{id}` with `abort`. A service that is being started is killed, and so
    /// is a command; a stop goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] with status 400 if it has ended, 404 if there is none.
    pub fn abort_change(&self, id: &ChangeId) -> Result<Change, Error> {
        #[derive(Serialize)]
        struct Abort {
            action: &'static str,
        }

        let action = format!("abort change {id}");
        self.post(&action, &format!("/v1/changes/{id}"), &Abort { action: "abort" })?.result(&action)
    }

    /// Waits until the change has ended, however it did, at most for `timeout`: `GET /v1/changes/{id}/wait`, again and
    /// again. Without a timeout it looks once.
    ///
    /// A change that failed is a [`Change`] with an `err`; [`Change::into_result`] makes an error of it. A stop takes up
    /// to the largest kill delay and five seconds, so give a replan more than that.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the change goes on after `timeout`; it is not aborted. [`Error::Unreachable`] if the daemon
    /// leaves meanwhile. [`Error::Api`] with status 404 if there is no such change.
    pub fn wait_change(&self, id: &ChangeId, timeout: Duration) -> Result<Change, Error> {
        if timeout.is_zero() {
            let change = self.change(id)?;
            let late = || Error::Timeout { what: format!("wait for change {id}"), after: timeout };
            return if change.ready { Ok(change) } else { Err(late()) };
        }
        self.wait_until(id, self.deadline(timeout))
    }

    pub(crate) fn wait_until(&self, id: &ChangeId, deadline: Deadline<'_>) -> Result<Change, Error> {
        let action = format!("wait for change {id}");
        let path = format!("/v1/changes/{id}/wait");
        loop {
            let within = deadline.left().min(self.request_timeout());
            if within.is_zero() {
                return Err(deadline.error(&action));
            }
            let query = Query::default().with("timeout", server_timeout(within).as_str());
            match self.get_within(&action, &path, &query, within) {
                Ok(answer) => return answer.result(&action),
                Err(Error::Api { status: 504, .. }) => {}
                // Its own patience has ended, perhaps not ours.
                Err(Error::Timeout { .. }) if deadline.is_over() => return Err(deadline.error(&action)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for a change of services, and tells of one that failed which services come up later all the same.
    pub(crate) fn finished(&self, id: &ChangeId, deadline: Deadline<'_>) -> Result<Change, Error> {
        let change = self.wait_until(id, deadline)?;
        let Err(mut error) = change.clone().into_result() else {
            return Ok(change);
        };
        if let Error::ChangeFailed { retried, .. } = &mut error {
            let services = self.all_services()?.into_iter();
            // A list that has no end is looked through for as many services as a charm can have.
            let failed: Vec<&str> = change
                .tasks
                .iter()
                .filter(|task| task.kind == "start" && task.status == ChangeStatus::Error)
                .map(|task| task.summary.as_str())
                .take(RETRIED_MAX)
                .collect();
            // The next attempt may have begun already.
            let tries =
                |info: &ServiceInfo| matches!(info.current, ServiceStatus::Backoff | ServiceStatus::Active);
            let again = services.filter(tries).map(|info| info.name);
            let named = |name: &String| {
                let quoted = format!("{name:?}");
                failed.iter().any(|summary| summary.contains(quoted.as_str()))
            };
            *retried = again.filter(named).collect();
        }
        Err(error)
    }
}

/// How long the server may hold a request, so that its answer comes within `timeout`. Never zero, which would be for
/// ever.
pub(crate) fn server_timeout(timeout: Duration) -> GoDuration {
    let margin = Duration::from_secs(1).min(timeout / 2);
    timeout.saturating_sub(margin).max(Duration::from_millis(1)).into()
}

/// Which changes are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangesIn {
    /// Those that have not ended.
    #[default]
    Progress,
    /// Those that have.
    Past,
    /// Both.
    All,
}

impl ChangesIn {
    fn as_str(self) -> &'static str {
        match self {
            Self::Progress => "in-progress",
            Self::Past => "ready",
            Self::All => "all",
        }
    }
}

/// The name of a change. Names are not in order: `"10"` comes after `"9"`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ChangeId(String);

impl ChangeId {
    /// A name as Pebble gives it: lower-case letters and digits, at most 64. Anything else is none.
    pub fn new(id: impl Into<String>) -> Option<Self> {
        id_text(id.into()).map(Self)
    }

    /// As Pebble writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is an id and goes into a path as it is: at most [`ID_CHARACTERS_MAX`] lower-case letters and digits.
pub(crate) fn id_text(id: String) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (!id.is_empty() && id.len() <= ID_CHARACTERS_MAX && id.bytes().all(fits)).then_some(id)
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ChangeId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        Self::new(id).ok_or("not the id of a change")
    }
}

/// What Pebble was asked to do, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Change {
    /// Its name.
    pub id: ChangeId,
    /// What it is: `start`, `replan`, `perform-check`, …
    #[serde(default)]
    pub kind: String,
    /// For people, such as `Start service "web" and 1 more`.
    #[serde(default)]
    pub summary: String,
    /// How far it is.
    pub status: ChangeStatus,
    /// Its tasks. None if there was nothing to do.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tasks: Vec<Task>,
    /// Whether it has ended, well or not.
    #[serde(default)]
    pub ready: bool,
    /// What went wrong, a line for each failed task.
    #[serde(default)]
    pub err: Option<String>,
    /// When it began, as RFC 3339 in the daemon's time zone.
    #[serde(default)]
    pub spawn_time: Option<String>,
    /// When it ended.
    #[serde(default)]
    pub ready_time: Option<String>,
    /// What else there is to say, by kind of change: the `check-name` of a check's, for one.
    #[serde(default, deserialize_with = "null_as_default")]
    pub data: BTreeMap<String, Value>,
}

impl Change {
    /// The change, if it did not fail.
    ///
    /// # Errors
    ///
    /// [`Error::ChangeFailed`] with what went wrong and the logs of the tasks.
    pub fn into_result(self) -> Result<Self, Error> {
        let err = match self.err {
            Some(ref err) => err.clone(),
            None if self.status == ChangeStatus::Error => "pebble does not say why".to_owned(),
            None => return Ok(self),
        };
        Err(Error::ChangeFailed {
            id: self.id,
            summary: kept(self.summary),
            err: kept(err),
            logs: self.tasks.into_iter().flat_map(|task| task.log).collect(),
            retried: Vec::new(),
        })
    }
}

/// One step of a change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Task {
    /// Its name.
    pub id: String,
    /// What it is: `start`, `stop`, …
    #[serde(default)]
    pub kind: String,
    /// For people, such as `Start service "web"`.
    #[serde(default)]
    pub summary: String,
    /// How far it is.
    pub status: ChangeStatus,
    /// Its last ten log entries, each `<time> INFO|ERROR <text>`, where the text may have several lines. They may hold the
    /// last output of the service.
    #[serde(default, deserialize_with = "null_as_default")]
    pub log: Vec<String>,
    /// How much of it is done. Pebble counts nothing today: it says 1 of 1 even while it runs.
    #[serde(default)]
    pub progress: Progress,
    /// When it began, as RFC 3339 in the daemon's time zone.
    #[serde(default)]
    pub spawn_time: Option<String>,
    /// When it ended.
    #[serde(default)]
    pub ready_time: Option<String>,
    /// What else there is to say: the `exit-code` of a command, for one.
    #[serde(default, deserialize_with = "null_as_default")]
    pub data: BTreeMap<String, Value>,
}

/// How much of a task is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// What is being done.
    #[serde(default)]
    pub label: String,
    /// So much of it is done.
    #[serde(default)]
    pub done: i64,
    /// So much there is to do.
    #[serde(default)]
    pub total: i64,
}

open_enum! {
    /// How far a change or a task is.
    pub enum ChangeStatus {
        /// Of a change: see its tasks.
        Default = "Default",
        /// Never ran, since something before it failed.
        Hold = "Hold",
        /// Yet to run.
        Do = "Do",
        /// Runs.
        Doing = "Doing",
        /// Ended well.
        Done = "Done",
        /// Ended well, waits for something from outside.
        Wait = "Wait",
        /// Is to be aborted.
        Abort = "Abort",
        /// Is to be undone.
        Undo = "Undo",
        /// Is being undone.
        Undoing = "Undoing",
        /// Was undone.
        Undone = "Undone",
        /// Failed.
        Error = "Error",
    }
}

impl ChangeStatus {
    /// Whether it stays so.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done | Self::Undone | Self::Hold | Self::Error)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::transport::{Channel, Request, Response, Transport, TransportError};

    #[test]
    fn an_id_goes_into_a_path() {
        for id in ["7", "10", "abc1"] {
            assert_eq!(ChangeId::new(id).unwrap().to_string(), id);
        }
        for id in ["", "../7", "A", "7?", "7/wait"] {
            assert_eq!(ChangeId::new(id), None);
        }
        assert!(ChangeId::new("7".repeat(ID_CHARACTERS_MAX)).is_some());
        assert_eq!(ChangeId::new("7".repeat(ID_CHARACTERS_MAX + 1)), None);
    }

    #[test]
    fn the_server_answers_before_we_give_up() {
        let second = Duration::from_secs(1);
        assert_eq!(server_timeout(30 * second), (29 * second).into());
        assert_eq!(server_timeout(second), (second / 2).into());
        assert_eq!(server_timeout(Duration::ZERO), Duration::from_millis(1).into());
    }

    #[test]
    fn a_change_without_tasks_is_done() {
        let text =
            r#"{"id":"1","kind":"replan","summary":"Replan - no services","status":"Done","ready":true}"#;
        let change: Change = serde_json::from_str(text).unwrap();
        assert_eq!(change.tasks, []);
        assert_eq!(change.clone().into_result().unwrap(), change);
    }

    #[test]
    fn a_failed_change_keeps_its_logs() {
        let text = r#"{"id":"3","kind":"start","summary":"Start","status":"Error","ready":true,"err":"no\n- luck",
            "tasks":[{"id":"3","status":"Error","log":["a","b\nc"]},{"id":"4","status":"Hold","log":null},
                     {"id":"5","status":"Error","log":["d"]}]}"#;
        let change: Change = serde_json::from_str(text).unwrap();
        let Err(Error::ChangeFailed { id, err, logs, .. }) = change.into_result() else {
            panic!("it failed")
        };
        assert_eq!((id.as_str(), err.as_str()), ("3", "no\n- luck"));
        assert_eq!(logs, ["a", "b\nc", "d"]);
    }

    /// Says that none of so many services could be started, and that all are tried again.
    #[derive(Debug)]
    struct Fails(usize);

    impl Transport for Fails {
        fn socket(&self) -> &Path {
            Path::new("/nowhere")
        }

        fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
            let all = |item: fn(usize) -> Value| (0..self.0).map(item).collect::<Vec<_>>();
            let result = if request.target.starts_with("/v1/services") {
                all(|at| serde_json::json!({"name": at.to_string(), "startup": "enabled", "current": "backoff"}))
                    .into()
            } else {
                let tasks = all(|at| {
                    let summary = format!("Start service \"{at}\"");
                    serde_json::json!({"id": "1", "kind": "start", "summary": summary, "status": "Error"})
                });
                serde_json::json!({"id": "1", "status": "Error", "ready": true, "err": "no", "tasks": tasks})
            };
            let body = serde_json::json!({"type": "sync", "result": result}).to_string();
            Ok(Response::new(200, "application/json", Box::new(std::io::Cursor::new(body))))
        }

        fn open(&self, _: &str, _: Duration) -> Result<Channel, TransportError> {
            Err(TransportError::Timeout)
        }
    }

    #[test]
    fn of_a_failed_change_so_many_services_are_looked_at() {
        let client = Client::over(Arc::new(Fails(RETRIED_MAX + 5)));
        let deadline = client.deadline(Duration::from_secs(30));
        let error = client.finished(&ChangeId::new("1").unwrap(), deadline).unwrap_err();
        assert!(matches!(error, Error::ChangeFailed { retried, .. } if retried.len() == RETRIED_MAX));
    }
}
