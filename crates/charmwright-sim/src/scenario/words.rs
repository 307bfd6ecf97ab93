//! What some steps need to be told.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::model::Bag;

/// What the other side of a relation has. Bags are merged, and an empty value deletes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteData {
    /// Our endpoint.
    pub endpoint: String,
    /// The other application.
    pub with: String,
    /// Its units and what they write; `null` if one leaves.
    #[serde(default)]
    pub units: BTreeMap<String, Option<Bag>>,
    /// What its leader writes.
    pub bag: Option<Bag>,
}

impl fmt::Display for RemoteData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (unit, bag) in &self.units {
            let what = if bag.is_some() { "is there and writes" } else { "leaves" };
            parts.push(format!("{unit} {what}"));
        }
        if self.bag.is_some() {
            parts.push(format!("{} writes", self.with));
        }
        f.write_str(&parts.join(", "))
    }
}

/// What the leader writes into our application's bag.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnBag {
    /// Our endpoint, that of a peer relation.
    pub endpoint: String,
    /// What.
    pub bag: Bag,
}

/// A check of a container.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckOf {
    /// The container.
    pub container: String,
    /// The check.
    pub check: String,
}

/// A custom notice of a container.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeOf {
    /// The container.
    pub container: String,
    /// The notice's key, such as `example.com/backup-done`.
    pub key: String,
}

/// How a charm is refreshed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// Even while a hook is in error.
    #[serde(default)]
    pub force: bool,
}

/// Where the agent dies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrashAt {
    /// The request, such as `Uniter.SetState`.
    pub method: String,
    /// A part of what it is given.
    #[serde(default)]
    pub matching: String,
    /// Whether it takes effect first.
    #[serde(default)]
    pub after: bool,
}

impl fmt::Display for CrashAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = if self.after { "after" } else { "before" };
        write!(f, "the agent will die {when} {}", self.method)?;
        if self.matching.is_empty() { Ok(()) } else { write!(f, " with \"{}\"", self.matching) }
    }
}
