//! `juju-log`

use super::invocation::{Invocation, Stop, wrong};
use crate::juju::log::Level;
use crate::juju::text::flags::{self, Given, Takes};
use crate::juju::text::quote::quoted;

const OPTIONS: [(&str, Takes); 4] =
    [("debug", Takes::Truth), ("l", Takes::Text), ("log-level", Takes::Text), ("format", Takes::Text)];

pub(super) fn log(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let (mut debug, mut level, mut format) = (false, "INFO", "");
    let arguments = flags::parse(invocation.args, &OPTIONS, |name, given| {
        match (name, given) {
            (_, Given::Truth(given)) => debug = given,
            ("format", Given::Text(given)) => format = given,
            (_, Given::Text(given)) => level = given,
            _ => {}
        }
        Ok(())
    })?;
    if arguments.is_empty() {
        return Err(wrong("no message specified"));
    }
    invocation.warn_of_format(format);
    let level = if debug {
        Some(Level::Debug)
    } else if level.is_empty() {
        Some(Level::Info)
    } else {
        named(level).unwrap_or_else(|| {
            let complaint = format!("Specified log level of {} is not valid", quoted(level));
            invocation.run.juju_log(Level::Warning, complaint);
            Some(Level::Info)
        })
    };
    let prefix = match invocation.run.hook_relation() {
        Ok(id) => format!("{}: ", invocation.run.relation(id)?.fake_id()),
        Err(failure) if failure.is_not_found() => String::new(),
        Err(failure) => return Err(failure.into()),
    };
    // Juju knows a level below all others, which is never written.
    if let Some(level) = level {
        invocation.run.juju_log(level, format!("{prefix}{}", arguments.join(" ")));
    }
    Ok(())
}

/// The level of a name: nothing if there is none, and an empty one for the level that is none.
#[expect(
    clippy::option_option,
    reason = "a name of no level is one thing, the name of the level that is none another"
)]
fn named(name: &str) -> Option<Option<Level>> {
    Some(match name.to_uppercase().as_str() {
        "UNSPECIFIED" => None,
        "TRACE" => Some(Level::Trace),
        "DEBUG" => Some(Level::Debug),
        "INFO" => Some(Level::Info),
        "WARN" | "WARNING" => Some(Level::Warning),
        "ERROR" => Some(Level::Error),
        "CRITICAL" => Some(Level::Critical),
        _ => return None,
    })
}
