//! Changes: what Pebble does after it has answered.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::client::{Client, Query};
use crate::error::Error;
use crate::layer::GoDuration;
use crate::open_enum::{null_as_default, open_enum};

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

    /// Waits until the change has ended, however it did: `GET /v1/changes/{id}/wait`, again until `timeout` has passed.
    ///
    /// A change that failed is a [`Change`] with an `err`; [`Change::into_result`] makes an error of it. A stop takes up
    /// to the largest kill delay and five seconds, so give a replan more than that.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the change goes on after `timeout`; it is not aborted. [`Error::Unreachable`] if the daemon
    /// leaves meanwhile. [`Error::Api`] with status 404 if there is no such change.
    pub fn wait_change(&self, id: &ChangeId, timeout: Duration) -> Result<Change, Error> {
        let action = format!("wait for change {id}");
        let path = format!("/v1/changes/{id}/wait");
        let started = Instant::now();
        loop {
            let left = timeout.saturating_sub(started.elapsed());
            let round = server_timeout(left, self.request_timeout());
            let query = Query::default().with("timeout", GoDuration::from(round).as_str());
            match self.get_within(&action, &path, &query, self.request_timeout()) {
                Ok(answer) => return answer.result(&action),
                Err(Error::Api { status: 504, .. }) if started.elapsed() < timeout => {}
                Err(Error::Api { status: 504, .. }) => {
                    return Err(Error::Timeout { what: action, after: timeout });
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// How long the server may hold a request: below our own patience, and never zero, which would be for ever.
fn server_timeout(left: Duration, request_timeout: Duration) -> Duration {
    let margin = Duration::from_secs(1).min(request_timeout / 2);
    left.min(request_timeout.saturating_sub(margin)).max(Duration::from_millis(1))
}

/// The name of a change. Names are not in order: `"10"` comes after `"9"`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ChangeId(String);

impl ChangeId {
    /// A name as Pebble gives it: lower-case letters and digits. Anything else is none.
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        (!id.is_empty() && id.bytes().all(fits)).then_some(Self(id))
    }

    /// As Pebble writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
            summary: self.summary,
            err,
            logs: self.tasks.into_iter().flat_map(|task| task.log).collect(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_goes_into_a_path() {
        for id in ["7", "10", "abc1"] {
            assert_eq!(ChangeId::new(id).unwrap().to_string(), id);
        }
        for id in ["", "../7", "A", "7?", "7/wait"] {
            assert_eq!(ChangeId::new(id), None);
        }
    }

    #[test]
    fn the_server_waits_less_than_we_do() {
        let second = Duration::from_secs(1);
        assert_eq!(server_timeout(300 * second, 30 * second), 29 * second);
        assert_eq!(server_timeout(2 * second, 30 * second), 2 * second);
        assert_eq!(server_timeout(second, second / 5), second / 10);
        assert_eq!(server_timeout(Duration::ZERO, 30 * second), Duration::from_millis(1));
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
}
