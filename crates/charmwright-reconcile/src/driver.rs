//! One run of a charm, from what is to what should be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use charmwright_event::{Certainty, Context, RelationId};
use charmwright_hookcmds::{HookCommands, text};
use charmwright_snapshot::snapshot::{ContainerSnapshot, Snapshot};
use charmwright_snapshot::{
    Declaration, Inputs, Memory, NotYet, Pebbles, Reader, Ready, collect, read_unasked,
};

use crate::apply::apply;
use crate::container_held::held;
use crate::container_plan::{Held, container_step};
use crate::desired::{ContainerWish, Desired, Mistake, Wishes};
use crate::plan::{Plan, Step, bag_change};
use crate::{record, status};

/// How often `reconcile` may run in one hook before its wishes must agree with what they led to.
const ROUNDS_MAX: usize = 5;
/// How long, in all, a hook waits for a Pebble that went away under it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it looks in that time.
const LOOKS: u32 = 10;

/// The outside: Juju, the workload containers, time.
#[derive(Debug)]
pub struct World {
    /// Juju's hook commands.
    pub juju: HookCommands,
    /// The Pebbles of the containers.
    pub pebbles: Pebbles,
    /// Waits.
    pub pause: fn(Duration),
}

/// A run that failed. Juju keeps nothing of it and runs the hook again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriveError {
    /// A hook command failed that should not.
    #[error(transparent)]
    Juju(#[from] charmwright_hookcmds::Error),
    /// An action failed, and who runs it could not be told.
    #[error("{failure}; and who runs the action could not be told")]
    Untold {
        /// Why the action failed.
        failure: String,
        /// Why that could not be told.
        source: charmwright_hookcmds::Error,
    },
    /// `reconcile` wishes for something else each time its last wishes came true.
    #[error("reconcile does not settle: after {ROUNDS_MAX} rounds there is still to do: {}", .steps.join("; "))]
    Unsettled {
        /// What was still to do.
        steps: Vec<String>,
    },
    /// What the unit remembers of its writes can be neither saved nor removed.
    #[error("cannot save or remove .charmwright.json in {folder}; make the folder writable for the charm")]
    Memory {
        /// The charm's folder.
        folder: PathBuf,
        /// Why it cannot be removed.
        source: std::io::Error,
    },
    /// A layer has an entry of a name that the SDK keeps for itself.
    #[error("container {container}: the name `{name}` is the SDK's own; give the entry of the layer another")]
    ReservedName {
        /// The container.
        container: String,
        /// The name.
        name: &'static str,
    },
    /// Nothing at all shall be in a container.
    #[error("container {container}: `absent({path:?})` would remove all of the container's files")]
    AllAbsent {
        /// The container.
        container: String,
        /// The path, which leads to the root.
        path: String,
    },
    /// A file says that a service reads it which the layer does not have.
    #[error("container {container}: {path} is read by `{service}`, which is not in the layer")]
    UnknownReader {
        /// The container.
        container: String,
        /// The file.
        path: String,
        /// The service that it names.
        service: String,
    },
}

impl DriveError {
    fn of_mistake(container: &str, mistake: Mistake) -> Self {
        let container = container.to_owned();
        match mistake {
            Mistake::UnknownReader { path, service } => Self::UnknownReader { container, path, service },
            Mistake::ReservedName { name } => Self::ReservedName { container, name },
            Mistake::AllAbsent { path } => Self::AllAbsent { container, path },
        }
    }
}

/// Runs `reconcile` until nothing is left to do, and reports the status.
pub(crate) fn reconcile<I: Inputs>(
    function: fn(&I, &Desired) -> Ready<()>,
    context: &Context,
    world: &World,
) -> Result<(), DriveError> {
    let reader = Reader::new(&world.juju, context, Memory::load(&context.charm_dir));
    let (remembered, tried) = (reader.memory(), BTreeSet::new());
    let mut hook = Hook { world, reader: &reader, declaration: declaration::<I>(), remembered, tried };
    let mut snapshot = collect(&reader, &hook.declaration, &world.pebbles)?;
    let (mut done, mut rounds, mut left) = (Vec::new(), 0, BTreeMap::new());
    let causes = loop {
        let round = Round::run(function, &snapshot);
        if read_unasked(&reader, &hook.declaration, &mut snapshot, &round.asked_without_content())? {
            continue;
        }
        let (plan, failing) = hook.plan(&round, &snapshot)?;
        if !failing.is_empty() {
            // What they are now has a say in what is wished.
            snapshot.containers.extend(failing);
            continue;
        }
        if plan.is_empty() {
            break round.causes;
        }
        if rounds >= ROUNDS_MAX {
            return Err(DriveError::Unsettled { steps: plan.lines() });
        }
        rounds += 1;
        tracing::debug!("to do: {}", plan.lines().join("; "));
        hook.save_memory()?;
        let applied = apply(&plan, &reader, &world.pebbles, &mut left)?;
        done.extend(applied.done);
        hook.look_again(&plan, &mut snapshot);
        for (container, failing) in applied.failing {
            if let Some(seen) = snapshot.containers.get_mut(container.as_str()) {
                *seen = failing;
            }
        }
    };
    hook.report(&done, &causes)
}

/// What the inputs have to read.
pub(crate) fn declaration<I: Inputs>() -> Declaration {
    let mut declaration = Declaration::default();
    I::declare(&mut declaration);
    declaration
}

/// What one run of `reconcile` came to.
struct Round {
    wishes: Wishes,
    complete: bool,
    causes: Vec<NotYet>,
}

impl Round {
    fn run<I: Inputs>(function: fn(&I, &Desired) -> Ready<()>, snapshot: &Snapshot) -> Self {
        let inputs = match I::collect(snapshot) {
            Ok(inputs) => inputs,
            Err(causes) => {
                return Self {
                    wishes: Wishes::default(),
                    complete: false,
                    causes: status::relevant(false, &[], &causes),
                };
            }
        };
        let desired = Desired::empty();
        let result = function(&inputs, &desired);
        let wishes = desired.into_wishes();
        let mut missing = inputs.missing();
        missing.extend(result.as_ref().err().cloned());
        let causes = status::relevant(result.is_ok(), &wishes.causes, &missing);
        Self { wishes, complete: result.is_ok(), causes }
    }
}

impl Round {
    /// The relations in which the request has no content.
    fn asked_without_content(&self) -> BTreeSet<RelationId> {
        let empty = self.wishes.bags.iter().filter(|(_, bag)| bag.is_empty());
        empty.map(|(relation, _)| *relation).collect()
    }
}

/// Containers whose Pebble is there and does not do what it should, by name.
type Failing = BTreeMap<&'static str, ContainerSnapshot>;

/// What is known while the hook lasts.
struct Hook<'a> {
    world: &'a World,
    reader: &'a Reader<'a>,
    declaration: Declaration,
    remembered: Memory,
    tried: BTreeSet<(String, String)>,
}

impl Hook<'_> {
    /// The plan, and the containers that could not be compared: then the plan is not whole.
    fn plan(&mut self, round: &Round, snapshot: &Snapshot) -> Result<(Plan, Failing), DriveError> {
        let mut plan = Plan::default();
        let (held, failing) = self.held(round, snapshot)?;
        if failing.is_empty() {
            self.plan_bags(round, snapshot, &mut plan)?;
            self.plan_ports(round, &mut plan)?;
            self.plan_containers(round, snapshot, &held, &mut plan);
        }
        Ok((plan, failing))
    }

    fn plan_bags(&self, round: &Round, snapshot: &Snapshot, plan: &mut Plan) -> Result<(), DriveError> {
        let mut bags = round.wishes.bags.clone();
        if round.complete {
            for relation in self.reader.written_relations() {
                bags.entry(relation).or_default();
            }
        }
        for (relation, wanted) in &bags {
            let held = self.reader.observe_bag(*relation, wanted)?;
            if let Some(change) =
                bag_change(*relation, snapshot.label(*relation), &held, wanted, round.complete)
            {
                self.reader.will_write_bag(*relation, &change.result);
                plan.steps.push(Step::Write(change));
            }
        }
        Ok(())
    }

    fn plan_ports(&self, round: &Round, plan: &mut Plan) -> Result<(), DriveError> {
        let wanted = &round.wishes.ports;
        let (open, target) = self.reader.observe_ports(wanted, round.complete)?;
        plan.steps.extend(target.difference(&open).map(|port| Step::Open(*port)));
        plan.steps.extend(open.difference(&target).map(|port| Step::Close(*port)));
        if open != target {
            self.reader.will_open_ports(&target);
        }
        Ok(())
    }

    fn plan_containers(
        &mut self,
        round: &Round,
        snapshot: &Snapshot,
        held: &BTreeMap<&'static str, Held>,
        plan: &mut Plan,
    ) {
        let nothing = ContainerWish::default();
        for (&name, held) in held {
            let wish = round.wishes.containers.get(name).unwrap_or(&nothing);
            let Some(ContainerSnapshot::Up(state)) = snapshot.containers.get(name) else { continue };
            if let Some(step) = container_step(name, wish, state, held, &self.tried, round.complete) {
                self.tried.extend(step.start.keys().map(|service| (name.to_owned(), service.clone())));
                if step.ask {
                    self.tried.insert((name.to_owned(), record::UP.to_owned()));
                }
                plan.steps.push(Step::Container(Box::new(step)));
            }
        }
    }

    /// What is wished for in each container that answers, as it is, and the containers that cannot tell.
    fn held(
        &self,
        round: &Round,
        snapshot: &Snapshot,
    ) -> Result<(BTreeMap<&'static str, Held>, Failing), DriveError> {
        let nothing = ContainerWish::default();
        let (mut all, mut failing) = (BTreeMap::new(), Failing::new());
        for (&name, seen) in &snapshot.containers {
            let wish = round.wishes.containers.get(name).unwrap_or(&nothing);
            if let Some(mistake) = wish.mistakes.first().cloned() {
                return Err(DriveError::of_mistake(name, mistake));
            }
            if !matches!(seen, ContainerSnapshot::Up(_)) {
                continue;
            }
            match held(&self.world.pebbles.client(name), wish) {
                Ok(held) => drop(all.insert(name, held)),
                // The next look tells.
                Err(error) if error.is_unreachable() => drop(all.insert(name, Held::default())),
                Err(error) => drop(failing.insert(name, ContainerSnapshot::undone(&error))),
            }
        }
        Ok((all, failing))
    }

    /// What Pebble does is seen at once; what Juju is told is known.
    fn look_again(&self, plan: &Plan, snapshot: &mut Snapshot) {
        for step in &plan.steps {
            let Step::Container(step) = step else { continue };
            if let Some(seen) = snapshot.containers.get_mut(step.container.as_str()) {
                *seen = self.look(&step.container);
            }
        }
    }

    fn look(&self, container: &str) -> ContainerSnapshot {
        let client = self.world.pebbles.client(container);
        let look = || charmwright_snapshot::look(&client, container, &self.declaration);
        for _ in 0..LOOKS {
            let seen = look();
            // One that is there and does not do as it should does not get better within a second.
            if !matches!(seen, ContainerSnapshot::Unreachable { .. }) {
                return seen;
            }
            (self.world.pause)(PATIENCE / LOOKS);
        }
        look()
    }

    /// Before anything is written: see [`charmwright_snapshot::memory`].
    fn save_memory(&mut self) -> Result<(), DriveError> {
        let memory = self.reader.memory();
        if memory != self.remembered {
            save(&memory, &self.reader.context().charm_dir)?;
            self.remembered = memory;
        }
        Ok(())
    }

    fn report(&mut self, done: &[String], causes: &[NotYet]) -> Result<(), DriveError> {
        let status = status::of(causes);
        let set_status = !self.reader.has_status(&status)?;
        if set_status {
            self.reader.will_set_status(&status);
        }
        self.save_memory()?;
        let mut block = match (done.len(), set_status) {
            (0, false) => "plan: nothing to do".to_owned(),
            (0, true) => "plan: the status".to_owned(),
            (1, _) => "plan: 1 change".to_owned(),
            (count, _) => format!("plan: {count} changes"),
        };
        let status_line = set_status.then(|| format!("set the status: {status}"));
        let waits = causes.iter().map(|cause| format!("not yet: {cause}"));
        for line in done.iter().cloned().chain(status_line).chain(waits) {
            block.push_str(text::INDENT);
            block.push_str(&text::line(&line, text::LINE_BYTES_MAX));
        }
        // Juju keeps the history of statuses itself, so a status alone is not worth a record for operators.
        if done.is_empty() {
            tracing::debug!("{block}");
        } else {
            tracing::info!("{block}");
        }
        // A status has no room for it.
        for cause in causes.iter().filter(|cause| cause.waker().certainty() != Certainty::Sure) {
            tracing::debug!("{}: {}", cause.subject(), cause.waker().explain());
        }
        if set_status {
            self.world.juju.status_set(&status)?;
        }
        Ok(())
    }
}

/// Without a memory the charm works too, only with more reads: so a full disk does not fail the hook. But a memory
/// that is older than what is written would lie.
fn save(memory: &Memory, charm_dir: &Path) -> Result<(), DriveError> {
    let Err(error) = memory.save(charm_dir) else { return Ok(()) };
    tracing::debug!("cannot save what was written to {}: {error}", charm_dir.display());
    Memory::forget(charm_dir).map_err(|source| DriveError::Memory { folder: charm_dir.to_owned(), source })
}
