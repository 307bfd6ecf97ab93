//! Services as they are: listing, starting, stopping, signalling.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::change::{Change, ChangeId, ChangesIn, Task};
use crate::client::{Client, Deadline, Query};
use crate::error::Error;
use crate::layer::Startup;
use crate::open_enum::open_enum;

impl Client {
    /// The named services, sorted by name: `GET /v1/services`. A name that the plan does not know is left out, so no
    /// names give no services.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if a name has a comma, which Pebble cannot be asked for.
    pub fn services(&self, names: &[&str]) -> Result<Vec<ServiceInfo>, Error> {
        self.named("list services", "/v1/services", Query::default(), names)
    }

    /// All services of the plan, sorted by name: `GET /v1/services`.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    pub fn all_services(&self) -> Result<Vec<ServiceInfo>, Error> {
        let action = "list services";
        self.get(action, "/v1/services", &Query::default())?.list(action)
    }

    /// Brings the services to the plan: `POST /v1/services` with `replan`. This is how a layer is applied.
    ///
    /// A service that runs with another configuration is restarted, one with `startup: enabled` that does not run is
    /// started, and so are stopped checks. With nothing to do the change is done at once.
    ///
    /// # Errors
    ///
    /// Those of the transport. How the change ends is told by [`wait_change`](Self::wait_change).
    pub fn replan(&self) -> Result<ChangeId, Error> {
        self.service_action("replan", &[])
    }

    /// Starts every service with `startup: enabled`: `POST /v1/services` with `autostart`.
    ///
    /// To apply a layer use [`replan`](Self::replan): this hides a changed configuration from it.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] of kind `no-default-services` if no service is enabled.
    pub fn autostart(&self) -> Result<ChangeId, Error> {
        self.service_action("autostart", &[])
    }

    /// Starts the services and what they require: `POST /v1/services` with `start`. One that runs is left alone.
    ///
    /// A successful start takes at least a second: Pebble watches that long whether the service stays.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] without names, [`Error::Api`] with status 400 if one of them is not in the plan.
    pub fn start(&self, names: &[&str]) -> Result<ChangeId, Error> {
        self.service_action("start", some(names, "start services")?)
    }

    /// Stops the services and what requires them: `POST /v1/services` with `stop`. It takes up to the kill delay and five
    /// seconds.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] without names, [`Error::Api`] with status 400 if one of them is not in the plan.
    pub fn stop(&self, names: &[&str]) -> Result<ChangeId, Error> {
        self.service_action("stop", some(names, "stop services")?)
    }

    /// Stops exactly these services, then starts them and what they require: `POST /v1/services` with `restart`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] without names, [`Error::Api`] with status 400 if one of them is not in the plan.
    pub fn restart(&self, names: &[&str]) -> Result<ChangeId, Error> {
        self.service_action("restart", some(names, "restart services")?)
    }

    /// Starts the services, and what they require, and waits until they run, all within `timeout`.
    ///
    /// One that is still being stopped, which Pebble would refuse to start, is waited for first.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start), and [`Error::ChangeFailed`] if one of them could not be started, or exited within
    /// its first second: even with code 0. It tells which of them Pebble goes on trying to start.
    pub fn start_and_wait(&self, names: &[&str], timeout: Duration) -> Result<Change, Error> {
        let deadline = self.deadline(timeout);
        self.wait_for_stops(names, deadline)?;
        self.finished(&self.start(names)?, deadline)
    }

    /// Stops the services, and what requires them, and waits until their processes have ended, all within `timeout`.
    ///
    /// Pebble calls a stop done while another stop of the service is still at work; that one is waited for, too.
    ///
    /// # Errors
    ///
    /// Those of [`stop`](Self::stop), and [`Error::ChangeFailed`] if a process does not end even when it is killed.
    pub fn stop_and_wait(&self, names: &[&str], timeout: Duration) -> Result<Change, Error> {
        let deadline = self.deadline(timeout);
        let change = self.finished(&self.stop(names)?, deadline)?;
        self.wait_for_stops(names, deadline)?;
        Ok(change)
    }

    /// Stops exactly these services, starts them and what they require, and waits until they run, all within `timeout`.
    ///
    /// # Errors
    ///
    /// As for [`start_and_wait`](Self::start_and_wait).
    pub fn restart_and_wait(&self, names: &[&str], timeout: Duration) -> Result<Change, Error> {
        let deadline = self.deadline(timeout);
        self.wait_for_stops(names, deadline)?;
        self.finished(&self.restart(names)?, deadline)
    }

    /// Waits for all that stops one of these services at this time, whoever asked for it.
    fn wait_for_stops(&self, names: &[&str], deadline: Deadline<'_>) -> Result<(), Error> {
        let about = |text: &str| names.iter().any(|name| text.contains(&format!("{name:?}")));
        for change in self.changes(ChangesIn::Progress, None)? {
            let stops = |task: &Task| task.kind == "stop" && !task.status.is_final() && about(&task.summary);
            if change.tasks.iter().any(stops) {
                self.wait_until(&change.id, deadline)?;
            }
        }
        Ok(())
    }

    /// Sends a signal to the main process of each service: `POST /v1/signals`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] without names or if the signal does not begin with `SIG`; [`Error::Api`] if the signal or a
    /// service is unknown or one does not run. Others may have got the signal by then.
    pub fn signal(&self, signal: &str, names: &[&str]) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Send<'a> {
            signal: &'a str,
            services: &'a [&'a str],
        }

        let action = format!("send {signal} to services");
        if !signal.starts_with("SIG") {
            let message = "the name of a signal begins with SIG, as in SIGHUP".to_owned();
            return Err(Error::Invalid { action, message });
        }
        let services = some(names, &action)?;
        self.post(&action, "/v1/signals", &Send { signal, services }).map(drop)
    }

    fn service_action(&self, action: &'static str, services: &[&str]) -> Result<ChangeId, Error> {
        #[derive(Serialize)]
        struct Act<'a> {
            action: &'static str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            services: &'a [&'a str],
        }

        let what = match services {
            [] => format!("{action} services"),
            names => format!("{action} {}", names.join(", ")),
        };
        self.post(&what, "/v1/services", &Act { action, services })?.change(&what)
    }
}

pub(crate) fn some<'a>(names: &'a [&'a str], action: &str) -> Result<&'a [&'a str], Error> {
    if names.is_empty() {
        return Err(Error::Invalid { action: action.to_owned(), message: "no names are given".to_owned() });
    }
    Ok(names)
}

/// A service as it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ServiceInfo {
    /// Its name.
    pub name: String,
    /// Whether it starts on its own.
    pub startup: Startup,
    /// What it does now.
    pub current: ServiceStatus,
    /// Since when, as RFC 3339 in the daemon's time zone. None if it was never started.
    #[serde(default)]
    pub current_since: Option<String>,
}

impl ServiceInfo {
    /// Starting or running.
    pub fn is_running(&self) -> bool {
        self.current == ServiceStatus::Active
    }
}

open_enum! {
    /// What a service does now.
    pub enum ServiceStatus {
        /// It starts or runs.
        Active = "active",
        /// It was never started, stops, was stopped, or could not be executed.
        Inactive = "inactive",
        /// It exited and will be started again.
        Backoff = "backoff",
        /// It exited with an error and stays so.
        Error = "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_names_are_none_and_are_not_sent() {
        let client = Client::new("/nowhere/pebble.socket");
        assert_eq!(client.services(&[]).unwrap(), []);
        for result in [client.start(&[]), client.stop(&[]), client.restart(&[])] {
            assert!(matches!(result, Err(Error::Invalid { .. })));
        }
        assert!(matches!(client.signal("SIGHUP", &[]), Err(Error::Invalid { .. })));
        assert!(matches!(client.signal("HUP", &["web"]), Err(Error::Invalid { .. })));
        assert!(matches!(client.services(&["a,b"]), Err(Error::Invalid { .. })));
        assert!(matches!(client.services(&[""]), Err(Error::Invalid { .. })));
    }

    #[test]
    fn a_service_of_a_newer_pebble_is_read() {
        let text = r#"{"name":"web","startup":"on-demand","current":"dozing","new":1}"#;
        let info: ServiceInfo = serde_json::from_str(text).unwrap();
        assert_eq!(info.startup, Startup::Disabled);
        assert_eq!(info.current, ServiceStatus::Other("dozing".to_owned()));
        assert_eq!(info.current_since, None);
    }
}
