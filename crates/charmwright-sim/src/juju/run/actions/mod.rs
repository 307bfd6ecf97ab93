//! The actions that a charm declares, and the parameters that they take.

mod schema;
mod well_formed;
mod yaml;

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};

use self::yaml::Loaded;
use super::ended::reason;

/// The action by which juju-exec is run from afar.
const JUJU_EXEC: &str = "juju-exec";

/// The actions of a charm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Actions {
    schemas: Map<String, Value>,
}

/// Whether an action is juju-exec, by its name of today or of old.
pub fn is_juju_exec(name: &str) -> bool {
    name == JUJU_EXEC || name == "juju-run"
}

impl Actions {
    /// Reads them from a charm's folder, which must hold what Juju needs to run any action.
    ///
    /// # Errors
    ///
    /// If the folder holds no charm, or declares actions that Juju takes for none. The text is Juju's, where the
    /// file can be parsed.
    pub fn read(charm: &Path) -> Result<Self, String> {
        if let Err(error) = fs::metadata(charm) {
            return Err(format!("stat {}: {}", charm.display(), reason(&error)));
        }
        let metadata = required(charm, "metadata.yaml")?;
        let has = |key: &str| metadata.get(key).is_some_and(|value| !is_empty(value));
        let manifest = optional(charm, "manifest.yaml")?;
        let name = metadata.get("name").and_then(Value::as_str).unwrap_or_default();
        let actions = match read(charm, "actions.yaml") {
            // Of this file, Juju tells the mistake alone.
            Some(text) => Self::parse(name, yaml::load(&text?)?)?,
            None => Self::default(),
        };
        let has_bases = manifest
            .as_ref()
            .is_some_and(|manifest| manifest.get("bases").is_some_and(|bases| !is_empty(bases)));
        if has("series") || !has_bases {
            // The old form of metadata knows no containers.
            if has("assumes") {
                return Err("assumes in metadata v1 not valid".to_owned());
            }
            if has("containers") {
                let what = if manifest.is_some() { "in metadata v1" } else { "without a manifest.yaml" };
                return Err(format!("containers {what} not valid"));
            }
        }
        Ok(actions)
    }

    fn parse(charm: &str, declared: Loaded) -> Result<Self, String> {
        let mut schemas = Map::new();
        let wrong = |into: &str| format!("yaml: unmarshal errors:\n  cannot unmarshal into {into}");
        let actions = declared.parts().ok_or_else(|| wrong("map[string]map[string]interface {}"))?;
        for (name, declared) in actions {
            if !is_name(&name) {
                return Err(format!("bad action name {name}"));
            }
            if !charm.starts_with("juju-") && (name == "juju" || name.starts_with("juju-")) {
                let reason = if name == "juju" {
                    "\"juju\" is a reserved name"
                } else {
                    "the \"juju-\" prefix is reserved"
                };
                return Err(format!("cannot use action name {name}: {reason}"));
            }
            let declared = declared.parts().ok_or_else(|| wrong("map[string]interface {}"))?;
            let schema = schema_of(&name, declared)?;
            let invalid = |error| format!("invalid params schema for action schema {name}: {error}");
            well_formed::check(&schema).map_err(invalid)?;
            schemas.insert(name, schema);
        }
        Ok(Self { schemas })
    }

    /// Checks the parameters of an action.
    ///
    /// # Errors
    ///
    /// If there is no such action, or it does not take them. The text is Juju's.
    pub fn check(&self, name: &str, params: &Map<String, Value>) -> Result<(), String> {
        let bad = |problem: &str| Err(format!("cannot run {} action: {problem}", super::quoted(name)));
        let predefined = (name == JUJU_EXEC).then(juju_exec);
        let Some(schema) = predefined.as_ref().or_else(|| self.schemas.get(name)) else {
            return bad("not defined");
        };
        let errors = schema::errors(schema, &Value::Object(params.clone()));
        if errors.is_empty() { Ok(()) } else { bad(&format!("validation failed: {}", errors.join("; "))) }
    }

    /// Fills in the defaults of an action's parameters, as the controller does when the action is queued.
    #[must_use]
    pub fn with_defaults(&self, name: &str, params: Map<String, Value>) -> Map<String, Value> {
        let properties = self.schemas.get(name).and_then(|schema| schema.get("properties")?.as_object());
        let mut filled = params.clone();
        if properties.is_some_and(|properties| fill_in(&mut filled, properties)) { filled } else { params }
    }
}

/// Defaults of parts go only into parts that are maps. Says whether it could be done: Juju stumbles over a map where the
/// schema says nothing of the parts.
fn fill_in(into: &mut Map<String, Value>, properties: &Map<String, Value>) -> bool {
    for (name, schema) in properties {
        let inner = schema.get("properties").and_then(Value::as_object);
        match (into.get_mut(name), schema.get("default"), inner) {
            (Some(given), _, inner) => {
                let parts = given.as_object_mut();
                let done = parts.is_none_or(|given| inner.is_some_and(|inner| fill_in(given, inner)));
                if !done {
                    return false;
                }
            }
            (None, Some(default), _) => drop(into.insert(name.clone(), default.clone())),
            (None, None, Some(inner)) => {
                let mut made = Map::new();
                if !fill_in(&mut made, inner) {
                    return false;
                }
                if !made.is_empty() {
                    into.insert(name.clone(), Value::Object(made));
                }
            }
            _ => {}
        }
    }
    true
}

fn schema_of(name: &str, declared: Vec<(String, Loaded)>) -> Result<Value, String> {
    let mut schema =
        json!({"description": "No description", "type": "object", "title": name, "properties": {}});
    for (key, value) in declared {
        let is = |what: &str, fits: fn(&Value) -> bool| match &value {
            Loaded::Plain(value) if fits(value) => Ok(()),
            Loaded::List(_) if what == "YAML list" => Ok(()),
            _ => Err(format!("value for schema key \"{key}\" must be a {what}")),
        };
        match key.as_str() {
            "description" | "title" => is("string", Value::is_string)?,
            "required" => is("YAML list", |_| false)?,
            "execution-group" => {
                is("string", Value::is_string)?;
                continue;
            }
            "parallel" => {
                is("bool", Value::is_boolean)?;
                continue;
            }
            "params" => {
                schema["properties"] = match value.strict()? {
                    params @ Value::Object(_) => params,
                    _ => return Err("params failed to parse as a map".to_owned()),
                };
                continue;
            }
            _ => {}
        }
        schema[key] = value.strict()?;
    }
    Ok(schema)
}

fn juju_exec() -> Value {
    json!({
        "type": "object",
        "required": ["command", "timeout"],
        "properties": {
            "command": {"type": "string"},
            "timeout": {"type": "number"},
            "workload-context": {"type": "boolean"},
        },
    })
}

fn is_name(name: &str) -> bool {
    let inner = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    inner && !name.is_empty() && !name.starts_with('-') && !name.ends_with('-')
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// A file's text; `None` if there is no such file.
fn read(charm: &Path, file: &str) -> Option<Result<String, String>> {
    let path = charm.join(file);
    match fs::read_to_string(&path) {
        Ok(text) => Some(Ok(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            Some(Err(format!("reading \"{file}\" file: open {}: {}", path.display(), reason(&error))))
        }
    }
}

fn optional(charm: &Path, file: &str) -> Result<Option<Map<String, Value>>, String> {
    let Some(text) = read(charm, file) else { return Ok(None) };
    let loaded = yaml::load(&text?).map_err(|error| format!("parsing \"{file}\" file: {error}"))?;
    Ok(Some(loaded.entries()))
}

fn required(charm: &Path, file: &str) -> Result<Map<String, Value>, String> {
    let missing =
        || format!("reading \"{file}\" file: open {}: no such file or directory", charm.join(file).display());
    optional(charm, file)?.ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charm(files: &[(&str, &str)]) -> Result<Actions, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Actions::read(folder.path()).map_err(|error| error.replace(&folder.path().display().to_string(), ""))
    }

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    const METADATA: (&str, &str) = ("metadata.yaml", "name: app\n");

    #[test]
    fn defaults_are_filled_in_where_nothing_is_given() {
        let text =
            "go:\n  params:\n    a: {default: 1}\n    b: {properties: {c: {default: x}, d: {}}}\n    e: {}\n";
        let actions = charm(&[METADATA, ("actions.yaml", text)]).unwrap();
        let filled = |given: Value| Value::Object(actions.with_defaults("go", map(&given)));
        assert_eq!(filled(json!({})), json!({"a": 1, "b": {"c": "x"}}));
        assert_eq!(filled(json!({"a": 2, "b": {"d": 3}})), json!({"a": 2, "b": {"c": "x", "d": 3}}));
        assert_eq!(filled(json!({"b": "text"})), json!({"a": 1, "b": "text"}));
        assert_eq!(Value::Object(actions.with_defaults("other", Map::new())), json!({}));
    }

    #[test]
    fn an_action_that_is_not_declared_is_refused() {
        let actions = charm(&[METADATA]).unwrap();
        assert_eq!(actions.check("go", &Map::new()), Err("cannot run \"go\" action: not defined".to_owned()));
        assert_eq!(
            actions.check("juju-exec", &Map::new()).unwrap_err(),
            "cannot run \"juju-exec\" action: validation failed: (root) : \"command\" property is missing and \
             required, given {}; (root) : \"timeout\" property is missing and required, given {}"
        );
    }

    #[test]
    fn a_charm_with_containers_needs_a_manifest() {
        let metadata = ("metadata.yaml", "name: app\ncontainers: {web: {}}\n");
        assert_eq!(charm(&[metadata]).unwrap_err(), "containers without a manifest.yaml not valid");
        assert_eq!(
            charm(&[metadata, ("manifest.yaml", "bases: []\n")]).unwrap_err(),
            "containers in metadata v1 not valid"
        );
        let bases = ("manifest.yaml", "bases: [{name: ubuntu, channel: '22.04/stable'}]\n");
        assert!(charm(&[metadata, bases]).is_ok());
        assert_eq!(
            charm(&[]).unwrap_err(),
            "reading \"metadata.yaml\" file: open /metadata.yaml: no such file or directory"
        );
    }

    #[test]
    fn juju_keeps_names_for_itself() {
        for (name, error) in [
            ("Go", "bad action name Go"),
            ("go-", "bad action name go-"),
            ("juju-go", "cannot use action name juju-go: the \"juju-\" prefix is reserved"),
        ] {
            assert_eq!(charm(&[METADATA, ("actions.yaml", &format!("{name}: {{}}\n"))]).unwrap_err(), error);
        }
    }
}
