//! The daemon itself: who it is, how it is, what it counts, and the plan that it has.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::budget::Charge;
use crate::client::{Client, Query};
use crate::envelope::protocol;
use crate::error::Error;
use crate::layer::fault;
use crate::layer::{Layer, Level, LogTargetKind, Override, PlanError};
use crate::limits::{METRICS_BYTES_MAX, PLAN_VALUES_MAX};
use crate::version::{Feature, Version};

impl Client {
    /// Who answers: `GET /v1/system-info`. Anyone may ask, so this is the way to see whether Pebble is there.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] if it is not.
    pub fn system_info(&self) -> Result<SystemInfo, Error> {
        let action = "read the system info";
        self.get(action, "/v1/system-info", &Query::default())?.result(action)
    }

    /// The daemon's version. Asked for once; what follows it costs nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] if nobody answers.
    pub fn version(&self) -> Result<Version, Error> {
        self.known_version().cloned()
    }

    /// Whether no check of `level` is down: `GET /v1/health`. Anyone may ask. Without a level all checks count; those of
    /// level alive count for ready, too.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    pub fn is_healthy(&self, level: Option<&Level>) -> Result<bool, Error> {
        self.health(level, &[])
    }

    /// Whether none of the named checks is down, those of `level` if there is one: `GET /v1/health`. Names that the plan
    /// does not know are ignored, and no names are healthy.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if a name has a comma, which Pebble cannot be asked for.
    pub fn are_healthy(&self, names: &[&str], level: Option<&Level>) -> Result<bool, Error> {
        if names.is_empty() { Ok(true) } else { self.health(level, names) }
    }

    fn health(&self, level: Option<&Level>, names: &[&str]) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Health {
            healthy: bool,
        }

        let action = "ask for the health";
        let mut query = Query::default().with_names(action, "names", names)?;
        if let Some(level) = level {
            query = query.with("level", level.as_str());
        }
        let health: Health = self.get(action, "/v1/health", &query)?.result(action)?;
        Ok(health.healthy)
    }

    /// What the daemon counts, as text for Prometheus: `GET /v1/metrics` (Pebble 1.19 and later). See
    /// [`Sample::parse`](crate::Sample::parse) for the values.
    ///
    /// # Errors
    ///
    /// [`Error::TooOld`], or those of the transport.
    pub fn metrics(&self) -> Result<String, Error> {
        let action = "read the metrics";
        let charge = Charge::begin(self, action, self.request_timeout())?;
        let deadline = charge.deadline();
        let mut body = self.aged(self.get_raw(action, "/v1/metrics", deadline), Feature::Metrics)?;
        let text = self.text(action, &mut *body, METRICS_BYTES_MAX, deadline)?;
        String::from_utf8(text).map_err(|_| protocol(action, "it is not UTF-8".to_owned()))
    }

    /// The plan, which is all layers folded into one: `GET /v1/plan`.
    ///
    /// What this crate does not know is left out. Pebble writes durations its own way (`60s` comes back as `1m0s`, which
    /// [`GoDuration`](crate::GoDuration) does too) and gives every check a threshold. Its YAML writer loses the line break
    /// at the beginning of a text, and may garble one with U+0085, U+2028 or U+2029 in it; services get them as they were
    /// added. Do not add a plan as a layer.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`] if we are not an administrator (Pebble 1.28 and later), or any other of the transport.
    pub fn plan(&self) -> Result<Layer, Error> {
        let action = "read the plan";
        let text: String =
            self.get(action, "/v1/plan", &Query::default().with("format", "yaml"))?.result(action)?;
        crate::layer::parse_plan(&text).map_err(|error| match error {
            PlanError::TooLarge => Error::TooLarge {
                action: action.to_owned(),
                what: "the plan",
                most: PLAN_VALUES_MAX,
                unit: "values",
            },
            PlanError::Syntax(message) => protocol(action, message),
        })
    }

    /// Adds a layer, or folds it into the one of the same label: `POST /v1/layers` with `combine`.
    ///
    /// Adding the same layer again changes nothing. (Pebble itself would append the lists of an entry with
    /// `override: merge` once more; what the plan has already is left out. An entry that is merged costs one look at the plan.) Checks and
    /// log targets change at once, services at the next [`replan`](Self::replan), and [`apply`](Self::apply) does both. Do
    /// not [`start`](Self::start) or [`autostart`](Self::autostart) in between: Pebble would then take the new
    /// configuration for applied.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] with status 400 if Pebble refuses the layer; the plan is then as it was. [`Error::Invalid`] if the
    /// label is empty or begins with `pebble-`, which is reserved, or if a check can never succeed or a service never start
    /// (see [`Check::fault`](crate::Check::fault)): that is known to kill a daemon. [`Error::TooOld`] if the layer has what this Pebble
    /// does not know.
    pub fn add_layer(&self, label: &str, layer: &Layer) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Add<'a> {
            action: &'static str,
            combine: bool,
            label: &'a str,
            format: &'static str,
            layer: String,
        }

        let action = format!("add layer {label:?}");
        if label.is_empty() || label.starts_with("pebble-") {
            let message = "the label must be neither empty nor begin with \"pebble-\"".to_owned();
            return Err(Error::Invalid { action, message });
        }
        // Older ones take it, and do nothing with it.
        if layer.log_targets.values().any(|target| target.kind == Some(LogTargetKind::Syslog)) {
            self.needs(&action, Feature::Syslog)?;
        }
        let invalid = |message: String| Error::Invalid { action: action.clone(), message };
        if let Some(fault) = fault::of_layer(layer) {
            return Err(invalid(fault));
        }
        let without_repeats;
        let layer = if fault::is_merged(layer) || grows(layer) {
            let plan = self.plan()?;
            if let Some(fault) = fault::of_merged(layer, &plan) {
                return Err(invalid(fault));
            }
            without_repeats = only_new_items(layer, &plan);
            &without_repeats
        } else {
            layer
        };
        let text = charmwright_yaml::to_text(layer).map_err(|error| Error::Invalid {
            action: action.clone(),
            message: format!("it cannot be written as JSON: {error}"),
        })?;
        let body = Add { action: "add", combine: true, label, format: "yaml", layer: text };
        let mut added = self.post(&action, "/v1/layers", &body).map(drop);
        for feature in newer_features(layer) {
            added = self.aged(added, feature);
        }
        added
    }

    /// Adds a layer and brings the services to the plan: [`add_layer`](Self::add_layer), then
    /// [`replan`](Self::replan), and waits until that has ended, all within `timeout`.
    ///
    /// A service that has to be stopped takes up to its kill delay and five seconds more, a successful start one second.
    ///
    /// # Errors
    ///
    /// Those of both, and [`Error::ChangeFailed`] if a service could not be started or stopped; it tells which of them
    /// Pebble goes on trying to start.
    pub fn apply(&self, label: &str, layer: &Layer, timeout: Duration) -> Result<crate::Change, Error> {
        let deadline = self.deadline(timeout);
        self.add_layer(label, layer)?;
        let change = self.replan()?;
        self.finished(&change, deadline)
    }

    /// Fails if the daemon's version has it not.
    pub(crate) fn needs(&self, action: &str, feature: Feature) -> Result<(), Error> {
        let version = self.known_version()?;
        if version.has(feature) {
            return Ok(());
        }
        Err(Error::TooOld { action: action.to_owned(), feature, version: version.clone() })
    }

    /// Where a daemon refused what it does not know, say so. Asks for its version only then.
    pub(crate) fn aged<T>(&self, result: Result<T, Error>, feature: Feature) -> Result<T, Error> {
        match result {
            Err(Error::Api { status: status @ (400 | 404 | 405), kind, message, action }) => {
                match self.needs(&action, feature) {
                    Err(error @ Error::TooOld { .. }) => Err(error),
                    _ => Err(Error::Api { status, kind, message, action }),
                }
            }
            result => result,
        }
    }
}

/// Whether adding the layer again would make lists longer.
fn grows(layer: &Layer) -> bool {
    let merges = |rule: Override| rule == Override::Merge;
    layer.services.values().any(|service| {
        merges(service.r#override)
            && !(service.after.is_empty() && service.before.is_empty() && service.requires.is_empty())
    }) || layer.log_targets.values().any(|target| merges(target.r#override) && !target.services.is_empty())
}

/// The layer without list items that the plan has.
pub(crate) fn only_new_items(layer: &Layer, plan: &Layer) -> Layer {
    let without = |items: &mut Vec<String>, known: &[String]| items.retain(|item| !known.contains(item));
    let mut layer = layer.clone();
    for (name, service) in layer.services.iter_mut().filter(|(_, one)| one.r#override == Override::Merge) {
        if let Some(known) = plan.services.get(name) {
            without(&mut service.after, &known.after);
            without(&mut service.before, &known.before);
            without(&mut service.requires, &known.requires);
        }
    }
    for (name, target) in layer.log_targets.iter_mut().filter(|(_, one)| one.r#override == Override::Merge) {
        if let Some(known) = plan.log_targets.get(name) {
            // The last word counts here, so a list that ends otherwise is said again.
            if known.services.ends_with(&target.services) {
                target.services.clear();
            }
        }
    }
    layer
}

/// What in the layer an older daemon refuses.
fn newer_features(layer: &Layer) -> Vec<Feature> {
    let mut features = Vec::new();
    if layer.checks.values().any(|check| check.startup.is_some()) {
        features.push(Feature::StartChecks);
    }
    if !layer.workloads.is_empty() || layer.services.values().any(|service| !service.workload.is_empty()) {
        features.push(Feature::Workloads);
    }
    if layer.log_targets.values().any(|target| target.kind == Some(LogTargetKind::OpenTelemetry)) {
        features.push(Feature::OpenTelemetry);
    }
    features
}

/// Who answers at the socket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SystemInfo {
    /// Its version, such as `v1.26.0`. A build from a checkout may say anything; see [`Version`].
    #[serde(default)]
    pub version: String,
    /// Another one after each start of the container.
    #[serde(default)]
    pub boot_id: String,
    /// Where it serves HTTP, if it does.
    #[serde(default)]
    pub http_address: Option<String>,
    /// Where it serves HTTPS, if it does (Pebble 1.22 and later).
    #[serde(default)]
    pub https_address: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{LogTarget, Service};

    fn merging(after: &[&str]) -> Service {
        Service::new("x").override_by(Override::Merge).after(after.iter().copied())
    }

    #[test]
    fn only_lists_under_merge_grow() {
        assert!(!grows(&Layer::new().service("a", Service::new("x").after(["b"]))));
        assert!(!grows(&Layer::new().service("a", merging(&[]))));
        assert!(grows(&Layer::new().service("a", merging(&["b"]))));
    }

    #[test]
    fn what_the_plan_has_is_not_added_again() {
        let plan = Layer::new().service("a", merging(&["b", "c"]));
        let added = only_new_items(&Layer::new().service("a", merging(&["c", "d"])), &plan);
        assert_eq!(added.services["a"].after, ["d"]);
        let replaced = Layer::new().service("a", Service::new("x").after(["c"]));
        assert_eq!(only_new_items(&replaced, &plan), replaced);
    }

    #[test]
    fn of_a_log_target_the_last_word_is_kept() {
        let target = |services: &[&str]| {
            let target = LogTarget::new(LogTargetKind::Loki, "http://x").override_by(Override::Merge);
            Layer::new().log_target("t", target.services(services.iter().copied()))
        };
        let plan = target(&["all", "-a"]);
        assert!(only_new_items(&target(&["-a"]), &plan).log_targets["t"].services.is_empty());
        assert_eq!(only_new_items(&target(&["all"]), &plan).log_targets["t"].services, ["all"]);
    }
}
