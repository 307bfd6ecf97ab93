//! Workloads.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Override;
use super::redact::Keys;
use crate::open_enum::{null_as_default, texts};

/// A workload of a [`Layer`](super::Layer): user and environment under a name, which services refer to (Pebble 1.20 and
/// later).
///
/// Workloads belong into the layers that a container's image has: from Pebble 1.29 on none can be added to a daemon that
/// runs. Its `Debug` shows the names of the environment's variables, not their values.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Workload {
    /// How it meets a workload of the same name.
    #[serde(default)]
    pub r#override: Override,
    /// Over the environment of the daemon.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "texts")]
    pub environment: BTreeMap<String, String>,
    /// The user.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub user: String,
    /// The same as a number. Zero is root, not none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u32>,
    /// The group.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub group: String,
    /// The same as a number. Zero is root's, not none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<u32>,
}

impl Workload {
    /// A workload that replaces one of the same name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how it meets a workload of the same name.
    #[must_use]
    pub fn override_by(mut self, rule: Override) -> Self {
        self.r#override = rule;
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Sets the user.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// Sets the group.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = group.into();
        self
    }
}

impl fmt::Debug for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workload")
            .field("override", &self.r#override)
            .field("environment", &Keys(&self.environment))
            .field("user", &self.user)
            .field("user_id", &self.user_id)
            .field("group", &self.group)
            .field("group_id", &self.group_id)
            .finish()
    }
}
