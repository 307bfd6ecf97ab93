//! The outside as it is: real processes, files, accounts and checks.

mod accounts;
mod checks;
mod children;
mod commands;
mod files;
mod host;
pub(crate) mod terminal;

pub(crate) use self::children::Children;
pub(crate) use self::commands::{FromClient, Stream, ToClient};
pub(crate) use self::files::RealFiles;
pub(crate) use self::host::{Event, RealHost};
