//! What the model is meant to become, and the cloud that it is in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bag, is_default, is_empty, or_default};
use crate::juju::controller::time::Time;

/// The units and relations that there are meant to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GoalState {
    /// This application's units.
    pub units: Option<UnitGoals>,
    /// The units and applications of the other ends, by endpoint.
    pub relations: Option<BTreeMap<String, Option<UnitGoals>>>,
}

/// What is meant to be, by unit or application.
pub type UnitGoals = BTreeMap<String, GoalStatus>;

/// How far one of them is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GoalStatus {
    /// The status.
    #[serde(deserialize_with = "or_default")]
    pub status: String,
    /// Since when.
    pub since: Option<Time>,
}

/// A cloud, and how to log in to it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct CloudSpec {
    /// The kind of cloud.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// The cloud's name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The region.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub region: String,
    /// Where its API is.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// Where identities are checked.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub identity_endpoint: String,
    /// Where its storage is.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub storage_endpoint: String,
    /// How to log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<CloudCredential>,
    /// Certificates of authorities.
    #[serde(rename = "cacertificates", skip_serializing_if = "is_empty")]
    pub ca_certificates: Option<Vec<String>>,
    /// Whether certificates are not checked.
    #[serde(rename = "skip-tls-verify", deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub skip_tls_verify: bool,
    /// Whether the controller is in this cloud.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub is_controller_cloud: bool,
}

/// How to log in to a cloud.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct CloudCredential {
    /// The way of logging in.
    #[serde(deserialize_with = "or_default")]
    pub auth_type: String,
    /// What it needs.
    #[serde(rename = "attrs", deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub attributes: Bag,
    /// The attributes that were left out.
    #[serde(skip_serializing_if = "is_empty")]
    pub redacted: Option<Vec<String>>,
}
