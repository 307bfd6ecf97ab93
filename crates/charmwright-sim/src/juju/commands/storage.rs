//! `storage-list`, `storage-get`, `storage-add`

mod constraints;

use super::invocation::{Invocation, Stop, failed, wrong};
use crate::juju::context::StorageConstraints;
use crate::juju::controller::is_application;
use crate::juju::text::flags::{Given, Takes, none};
use crate::juju::text::quote::quoted;
use crate::juju::text::{Output, Value};
use std::collections::BTreeMap;

pub(super) fn list(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let arguments = invocation.output_options(&mut output)?;
    let name = one(&arguments)?;
    let mut ids = invocation.run.storage_tags()?;
    if !name.is_empty() {
        ids.retain(|id| id.split_once('/').is_some_and(|(store, _)| store == name));
    }
    invocation.print(&output, &Value::texts(ids))
}

/// The one argument that there may be.
fn one(arguments: &[String]) -> Result<&str, Stop> {
    let Some((argument, rest)) = arguments.split_first() else { return Ok("") };
    none(rest).map_err(wrong)?;
    Ok(argument)
}

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut storage = match invocation.run.hook_storage() {
        Ok(storage) => Some(storage.id),
        Err(failure) if failure.is_not_found() || failure.is_not_provisioned() => None,
        Err(failure) => return Err(Stop::Refused(failure.to_string())),
    };
    invocation.note();
    let mut output = Output::smart();
    let options = [Output::OPTIONS.as_slice(), &[("s", Takes::Text)]].concat();
    let run = &mut *invocation.run;
    let arguments = crate::juju::text::flags::parse(invocation.args, &options, |name, given| {
        if output.take(name, given)? {
            return Ok(());
        }
        let Given::Text(id) = given else { return Ok(()) };
        if !is_storage(id) {
            return Err(format!("invalid storage ID {}", quoted(id)));
        }
        run.storage(id).map_err(|failure| failure.to_string())?;
        storage = Some(id.to_owned());
        Ok(())
    })?;
    let id = storage.ok_or_else(|| wrong("no storage instance specified"))?;
    let key = one(&arguments)?;
    let storage = invocation.run.storage(&id)?;
    let value = match key {
        "" => Value::map([("kind", storage.kind), ("location", storage.location)]),
        "kind" => Value::from(storage.kind),
        "location" => Value::from(storage.location),
        _ => return Err(failed(format!("invalid storage attribute {}", quoted(key)))),
    };
    invocation.print(&output, &value)
}

/// `name/N`. Names have the form of those of applications.
fn is_storage(id: &str) -> bool {
    id.split_once('/').is_some_and(|(name, number)| {
        is_application(name)
            && (number == "0" || !number.starts_with('0'))
            && !number.is_empty()
            && number.bytes().all(|digit| digit.is_ascii_digit())
    })
}

pub(super) fn add(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    if arguments.is_empty() {
        return Err(wrong("storage add requires a storage directive"));
    }
    let mut wanted = BTreeMap::new();
    for (name, asked) in constraints::parse(&arguments).map_err(wrong)? {
        if !asked.only_count() {
            return Err(wrong(format!("only count can be specified for {}", quoted(&name))));
        }
        wanted.insert(name, StorageConstraints { count: Some(asked.count), ..StorageConstraints::default() });
    }
    invocation.run.add_unit_storage(wanted)?;
    Ok(())
}
