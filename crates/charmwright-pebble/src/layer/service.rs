//! Services.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::redact::Keys;
use super::{GoDuration, Override, Startup, strings};
use crate::open_enum::{null_as_default, open_enum, texts};

/// A service of a [`Layer`](super::Layer).
///
/// Any difference makes Pebble restart it at the next replan, also one in `summary`, and also a default written out. An
/// empty text or list is as good as none and is not written. Its `Debug` shows the names of the environment's variables,
/// not their values; the command is shown, so keep secrets out of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Service {
    /// How it meets a service of the same name.
    #[serde(default)]
    pub r#override: Override,
    /// What runs. Quotes work as in a shell, but there is no shell.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub command: String,
    /// One line for people.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub summary: String,
    /// More for people.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub description: String,
    /// Whether it starts on its own. Pebble's default: disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Startup>,
    /// Services that start before it, if they start with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub after: Vec<String>,
    /// Services that start after it, if they start with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub before: Vec<String>,
    /// Services that start with it, and with which it stops.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub requires: Vec<String>,
    /// Over the environment of the daemon.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "texts")]
    pub environment: BTreeMap<String, String>,
    /// The user it runs as. Pebble's default: the daemon's.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub user: String,
    /// The same as a number. Zero is root, not none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u32>,
    /// The group it runs as. Pebble's default: the user's first.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub group: String,
    /// The same as a number. Zero is root's, not none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<u32>,
    /// The workload that it belongs to (Pebble 1.20 and later). Excludes users and groups.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub workload: String,
    /// Where it runs. Pebble's default: where the daemon does.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub working_dir: String,
    /// What follows an exit with code 0. Pebble's default: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_success: Option<OnExit>,
    /// What follows any other exit. Pebble's default: restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnExit>,
    /// What follows when a check goes down, by the name of the check. Pebble's default: nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub on_check_failure: BTreeMap<String, OnExit>,
    /// How long the first restart waits. Pebble's default: 500 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff_delay: Option<GoDuration>,
    /// How much longer each next one waits. Pebble's default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff_factor: Option<BackoffFactor>,
    /// How long a restart waits at most. Pebble's default: 30 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff_limit: Option<GoDuration>,
    /// How long it may take to end before it is killed. Pebble's default: 5 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill_delay: Option<GoDuration>,
}

impl Service {
    /// A service that runs `command` and replaces one of the same name.
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), ..Self::default() }
    }

    /// Sets how it meets a service of the same name.
    #[must_use]
    pub fn override_by(mut self, rule: Override) -> Self {
        self.r#override = rule;
        self
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

    /// Sets whether it starts on its own.
    #[must_use]
    pub fn startup(mut self, startup: Startup) -> Self {
        self.startup = Some(startup);
        self
    }

    /// Sets the services that start before it.
    #[must_use]
    pub fn after<I: IntoIterator<Item: Into<String>>>(mut self, names: I) -> Self {
        self.after = strings(names);
        self
    }

    /// Sets the services that start after it.
    #[must_use]
    pub fn before<I: IntoIterator<Item: Into<String>>>(mut self, names: I) -> Self {
        self.before = strings(names);
        self
    }

    /// Sets the services that it needs.
    #[must_use]
    pub fn requires<I: IntoIterator<Item: Into<String>>>(mut self, names: I) -> Self {
        self.requires = strings(names);
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Sets several variables of the environment, beside those that are set.
    #[must_use]
    pub fn envs<K: Into<String>, V: Into<String>>(mut self, all: impl IntoIterator<Item = (K, V)>) -> Self {
        self.environment.extend(all.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Sets the user.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// Sets the user by number.
    #[must_use]
    pub fn user_id(mut self, id: u32) -> Self {
        self.user_id = Some(id);
        self
    }

    /// Sets the group.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = group.into();
        self
    }

    /// Sets the group by number.
    #[must_use]
    pub fn group_id(mut self, id: u32) -> Self {
        self.group_id = Some(id);
        self
    }

    /// Sets the directory that it runs in.
    #[must_use]
    pub fn working_dir(mut self, dir: impl Into<String>) -> Self {
        self.working_dir = dir.into();
        self
    }

    /// Sets what follows an exit with code 0.
    #[must_use]
    pub fn on_success(mut self, action: OnExit) -> Self {
        self.on_success = Some(action);
        self
    }

    /// Sets what follows any other exit.
    #[must_use]
    pub fn on_failure(mut self, action: OnExit) -> Self {
        self.on_failure = Some(action);
        self
    }

    /// Sets what follows when `check` goes down.
    #[must_use]
    pub fn on_check_failure(mut self, check: impl Into<String>, action: OnExit) -> Self {
        self.on_check_failure.insert(check.into(), action);
        self
    }

    /// Sets how long the first restart waits.
    #[must_use]
    pub fn backoff_delay(mut self, delay: Duration) -> Self {
        self.backoff_delay = Some(delay.into());
        self
    }

    /// Sets how much longer each next restart waits, at least 1.
    #[must_use]
    pub fn backoff_factor(mut self, factor: f64) -> Self {
        self.backoff_factor = Some(BackoffFactor(factor));
        self
    }

    /// Sets how long a restart waits at most.
    #[must_use]
    pub fn backoff_limit(mut self, limit: Duration) -> Self {
        self.backoff_limit = Some(limit.into());
        self
    }

    /// Sets how long it may take to end before it is killed.
    #[must_use]
    pub fn kill_delay(mut self, delay: Duration) -> Self {
        self.kill_delay = Some(delay.into());
        self
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("override", &self.r#override)
            .field("command", &self.command)
            .field("summary", &self.summary)
            .field("description", &self.description)
            .field("startup", &self.startup)
            .field("after", &self.after)
            .field("before", &self.before)
            .field("requires", &self.requires)
            .field("environment", &Keys(&self.environment))
            .field("user", &self.user)
            .field("user_id", &self.user_id)
            .field("group", &self.group)
            .field("group_id", &self.group_id)
            .field("workload", &self.workload)
            .field("working_dir", &self.working_dir)
            .field("on_success", &self.on_success)
            .field("on_failure", &self.on_failure)
            .field("on_check_failure", &self.on_check_failure)
            .field("backoff_delay", &self.backoff_delay)
            .field("backoff_factor", &self.backoff_factor)
            .field("backoff_limit", &self.backoff_limit)
            .field("kill_delay", &self.kill_delay)
            .finish()
    }
}

open_enum! {
    /// What follows when a service exits, or a check goes down.
    pub enum OnExit {
        /// Start it again, later and later.
        Restart = "restart",
        /// End the daemon, and with it the container: as a failure, unless the service succeeded.
        Shutdown = "shutdown",
        /// End the daemon as a success.
        SuccessShutdown = "success-shutdown",
        /// End the daemon as a failure.
        FailureShutdown = "failure-shutdown",
        /// Nothing.
        Ignore = "ignore",
    }
}

/// A factor that can be compared: two are equal if their bits are.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BackoffFactor(pub f64);

impl PartialEq for BackoffFactor {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for BackoffFactor {}
