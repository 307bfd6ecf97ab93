//! The file that says what happens to a charm, and what should come of it.
//!
//! ```
//! use charmwright_sim::scenario::{Scenario, Step};
//!
//! let scenario = Scenario::parse(
//!     "
//! remotes:
//!   pg:
//!     answers: {when: [database], bag: {endpoints: 'pg:5432'}}
//! steps:
//! - deploy
//! - integrate: {endpoint: database, with: pg}
//! - expect: {status: active, within: 5}
//! ",
//! )?;
//! assert!(matches!(scenario.steps[0], Step::Deploy));
//! # Ok::<(), charmwright_sim::scenario::ScenarioError>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::juju::controller::{SecretChange, StorageChange};
use crate::model::Bag;
use crate::remote::Remote;

mod words;

pub use words::{CheckOf, CrashAt, NoticeOf, OwnBag, Refresh, RemoteData};

/// A file that is no scenario.
#[derive(Debug, thiserror::Error)]
#[error("not a scenario: {0}")]
pub struct ScenarioError(String);

/// What happens to a charm, and what should come of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// The model's name.
    #[serde(default = "default_model")]
    pub model: String,
    /// Whether the unit leads from the start.
    #[serde(default = "default_leader")]
    pub leader: bool,
    /// What the unit is on.
    #[serde(default)]
    pub substrate: Substrate,
    /// The scripted applications, by name.
    #[serde(default)]
    pub remotes: BTreeMap<String, Remote>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// What a unit is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Substrate {
    /// A pod, beside its workload containers.
    #[default]
    Kubernetes,
    /// A machine.
    Machine,
}

fn default_model() -> String {
    "dev".to_owned()
}

fn default_leader() -> bool {
    true
}

impl Scenario {
    /// Parses the text of a file.
    ///
    /// # Errors
    ///
    /// If it is malformed; the error says where.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        serde_yaml::from_str(text).map_err(|error| ScenarioError(error.to_string()))
    }
}

/// One thing that happens, or that is expected.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A line for the reader.
    Say(String),
    /// The unit is added. What was done to the model before is there already.
    Deploy,
    /// `juju config`; `null` resets an option.
    Config(BTreeMap<String, Value>),
    /// `juju integrate`
    Integrate(Between),
    /// `juju remove-relation`
    RemoveRelation(Between),
    /// Scripted applications behave otherwise from now on.
    Remotes(BTreeMap<String, Remote>),
    /// `juju run`
    Action(ActionStep),
    /// The process of a service is killed.
    KillWorkload(ServiceOf),
    /// A container's Pebble ends with all that it runs, and starts anew.
    RestartPebble(String),
    /// A container's Pebble ends with all that it runs.
    StopPebble(String),
    /// A container's Pebble starts.
    StartPebble(String),
    /// The unit becomes the leader, or another one does.
    Leader(bool),
    /// The time for `update-status` comes.
    UpdateStatus,
    /// `juju refresh`, to the same charm. On Kubernetes the unit gets another pod for it.
    UpgradeCharm,
    /// `juju refresh`, maybe by force.
    Refresh(Refresh),
    /// `juju attach-resource`
    AttachResource,
    /// `juju trust`, or its removal.
    Trust(bool),
    /// The unit's address changes.
    Address(String),
    /// The leader shares settings.
    LeaderSettings(Bag),
    /// What the other side of a relation has changes: its units come, write and go, its application writes.
    RemoteData(RemoteData),
    /// Another unit of our application, the leader, writes into our application's bag.
    OwnBag(OwnBag),
    /// `juju suspend-relation`
    SuspendRelation(Between),
    /// `juju resume-relation`
    ResumeRelation(Between),
    /// A secret, whoever owns it, comes, changes or goes.
    Secret(SecretChange),
    /// A storage comes, changes or goes.
    Storage(StorageChange),
    /// A check of a container fails.
    CheckFailed(CheckOf),
    /// It succeeds again.
    CheckRecovered(CheckOf),
    /// A container's workload records a notice.
    Notice(NoticeOf),
    /// `juju resolve`; `false` passes over the failed hook.
    Resolved(bool),
    /// `juju exec`
    Exec(String),
    /// So many seconds pass.
    Pass(f64),
    /// A hook is kept from running when its turn has come, while the world goes on.
    Hold(String),
    /// It may run.
    Release(String),
    /// The unit's agent dies and starts again.
    Crash,
    /// The agent dies at a request to the controller, and starts again.
    CrashAt(CrashAt),
    /// The unit's agent is ended and started again.
    RestartAgent,
    /// The machine is rebooted.
    Reboot,
    /// The unit gets another pod: SIGTERM, then a new charm folder and new containers.
    NewPod,
    /// `juju remove-application`
    RemoveApplication,
    /// A hook of any name.
    Hook(String),
    /// `juju remove-unit`
    RemoveUnit,
    /// What should hold once the unit has settled.
    Expect(Box<Expectation>),
}

/// A relation, by our endpoint and the other application.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// Our endpoint.
    pub endpoint: String,
    /// The other application.
    pub with: String,
}

/// A service in a container.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceOf {
    /// The container.
    pub container: String,
    /// The service.
    pub service: String,
}

/// An action to run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionStep {
    /// The action.
    pub name: String,
    /// Its parameters.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
}

/// What should hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expectation {
    /// The unit's status.
    pub status: Option<String>,
    /// A part of the status's message.
    pub message: Option<String>,
    /// What the workload answers.
    pub http: Option<HttpExpectation>,
    /// The open ports, all of them.
    pub ports: Option<Vec<String>>,
    /// Parts of our application's bag: endpoint, key, part of the value.
    pub bags: BTreeMap<String, Bag>,
    /// The outcome of the last action.
    pub action: Option<ActionExpectation>,
    /// Whether the unit is gone.
    pub removed: Option<bool>,
    /// Whether the last hook wrote anything.
    pub wrote: Option<bool>,
    /// The hooks that ran since the last change, all of them in order.
    pub hooks: Option<Vec<String>>,
    /// The status of the unit's agent: `idle`, `error` …
    pub agent: Option<String>,
    /// How many hooks it may take, `update-status` among them. Without it, it must hold once the unit has come to
    /// rest.
    pub within: Option<usize>,
}

/// What the workload should answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpExpectation {
    /// The port, on the unit's own address.
    pub port: u16,
    /// The path.
    #[serde(default = "root")]
    pub path: String,
    /// The status code; any if none is given.
    pub status: Option<u16>,
    /// A part of the body.
    pub body: Option<String>,
    /// `true` if nothing should listen there.
    #[serde(default)]
    pub refused: bool,
}

fn root() -> String {
    "/".to_owned()
}

/// How an action should have ended.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActionExpectation {
    /// Whether it failed.
    pub failed: bool,
    /// A part of its message.
    pub message: Option<String>,
    /// Some of its results.
    pub results: Bag,
    /// Results that must not be there.
    pub without: Vec<String>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Say(text) => f.write_str(text),
            Self::Deploy => f.write_str("deploy"),
            Self::Config(values) => {
                f.write_str("config")?;
                values.iter().try_for_each(|(name, value)| match value {
                    Value::String(text) => write!(f, " {name}={text}"),
                    Value::Null => write!(f, " --reset {name}"),
                    value => write!(f, " {name}={value}"),
                })
            }
            Self::Integrate(Between { endpoint, with }) => write!(f, "integrate {endpoint} {with}"),
            Self::RemoveRelation(Between { endpoint, with }) => {
                write!(f, "remove-relation {endpoint} {with}")
            }
            Self::Remotes(remotes) => {
                write!(
                    f,
                    "from now on {} behaves otherwise",
                    remotes.keys().cloned().collect::<Vec<_>>().join(", ")
                )
            }
            Self::Action(ActionStep { name, params }) => {
                write!(f, "run {name}")?;
                params.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
            }
            Self::KillWorkload(ServiceOf { container, service }) => {
                write!(f, "kill {service} in {container}")
            }
            Self::RestartPebble(container) => write!(f, "restart Pebble in {container}"),
            Self::StopPebble(container) => write!(f, "stop Pebble in {container}"),
            Self::StartPebble(container) => write!(f, "start Pebble in {container}"),
            Self::Leader(true) => f.write_str("the unit becomes the leader"),
            Self::Leader(false) => f.write_str("another unit becomes the leader"),
            Self::UpdateStatus => f.write_str("time passes"),
            Self::UpgradeCharm | Self::Refresh(Refresh { force: false }) => f.write_str("refresh"),
            Self::Refresh(Refresh { force: true }) => f.write_str("refresh --force-units"),
            Self::AttachResource => f.write_str("attach-resource"),
            Self::Trust(true) => f.write_str("trust"),
            Self::Trust(false) => f.write_str("trust --remove"),
            Self::Address(address) => write!(f, "the unit's address becomes {address}"),
            Self::LeaderSettings(_) => f.write_str("the leader shares settings"),
            Self::RemoteData(data) => write!(f, "{data}"),
            Self::OwnBag(OwnBag { endpoint, .. }) => write!(f, "the leader writes into {endpoint}"),
            Self::SuspendRelation(Between { endpoint, with }) => {
                write!(f, "suspend-relation {endpoint} {with}")
            }
            Self::ResumeRelation(Between { endpoint, with }) => {
                write!(f, "resume-relation {endpoint} {with}")
            }
            Self::Secret(secret) => write!(f, "the secret {} changes", secret.id),
            Self::Storage(storage) => write!(f, "the storage {} changes", storage.id),
            Self::CheckFailed(CheckOf { container, check }) => {
                write!(f, "check {check} of {container} fails")
            }
            Self::CheckRecovered(CheckOf { container, check }) => {
                write!(f, "check {check} of {container} succeeds again")
            }
            Self::Notice(NoticeOf { container, key }) => write!(f, "{container} notes {key}"),
            Self::Resolved(true) => f.write_str("resolve"),
            Self::Resolved(false) => f.write_str("resolve --no-retry"),
            Self::Exec(script) => write!(f, "exec {script}"),
            Self::Pass(seconds) => write!(f, "{seconds} s pass"),
            Self::Hold(hook) => write!(f, "hold {hook}"),
            Self::Release(hook) => write!(f, "release {hook}"),
            Self::Crash => f.write_str("the agent dies"),
            Self::CrashAt(point) => write!(f, "{point}"),
            Self::RestartAgent => f.write_str("the agent is restarted"),
            Self::Reboot => f.write_str("the machine is rebooted"),
            Self::NewPod => f.write_str("the pod is replaced"),
            Self::RemoveApplication => f.write_str("remove-application"),
            Self::Hook(name) => write!(f, "a hook named {name}"),
            Self::RemoveUnit => f.write_str("remove-unit"),
            Self::Expect(expectation) => write!(f, "{expectation}"),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match (&self.status, &self.message) {
            (Some(status), Some(message)) => parts.push(format!("{status} with \"{message}\"")),
            (Some(status), None) => parts.push(status.clone()),
            (None, Some(message)) => parts.push(format!("a status with \"{message}\"")),
            (None, None) => {}
        }
        parts.extend(self.http.as_ref().map(ToString::to_string));
        parts.extend(self.ports.as_ref().map(|ports| format!("open ports {}", ports.join(", "))));
        for (endpoint, bag) in &self.bags {
            parts.extend(bag.iter().map(|(key, value)| format!("{key} of {endpoint} has \"{value}\"")));
        }
        if let Some(action) = &self.action {
            parts.push(if action.failed { "the action fails" } else { "the action answers" }.to_owned());
        }
        parts.extend(
            self.removed
                .map(|removed| if removed { "the unit is gone" } else { "the unit is there" }.to_owned()),
        );
        parts.extend(
            self.wrote
                .map(|wrote| if wrote { "something is written" } else { "nothing is written" }.to_owned()),
        );
        parts.extend(self.hooks.as_ref().map(|hooks| format!("hooks {}", hooks.join(", "))));
        parts.extend(self.agent.as_ref().map(|status| format!("agent {status}")));
        f.write_str(&parts.join(", "))?;
        self.within.map_or(Ok(()), |within| write!(f, " within {}", crate::play::events(within)))
    }
}

impl fmt::Display for HttpExpectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ":{}{}", self.port, self.path)?;
        if self.refused {
            return f.write_str(" is refused");
        }
        write!(f, " answers")?;
        self.status.map_or(Ok(()), |status| write!(f, " {status}"))?;
        self.body.as_ref().map_or(Ok(()), |body| write!(f, " \"{body}\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_an_error_that_says_where() {
        let error = Scenario::parse("steps:\n- deploy\n- integrat: {endpoint: a, with: b}\n").unwrap_err();
        assert!(error.to_string().contains("integrat"), "{error}");
        let error = Scenario::parse("steps:\n- expect: {statu: active}\n").unwrap_err();
        assert!(error.to_string().contains("statu"), "{error}");
    }

    #[test]
    fn steps_read_like_the_commands_that_they_stand_for() {
        let text = "steps: [{config: {port: 9, name: x, old: null}}, {run: x}]";
        assert!(Scenario::parse(text).is_err());
        let scenario = Scenario::parse("steps: [{config: {port: 9, name: x, old: null}}]").unwrap();
        assert_eq!(scenario.steps[0].to_string(), "config name=x --reset old port=9");
    }
}
