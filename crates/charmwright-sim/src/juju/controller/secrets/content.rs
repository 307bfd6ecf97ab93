//! Reading a secret, which may move what the reader tracks.

use std::fmt;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha2::{Digest as _, Sha256};

use super::{ContentRequest, no_revision, no_secret};
use crate::juju::controller::{ApiError, Bag, CloudCredential, Controller, Revision, Secret, quoted};

/// Base64 as Go reads it: what is left over in the last digit does not matter.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

impl Revision {
    /// The content as it is sent: every value in base64.
    pub fn encoded(&self) -> Bag {
        let encoded = |(key, value): (&String, &String)| match key.strip_suffix("#base64") {
            Some(key) => (key.to_owned(), value.clone()),
            None => (key.clone(), STANDARD.encode(value)),
        };
        self.content.iter().flatten().map(encoded).collect()
    }

    /// The revision of a content in which every value is base64. What is text is kept as text.
    pub fn from_encoded(number: i64, encoded: &Bag) -> Self {
        let decoded = |(key, value): (&String, &String)| {
            let digits = value.replace(['\r', '\n'], "");
            let text = LENIENT.decode(digits).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            text.map_or_else(|| (format!("{key}#base64"), value.clone()), |text| (key.clone(), text))
        };
        Self { number, content: Some(encoded.iter().map(decoded).collect()) }
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.content.iter().flatten().map(|(key, _)| key).collect();
        f.debug_struct("Revision").field("number", &self.number).field("keys", &keys).finish()
    }
}

/// The names of what logs in, never the values.
impl fmt::Debug for CloudCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.attributes.keys().collect();
        let mut shown = f.debug_struct("CloudCredential");
        shown
            .field("auth_type", &self.auth_type)
            .field("attributes", &keys)
            .field("redacted", &self.redacted);
        shown.finish()
    }
}

/// The checksum of a content in which every value is base64.
pub fn checksum(encoded: &Bag) -> String {
    let json = serde_json::to_string(encoded).unwrap_or_default();
    // Go escapes what HTML would read.
    let json = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let mut hex = String::new();
    for byte in Sha256::digest(json) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

impl Secret {
    /// A revision that there still is.
    pub(super) fn revision(&self, number: i64) -> Option<&Revision> {
        self.revisions.iter().flatten().find(|revision| revision.number == number)
    }

    /// The checksum of the newest revision.
    pub(super) fn latest_checksum(&self) -> String {
        if !self.checksum.is_empty() {
            return self.checksum.clone();
        }
        self.revision(self.latest).map(|revision| checksum(&revision.encoded())).unwrap_or_default()
    }

    /// Which revision a consumer reads now, and what it tracks from now on.
    pub(super) fn consume(&mut self, unit: &str, refresh: bool, peek: bool, label: Option<&str>) -> i64 {
        let latest = self.latest;
        let is_new = !self.consumers.contains_key(unit);
        let consumer = self.consumers.entry(unit.to_owned()).or_default();
        let refresh = refresh || is_new;
        let mut wanted = consumer.current;
        if refresh || peek {
            consumer.latest = latest;
            wanted = latest;
            if refresh {
                consumer.current = latest;
            }
        }
        if let Some(label) = label {
            label.clone_into(&mut consumer.label);
        }
        wanted
    }
}

impl Controller {
    pub(super) fn read_content(&mut self, request: &ContentRequest) -> Result<Bag, ApiError> {
        let label = request.label.as_str();
        if request.uri.is_none() && label.is_empty() {
            return Err(ApiError::invalid("both uri and label are empty"));
        }
        let model = &self.model;
        let named = |secret: &&Secret| model.owns(secret) && secret.label == label;
        let mut found = match &request.uri {
            Some(uri) => model.secret(&uri.id),
            None => model.secrets().iter().map(|secret| &**secret).rfind(named),
        };
        let mut set_label = request.uri.is_some() && !label.is_empty();
        if let Some(secret) = found.filter(|secret| model.owns(secret)) {
            let may_label = secret.owner == model.unit || model.leader;
            if set_label && label != secret.label && may_label {
                let (id, owner) = (secret.id.clone(), secret.owner.clone());
                self.check_owner_label(&owner, label).map_err(|taken| ApiError::new(taken.to_string()))?;
                if let Some(secret) = self.model.secret_mut(&id) {
                    label.clone_into(&mut secret.label);
                }
                found = self.model.secret(&id);
            }
            set_label = false;
        }
        let model = &self.model;
        if request.uri.is_none() && found.is_none() {
            let consumed = |secret: &&Secret| {
                secret.consumers.get(&model.unit).is_some_and(|consumer| consumer.label == label)
            };
            found = model.secrets().iter().map(|secret| &**secret).rfind(consumed);
            if found.is_none() {
                return Err(ApiError::not_found(format!("consumer label {}", quoted(label))));
            }
        }
        let Some(secret) = found else {
            return Err(request.uri.as_ref().map_or_else(ApiError::denied, no_secret));
        };
        if !model.may_read(secret) {
            return Err(ApiError::denied());
        }
        let new_label = set_label.then_some(label);
        let known = secret.consumers.get(&model.unit);
        if new_label.is_some_and(|label| known.is_none_or(|known| known.label != label)) {
            self.check_consumer_label(label)
                .map_err(|taken| ApiError::new(taken).while_doing("getting latest secret revision"))?;
        }
        let (id, unit) = (secret.id.clone(), model.unit.clone());
        let Some(secret) = self.model.secret_mut(&id) else {
            return Err(ApiError::denied());
        };
        let wanted = secret.consume(&unit, request.refresh, request.peek, new_label);
        secret.revision(wanted).map(Revision::encoded).ok_or_else(|| no_revision(&id, wanted))
    }
}
