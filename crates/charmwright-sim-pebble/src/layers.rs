//! The layers of a daemon, and what it answers about them.

mod yaml;

use charmwright_pebble::{Layer, LayerErrorKind, Layers, LogTargetKind};

pub(crate) use self::yaml::plan_text;
use crate::accounts::{Accounts, credentials};
use crate::files::OwnerSpec;
use crate::settings::Settings;
use crate::text::quoted;

/// Why a layer is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) message: String,
}

/// How a layer is added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Adding {
    /// Into one of the same label.
    pub(crate) is_combined: bool,
    /// After others of its folder, below layers above.
    pub(crate) is_inner: bool,
    /// From the daemon's own folder, before it runs.
    pub(crate) is_static: bool,
}

/// Adds the text of a layer, or changes nothing.
pub(crate) fn add(
    layers: &mut Layers,
    settings: &Settings,
    accounts: &dyn Accounts,
    label: &str,
    text: &str,
    adding: Adding,
) -> Result<(), Refused> {
    let refused = |message: String| Refused { status: 400, message };
    let unread = |message: String| refused(format!("cannot parse layer YAML: {message}"));
    let layer = Layer::parse(label, text).map_err(|error| match error.kind {
        LayerErrorKind::Override => refused(error.to_string()),
        _ => unread(error.to_string()),
    })?;
    of_version(settings, label, &layer).and_then(|()| users(accounts, &layer)).map_err(unread)?;
    let mut new = layers.clone();
    let added = if adding.is_combined {
        new.combine_within(label, layer, adding.is_inner)
    } else {
        new.append_within(label, layer, adding.is_inner)
    };
    added.map_err(|error| match error.kind {
        LayerErrorKind::NotInner => Refused { status: 500, message: error.to_string() },
        _ => refused(error.to_string()),
    })?;
    if !adding.is_static && new.plan().workloads != layers.plan().workloads {
        return Err(refused(if settings.since(29) {
            "cannot change immutable section \"workloads\"".to_owned()
        } else {
            "cannot change workloads once the plan has been loaded".to_owned()
        }));
    }
    *layers = new;
    Ok(())
}

/// Whether this Pebble knows what is in a layer.
fn of_version(settings: &Settings, label: &str, layer: &Layer) -> Result<(), String> {
    if !layer.workloads.is_empty() && !settings.since(20) {
        return Err(format!("cannot parse layer {}: unknown section \"workloads\"", quoted(label)));
    }
    let (kinds, words): (&[&str], _) = if settings.since(27) {
        (&["loki", "opentelemetry", "syslog"], r#""loki", "opentelemetry", or "syslog""#)
    } else if settings.since(24) {
        (&["loki", "opentelemetry"], r#""loki" or "opentelemetry""#)
    } else {
        (&["loki", "syslog"], r#""loki" or "syslog""#)
    };
    for (name, target) in &layer.log_targets {
        let kind = target.kind.as_ref().map(LogTargetKind::as_str).unwrap_or_default();
        if !kind.is_empty() && !kinds.contains(&kind) {
            let (name, kind) = (quoted(name), quoted(kind));
            return Err(format!("log target {name} has unsupported type {kind}, must be {words}"));
        }
    }
    Ok(())
}

/// Whether there are the users that checks run as.
fn users(accounts: &dyn Accounts, layer: &Layer) -> Result<(), String> {
    for (name, check) in &layer.checks {
        let Some(exec) = &check.exec else {
            continue;
        };
        let owner = OwnerSpec {
            user_id: exec.user_id.map(Into::into),
            user: exec.user.clone(),
            group_id: exec.group_id.map(Into::into),
            group: exec.group.clone(),
        };
        credentials(accounts, &owner)
            .map_err(|error| format!("plan check {} has invalid user/group: {error}", quoted(name)))?;
    }
    Ok(())
}
