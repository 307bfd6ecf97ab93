//! Layers, as the YAML that people write.

use serde_json::Value;

use super::Layer;
use super::text::{options, parse_layer};
use super::validate::{self, LayerError, LayerErrorKind};

const LAYER: &[&str] = &["summary", "description", "services", "checks", "log-targets", "workloads"];
const SERVICE: &[&str] = &[
    "summary",
    "description",
    "startup",
    "override",
    "command",
    "after",
    "before",
    "requires",
    "workload",
    "environment",
    "user-id",
    "user",
    "group-id",
    "group",
    "working-dir",
    "on-success",
    "on-failure",
    "on-check-failure",
    "backoff-delay",
    "backoff-factor",
    "backoff-limit",
    "kill-delay",
];
const CHECK: &[&str] =
    &["override", "level", "startup", "period", "timeout", "threshold", "http", "tcp", "exec"];
const HTTP: &[&str] = &["url", "headers"];
const TCP: &[&str] = &["port", "host"];
const EXEC: &[&str] =
    &["command", "service-context", "environment", "user-id", "user", "group-id", "group", "working-dir"];
const LOG_TARGET: &[&str] = &["type", "location", "services", "override", "labels"];
const WORKLOAD: &[&str] = &["override", "environment", "user-id", "user", "group-id", "group"];

impl Layer {
    /// Reads a layer as Pebble's parser takes it: YAML or JSON, in which every entry says how it meets others, and no
    /// section or field is unknown. `label` is for messages.
    ///
    /// ```
    /// use charmwright_pebble::Layer;
    ///
    /// let layer = Layer::parse("app", "services: {web: {override: replace, command: /bin/web}}").unwrap();
    /// assert_eq!(layer.services["web"].command, "/bin/web");
    /// let error = Layer::parse("app", "services: {web: {command: /bin/web}}").unwrap_err();
    /// assert_eq!(error.to_string(), "layer \"app\" must define \"override\" for service \"web\"");
    /// ```
    ///
    /// # Errors
    ///
    /// If it is none. The text is not in the message, as it may hold secrets.
    pub fn parse(label: &str, text: &str) -> Result<Self, LayerError> {
        let failed = |message: String| {
            let message = format!("cannot parse layer {label:?}: {message}");
            LayerError::new(LayerErrorKind::Syntax, label, message)
        };
        let value = serde_yaml::from_str_with_options::<Option<Value>>(text, options())
            .map_err(|_| failed("it is no YAML".to_owned()))?
            .unwrap_or_default();
        known(label, "", &value, LAYER)?;
        for (section, what, fields) in [
            ("services", "service", SERVICE),
            ("checks", "check", CHECK),
            ("log-targets", "log target", LOG_TARGET),
            ("workloads", "workload", WORKLOAD),
        ] {
            let Some(entries) = value.get(section).and_then(Value::as_object) else {
                continue;
            };
            for (name, entry) in entries {
                let refused = |kind, message| Err(LayerError::new(kind, name, message));
                if entry.is_null() {
                    let message = format!("{what} object cannot be null for {what} {name:?}");
                    return refused(LayerErrorKind::Field, message);
                }
                known(label, section, entry, fields)?;
                for (kind, fields) in [("http", HTTP), ("tcp", TCP), ("exec", EXEC)] {
                    if let Some(inner) = entry.get(kind).filter(|_| what == "check") {
                        known(label, section, inner, fields)?;
                    }
                }
                match entry.get("override").and_then(Value::as_str) {
                    Some("merge" | "replace") => {}
                    None | Some("") => {
                        let message = format!("layer {label:?} must define \"override\" for {what} {name:?}");
                        return refused(LayerErrorKind::Override, message);
                    }
                    Some(_) => {
                        let message =
                            format!("layer {label:?} has invalid \"override\" value for {what} {name:?}");
                        return refused(LayerErrorKind::Override, message);
                    }
                }
                let startup = entry.get("startup").and_then(Value::as_str).unwrap_or_default();
                if what == "check" && !matches!(startup, "" | "enabled" | "disabled") {
                    let message = format!("plan check {name:?} startup must be \"enabled\" or \"disabled\"");
                    return refused(LayerErrorKind::Field, message);
                }
            }
        }
        let layer = parse_layer(text).map_err(failed)?;
        validate::layer(label, &layer)?;
        Ok(layer)
    }
}

/// Fails if there is a field that Pebble does not know.
fn known(label: &str, section: &str, value: &Value, fields: &[&str]) -> Result<(), LayerError> {
    let Some(map) = value.as_object() else {
        return Ok(());
    };
    let Some(field) = map.keys().find(|field| !fields.contains(&field.as_str())) else {
        return Ok(());
    };
    let message = if section.is_empty() {
        format!("cannot parse layer {label:?}: unknown section {field:?}")
    } else {
        format!("cannot parse layer {label:?} section {section:?}: field {field} not found")
    };
    Err(LayerError::new(LayerErrorKind::Syntax, field, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_of_an_environment_are_taken_as_they_are_written() {
        let text = "services: {web: {override: replace, command: x, environment: {A: 1, B: null, C: true, D: 1.50, E: off}}}";
        let layer = Layer::parse("app", text).unwrap();
        let told: Vec<_> =
            layer.services["web"].environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(told, ["A=1", "B=", "C=true", "D=1.50", "E=off"]);
    }

    #[test]
    fn what_pebble_does_not_know_is_refused() {
        for (text, told) in [
            ("[]", ""),
            ("a: [", ""),
            ("frob: 1", "unknown section \"frob\""),
            ("services: {a: {override: replace, frob: 1}}", "field frob not found"),
            ("checks: {a: {override: replace, http: {frob: 1}}}", "field frob not found"),
            ("checks: {a: {override: replace, startup: perhaps}}", "startup must be"),
            ("services: {a: null}", "cannot be null"),
            ("services: {a: {override: frob}}", "invalid \"override\""),
            ("log-targets: {a: {}}", "must define \"override\" for log target \"a\""),
            ("services: {a: {override: replace, command: \"'\"}}", "command invalid"),
        ] {
            let error = Layer::parse("app", text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
