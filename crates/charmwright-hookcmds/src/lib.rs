//! Juju's hook commands, typed.
//!
//! [`HookCommands`] has one function for each command. What it runs goes through a [`Transport`], the one seam
//! between the SDK and Juju: [`Processes`] runs the executables that Juju puts on the `PATH`; tests put a table in
//! its place.
//!
//! ```
//! use charmwright_hookcmds::{Call, HookCommands, Reply, Transport, TransportError};
//!
//! /// Answers every command alike.
//! #[derive(Debug)]
//! struct Always(&'static str);
//!
//! impl Transport for Always {
//!     fn call(&self, _: &Call) -> Result<Reply, TransportError> {
//!         Ok(Reply::success(self.0))
//!     }
//! }
//!
//! let juju = HookCommands::new(Always("true\n"));
//! assert!(juju.is_leader()?);
//! # Ok::<(), charmwright_hookcmds::Error>(())
//! ```
//!
//! - Every read asks for JSON, and takes `null` for nothing where a Juju says it so.
//! - Databags and the unit's state are written through standard input, the content of secrets through private files,
//!   never through the command line. `action-set`, `leader-set` and `juju-log` have no other input; their functions
//!   say so.
//! - What Juju would refuse for its size or form is refused before the call.
//! - What takes too long or prints too much is ended, and is an error of its own kind.
//! - Messages for people are made [one printable line](text::line) before they go to Juju; so are Juju's words in errors.
//! - [`Error::kind`] tells failures apart, by the words of Juju 2.9, 3.6 and 4.0.
//! - **Most writes take effect when the hook succeeds**, and some are checked only then: a command that succeeded is
//!   no proof that its data was stored. Each function says what may fail at the end. At once take effect:
//!   `status-set`, `application-version-set`, `leader-set`, `action-log`, `juju-log`, `resource-get`, and of
//!   `secret-get` which revision is tracked by which label.
//!
//! # What is left out
//!
//! Commands that only charms of another kind can use, and that Juju 4.0 does not have:
//!
//! - `pod-spec-set`, `pod-spec-get`, `k8s-spec-set`, `k8s-spec-get`, `k8s-raw-set`, `k8s-raw-get`: for charms that
//!   have their workload in another pod. Pebble has replaced that.
//! - `payload-register`, `payload-unregister`, `payload-status-set`: they only showed something in `juju status`.
//! - `add-metric`: works in `collect-metrics` alone, which Juju 3.6.11 has removed.
//!
//! And two options: `network-get --bind-address` and `--primary-address`, of which the first lets the agent of Juju
//! 3.6 panic; both addresses are in what [`HookCommands::network_get`] returns.

#![warn(clippy::disallowed_methods)]

mod cloud;
mod commands;
mod error;
mod goal_state;
mod kinds;
mod network;
mod port;
mod secret;
mod sensitive;
mod status;
pub mod text;
mod time;
mod transport;

pub use cloud::{CloudCredential, CloudSpec};
pub use commands::{
    ANSWER_ITEMS_MAX, Bag, BagOf, BagOwner, HookCommands, LogLevel, Reboot, UnitAddress, check_result,
};
pub use error::{Error, ErrorKind};
pub use goal_state::{GoalRelations, GoalState, GoalStatus};
pub use network::{BindAddress, InterfaceAddress, NetworkInfo};
pub use port::{EndpointPorts, Endpoints, OpenedPort, PortRange, Protocol};
pub use secret::{
    NewSecret, RotatePolicy, SecretAccess, SecretAudience, SecretContent, SecretContentError, SecretInfo,
    SecretOwner, SecretRef, SecretUpdate, Tracking,
};
pub use sensitive::Sensitive;
pub use status::{ApplicationStatus, FoundStatus, FoundStatusKind, Status, StatusKind};
pub use time::{Expiry, TimeError, Timestamp};
#[cfg(feature = "socket")]
pub use transport::{AgentSocket, SocketError};
pub use transport::{
    Call, OVERLAP, Processes, Reply, STDERR_BYTES_MAX, STDOUT_BYTES_MAX, Transport, TransportError, choose,
};
pub use transport::{DOWNLOAD_LIMIT, LOG_LIMIT, SLOW_LIMIT, TIME_LIMIT, time_limit};
