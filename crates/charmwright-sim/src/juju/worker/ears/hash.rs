//! Digests as Juju's controller makes them.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::juju::text::json;

/// The digest of a value's JSON.
pub(super) fn hash(value: &Value) -> Arc<str> {
    // What cannot be written as JSON cannot be in a model either.
    let text = json::encode(&value.clone().into()).unwrap_or_default();
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.trim_end()) {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.into()
}
