//! Statuses, those that a charm sets and those that it finds.

use std::collections::BTreeMap;
use std::fmt;

use charmwright_event::UnitName;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// A status as Juju has it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundStatus {
    /// The status.
    pub kind: FoundStatusKind,
    /// The message beside it.
    pub message: String,
    /// What was set with it; charms cannot, Juju does for its own.
    pub data: BTreeMap<String, Value>,
}

/// A status that can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoundStatusKind {
    /// One that a charm may set.
    Settable(StatusKind),
    /// The charm has set none.
    Unknown,
    /// A hook failed.
    Error,
    /// The unit's place is being made.
    Allocating,
    /// The unit is gone.
    Terminated,
    /// Another word.
    Other(String),
}

/// An application's status with those of its units.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationStatus {
    /// The application's own.
    pub application: FoundStatus,
    /// Its units'.
    pub units: BTreeMap<UnitName, FoundStatus>,
}

impl FoundStatusKind {
    fn from_word(word: &str) -> Self {
        match word {
            "active" => Self::Settable(StatusKind::Active),
            "waiting" => Self::Settable(StatusKind::Waiting),
            "maintenance" => Self::Settable(StatusKind::Maintenance),
            "blocked" => Self::Settable(StatusKind::Blocked),
            "unknown" => Self::Unknown,
            "error" => Self::Error,
            "allocating" => Self::Allocating,
            "terminated" => Self::Terminated,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl FoundStatus {
    pub(crate) fn bare(word: &str) -> Self {
        Self { kind: FoundStatusKind::from_word(word), message: String::new(), data: BTreeMap::new() }
    }

    /// The status, if it is one that a charm may set.
    pub fn settable(self) -> Option<Status> {
        match self.kind {
            FoundStatusKind::Settable(kind) => Some(Status { kind, message: self.message }),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for FoundStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Answer {
            Whole {
                status: String,
                #[serde(default)]
                message: String,
                #[serde(default, rename = "status-data")]
                data: Option<BTreeMap<String, Value>>,
            },
            /// What a context that knows no statuses answers.
            Word(String),
        }
        Ok(match Answer::deserialize(deserializer)? {
            Answer::Whole { status, message, data } => {
                Self { message, data: data.unwrap_or_default(), ..Self::bare(&status) }
            }
            Answer::Word(word) => Self::bare(&word),
        })
    }
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
