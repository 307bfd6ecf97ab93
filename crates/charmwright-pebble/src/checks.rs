//! Checks as they are: listing, starting, stopping, running now.

use serde::{Deserialize, Serialize};

use crate::change::ChangeId;
use crate::client::{Client, Query};
use crate::error::Error;
use crate::layer::{Level, Startup};
use crate::open_enum::{null_as_default, open_enum};
use crate::services::some;
use crate::version::Feature;

impl Client {
    /// The named checks, sorted by name: `GET /v1/checks`. A name that the plan does not know is left out, so no names
    /// give no checks.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if a name has a comma, which Pebble cannot be asked for.
    pub fn checks(&self, names: &[&str]) -> Result<Vec<CheckInfo>, Error> {
        self.named("list checks", "/v1/checks", Query::default(), names)
    }

    /// All checks of the plan, sorted by name: `GET /v1/checks`.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    pub fn all_checks(&self) -> Result<Vec<CheckInfo>, Error> {
        let action = "list checks";
        self.get(action, "/v1/checks", &Query::default())?.list(action)
    }

    /// All checks of exactly this level, sorted by name: `GET /v1/checks`.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    pub fn checks_of_level(&self, level: &Level) -> Result<Vec<CheckInfo>, Error> {
        let action = "list checks";
        self.get(action, "/v1/checks", &Query::default().with("level", level.as_str()))?.list(action)
    }

    /// Starts the checks (Pebble 1.19 and later): `POST /v1/checks` with `start`. Returns those that did not run.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] without names, [`Error::Api`] with status 400 if one of them is not in the plan,
    /// [`Error::TooOld`].
    pub fn start_checks(&self, names: &[&str]) -> Result<Vec<String>, Error> {
        self.check_action("start", names)
    }

    /// Stops the checks (Pebble 1.19 and later): `POST /v1/checks` with `stop`. Returns those that ran.
    ///
    /// Adding any layer starts them again, unless they say `startup: disabled`. Stopping one that is down looks to Juju
    /// as if it had recovered.
    ///
    /// # Errors
    ///
    /// As for [`start_checks`](Self::start_checks).
    pub fn stop_checks(&self, names: &[&str]) -> Result<Vec<String>, Error> {
        self.check_action("stop", names)
    }

    fn check_action(&self, action: &'static str, checks: &[&str]) -> Result<Vec<String>, Error> {
        #[derive(Serialize)]
        struct Act<'a> {
            action: &'static str,
            checks: &'a [&'a str],
        }

        #[derive(Default, Deserialize)]
        struct Changed {
            // Older daemons say null for none.
            #[serde(default, deserialize_with = "null_as_default")]
            changed: Vec<String>,
        }

        let what = format!("{action} checks {}", checks.join(", "));
        let body = Act { action, checks: some(checks, &what)? };
        let answer = self.aged(self.post(&what, "/v1/checks", &body), Feature::StartChecks)?;
        Ok(answer.result::<Option<Changed>>(&what)?.unwrap_or_default().changed)
    }

    /// Runs a check now and waits for it (Pebble 1.20 and later): `POST /v1/checks/refresh`. It takes at most the check's
    /// own timeout.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] with status 404 if there is no such check, [`Error::TooOld`]. A check that fails is no error: see
    /// [`Refreshed::error`].
    pub fn refresh_check(&self, name: &str) -> Result<Refreshed, Error> {
        #[derive(Serialize)]
        struct Refresh<'a> {
            name: &'a str,
        }

        let action = format!("run check {name:?}");
        if name.is_empty() {
            return Err(Error::Invalid { action, message: "no name is given".to_owned() });
        }
        let answer = self.post(&action, "/v1/checks/refresh", &Refresh { name });
        self.aged(answer, Feature::RefreshCheck)?.result(&action)
    }
}

/// What came of running a check.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Refreshed {
    /// The check, after it.
    pub info: CheckInfo,
    /// Why it failed; none if it succeeded. It may quote what the workload said.
    #[serde(default)]
    pub error: Option<String>,
}

/// A check as it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct CheckInfo {
    /// Its name.
    pub name: String,
    /// Its level, if it has one.
    #[serde(default)]
    pub level: Option<Level>,
    /// Whether it starts on its own. Pebble before 1.19 does not tell; it then does.
    #[serde(default = "enabled")]
    pub startup: Startup,
    /// How it stands. A new check is up before it ran.
    pub status: CheckStatus,
    /// How often it failed in a row.
    #[serde(default)]
    pub failures: u64,
    /// How often it succeeded since it was last down (Pebble 1.23 and later).
    #[serde(default)]
    pub successes: Option<u64>,
    /// How many failures in a row make it down.
    #[serde(default = "three")]
    pub threshold: u64,
    /// The change that runs it (Pebble 1.11 and later). None if it is inactive.
    #[serde(default)]
    pub change_id: Option<ChangeId>,
    /// The change that ran it before that, which says when it last went up or down (Pebble 1.29 and later).
    #[serde(default)]
    pub prev_change_id: Option<ChangeId>,
}

impl CheckInfo {
    /// Whether it has run since it was started. A check is up before that, which proves nothing.
    ///
    /// None if this Pebble does not tell: one before 1.23 counts failures only.
    pub fn has_run(&self) -> Option<bool> {
        match (self.failures, self.successes) {
            (0, None) => None,
            (failures, successes) => Some(failures > 0 || successes.unwrap_or_default() > 0),
        }
    }
}

fn enabled() -> Startup {
    Startup::Enabled
}

fn three() -> u64 {
    3
}

open_enum! {
    /// How a check stands.
    pub enum CheckStatus {
        /// It succeeds, or failed less often than its threshold.
        Up = "up",
        /// It failed at least as often as its threshold.
        Down = "down",
        /// It does not run (Pebble 1.19 and later).
        Inactive = "inactive",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_of_an_older_pebble_is_read() {
        let info: CheckInfo = serde_json::from_str(r#"{"name":"up","status":"up","threshold":2}"#).unwrap();
        assert_eq!((info.failures, info.startup, info.level), (0, Startup::Enabled, None));
        let text = r#"{"name":"up","level":"ready","startup":"enabled","status":"down","failures":4,"threshold":2,"change-id":"33"}"#;
        let info: CheckInfo = serde_json::from_str(text).unwrap();
        assert_eq!(info.level, Some(Level::Ready));
        assert_eq!(info.change_id.unwrap().as_str(), "33");
    }

    #[test]
    fn a_check_that_has_not_run_proves_nothing() {
        let has_run = |text: &str| {
            let info: CheckInfo = serde_json::from_str(text).unwrap();
            info.has_run()
        };
        assert_eq!(has_run(r#"{"name":"a","status":"up","successes":0,"threshold":3}"#), Some(false));
        assert_eq!(has_run(r#"{"name":"a","status":"up","successes":2,"threshold":3}"#), Some(true));
        assert_eq!(has_run(r#"{"name":"a","status":"up","failures":1,"threshold":3}"#), Some(true));
        assert_eq!(has_run(r#"{"name":"a","status":"up","threshold":3}"#), None);
    }

    #[test]
    fn no_names_are_none_and_are_not_sent() {
        let client = Client::new("/nowhere/pebble.socket");
        assert_eq!(client.checks(&[]).unwrap(), []);
        for result in [client.start_checks(&[]), client.stop_checks(&[])] {
            assert!(matches!(result, Err(Error::Invalid { .. })));
        }
        assert!(matches!(client.refresh_check(""), Err(Error::Invalid { .. })));
    }
}
