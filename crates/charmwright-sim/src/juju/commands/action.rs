//! `action-get`, `action-set`, `action-fail`, `action-log`

use super::invocation::{Invocation, Stop, wrong};
use crate::juju::text::flags::none;
use crate::juju::text::quote::quoted;
use crate::juju::text::{Output, Value};

/// What an action fails with that gives no reason.
const NO_REASON: &str = "action failed without reason given, check action for errors";

/// Keys that Juju sets itself.
const RESERVED: [&str; 4] = ["stdout", "stdout-encoding", "stderr", "stderr-encoding"];

pub(super) fn fail(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    let message = match arguments.split_first() {
        None => NO_REASON,
        Some((message, rest)) => {
            none(rest).map_err(wrong)?;
            message
        }
    };
    invocation.run.set_action_message(message)?;
    invocation.run.set_action_failed()?;
    Ok(())
}

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let arguments = invocation.output_options(&mut output)?;
    let key = match arguments.split_first() {
        None => None,
        Some((key, rest)) => {
            none(rest).map_err(wrong)?;
            Some(key)
        }
    };
    let parameters = invocation.run.action_params()?.unwrap_or_default();
    let parameters = serde_json::Value::Object(parameters);
    let value = match key {
        None => Value::from(parameters),
        Some(key) => key
            .split('.')
            .try_fold(&parameters, |inside, key| inside.as_object()?.get(key))
            .map_or(Value::Absent, |value| Value::from(value.clone())),
    };
    invocation.print(&output, &value)
}

pub(super) fn log(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    if arguments.is_empty() {
        return Err(wrong("no message specified"));
    }
    invocation.run.log_action_message(&arguments.join(" "))?;
    Ok(())
}

pub(super) fn set(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    let mut results: Vec<(Vec<String>, &str)> = Vec::new();
    for argument in &arguments {
        let Some((path, value)) = argument.split_once('=') else {
            return Err(wrong(format!("argument {} must be of the form key...=value", quoted(argument))));
        };
        let keys: Vec<String> = path.split('.').map(ToOwned::to_owned).collect();
        for key in &keys {
            check(key)?;
        }
        results.push((keys, value));
    }
    for (keys, value) in results {
        invocation.run.update_action_results(&keys, value)?;
    }
    Ok(())
}

fn check(key: &str) -> Result<(), Stop> {
    let ends = |end: Option<char>| end.is_some_and(|end| end.is_ascii_lowercase() || end.is_ascii_digit());
    let inside = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !(ends(key.chars().next()) && ends(key.chars().next_back()) && inside) {
        return Err(wrong(format!(
            "key {} must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric and hyphens",
            quoted(key)
        )));
    }
    if RESERVED.contains(&key) {
        return Err(wrong(format!("cannot set reserved action key \"{key}\"")));
    }
    Ok(())
}
