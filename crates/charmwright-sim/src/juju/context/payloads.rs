//! Payloads, which Juju 4 has no more.

use std::collections::BTreeMap;

use super::{Failure, Run};
use crate::juju::bytes::lossy;
use crate::juju::controller::{Payload, PayloadResult, quoted};

/// The payloads that were there, and those that are to be registered, by class and id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Payloads {
    known: BTreeMap<String, Payload>,
    updates: BTreeMap<String, Payload>,
}

const STATES: [&str; 4] = ["running", "starting", "stopped", "stopping"];

impl Payloads {
    pub(super) fn known(payloads: Vec<PayloadResult>) -> Self {
        let known = payloads
            .into_iter()
            .map(|found| (full_id(&found.payload.class, &found.payload.id), found.payload));
        Self { known: known.collect(), updates: BTreeMap::new() }
    }
}

fn full_id(class: &str, id: &str) -> String {
    if id.is_empty() { class.to_owned() } else { format!("{class}/{id}") }
}

fn is_class(text: &str) -> bool {
    text.split('-').enumerate().all(|(at, word)| {
        let plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let begins = at > 0 || word.starts_with(|first: char| first.is_ascii_lowercase());
        plain && begins && word.bytes().any(|byte| byte.is_ascii_lowercase())
    })
}

fn check(payload: &Payload) -> Result<(), Failure> {
    if payload.class.is_empty() {
        return Err(Failure::new("payload class missing name"));
    }
    if !is_class(&payload.class) {
        return Err(Failure::new(format!("invalid payload class {}", quoted(&payload.class))));
    }
    if payload.kind.is_empty() {
        return Err(Failure::new("payload class missing type"));
    }
    if payload.id.is_empty() {
        return Err(Failure::not_valid("missing ID"));
    }
    if !STATES.contains(&payload.status.as_str()) {
        let known = STATES.join("\", \"");
        let wrong = quoted(&payload.status);
        return Err(Failure::new(format!("status {wrong} not supported; expected one of [\"{known}\"]")));
    }
    Ok(())
}

impl Run<'_> {
    /// Notes that a payload is to be registered as running.
    ///
    /// # Errors
    ///
    /// Its class, type or id is none.
    pub fn track_payload(
        &mut self,
        class: &str,
        kind: &str,
        id: &str,
        labels: Vec<String>,
    ) -> Result<(), Failure> {
        let payload = Payload {
            class: class.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
            status: "running".to_owned(),
            labels: Some(labels),
        };
        check(&payload)?;
        self.context.payloads.updates.insert(full_id(class, id), payload);
        Ok(())
    }

    /// Registers what is to be registered, now.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn flush_payloads(&mut self) -> Result<(), Failure> {
        let updates = std::mem::take(&mut self.context.payloads.updates);
        if updates.is_empty() {
            return Ok(());
        }
        let sent = |payload: &Payload| Payload {
            id: lossy(&payload.id),
            labels: payload.labels.as_ref().map(|labels| labels.iter().map(|label| lossy(label)).collect()),
            ..payload.clone()
        };
        let payloads: Vec<Payload> = updates.values().map(sent).collect();
        self.controller().track_payloads(&payloads).map_err(Failure::from)?;
        self.context.payloads.known.extend(updates);
        Ok(())
    }

    fn look_up_payload(&mut self, class: &str, id: &str) -> Result<String, Failure> {
        // The two are joined and taken apart again, wherever the first slash is.
        let full = lossy(&full_id(class, id));
        let (class, id) = full.split_once('/').unwrap_or((&full, ""));
        let found = self.controller().look_up_payload(class, id);
        found.map_err(|error| Failure::restored(error).while_doing("while looking up IDs"))
    }

    /// Sets the status of a payload, at once.
    ///
    /// # Errors
    ///
    /// There is no such payload.
    pub fn set_payload_status(&mut self, class: &str, id: &str, status: &str) -> Result<(), Failure> {
        let id = self.look_up_payload(class, id)?;
        self.controller().set_payload_status(&id, &lossy(status)).map_err(Failure::restored)
    }

    /// Forgets a payload, at once.
    ///
    /// # Errors
    ///
    /// There is no such payload.
    pub fn untrack_payload(&mut self, class: &str, id: &str) -> Result<(), Failure> {
        let found = self.look_up_payload(class, id)?;
        self.controller().untrack_payload(&found).map_err(Failure::restored)?;
        self.context.payloads.known.remove(&full_id(class, id));
        Ok(())
    }
}
