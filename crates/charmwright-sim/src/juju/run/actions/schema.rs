//! The parameters of an action against its schema: what of JSON Schema's draft 4 Juju's own library checks, in its
//! words. Of the keywords, `pattern`, `patternProperties` and `dependencies` are not checked.

use serde_json::{Map, Value};

use crate::juju::text::{self, json, number};

/// What was found, and how well the value fits all the same: of several schemas that do not fit, the errors of the
/// best are told.
#[derive(Debug, Default)]
struct Found {
    errors: Vec<String>,
    score: i64,
}

/// Checks a value; says what is wrong.
pub(super) fn errors(schema: &Value, value: &Value) -> Vec<String> {
    validate(schema, value, "(root)").errors
}

impl Found {
    fn error(&mut self, at: &str, value: &Value, text: &str) {
        self.errors.push(format!("{at} : {text}, given {}", shown(value)));
        self.score -= 2;
    }

    fn merge(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.score += other.score;
    }

    fn count(&mut self) {
        self.score += 1;
    }
}

pub(super) fn shown(value: &Value) -> String {
    json::encode(&text::Value::from(value.clone())).unwrap_or_default()
}

pub(super) fn is_whole(number: f64) -> bool {
    // What a JavaScript program could still count.
    number.abs() <= 9_007_199_254_740_991.0 && number.fract() == 0.0
}

fn shown_number(number: f64) -> String {
    if is_whole(number) { format!("{number:.0}") } else { number::in_yaml(number) }
}

fn as_count(schema: &Map<String, Value>, key: &str) -> Option<usize> {
    schema.get(key)?.as_f64().filter(|count| is_whole(*count) && *count >= 0.0).map(|count| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole and not negative"
        )]
        let count = count as usize;
        count
    })
}

fn list<'a>(schema: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    schema.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn validate(schema: &Value, value: &Value, at: &str) -> Found {
    let mut found = Found::default();
    let Some(schema) = schema.as_object() else { return found };
    let types = types(schema);
    if !types.is_empty() && !types.iter().any(|name| is_of_type(value, name)) {
        let name = if let [one] = types[..] { one.to_owned() } else { format!("[{}]", types.join(",")) };
        found.error(at, value, &format!("must be of type {name}"));
        return found;
    }
    combined(schema, value, at, &mut found);
    match value {
        Value::Array(items) => array(schema, items, value, at, &mut found),
        Value::Object(entries) => object(schema, entries, value, at, &mut found),
        _ => {}
    }
    if let Value::Number(number) = value {
        numeric(schema, number.as_f64().unwrap_or(f64::NAN), at, &mut found);
    }
    let allowed: Vec<_> = list(schema, "enum").iter().map(shown).collect();
    if !allowed.is_empty() && !allowed.contains(&shown(value)) {
        found.error(at, value, &format!("must match one of the enum values [{}]", allowed.join(",")));
    }
    found.count();
    if let Value::String(text) = value {
        string(schema, text, value, at, &mut found);
    }
    if let Value::Object(entries) = value {
        for (name, schema) in properties(schema) {
            if let Some(value) = entries.get(name) {
                found.merge(validate(schema, value, &format!("{at}.{name}")));
            }
        }
    }
    found.count();
    found
}

fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Number(number) => {
            name == "number" || name == "integer" && is_whole(number.as_f64().unwrap_or(f64::NAN))
        }
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
    }
}

fn properties(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn combined(schema: &Map<String, Value>, value: &Value, at: &str, found: &mut Found) {
    let tried = |key| list(schema, key).iter().map(|schema| validate(schema, value, at)).collect::<Vec<_>>();
    let best = |tried: Vec<Found>| {
        // The first of those that fit equally well.
        tried.into_iter().rev().max_by_key(|tried| tried.score).unwrap_or_default()
    };
    let any = tried("anyOf");
    if !any.is_empty() && !any.iter().any(|tried| tried.errors.is_empty()) {
        found.error(at, value, "must validate at least one schema (anyOf)");
        found.merge(best(any));
    }
    let one = tried("oneOf");
    let fitting = one.iter().filter(|tried| tried.errors.is_empty()).count();
    if !one.is_empty() && fitting != 1 {
        found.error(at, value, "must validate one and only one schema (oneOf)");
        if fitting == 0 {
            found.merge(best(one));
        }
    }
    let all = tried("allOf");
    let fits = all.iter().all(|tried| tried.errors.is_empty());
    for tried in all {
        found.merge(tried);
    }
    if !fits {
        found.error(at, value, "must validate all the schemas (allOf)");
    }
    if schema.get("not").is_some_and(|not| validate(not, value, at).errors.is_empty()) {
        found.error(at, value, "must not validate the schema (not)");
    }
    found.count();
}

fn array(schema: &Map<String, Value>, items: &[Value], value: &Value, at: &str, found: &mut Found) {
    match schema.get("items") {
        Some(Value::Array(schemas)) => {
            let pairs = schemas.iter().zip(items).enumerate();
            if schemas.len() == items.len() {
                for (place, (schema, item)) in pairs {
                    found.merge(validate(schema, item, &format!("{at}.{place}")));
                }
            } else if schemas.len() < items.len() {
                match schema.get("additionalItems") {
                    Some(Value::Bool(false)) => found.error(at, value, "no additional item allowed on array"),
                    Some(schema @ Value::Object(_)) => {
                        for (place, item) in items.iter().enumerate().skip(schemas.len()) {
                            found.merge(validate(schema, item, &format!("{at}.{place}")));
                        }
                    }
                    _ => {}
                }
            }
        }
        Some(schema) => {
            for (place, item) in items.iter().enumerate() {
                found.merge(validate(schema, item, &format!("{at}.{place}")));
            }
        }
        None => {}
    }
    if let Some(min) = as_count(schema, "minItems").filter(|min| items.len() < *min) {
        found.error(at, value, &format!("array must have at least {min} items"));
    }
    if let Some(max) = as_count(schema, "maxItems").filter(|max| items.len() > *max) {
        found.error(at, value, &format!("array must have at the most {max} items"));
    }
    if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
        let mut seen = Vec::new();
        for item in items.iter().map(shown) {
            if seen.contains(&item) {
                found.error(at, value, "array items must be unique");
            }
            seen.push(item);
        }
    }
    found.count();
}

fn object(
    schema: &Map<String, Value>,
    entries: &Map<String, Value>,
    value: &Value,
    at: &str,
    found: &mut Found,
) {
    if let Some(min) = as_count(schema, "minProperties").filter(|min| entries.len() < *min) {
        found.error(at, value, &format!("must have at least {min} properties"));
    }
    if let Some(max) = as_count(schema, "maxProperties").filter(|max| entries.len() > *max) {
        found.error(at, value, &format!("must have at the most {max} properties"));
    }
    for name in list(schema, "required").iter().filter_map(Value::as_str) {
        if entries.contains_key(name) {
            found.count();
        } else {
            found.error(at, value, &format!("\"{name}\" property is missing and required"));
        }
    }
    let others = entries.iter().filter(|(name, _)| properties(schema).all(|(known, _)| known != *name));
    match schema.get("additionalProperties") {
        Some(Value::Bool(false)) => {
            for (name, _) in others {
                found.error(at, value, &format!("additional property \"{name}\" is not allowed"));
            }
        }
        Some(schema @ Value::Object(_)) => {
            for (_, value) in others {
                found.merge(validate(schema, value, at));
            }
        }
        _ => {}
    }
    found.count();
}

fn string(schema: &Map<String, Value>, text: &str, value: &Value, at: &str, found: &mut Found) {
    let length = text.chars().count();
    if let Some(min) = as_count(schema, "minLength").filter(|min| length < *min) {
        found.error(at, value, &format!("string length must be greater or equal to {min}"));
    }
    if let Some(max) = as_count(schema, "maxLength").filter(|max| length > *max) {
        found.error(at, value, &format!("string length must be lower or equal to {max}"));
    }
    found.count();
}

fn numeric(schema: &Map<String, Value>, number: f64, at: &str, found: &mut Found) {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let excluded = |key: &str| schema.get(key) == Some(&Value::Bool(true));
    // The library shows these numbers as texts.
    let given = Value::String(shown_number(number));
    if let Some(of) = bound("multipleOf").filter(|of| !is_whole(number / of)) {
        found.error(at, &given, &format!("must be a multiple of {}", shown_number(of)));
    }
    if let Some(max) = bound("maximum") {
        // It has these two texts the wrong way round.
        if excluded("exclusiveMaximum") && number >= max {
            found.error(at, &given, &format!("must be lower than or equal to {}", shown_number(max)));
        } else if number > max {
            found.error(at, &given, &format!("must be lower than {}", shown_number(max)));
        }
    }
    if let Some(min) = bound("minimum") {
        if excluded("exclusiveMinimum") && number <= min {
            found.error(at, &given, &format!("must be greater than or equal to {}", shown_number(min)));
        } else if number < min {
            found.error(at, &given, &format!("must be greater than {}", shown_number(min)));
        }
    }
    found.count();
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_does_not_fit_is_told_in_jujus_words() {
        for (schema, value, told) in [
            (json!({"type": "string"}), json!("x"), vec![]),
            (json!({"type": "string"}), json!(3), vec!["(root) : must be of type string, given 3"]),
            (
                json!({"type": ["string", "null"]}),
                json!(true),
                vec!["(root) : must be of type [string,null], given true"],
            ),
            (json!({"type": "integer"}), json!(2.0), vec![]),
            (json!({"type": "integer"}), json!(2.5), vec!["(root) : must be of type integer, given 2.5"]),
            (
                json!({"properties": {"a": {"properties": {"b": {"enum": [1, "x"]}}}}}),
                json!({"a": {"b": 2}}),
                vec![r#"(root).a.b : must match one of the enum values [1,"x"], given 2"#],
            ),
            (
                json!({"required": ["a"], "additionalProperties": false}),
                json!({"b": 1}),
                vec![
                    r#"(root) : "a" property is missing and required, given {"b":1}"#,
                    r#"(root) : additional property "b" is not allowed, given {"b":1}"#,
                ],
            ),
            (
                json!({"maximum": 3, "exclusiveMaximum": true}),
                json!(3),
                vec![r#"(root) : must be lower than or equal to 3, given "3""#],
            ),
            (
                json!({"items": {"type": "string"}, "maxItems": 1}),
                json!(["a", 1]),
                vec![
                    "(root).1 : must be of type string, given 1",
                    r#"(root) : array must have at the most 1 items, given ["a",1]"#,
                ],
            ),
            (
                json!({"minLength": 2}),
                json!("é"),
                vec![r#"(root) : string length must be greater or equal to 2, given "é""#],
            ),
        ] {
            assert_eq!(errors(&schema, &value), told, "{schema} {value}");
        }
    }

    #[test]
    fn of_several_schemas_the_errors_of_the_best_are_told() {
        let schema = json!({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 5}]});
        assert_eq!(errors(&schema, &json!("x")), [""; 0]);
        assert_eq!(
            errors(&schema, &json!(3)),
            [
                "(root) : must validate at least one schema (anyOf), given 3",
                r#"(root) : must be greater than 5, given "3""#,
            ]
        );
    }
}
