//! What a model becomes before it is used: Juju's defaults where nothing was said.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::{Bag, Model, ModelError, Relation, Secret, is_unit, quoted, tag_of};

/// A model from JSON. Every number is what Go makes of it, a float with 53 bits.
pub(super) fn from_json(mut json: Value) -> Result<Model, ModelError> {
    numbers(&mut json);
    Ok(serde_json::from_value(json)?)
}

/// Makes each number what is left of it after Go has read it into a value of any type.
pub(crate) fn numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64() {
                *number = number_of(float).unwrap_or_else(|| number.clone());
            }
        }
        Value::Array(values) => values.iter_mut().for_each(numbers),
        Value::Object(map) => map.values_mut().for_each(numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers that fit are cast")]
fn number_of(float: f64) -> Option<Number> {
    const FITS: f64 = 9.0e18;
    let negative_zero = float == 0.0 && float.is_sign_negative();
    if float.fract() == 0.0 && float.abs() < FITS && !negative_zero {
        Some((float as i64).into())
    } else {
        Number::from_f64(float)
    }
}

fn default_to(text: &mut String, value: &str) {
    if text.is_empty() {
        value.clone_into(text);
    }
}

/// Fills in the defaults.
pub(super) fn model(model: &mut Model) -> Result<(), ModelError> {
    default_to(&mut model.name, "testmodel");
    default_to(&mut model.uuid, "deadbeef-0bad-400d-8000-4b1d0d06f00d");
    default_to(&mut model.kind, "caas");
    default_to(&mut model.unit_status.status, "unknown");
    default_to(&mut model.agent_status.status, "executing");
    default_to(&mut model.app_status.status, "unknown");
    if !is_unit(&model.unit) {
        return Err(ModelError::Content(format!("invalid or missing unit name {}", quoted(&model.unit))));
    }
    if model.kind == "iaas" {
        default_to(&mut model.machine_id, "0");
    }
    model.api_addresses.get_or_insert_with(|| vec!["127.0.0.1:17070".to_owned()]);
    model.charm_state.get_or_insert_with(Bag::new);
    if model.max_charm_state_size == 0 {
        model.max_charm_state_size = 2 * 1024 * 1024;
    }
    let (app, unit, uuid) = (model.app().to_owned(), model.unit.clone(), model.uuid.clone());
    for one in model.relations_mut() {
        relation(one, &app, &uuid)?;
    }
    for one in model.secrets_mut() {
        secret(one, &app, &unit);
    }
    Ok(())
}

/// Fills in what only a unit's whole life needs.
pub(super) fn live(model: &mut Model) {
    default_to(&mut model.life, "alive");
    default_to(&mut model.app_life, "alive");
    for storage in model.storage.iter_mut().flatten() {
        default_to(&mut storage.life, "alive");
        default_to(&mut storage.kind, "filesystem");
    }
}

/// A model as a unit's whole life begins: the charm, the statuses, and the versions of what was written already.
pub(super) fn begin(model: &mut Model, charm: &str) {
    live(model);
    let url = format!("local:{}-0", model.app());
    default_to(&mut model.charm_url, &url);
    let dir = model.charms.entry(model.charm_url.clone()).or_default();
    default_to(dir, charm);
    let dir = dir.clone();
    default_to(&mut model.charm_dir, &dir);
    if model.unit_status.status == "unknown" {
        "waiting".clone_into(&mut model.unit_status.status);
        "installing agent".clone_into(&mut model.unit_status.message);
    }
    for one in model.relations_mut() {
        let one = &mut **one;
        one.members = Some(Vec::new());
        for (name, bag) in one.units.iter().flatten() {
            let written = bag.as_ref().is_some_and(|bag| !bag.is_empty());
            one.unit_versions.entry(name.clone()).or_insert_with(|| written.into());
        }
        let has = |bag: &Option<Bag>| bag.as_ref().is_some_and(|bag| !bag.is_empty());
        if one.app_version == 0 && (has(&one.remote_app_bag) || one.role == "peer" && has(&one.local_app_bag))
        {
            one.app_version = 1;
        }
    }
}

fn relation(relation: &mut Relation, app: &str, uuid: &str) -> Result<(), ModelError> {
    default_to(&mut relation.life, "alive");
    default_to(&mut relation.scope, "global");
    let endpoint = relation.endpoint.clone();
    default_to(&mut relation.remote_endpoint, &endpoint);
    default_to(&mut relation.remote_model_uuid, uuid);
    default_to(&mut relation.interface, "none");
    match relation.role.as_str() {
        "peer" => app.clone_into(&mut relation.remote_app),
        "provider" | "requirer" => {}
        role => {
            let message = format!("relation {}: invalid role {}", relation.id, quoted(role));
            return Err(ModelError::Content(message));
        }
    }
    for bag in [&mut relation.local_unit_bag, &mut relation.local_app_bag, &mut relation.remote_app_bag] {
        bag.get_or_insert_default();
    }
    let units = relation.units.get_or_insert_with(BTreeMap::new);
    relation.members.get_or_insert_with(|| units.keys().cloned().collect()).sort();
    Ok(())
}

fn secret(secret: &mut Secret, app: &str, unit: &str) {
    match secret.owner.as_str() {
        "unit" => unit.clone_into(&mut secret.owner),
        "app" => app.clone_into(&mut secret.owner),
        _ => {}
    }
    for (number, revision) in (1..).zip(secret.revisions.as_deref_mut().unwrap_or_default()) {
        if revision.number == 0 {
            revision.number = number;
        }
        secret.latest = secret.latest.max(revision.number);
    }
    for grant in secret.grants.as_deref_mut().unwrap_or_default() {
        default_to(&mut grant.role, "view");
        let subject = tag_of(&grant.subject);
        default_to(&mut grant.scope, &subject);
    }
    for consumer in secret.consumers.values_mut() {
        if consumer.latest == 0 {
            consumer.latest = secret.latest;
        }
    }
}
