//! Secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bag, is_default, is_empty, or_default};
use crate::juju::controller::time::Time;

/// One secret.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Secret {
    /// The id.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// The owner's label.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub label: String,
    /// The description.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub description: String,
    /// The name of the unit or application that owns it, or `model`.
    #[serde(deserialize_with = "or_default")]
    pub owner: String,
    /// How often it is to be rotated.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub rotate: String,
    /// When the newest revision expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire: Option<Time>,
    /// When it is to be rotated next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_rotate: Option<Time>,
    /// The checksum of the newest revision.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub checksum: String,
    /// The revisions that there still are.
    pub revisions: Option<Vec<Revision>>,
    /// The number of the newest revision there ever was.
    #[serde(rename = "latest_revision", deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub latest: i64,
    /// Who may read it.
    #[serde(skip_serializing_if = "is_empty")]
    pub grants: Option<Vec<Grant>>,
    /// Which revision each consumer tracks, by unit name.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub consumers: BTreeMap<String, Consumer>,
}

/// One revision of a secret.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Revision {
    /// Its number, from 1.
    #[serde(rename = "n", deserialize_with = "or_default")]
    pub number: i64,
    /// The content. The value of a key that ends in `#base64` is base64.
    pub content: Option<Bag>,
}

/// One who may read a secret.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Grant {
    /// The name of a unit or application.
    #[serde(deserialize_with = "or_default")]
    pub subject: String,
    /// The tag of what the grant holds for: a relation, or the subject itself.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub scope: String,
    /// `view`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub role: String,
}

/// What a consumer of a secret tracks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Consumer {
    /// Its own label for the secret.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub label: String,
    /// The revision that it reads.
    #[serde(rename = "current_revision", deserialize_with = "or_default")]
    pub current: i64,
    /// The newest revision that there is for it.
    #[serde(rename = "latest_revision", deserialize_with = "or_default")]
    pub latest: i64,
}
