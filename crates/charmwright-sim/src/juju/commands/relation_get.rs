//! `relation-get`

use super::arguments::{RELATION, RelationId};
use super::invocation::{Invocation, Stop, wrong};
use super::relation::options_with_relation;
use crate::juju::context::{Failure, Run, Side};
use crate::juju::controller::{application_of, is_application, is_unit};
use crate::juju::text::flags::{Takes, none};
use crate::juju::text::quote::quoted;
use crate::juju::text::{Output, Value};

/// Whose settings are read.
struct Target {
    name: String,
    application: bool,
}

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let mut relation = RelationId::of_hook(invocation.run)?;
    let mut application = false;
    let options = [RELATION.as_slice(), &[("app", Takes::Truth)]].concat();
    let arguments = options_with_relation(invocation, &mut output, &mut relation, &options, |given| {
        application = given;
    })?;
    let id = relation.required()?;
    let mut arguments = arguments.iter().map(String::as_str);
    let key = arguments.next().filter(|key| *key != "-").unwrap_or_default();
    let target = match arguments.next() {
        Some(name) => named(name, application)?,
        None => of_hook(invocation.run, application)?,
    };
    none(&arguments.collect::<Vec<_>>()).map_err(wrong)?;
    invocation.run.relation(id)?;
    let mut settings = read(invocation.run, id, &target)?;
    let value = if key.is_empty() {
        Value::map(settings)
    } else {
        settings.remove(key).map_or(Value::Absent, Value::from)
    };
    invocation.print(&output, &value)
}

fn named(name: &str, application: bool) -> Result<Target, Stop> {
    if application {
        // What is neither is read as the application without a name.
        let name = if is_application(name) || is_unit(name) { application_of(name) } else { "" };
        return Ok(Target { name: name.to_owned(), application });
    }
    if is_unit(name) {
        return Ok(Target { name: name.to_owned(), application });
    }
    if is_application(name) {
        return Err(wrong(format!("expected unit name, got application name {}", quoted(name))));
    }
    Err(wrong(format!("invalid unit name {}", quoted(name))))
}

/// The other end that the hook is about: its unit, or without one its application.
fn of_hook(run: &mut Run<'_>, application: bool) -> Result<Target, Stop> {
    let refused = |failure: Failure| {
        if failure.is_not_found() {
            "no unit or application specified".to_owned()
        } else {
            failure.to_string()
        }
    };
    if !application {
        match run.remote_unit_name() {
            Ok(name) => return Ok(Target { name, application }),
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => return Err(wrong(failure.to_string())),
        }
    }
    let name = run.remote_application_name().map_err(|failure| wrong(refused(failure)))?;
    Ok(Target { name, application: true })
}

fn read(run: &mut Run<'_>, id: i64, target: &Target) -> Result<crate::juju::controller::Bag, Stop> {
    let unit = run.unit_name().to_owned();
    let own = if target.name == unit {
        true
    } else if target.name == application_of(&unit) {
        // The application's own settings are read as they will be by the leader only.
        run.is_leader().map_err(|failure| failure.while_doing("cannot determine leadership status"))?
    } else {
        false
    };
    let settings = match (own, target.application) {
        (true, true) => run.own_settings(id, Side::Application),
        (true, false) => run.own_settings(id, Side::Unit),
        (false, true) => run.read_application_settings(id, &target.name),
        (false, false) => run.read_settings(id, &target.name),
    };
    Ok(settings?)
}
