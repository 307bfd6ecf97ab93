//! `goal-state`

use super::invocation::{Invocation, Stop, wrong};
use crate::juju::controller::UnitGoals;
use crate::juju::text::flags::none;
use crate::juju::text::value::Field;
use crate::juju::text::{Output, Value};

pub(super) fn state(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::yaml();
    let arguments = invocation.output_options(&mut output)?;
    none(&arguments).map_err(wrong)?;
    let state = invocation.run.goal_state()?;
    let own = units(state.units)?;
    let relations: Vec<(String, Value)> = state
        .relations
        .into_iter()
        .flatten()
        .map(|(endpoint, others)| Ok((endpoint, units(others)?)))
        .collect::<Result<_, Stop>>()?;
    let shown = Value::Record(vec![Field::new("units", own), Field::new("relations", Value::map(relations))]);
    invocation.print(&output, &shown)
}

fn units(units: Option<UnitGoals>) -> Result<Value, Stop> {
    let shown: Vec<(String, Value)> = units
        .into_iter()
        .flatten()
        .map(|(unit, goal)| {
            // Juju does not expect that a status has no time.
            let since =
                goal.since.ok_or(Stop::Crashed)?.timestamp().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
            let shown = vec![Field::new("status", goal.status), Field::new("since", since)];
            Ok((unit, Value::Record(shown)))
        })
        .collect::<Result<_, Stop>>()?;
    Ok(Value::map(shown))
}
