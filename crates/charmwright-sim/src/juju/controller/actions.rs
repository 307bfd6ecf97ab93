//! Actions.

use serde_json::{Map, Value, json};

use super::{ActionRun, ApiError, Controller, quoted};

impl Controller {
    /// Queues an action.
    pub fn add_action(&mut self, id: &str, name: &str, params: Map<String, Value>) {
        let run = ActionRun {
            name: name.to_owned(),
            params: Some(params),
            status: "pending".to_owned(),
            ..ActionRun::default()
        };
        self.model_mut().actions.insert(id.to_owned(), run);
    }

    fn action_run(&mut self, id: &str) -> Result<&mut ActionRun, ApiError> {
        let missing = || ApiError::not_found(format!("action {}", quoted(&format!("action-{id}"))));
        self.model.actions.get_mut(id).ok_or_else(missing)
    }

    /// Notes that an action has begun.
    ///
    /// # Errors
    ///
    /// There is no such action.
    pub fn begin_action(&mut self, id: &str) -> Result<(), ApiError> {
        self.answer(
            "Uniter.BeginActions",
            |_| json!({"entities": [{"tag": format!("action-{id}")}]}),
            |this| {
                let run = this.action_run(id)?;
                run.begun = true;
                "running".clone_into(&mut run.status);
                Ok(())
            },
        )
    }

    /// Takes the results of an action that has ended.
    ///
    /// # Errors
    ///
    /// There is no such action.
    pub fn finish_action(
        &mut self,
        id: &str,
        status: &str,
        results: &Map<String, Value>,
        message: &str,
    ) -> Result<(), ApiError> {
        self.answer(
            "Uniter.FinishActions",
            |_| {
                let mut result = json!({"action-tag": format!("action-{id}"), "status": status});
                if !results.is_empty() {
                    result["results"] = Value::Object(results.clone());
                }
                if !message.is_empty() {
                    result["message"] = message.into();
                }
                json!({"results": [result]})
            },
            |this| {
                let run = this.action_run(id)?;
                status.clone_into(&mut run.status);
                run.results = Some(results.clone());
                message.clone_into(&mut run.message);
                Ok(())
            },
        )
    }

    /// Adds a line to an action's log.
    ///
    /// # Errors
    ///
    /// There is no such action.
    pub fn log_action_message(&mut self, id: &str, message: &str) -> Result<(), ApiError> {
        self.answer(
            "Uniter.LogActionsMessages",
            |_| json!({"messages": [{"tag": format!("action-{id}"), "value": message}]}),
            |this| {
                this.action_run(id)?.log.get_or_insert_default().push(message.to_owned());
                Ok(())
            },
        )
    }
}
