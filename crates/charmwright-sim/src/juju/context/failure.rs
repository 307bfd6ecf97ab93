//! Why the agent could not do what a hook command asked for.

use std::fmt;

use crate::juju::controller::ApiError;

/// What sort of failure it is, where Juju looks at that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// Nothing looks at it.
    Other,
    /// It is not there.
    NotFound,
    /// It is not there yet.
    NotProvisioned,
    /// This Juju or this model cannot.
    NotSupported,
    /// A value is not as it must be.
    NotValid,
    /// It is there already.
    AlreadyExists,
    /// The unit may not.
    Unauthorized,
    /// The charm asked for a reboot when it has ended.
    Reboot,
    /// The charm asked for a reboot at once, and for its hook to be run again.
    RequeueAndReboot,
    /// The charm has no script for it.
    MissingHook,
    /// There is no process to end.
    NoProcess,
}

/// A failure in Juju's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    message: String,
    kind: FailureKind,
}

impl Failure {
    /// A failure that nothing looks at.
    pub fn new(message: impl Into<String>) -> Self {
        Self::of_kind(FailureKind::Other, message)
    }

    /// A failure of a kind.
    pub fn of_kind(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { message: message.into(), kind }
    }

    /// `<what> not found`
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::of_kind(FailureKind::NotFound, format!("{what} not found"))
    }

    /// `<what> not valid`
    pub fn not_valid(what: impl fmt::Display) -> Self {
        Self::of_kind(FailureKind::NotValid, format!("{what} not valid"))
    }

    /// What a command says that only leaders may run.
    pub fn not_leader() -> Self {
        Self::new("this unit is not the leader")
    }

    /// The kind.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Whether something is not there.
    pub fn is_not_found(&self) -> bool {
        self.kind == FailureKind::NotFound
    }

    /// Whether something is not there yet.
    pub fn is_not_provisioned(&self) -> bool {
        self.kind == FailureKind::NotProvisioned
    }

    /// The same failure, with what was being done before it: `<doing>: <message>`.
    #[must_use]
    pub fn while_doing(self, doing: impl fmt::Display) -> Self {
        Self { message: format!("{doing}: {}", self.message), kind: self.kind }
    }
}

impl Failure {
    /// The agent's own view of an error of the controller, where it takes the trouble of finding out the kind.
    pub fn restored(error: ApiError) -> Self {
        let kind = match error.code {
            "not found" => FailureKind::NotFound,
            "not provisioned" => FailureKind::NotProvisioned,
            "not supported" => FailureKind::NotSupported,
            "not valid" => FailureKind::NotValid,
            "already exists" => FailureKind::AlreadyExists,
            "unauthorized access" => FailureKind::Unauthorized,
            _ => FailureKind::Other,
        };
        Self::of_kind(kind, error.message)
    }
}

/// The agent's own view of an error that the controller sent as part of a result: the kind is lost.
impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::new(error.to_string())
    }
}
