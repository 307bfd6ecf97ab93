//! `config-get`

use super::invocation::{Invocation, Stop, wrong};
use crate::juju::text::flags::{Given, Takes, none};
use crate::juju::text::quote::quoted;
use crate::juju::text::{Output, Value};

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let mut all = false;
    let options = [("a", Takes::Truth), ("all", Takes::Truth)];
    let arguments = invocation.options(&mut output, &options, |_, given| {
        if let Given::Truth(given) = given {
            all = given;
        }
        Ok(())
    })?;
    let key = match arguments.split_first() {
        None => "",
        Some((key, rest)) => {
            if !key.is_empty() && all {
                return Err(wrong(format!("cannot use argument --all together with key {}", quoted(key))));
            }
            none(rest).map_err(wrong)?;
            key
        }
    };
    let mut settings = invocation.run.config_settings()?;
    let value = if key.is_empty() {
        if !all {
            settings.retain(|_, value| !value.is_null());
        }
        Value::from(serde_json::Value::Object(settings))
    } else {
        settings.remove(key).map_or(Value::Absent, Value::from)
    };
    invocation.print(&output, &value)
}
