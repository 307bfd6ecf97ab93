//! What Juju's controller keeps of one unit's world, and the rules by which it answers that unit's agent.
//!
//! It is plain data: a controller can be cloned and compared, it has no clock and starts nothing.
//! Its methods are the requests that an agent makes, and are named as Juju names them. What it reads of the charm's
//! folder (options, endpoints) and of resources it reads anew each time.

mod actions;
mod change;
mod commit;
mod config;
mod error;
mod events;
mod goals;
mod model;
mod names;
mod network;
mod normalise;
mod payloads;
mod relations;
mod resources;
mod secrets;
mod severed;
mod shared;
mod storage;
mod time;
mod unit;
mod uri;
mod worker;

use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use super::text::quote::quoted;

pub use self::change::{
    ActionChange, Change, CharmChange, PebbleChange, RelationChange, SecretChange, StorageChange,
};
pub use self::commit::{
    AddStorage, Changes, PodSpec, PortChange, RelationSettings, SecretContent, SecretCreate, SecretDelete,
    SecretGrant, SecretUpsert, UnitState, UpdatedSecret,
};
pub(crate) use self::commit::{check_state_value, lossy_bag};
pub(crate) use self::config::settings;
pub use self::config::{Endpoints, endpoints};
pub use self::error::{ApiError, ModelError};
pub use self::model::{
    ActionRun, Bag, CloudCredential, CloudSpec, Consumer, ErrorInfo, GoalState, GoalStatus, Grant,
    InterfaceAddress, InterfaceInfo, Model, NetworkInfo, NotSaved, Operation, OperationKind, Payload, Port,
    Relation, RelationState, Revision, Saved, Secret, SecretState, Status, Step, Storage, StorageLimit,
    StorageState, Text, UnitGoals,
};
pub(crate) use self::names::relation_tag;
pub use self::names::{application_of, is_application, is_unit, tag_of};
pub use self::payloads::PayloadResult;
pub use self::relations::RelationInfo;
pub use self::resources::ResourceInfo;
pub(crate) use self::resources::last_part;
pub use self::secrets::{ContentRequest, SecretListed, checksum};
pub use self::severed::{Crash, CrashPoint};
pub use self::shared::Shared;
pub use self::storage::Attachment;
pub use self::time::{InvalidTime, Time};
pub(crate) use self::unit::merge;
pub use self::uri::{InvalidUri, SecretUri, is_id};

/// When in a run the controller was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Before the charm's process.
    #[default]
    Context,
    /// While it runs.
    Charm,
    /// After it has ended.
    Flush,
}

impl Phase {
    /// `context`, `charm` or `flush`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Charm => "charm",
            Self::Flush => "flush",
        }
    }
}

/// One request that the agent made.
#[derive(Clone, PartialEq)]
pub struct ApiCall {
    /// `Facade.Method`
    pub method: String,
    /// What it was given; `None` for what is no request but a claim of a lease.
    pub args: Option<Value>,
    /// The error that was answered.
    pub error: Option<String>,
    /// The hook command that was running, as [`Controller::set_tool`] was told.
    pub tool: String,
    /// When in the run.
    pub phase: Phase,
    /// When it was, by the controller's own time.
    pub at: Timestamp,
}

/// Arguments are not shown: they may hold a secret's content.
impl fmt::Debug for ApiCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ApiCall");
        shown.field("method", &self.method).field("error", &self.error).field("phase", &self.phase);
        shown.finish_non_exhaustive()
    }
}

/// The controller, as one unit's agent meets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Controller {
    model: Shared<Model>,
    revision: u64,
    severed: bool,
    crash: Option<CrashPoint>,
    recording: bool,
    calls: Vec<ApiCall>,
    tool: String,
    phase: Phase,
    now: Timestamp,
    next_secret: u64,
    next_payload: u64,
}

impl Controller {
    /// A controller with a model, whose missing parts become Juju's defaults.
    ///
    /// # Errors
    ///
    /// The unit's name or a relation's role is none.
    pub fn new(mut model: Model) -> Result<Self, ModelError> {
        normalise::model(&mut model)?;
        Ok(Self {
            model: model.into(),
            revision: 0,
            severed: false,
            crash: None,
            recording: false,
            calls: Vec::new(),
            tool: String::new(),
            phase: Phase::Context,
            now: Timestamp::UNIX_EPOCH,
            next_secret: 0,
            next_payload: 0,
        })
    }

    /// A controller with the model that a JSON value describes.
    ///
    /// # Errors
    ///
    /// The value describes none.
    pub fn from_json(model: &Value) -> Result<Self, ModelError> {
        Self::new(normalise::from_json(model.clone())?)
    }

    /// The model as JSON.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(&*self.model).unwrap_or_default()
    }

    /// Replaces those top-level parts of the model that `patch` names.
    ///
    /// # Errors
    ///
    /// The whole is no model.
    pub fn update(&mut self, patch: &Value) -> Result<(), ModelError> {
        let mut whole = self.to_json();
        if let (Value::Object(whole), Value::Object(patch)) = (&mut whole, patch) {
            whole.extend(patch.clone());
        }
        let mut model = normalise::from_json(whole)?;
        normalise::model(&mut model)?;
        *self.model_mut() = model;
        Ok(())
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The model, to be changed behind the agent's back.
    pub fn model_mut(&mut self) -> &mut Model {
        self.revision += 1;
        &mut self.model
    }

    /// A number that grows whenever the model may have changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether requests are recorded.
    pub fn set_recording(&mut self, recording: bool) {
        self.recording = recording;
    }

    /// Forgets the recorded requests: a run begins.
    pub fn begin(&mut self) {
        self.calls.clear();
        self.tool.clear();
        self.phase = Phase::Context;
    }

    /// Which part of a run it is. Only a charm runs hook commands.
    pub fn set_phase(&mut self, phase: Phase) {
        self.phase = phase;
        if phase != Phase::Charm {
            self.tool.clear();
        }
    }

    /// Which hook command is running.
    pub fn set_tool(&mut self, tool: impl Into<String>) {
        self.tool = tool.into();
    }

    /// What the time is. It stands still until it is set again.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// What the time is.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Takes the recorded requests.
    pub fn take_calls(&mut self) -> Vec<ApiCall> {
        std::mem::take(&mut self.calls)
    }

    /// The recorded requests.
    pub fn calls(&self) -> &[ApiCall] {
        &self.calls
    }

    /// Claims the leadership, and says whether the unit has it.
    pub fn claim_leader(&mut self) -> bool {
        self.record("Tracker.ClaimLeader", None, None);
        self.model.leader
    }

    /// Answers one request, and notes it if requests are recorded. A connection that is gone answers nothing.
    fn answer<T>(
        &mut self,
        method: &str,
        args: impl FnOnce(&Model) -> Value,
        serve: impl FnOnce(&mut Self) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        if self.severed {
            return Err(ApiError::severed());
        }
        let args = self.needs_args().then(|| args(&self.model));
        self.dies_at(method, args.as_ref(), false)?;
        self.revision += 1;
        let result = serve(self);
        self.record(method, args.clone(), result.as_ref().err());
        self.dies_at(method, args.as_ref(), true)?;
        result
    }

    fn record(&mut self, method: &str, args: Option<Value>, error: Option<&ApiError>) {
        if !self.recording {
            return;
        }
        self.calls.push(ApiCall {
            method: method.to_owned(),
            args,
            error: error.map(|error| error.message.clone()),
            tool: self.tool.clone(),
            phase: self.phase,
            at: self.now,
        });
    }

    /// The controller's check that the unit is still the leader.
    fn leader(&self) -> Result<(), ApiError> {
        if self.model.leader {
            return Ok(());
        }
        let (unit, app) = (quoted(&self.model.unit), quoted(self.model.app()));
        Err(ApiError::new(format!("{unit} is not leader of {app}")))
    }
}

impl Model {
    /// The unit's application.
    pub fn app(&self) -> &str {
        application_of(&self.unit)
    }

    /// The unit's tag.
    pub fn unit_tag(&self) -> String {
        tag_of(&self.unit)
    }

    /// The tag of the unit's application.
    pub fn app_tag(&self) -> String {
        format!("application-{}", self.app())
    }

    /// Whether it is a model of Kubernetes.
    pub fn is_kubernetes(&self) -> bool {
        self.kind == "caas"
    }

    /// The relations.
    pub fn relations(&self) -> &[Shared<Relation>] {
        self.relations.as_deref().unwrap_or_default()
    }

    /// The relations, to be changed.
    pub fn relations_mut(&mut self) -> &mut [Shared<Relation>] {
        self.relations.as_deref_mut().unwrap_or_default()
    }

    /// The secrets.
    pub fn secrets(&self) -> &[Shared<Secret>] {
        self.secrets.as_deref().unwrap_or_default()
    }

    /// The secrets, to be changed.
    pub fn secrets_mut(&mut self) -> &mut [Shared<Secret>] {
        self.secrets.as_deref_mut().unwrap_or_default()
    }

    /// The storage.
    pub fn storage(&self) -> &[Storage] {
        self.storage.as_deref().unwrap_or_default()
    }

    /// The unit's open ports.
    pub fn ports(&self) -> &[Port] {
        self.ports.as_deref().unwrap_or_default()
    }

    /// A relation that the controller still has.
    pub fn relation(&self, id: i64) -> Option<&Relation> {
        self.relations()
            .iter()
            .find(|relation| relation.id == id && !relation.gone)
            .map(|relation| &**relation)
    }
}

/// The arguments of requests that are about the unit alone.
fn this_unit(model: &Model) -> Value {
    json!({"entities": [{"tag": model.unit_tag()}]})
}

/// The arguments of requests that are about the application alone.
fn this_app(model: &Model) -> Value {
    json!({"entities": [{"tag": model.app_tag()}]})
}

/// The arguments of requests that have none.
fn nothing(_: &Model) -> Value {
    Value::Null
}
