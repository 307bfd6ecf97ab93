//! Actions: an operator asks, the charm answers.

use std::collections::BTreeMap;
use std::fmt;

use charmwright_event::Context;
use charmwright_hookcmds::check_result;
use charmwright_snapshot::{Inputs, Memory, NotYet, Reader, Sensitive, collect};
use serde_json::Value;

use crate::desired::Desired;
use crate::driver::{DriveError, World, declaration};
use crate::logging::told;

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
///
/// Keys are lower case letters, digits and inner hyphens; points between them make an object. `stdout`, `stderr` and
/// their encodings are Juju's own. A key that Juju would not take makes the action fail, with a message that names the
/// key and the rule. So does a value that is longer than an argument of a command may be (131,071 bytes with its key),
/// or that has a zero byte.
#[derive(Debug, Default)]
pub struct Results {
    shown: BTreeMap<String, String>,
    revealed: BTreeMap<String, Sensitive>,
    mistakes: Vec<String>,
}

impl Results {
    /// No results yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A result. A key that is there already gets the new value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        let value = value.to_string();
        if self.takes(key, &value) {
            self.revealed.remove(key);
            self.shown.insert(key.to_owned(), value);
        }
        self
    }

    /// A result that is secret, because the operator asked for it. A key that is there already gets the new value.
    ///
    /// Juju stores it with the action, and passes it through the command line of `action-set`, the only way
    /// that Juju has: root on the unit can see it there for a moment.
    #[must_use]
    pub fn reveal(mut self, key: &str, value: &Sensitive) -> Self {
        if self.takes(key, value.expose()) {
            self.shown.remove(key);
            self.revealed.insert(key.to_owned(), value.clone());
        }
        self
    }

    /// Whether this can be a result beside those that are there; if not, the mistake is kept.
    fn takes(&mut self, key: &str, value: &str) -> bool {
        let holds =
            |object: &str, key: &str| key.strip_prefix(object).is_some_and(|rest| rest.starts_with('.'));
        let mut keys = self.shown.keys().chain(self.revealed.keys());
        let mistake = match check_result(key, value) {
            Err(error) => Some(error.to_string()),
            // Juju would drop one of the two without a word.
            Ok(()) => keys.find(|other| holds(other, key) || holds(key, other)).map(|other| {
                format!("the results `{key}` and `{other}` hold one another, and Juju keeps one; rename one")
            }),
        };
        let takes = mistake.is_none();
        self.mistakes.extend(mistake);
        takes
    }

    /// The results with what was secret in them, or why the action failed.
    fn into_answer(self) -> Result<BTreeMap<String, String>, ActionFailed> {
        if !self.mistakes.is_empty() {
            return Err(ActionFailed::new(self.mistakes.join("; ")));
        }
        let revealed = self.revealed.into_iter().map(|(key, value)| (key, value.expose().to_owned()));
        Ok(self.shown.into_iter().chain(revealed).collect())
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

/// Runs an action: it fails or it answers, at once. Whatever fails is told to who runs the action.
pub(crate) fn act<I: Inputs>(
    name: &str,
    handlers: &[Handler<I>],
    context: &Context,
    world: &World,
) -> Result<(), DriveError> {
    let failure = match answered(name, handlers, context, world) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(failed)) => failed.message,
        Err(error) => {
            // Not of the handler's making, so it concerns who reads the log too.
            let reason = told(&error);
            tracing::error!("{name} failed: {reason}");
            reason
        }
    };
    world.juju.action_fail(&failure).map_err(|source| DriveError::Untold { failure, source })
}

/// The handler's own failure is inside, and what else failed is outside.
fn answered<I: Inputs>(
    name: &str,
    handlers: &[Handler<I>],
    context: &Context,
    world: &World,
) -> Result<Result<(), ActionFailed>, DriveError> {
    let Some(handler) = handlers.iter().find(|handler| handler.name == name) else {
        return Ok(Err(ActionFailed::new(format!("the charm does not know the action {name}"))));
    };
    let parameters = Parameters(world.juju.action_get()?);
    let reader = Reader::new(&world.juju, context, Memory::load(&context.charm_dir));
    let snapshot = collect(&reader, &declaration::<I>(), &world.pebbles)?;
    let told = |causes: Vec<NotYet>| {
        ActionFailed::new(causes.iter().map(NotYet::to_string).collect::<Vec<_>>().join("; "))
    };
    let answer = I::collect(&snapshot)
        .map_err(told)
        .and_then(|inputs| (handler.run)(&inputs, &parameters))
        .and_then(Results::into_answer);
    match answer {
        Err(failed) => Ok(Err(failed)),
        Ok(results) if results.is_empty() => Ok(Ok(())),
        Ok(results) => Ok(Ok(world.juju.action_set(&results)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(results: Results) -> String {
        results.into_answer().unwrap_err().to_string()
    }

    #[test]
    fn a_key_that_juju_would_not_take_fails_the_action_and_is_named_with_the_rule() {
        for key in ["", "ANSWER", "an_answer", "-a", "a..b", "a=b", "a b", "z\u{0}"] {
            let told = refused(Results::new().with(key, 1).with("good", 2));
            let rule = "must be lower case letters, digits and inner hyphens between points";
            let shown = key.replace('\0', "\u{fffd}");
            assert!(told.contains(&format!("the key `{shown}` {rule}")), "{told}");
        }
        for key in ["stdout", "a.stderr", "stdout-encoding"] {
            let told = refused(Results::new().reveal(key, &Sensitive::new("hunter2")));
            assert!(told.contains("is Juju's own") && !told.contains("hunter2"), "{told}");
        }
        let told = refused(Results::new().with("A", 1).with("B", 2));
        assert!(told.contains("`A`") && told.contains("`B`"), "{told}");
    }

    #[test]
    fn a_key_cannot_have_a_value_and_hold_another_key() {
        let told = refused(Results::new().with("disk.size", 1).with("disk", 2));
        assert!(told.contains("`disk`") && told.contains("`disk.size`"), "{told}");
        let told = refused(Results::new().with("disk", 1).reveal("disk.key", &Sensitive::new("hunter2")));
        assert!(told.contains("`disk`") && !told.contains("hunter2"), "{told}");
        Results::new().with("disk", 1).with("disk-size", 2).into_answer().unwrap();
    }

    #[test]
    fn of_two_values_of_one_key_the_later_one_is_the_answer() {
        let (secret, shown) = (Sensitive::new("hunter2"), "***");
        let answer = Results::new().with("a", shown).reveal("a", &secret).into_answer().unwrap();
        assert_eq!(answer["a"], "hunter2");
        let answer = Results::new().reveal("a", &secret).with("a", shown).into_answer().unwrap();
        assert_eq!(answer["a"], "***");
    }
}
