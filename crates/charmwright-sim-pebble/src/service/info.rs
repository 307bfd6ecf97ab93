//! What the API tells of services.

use charmwright_pebble::Startup;
use serde_json::{Value, json};

use super::State;
use crate::host::{Host, SignalTo};
use crate::pebble::Pebble;
use crate::signal::Signal;
use crate::text::quoted;

impl Pebble {
    /// The services of the plan; those of these names only, if there are any.
    pub(crate) fn services_json(&self, names: &[String]) -> Value {
        let wanted = |name: &String| names.is_empty() || names.contains(name);
        let info = |name: &String| {
            let data = self.services.get(name);
            let mut object = json!({
                "name": name,
                "startup": if self.is_enabled(name) { "enabled" } else { "disabled" },
                "current": data.map_or("inactive", |data| data.state.current()),
            });
            if let Some(since) = data.and_then(|data| data.since) {
                object["current-since"] = json!(since);
            }
            object
        };
        self.plan.services.keys().filter(|name| wanted(name)).map(info).collect()
    }

    pub(crate) fn is_enabled(&self, service: &str) -> bool {
        self.plan.services.get(service).is_some_and(|service| service.startup == Some(Startup::Enabled))
    }

    /// Sends a signal to the processes of services, and says what could not be done.
    pub(crate) fn signal_services(
        &mut self,
        names: &[String],
        signal: &str,
        host: &mut dyn Host,
    ) -> Result<(), String> {
        let mut errors = Vec::new();
        for name in names {
            let outcome = match self.services.get(name).map(|data| (data.state, data.process)) {
                Some((State::Starting | State::Running, process)) => match Signal::named(signal) {
                    None => Err(format!("invalid signal name {}", quoted(signal))),
                    Some(signal) => process.map_or_else(
                        || Err("no such process".to_owned()),
                        |process| host.signal(process, signal, SignalTo::Process),
                    ),
                },
                Some((State::Initial, _)) => Err("invalid in state \"initial\"".to_owned()),
                _ => Err("service is not running".to_owned()),
            };
            if let Err(error) = outcome {
                errors.push(format!("cannot send signal to {}: {error}", quoted(name)));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
    }

    /// The metrics of services, in the text format of Prometheus.
    pub(crate) fn service_metrics(&self, text: &mut String) {
        for (name, data) in &self.services {
            let active = u64::from(data.state.current() == "active");
            let labels = ("service", name.as_str());
            let comment = "Whether the service is currently active (1) or not (0)";
            crate::api::metric(text, "pebble_service_active", "gauge", comment, labels, active);
            let comment = "Number of times the service has started";
            crate::api::metric(text, "pebble_service_start_count", "counter", comment, labels, data.starts);
        }
    }
}
