//! `secret-ids`, `secret-info-get`

use super::super::invocation::{Invocation, Stop, failed, wrong};
use super::optional_uri;
use crate::juju::context::SecretMetadata;
use crate::juju::controller::Time;
use crate::juju::text::flags::{Given, Takes, none};
use crate::juju::text::quote::quoted;
use crate::juju::text::value::Field;
use crate::juju::text::{Output, Value};

pub(in super::super) fn ids(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let arguments = invocation.output_options(&mut output)?;
    none(&arguments).map_err(wrong)?;
    let ids: Vec<String> = invocation.run.secret_metadata()?.into_keys().collect();
    // Juju makes no list for none.
    let ids = Value::Texts(Some(ids).filter(|ids| !ids.is_empty()));
    invocation.print(&output, &ids)
}

pub(in super::super) fn info_get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::yaml();
    let mut label = "";
    let arguments = invocation.options(&mut output, &[("label", Takes::Text)], |_, given| {
        if let Given::Text(given) = given {
            label = given;
        }
        Ok(())
    })?;
    let (uri, rest) = optional_uri(&arguments)?;
    match (&uri, label) {
        (None, "") => return Err(wrong("require either a secret URI or label")),
        (Some(_), label) if !label.is_empty() => {
            return Err(wrong("specify either a secret URI or label but not both"));
        }
        _ => {}
    }
    none(rest).map_err(wrong)?;
    let mut all = invocation.run.secret_metadata()?.into_iter();
    let (wanted, found) = match uri {
        Some(uri) => {
            let found = all.find(|(id, _)| *id == uri.id);
            (uri.id, found)
        }
        None => (label.to_owned(), all.find(|(_, metadata)| metadata.label == label)),
    };
    let Some((id, metadata)) = found else {
        return Err(failed(format!("secret {} not found", quoted(&wanted))));
    };
    invocation.print(&output, &Value::map([(id, shown(metadata))]))
}

fn shown(metadata: SecretMetadata) -> Value {
    let mut fields = vec![
        Field::new("revision", Value::Int(metadata.latest_revision)),
        Field::new("label", metadata.label),
        Field::new("owner", metadata.owner.kind()),
    ];
    for (name, text) in [("description", metadata.description), ("rotation", metadata.rotate)] {
        if !text.is_empty() {
            fields.push(Field::new(name, text));
        }
    }
    for (name, time) in [("expiry", metadata.latest_expire), ("rotates", metadata.next_rotate)] {
        fields.extend(time.map(|time: Time| Field::new(name, Value::Time(time.to_string()))));
    }
    let access: Vec<Value> = metadata
        .access
        .into_iter()
        .map(|access| {
            Value::Record(vec![
                Field::new("target", access.target),
                Field::new("scope", access.scope),
                Field::new("role", access.role),
            ])
        })
        .collect();
    if !access.is_empty() {
        fields.push(Field::new("access", access));
    }
    Value::Record(fields)
}
