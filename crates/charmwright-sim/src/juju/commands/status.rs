//! `status-get`, `status-set`

use super::invocation::{Invocation, Stop, wrong};
use crate::juju::context::StatusInfo;
use crate::juju::text::flags::{self, Given, Takes, none};
use crate::juju::text::quote::quoted;
use crate::juju::text::{Output, Value};
use std::collections::BTreeMap;

/// What a charm may set.
const STATUSES: [&str; 4] = ["maintenance", "blocked", "waiting", "active"];

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let (mut data, mut application) = (false, false);
    let options = [("include-data", Takes::Truth), ("application", Takes::Truth)];
    let arguments = invocation.options(&mut output, &options, |name, given| {
        let given = given == Given::Truth(true);
        *(if name == "application" { &mut application } else { &mut data }) = given;
        Ok(())
    })?;
    none(&arguments).map_err(wrong)?;
    let bare = !data && output.is_smart();
    let shown = if application {
        let status = invocation
            .run
            .application_status()
            .map_err(|failure| failure.while_doing("finding application status"))?;
        if bare {
            return invocation.print(&output, &Value::from(status.application.status));
        }
        let units = status.units.into_iter().map(|unit| (unit.tag.clone(), Value::map(details(unit, data))));
        let units = Value::map(units);
        let mut shown = details(status.application, data);
        shown.insert("units".to_owned(), units);
        Value::map([("application-status", Value::map(shown))])
    } else {
        let status =
            invocation.run.unit_status().map_err(|failure| failure.while_doing("finding workload status"))?;
        if bare {
            return invocation.print(&output, &Value::from(status.status));
        }
        Value::map(details(status, data))
    };
    // Juju does not look at what becomes of the output here.
    let _ = invocation.print(&output, &shown);
    Ok(())
}

fn details(status: StatusInfo, data: bool) -> BTreeMap<String, Value> {
    let mut details = BTreeMap::from([("status".to_owned(), Value::from(status.status))]);
    if data {
        let held = serde_json::Value::Object(status.data.unwrap_or_default());
        details.insert("status-data".to_owned(), Value::from(held));
        details.insert("message".to_owned(), Value::from(status.info));
    }
    details
}

pub(super) fn set(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut application = false;
    let arguments = flags::parse(invocation.args, &[("application", Takes::Truth)], |_, given| {
        application = given == Given::Truth(true);
        Ok(())
    })?;
    let Some((status, rest)) = arguments.split_first() else {
        return Err(wrong("invalid args, require <status> [message]"));
    };
    if !STATUSES.contains(&status.as_str()) {
        let known = STATUSES.join(" ");
        return Err(wrong(format!("invalid status {}, expected one of [{known}]", quoted(status))));
    }
    let message = match rest.split_first() {
        None => "",
        Some((message, rest)) => {
            none(rest).map_err(wrong)?;
            message
        }
    };
    if application {
        invocation.run.set_application_status(status, message)?;
    } else {
        invocation.run.set_unit_status(status, message)?;
    }
    Ok(())
}
