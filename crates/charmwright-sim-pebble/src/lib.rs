//! A simulated Pebble: one model with two faces.
//!
//! [`Pebble`] is the daemon as plain data. It does what Pebble does, answer by answer and state by state, and touches
//! nothing: what it needs done is the [`Host`]'s, and where files are is behind [`Files`](files::Files).

mod accounts;
mod api;
mod change;
mod check;
mod errors;
mod exec;
pub mod files;
mod host;
mod identities;
pub mod in_process;
mod layers;
mod log_buffer;
mod logs;
mod notices;
mod order;
mod pebble;
mod real;
mod request;
pub mod served;
mod service;
mod settings;
mod signal;
mod state;
mod text;
mod time;
mod timers;

pub use self::accounts::{Accounts, credentials};
pub use self::api::reason;
pub use self::host::{
    AccountKey, CheckFailure, CheckKind, CheckRun, Credentials, ExecStart, Exit, Group, Host, ProcessId,
    RunId, SignalTo, Spawn, TaskId, User, Websocket,
};
pub use self::logs::LogEntry;
pub use self::pebble::{End, Pebble};
pub use self::request::{LogQuery, Reply, Request, Response, Wait};
pub use self::settings::Settings;
pub use self::signal::Signal;
pub use self::time::Time;
