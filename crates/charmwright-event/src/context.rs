//! From environment variables to a [`Context`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::event::{Event, RelationEvent, RelationEventKind};
use crate::names::{AppName, NameError, RelationId, SecretUri, UnitName};

/// An environment that Juju would not have made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A variable that Juju always sets for this event is absent or empty.
    #[error("{variable} is not set, though Juju sets it for {event}")]
    Missing {
        /// The variable.
        variable: &'static str,
        /// The event, or what else asks for it.
        event: String,
    },
    /// A variable holds what Juju never writes there.
    #[error("{variable} is malformed")]
    Malformed {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it.
        source: NameError,
    },
    /// `JUJU_DISPATCH_PATH` is neither a hook nor an action.
    #[error("JUJU_DISPATCH_PATH is `{path}`, which is neither hooks/NAME nor actions/NAME")]
    UnknownDispatchPath {
        /// What it holds.
        path: String,
    },
    /// None of Juju's variables is there: nobody but Juju should run this program.
    #[error("not run by Juju: this program is a charm's `dispatch`, and none of Juju's variables is set")]
    NotRunByJuju,
}

/// Everything Juju says to a charm before the first hook command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Why the charm runs.
    pub event: Event,
    /// The unit it runs for.
    pub unit: UnitName,
    /// The model's name; empty where Juju does not say it.
    pub model: String,
    /// The folder of the charm's own files (`JUJU_CHARM_DIR`), which is also the working directory.
    pub charm_dir: PathBuf,
}

impl Context {
    /// Reads the variables of a charm's process.
    ///
    /// A variable that is set but empty counts as absent, as it does for Juju.
    ///
    /// # Errors
    ///
    /// If a variable that the event needs is absent or malformed; the error names it. An unknown hook is not
    /// an error but [`Event::Other`].
    pub fn from_variables<K, V>(variables: impl IntoIterator<Item = (K, V)>) -> Result<Self, EnvironmentError>
    where
        K: Into<String>,
        V: Into<String>,
    {
        let variables: BTreeMap<String, String> =
            variables.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        let variables = Variables(variables);
        if !variables.0.keys().any(|name| name.starts_with("JUJU_")) {
            return Err(EnvironmentError::NotRunByJuju);
        }
        let event = variables.event()?;
        Ok(Self {
            unit: parsed(
                "JUJU_UNIT_NAME",
                variables.need("JUJU_UNIT_NAME", &event.name())?,
                UnitName::parse,
            )?,
            model: variables.get("JUJU_MODEL_NAME").unwrap_or_default().to_owned(),
            charm_dir: PathBuf::from(variables.need("JUJU_CHARM_DIR", &event.name())?),
            event,
        })
    }
}

fn parsed<T>(
    variable: &'static str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, NameError>,
) -> Result<T, EnvironmentError> {
    parse(text).map_err(|source| EnvironmentError::Malformed { variable, source })
}

struct Variables(BTreeMap<String, String>);

impl Variables {
    fn get(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(String::as_str).filter(|text| !text.is_empty())
    }

    fn need(&self, variable: &'static str, event: &str) -> Result<&str, EnvironmentError> {
        self.get(variable).ok_or_else(|| EnvironmentError::Missing { variable, event: event.to_owned() })
    }

    fn maybe<T>(
        &self,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, NameError>,
    ) -> Result<Option<T>, EnvironmentError> {
        self.get(variable).map(|text| parsed(variable, text, parse)).transpose()
    }

    fn event(&self) -> Result<Event, EnvironmentError> {
        let path = self.need("JUJU_DISPATCH_PATH", "every event")?;
        match path.split_once('/') {
            Some(("hooks", hook)) if !hook.is_empty() => self.hook(hook),
            Some(("actions", name)) if !name.is_empty() => Ok(Event::Action { name: name.to_owned() }),
            _ => Err(EnvironmentError::UnknownDispatchPath { path: path.to_owned() }),
        }
    }

    fn hook(&self, hook: &str) -> Result<Event, EnvironmentError> {
        Ok(match hook {
            "install" => Event::Install,
            "start" => Event::Start,
            "config-changed" => Event::ConfigChanged,
            "update-status" => Event::UpdateStatus,
            "upgrade-charm" => Event::UpgradeCharm,
            "leader-elected" => Event::LeaderElected,
            "stop" => Event::Stop,
            "remove" => Event::Remove,
            "secret-changed" => Event::SecretChanged {
                secret: parsed("JUJU_SECRET_ID", self.need("JUJU_SECRET_ID", hook)?, SecretUri::parse)?,
                label: self.get("JUJU_SECRET_LABEL").map(str::to_owned),
            },
            _ => match RelationEventKind::ALL.iter().find(|kind| has_suffix(hook, kind.as_str())) {
                Some(&kind) => Event::Relation(self.relation(hook, kind)?),
                None if has_suffix(hook, "pebble-ready") => {
                    Event::PebbleReady { container: self.need("JUJU_WORKLOAD_NAME", hook)?.to_owned() }
                }
                None => Event::Other { hook: hook.to_owned() },
            },
        })
    }

    /// The endpoint comes from its variable, not from the hook's name: an endpoint may itself end in
    /// `-relation-created`.
    fn relation(&self, hook: &str, kind: RelationEventKind) -> Result<RelationEvent, EnvironmentError> {
        Ok(RelationEvent {
            kind,
            endpoint: self.need("JUJU_RELATION", hook)?.to_owned(),
            relation: parsed("JUJU_RELATION_ID", self.need("JUJU_RELATION_ID", hook)?, RelationId::parse)?,
            remote_app: self.maybe("JUJU_REMOTE_APP", AppName::parse)?,
            remote_unit: self.maybe("JUJU_REMOTE_UNIT", UnitName::parse)?,
            departing_unit: self.maybe("JUJU_DEPARTING_UNIT", UnitName::parse)?,
        })
    }
}

fn has_suffix(hook: &str, suffix: &str) -> bool {
    hook.strip_suffix(suffix).is_some_and(|prefix| prefix.len() > 1 && prefix.ends_with('-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Goal;

    fn context(hook: &str, more: &[(&str, &str)]) -> Result<Context, EnvironmentError> {
        let path = format!("hooks/{hook}");
        let always = [
            ("JUJU_DISPATCH_PATH", path.as_str()),
            ("JUJU_UNIT_NAME", "app/0"),
            ("JUJU_CHARM_DIR", "/charm"),
        ];
        Context::from_variables(always.into_iter().chain(more.iter().copied()))
    }

    #[test]
    fn a_relation_event_carries_its_relation_and_who_is_concerned() {
        let variables = [
            ("JUJU_RELATION", "database"),
            ("JUJU_RELATION_ID", "database:3"),
            ("JUJU_REMOTE_APP", "pg"),
            ("JUJU_REMOTE_UNIT", "pg/1"),
            ("JUJU_DEPARTING_UNIT", "app/0"),
        ];
        let Event::Relation(event) = context("database-relation-departed", &variables).unwrap().event else {
            panic!()
        };
        assert_eq!(event.kind, RelationEventKind::Departed);
        assert_eq!(event.relation, RelationId::new(3));
        assert_eq!(event.remote_app.unwrap().as_str(), "pg");
        assert_eq!(event.departing_unit.unwrap().to_string(), "app/0");
    }

    #[test]
    fn an_empty_variable_counts_as_absent() {
        let variables = [
            ("JUJU_RELATION", "db"),
            ("JUJU_RELATION_ID", "db:1"),
            ("JUJU_REMOTE_APP", ""),
            ("JUJU_REMOTE_UNIT", ""),
        ];
        let Event::Relation(event) = context("db-relation-broken", &variables).unwrap().event else {
            panic!()
        };
        assert_eq!((event.remote_app, event.remote_unit), (None, None));
    }

    #[test]
    fn a_malformed_variable_is_named() {
        let variables = [("JUJU_RELATION", "db"), ("JUJU_RELATION_ID", "db:x")];
        let error = context("db-relation-joined", &variables).unwrap_err();
        assert_eq!(error.to_string(), "JUJU_RELATION_ID is malformed");
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "`db:x` is not a relation id such as `database:3`");
        let error = context("web-pebble-ready", &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "JUJU_WORKLOAD_NAME is not set, though Juju sets it for web-pebble-ready"
        );
    }

    #[test]
    fn an_unknown_hook_is_not_an_error() {
        for hook in
            ["leader-settings-changed", "web-pebble-check-failed", "some-future-hook", "-relation-created"]
        {
            let context = context(hook, &[]).unwrap();
            assert_eq!(context.event, Event::Other { hook: hook.to_owned() });
            assert_eq!(context.event.goal(), Goal::Reconcile);
        }
    }

    #[test]
    fn an_action_is_told_from_a_hook_of_the_same_name() {
        let variables = [
            ("JUJU_DISPATCH_PATH", "actions/start"),
            ("JUJU_UNIT_NAME", "app/0"),
            ("JUJU_CHARM_DIR", "/charm"),
        ];
        let context = Context::from_variables(variables).unwrap();
        assert_eq!(context.event, Event::Action { name: "start".to_owned() });
        assert_eq!(context.event.goal(), Goal::Act);
    }

    #[test]
    fn every_event_knows_its_own_name() {
        for hook in [
            "install",
            "start",
            "config-changed",
            "update-status",
            "upgrade-charm",
            "leader-elected",
            "stop",
            "remove",
        ] {
            assert_eq!(context(hook, &[]).unwrap().event.name(), hook);
        }
    }

    proptest! {
        #[test]
        fn no_environment_makes_it_panic(
            hook in "([a-z-]{0,12}|[a-z-]{0,6}-(relation-(created|joined|changed|departed|broken)|pebble-ready))",
            kind in "(hooks|actions|)",
            values in proptest::collection::vec(".{0,8}|db:[0-9]{0,22}|a/[0-9]{0,11}", 8),
        ) {
            let names = [
                "JUJU_UNIT_NAME", "JUJU_CHARM_DIR", "JUJU_RELATION", "JUJU_RELATION_ID", "JUJU_REMOTE_APP",
                "JUJU_REMOTE_UNIT", "JUJU_SECRET_ID", "JUJU_WORKLOAD_NAME",
            ];
            let path = [("JUJU_DISPATCH_PATH", format!("{kind}/{hook}"))];
            let variables = names.into_iter().zip(values).chain(path);
            match Context::from_variables(variables) {
                Ok(context) => prop_assert!(!context.event.name().is_empty()),
                Err(error) => prop_assert!(error.to_string().contains("JUJU_")),
            }
        }
    }

    #[test]
    fn run_by_hand_it_says_so() {
        assert_eq!(Context::from_variables([("HOME", "/root")]), Err(EnvironmentError::NotRunByJuju));
    }
}
