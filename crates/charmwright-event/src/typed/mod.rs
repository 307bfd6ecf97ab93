//! One type for each kind of event, and which of them may be deferred.
//!
//! [`Event`] is what Juju said; these are what a handler asks for. [`TypedEvent::of`] goes from one to the other.
//! What may be handled later is a matter of the type: [`Deferrable`] is implemented for the events that may, and for
//! each of the others the compiler says why not.
//!
//! ```
//! use charmwright_event::typed::{Deferrable, PebbleReady, TypedEvent};
//! use charmwright_event::{ContainerName, Event};
//!
//! fn later<E: Deferrable>(event: E) -> Event {
//!     event.into()
//! }
//!
//! let event = Event::PebbleReady { container: ContainerName::parse("server")? };
//! let ready = PebbleReady::of(&event).unwrap();
//! assert_eq!(later(ready), event);
//! # Ok::<(), charmwright_event::NameError>(())
//! ```
//!
//! An action is not among those:
//!
//! ```compile_fail
//! # use charmwright_event::typed::{Action, Deferrable};
//! # fn later<E: Deferrable>(event: E) {}
//! # fn check(backup: Action) {
//! later(backup);
//! # }
//! ```

mod deferrable;
mod events;
pub mod reasons;

pub use deferrable::{Deferrable, TypedEvent};
pub use events::{
    Action, CollectMetrics, ConfigChanged, EveryRun, Install, LeaderElected, LeaderSettingsChanged,
    MeterStatusChanged, Other, PebbleCheckFailed, PebbleCheckRecovered, PebbleCustomNotice, PebbleReady,
    PostSeriesUpgrade, PreSeriesUpgrade, RelationBroken, RelationChanged, RelationCreated, RelationDeparted,
    RelationJoined, Remove, SecretChanged, SecretExpired, SecretRemove, SecretRotate, Start, Stop,
    StorageAttached, StorageDetaching, UpdateStatus, UpgradeCharm,
};

#[expect(unused_imports, reason = "for the links above")]
use crate::Event;
