//! Answers to those who wait.

use serde_json::json;

use super::envelope;
use crate::pebble::Pebble;
use crate::request::{Response, Wait, Waiting};

impl Pebble {
    pub(crate) fn answer(&mut self, wait: &Wait) -> Option<Response> {
        let is_over = wait.deadline.is_some_and(|deadline| deadline <= self.now);
        let mut response = match &wait.what {
            Waiting::Change { change, .. } if self.is_ready(change) => self.change_response(change),
            Waiting::Change { timeout, .. } if is_over => {
                envelope::error(504, format!("timed out waiting for change after {timeout}"))
            }
            Waiting::Notices(filter) => {
                let list = self.notices_json(filter);
                if list.as_array().is_some_and(Vec::is_empty) && !is_over {
                    return None;
                }
                envelope::sync(list)
            }
            Waiting::Refresh { check, run } => {
                let failure = self.refreshed(*run)?;
                let mut result = json!({"info": self.check_json(check)});
                if let Err(failure) = failure {
                    result["error"] = failure.into();
                }
                envelope::sync(result)
            }
            Waiting::Change { .. } | Waiting::Nothing => return None,
        };
        self.complete(&mut response);
        Some(response)
    }
}
