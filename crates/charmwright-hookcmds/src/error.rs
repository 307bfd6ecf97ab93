use crate::transport::{Reply, TransportError};

/// A hook command that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It could not be run.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Juju refused or could not do it.
    #[error("{command} failed: {message}")]
    Failed {
        /// The command.
        command: &'static str,
        /// What kind of failure it is.
        kind: ErrorKind,
        /// Juju's own words.
        message: String,
    },
    /// It answered something else than Juju does.
    #[error("{command} answered what is not {expected}")]
    Answer {
        /// The command.
        command: &'static str,
        /// What should have come.
        expected: &'static str,
    },
    /// What was to be written cannot be.
    #[error("cannot run {command}: {message}")]
    Input {
        /// The command.
        command: &'static str,
        /// What is wrong with it, and what to do.
        message: String,
    },
}

/// Failures that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not allowed: not granted, not the leader's to read, or (3.6) the relation is gone from the controller.
    Denied,
    /// The thing does not exist, or not any more.
    NotFound,
    /// Only the leader may.
    NotLeader,
    /// Anything else.
    Other,
}

impl Error {
    /// What kind of failure it is; [`ErrorKind::Other`] for what is not Juju's refusal.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Failed { kind, .. } => *kind,
            _ => ErrorKind::Other,
        }
    }

    pub(crate) fn failed(command: &'static str, reply: &Reply) -> Self {
        let message = reply.stderr.trim().trim_start_matches("ERROR ").to_owned();
        let message =
            if message.is_empty() { format!("exit code {}, no message", reply.code) } else { message };
        Self::Failed { command, kind: kind_of(&message), message }
    }
}

/// Juju has no codes for these; its texts differ by version, so parts of them are looked for.
fn kind_of(message: &str) -> ErrorKind {
    let message = message.to_ascii_lowercase();
    let has = |part: &str| message.contains(part);
    if has("cannot write relation settings") || has("not the leader") {
        ErrorKind::NotLeader
    } else if has("permission denied") {
        ErrorKind::Denied
    } else if has("not found") {
        ErrorKind::NotFound
    } else {
        ErrorKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jujus_texts_are_told_apart() {
        for (text, kind) in [
            ("permission denied (unauthorized access)", ErrorKind::Denied),
            ("invalid value \"9\" for option -r: relation not found", ErrorKind::NotFound),
            ("relation 5 not found (not found)", ErrorKind::NotFound),
            ("secret \"secret:9m4e2mr0ui3e8a215n4g\" not found", ErrorKind::NotFound),
            ("cannot write relation settings", ErrorKind::NotLeader),
            ("this unit is not the leader", ErrorKind::NotLeader),
            ("no space left on device", ErrorKind::Other),
        ] {
            assert_eq!(Error::failed("x", &Reply::failure(1, text)).kind(), kind, "{text}");
        }
    }
}
