//! Layers: what Pebble is told to run, watch and forward.

mod check;
mod command;
mod duration;
pub(crate) mod fault;
mod log_target;
mod merge;
mod onto;
mod parse;
pub(crate) mod redact;
mod service;
mod stack;
mod text;
mod url;
mod validate;
mod workload;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

pub use self::check::{Check, ExecCheck, HttpCheck, Level, TcpCheck};
pub use self::command::{Command, CommandError};
pub use self::duration::GoDuration;
pub use self::log_target::{LogTarget, LogTargetKind};
pub use self::service::{BackoffFactor, OnExit, Service};
pub use self::stack::Layers;
pub(crate) use self::text::{PlanError, parse_plan};
pub use self::validate::{LayerError, LayerErrorKind};
pub use self::workload::Workload;
use crate::open_enum::null_as_default;

/// A layer, or the plan that the layers make.
///
/// What is unset is not written, and collections are ordered: the text depends on the content alone.
///
/// ```
/// use std::time::Duration;
///
/// use charmwright_pebble::{Check, Layer, Level, Service, Startup};
///
/// let layer = Layer::new()
///     .service("web", Service::new("/bin/web --port 80").startup(Startup::Enabled).env("LEVEL", "info"))
///     .check("up", Check::http("http://localhost:80/health").level(Level::Ready).period(Duration::from_secs(5)));
/// assert_eq!(layer.services["web"].environment["LEVEL"], "info");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Layer {
    /// One line for people. Not part of a plan.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub summary: String,
    /// More for people. Not part of a plan.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub description: String,
    /// The services by name. A name is not empty, does not begin with `-`, and is not `pebble`; `all` means something to
    /// log targets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub services: BTreeMap<String, Service>,
    /// The checks by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub checks: BTreeMap<String, Check>,
    /// The log targets by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub log_targets: BTreeMap<String, LogTarget>,
    /// The workloads by name (Pebble 1.20 and later).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub workloads: BTreeMap<String, Workload>,
}

impl Layer {
    /// A layer without anything in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the summary.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds a service, in place of one of the same name.
    #[must_use]
    pub fn service(mut self, name: impl Into<String>, service: Service) -> Self {
        self.services.insert(name.into(), service);
        self
    }

    /// Adds a check, in place of one of the same name.
    #[must_use]
    pub fn check(mut self, name: impl Into<String>, check: Check) -> Self {
        self.checks.insert(name.into(), check);
        self
    }

    /// Adds a log target, in place of one of the same name.
    #[must_use]
    pub fn log_target(mut self, name: impl Into<String>, target: LogTarget) -> Self {
        self.log_targets.insert(name.into(), target);
        self
    }

    /// Adds a workload, in place of one of the same name.
    #[must_use]
    pub fn workload(mut self, name: impl Into<String>, workload: Workload) -> Self {
        self.workloads.insert(name.into(), workload);
        self
    }
}

/// How an entry meets one of the same name in a layer below, or in the same layer as it was before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Override {
    /// It takes its place. What the constructors choose, because adding it again changes nothing.
    #[default]
    Replace,
    /// It is merged into it. Lists grow each time the layer is added, and nothing can be unset.
    Merge,
}

/// Whether something starts on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Startup {
    /// It does.
    Enabled,
    /// It waits to be started. Pebble takes every word but `enabled` for this.
    Disabled,
}

impl<'de> Deserialize<'de> for Startup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(if text == "enabled" { Self::Enabled } else { Self::Disabled })
    }
}

fn strings<I>(items: I) -> Vec<String>
where
    I: IntoIterator,
    I::Item: Into<String>,
{
    items.into_iter().map(Into::into).collect()
}
