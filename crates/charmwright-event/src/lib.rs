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

mod context;
mod event;
mod names;

pub use context::{Context, EnvironmentError};
pub use event::{Event, Goal, RelationEvent, RelationEventKind};
pub use names::{AppName, NameError, RelationId, SecretUri, UnitName};
