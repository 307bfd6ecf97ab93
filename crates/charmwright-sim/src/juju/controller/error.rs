//! What can go wrong with a controller.

use std::fmt;

/// A text that describes no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It has not the shape of one.
    #[error("{0}")]
    Shape(#[from] serde_json::Error),
    /// It says something impossible.
    #[error("{0}")]
    Content(String),
}

/// An error that the controller answers, in Juju's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The text.
    pub message: String,
    /// The kind of error: `not found`, `unauthorized access` … or `""`.
    pub code: &'static str,
}

impl ApiError {
    /// An error without a kind.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: "" }
    }

    fn of_kind(code: &'static str, message: impl Into<String>) -> Self {
        Self { message: message.into(), code }
    }

    /// `permission denied`, with which the controller also hides what is not there.
    pub fn denied() -> Self {
        Self::of_kind("unauthorized access", "permission denied")
    }

    /// `<what> not found`
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::of_kind("not found", format!("{what} not found"))
    }

    /// `<what> not valid`
    pub fn not_valid(what: impl fmt::Display) -> Self {
        Self::of_kind("not valid", format!("{what} not valid"))
    }

    /// A value that is not as it must be, in words of its own.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::of_kind("not valid", message)
    }

    /// `<what> not provisioned`
    pub fn not_provisioned(what: impl fmt::Display) -> Self {
        Self::of_kind("not provisioned", format!("{what} not provisioned"))
    }

    /// `<what> not supported`
    pub fn not_supported(what: impl fmt::Display) -> Self {
        Self::of_kind("not supported", format!("{what} not supported"))
    }

    /// `<what> already exists`
    pub fn already_exists(what: impl fmt::Display) -> Self {
        Self::of_kind("already exists", format!("{what} already exists"))
    }

    /// What may not be.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::of_kind("forbidden", message)
    }

    /// A limit that was passed.
    pub fn quota(message: impl Into<String>) -> Self {
        Self::of_kind("quota limit exceeded", message)
    }

    /// An address that there is not.
    pub fn no_address(unit: &str, kind: &str) -> Self {
        Self::of_kind("no address set", format!("{} has no {kind} address set", super::quoted(unit)))
    }

    /// A unit without a machine.
    pub fn not_assigned(unit: &str) -> Self {
        Self::of_kind("not assigned", format!("unit {} is not assigned to a machine", super::quoted(unit)))
    }

    /// A relation that the unit comes too late for.
    pub fn cannot_enter_scope() -> Self {
        Self::of_kind("cannot enter scope", "cannot enter scope: unit or relation is not alive")
    }

    /// The connection to the controller is gone.
    pub fn severed() -> Self {
        Self::new("connection is shut down")
    }

    /// Whether what was asked about is not there, or hidden, which Juju takes for the same.
    pub fn is_gone(&self) -> bool {
        matches!(self.code, "not found" | "unauthorized access")
    }

    /// The same error, with what was being done before it: `<doing>: <message>`.
    #[must_use]
    pub fn while_doing(self, doing: impl fmt::Display) -> Self {
        Self { message: format!("{doing}: {}", self.message), code: self.code }
    }

    /// How it reads if it is the answer to the request as a whole, and not part of a result: the kind is said too.
    #[must_use]
    pub fn of_request(self) -> Self {
        if self.code.is_empty() {
            return self;
        }
        Self { message: format!("{} ({})", self.message, self.code), code: self.code }
    }
}
