//! What the model is meant to become.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{ApiError, Controller, GoalState, GoalStatus, Model, Time, UnitGoals, this_unit};

/// Since when everything is as it is meant to be, if nothing else was said.
const SINCE: i64 = 1_700_000_000;

impl Controller {
    /// The units and relations that there are meant to be.
    ///
    /// # Errors
    ///
    /// None are known.
    pub fn goal_states(&mut self) -> Result<GoalState, ApiError> {
        self.answer("Uniter.GoalStates", this_unit, |this| {
            Ok(this.model.goal_state.clone().unwrap_or_else(|| known(&this.model)))
        })
    }
}

/// This unit, and the remote units that are known.
fn known(model: &Model) -> GoalState {
    let since = Timestamp::from_second(SINCE).ok().map(Time::utc);
    let status = |status: &str| GoalStatus { status: status.to_owned(), since };
    let mut units = UnitGoals::from([(model.unit.clone(), status(&model.unit_status.status))]);
    let mut relations: BTreeMap<String, Option<UnitGoals>> = BTreeMap::new();
    for relation in model.relations() {
        let others =
            relation.units.iter().flat_map(BTreeMap::keys).map(|unit| (unit.clone(), status("active")));
        if relation.role == "peer" {
            units.extend(others);
            continue;
        }
        let goals = relations.entry(relation.endpoint.clone()).or_default().get_or_insert_default();
        goals.insert(relation.remote_app.clone(), status("joined"));
        goals.extend(others);
    }
    GoalState { units: Some(units), relations: Some(relations) }
}
