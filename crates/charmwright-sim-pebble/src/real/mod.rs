//! The outside as it is: real processes, files, accounts and checks.

mod accounts;
mod checks;
mod children;
mod commands;
mod errors;
mod files;
mod host;
pub(crate) mod terminal;

pub(crate) use self::children::Children;
pub(crate) use self::commands::{FromClient, Stream, ToClient};
pub(crate) use self::errors::of_file;
pub(crate) use self::files::RealFiles;
pub(crate) use self::host::{Event, RealHost};

use std::time::{SystemTime, UNIX_EPOCH};

use crate::time::Time;

/// A time of the system's clock.
pub(crate) fn time_of(time: SystemTime) -> Time {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
