//! What was read, as a value.

use std::collections::BTreeMap;
use std::sync::Arc;

use charmwright_event::{AppName, RelationId, UnitName};
use charmwright_hookcmds::{Bag, Sensitive};
use charmwright_pebble::{CheckInfo, Layer, Notice, ServiceInfo};
use serde_json::Value;

use crate::local::Local;
use crate::reader::OwnBag;
use crate::trouble::Trouble;

/// Everything that a charm declared, as it was when it was read.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The unit that reads, and where it is.
    pub local: Local,
    /// Whether this unit is being removed.
    pub leaving: bool,
    /// The options, if the charm declares any.
    pub config: BTreeMap<String, Value>,
    /// Whether this unit leads, if the charm asks.
    pub leader: Option<bool>,
    /// The living relations of each declared endpoint.
    pub endpoints: BTreeMap<&'static str, Vec<Arc<RelationSnapshot>>>,
    /// The declared endpoints whose relations could not be listed.
    pub unlisted: BTreeMap<&'static str, Trouble>,
    /// Each declared container.
    pub containers: BTreeMap<&'static str, ContainerSnapshot>,
}

impl Snapshot {
    /// A relation as people know it: its endpoint, and the application at the other end.
    pub fn label(&self, relation: RelationId) -> String {
        let found = self.endpoints.iter().find_map(|(endpoint, relations)| {
            relations.iter().find(|one| one.id == relation).map(|one| (endpoint, one.app.as_ref()))
        });
        match found {
            Some((endpoint, Some(app))) => format!("{endpoint} ({app})"),
            Some((endpoint, None)) => format!("{endpoint}:{relation}"),
            None => format!("relation {relation}"),
        }
    }
}

/// One living relation.
#[derive(Debug, Clone)]
pub struct RelationSnapshot {
    /// Which one.
    pub id: RelationId,
    /// The application at the other end; `None` if nobody needed to know.
    pub app: Option<AppName>,
    /// Its bag; `None` if it was not read.
    pub remote: Option<Bag>,
    /// The request that the other side has read, where its bag says so.
    pub echo: Option<Bag>,
    /// Our own application's bag, if it had to be read.
    pub own: Option<OwnBag>,
    /// The other side's units with their bags, if the interface has something there.
    pub units: BTreeMap<UnitName, Bag>,
    /// The secrets that the remote bag refers to, by the field that does.
    pub secrets: BTreeMap<&'static str, SecretSnapshot>,
    /// Why it could not be read, if it could not.
    pub trouble: Option<Trouble>,
}

impl RelationSnapshot {
    /// A relation of which nothing was worth reading.
    pub fn unread(id: RelationId, app: Option<AppName>) -> Self {
        let (units, secrets) = (BTreeMap::new(), BTreeMap::new());
        Self { id, app, remote: None, echo: None, own: None, units, secrets, trouble: None }
    }

    pub(crate) fn app_name(&self) -> String {
        self.app.as_ref().map_or_else(|| "the other application".to_owned(), AppName::to_string)
    }
}

/// A secret that a databag refers to.
#[derive(Debug, Clone)]
pub enum SecretSnapshot {
    /// Its content.
    Content(BTreeMap<String, Sensitive>),
    /// It is there, but not for us, or not yet.
    NotGranted,
    /// What the field holds is no reference.
    Malformed,
    /// Juju could not give its content, for this reason: a secret backend that is down, for one.
    Unreadable(String),
}

/// One workload container.
#[derive(Debug, Clone)]
pub enum ContainerSnapshot {
    /// Its Pebble does not answer.
    Unreachable {
        /// In what way.
        cause: String,
    },
    /// Its Pebble does not let the charm's user.
    Denied {
        /// What it said.
        cause: String,
    },
    /// Its Pebble answers.
    Up(Box<ContainerState>),
}

/// What Pebble said of a container.
#[derive(Debug, Clone, Default)]
pub struct ContainerState {
    /// The plan: all layers in one.
    pub plan: Layer,
    /// The services and how they are.
    pub services: Vec<ServiceInfo>,
    /// The checks and how they are.
    pub checks: Vec<CheckInfo>,
    /// The declared notices that occurred, by key: of several users' the one that occurred last.
    pub notices: BTreeMap<String, Notice>,
    /// The declared files, by path. Their content is in no log.
    pub files: BTreeMap<String, FileSnapshot>,
}

/// A file in a container. Its `Debug` shows no content.
#[derive(Clone)]
pub enum FileSnapshot {
    /// Its content.
    Content(Vec<u8>),
    /// There is none.
    Missing,
    /// It cannot be read.
    Unreadable {
        /// What Pebble said.
        cause: String,
    },
}

impl std::fmt::Debug for FileSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Content(content) => write!(f, "Content({} bytes)", content.len()),
            Self::Missing => f.write_str("Missing"),
            Self::Unreadable { cause } => f.debug_struct("Unreadable").field("cause", cause).finish(),
        }
    }
}
