//! Whether a schema is one: what Juju's own library checks when it reads it, in its order and its words. Of patterns
//! nothing is checked but that they are texts.

use serde_json::{Map, Value};

/// Checks a schema with all that is in it.
///
/// # Errors
///
/// The first thing that is wrong with it.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let Some(schema) = schema.as_object() else {
        return Err("schema must be of type object".to_owned());
    };
    if let Some(definitions) = schema.get("definitions") {
        let wanted = "definitions must be of type array of schemas";
        for definition in definitions.as_object().ok_or(wanted)?.values() {
            if !definition.is_object() {
                return Err(wanted.to_owned());
            }
            check(definition)?;
        }
    }
    for key in ["title", "description"] {
        must(schema, key, "of type string", Value::is_string)?;
    }
    types(schema)?;
    if let Some(properties) = schema.get("properties") {
        let properties = properties.as_object().ok_or("properties must be of type object")?;
        properties.values().try_for_each(check)?;
    }
    bool_or_schema(schema, "additionalProperties")?;
    if let Some(patterns) = schema.get("patternProperties") {
        let patterns = patterns.as_object().ok_or("patternProperties must be of type schema")?;
        patterns.values().try_for_each(check)?;
    }
    dependencies(schema)?;
    items(schema)?;
    bool_or_schema(schema, "additionalItems")?;
    numbers(schema)?;
    counts(schema, "minLength", "maxLength", true)?;
    must(schema, "pattern", "of a string", Value::is_string)?;
    counts(schema, "minProperties", "maxProperties", true)?;
    required(schema)?;
    counts(schema, "minItems", "maxItems", false)?;
    must(schema, "uniqueItems", "of a boolean", Value::is_boolean)?;
    if let Some(values) = schema.get("enum") {
        let values = values.as_array().ok_or("enum must be of an array")?;
        unique("enum", values.iter().map(super::schema::shown))?;
    }
    // Of the last of these it tells the name of the one before.
    for (key, told) in [("oneOf", "oneOf"), ("anyOf", "anyOf"), ("allOf", "anyOf")] {
        if let Some(schemas) = schema.get(key) {
            let schemas = schemas.as_array().ok_or_else(|| format!("{told} must be of an array"))?;
            schemas.iter().try_for_each(check)?;
        }
    }
    must(schema, "not", "of an object", Value::is_object)?;
    schema.get("not").map_or(Ok(()), check)
}

fn must(
    schema: &Map<String, Value>,
    key: &str,
    what: &str,
    is: impl Fn(&Value) -> bool,
) -> Result<(), String> {
    if schema.get(key).is_none_or(is) { Ok(()) } else { Err(format!("{key} must be {what}")) }
}

fn types(schema: &Map<String, Value>) -> Result<(), String> {
    let wanted = || "type must be of type string/array of strings".to_owned();
    match schema.get("type") {
        None => Ok(()),
        Some(Value::String(name)) => {
            let known = ["array", "boolean", "integer", "null", "number", "object", "string"];
            let is_known = known.contains(&name.as_str());
            if is_known { Ok(()) } else { Err(format!("{name} is not a valid type")) }
        }
        // In a list it passes over names that it does not know.
        Some(Value::Array(names)) if names.iter().all(Value::is_string) => Ok(()),
        Some(_) => Err(wanted()),
    }
}

fn bool_or_schema(schema: &Map<String, Value>, key: &str) -> Result<(), String> {
    match schema.get(key) {
        None | Some(Value::Bool(_)) => Ok(()),
        Some(inner @ Value::Object(_)) => check(inner),
        Some(_) => Err(format!("{key} must be of type boolean/schema")),
    }
}

fn dependencies(schema: &Map<String, Value>) -> Result<(), String> {
    let Some(dependencies) = schema.get("dependencies") else { return Ok(()) };
    for dependency in dependencies.as_object().ok_or("dependencies must be of type object")?.values() {
        match dependency {
            Value::Object(_) => check(dependency)?,
            Value::Array(names) if names.iter().all(Value::is_string) => {}
            _ => return Err("dependency must be of type schema or array of strings".to_owned()),
        }
    }
    Ok(())
}

fn items(schema: &Map<String, Value>) -> Result<(), String> {
    let wanted = "items must be of type schema/array of schemas";
    match schema.get("items") {
        None => Ok(()),
        Some(inner @ Value::Object(_)) => check(inner),
        Some(Value::Array(schemas)) => schemas
            .iter()
            .try_for_each(|inner| if inner.is_object() { check(inner) } else { Err(wanted.to_owned()) }),
        Some(_) => Err(wanted.to_owned()),
    }
}

fn numbers(schema: &Map<String, Value>) -> Result<(), String> {
    must(schema, "multipleOf", "of a number", Value::is_number)?;
    if schema.get("multipleOf").and_then(Value::as_f64).is_some_and(|number| number <= 0.0) {
        return Err("multipleOf must be strictly greater than 0".to_owned());
    }
    for (bound, excluded, what) in
        [("minimum", "exclusiveMinimum", "of a boolean"), ("maximum", "exclusiveMaximum", "of a number")]
    {
        must(schema, bound, "of a number", Value::is_number)?;
        must(schema, excluded, what, Value::is_boolean)?;
        if schema.contains_key(excluded) && !schema.contains_key(bound) {
            return Err(format!("{excluded} cannot be used without {bound}"));
        }
    }
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    match (bound("minimum"), bound("maximum")) {
        (Some(min), Some(max)) if min > max => Err("minimum cannot be greater than maximum".to_owned()),
        _ => Ok(()),
    }
}

fn counts(schema: &Map<String, Value>, min: &str, max: &str, ordered: bool) -> Result<(), String> {
    let whole = |value: &Value| value.as_f64().is_some_and(super::schema::is_whole);
    for key in [min, max] {
        must(schema, key, "of an integer", whole)?;
        must(schema, key, "greater than or equal to 0", |value| {
            value.as_f64().is_some_and(|number| number >= 0.0)
        })?;
    }
    let count = |key: &str| schema.get(key).and_then(Value::as_f64);
    match (count(min), count(max)) {
        (Some(least), Some(most)) if ordered && least > most => {
            Err(format!("{min} cannot be greater than {max}"))
        }
        _ => Ok(()),
    }
}

fn required(schema: &Map<String, Value>) -> Result<(), String> {
    let Some(names) = schema.get("required") else { return Ok(()) };
    let names = names.as_array().ok_or("required must be of an array")?;
    let mut seen = Vec::new();
    for name in names {
        let name = name.as_str().ok_or("required items must be string")?;
        seen.push(name);
    }
    unique("required", seen.into_iter())
}

fn unique<T: PartialEq>(key: &str, items: impl Iterator<Item = T>) -> Result<(), String> {
    let mut seen = Vec::new();
    for item in items {
        if seen.contains(&item) {
            return Err(format!("{key} items must be unique"));
        }
        seen.push(item);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_schema_is_told_in_jujus_words() {
        for (schema, told) in [
            (json!({"type": "object", "properties": {"a": {}}}), None),
            (json!(3), Some("schema must be of type object")),
            (json!({"properties": {"a": 3}}), Some("schema must be of type object")),
            (json!({"properties": {"a": {"type": "foo"}}}), Some("foo is not a valid type")),
            (json!({"type": ["string", "foo"]}), None),
            (json!({"type": ["string", 3]}), Some("type must be of type string/array of strings")),
            (json!({"title": 3}), Some("title must be of type string")),
            (json!({"enum": [1, 1]}), Some("enum items must be unique")),
            (json!({"required": ["a", "a"]}), Some("required items must be unique")),
            (json!({"required": [3]}), Some("required items must be string")),
            (json!({"minimum": "a"}), Some("minimum must be of a number")),
            (json!({"multipleOf": 0}), Some("multipleOf must be strictly greater than 0")),
            (json!({"maxLength": 1.5}), Some("maxLength must be of an integer")),
            (json!({"minLength": -1}), Some("minLength must be greater than or equal to 0")),
            (json!({"minLength": 2, "maxLength": 1}), Some("minLength cannot be greater than maxLength")),
            (json!({"minItems": 2, "maxItems": 1}), None),
            (json!({"exclusiveMinimum": true}), Some("exclusiveMinimum cannot be used without minimum")),
            (json!({"items": [3]}), Some("items must be of type schema/array of schemas")),
            (json!({"additionalProperties": 3}), Some("additionalProperties must be of type boolean/schema")),
            (json!({"allOf": 3}), Some("anyOf must be of an array")),
            (json!({"not": 3}), Some("not must be of an object")),
            (
                json!({"dependencies": {"a": 3}}),
                Some("dependency must be of type schema or array of strings"),
            ),
            (json!({"definitions": {"a": 3}}), Some("definitions must be of type array of schemas")),
        ] {
            assert_eq!(check(&schema).err().as_deref(), told, "{schema}");
        }
    }
}
