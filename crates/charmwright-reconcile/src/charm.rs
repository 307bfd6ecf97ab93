//! A charm as a program.

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;

use charmwright_event::{Context, EnvironmentError, Event, Goal};
use charmwright_hookcmds::{HookCommands, choose};
use charmwright_snapshot::leaving::is_leaving;
use charmwright_snapshot::{Inputs, Pebbles, Ready};

use crate::action::{Action, ActionFailed, Handler, Results, act};
use crate::desired::Desired;
use crate::driver::{DriveError, World, declaration, reconcile};
use crate::logging::{Log, print_to_stderr, subscriber, told};
use crate::panics::caught;

/// A charm that brings what is to what `reconcile` says that it should be.
///
/// `reconcile` is a plain function: it can keep nothing from one run to the next, and it should read nothing but
/// its inputs.
pub fn charm<I: Inputs>(reconcile: fn(&I, &Desired) -> Ready<()>) -> Charm<I> {
    Charm { reconcile, teardown: None, actions: Vec::new() }
}

/// A charm: its `reconcile`, its actions, and how it leaves.
pub struct Charm<I> {
    reconcile: fn(&I, &Desired) -> Ready<()>,
    teardown: Option<fn(&I, &Desired) -> Ready<()>>,
    actions: Vec<Handler<I>>,
}

impl<I> fmt::Debug for Charm<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions: Vec<_> = self.actions.iter().map(|handler| handler.name).collect();
        f.debug_struct("Charm").field("actions", &actions).finish_non_exhaustive()
    }
}

impl<I: Inputs + 'static> Charm<I> {
    /// Adds an action. It sees the same inputs as `reconcile` and asks with the same wishes; but what it wishes is
    /// not carried out.
    #[must_use]
    pub fn action<A: Action + 'static>(
        mut self,
        handler: fn(&I, &Desired, &A) -> Result<Results, ActionFailed>,
    ) -> Self {
        self.actions.push(Handler::new(handler));
        self
    }

    /// What should be while the unit, or its pod, ends: for `stop` and `remove`. Without it, they change nothing.
    #[must_use]
    pub fn teardown(mut self, teardown: fn(&I, &Desired) -> Ready<()>) -> Self {
        self.teardown = Some(teardown);
        self
    }

    /// Runs the charm as Juju does, and says how it ended. To be returned from `main`.
    ///
    /// A run that fails says why: in Juju's log, or on standard error if Juju's log does not take it. That holds for
    /// a panic of the charm too. If an action fails, who ran it is told, and the process ends well, because Juju
    /// would put the exit code in the place of the reason.
    ///
    /// Records that the charm writes with `tracing`, in any of its threads, go to Juju's log. If the program has set
    /// a global subscriber before, that one keeps the records of other threads.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn main(self) -> ExitCode {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let variables: Vec<(String, String)> =
            std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect();
        let context = match Context::from_variables(variables.iter().cloned()) {
            Ok(context) => context,
            Err(error) => return unreadable(&error, &variables),
        };
        let is_action = context.event.goal() == Goal::Act;
        // All its users are gone at the end of this function: an agent waits for connections that are open.
        let transport = choose(|name| std::env::var(name).ok());
        let juju = Arc::new(HookCommands::new(Arc::clone(&transport)));
        let log = Log::new(&juju, is_action);
        let world = World {
            juju: HookCommands::new(transport),
            pebbles: Pebbles::in_folder("/charm/containers"),
            pause: std::thread::sleep,
        };
        let run = || self.run(&context, &world);
        let result = caught(|| match tracing::subscriber::set_global_default(subscriber(log.clone())) {
            Ok(()) => run(),
            Err(_) => tracing::subscriber::with_default(subscriber(log.clone()), run),
        });
        let name = context.event.name();
        match result {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Ok(Err(error)) => {
                log.error(&format!("{name} failed: {}", told(&error)));
                ExitCode::FAILURE
            }
            Err(panic) => {
                let reason = format!("{name} failed: the charm {panic}");
                log.error(&reason);
                if is_action { fail_action(&juju, &reason) } else { ExitCode::FAILURE }
            }
        }
    }

    /// Runs the charm for one event.
    ///
    /// # Errors
    ///
    /// If Juju or Pebble refuse what they should not. That something is not there yet is no error.
    pub fn run(&self, context: &Context, world: &World) -> Result<(), DriveError> {
        match (&context.event, context.event.goal()) {
            (Event::Action { name, .. }, _) => act(name, &self.actions, context, world),
            // What Juju takes away from a unit that is being removed is no news of the application.
            (_, Goal::Reconcile) if is_leaving(context, &world.juju, &declaration::<I>())? => Ok(()),
            (_, Goal::Reconcile) => reconcile(self.reconcile, context, world),
            (_, Goal::TearDown) => {
                self.teardown.map_or(Ok(()), |teardown| reconcile(teardown, context, world))
            }
            (_, Goal::Act | Goal::Nothing) => Ok(()),
        }
    }
}

/// The end of a run without a context.
#[expect(clippy::disallowed_methods, reason = "the transport is chosen by the environment here as in `main`")]
fn unreadable(error: &EnvironmentError, variables: &[(String, String)]) -> ExitCode {
    let reason = format!("cannot read what Juju says by environment: {}", told(error));
    let is_set = |name: &str| variables.iter().any(|(key, value)| key == name && !value.is_empty());
    let juju = || Arc::new(HookCommands::new(choose(|name| std::env::var(name).ok())));
    // Juju logs what a charm prints there.
    if print_to_stderr(&reason).is_err() {
        Log::new(&juju(), false).error(&reason);
    }
    if is_set("JUJU_ACTION_NAME") { fail_action(&juju(), &reason) } else { ExitCode::FAILURE }
}

/// Tells who runs the action. Juju puts the exit code in the place of the reason, unless the process ends well.
fn fail_action(juju: &HookCommands, reason: &str) -> ExitCode {
    if juju.action_fail(reason).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
