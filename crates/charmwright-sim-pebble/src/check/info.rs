//! What the API tells of checks.

use serde_json::{Value, json};

use super::{CheckData, CheckStatus};
use crate::api::metric;
use crate::pebble::Pebble;

impl Pebble {
    /// The checks of a level and of these names, if there are any.
    pub(crate) fn checks_json(&self, level: &str, names: &[String]) -> Value {
        let is_wanted = |(name, data): &(&String, &CheckData)| {
            (level.is_empty() || data.level == level) && (names.is_empty() || names.contains(name))
        };
        self.checks.data.iter().filter(is_wanted).map(|(name, data)| self.one_check(name, data)).collect()
    }

    /// One check.
    pub(crate) fn check_json(&self, name: &str) -> Value {
        self.checks.data.get(name).map_or(Value::Null, |data| self.one_check(name, data))
    }

    fn one_check(&self, name: &str, data: &CheckData) -> Value {
        let mut object = json!({
            "name": name,
            "startup": if data.is_disabled { "disabled" } else { "enabled" },
            "status": data.status.as_str(),
            "threshold": data.threshold,
        });
        if !data.level.is_empty() {
            object["level"] = data.level.as_str().into();
        }
        if self.settings.since(23) {
            object["successes"] = data.successes.into();
        }
        if data.failures > 0 {
            object["failures"] = data.failures.into();
        }
        if let Some(change) = data.change {
            object["change-id"] = change.to_string().into();
        }
        if let Some(change) = data.last_change.filter(|_| self.settings.since(29)) {
            object["prev-change-id"] = change.to_string().into();
        }
        object
    }

    /// Whether no check of this level and these names is down.
    pub(crate) fn is_healthy(&self, level: &str, names: &[String]) -> bool {
        self.checks.data.iter().all(|(name, data)| {
            let of_level =
                level.is_empty() || level == data.level || level == "ready" && data.level == "alive";
            let of_names = names.is_empty() || names.contains(name);
            !(of_level && of_names && data.status == CheckStatus::Down)
        })
    }

    /// The metrics of checks, in the text format of Prometheus.
    pub(crate) fn check_metrics(&self, text: &mut String) {
        for (name, data) in &self.checks.data {
            let labels = ("check", name.as_str());
            if data.status != CheckStatus::Inactive {
                let comment = "Whether the health check is up (1) or not (0)";
                let is_up = u64::from(data.status == CheckStatus::Up);
                metric(text, "pebble_check_up", "gauge", comment, labels, is_up);
            }
            let comment = "Number of times the check has succeeded";
            metric(text, "pebble_check_success_count", "counter", comment, labels, data.succeeded);
            let comment = "Number of times the check has failed";
            metric(text, "pebble_check_failure_count", "counter", comment, labels, data.failed);
        }
    }
}
