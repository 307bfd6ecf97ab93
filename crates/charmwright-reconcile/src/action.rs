//! Actions: an operator asks, the charm answers.

use std::collections::BTreeMap;
use std::fmt;

use charmwright_event::Context;
use charmwright_snapshot::{Inputs, Memory, NotYet, Reader, Sensitive, collect};
use serde_json::Value;

use crate::desired::Desired;
use crate::driver::{DriveError, World, declaration};

/// An action's parameters. Derived: `#[derive(Action)]` checks names and types against charmcraft.yaml.
pub trait Action: Sized {
    /// The action's name in charmcraft.yaml.
    const NAME: &'static str;

    /// Reads the parameters, each into its type.
    ///
    /// # Errors
    ///
    /// If one does not fit.
    fn from_parameters(parameters: &Parameters) -> Result<Self, ActionFailed>;
}

/// The parameters as Juju gave them, with what the derive needs to turn them into a struct.
#[derive(Debug)]
pub struct Parameters(BTreeMap<String, Value>);

impl Parameters {
    /// A parameter that has to be there.
    ///
    /// # Errors
    ///
    /// If it is not given or does not fit.
    pub fn required<T>(
        &self,
        name: &str,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<T, ActionFailed> {
        self.optional(name, read)?.ok_or_else(|| ActionFailed::new(format!("parameter {name} is not given")))
    }

    /// A parameter that may be left out.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn optional<T>(
        &self,
        name: &str,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<Option<T>, ActionFailed> {
        let Some(value) = self.0.get(name).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let wrong = |cause: String| ActionFailed::new(format!("parameter {name} {cause}"));
        read(value).map(Some).map_err(wrong)
    }
}

/// What an action answers.
#[derive(Debug, Default)]
pub struct Results {
    shown: BTreeMap<String, String>,
    revealed: BTreeMap<String, Sensitive>,
}

impl Results {
    /// No results yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A result. Keys are lower case letters, digits and hyphens.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.shown.insert(key.to_owned(), value.to_string());
        self
    }

    /// A result that is secret, because the operator asked for it.
    ///
    /// Juju stores it with the action, and passes it through the command line of `action-set`, the only way
    /// that Juju has: root on the unit can see it there for a moment.
    #[must_use]
    pub fn reveal(mut self, key: &str, value: &Sensitive) -> Self {
        self.revealed.insert(key.to_owned(), value.clone());
        self
    }
}

/// Why an action failed, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ActionFailed {
    message: String,
}

impl ActionFailed {
    /// It failed for this reason.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl From<NotYet> for ActionFailed {
    fn from(cause: NotYet) -> Self {
        Self::new(cause.to_string())
    }
}

/// An action's handler without its types.
pub(crate) struct Handler<I> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<Run<I>>,
}

type Run<I> = dyn Fn(&I, &Parameters) -> Result<Results, ActionFailed>;

impl<I: Inputs + 'static> Handler<I> {
    pub(crate) fn new<A: Action + 'static>(
        function: fn(&I, &Desired, &A) -> Result<Results, ActionFailed>,
    ) -> Self {
        let run = move |inputs: &I, parameters: &Parameters| {
            // An action asks the same questions as reconcile; what it wishes is not carried out.
            function(inputs, &Desired::empty(), &A::from_parameters(parameters)?)
        };
        Self { name: A::NAME, run: Box::new(run) }
    }
}

/// Runs an action: it fails or it answers, at once.
pub(crate) fn act<I: Inputs>(
    name: &str,
    handlers: &[Handler<I>],
    context: &Context,
    world: &World,
) -> Result<(), DriveError> {
    let answer = match handlers.iter().find(|handler| handler.name == name) {
        None => Err(ActionFailed::new(format!("the charm does not know the action {name}"))),
        Some(handler) => {
            let parameters = Parameters(world.juju.action_get()?);
            let reader = Reader::new(&world.juju, context, Memory::load(&context.charm_dir));
            let snapshot = collect(&reader, &declaration::<I>(), &world.pebbles)?;
            let told = |causes: Vec<NotYet>| {
                ActionFailed::new(causes.iter().map(NotYet::to_string).collect::<Vec<_>>().join("; "))
            };
            I::collect(&snapshot).map_err(told).and_then(|inputs| (handler.run)(&inputs, &parameters))
        }
    };
    match answer {
        Err(failed) => world.juju.action_fail(&failed.to_string())?,
        Ok(Results { shown: mut results, revealed }) => {
            results.extend(revealed.into_iter().map(|(key, value)| (key, value.expose().to_owned())));
            if !results.is_empty() {
                world.juju.action_set(&results)?;
            }
        }
    }
    Ok(())
}
