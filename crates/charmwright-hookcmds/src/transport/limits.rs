//! How long a hook command may take, and how much it may print.

use std::fmt;
use std::io;
use std::time::Duration;

/// The most bytes that a hook command may print, and that the answers of one batch of reads have together: 4 MiB.
/// It is in memory twice while it is read. A databag beyond that is somebody's mistake or attack; ordinary ones have
/// some KiB.
pub const STDOUT_BYTES_MAX: usize = 4 << 20;

/// The most bytes of a hook command's standard error that are kept: 64 KiB. Warnings may stand before the error; what
/// is told of them is [one line](crate::text::line). More is read and dropped.
pub const STDERR_BYTES_MAX: usize = 64 << 10;

/// How long a hook command may take: two minutes. The agent answers in milliseconds, and while its controller changes
/// or is busy, in some seconds up to a minute. A hook that waits for ever also holds up the removal of its unit.
pub const TIME_LIMIT: Duration = Duration::from_mins(2);

/// How long a command may take behind which a backend of its own stands, as for secrets and storage: five minutes.
pub const SLOW_LIMIT: Duration = Duration::from_mins(5);

/// How long `resource-get` may take: an hour, since it downloads files of gigabytes through the controller.
pub const DOWNLOAD_LIMIT: Duration = Duration::from_hours(1);

/// How long telling something may take: 30 seconds. There is another way for it, standard error.
pub const LOG_LIMIT: Duration = Duration::from_secs(30);

/// How long a batch of reads over the agent's socket may take beyond the limit of one, for each of them: the agent
/// runs one at a time.
#[cfg(feature = "socket")]
pub(super) const TIME_FOR_EACH: Duration = Duration::from_secs(1);

/// How long this hook command may take before it is ended.
///
/// ```
/// use charmwright_hookcmds::{TIME_LIMIT, time_limit};
///
/// assert_eq!(time_limit("config-get"), TIME_LIMIT);
/// assert!(time_limit("resource-get") > TIME_LIMIT);
/// ```
pub fn time_limit(command: &str) -> Duration {
    match command {
        "resource-get" => DOWNLOAD_LIMIT,
        "juju-log" | "action-log" => LOG_LIMIT,
        "storage-add" => SLOW_LIMIT,
        command if command.starts_with("secret-") => SLOW_LIMIT,
        _ => TIME_LIMIT,
    }
}

/// A limit that was crossed, as the cause of an `io::Error`.
#[derive(Debug, thiserror::Error)]
pub(super) enum Crossed {
    #[error(
        "no end of it after {}, so it was killed; see in the agent's log what it waits for, then run the hook again",
        Shown(*.0)
    )]
    Time(Duration),
    #[error("no answer of the agent after {}, so it may have taken effect; see in the agent's log what it waits for", Shown(*.0))]
    #[cfg(feature = "socket")]
    Answer(Duration),
    #[error("it printed more than {0} bytes, which is the most that is read, so it was killed")]
    Size(usize),
}

impl From<Crossed> for io::Error {
    fn from(crossed: Crossed) -> Self {
        let kind = match crossed {
            Crossed::Time(_) => io::ErrorKind::TimedOut,
            #[cfg(feature = "socket")]
            Crossed::Answer(_) => io::ErrorKind::TimedOut,
            Crossed::Size(_) => io::ErrorKind::FileTooLarge,
        };
        Self::new(kind, crossed)
    }
}

/// A time in seconds.
struct Shown(Duration);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_something_slow_has_more_time_and_what_tells_has_less() {
        assert!(time_limit("secret-get") > time_limit("relation-get"));
        assert!(time_limit("resource-get") > time_limit("secret-get"));
        assert!(time_limit("juju-log") < time_limit("relation-set"));
    }
}
