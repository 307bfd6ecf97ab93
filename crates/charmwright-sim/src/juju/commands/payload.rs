//! `payload-register`, `payload-unregister`, `payload-status-set`

use super::invocation::{Invocation, Stop, failed, wrong};
use crate::juju::text::files;
use crate::juju::text::flags::none;
use crate::juju::text::quote::quoted;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a payload can be doing.
const STATES: [&str; 4] = ["running", "starting", "stopped", "stopping"];

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    payloads: Option<BTreeMap<String, Class>>,
}

#[derive(Deserialize)]
struct Class {
    #[serde(default, rename = "type")]
    kind: String,
}

pub(super) fn register(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    let [kind, class, id, labels @ ..] = arguments.as_slice() else {
        return Err(wrong("missing required arguments"));
    };
    let path = files::in_dir(invocation.dir, "metadata.yaml");
    let metadata = files::read(&path).map_err(Stop::Failed)?;
    let metadata: Metadata =
        serde_yaml::from_slice(&metadata).map_err(|error| failed(format!("metadata: {error}")))?;
    match metadata.payloads.unwrap_or_default().get(class) {
        Some(declared) if declared.kind == *kind => {}
        Some(declared) => {
            return Err(failed(format!(
                "incorrect type {} for payload {}, expected {}",
                quoted(kind),
                quoted(class),
                quoted(&declared.kind)
            )));
        }
        None => return Err(failed(format!("payload {} not found in metadata.yaml", quoted(class)))),
    }
    invocation.run.track_payload(class, kind, id, labels.to_vec())?;
    invocation.run.flush_payloads()?;
    Ok(())
}

pub(super) fn unregister(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    let [class, id, rest @ ..] = arguments.as_slice() else {
        return Err(wrong("missing required arguments"));
    };
    none(rest).map_err(wrong)?;
    invocation.run.untrack_payload(class, id)?;
    invocation.run.flush_payloads()?;
    Ok(())
}

pub(super) fn status_set(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    let [class, id, status, rest @ ..] = arguments.as_slice() else {
        return Err(wrong("missing required arguments"));
    };
    none(rest).map_err(wrong)?;
    if !STATES.contains(&status.as_str()) {
        return Err(failed(format!(
            "status {} not supported; expected one of [\"{}\"]",
            quoted(status),
            STATES.join("\", \"")
        )));
    }
    invocation.run.set_payload_status(class, id, status)?;
    invocation.run.flush_payloads()?;
    Ok(())
}
