//! The protocol between Juju's hook commands and the unit agent, both ends.
//!
//! A hook command is a small client: it sends its name and arguments over the agent's socket, and the agent runs
//! it. The protocol is Go's `net/rpc` over gob. It is Juju's own affair, and may change with any release: the
//! commands themselves are the interface that Juju promises.
//!
//! [`Client`] asks, [`serve`] answers. Both block, and both take any stream.
//!
//! ```
//! use std::os::unix::net::UnixStream;
//!
//! use charmwright_jujuc::{Client, Request, Response, serve};
//!
//! let (here, there) = UnixStream::pair()?;
//! let agent = std::thread::spawn(move || {
//!     serve(there, |request| match request.command.as_str() {
//!         "is-leader" => Ok(Response { stdout: b"true\n".into(), ..Response::default() }),
//!         other => Err(format!("bad request: unknown command: {other}")),
//!     })
//! });
//!
//! let mut client = Client::new(here);
//! let request = Request {
//!     context_id: "app/0-install-1".into(),
//!     dir: "/".into(),
//!     command: "is-leader".into(),
//!     args: vec!["--format=json".into()],
//!     ..Request::default()
//! };
//! assert_eq!(client.call(&request)?.stdout, b"true\n");
//!
//! drop(client);
//! agent.join().expect("the agent ends with its connection")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(clippy::disallowed_methods)]

mod client;
mod error;
mod gob;
mod message;
mod server;
mod socket;

pub use client::Client;
pub use error::{CallError, ServeError};
pub use gob::Malformed;
pub use message::{Request, Response};
pub use server::{serve, serve_limited};
pub use socket::{TimedStream, listen};

/// The text with which the agent refuses a command that wants standard input and was given none. The client then
/// sends the request again, with it.
pub const STDIN_DEMAND: &str = "hook tool requires stdin, none supplied";

/// The longest message that is read or sent, if no other limit is set: 64 MiB.
pub const MESSAGE_BYTES_MAX: usize = 64 << 20;
