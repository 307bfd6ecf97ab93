//! What happens to the agent itself, and to the unit as a whole.

use jiff::SignedDuration;
use serde_json::Value;

use super::{Agent, AgentError, Start};
use crate::juju::controller::{Change, CrashPoint};

/// The agent's life.
impl Agent {
    /// Changes the world, all at once.
    ///
    /// # Errors
    ///
    /// A change is about something that there is not.
    pub fn apply(&mut self, changes: &[Change]) -> Result<(), AgentError> {
        Ok(self.world.model.worker.change(changes)?)
    }

    /// Starts the agent: in another pod, or after a reboot of its machine.
    ///
    /// # Errors
    ///
    /// It runs already.
    pub fn start(&mut self, new_pod: bool, reboot: bool) -> Result<(), AgentError> {
        let (worker, mut playing) = self.playing();
        Ok(worker.start(Start { new_pod, reboot }, &mut playing)?)
    }

    /// Ends the agent when the hook that it runs is done.
    pub fn stop(&mut self) {
        let (worker, mut playing) = self.playing();
        worker.stop(&mut playing);
    }

    /// The agent dies, and is started again.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn crash(&mut self) -> Result<(), AgentError> {
        self.world.model.worker.crash();
        self.start(false, false)
    }

    /// The agent dies at the next request to the controller like this, before or after it takes effect.
    pub fn crash_at(&mut self, method: &str, matching: &str, after: bool) {
        let point = CrashPoint { method: method.to_owned(), matches: matching.to_owned(), after };
        self.world.model.worker.juju.controller.set_crash(Some(point));
    }

    /// SIGTERM to the agent of a sidecar.
    ///
    /// # Errors
    ///
    /// It does not run.
    pub fn terminate(&mut self) -> Result<(), AgentError> {
        Ok(self.world.model.worker.terminate()?)
    }

    /// The unit gets another pod: its agent is told to end, all its containers are new, and so is the charm's folder.
    ///
    /// # Errors
    ///
    /// Its agent does not run.
    pub fn replace_pod(&mut self) -> Result<(), AgentError> {
        self.new_pod = true;
        if self.world.model.worker.is_down() { Ok(()) } else { self.terminate() }
    }

    /// The agent is started anew, with or without a reboot of its machine.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn restart(&mut self, reboot: bool) -> Result<(), AgentError> {
        self.stop();
        self.start(false, reboot)
    }

    /// `juju exec`
    ///
    /// # Errors
    ///
    /// The agent does not run.
    pub fn exec(&mut self, script: &str) -> Result<(), AgentError> {
        self.world.model.worker.exec(script)?;
        Ok(())
    }

    /// Time passes: what is due then comes, once.
    pub fn pass(&mut self, by: SignedDuration) {
        self.world.model.worker.advance(by);
    }

    /// Keeps a hook from running when its turn has come: the world goes on, the unit does not.
    pub fn hold(&mut self, hook: &str) {
        self.held.insert(hook.to_owned());
    }

    /// Lets it run.
    pub fn release(&mut self, hook: &str) {
        self.held.remove(hook);
    }

    /// What the agent did beside running hooks, and where Juju goes wrong, since this was asked last.
    pub fn remarks(&mut self) -> Vec<String> {
        self.world.model.worker.take_events().iter().filter_map(remark).collect()
    }
}

/// What a reader wants to know of an event, in words.
pub(crate) fn remark(event: &Value) -> Option<String> {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    if let Some(title) = text("fault") {
        return Some(format!("Juju 3.6.11 {title} (instead: {})", text("instead").unwrap_or_default()));
    }
    if let Some(seconds) = event.get("retry_in_s").and_then(Value::as_i64) {
        return Some(format!("it is run again in {seconds} s"));
    }
    if let Some(method) = text("crash") {
        let when = if event.get("after").is_some() { "after" } else { "before" };
        return Some(format!("the agent dies {when} {method}"));
    }
    match (text("agent"), text("error")) {
        (Some("started"), _) => return Some("the agent starts".to_owned()),
        (Some("ended"), Some(why)) => return Some(format!("the agent ends: {why}")),
        (Some("ended"), None) => return Some("the agent ends".to_owned()),
        _ => {}
    }
    if let (Some("error" | "failed"), Some(message)) = (text("agent_status"), text("message")) {
        return Some(format!("agent status error: {message}"));
    }
    match text("op") {
        Some(op @ ("accept leadership" | "resign leadership")) => Some(op.to_owned()),
        Some(op) if op.starts_with("skip ") || op.starts_with("upgrade ") || op.starts_with("install ") => {
            Some(op.to_owned())
        }
        _ => None,
    }
}
