//! What the agent does: one operation after the other, each in steps that are saved.

use std::collections::BTreeMap;
use std::fmt;

use super::process::Captured;
use crate::juju::context::HookInfo;

/// One thing that the agent does.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// It runs a hook.
    Hook(HookOp),
    /// It commits a hook without running it.
    Skip(HookOp),
    /// It installs the charm.
    Install {
        /// The charm.
        url: String,
    },
    /// It replaces the charm.
    Upgrade {
        /// The charm.
        url: String,
        /// How often the charm had changed.
        modified: i64,
    },
    /// It enters a relation, one of several.
    Enter {
        /// The relation's number.
        id: i64,
        /// Its tag.
        tag: String,
    },
    /// It notes that the unit leads, and queues leader-elected.
    AcceptLeadership,
    /// It notes that the unit does not lead any more.
    ResignLeadership,
    /// It forgets secrets that are gone.
    SecretsRemoved {
        /// Revisions that were deleted, by URI; none means the whole secret.
        deleted: BTreeMap<String, Vec<i64>>,
        /// Revisions that the charm was told of and that are gone.
        lost: BTreeMap<String, Vec<i64>>,
    },
    /// It runs an action.
    Action {
        /// Its id.
        id: String,
    },
    /// It fails an action that was interrupted.
    FailAction {
        /// Its id.
        id: String,
    },
    /// It runs a script of juju-exec.
    Script {
        /// Its number.
        id: u64,
    },
}

/// A hook to run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HookOp {
    /// The hook.
    pub info: HookInfo,
    /// The version of the bag that it tells of.
    pub version: i64,
    /// What was heard when it was chosen.
    pub captured: Captured,
    /// What else is noted when it is committed.
    pub tie: Tie,
}

/// What else is noted when a hook is committed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Tie {
    /// Nothing.
    #[default]
    None,
    /// An event of Pebble is done.
    Workload(u64),
    /// A secret was rotated.
    Rotation(String),
    /// A revision has expired.
    Expiry(String),
}

/// As Juju names it.
impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hook(op) => write!(f, "{op}"),
            Self::Skip(op) => write!(f, "skip {op}"),
            Self::Install { url } => write!(f, "install {url}"),
            Self::Upgrade { url, .. } => write!(f, "upgrade to {url}"),
            Self::Enter { tag, .. } => write!(f, "enter {tag}"),
            Self::AcceptLeadership => f.write_str("accept leadership"),
            Self::ResignLeadership => f.write_str("resign leadership"),
            Self::SecretsRemoved { deleted, lost } => {
                f.write_str("remove deleted secrets:\n")?;
                let numbers = |list: &[i64]| {
                    let texts: Vec<String> = list.iter().map(ToString::to_string).collect();
                    texts.join(" ")
                };
                let lines =
                    deleted.iter().chain(lost).map(|(uri, list)| format!("{uri}: [{}]", numbers(list)));
                f.write_str(&lines.collect::<Vec<_>>().join("\n"))
            }
            Self::Action { id } => write!(f, "run action {id}"),
            Self::FailAction { id } => write!(f, "fail action {id}"),
            Self::Script { .. } => f.write_str("run commands"),
        }
    }
}

impl Op {
    /// What tells it apart from its like: Juju's own name, and for Pebble's hooks the container.
    pub fn label(&self) -> String {
        match self {
            Self::Hook(op) | Self::Skip(op) if op.info.is_workload() => {
                format!("{self} of {}", op.info.workload)
            }
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for HookOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = &self.info;
        write!(f, "run {}", info.kind)?;
        if info.is_relation() {
            let id = info.relation_id.unwrap_or_default();
            if info.remote_unit.is_empty() {
                write!(f, " ({id}; app: {})", info.remote_app)?;
            } else if info.departing_unit.is_empty() {
                write!(f, " ({id}; unit: {})", info.remote_unit)?;
            } else {
                write!(f, " ({id}; unit: {}, departee: {})", info.remote_unit, info.departing_unit)?;
            }
        } else if info.is_storage() {
            write!(f, " ({})", info.storage_id)?;
        } else if info.is_secret() {
            if info.secret_revision == 0 || !info.needs_secret_revision() {
                write!(f, " ({})", info.secret_uri)?;
            } else {
                write!(f, " ({}/{})", info.secret_uri, info.secret_revision)?;
            }
        }
        f.write_str(" hook")
    }
}

impl HookOp {
    /// What the agent's status says while it runs.
    pub fn message(&self, name: &str) -> String {
        let info = &self.info;
        if info.is_relation() && !info.remote_unit.is_empty() {
            return format!("running {name} hook for {}", info.remote_unit);
        }
        if info.is_secret() {
            let revision = if info.secret_revision > 0 && info.needs_secret_revision() {
                format!("/{}", info.secret_revision)
            } else {
                String::new()
            };
            return format!("running {name} hook for {}{revision}", info.secret_uri);
        }
        format!("running {name} hook")
    }
}
