//! Whether this unit is being removed.
//!
//! Juju tells a unit of its own end in small pieces. Each relation departs from it, with the unit itself as the one
//! that departs, and is broken, though the application's relation lives on with the other units. So a unit that leaves
//! takes none of that for news of its application: it changes nothing more, and keeps its status, until `stop`.

use charmwright_event::{Context, Event, Origin, RelationEventKind};
use charmwright_hookcmds::{Error, HookCommands};

use crate::input::Declaration;
use crate::memory::Memory;
use crate::trouble::is_juju_gone;

/// How `goal-state` calls a unit that is being removed.
const DYING: &str = "dying";

/// Whether the unit in `context` is being removed. What Juju says of it is remembered for the hooks that follow.
///
/// It costs no hook command, except `goal-state` when a declared endpoint's relation is broken and Juju has not said
/// that this unit departs: if the other side has no units, it does not say so.
///
/// # Errors
///
/// If Juju cannot be asked at all.
pub fn is_leaving(context: &Context, juju: &HookCommands, declaration: &Declaration) -> Result<bool, Error> {
    let mut memory = Memory::load(&context.charm_dir);
    let leaving = match says(context) {
        Some(leaving) => leaving,
        None if memory.is_leaving() => true,
        None if is_broken(&context.event, declaration) => is_dying(context, juju)?,
        None => false,
    };
    if leaving != memory.is_leaving() {
        memory.set_leaving(leaving);
        // A hint that is lost is found again by the next event of this kind.
        let _ = memory.save(&context.charm_dir);
    }
    Ok(leaving)
}

/// What the event by itself says.
fn says(context: &Context) -> Option<bool> {
    // What somebody runs with juju-exec proves nothing.
    if context.origin != Origin::Hook {
        return None;
    }
    match &context.event {
        Event::Relation(event) if event.departing_unit.as_ref() == Some(&context.unit) => Some(true),
        // A unit that is being removed gets none of these. On Kubernetes a later unit may have the same name.
        Event::Install | Event::UpgradeCharm | Event::ConfigChanged | Event::UpdateStatus => Some(false),
        _ => None,
    }
}

/// Whether a relation is broken whose absence would count.
fn is_broken(event: &Event, declaration: &Declaration) -> bool {
    let Event::Relation(event) = event else { return false };
    let mut declared = declaration.endpoints.iter();
    event.kind == RelationEventKind::Broken
        && declared.any(|declared| declared.endpoint == event.endpoint.as_str())
}

fn is_dying(context: &Context, juju: &HookCommands) -> Result<bool, Error> {
    match juju.goal_state() {
        Ok(goal) => Ok(goal.units.get(&context.unit).is_some_and(|unit| unit.status == DYING)),
        Err(error) if is_juju_gone(&error) => Err(error),
        // It lives, as far as anybody knows.
        Err(_) => Ok(false),
    }
}
