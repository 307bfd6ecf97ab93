//! What a run has changed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::juju::text::number;

/// The parts of a model that differ: of relations and secrets each one by its id, `null` if it is gone; of the rest
/// each top-level part.
pub(super) fn changed(before: &Value, after: &Value) -> Map<String, Value> {
    let mut changes = Map::new();
    for (key, now) in after.as_object().into_iter().flatten() {
        let was = before.get(key).unwrap_or(&Value::Null);
        if was == now {
            continue;
        }
        let change = match key.as_str() {
            "relations" | "secrets" => Value::Object(each(was, now)),
            _ => now.clone(),
        };
        changes.insert(key.clone(), change);
    }
    changes
}

fn each(was: &Value, now: &Value) -> Map<String, Value> {
    let (was, now) = (by_id(was), by_id(now));
    let gone = was.keys().filter(|id| !now.contains_key(*id)).map(|id| (id.clone(), Value::Null));
    let differ = now.iter().filter(|(id, value)| was.get(*id) != Some(value));
    differ.map(|(id, value)| (id.clone(), (*value).clone())).chain(gone).collect()
}

fn by_id(list: &Value) -> BTreeMap<String, &Value> {
    let items = list.as_array().into_iter().flatten();
    items
        .map(|item| {
            let id = match item.get("id") {
                Some(Value::String(id)) => id.clone(),
                // Large ones have an exponent, as all numbers that Go has read from JSON.
                Some(Value::Number(id)) => number::in_yaml(id.as_f64().unwrap_or_default()),
                _ => "<nil>".to_owned(),
            };
            (id, item)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_relation_and_secret_is_a_change_of_its_own() {
        let before =
            json!({"relations": [{"id": 1, "a": 1}, {"id": 2}, {"id": 3}], "secrets": null, "leader": true});
        let after =
            json!({"relations": [{"id": 1, "a": 2}, {"id": 2}], "secrets": [{"id": "x"}], "leader": true});
        assert_eq!(
            Value::Object(changed(&before, &after)),
            json!({"relations": {"1": {"id": 1, "a": 2}, "3": null}, "secrets": {"x": {"id": "x"}}})
        );
    }

    #[test]
    fn other_parts_change_as_a_whole() {
        let before = json!({"charm_state": {"a": "b", "c": "d"}, "pod_spec": "x"});
        let after = json!({"charm_state": {"a": "b"}, "ports": []});
        assert_eq!(Value::Object(changed(&before, &after)), json!({"charm_state": {"a": "b"}, "ports": []}));
    }

    #[test]
    fn nothing_changed_is_no_change() {
        let model = json!({"relations": [{"id": 1}], "config": {"a": 1}});
        assert_eq!(changed(&model, &model), Map::new());
    }
}
