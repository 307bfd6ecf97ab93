use std::fmt;

use serde::{Deserialize, Serialize};

/// The workload statuses that a charm may set, from the least to the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusKind {
    /// All is as it should be.
    Active,
    /// Something is missing that will come without a person.
    Waiting,
    /// Work goes on.
    Maintenance,
    /// A person must act.
    Blocked,
}

/// A workload status with its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The status.
    pub kind: StatusKind,
    /// What `juju status` shows beside it.
    pub message: String,
}

impl Status {
    /// Active, without a message.
    pub fn active() -> Self {
        Self { kind: StatusKind::Active, message: String::new() }
    }
}

impl StatusKind {
    /// The word that `status-set` takes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Maintenance => "maintenance",
            Self::Blocked => "blocked",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => f.write_str(self.kind.as_str()),
            message => write!(f, "{}: {message}", self.kind.as_str()),
        }
    }
}
