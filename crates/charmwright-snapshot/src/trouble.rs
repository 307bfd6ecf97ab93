//! What cannot be read of one relation, and so holds up that relation and nothing else.

use charmwright_event::Datum;
use charmwright_hookcmds::{Error, ErrorKind, text};

use crate::readiness::{NotYet, Waker};

/// The longest part of a cause that is in Juju's own words, in bytes of UTF-8. A status of several such parts can still be
/// read in one line of `juju status`.
const WORDS_BYTES_MAX: usize = 200;

/// Why one relation could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    cause: Cause,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cause {
    /// The bags together have more bytes than are read; not all were counted.
    TooLarge { bytes: usize, max: usize },
    /// Juju or the hook command, in its own words, on one line.
    Refused { words: String, too_large: bool },
}

impl Trouble {
    /// The bags have `bytes` bytes and more, and `max` is the most.
    pub(crate) fn too_large(bytes: usize, max: usize) -> Self {
        Self { cause: Cause::TooLarge { bytes, max } }
    }

    /// A hook command failed.
    pub(crate) fn of(error: &Error) -> Self {
        let too_large = error.kind() == ErrorKind::TooLarge;
        Self { cause: Cause::Refused { words: words(error), too_large } }
    }

    /// A hook command failed with these words.
    pub(crate) fn refused(words: String) -> Self {
        Self { cause: Cause::Refused { words, too_large: false } }
    }

    /// The cause, of an endpoint whose other side is `app`.
    pub(crate) fn not_yet(&self, endpoint: &str, app: &str) -> NotYet {
        // Only the other side can write less; what else ails Juju announces nothing when it ends.
        let changed = || Waker::of(Datum::RemoteAppBag, endpoint);
        let later = || Waker::of(Datum::World, "");
        match &self.cause {
            Cause::TooLarge { bytes, max } => NotYet::waiting(
                endpoint,
                format!("{app} has written {bytes} bytes or more, and at most {max} are read"),
                changed(),
            ),
            Cause::Refused { words, too_large: true } => {
                NotYet::waiting(endpoint, format!("{app} has written more than is read: {words}"), changed())
            }
            Cause::Refused { words, too_large: false } => {
                NotYet::waiting(endpoint, format!("the data of {app} cannot be read: {words}"), later())
            }
        }
    }

    /// The cause, of an endpoint whose relations could not be listed.
    pub(crate) fn unlisted(&self, endpoint: &str) -> NotYet {
        let words = match &self.cause {
            Cause::Refused { words, .. } => words.as_str(),
            Cause::TooLarge { .. } => "there are too many",
        };
        let later = Waker::of(Datum::World, "");
        NotYet::waiting(endpoint, format!("its relations cannot be listed: {words}"), later)
    }
}

/// Whether Juju itself could not be asked. Then nothing else can be read either, and the hook has to be run again.
pub(crate) fn is_juju_gone(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::AgentGone => true,
        // The answer came, and was too long.
        ErrorKind::TooLarge => false,
        _ => matches!(error, Error::Transport(_)),
    }
}

/// The error and what caused it, as one printable line of bounded length.
pub(crate) fn words(error: &Error) -> String {
    text::line(&text::told(error), WORDS_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use charmwright_hookcmds::{Call, HookCommands, Reply, Transport, TransportError};

    use super::*;

    #[derive(Debug)]
    struct Says(Reply);

    impl Transport for Says {
        fn call(&self, _: &Call) -> Result<Reply, TransportError> {
            Ok(self.0.clone())
        }
    }

    #[test]
    fn juju_s_words_become_one_printable_line_of_bounded_length() {
        let long = "ö".repeat(WORDS_BYTES_MAX);
        let reply = Reply::failure(1, &format!("a\n\u{1b}[31mb\0\u{202e}c {long}"));
        let error = HookCommands::new(Says(reply)).is_leader().unwrap_err();
        let words = words(&error);
        assert!(words.starts_with("is-leader failed: a �[31mb�c ööö") && words.ends_with("ö…"), "{words}");
        assert!((WORDS_BYTES_MAX - 3..=WORDS_BYTES_MAX).contains(&words.len()));
    }

    #[test]
    fn only_a_smaller_answer_ends_what_was_too_large_and_nothing_announces_the_end_of_the_rest() {
        let waker = |trouble: Trouble| trouble.not_yet("db", "pg").waker().to_string();
        assert_eq!(waker(Trouble::too_large(9, 8)), "db-relation-changed");
        let refused = Error::Answer { command: "relation-get", expected: "an object of strings" };
        assert_eq!(waker(Trouble::of(&refused)), "update-status");
    }
}
