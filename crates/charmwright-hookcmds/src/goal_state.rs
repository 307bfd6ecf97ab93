//! What `goal-state` says.

use std::collections::BTreeMap;

use charmwright_event::{AppName, EndpointName, UnitName};
use serde::{Deserialize, Deserializer, de};

use crate::time::Timestamp;

/// The units that there are and will be, and what is at the other end of each endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoalState {
    /// The application's units, this one included, those that are only planned too.
    pub units: BTreeMap<UnitName, GoalStatus>,
    /// By endpoint.
    pub relations: BTreeMap<EndpointName, GoalRelations>,
}

/// What is at the other end of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoalRelations {
    /// The applications, each with the relation's status: `joining`, `joined`, `broken`, `suspended`, `error`.
    pub applications: BTreeMap<AppName, GoalStatus>,
    /// Their units.
    pub units: BTreeMap<UnitName, GoalStatus>,
}

/// A status, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalStatus {
    /// A unit's workload status, or `dying`; or a relation's status.
    pub status: String,
    /// Since when, where Juju knows.
    pub since: Option<Timestamp>,
}

impl GoalState {
    /// How many units there will be: all but those that are going.
    pub fn planned_units(&self) -> usize {
        self.units.values().filter(|unit| unit.status != "dying").count()
    }
}

impl<'de> Deserialize<'de> for GoalStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Answer {
            status: String,
            #[serde(default)]
            since: Option<String>,
        }
        let Answer { status, since } = Answer::deserialize(deserializer)?;
        let since = since.filter(|since| !since.is_empty());
        let since = since.map(|since| Timestamp::parse(&since).map_err(de::Error::custom)).transpose()?;
        Ok(Self { status, since })
    }
}

impl<'de> Deserialize<'de> for GoalState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type ByName = BTreeMap<String, GoalStatus>;
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            units: Option<ByName>,
            #[serde(default)]
            relations: Option<BTreeMap<String, Option<ByName>>>,
        }
        let answer = Answer::deserialize(deserializer)?;
        let mut found = Self::default();
        for (name, status) in answer.units.unwrap_or_default() {
            found.units.insert(UnitName::parse(&name).map_err(de::Error::custom)?, status);
        }
        for (endpoint, members) in answer.relations.unwrap_or_default() {
            let mut relations = GoalRelations::default();
            for (name, status) in members.unwrap_or_default() {
                if name.contains('/') {
                    relations.units.insert(UnitName::parse(&name).map_err(de::Error::custom)?, status);
                } else {
                    relations.applications.insert(AppName::parse(&name).map_err(de::Error::custom)?, status);
                }
            }
            found.relations.insert(EndpointName::parse(&endpoint).map_err(de::Error::custom)?, relations);
        }
        Ok(found)
    }
}
