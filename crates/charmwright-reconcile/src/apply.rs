//! Carrying out a plan.

use std::collections::BTreeMap;
use std::time::Duration;

use charmwright_hookcmds::{BagOwner, ErrorKind};
use charmwright_snapshot::snapshot::ContainerSnapshot;
use charmwright_snapshot::{Pebbles, Reader};

use crate::container_apply::apply_container;
use crate::container_step::ContainerStep;
use crate::driver::DriveError;
use crate::logging::told;
use crate::plan::{BagChange, Plan, Step};

/// What became of a plan.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// A line for each thing that was done.
    pub(crate) done: Vec<String>,
    /// The containers whose Pebble did not do what it was told, and as what they are seen for the rest of the hook: it
    /// may answer questions all the same.
    pub(crate) failing: BTreeMap<String, ContainerSnapshot>,
}

/// Carries out all steps, in order. A Pebble that goes away in the middle is not an error: what was seen next
/// tells. `left` is what each container has left of the time for starts and stops.
pub(crate) fn apply(
    plan: &Plan,
    reader: &Reader<'_>,
    pebbles: &Pebbles,
    left: &mut BTreeMap<String, Duration>,
) -> Result<Applied, DriveError> {
    let mut applied = Applied::default();
    for step in &plan.steps {
        match step {
            Step::Open(port) => reader.juju().open_port(*port)?,
            Step::Close(port) => reader.juju().close_port(*port)?,
            Step::Write(change) => match write_bag(change, reader)? {
                Told::Done => {}
                Told::Refused(line) => {
                    applied.done.push(line);
                    continue;
                }
            },
            Step::Container(step) => {
                let container = &step.container;
                let left = left.entry(container.clone()).or_insert(step.patience);
                if let Err(error) = apply_container(step, &pebbles.client(container), left) {
                    tracing::warn!("container {container}: {}", told(&error));
                    applied.done.push(unfinished(step));
                    // One that went away is looked at again; one that refuses may answer questions all the same.
                    if !error.is_unreachable() {
                        applied.failing.insert(container.clone(), ContainerSnapshot::undone(&error));
                    }
                    continue;
                }
            }
        }
        applied.done.extend(step.lines());
    }
    Ok(applied)
}

/// What a log says of a step that failed: nobody knows how far it came.
fn unfinished(step: &ContainerStep) -> String {
    format!("not all of this was done: {}", step.lines().join(", "))
}

/// What became of what another application was to be told.
enum Told {
    Done,
    /// It was not, and a line that says why.
    Refused(String),
}

fn write_bag(change: &BagChange, reader: &Reader<'_>) -> Result<Told, DriveError> {
    let label = &change.label;
    match reader.juju().relation_set(change.relation, BagOwner::Application, &change.changes) {
        // Lost since we last wrote; the new leader writes it.
        Err(error) if error.kind() == ErrorKind::NotLeader => {
            reader.could_not_write_bag(change.relation);
            Ok(Told::Refused(format!("did not tell {label}: another unit leads now")))
        }
        Err(error) if matches!(error.kind(), ErrorKind::Denied | ErrorKind::NotFound) => {
            tracing::debug!("{label} is gone and was not told: {}", told(&error));
            Ok(Told::Refused(format!("did not tell {label}: the relation is gone")))
        }
        result => Ok(result.map(|()| Told::Done)?),
    }
}

#[cfg(test)]
mod tests {
    use charmwright_event::{Context, RelationId};
    use charmwright_hookcmds::{Bag, Call, HookCommands, Reply, Transport, TransportError};
    use charmwright_snapshot::Memory;

    use super::*;

    /// Refuses every command with these words.
    #[derive(Debug)]
    struct Refuses(&'static str);

    impl Transport for Refuses {
        fn call(&self, _: &Call) -> Result<Reply, TransportError> {
            Ok(Reply::failure(1, self.0))
        }
    }

    fn told(refusal: &'static str) -> Result<Vec<String>, DriveError> {
        let variables = [
            ("JUJU_UNIT_NAME", "app/0"),
            ("JUJU_MODEL_NAME", "dev"),
            ("JUJU_CHARM_DIR", "/charm"),
            ("JUJU_DISPATCH_PATH", "hooks/config-changed"),
        ];
        let context =
            Context::from_variables(variables.map(|(name, value)| (name.to_owned(), value.to_owned())))
                .unwrap();
        let juju = HookCommands::new(Refuses(refusal));
        let reader = Reader::new(&juju, &context, Memory::default());
        let changes = Bag::from([("database".to_owned(), "x".to_owned())]);
        let (relation, label) = (RelationId::new(1), "database (pg)".to_owned());
        let change = BagChange { relation, label, result: changes.clone(), changes };
        let plan = Plan { steps: vec![Step::Write(change)] };
        let pebbles = Pebbles::in_folder("/nowhere");
        apply(&plan, &reader, &pebbles, &mut BTreeMap::new()).map(|applied| applied.done)
    }

    #[test]
    fn what_juju_refused_is_not_said_to_be_done() {
        assert_eq!(
            told("cannot write relation settings").unwrap(),
            ["did not tell database (pg): another unit leads now"]
        );
        assert_eq!(told("permission denied").unwrap(), ["did not tell database (pg): the relation is gone"]);
        assert!(told("something else").is_err());
    }
}
