//! Juju's hook commands, typed.
//!
//! [`HookCommands`] has one function for each command that the SDK uses. What it runs goes through a
//! [`Transport`], the one seam between the SDK and Juju: [`Processes`] runs the executables that Juju puts on
//! the `PATH`; tests put a table in its place.
//!
//! Every read asks for JSON. Databags are written through standard input, never through the command line.
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

mod commands;
mod error;
mod port;
mod sensitive;
mod status;
mod transport;

pub use commands::{Bag, BagOwner, HookCommands, LogLevel};
pub use error::{Error, ErrorKind};
pub use port::{OpenedPort, Protocol};
pub use sensitive::Sensitive;
pub use status::{Status, StatusKind};
pub use transport::{Call, Processes, Reply, Transport, TransportError};
