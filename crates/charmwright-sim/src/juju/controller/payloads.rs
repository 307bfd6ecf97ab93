//! Payloads, which Juju 4 has no more.

use serde_json::{Value, json};

use super::{ApiError, Controller, Payload};

/// A payload and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadResult {
    /// The id that the controller gave it.
    pub id: String,
    /// The payload.
    pub payload: Payload,
}

fn by_tag(id: &str) -> Value {
    json!({"tag": format!("payload-{id}")})
}

impl Controller {
    /// All payloads of the unit.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn list_payloads(&mut self) -> Result<Vec<PayloadResult>, ApiError> {
        self.answer(
            "PayloadsHookContext.List",
            |_| json!({"entities": null}),
            |this| {
                let result = |(id, payload): (&String, &Payload)| PayloadResult {
                    id: id.clone(),
                    payload: payload.clone(),
                };
                Ok(this.model.payloads.iter().map(result).collect())
            },
        )
    }

    /// Registers payloads. One that is there already gets new values.
    ///
    /// # Errors
    ///
    /// The controller does not take them.
    pub fn track_payloads(&mut self, payloads: &[Payload]) -> Result<(), ApiError> {
        self.answer(
            "PayloadsHookContext.Track",
            |_| {
                // Juju's command names this unit, whatever the unit.
                let arg = |payload: &Payload| {
                    json!({
                        "class": payload.class, "type": payload.kind, "id": payload.id, "status": payload.status,
                        "labels": payload.labels.as_deref().unwrap_or_default(),
                        "unit": "unit-a-application-0", "machine": "",
                    })
                };
                json!({"payloads": payloads.iter().map(arg).collect::<Vec<_>>()})
            },
            |this| {
                for payload in payloads {
                    let same = |have: &Payload| have.class == payload.class && have.id == payload.id;
                    let known = this.model.payloads.iter().find(|(_, have)| same(have)).map(|(id, _)| id.clone());
                    let id = known.unwrap_or_else(|| this.new_payload_id());
                    this.model.payloads.insert(id, payload.clone());
                }
                Ok(())
            },
        )
    }

    fn new_payload_id(&mut self) -> String {
        let number = self.next_payload;
        self.next_payload = number.wrapping_add(1);
        format!("00000000-0000-4000-8000-{number:012x}")
    }

    /// The controller's id of a payload.
    ///
    /// # Errors
    ///
    /// There is no such payload.
    pub fn look_up_payload(&mut self, class: &str, id: &str) -> Result<String, ApiError> {
        self.answer(
            "PayloadsHookContext.LookUp",
            |_| json!({"args": [{"name": class, "id": id}]}),
            |this| {
                let found = this.model.payloads.iter().find(|(_, have)| have.class == class && have.id == id);
                found.map(|(id, _)| id.clone()).ok_or_else(|| ApiError::not_found("payload"))
            },
        )
    }

    /// Sets the status of a payload.
    ///
    /// # Errors
    ///
    /// There is no such payload.
    pub fn set_payload_status(&mut self, id: &str, status: &str) -> Result<(), ApiError> {
        self.answer(
            "PayloadsHookContext.SetStatus",
            |_| json!({"args": [{"tag": format!("payload-{id}"), "status": status}]}),
            |this| {
                let payload =
                    this.model.payloads.get_mut(id).ok_or_else(|| ApiError::not_found("payload"))?;
                status.clone_into(&mut payload.status);
                Ok(())
            },
        )
    }

    /// Forgets a payload.
    ///
    /// # Errors
    ///
    /// The controller does not do it.
    pub fn untrack_payload(&mut self, id: &str) -> Result<(), ApiError> {
        self.answer(
            "PayloadsHookContext.Untrack",
            |_| json!({"entities": [by_tag(id)]}),
            |this| {
                this.model.payloads.remove(id);
                Ok(())
            },
        )
    }
}
