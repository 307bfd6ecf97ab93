#![warn(clippy::disallowed_methods)]
#![doc = include_str!("guide.md")]

pub use charmwright_derive::{Action, Config, Inputs};
/// Why Juju runs a charm, and the names of units, applications, relations and secrets.
pub use charmwright_event as event;
/// Juju's hook commands, with the types of what they take and answer.
pub use charmwright_hookcmds as hookcmds;
pub use charmwright_interfaces as interfaces;
pub use charmwright_pebble as pebble;
pub use charmwright_reconcile::{
    ActionFailed, Charm, ContainerWishes, Desired, Directory, DriveError, File, Results, World, charm,
};
pub use charmwright_snapshot::{
    Container, ContainerFile, IntoReady, Leadership, NotYet, Noticed, Pebbles, Peers, Port, Provides, Ready,
    Requires, Sensitive, Severity, Waker,
};
/// For interfaces of your own.
pub mod interface {
    pub use charmwright_event::{AppName, RelationId, UnitName};
    pub use charmwright_snapshot::{
        Bag, Interface, Local, Missing, Offered, PeerInterface, Recorder, Remote, Sensitive,
    };
}
/// What was seen in a container: what [`Container::state`] gives.
pub mod container {
    pub use charmwright_snapshot::snapshot::{ContainerState, FileSnapshot};
}
/// The traits that the derives implement, to be named in bounds, with what their methods take.
///
/// They are read by generic functions, not written by people: what the methods take may change at any time.
pub mod derived {
    pub use charmwright_reconcile::{Action, Parameters};
    pub use charmwright_snapshot::config::{Config, Options};
    pub use charmwright_snapshot::input::{
        Declaration, EndpointDeclaration, Inputs, Reads, RemoteDeclaration,
    };
    pub use charmwright_snapshot::reader::OwnBag;
    pub use charmwright_snapshot::snapshot::{ContainerSnapshot, RelationSnapshot, SecretSnapshot, Snapshot};
}
/// For options and parameters of your own types.
pub mod config {
    pub use charmwright_event::SecretUri;
    pub use charmwright_snapshot::config::{FromBoolean, FromFloat, FromInt, FromSecret, FromString};
}

/// What a charm's file starts with: `use charmwright::prelude::*;`.
pub mod prelude {
    pub use std::process::ExitCode;

    pub use crate::pebble::{Check, Layer, Level, Service, Startup};
    pub use crate::{
        Action, ActionFailed, Config, Container, ContainerFile, Desired, File, Inputs, Leadership, NotYet,
        Noticed, Peers, Port, Provides, Ready, Requires, Results, Sensitive, charm,
    };
}

/// What the derives write. Not for people: it may change at any time.
#[doc(hidden)]
pub mod __private {
    pub use charmwright_reconcile::{Action, ActionFailed, Parameters};
    pub use charmwright_snapshot::config::{Options, read};
    pub use charmwright_snapshot::input::{FileDeclaration, Input, PeersInput, ProvidesInput, RequiresInput};
    pub use charmwright_snapshot::{
        Config, Container, ContainerFile, Declaration, Inputs, Interface, NotYet, Noticed, Offered,
        PeerInterface, Snapshot,
    };

    /// The value, or its cause among the others.
    pub fn ok_or_push<T>(result: Result<T, NotYet>, wrong: &mut Vec<NotYet>) -> Option<T> {
        result.map_err(|cause| wrong.push(cause)).ok()
    }

    /// The value, or its causes among the others.
    pub fn ok_or_extend<T>(result: Result<T, Vec<NotYet>>, missing: &mut Vec<NotYet>) -> Option<T> {
        result.map_err(|causes| missing.extend(causes)).ok()
    }

    /// Whether two texts are the same, at compile time.
    pub const fn same(a: &str, b: &str) -> bool {
        let (a, b) = (a.as_bytes(), b.as_bytes());
        if a.len() != b.len() {
            return false;
        }
        let mut at = 0;
        while at < a.len() {
            if a[at] != b[at] {
                return false;
            }
            at += 1;
        }
        true
    }
}
