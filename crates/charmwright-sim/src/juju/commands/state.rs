//! `state-get`, `state-set`, `state-delete`

use super::invocation::{Invocation, Stop, wrong};
use super::settings_file::with_file;
use crate::juju::text::flags::{self, Given, Takes, none};
use crate::juju::text::{Output, Value, keyvalues};

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let mut strict = false;
    let arguments = invocation.options(&mut output, &[("strict", Takes::Truth)], |_, given| {
        strict = given == Given::Truth(true);
        Ok(())
    })?;
    let key = match arguments.split_first() {
        None => "",
        Some((key, rest)) => {
            none(rest).map_err(wrong)?;
            if key == "-" { "" } else { key }
        }
    };
    if key.is_empty() {
        let state = invocation.run.charm_state()?;
        return invocation.print(&output, &state.map_or(Value::Map(None), Value::map));
    }
    let value = match invocation.run.charm_state_value(key) {
        Err(failure) if failure.is_not_found() && !strict => String::new(),
        read => read?,
    };
    invocation.print(&output, &Value::from(value))
}

pub(super) fn set(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut file = "";
    let arguments = flags::parse(invocation.args, &[("file", Takes::Text)], |_, given| {
        if let Given::Text(given) = given {
            file = given;
        }
        Ok(())
    })?;
    let given = keyvalues::parse(&arguments).map_err(wrong)?;
    for (key, value) in with_file(invocation, file, given)? {
        invocation.run.set_charm_state_value(&key, &value)?;
    }
    Ok(())
}

pub(super) fn delete(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    let Some((key, rest)) = arguments.split_first() else { return Ok(()) };
    none(rest).map_err(wrong)?;
    if !key.is_empty() {
        invocation.run.delete_charm_state_value(key)?;
    }
    Ok(())
}
