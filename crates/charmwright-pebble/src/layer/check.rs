//! Checks.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::redact::{Keys, Url};
use super::{GoDuration, Override, Startup};
use crate::open_enum::{null_as_default, open_enum, texts};

/// A check of a [`Layer`](super::Layer): what Pebble tries every now and then, and holds for up or down.
///
/// It starts when its layer is added, without a replan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Check {
    /// How it meets a check of the same name.
    #[serde(default)]
    pub r#override: Override,
    /// Which question of health it answers. Pebble's default: neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Whether it starts on its own (Pebble 1.19 and later). Pebble's default: enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Startup>,
    /// How often it is tried, for the first time after one period. Pebble's default: 10 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<GoDuration>,
    /// How long it may take, at most one period. Pebble's default: 3 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<GoDuration>,
    /// How many failures in a row make it down. Pebble's default: 3, which a plan always shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u64>,
    /// Ask a URL. A check has exactly one of `http`, `tcp` and `exec`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpCheck>,
    /// Connect to a port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpCheck>,
    /// Run a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecCheck>,
}

impl Check {
    /// A check that a URL answers with success (2xx). Takes a URL or an [`HttpCheck`].
    pub fn http(check: impl Into<HttpCheck>) -> Self {
        Self { http: Some(check.into()), ..Self::default() }
    }

    /// A check that a port takes connections. Takes a port or a [`TcpCheck`].
    pub fn tcp(check: impl Into<TcpCheck>) -> Self {
        Self { tcp: Some(check.into()), ..Self::default() }
    }

    /// A check that a command exits with code 0. Takes a command or an [`ExecCheck`].
    pub fn exec(check: impl Into<ExecCheck>) -> Self {
        Self { exec: Some(check.into()), ..Self::default() }
    }

    /// Sets how it meets a check of the same name.
    #[must_use]
    pub fn override_by(mut self, rule: Override) -> Self {
        self.r#override = rule;
        self
    }

    /// Sets which question of health it answers.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Sets whether it starts on its own.
    #[must_use]
    pub fn startup(mut self, startup: Startup) -> Self {
        self.startup = Some(startup);
        self
    }

    /// Sets how often it is tried.
    #[must_use]
    pub fn period(mut self, period: Duration) -> Self {
        self.period = Some(period.into());
        self
    }

    /// Sets how long it may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout.into());
        self
    }

    /// Sets how many failures in a row make it down.
    #[must_use]
    pub fn threshold(mut self, threshold: u64) -> Self {
        self.threshold = Some(threshold);
        self
    }
}

/// Asks a URL. Its `Debug` shows neither the values of headers nor a password in the URL.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct HttpCheck {
    /// The URL. Redirects are followed.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub url: String,
    /// Headers of the request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "texts")]
    pub headers: BTreeMap<String, String>,
}

impl HttpCheck {
    /// Asks `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), headers: BTreeMap::new() }
    }

    /// Sets a header of the request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }
}

impl<T: Into<String>> From<T> for HttpCheck {
    fn from(url: T) -> Self {
        Self::new(url)
    }
}

impl fmt::Debug for HttpCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCheck")
            .field("url", &Url(&self.url))
            .field("headers", &Keys(&self.headers))
            .finish()
    }
}

/// Connects to a port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct TcpCheck {
    /// The port.
    #[serde(default, deserialize_with = "null_as_default")]
    pub port: u16,
    /// The host. Pebble's default: localhost.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub host: String,
}

impl TcpCheck {
    /// Connects to `port` of this host.
    pub fn new(port: u16) -> Self {
        Self { port, host: String::new() }
    }

    /// Sets the host.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }
}

impl From<u16> for TcpCheck {
    fn from(port: u16) -> Self {
        Self::new(port)
    }
}

/// Runs a command. Its `Debug` shows the names of the environment's variables, not their values.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ExecCheck {
    /// What runs. Quotes work as in a shell, but there is no shell.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub command: String,
    /// The service whose environment, user and directory it has, as far as they are not given here.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub service_context: String,
    /// Over the environment of the daemon.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "texts")]
    pub environment: BTreeMap<String, String>,
    /// The user it runs as.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub user: String,
    /// The same as a number. Zero is root, not none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u32>,
    /// The group it runs as.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub group: String,
    /// The same as a number. Zero is root's, not none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<u32>,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub working_dir: String,
}

impl ExecCheck {
    /// Runs `command`.
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), ..Self::default() }
    }

    /// Sets the service whose environment, user and directory it has.
    #[must_use]
    pub fn service_context(mut self, service: impl Into<String>) -> Self {
        self.service_context = service.into();
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
}

impl<T: Into<String>> From<T> for ExecCheck {
    fn from(command: T) -> Self {
        Self::new(command)
    }
}

impl fmt::Debug for ExecCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecCheck")
            .field("command", &self.command)
            .field("service_context", &self.service_context)
            .field("environment", &Keys(&self.environment))
            .field("user", &self.user)
            .field("user_id", &self.user_id)
            .field("group", &self.group)
            .field("group_id", &self.group_id)
            .field("working_dir", &self.working_dir)
            .finish()
    }
}

open_enum! {
    /// Which question of health a check answers.
    pub enum Level {
        /// Is it alive? If not, Kubernetes restarts the container.
        Alive = "alive",
        /// Is it ready for traffic? An alive check answers this too.
        Ready = "ready",
    }
}
