//! What a hook has changed, taken in one request after it has ended.

mod changes;

use std::path::Path;

use super::secrets::CommitSecrets as _;
use super::unit::{holder, merge};
use super::{ApiError, Bag, Controller, Port, endpoints, quoted};
use crate::juju::bytes;

pub(crate) use self::changes::lossy_bag;
pub use self::changes::{
    AddStorage, Changes, PodSpec, PortChange, RelationSettings, SecretContent, SecretCreate, SecretDelete,
    SecretGrant, SecretUpsert, UnitState, UpdatedSecret,
};

/// The limits of what `state-set` may store.
const MAX_STATE_KEY: usize = 256;
const MAX_STATE_VALUE: usize = 64 * 1024;

/// Whether a key and value may be stored with `state-set`.
///
/// # Errors
///
/// One of them is too long.
pub(crate) fn check_state_value(key: &str, value: &str) -> Result<(), ApiError> {
    if bytes::of(key).len() > MAX_STATE_KEY {
        return Err(ApiError::quota(format!("max allowed key length ({MAX_STATE_KEY}) exceeded")));
    }
    if bytes::of(value).len() > MAX_STATE_VALUE {
        return Err(ApiError::quota(format!("max allowed value length ({MAX_STATE_VALUE}) exceeded")));
    }
    Ok(())
}

impl Controller {
    /// Takes what a hook has changed. Secrets are changed at once and in order; all the rest is checked and then
    /// done together.
    ///
    /// # Errors
    ///
    /// Something is refused. The changes to secrets up to there stay.
    pub fn commit_hook_changes(&mut self, changes: &Changes) -> Result<(), ApiError> {
        self.answer("Uniter.CommitHookChanges", |_| changes.to_args(), |this| this.commit(changes))
    }

    fn commit(&mut self, changes: &Changes) -> Result<(), ApiError> {
        let mut relations = Vec::new();
        for settings in &changes.relations {
            relations.push(self.model.relation_of_tag(&settings.relation_tag).ok_or_else(ApiError::denied)?);
        }
        for port in &changes.open_ports {
            if self.model.is_kubernetes() && port.range.protocol == "icmp" {
                return Err(ApiError::not_supported("protocol icmp on caas models"));
            }
        }
        let mut added = Vec::new();
        for add in &changes.add_storage {
            let count = self.model.check_storage_add(add).map_err(|error| {
                error.while_doing(format!("adding storage {} for {}", add.name, self.model.unit_tag()))
            })?;
            added.push(count);
        }
        if changes.pod_spec.is_some() && changes.raw_k8s_spec.is_some() {
            return Err(ApiError::forbidden(
                "either SetPodSpec or SetRawK8sSpec can be set for each application, but not both",
            ));
        }
        self.commit_secrets(changes)?;
        self.check(changes)?;
        for (settings, at) in changes.relations.iter().zip(relations) {
            if let Some(relation) = self.model.relations_mut().get_mut(at) {
                merge(
                    relation.local_unit_bag.get_or_insert_default(),
                    settings.unit.as_ref().unwrap_or(&Bag::new()),
                );
                let app = settings.application.as_ref();
                merge(relation.local_app_bag.get_or_insert_default(), app.unwrap_or(&Bag::new()));
                // Of a peer relation, the other side's settings are our own.
                if relation.role == "peer" && app.is_some_and(|bag| !bag.is_empty()) {
                    relation.app_version += 1;
                }
            }
        }
        for port in &changes.open_ports {
            self.open_port(port);
        }
        for port in &changes.close_ports {
            self.close_port(port);
        }
        if let Some(state) = &changes.unit_state {
            self.model.charm_state = Some(state.charm_state.clone());
        }
        for (add, count) in changes.add_storage.iter().zip(added) {
            self.model.add_storage(&add.name, count);
        }
        if let Some(PodSpec { spec: Some(spec) }) = &changes.pod_spec {
            self.model.pod_spec = Some(spec.clone());
        }
        if let Some(PodSpec { spec }) = &changes.raw_k8s_spec {
            self.model.raw_k8s_spec.clone_from(spec);
        }
        Ok(())
    }

    /// What is checked when all is about to be done.
    fn check(&self, changes: &Changes) -> Result<(), ApiError> {
        for settings in &changes.relations {
            if settings.application.as_ref().is_some_and(|bag| !bag.is_empty()) {
                self.leader().map_err(|error| error.while_doing("checking leadership continuity"))?;
            }
        }
        for port in &changes.open_ports {
            self.check_endpoint("open", &port.endpoint)?;
        }
        for port in &changes.close_ports {
            self.check_endpoint("close", &port.endpoint)?;
        }
        if let Some(state) = &changes.unit_state {
            self.check_state(&state.charm_state)
                .map_err(|error| error.while_doing("persisting charm state"))?;
        }
        for _ in changes.pod_spec.iter().chain(&changes.raw_k8s_spec) {
            self.leader()?;
        }
        Ok(())
    }

    /// Refuses ports of endpoints that the charm does not declare.
    fn check_endpoint(&self, verb: &str, endpoint: &str) -> Result<(), ApiError> {
        if endpoint.is_empty() || endpoints(Path::new(&self.model.charm_dir))?.contains(endpoint) {
            return Ok(());
        }
        let what = format!("{verb} port range: endpoint {} for {}", quoted(endpoint), holder(&self.model));
        Err(ApiError::not_found(what).while_doing("cannot open/close ports"))
    }

    fn check_state(&self, state: &Bag) -> Result<(), ApiError> {
        for (key, value) in state {
            check_state_value(key, value)?;
        }
        // The size that the state has in the controller's data base.
        let size = state.iter().fold(5_usize, |size, (key, value)| {
            size.saturating_add(key.len()).saturating_add(value.len()).saturating_add(7)
        });
        let max = self.model.max_charm_state_size;
        if max > 0 && i64::try_from(size).is_ok_and(|size| size > max) {
            return Err(ApiError::quota(format!("max allowed size ({max}) exceeded")));
        }
        Ok(())
    }

    fn open_port(&mut self, change: &PortChange) {
        let port = change.to_port();
        if self.model.ports().contains(&port) {
            return;
        }
        let ports = self.model.ports.get_or_insert_default();
        ports.push(port);
        ports.sort_by_key(|port| format!("{}:{}-{}/{}", port.endpoint, port.from, port.to, port.protocol));
    }

    fn close_port(&mut self, change: &PortChange) {
        let closed = change.to_port();
        let is_closed = |port: &Port| {
            (&port.protocol, port.from, port.to) == (&closed.protocol, closed.from, closed.to)
                && (closed.endpoint.is_empty() || closed.endpoint == port.endpoint)
        };
        self.model.ports.get_or_insert_default().retain(|port| !is_closed(port));
    }
}
