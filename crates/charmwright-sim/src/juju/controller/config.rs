//! The charm's options and endpoints, from its folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Number, Value};
use serde_yaml::options::DuplicateKeyPolicy;

use super::{ApiError, Model, quoted};
use crate::juju::text::{number, yaml};

/// An option, as the charm declares it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Declared {
    #[serde(rename = "type")]
    kind: Option<String>,
    default: Value,
}

const KINDS: [&str; 5] = ["string", "secret", "int", "float", "boolean"];

/// The names that ports can be opened for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoints(BTreeSet<String>);

impl Endpoints {
    /// Whether the charm declares the name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Metadata {
    provides: Option<BTreeMap<String, Value>>,
    requires: Option<BTreeMap<String, Value>>,
    peers: Option<BTreeMap<String, Value>>,
    extra_bindings: Option<BTreeMap<String, Value>>,
}

/// The endpoints and further bindings that the charm declares.
///
/// # Errors
///
/// Its metadata.yaml is missing or no YAML.
pub fn endpoints(charm_dir: &Path) -> Result<Endpoints, ApiError> {
    let path = charm_dir.join("metadata.yaml");
    let failed = |error: &dyn std::fmt::Display| ApiError::new(format!("open {}: {error}", path.display()));
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => failed(&"no such file or directory"),
        _ => failed(&error),
    })?;
    let metadata: Metadata = serde_yaml::from_str(&text).map_err(|error| ApiError::new(error.to_string()))?;
    let all = [metadata.provides, metadata.requires, metadata.peers, metadata.extra_bindings];
    Ok(Endpoints(all.into_iter().flatten().flat_map(BTreeMap::into_keys).collect()))
}

/// A file's text as Juju's library takes it: `on` is a truth and no text, and of two equal keys the later one counts.
fn load(text: &str) -> Result<Value, ApiError> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let mut options = serde_yaml::Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::LastWins;
    options.legacy_octal_numbers = true;
    serde_yaml::from_str_with_options(text, options).map_err(|error| {
        // The reader of settings knows Juju's words, though not what this file may hold.
        let told = yaml::texts(text.as_bytes(), yaml::Target::Settings).err();
        let told = told.filter(|told| !told.contains("unmarshal errors"));
        ApiError::new(told.unwrap_or_else(|| format!("yaml: {error}")))
    })
}

/// The options that are declared: by the model, else in config.yaml, else in charmcraft.yaml.
fn schema(model: &Model) -> Result<BTreeMap<String, Declared>, ApiError> {
    if let Some(section) = &model.config_schema {
        let mut section = Value::Object(section.clone());
        through_yaml(&mut section);
        return declared(section);
    }
    let folder = Path::new(&model.charm_dir);
    let file = if let Ok(text) = fs::read_to_string(folder.join("config.yaml")) {
        load(&text)?
    } else if let Ok(text) = fs::read_to_string(folder.join("charmcraft.yaml")) {
        let charm = load(&text).map_err(|error| error.while_doing("reading charmcraft.yaml"))?;
        match charm.get("config") {
            Some(section) if section.as_object().is_some_and(|section| !section.is_empty()) => {
                section.clone()
            }
            _ => return Ok(BTreeMap::new()),
        }
    } else {
        return Ok(BTreeMap::new());
    };
    match file {
        Value::Object(mut file) if file.contains_key("options") => {
            declared(file.remove("options").unwrap_or_default())
        }
        Value::Object(_) | Value::Null => Err(ApiError::new("invalid config: empty configuration")),
        other => {
            let kind = if other.is_array() { "!!seq" } else { "!!str" };
            let text =
                format!("yaml: unmarshal errors:\n  line 1: cannot unmarshal {kind} into charm.Config");
            Err(ApiError::new(text))
        }
    }
}

/// The options of a section, with their defaults as the types have them.
fn declared(section: Value) -> Result<BTreeMap<String, Declared>, ApiError> {
    let options: Option<BTreeMap<String, Declared>> =
        serde_json::from_value(section).map_err(|error| ApiError::new(format!("yaml: {error}")))?;
    let mut options = options.unwrap_or_default();
    for (name, option) in &mut options {
        let kind = option.kind.as_deref().unwrap_or_default();
        if !kind.is_empty() && !KINDS.contains(&kind) {
            let (name, kind) = (quoted(name), quoted(kind));
            return Err(ApiError::new(format!("invalid config: option {name} has unknown type {kind}")));
        }
        let default = coerce(name, option, &option.default);
        option.default = default.map_err(|error| error.while_doing("invalid config default"))?;
    }
    Ok(options)
}

/// Makes of each number what YAML makes of it once it is written and read again: large ones become floats.
fn through_yaml(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let float = number.as_f64().unwrap_or_default();
            if !number::in_yaml(float).contains(['.', 'e']) {
                *number = whole(float).into();
            } else if let Some(float) = Number::from_f64(float) {
                *number = float;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(through_yaml),
        Value::Object(map) => map.values_mut().for_each(through_yaml),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// What is set, over the defaults. An option with neither is `null`. Of numbers all that is left is a float.
pub(crate) fn settings(model: &Model) -> Result<Map<String, Value>, ApiError> {
    let schema = schema(model)?;
    let mut settings: Map<String, Value> =
        schema.iter().map(|(name, option)| (name.clone(), option.default.clone())).collect();
    for (name, value) in &model.config {
        let unknown = || ApiError::new(format!("unknown option {}", quoted(name)));
        let option = schema.get(name).ok_or_else(unknown)?;
        let value = match value {
            // There is one type of numbers in JSON, so the option's type tells; what is left over is cut off.
            Value::Number(number) if option.kind.as_deref() == Some("int") => {
                Value::from(whole(number.as_f64().unwrap_or_default()))
            }
            Value::Number(number) => {
                let float = number.as_f64().and_then(Number::from_f64);
                coerce(name, option, &float.map_or(Value::Null, Value::Number))?
            }
            value => coerce(name, option, value)?,
        };
        if !value.is_null() {
            settings.insert(name.clone(), value);
        }
    }
    settings.values_mut().for_each(super::normalise::numbers);
    Ok(settings)
}

#[expect(clippy::cast_possible_truncation, reason = "so Go cuts it")]
fn whole(float: f64) -> i64 {
    float as i64
}

/// A value as the option's type has it.
fn coerce(name: &str, option: &Declared, value: &Value) -> Result<Value, ApiError> {
    let kind = option.kind.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("string");
    let coerced = match (kind, value) {
        (_, Value::Null) => Some(Value::Null),
        ("string", Value::String(_)) | ("boolean", Value::Bool(_)) | ("float", Value::Number(_)) => {
            Some(value.clone())
        }
        ("boolean", Value::String(text)) => number::parse_bool(text).ok().map(Value::Bool),
        ("secret", Value::String(text)) => {
            (text.is_empty() || text.starts_with("secret:")).then(|| value.clone())
        }
        ("int", Value::Number(number)) => (!number.is_f64()).then(|| value.clone()),
        ("int", Value::String(text)) => number::parse_int(text).ok().map(Value::from),
        _ => None,
    };
    coerced.ok_or_else(|| {
        ApiError::new(format!("option {} expected {kind}, got {}", quoted(name), go_value(value)))
    })
}

/// A value as Go's `%#v` shows it.
fn go_value(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Null => "<nil>".to_owned(),
        Value::Number(number) if number.is_f64() => number::in_yaml(number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(schema: &Value, config: &Value) -> Result<Value, String> {
        let model = json!({"unit": "app/0", "config_schema": schema, "config": config});
        let model = super::super::normalise::from_json(model).unwrap();
        settings(&model).map(Value::Object).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_set_is_put_over_the_defaults() {
        let schema = json!({
            "name": {"type": "string", "default": "fred"}, "unset": {"type": "int"}, "count": {"type": "int", "default": 3},
            "flag": {"type": "boolean", "default": false}, "ratio": {"type": "float", "default": 0.5}, "untyped": {},
        });
        let config = json!({"count": 5.9, "flag": "T", "untyped": "x"});
        let all =
            json!({"name": "fred", "unset": null, "count": 5, "flag": true, "ratio": 0.5, "untyped": "x"});
        assert_eq!(told(&schema, &config), Ok(all));
    }

    #[test]
    fn what_does_not_fit_an_option_is_refused_in_jujus_words() {
        for (schema, config, refused) in [
            (json!({}), json!({"a": 1}), r#"unknown option "a""#),
            (
                json!({"a": {"type": "date"}}),
                json!({}),
                r#"invalid config: option "a" has unknown type "date""#,
            ),
            (
                json!({"a": {"type": "int", "default": 10_000_000}}),
                json!({}),
                r#"invalid config default: option "a" expected int, got 1e+07"#,
            ),
            (json!({"a": {"type": "int"}}), json!({"a": "x"}), r#"option "a" expected int, got "x""#),
            (json!({"a": {"type": "string"}}), json!({"a": true}), r#"option "a" expected string, got true"#),
            (json!({"a": {"type": "string"}}), json!({"a": 5e7}), r#"option "a" expected string, got 5e+07"#),
            (
                json!({"a": {"type": "secret"}}),
                json!({"a": "x:y"}),
                r#"option "a" expected secret, got "x:y""#,
            ),
        ] {
            assert_eq!(told(&schema, &config), Err(refused.to_owned()));
        }
    }

    #[test]
    fn options_and_endpoints_are_read_from_the_charms_folder() {
        let folder = tempfile::tempdir().unwrap();
        let read = || {
            let model = json!({"unit": "app/0", "charm_dir": folder.path()});
            settings(&super::super::normalise::from_json(model).unwrap()).map_err(|error| error.to_string())
        };
        assert_eq!(read(), Ok(Map::new()));
        fs::write(folder.path().join("charmcraft.yaml"), "config: {options: {a: {type: int, default: 1}}}")
            .unwrap();
        assert_eq!(read().map(Value::Object), Ok(json!({"a": 1})));
        for (text, refused) in [
            ("", "invalid config: empty configuration"),
            ("other: 1", "invalid config: empty configuration"),
            ("- 1", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into charm.Config"),
        ] {
            fs::write(folder.path().join("config.yaml"), text).unwrap();
            assert_eq!(read(), Err(refused.to_owned()));
        }
        let metadata = "provides: {web: {interface: http}}\nextra-bindings: {admin: }\n";
        assert!(endpoints(folder.path()).is_err());
        fs::write(folder.path().join("metadata.yaml"), metadata).unwrap();
        let endpoints = endpoints(folder.path()).unwrap();
        assert!(endpoints.contains("web") && endpoints.contains("admin") && !endpoints.contains("db"));
    }
}
