//! The action that is run: what it was given, and what it answers.

use serde_json::{Map, Value};

use super::{ActionData, Failure, Run};
use crate::juju::bytes::lossy;

impl Run<'_> {
    fn action(&mut self) -> Result<&mut ActionData, Failure> {
        self.context.action.as_mut().ok_or_else(|| Failure::new("not running an action"))
    }

    /// What the action was given.
    ///
    /// # Errors
    ///
    /// No action is run. So with all that is about actions.
    pub fn action_params(&mut self) -> Result<Option<Map<String, Value>>, Failure> {
        Ok(self.action()?.params.clone())
    }

    /// Sets a result. Each key but the last names a map in which the next one is; what is no map becomes one.
    ///
    /// # Errors
    ///
    /// No action is run.
    pub fn update_action_results(&mut self, keys: &[String], value: impl Into<Value>) -> Result<(), Failure> {
        insert(&mut self.action()?.results, keys, value.into());
        Ok(())
    }

    /// The results so far, to be changed: the agent adds what the action has printed.
    ///
    /// # Errors
    ///
    /// No action is run.
    pub fn action_results_mut(&mut self) -> Result<&mut Map<String, Value>, Failure> {
        Ok(&mut self.action()?.results)
    }

    /// Sets the message.
    ///
    /// # Errors
    ///
    /// No action is run.
    pub fn set_action_message(&mut self, message: &str) -> Result<(), Failure> {
        message.clone_into(&mut self.action()?.message);
        Ok(())
    }

    /// Makes the action fail.
    ///
    /// # Errors
    ///
    /// No action is run.
    pub fn set_action_failed(&mut self) -> Result<(), Failure> {
        self.action()?.failed = true;
        Ok(())
    }

    /// Adds a line to the action's log, at once.
    ///
    /// # Errors
    ///
    /// No action is run.
    pub fn log_action_message(&mut self, message: &str) -> Result<(), Failure> {
        let id = self.action()?.id.clone();
        self.controller().log_action_message(&id, &lossy(message)).map_err(Failure::from)
    }

    /// Tells the controller that the action begins. Nothing is to be told for a hook.
    ///
    /// # Errors
    ///
    /// The controller has no such action.
    pub fn prepare(&mut self) -> Result<(), Failure> {
        let Some(id) = self.context.action.as_ref().map(|action| action.id.clone()) else {
            return Ok(());
        };
        self.controller().begin_action(&id).map_err(Failure::from)
    }
}

fn insert(target: &mut Map<String, Value>, keys: &[String], value: Value) {
    let Some((last, path)) = keys.split_last() else { return };
    let mut next = target;
    for key in path {
        let inner = next.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
        if !inner.is_object() {
            *inner = Value::Object(Map::new());
        }
        let Value::Object(map) = inner else { return };
        next = map;
    }
    next.insert(last.clone(), value);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_is_put_where_its_keys_lead() {
        let mut results = Map::new();
        for (path, value) in [("a", "1"), ("b.c", "2"), ("b.d.e", "3"), ("a.x", "4"), ("b.c", "5")] {
            let keys: Vec<String> = path.split('.').map(str::to_owned).collect();
            insert(&mut results, &keys, value.into());
        }
        assert_eq!(Value::Object(results), json!({"a": {"x": "4"}, "b": {"c": "5", "d": {"e": "3"}}}));
    }
}
