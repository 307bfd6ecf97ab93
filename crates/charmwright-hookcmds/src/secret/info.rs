use std::num::NonZeroU32;

use charmwright_event::SecretId;
use serde::Deserialize;

use super::{RotatePolicy, SecretOwner};
use crate::time::Timestamp;

/// What Juju knows of a secret that this unit manages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretInfo {
    /// Its id.
    pub id: SecretId,
    /// Its latest revision.
    pub revision: NonZeroU32,
    /// Its label, if it has one.
    pub label: Option<String>,
    /// Who manages it.
    pub owner: SecretOwner,
    /// What it is for.
    pub description: Option<String>,
    /// How often it should be made anew; `None` means never, too.
    pub rotation: Option<RotatePolicy>,
    /// When the latest revision ends.
    pub expiry: Option<Timestamp>,
    /// When it should be made anew next.
    pub rotates: Option<Timestamp>,
    /// Who may read it.
    pub access: Vec<SecretAccess>,
}

/// Who may read a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SecretAccess {
    /// Who, as a tag: `application-wordpress`, `unit-wordpress-0`.
    pub target: String,
    /// As long as this lives, as a tag: `relation-wordpress.db#mysql.server`.
    pub scope: String,
    /// To do what: `view`.
    pub role: String,
}

#[derive(Deserialize)]
pub(crate) struct Found {
    revision: NonZeroU32,
    #[serde(default)]
    label: String,
    owner: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    rotation: Option<String>,
    #[serde(default)]
    expiry: Option<String>,
    #[serde(default)]
    rotates: Option<String>,
    #[serde(default)]
    access: Option<Vec<SecretAccess>>,
}

impl SecretInfo {
    /// `None` if Juju would not say this.
    pub(crate) fn from_found(id: &str, found: Found) -> Option<Self> {
        let unless_empty = |text: String| Some(text).filter(|text| !text.is_empty());
        let time = |text: Option<String>| -> Option<Option<Timestamp>> {
            text.and_then(unless_empty).map_or(Some(None), |text| Timestamp::parse(&text).ok().map(Some))
        };
        Some(Self {
            id: SecretId::parse(id).ok()?,
            revision: found.revision,
            label: unless_empty(found.label),
            owner: match found.owner.as_str() {
                "application" => SecretOwner::Application,
                "unit" => SecretOwner::Unit,
                _ => return None,
            },
            description: unless_empty(found.description),
            rotation: match found.rotation.and_then(unless_empty) {
                Some(word) => Some(RotatePolicy::parse(&word)?),
                None => None,
            },
            expiry: time(found.expiry)?,
            rotates: time(found.rotates)?,
            access: found.access.unwrap_or_default(),
        })
    }
}
