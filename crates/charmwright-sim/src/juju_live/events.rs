//! What Juju's agent did, as records of a play.

use serde_json::Value;

use super::JujuLive;
use crate::agent::life::remark;
use crate::juju::controller::{ActionRun, Status};
use crate::juju::log::{self, Level};
use crate::play::Actor;
use crate::record::{ActionResult, Record};

impl JujuLive {
    /// Takes down one event.
    pub(super) fn note(&mut self, event: &Value) {
        let text = |key: &str| event.get(key).and_then(Value::as_str);
        if event.get("saved").is_none()
            && let Some(name) = text("hook").or(text("action"))
        {
            self.running =
                Some(Record { event: name.to_owned(), remarks: self.take_remarks(), ..Record::default() });
            return;
        }
        if let Some(status) = text("unit_status") {
            let message = text("message").unwrap_or_default().to_owned();
            self.status = Status { status: status.to_owned(), message, data: None };
            return;
        }
        if let (Some(message), Some(running)) = (text("juju_log"), &mut self.running) {
            running.take_log(&[log::Record::new(Level::Info, "unit.juju-log", message)]);
            return;
        }
        if text("ended").is_some()
            && let Some(mut record) = self.running.take()
        {
            record.error = text("error").map(str::to_owned);
            record.status = Some(self.status.clone());
            self.polls |= record.error.is_some() && record.event.ends_with("-pebble-ready");
            self.failed = record.error.clone().map(|error| (record.event.clone(), error));
            record.exit_code = record.error.is_none().then_some(0);
            self.records.push_back(record);
            return;
        }
        if text("api") == Some("FinishActions")
            && let Some(result) = event["args"]["results"].get(0)
        {
            self.note_action(result);
            return;
        }
        if let Some(what) = text("agent") {
            self.down = what != "started";
            self.polls |= !self.down;
        }
        self.remarks.extend(remark(event));
    }

    fn note_action(&mut self, result: &Value) {
        let results = result.get("results").and_then(Value::as_object).cloned();
        let text = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let run =
            ActionRun { status: text("status"), message: text("message"), results, ..ActionRun::default() };
        let action = ActionResult::of(&run);
        if let Some(running) = &mut self.running {
            running.action = Some(action.clone());
        }
        self.action = Some(action);
    }
}
