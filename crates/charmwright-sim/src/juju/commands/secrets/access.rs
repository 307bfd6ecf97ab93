//! `secret-grant`, `secret-revoke`

use super::super::arguments::{RELATION, RelationId};
use super::super::invocation::{Invocation, Stop, wrong};
use super::first_uri;
use crate::juju::context::SecretAccess;
use crate::juju::controller::{application_of, is_application, is_unit};
use crate::juju::text::flags::{self, Given, Takes, none};
use crate::juju::text::quote::quoted;

pub(in super::super) fn grant(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut relation = RelationId::of_hook(invocation.run)?;
    let mut unit = "";
    let options = [RELATION.as_slice(), &[("unit", Takes::Text)]].concat();
    let run = &mut *invocation.run;
    let arguments = flags::parse(invocation.args, &options, |name, given| {
        if !relation.take(run, name, given)?
            && let Given::Text(given) = given
        {
            unit = given;
        }
        Ok(())
    })?;
    let (uri, rest) = first_uri(&arguments)?;
    let id = relation.required()?;
    let relation = invocation.run.relation(id).map_err(|failure| wrong(failure.to_string()))?;
    let app = relation.remote_app;
    if !unit.is_empty() {
        check_unit(unit)?;
        if application_of(unit) != app {
            return Err(wrong(format!(
                "cannot specify unit {} in relation to application {}",
                quoted(unit),
                quoted(&app)
            )));
        }
    }
    none(rest).map_err(wrong)?;
    let access = SecretAccess { application: some(&app), unit: some(unit), relation_key: Some(relation.key) };
    invocation.run.grant_secret(&uri, access)?;
    Ok(())
}

pub(in super::super) fn revoke(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut relation = RelationId::of_hook(invocation.run)?;
    let (mut app, mut unit) = ("", "");
    let own = ["app", "application", "unit"].map(|name| (name, Takes::Text));
    let options = [RELATION.as_slice(), &own].concat();
    let run = &mut *invocation.run;
    let arguments = flags::parse(invocation.args, &options, |name, given| {
        if !relation.take(run, name, given)?
            && let Given::Text(given) = given
        {
            *(if name == "unit" { &mut unit } else { &mut app }) = given;
        }
        Ok(())
    })?;
    let (uri, rest) = first_uri(&arguments)?;
    if !app.is_empty() && !is_application(app) {
        return Err(wrong(format!("application {} not valid", quoted(app))));
    }
    if !unit.is_empty() {
        check_unit(unit)?;
    }
    if !app.is_empty() && !unit.is_empty() {
        return Err(wrong("specify only one of application or unit"));
    }
    let mut from = app.to_owned();
    if let Some(id) = relation.optional() {
        let relation = invocation.run.relation(id).map_err(|failure| wrong(failure.to_string()))?;
        if !app.is_empty() {
            return Err(wrong("do not specify both relation and app"));
        }
        from = relation.remote_app;
    }
    if from.is_empty() && unit.is_empty() {
        return Err(wrong("missing relation or application or unit"));
    }
    none(rest).map_err(wrong)?;
    let access = SecretAccess { application: some(&from), unit: some(unit), relation_key: None };
    invocation.run.revoke_secret(&uri, access)?;
    Ok(())
}

fn check_unit(unit: &str) -> Result<(), Stop> {
    if is_unit(unit) { Ok(()) } else { Err(wrong(format!("unit {} not valid", quoted(unit)))) }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}
