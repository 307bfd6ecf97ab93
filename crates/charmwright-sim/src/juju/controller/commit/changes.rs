//! The request that tells the controller what a hook has changed.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::juju::bytes::lossy;
use crate::juju::context::{PortRange, StorageConstraints};
use crate::juju::controller::{Bag, Port, SecretUri, Time};

/// What a hook has changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// The unit's tag.
    pub tag: String,
    /// The application's tag.
    pub app_tag: String,
    /// Whether the unit's addresses are to be looked at.
    pub update_network_info: bool,
    /// The bags.
    pub relations: Vec<RelationSettings>,
    /// Ports to be opened.
    pub open_ports: Vec<PortChange>,
    /// Ports to be closed.
    pub close_ports: Vec<PortChange>,
    /// What the charm stores.
    pub unit_state: Option<UnitState>,
    /// Storage to be added.
    pub add_storage: Vec<AddStorage>,
    /// The pod specification.
    pub pod_spec: Option<PodSpec>,
    /// The raw Kubernetes specification.
    pub raw_k8s_spec: Option<PodSpec>,
    /// New secrets.
    pub secret_creates: Vec<SecretCreate>,
    /// Secrets whose newest revision the unit tracks from now on, by id.
    pub track_latest: Vec<String>,
    /// Changes to secrets.
    pub secret_updates: Vec<UpdatedSecret>,
    /// Grants of secrets.
    pub secret_grants: Vec<SecretGrant>,
    /// Grants that are taken back.
    pub secret_revokes: Vec<SecretGrant>,
    /// Secrets to be removed.
    pub secret_deletes: Vec<SecretDelete>,
}

/// The bags of one relation. Empty values delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationSettings {
    /// The relation's tag.
    pub relation_tag: String,
    /// The unit's bag.
    pub unit: Option<Bag>,
    /// The application's bag.
    pub application: Option<Bag>,
}

/// Ports to be opened or closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortChange {
    /// The endpoint, or `""` for all.
    pub endpoint: String,
    /// The ports.
    pub range: PortRange,
}

/// What the charm stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitState {
    /// All of it.
    pub charm_state: Bag,
}

/// Storage to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddStorage {
    /// The storage's name.
    pub name: String,
    /// How.
    pub storage: StorageConstraints,
}

/// A specification; `None` leaves the one that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSpec {
    /// The YAML.
    pub spec: Option<String>,
}

/// The content of a secret, every value in base64. It is never shown.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
pub struct SecretContent {
    /// The values.
    #[serde(skip_serializing_if = "Bag::is_empty")]
    pub data: Bag,
    /// The checksum.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub checksum: String,
}

impl fmt::Debug for SecretContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.data.keys()).finish()
    }
}

/// What is set of a secret.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecretUpsert {
    /// How often it is rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate_policy: Option<String>,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire_time: Option<Time>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The content.
    pub content: SecretContent,
}

/// A new secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecretCreate {
    /// What is set of it.
    #[serde(flatten)]
    pub upsert: SecretUpsert,
    /// Its URI.
    #[serde(serialize_with = "as_text")]
    pub uri: SecretUri,
    /// Who owns it.
    pub owner_tag: String,
}

/// A change to a secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UpdatedSecret {
    /// What is set of it.
    #[serde(flatten)]
    pub upsert: SecretUpsert,
    /// Its URI.
    #[serde(serialize_with = "as_text")]
    pub uri: SecretUri,
}

/// A grant that is made or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretGrant {
    /// The secret.
    pub uri: SecretUri,
    /// What the grant holds for.
    pub scope_tag: String,
    /// Whose it is.
    pub subject_tag: String,
    /// `view`.
    pub role: String,
}

/// A secret that is removed, or some of its revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretDelete {
    /// The secret.
    pub uri: SecretUri,
    /// The revisions; all if there are none.
    pub revisions: Vec<i64>,
}

fn as_text<S: Serializer>(uri: &SecretUri, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(uri)
}

impl PortChange {
    pub(super) fn to_port(&self) -> Port {
        Port {
            endpoint: self.endpoint.clone(),
            protocol: self.range.protocol.clone(),
            from: self.range.from,
            to: self.range.to,
        }
    }

    fn to_args(&self, tag: &str) -> Value {
        json!({
            "tag": tag, "protocol": self.range.protocol, "from-port": self.range.from, "to-port": self.range.to,
            "endpoint": self.endpoint,
        })
    }
}

impl SecretGrant {
    fn to_args(&self) -> Value {
        json!({
            "uri": self.uri.to_string(), "scope-tag": self.scope_tag, "subject-tags": [self.subject_tag],
            "role": self.role,
        })
    }
}

impl SecretDelete {
    fn to_args(&self) -> Value {
        let mut args = json!({"uri": self.uri.to_string(), "label": ""});
        if !self.revisions.is_empty() {
            args["revisions"] = json!(self.revisions);
        }
        args
    }
}

impl PodSpec {
    fn to_args(&self, tag: &str) -> Value {
        match &self.spec {
            Some(spec) => json!({"tag": tag, "spec": spec}),
            None => json!({"tag": tag}),
        }
    }
}

impl Changes {
    /// How many changes these are. What is tracked from now on does not count.
    pub fn count(&self) -> usize {
        let parts = [
            usize::from(self.update_network_info),
            usize::from(self.unit_state.is_some()),
            usize::from(self.pod_spec.is_some()),
            usize::from(self.raw_k8s_spec.is_some()),
            self.relations.len(),
            self.open_ports.len(),
            self.close_ports.len(),
            self.add_storage.len(),
            self.secret_creates.len(),
            self.secret_updates.len(),
            self.secret_deletes.len(),
            self.secret_grants.len(),
            self.secret_revokes.len(),
        ];
        parts.iter().sum()
    }

    /// The changes as they arrive: only characters can be sent, so each stray byte becomes U+FFFD.
    #[must_use]
    pub fn as_sent(mut self) -> Self {
        for settings in &mut self.relations {
            settings.unit = settings.unit.as_ref().map(lossy_bag);
            settings.application = settings.application.as_ref().map(lossy_bag);
        }
        for port in self.open_ports.iter_mut().chain(&mut self.close_ports) {
            port.endpoint = lossy(&port.endpoint);
        }
        if let Some(state) = &mut self.unit_state {
            state.charm_state = lossy_bag(&state.charm_state);
        }
        for add in &mut self.add_storage {
            add.name = lossy(&add.name);
            add.storage.pool = lossy(&add.storage.pool);
        }
        for spec in self.pod_spec.iter_mut().chain(&mut self.raw_k8s_spec) {
            spec.spec = spec.spec.as_deref().map(lossy);
        }
        let creates = self.secret_creates.iter_mut().map(|create| &mut create.upsert);
        for upsert in creates.chain(self.secret_updates.iter_mut().map(|update| &mut update.upsert)) {
            upsert.label = upsert.label.as_deref().map(lossy);
            upsert.description = upsert.description.as_deref().map(lossy);
            upsert.content.data = lossy_bag(&upsert.content.data);
        }
        self
    }

    /// The request.
    pub(super) fn to_args(&self) -> Value {
        let tag = &self.tag;
        let list = |values: Vec<Value>| (!values.is_empty()).then_some(Value::Array(values));
        let relation = |settings: &RelationSettings| {
            json!({
                "relation": settings.relation_tag, "unit": tag, "settings": settings.unit,
                "application-settings": settings.application,
            })
        };
        let storage = |add: &AddStorage| json!({"unit": tag, "name": add.name, "storage": add.storage});
        let state = self.unit_state.as_ref();
        let state = state.map(|state| json!({"tag": tag, "charm-state": state.charm_state}));
        let parts = [
            ("relation-unit-settings", list(self.relations.iter().map(relation).collect())),
            ("open-ports", list(self.open_ports.iter().map(|port| port.to_args(tag)).collect())),
            ("close-ports", list(self.close_ports.iter().map(|port| port.to_args(tag)).collect())),
            ("unit-state", state),
            ("add-storage", list(self.add_storage.iter().map(storage).collect())),
            ("pod-spec", self.pod_spec.as_ref().map(|spec| spec.to_args(&self.app_tag))),
            ("set-raw-k8s-spec", self.raw_k8s_spec.as_ref().map(|spec| spec.to_args(&self.app_tag))),
            ("secret-creates", list(self.secret_creates.iter().map(|create| json!(create)).collect())),
            ("secret-track-latest", list(self.track_latest.iter().map(|id| json!(id)).collect())),
            ("secret-updates", list(self.secret_updates.iter().map(|update| json!(update)).collect())),
            ("secret-grants", list(self.secret_grants.iter().map(SecretGrant::to_args).collect())),
            ("secret-revokes", list(self.secret_revokes.iter().map(SecretGrant::to_args).collect())),
            ("secret-deletes", list(self.secret_deletes.iter().map(SecretDelete::to_args).collect())),
        ];
        let mut args = json!({"tag": tag, "update-network-info": self.update_network_info});
        for (key, value) in parts {
            if let Some(value) = value {
                args[key] = value;
            }
        }
        json!({"args": [args]})
    }
}

/// A map of texts as it arrives.
pub(crate) fn lossy_bag(bag: &Bag) -> Bag {
    bag.iter().map(|(key, value)| (lossy(key), lossy(value))).collect()
}
