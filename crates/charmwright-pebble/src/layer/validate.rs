//! What Pebble refuses, in its words.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Command, GoDuration, Layer, Level, LogTarget, LogTargetKind, OnExit, Service};

/// Why Pebble refuses a layer. The text is that of Pebble.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct LayerError {
    /// What is wrong.
    pub kind: LayerErrorKind,
    /// The service, check, log target, workload, label or section that it is about.
    pub subject: String,
    message: String,
}

/// What is wrong with a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerErrorKind {
    /// It is no layer: no YAML, an unknown section or field, a value of another type.
    Syntax,
    /// Its label is taken or reserved.
    Label,
    /// It belongs between others, and was not said to.
    NotInner,
    /// An entry does not say how it meets others.
    Override,
    /// A name is empty or reserved.
    Name,
    /// A field is missing, or has a value that Pebble does not take.
    Field,
    /// It speaks of an entry that is not there.
    Unknown,
    /// Services that start before and after one another.
    Loop,
}

impl LayerError {
    pub(super) fn new(kind: LayerErrorKind, subject: &str, message: String) -> Self {
        Self { kind, subject: subject.to_owned(), message }
    }

    pub(super) fn exists(label: &str) -> Self {
        Self::new(LayerErrorKind::Label, label, format!("layer {label:?} already exists"))
    }

    pub(super) fn not_inner(label: &str) -> Self {
        let message = "cannot insert sub-directory layer without 'inner' attribute set";
        Self::new(LayerErrorKind::NotInner, label, message.to_owned())
    }
}

use LayerErrorKind as Kind;

/// Fails with Pebble's message, which is made only then.
macro_rules! refuse {
    ($kind:ident, $subject:expr, $($message:tt)+) => {
        return Err(LayerError::new(Kind::$kind, $subject, format!($($message)+)))
    };
}

/// What is wrong with one layer by itself.
pub(super) fn layer(label: &str, layer: &Layer) -> Result<(), LayerError> {
    if label.is_empty() {
        refuse!(Label, label, "label must be set");
    }
    if label.starts_with("pebble-") {
        refuse!(Label, label, "cannot use reserved label prefix \"pebble-\"");
    }
    layer.services.iter().try_for_each(|(name, entry)| service(name, entry))?;
    layer.checks.iter().try_for_each(|(name, entry)| check(name, entry))?;
    layer.log_targets.iter().try_for_each(|(name, entry)| log_target(name, entry))?;
    match layer.workloads.keys().find(|name| name.is_empty()) {
        Some(name) => refuse!(Name, name, "workload \"\": cannot have an empty name"),
        None => Ok(()),
    }
}

fn service(name: &str, service: &Service) -> Result<(), LayerError> {
    if name.is_empty() {
        refuse!(Name, name, "cannot use empty string as service name");
    }
    if name == "pebble" {
        refuse!(Name, name, "cannot use reserved service name {name:?}");
    }
    if name.starts_with('-') {
        refuse!(Name, name, "cannot use service name {name:?}: starting with \"-\" not allowed");
    }
    if let Err(error) = Command::parse(&service.command) {
        refuse!(
            Field,
            name,
            "plan service {name:?} command invalid: cannot parse service {name:?} command: {error}"
        );
    }
    let action = |field: &str, action: &OnExit, also: &OnExit| {
        if matches!(action, OnExit::Restart | OnExit::Shutdown | OnExit::Ignore) || action == also {
            return Ok(());
        }
        refuse!(Field, name, "plan service {name:?} {field} action \"{action}\" invalid")
    };
    service.on_success.iter().try_for_each(|one| action("on-success", one, &OnExit::FailureShutdown))?;
    service.on_failure.iter().try_for_each(|one| action("on-failure", one, &OnExit::SuccessShutdown))?;
    let mut checks = service.on_check_failure.values();
    checks.try_for_each(|one| action("on-check-failure", one, &OnExit::SuccessShutdown))?;
    if let Some(factor) = service.backoff_factor.filter(|factor| factor.0 < 1.0) {
        refuse!(Field, name, "plan service {name:?} backoff-factor must be 1.0 or greater, not {}", factor.0);
    }
    let fields = [
        ("backoff-delay", &service.backoff_delay),
        ("backoff-limit", &service.backoff_limit),
        ("kill-delay", &service.kill_delay),
    ];
    fields.into_iter().try_for_each(|(field, value)| duration(name, field, value.as_ref()))
}

/// A text that is no duration is one of Pebble's YAML parser's errors, whose words are its own.
fn duration(name: &str, field: &str, value: Option<&GoDuration>) -> Result<(), LayerError> {
    match value.filter(|value| value.to_duration().is_none()) {
        Some(value) => refuse!(Syntax, name, "invalid duration {:?} for {field}", value.as_str()),
        None => Ok(()),
    }
}

fn check(name: &str, check: &Check) -> Result<(), LayerError> {
    if name.is_empty() {
        refuse!(Name, name, "cannot use empty string as check name");
    }
    if matches!(check.level, Some(Level::Other(_))) {
        refuse!(Field, name, "plan check {name:?} level must be \"alive\" or \"ready\"");
    }
    for (field, value) in [("period", &check.period), ("timeout", &check.timeout)] {
        duration(name, field, value.as_ref())?;
        let zero = |value: &GoDuration| value.to_duration().is_some_and(|value| value.is_zero());
        if value.as_ref().is_some_and(zero) {
            refuse!(Field, name, "plan check {name:?} {field} must not be zero");
        }
    }
    if let Some(exec) = &check.exec {
        if let Err(error) = Command::words(&exec.command) {
            refuse!(Field, name, "plan check {name:?} command invalid: {error}");
        }
        let (user, group) = (exec.user_id.is_some() || !exec.user.is_empty(), &exec.group);
        if !user && (exec.group_id.is_some() || !group.is_empty()) {
            refuse!(
                Field,
                name,
                "plan check {name:?} has invalid user/group: must specify user, not just group"
            );
        }
    }
    Ok(())
}

fn log_target(name: &str, target: &LogTarget) -> Result<(), LayerError> {
    if let Some(label) = target.labels.keys().find(|label| label.starts_with("pebble_")) {
        refuse!(Field, name, "log target {name:?}: label {label:?} uses reserved prefix \"pebble_\"");
    }
    if let Some(LogTargetKind::Other(kind)) = &target.kind {
        refuse!(
            Field,
            name,
            "log target {name:?} has unsupported type {kind:?}, must be \"loki\" or \"opentelemetry\""
        );
    }
    Ok(())
}

/// What is wrong with the layers together.
pub(super) fn plan(plan: &Layer) -> Result<(), LayerError> {
    if let Some((name, _)) = plan.services.iter().find(|(_, service)| service.command.is_empty()) {
        refuse!(Field, name, "plan must define \"command\" for service {name:?}");
    }
    plan.checks.iter().try_for_each(|(name, check)| planned_check(plan, name, check))?;
    plan.log_targets.iter().try_for_each(|(name, target)| planned_log_target(plan, name, target))?;
    no_loop(plan)?;
    for (name, service) in plan.services.iter().filter(|(_, service)| !service.workload.is_empty()) {
        let workload = &service.workload;
        if !plan.workloads.contains_key(workload) {
            refuse!(Unknown, name, "workload {workload:?}: not defined for service {name:?}");
        }
        let both = |what: &str| {
            let text = format!(
                "plan service {name:?} cannot have {what} information and a workload at the same time"
            );
            Err(LayerError::new(Kind::Field, name, text))
        };
        if service.user_id.is_some() || !service.user.is_empty() {
            return both("user");
        }
        if service.group_id.is_some() || !service.group.is_empty() {
            return both("group");
        }
    }
    Ok(())
}

fn planned_check(plan: &Layer, name: &str, check: &Check) -> Result<(), LayerError> {
    if check.http.as_ref().is_some_and(|http| http.url.is_empty()) {
        refuse!(Field, name, "plan must set \"url\" for http check {name:?}");
    }
    if check.tcp.as_ref().is_some_and(|tcp| tcp.port == 0) {
        refuse!(Field, name, "plan must set \"port\" for tcp check {name:?}");
    }
    if let Some(exec) = &check.exec {
        if exec.command.is_empty() {
            refuse!(Field, name, "plan must set \"command\" for exec check {name:?}");
        }
        let context = &exec.service_context;
        if !context.is_empty() && !plan.services.contains_key(context) {
            refuse!(
                Unknown,
                name,
                "plan check {name:?} service context specifies non-existent service {context:?}"
            );
        }
    }
    let kinds = [check.http.is_some(), check.tcp.is_some(), check.exec.is_some()];
    if kinds.into_iter().filter(|kind| *kind).count() != 1 {
        refuse!(Field, name, "plan must specify one of \"http\", \"tcp\", or \"exec\" for check {name:?}");
    }
    Ok(())
}

fn planned_log_target(plan: &Layer, name: &str, target: &LogTarget) -> Result<(), LayerError> {
    if target.kind.is_none() {
        refuse!(
            Field,
            name,
            "plan must define \"type\" (\"loki\" or \"opentelemetry\") for log target {name:?}"
        );
    }
    for service in &target.services {
        let service = service.strip_prefix('-').unwrap_or(service);
        if service != "all" && !plan.services.contains_key(service) {
            refuse!(Unknown, name, "log target {name:?} specifies unknown service {service:?}");
        }
    }
    if target.location.is_empty() {
        refuse!(Field, name, "plan must define \"location\" for log target {name:?}");
    }
    Ok(())
}

/// Fails if a required service is missing, or if services start before and after one another.
fn no_loop(plan: &Layer) -> Result<(), LayerError> {
    let mut earlier: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, service) in &plan.services {
        if let Some(missing) = service.requires.iter().find(|name| !plan.services.contains_key(*name)) {
            refuse!(Unknown, missing, "service {missing:?} does not exist");
        }
        for after in service.after.iter().filter(|name| plan.services.contains_key(*name)) {
            earlier.entry(name).or_default().insert(after);
        }
        for before in service.before.iter().filter(|name| plan.services.contains_key(*name)) {
            earlier.entry(before).or_default().insert(name);
        }
    }
    let reached = |from: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(name) = next.pop() {
            for one in earlier.get(name).into_iter().flatten() {
                if seen.insert(*one) {
                    next.push(one);
                }
            }
        }
        seen
    };
    for name in earlier.keys().copied() {
        // One that starts after itself only is let pass.
        let others =
            reached(name).into_iter().filter(|other| *other != name && reached(other).contains(name));
        let mut all: Vec<&str> = others.collect();
        if !all.is_empty() {
            all.push(name);
            all.sort_unstable();
            refuse!(Loop, name, "services in before/after loop: {}", all.join(", "));
        }
    }
    Ok(())
}
