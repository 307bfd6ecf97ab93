//! Relations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bag, is_default, or_default};

/// One relation, seen from the unit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Relation {
    /// The relation's number.
    #[serde(deserialize_with = "or_default")]
    pub id: i64,
    /// Our endpoint.
    #[serde(deserialize_with = "or_default")]
    pub endpoint: String,
    /// The endpoint at the other end.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub remote_endpoint: String,
    /// The interface.
    #[serde(deserialize_with = "or_default")]
    pub interface: String,
    /// `provider`, `requirer` or `peer`.
    #[serde(deserialize_with = "or_default")]
    pub role: String,
    /// `global` or `container`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub scope: String,
    /// `alive`, `dying` or `dead`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub life: String,
    /// Whether the operator has suspended it.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub suspended: bool,
    /// The relation's status.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub status: String,
    /// The application at the other end.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub remote_app: String,
    /// The model of the application at the other end.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub remote_model_uuid: String,
    /// Whether the controller has removed it while the agent still lists it.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub gone: bool,
    /// This unit's bag.
    pub local_unit_bag: Option<Bag>,
    /// This application's bag.
    pub local_app_bag: Option<Bag>,
    /// The remote application's bag.
    pub remote_app_bag: Option<Bag>,
    /// The bags of the remote units.
    pub units: Option<BTreeMap<String, Option<Bag>>>,
    /// How often each remote unit's bag was written.
    #[serde(deserialize_with = "or_default", skip_serializing)]
    pub unit_versions: BTreeMap<String, i64>,
    /// How often the remote application's bag was written.
    #[serde(deserialize_with = "or_default", skip_serializing)]
    pub app_version: i64,
    /// Whether the unit has entered it.
    #[serde(deserialize_with = "or_default", skip_serializing)]
    pub in_scope: bool,
    /// The units that this unit has seen join.
    pub members: Option<Vec<String>>,
}
