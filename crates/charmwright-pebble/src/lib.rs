//! A blocking client for [Pebble], and the types of its layers.
//!
//! [`Client`] speaks to the daemon over its Unix socket. [`Layer`] says what it should run. Nothing here knows of charms.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use charmwright_pebble::{Check, Client, Layer, Level, Service, Startup, WriteOptions};
//!
//! # fn main() -> Result<(), charmwright_pebble::Error> {
//! let client = Client::new("/charm/containers/web/pebble.socket");
//! match client.system_info() {
//!     Ok(info) => println!("Pebble {} is there", info.version),
//!     Err(error) if error.is_unreachable() => return Ok(()), // it will tell when it is there
//!     Err(error) => return Err(error),
//! }
//!
//! client.write_file("/etc/web.conf", b"port = 80\n", &WriteOptions::default().permissions(0o640))?;
//!
//! let layer = Layer::new()
//!     .service("web", Service::new("/bin/web --config /etc/web.conf").startup(Startup::Enabled).env("LEVEL", "info"))
//!     .check("up", Check::http("http://localhost:80/health").level(Level::Ready).period(Duration::from_secs(5)));
//! client.apply("web", &layer, Duration::from_secs(30))?;
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - Nobody there is one error, [`Error::Unreachable`], whenever it shows: before, during or after a request.
//! - No request is sent twice, and every call ends: after [`Client::with_request_timeout`], or after the time given, which
//!   covers all of it.
//! - The same layer gives the same text, so that adding it again restarts nothing.
//! - Words and fields of a newer Pebble are taken, not refused.
//! - Neither errors nor `Debug` show an environment or the content of a file. The one exception is
//!   [`Error::ChangeFailed`]: its `logs` hold what Pebble quotes of a service's output, and its message does not.
//!
//! # Versions
//!
//! Written for Pebble 1.16 (Juju 3.6.0) and later, and tested with 1.19.2, 1.26.0 and 1.32.1. What a daemon is too old for
//! is [`Error::TooOld`].
//!
//! [Pebble]: https://github.com/canonical/pebble

#![warn(clippy::disallowed_methods)]

/// The pages of the book, so that what they show is built.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../../docs/src/how-to/move-files.md")]
    mod move_files {}
    #[doc = include_str!("../../../docs/src/how-to/run-a-command.md")]
    mod run_a_command {}
    #[doc = include_str!("../../../docs/src/reference/pebble.md")]
    mod reference {}
}

mod bounded;
mod budget;
mod change;
mod checks;
mod client;
mod daemon;
mod envelope;
mod error;
mod exec;
mod file_types;
mod files;
mod identities;
mod layer;
pub mod limits;
mod logs;
mod metrics;
// For the simulated Pebble, which reads what this client writes. Not for people: it may change at any time.
#[doc(hidden)]
pub mod multipart;
mod notice_types;
mod notices;
mod open_enum;
mod services;
mod told;
pub mod transport;
mod version;

pub use self::change::{Change, ChangeId, ChangeStatus, ChangesIn, Progress, Task};
pub use self::checks::{CheckInfo, CheckStatus, Refreshed};
pub use self::client::Client;
pub use self::daemon::SystemInfo;
pub use self::error::{Error, FileError, FileErrorKind};
pub use self::exec::{Control, Exec, ExitCode, Output, Process, Stderr, Stdin, Stdout};
pub use self::file_types::{
    FileContent, FileInfo, FileKind, FileOutcome, ListOptions, MakeDirOptions, Owner, WriteOptions,
};
pub use self::identities::{Access, BasicIdentity, CertIdentity, Identity, LocalIdentity};
pub use self::layer::{
    BackoffFactor, Check, Command, CommandError, ExecCheck, GoDuration, HttpCheck, Layer, LayerError,
    LayerErrorKind, Layers, Level, LogTarget, LogTargetKind, OnExit, Override, Service, Startup, TcpCheck,
    Workload,
};
pub use self::logs::{Lines, LogEntry, LogStream, LogsOptions};
pub use self::metrics::Sample;
pub use self::notice_types::{CustomNotice, Notice, NoticeId, NoticeKind, NoticesOptions, Users};
pub use self::services::{ServiceInfo, ServiceStatus};
pub use self::version::{Feature, Version};
