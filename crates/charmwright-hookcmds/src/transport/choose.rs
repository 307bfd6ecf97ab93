//! Which transport a charm uses.

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::{Call, OVERLAP, Processes, Transport};

/// The transport that the environment asks for, of which `variable` says the variables.
///
/// - `CHARMWRIGHT_TRANSPORT=socket`: the agent's own socket, if the crate is built with the feature `socket`; else
///   processes.
/// - `CHARMWRIGHT_OVERLAP`: how many processes of independent reads run at once; 4 if it is not set.
///
/// What cannot be had is said in Juju's log, and processes are used.
pub fn choose(variable: impl Fn(&str) -> Option<String>) -> Arc<dyn Transport> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let overlap = match variable("CHARMWRIGHT_OVERLAP").map(|value| value.parse::<NonZeroUsize>()) {
        None => Ok(OVERLAP),
        Some(overlap) => overlap,
    };
    let processes = Processes::overlapping(overlap.clone().unwrap_or(OVERLAP));
    if overlap.is_err() {
        warn(&processes, &format!("CHARMWRIGHT_OVERLAP is not a number from 1 up; it is {OVERLAP}"));
    }
    match variable("CHARMWRIGHT_TRANSPORT").as_deref() {
        None | Some("processes") => Arc::new(processes),
        Some("socket") => socket(variable, processes),
        Some(_) => {
            warn(&processes, "CHARMWRIGHT_TRANSPORT is neither processes nor socket; it is processes");
            Arc::new(processes)
        }
    }
}

#[cfg(feature = "socket")]
fn socket(variable: impl Fn(&str) -> Option<String>, processes: Processes) -> Arc<dyn Transport> {
    match super::AgentSocket::open(variable, processes) {
        Ok(socket) => Arc::new(socket),
        Err(error) => {
            warn(&processes, &super::socket::instead(&error));
            Arc::new(processes)
        }
    }
}

#[cfg(not(feature = "socket"))]
fn socket(_: impl Fn(&str) -> Option<String>, processes: Processes) -> Arc<dyn Transport> {
    let text = "CHARMWRIGHT_TRANSPORT is socket, but the charm is built without the feature socket; \
                hook commands run as processes";
    warn(&processes, text);
    Arc::new(processes)
}

/// Says something in Juju's log, or on standard error if Juju's log does not take it. It goes there by itself, since the
/// caller's own log may go through the transport that it is about.
pub(super) fn warn(through: &dyn Transport, text: &str) {
    warn_or(through, text, &mut std::io::stderr());
}

fn warn_or(through: &dyn Transport, text: &str, stderr: &mut dyn Write) {
    // The agent's own words may be in the text, and no argument can have a zero byte.
    let text = text.replace('\0', "\u{fffd}");
    let args = ["--log-level", "WARNING", "--", &text].map(str::to_owned).to_vec();
    let reply = through.call(&Call { command: "juju-log", args, stdin: None });
    if !reply.is_ok_and(|reply| reply.code == 0) {
        // Juju logs that too. There is no further road.
        let _: std::io::Result<()> = writeln!(stderr, "WARNING {text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Reply, TransportError};

    /// Answers `juju-log` like this, and takes nothing with a zero byte, as no process does.
    #[derive(Debug)]
    struct Log(Option<i32>);

    impl Transport for Log {
        fn call(&self, call: &Call) -> Result<Reply, TransportError> {
            assert!(!call.args.iter().any(|arg| arg.contains('\0')));
            let failed =
                || TransportError { command: call.command, source: std::io::ErrorKind::NotFound.into() };
            self.0.map(|code| Reply { code, ..Reply::success("") }).ok_or_else(failed)
        }
    }

    #[test]
    fn a_warning_that_jujus_log_does_not_take_goes_to_standard_error() {
        for (log, told) in [(Some(0), ""), (Some(1), "WARNING a\u{fffd}b\n"), (None, "WARNING a\u{fffd}b\n")]
        {
            let mut stderr = Vec::new();
            warn_or(&Log(log), "a\0b", &mut stderr);
            assert_eq!(String::from_utf8(stderr).unwrap(), told, "{log:?}");
        }
    }

    fn chosen(variables: &[(&str, &str)]) -> String {
        let find =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into());
        format!("{:?}", choose(find))
    }

    #[test]
    fn without_a_word_it_is_processes() {
        assert_eq!(chosen(&[]), "Processes { overlap: 4, .. }");
        assert_eq!(chosen(&[("CHARMWRIGHT_TRANSPORT", ""), ("CHARMWRIGHT_OVERLAP", "")]), chosen(&[]));
        assert_eq!(chosen(&[("CHARMWRIGHT_OVERLAP", "3")]), "Processes { overlap: 3, .. }");
    }

    #[test]
    fn what_cannot_be_had_is_processes() {
        for (name, value) in [
            ("CHARMWRIGHT_OVERLAP", "0"),
            ("CHARMWRIGHT_OVERLAP", "many"),
            ("CHARMWRIGHT_TRANSPORT", "pigeon"),
            ("CHARMWRIGHT_TRANSPORT", "socket"),
        ] {
            assert_eq!(chosen(&[(name, value)]), "Processes { overlap: 4, .. }", "{name}={value}");
        }
    }
}
