//! `is-leader`, `leader-get`, `leader-set`

use super::invocation::{Invocation, Stop, wrong};
use crate::juju::text::flags::none;
use crate::juju::text::quote::quoted;
use crate::juju::text::{Output, Value, keyvalues};

pub(super) fn is_leader(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let arguments = invocation.output_options(&mut output)?;
    none(&arguments).map_err(wrong)?;
    let leads =
        invocation.run.is_leader().map_err(|failure| failure.while_doing("leadership status unknown"))?;
    invocation.print(&output, &Value::from(leads))
}

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let arguments = invocation.output_options(&mut output)?;
    let key = match arguments.split_first() {
        None => "",
        Some((key, rest)) => {
            if key != "-" && key.contains('=') {
                return Err(wrong(format!("invalid key {}", quoted(key))));
            }
            none(rest).map_err(wrong)?;
            if key == "-" { "" } else { key }
        }
    };
    let mut settings = invocation
        .run
        .leader_settings()
        .map_err(|failure| failure.while_doing("cannot read leadership settings"))?;
    let value = if key.is_empty() {
        Value::map(settings)
    } else {
        settings.remove(key).map_or(Value::Absent, Value::from)
    };
    invocation.print(&output, &value)
}

pub(super) fn set(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    let settings = keyvalues::parse(&arguments).map_err(wrong)?;
    invocation
        .run
        .write_leader_settings(&settings)
        .map_err(|failure| failure.while_doing("cannot write leadership settings"))?;
    Ok(())
}
