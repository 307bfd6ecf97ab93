//! Changes as the API shows them.

use serde_json::{Map, Value, json};

use super::{Change, Ledger, Task};

impl Ledger {
    /// A change as the API shows it.
    pub(crate) fn json(&self, change: &Change) -> Value {
        let status = self.status(change);
        let mut object = json!({
            "id": change.id.to_string(),
            "kind": change.kind,
            "summary": change.summary,
            "status": status.as_str(),
            "ready": status.is_ready(),
            "spawn-time": change.spawned,
        });
        let tasks: Vec<Value> = self.tasks_of(change).map(task_json).collect();
        if !tasks.is_empty() {
            object["tasks"] = tasks.into();
        }
        if let Some(error) = self.error(change) {
            object["err"] = error.into();
        }
        if let Some(ready) = change.ready {
            object["ready-time"] = json!(ready);
        }
        object
    }
}

fn task_json(task: &Task) -> Value {
    let mut object = json!({
        "id": task.id.to_string(),
        "kind": task.work.kind(),
        "summary": task.summary,
        "status": task.status.as_str(),
        "progress": {"label": "", "done": 1, "total": 1},
        "spawn-time": task.spawned,
    });
    if !task.log.is_empty() {
        object["log"] = json!(task.log);
    }
    if let Some(ready) = task.ready {
        object["ready-time"] = json!(ready);
    }
    if let Some(code) = task.exit_code {
        let mut data = Map::new();
        data.insert("exit-code".to_owned(), code.into());
        object["data"] = Value::Object(data);
    }
    object
}
