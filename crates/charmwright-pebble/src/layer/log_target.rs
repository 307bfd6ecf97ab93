//! Log targets.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::redact::Url;
use super::{Override, strings};
use crate::open_enum::{null_as_default, open_enum, texts};

/// A log target of a [`Layer`](super::Layer): where Pebble sends the output of services.
///
/// It takes effect when its layer is added, without a replan. To end forwarding, replace it by one without services. Its
/// `Debug` does not show a password in the location.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LogTarget {
    /// How it meets a log target of the same name.
    #[serde(default)]
    pub r#override: Override,
    /// Who takes the logs there.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<LogTargetKind>,
    /// The URL.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub location: String,
    /// Whose output is sent: `name`, `-name`, `all`, `-all`. The last that fits decides; without any, nothing is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub services: Vec<String>,
    /// Labels of what is sent. `$NAME` is a variable of the service's environment in the plan.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "texts")]
    pub labels: BTreeMap<String, String>,
}

impl LogTarget {
    /// A log target that replaces one of the same name. It takes no logs until it is given services.
    pub fn new(kind: LogTargetKind, location: impl Into<String>) -> Self {
        Self {
            r#override: Override::Replace,
            kind: Some(kind),
            location: location.into(),
            services: Vec::new(),
            labels: BTreeMap::new(),
        }
    }

    /// Sets how it meets a log target of the same name.
    #[must_use]
    pub fn override_by(mut self, rule: Override) -> Self {
        self.r#override = rule;
        self
    }

    /// Sets whose output is sent.
    #[must_use]
    pub fn services<I: IntoIterator<Item: Into<String>>>(mut self, names: I) -> Self {
        self.services = strings(names);
        self
    }

    /// Sets a label.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }
}

impl fmt::Debug for LogTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogTarget")
            .field("override", &self.r#override)
            .field("kind", &self.kind)
            .field("location", &Url(&self.location))
            .field("services", &self.services)
            .field("labels", &self.labels)
            .finish()
    }
}

open_enum! {
    /// Who takes logs.
    pub enum LogTargetKind {
        /// Loki (Pebble 1.4 and later).
        Loki = "loki",
        /// An OpenTelemetry collector (Pebble 1.24 and later).
        OpenTelemetry = "opentelemetry",
        /// Syslog (Pebble 1.27 and later).
        Syslog = "syslog",
    }
}
