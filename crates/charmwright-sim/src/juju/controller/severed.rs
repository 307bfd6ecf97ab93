//! A connection that is cut: how an agent dies in the middle of something.

use serde::Deserialize;
use serde_json::Value;

use super::{ApiCall, ApiError, Controller, Phase};
use crate::juju::text::json;

/// Where the agent is to die: at the next request like this.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct CrashPoint {
    /// `Facade.Method`
    pub method: String,
    /// A text that the arguments have.
    #[serde(rename = "match")]
    pub matches: String,
    /// Whether the request takes effect first.
    pub after: bool,
}

/// The method under which a crash stands among the recorded requests.
const CRASH: &str = "crash";

/// An agent has died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// At which request.
    pub method: String,
    /// Whether that took effect.
    pub after: bool,
}

impl Controller {
    /// Where the agent is to die.
    pub fn set_crash(&mut self, point: Option<CrashPoint>) {
        self.crash = point;
    }

    /// Cuts the connection: nothing is answered any more.
    pub fn sever(&mut self) {
        self.severed = true;
    }

    /// Whether the connection is cut.
    pub fn is_severed(&self) -> bool {
        self.severed
    }

    /// Another agent connects.
    pub fn reconnect(&mut self) {
        self.severed = false;
    }

    /// Whether anybody looks at the arguments of requests.
    pub(super) fn needs_args(&self) -> bool {
        self.recording || self.crash.is_some()
    }

    /// Cuts the connection if it is to be cut here.
    pub(super) fn dies_at(
        &mut self,
        method: &str,
        args: Option<&Value>,
        after: bool,
    ) -> Result<(), ApiError> {
        let hit = |point: &CrashPoint| {
            let text = || args.and_then(|args| json::encode(&args.clone().into()).ok()).unwrap_or_default();
            point.method == method && point.after == after && text().contains(&point.matches)
        };
        if !self.crash.as_ref().is_some_and(hit) {
            return Ok(());
        }
        self.crash = None;
        self.severed = true;
        if self.recording {
            let tool = if after { "after" } else { "" };
            self.calls.push(ApiCall {
                method: CRASH.to_owned(),
                args: Some(method.into()),
                error: None,
                tool: tool.to_owned(),
                phase: Phase::Context,
                at: self.now,
            });
        }
        Err(ApiError::severed())
    }
}

impl ApiCall {
    /// The crash that this is, if it is one.
    pub fn crash(&self) -> Option<Crash> {
        let method = self.args.as_ref().filter(|_| self.method == CRASH)?.as_str()?;
        Some(Crash { method: method.to_owned(), after: self.tool == "after" })
    }
}
