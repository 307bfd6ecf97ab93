//! What was read, as a value.

use std::collections::BTreeMap;
use std::sync::Arc;

use charmwright_event::{AppName, RelationId, UnitName};
use charmwright_hookcmds::{Bag, Sensitive};
use charmwright_pebble::{CheckInfo, Error, Layer, Notice, ServiceInfo};
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
    /// Whether nothing was read of the other side, since we have asked nothing there.
    pub(crate) fn is_unasked(&self) -> bool {
        self.remote.is_none()
            && self.trouble.is_none()
            && matches!(&self.own, Some(OwnBag::Readable(own)) if own.is_empty())
    }

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
    /// Its Pebble is there, and its answers are too slow, too large, or not Pebble's. No event announces that it gets
    /// better.
    Failing {
        /// In what way.
        cause: String,
    },
    /// Its Pebble answers, and refused in this hook what it was told to do. Each hook tries it again.
    Refused {
        /// What it refused, and why.
        cause: String,
    },
    /// Its Pebble answers. What it said is shared by all inputs of the container.
    Up(Arc<ContainerState>),
}

impl ContainerSnapshot {
    /// What an error of a question says of the container.
    pub fn unseen(error: &Error) -> Self {
        match error {
            Error::Unreachable { .. } => Self::Unreachable { cause: "Pebble does not answer".to_owned() },
            // Other users' notices are refused in another way.
            Error::Denied { message, .. } | Error::Api { status: 403, message, .. } => {
                Self::Denied { cause: message.clone() }
            }
            error => Self::Failing { cause: error.to_string() },
        }
    }

    /// What an error says of the container that came of telling its Pebble to do something.
    pub fn undone(error: &Error) -> Self {
        match error {
            // What Pebble says itself, and what the client knows that Pebble would say.
            Error::Api { .. }
            | Error::File { .. }
            | Error::ChangeFailed { .. }
            | Error::Invalid { .. }
            | Error::TooOld { .. }
                if !matches!(error, Error::Api { status: 403 | 500.., .. }) =>
            {
                Self::Refused { cause: error.to_string() }
            }
            error => Self::unseen(error),
        }
    }
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
    /// Why each service ended that was to run, or has run, and does not; without those of which Pebble knows nothing.
    pub ended: BTreeMap<String, Ended>,
    /// Why each check that is down cannot even begin; without those that begin and fail.
    pub unable: BTreeMap<String, Lasting>,
    /// The declared notices that occurred, by key: of several users' the one that occurred last.
    pub notices: BTreeMap<String, Notice>,
    /// The declared files, by path. Their content is in no log.
    pub files: BTreeMap<String, FileSnapshot>,
}

/// Why a service does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Somebody stopped it.
    Stopped,
    /// Its process ended by itself, with exit code 0.
    Well,
    /// It could not be started, or its process failed.
    Failed {
        /// What Pebble says.
        cause: String,
        /// Whether only a person can mend it, and what.
        lasting: Option<Lasting>,
    },
}

/// Why a process cannot be started, and could not be by trying again: only a person can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lasting {
    /// There is no such program, interpreter or folder.
    NotFound,
    /// The program may not be run.
    NotPermitted,
    /// There is no such user or group.
    UnknownUser,
    /// The arguments and the environment are larger than the kernel takes.
    TooLarge,
    /// The program is not one for this machine.
    NotExecutable,
}

impl Lasting {
    /// The kernel's and Go's words for each, and what a person can do.
    const ALL: [(Self, &'static [&'static str], &'static str); 5] = [
        (
            Self::NotFound,
            &["no such file or directory", "executable file not found", "not a directory"],
            "use an image that has it, or correct its path",
        ),
        (
            Self::NotPermitted,
            &["permission denied", "operation not permitted", "is a directory"],
            "let its user run the program, in the image or by the layer's user",
        ),
        (
            Self::UnknownUser,
            &["unknown user", "unknown group", "unknown userid", "unknown groupid"],
            "use an image that has the user and group, or name others",
        ),
        (
            Self::TooLarge,
            &["argument list too long"],
            "make its command and environment smaller, or put large values into files",
        ),
        (Self::NotExecutable, &["exec format error"], "use an image for this machine's architecture"),
    ];

    /// The reason that a text of Pebble's gives, if it is one of these.
    pub fn in_text(text: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, words, _)| words.iter().any(|words| text.contains(words)));
        found.map(|(lasting, _, _)| *lasting)
    }

    /// The reason, in the words of the kernel or of Go.
    pub fn words(self) -> &'static str {
        self.row().and_then(|(_, words, _)| words.first().copied()).unwrap_or_default()
    }

    /// What a person can do.
    pub fn remedy(self) -> &'static str {
        self.row().map_or("", |(_, _, remedy)| remedy)
    }

    fn row(self) -> Option<&'static (Self, &'static [&'static str], &'static str)> {
        Self::ALL.iter().find(|(lasting, _, _)| *lasting == self)
    }
}

/// A file in a container. Its `Debug` shows no content.
#[derive(Clone)]
pub enum FileSnapshot {
    /// Its content. It is shared, however many read it.
    Content(Arc<[u8]>),
    /// It is larger than its declaration allows.
    TooLarge {
        /// How many bytes it has; `None` if it grew while it was read.
        bytes: Option<u64>,
        /// How many it may have.
        bytes_max: u64,
    },
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
            Self::TooLarge { bytes, bytes_max } => {
                write!(f, "TooLarge({bytes:?} bytes, at most {bytes_max})")
            }
            Self::Missing => f.write_str("Missing"),
            Self::Unreadable { cause } => f.debug_struct("Unreadable").field("cause", cause).finish(),
        }
    }
}
