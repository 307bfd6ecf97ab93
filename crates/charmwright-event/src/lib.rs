//! What Juju tells a charm when it runs it.
//!
//! Juju starts the charm's `dispatch` for every event and says in the environment which event it is.
//! [`Context::from_variables`] reads that once into values; nothing else in Charmwright looks at the environment.
//! This crate does no input or output.
//!
//! ```
//! use charmwright_event::{Context, Event};
//!
//! let context = Context::from_variables([
//!     ("JUJU_DISPATCH_PATH", "hooks/config-changed"),
//!     ("JUJU_UNIT_NAME", "guestbook/0"),
//!     ("JUJU_CHARM_DIR", "/var/lib/juju/agents/unit-guestbook-0/charm"),
//! ])?;
//! assert_eq!(context.event, Event::ConfigChanged);
//! assert_eq!(context.unit.application().as_str(), "guestbook");
//! # Ok::<(), charmwright_event::EnvironmentError>(())
//! ```
//!
//! - [`Event`] has every hook of Juju 2.9 to 4.0 with what Juju says beside it, and [`Event::Other`] for the rest.
//! - [`EventKind::goal`] says what a run is for; [`EventKind::changes`] what an event announces, and
//!   [`Datum::wakers`] the other way round: which event to wait for.
//! - [`EventKind::losses`] says when Juju loses an event, and what comes instead; [`ORDER`] which one comes first.
//! - [`typed`] has one type for each kind, and says which of them may be deferred.
//! - Names are parsed once, by the forms that Juju itself gives them.
//!
//! Two hooks that Juju's sources name are left to [`Event::Other`]: `leader-deposed` and
//! `<container>-pebble-change-updated`, which no Juju sends.

#![warn(clippy::disallowed_methods)]

mod change;
mod context;
mod event;
mod kind;
mod loss;
mod names;
mod order;
pub mod typed;
mod variables;
mod version;

pub use change::{Certainty, Change, Datum, WakerEvent};
pub use context::{Context, EnvironmentError, Origin, Proxies};
pub use event::{
    Event, Goal, Notice, RelationEvent, RelationEventKind, StorageEvent, StorageEventKind, StorageInstance,
    StorageKind,
};
pub use kind::{EventKind, Prefix};
pub use loss::Loss;
pub use names::{
    ActionId, AppName, Base, ContainerName, EndpointName, MachineId, ModelUuid, NameError, RelationId,
    SecretId, SecretUri, StorageId, StorageName, UnitName,
};
pub use order::{ORDER, RELATION_ORDER, Rule, Within};
pub use version::JujuVersion;
