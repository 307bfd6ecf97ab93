//! `relation-ids`, `relation-list`, `relation-model-get`

use super::arguments::{RELATION, RelationId};
use super::invocation::{Invocation, Stop, wrong};
use crate::juju::text::flags::{Given, Takes, none};
use crate::juju::text::value::Field;
use crate::juju::text::{Output, Value};

pub(super) fn ids(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let hook = RelationId::of_hook(invocation.run)?;
    let mut output = Output::smart();
    let arguments = invocation.output_options(&mut output)?;
    let endpoint = match (arguments.split_first(), hook.optional()) {
        (Some((endpoint, rest)), _) => {
            none(rest).map_err(wrong)?;
            endpoint.clone()
        }
        (None, Some(id)) => invocation.run.relation(id)?.name,
        (None, None) => return Err(wrong("no endpoint name specified")),
    };
    let ids = match invocation.run.relation_ids() {
        Err(failure) if failure.is_not_found() => Vec::new(),
        read => read?,
    };
    let mut shown = Vec::new();
    for id in ids {
        match invocation.run.relation(id) {
            Ok(relation) if relation.name == endpoint && relation.life != "dead" => {
                shown.push(relation.fake_id());
            }
            Ok(_) => {}
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    shown.sort_unstable();
    invocation.print(&output, &Value::texts(shown))
}

pub(super) fn list(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let mut relation = RelationId::of_hook(invocation.run)?;
    let mut application = false;
    let options = [RELATION.as_slice(), &[("app", Takes::Truth)]].concat();
    let arguments = options_with_relation(invocation, &mut output, &mut relation, &options, |given| {
        application = given;
    })?;
    let id = relation.required()?;
    none(&arguments).map_err(wrong)?;
    let relation = invocation.run.relation(id)?;
    let shown = if application { Value::from(relation.remote_app) } else { Value::texts(relation.units) };
    invocation.print(&output, &shown)
}

pub(super) fn model_get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let mut relation = RelationId::of_hook(invocation.run)?;
    let arguments = options_with_relation(invocation, &mut output, &mut relation, &RELATION, |_| {})?;
    let id = relation.required()?;
    none(&arguments).map_err(wrong)?;
    let model = invocation.run.relation(id)?.remote_model_uuid;
    invocation.print(&output, &Value::Record(vec![Field::new("uuid", model)]))
}

/// Reads the options of a command with an output, a relation, and at most one truth value.
pub(super) fn options_with_relation(
    invocation: &mut Invocation<'_, '_>,
    output: &mut Output,
    relation: &mut RelationId,
    options: &[(&str, Takes)],
    mut set: impl FnMut(bool),
) -> Result<Vec<String>, Stop> {
    let options = [&Output::OPTIONS, options].concat();
    let run = &mut *invocation.run;
    Ok(crate::juju::text::flags::parse(invocation.args, &options, |name, given| {
        if output.take(name, given)? || relation.take(run, name, given)? {
            return Ok(());
        }
        set(given == Given::Truth(true));
        Ok(())
    })?)
}
