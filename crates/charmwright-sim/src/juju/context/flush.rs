//! What is written when the charm has ended.

use serde_json::{Map, Value};

use super::{Failure, FailureKind, JujuVersion, Reboot, Run};
use crate::juju::bytes::lossy;
use crate::juju::controller::{
    AddStorage, ApiError, Bag, Changes, PodSpec, PortChange, RelationSettings, Status, UnitState,
};
use crate::juju::log::Level;

impl Run<'_> {
    /// Ends the run. If the charm has succeeded, what it has changed is written, in one request; an action's results
    /// are told in any case. `process` is the hook's full name, the action's, or `run-commands`.
    ///
    /// # Errors
    ///
    /// The charm's own failure, or what could not be written; also [`FailureKind::Reboot`] and
    /// [`FailureKind::RequeueAndReboot`], which are no failures but what the charm has asked for.
    pub fn flush(&mut self, process: &str, failure: Option<Failure>) -> Result<(), Failure> {
        let written = if failure.is_none() { self.write(process) } else { Ok(()) };
        if self.context.action.is_some() {
            return self.finish_action(failure, written.err());
        }
        self.handle_reboot(failure.or(written.err()))
    }

    fn write(&mut self, process: &str) -> Result<(), Failure> {
        let mut changes = self.plain_changes(process);
        // The store is asked for once for each content, though all of it is kept by the controller itself.
        let secrets = &self.context.secrets;
        let contents =
            secrets.updates.values().filter(|update| !update.upsert.content.data.is_empty()).count();
        let contents = contents.saturating_add(secrets.creates.len());
        if secrets.have_content() {
            for _ in 0..contents {
                let asked = self.controller().secret_backend();
                asked.map_err(|error| Failure::from(error.of_request()))?;
            }
        }
        self.look_for_removed_content()?;
        let secrets = &self.context.secrets;
        changes.secret_creates = secrets.creates.values().cloned().collect();
        changes.secret_updates = secrets.updates.values().cloned().collect();
        changes.secret_deletes = secrets.deletes.values().cloned().collect();
        changes.secret_grants = secrets.grants();
        changes.secret_revokes = secrets.revokes();
        changes.track_latest = secrets.track_latest.iter().cloned().collect();
        if self.agent.is_kubernetes() {
            self.add_pod_spec(&mut changes, process)?;
        }
        let changes = changes.as_sent();
        // Juju 4 takes all or nothing; before, what was done to secrets stays done.
        let before = (self.version() >= JujuVersion::V4_0).then(|| self.agent.controller.model().clone());
        if changes.count() > 0
            && let Err(error) = self.controller().commit_hook_changes(&changes)
        {
            let failure = Failure::restored(error);
            if let Some(before) = before {
                *self.controller().model_mut() = before;
            }
            self.log(Level::Error, format!("cannot apply changes: {failure}"));
            return Err(failure);
        }
        self.context.charm_state_changed = false;
        Ok(())
    }

    fn plain_changes(&self, process: &str) -> Changes {
        let (context, model) = (&*self.context, self.agent.controller.model());
        let relation = |relation: &super::ContextRelation| {
            let (unit, application) = relation.final_settings();
            let empty = unit.is_none_or(Bag::is_empty) && application.is_none_or(Bag::is_empty);
            (!empty).then(|| RelationSettings {
                relation_tag: relation.tag(),
                unit: unit.cloned(),
                application: application.cloned(),
            })
        };
        let ports = |grouped: &super::GroupedPorts| -> Vec<PortChange> {
            let each = |(endpoint, ranges): (&String, &Vec<super::PortRange>)| -> Vec<PortChange> {
                ranges
                    .iter()
                    .map(|range| PortChange { endpoint: endpoint.clone(), range: range.clone() })
                    .collect()
            };
            grouped.iter().flat_map(each).collect()
        };
        let state = context.charm_state.as_ref().filter(|_| context.charm_state_changed);
        let storage = |(name, all): (&String, &Vec<super::StorageConstraints>)| -> Vec<AddStorage> {
            all.iter().map(|storage| AddStorage { name: name.clone(), storage: storage.clone() }).collect()
        };
        Changes {
            tag: model.unit_tag(),
            app_tag: model.app_tag(),
            update_network_info: process == "config-changed",
            relations: context.relations.values().filter_map(relation).collect(),
            open_ports: ports(&context.ports.to_open),
            close_ports: ports(&context.ports.to_close),
            unit_state: state.map(|state| UnitState { charm_state: state.clone() }),
            add_storage: context.storage_adds.iter().flat_map(storage).collect(),
            ..Changes::default()
        }
    }

    /// Looks up where the content is that is to be removed: of a stored secret, each revision's.
    fn look_for_removed_content(&mut self) -> Result<(), Failure> {
        let deletes: Vec<_> = self.context.secrets.deletes.values().cloned().collect();
        for delete in deletes {
            let id = &delete.uri.id;
            let stored = self.context.secrets.stored.as_ref().and_then(|stored| stored.get(id));
            let Some(latest) = stored.map(|stored| stored.latest_revision) else { continue };
            let revisions = if delete.revisions.is_empty() {
                let owned = self.controller().owned_secret_revisions(&delete.uri);
                let doing = format!("getting revisions for {}", crate::juju::controller::quoted(id));
                let owned = owned.map_err(|error| Failure::from(error).while_doing(doing))?;
                owned.into_iter().filter(|revision| *revision <= latest).collect()
            } else {
                delete.revisions.clone()
            };
            for revision in revisions {
                let found = self.controller().secret_revision_content(&delete.uri, revision);
                let failure = match found {
                    Err(error) => Failure::from(error.of_request()),
                    Ok(Err(error)) if error.code != "not found" => Failure::restored(error),
                    Ok(_) => continue,
                };
                let secret = crate::juju::controller::quoted(id);
                let doing =
                    format!("cannot delete secret {secret} revision {revision} from backend: {failure}");
                return Err(failure.while_doing(doing));
            }
        }
        Ok(())
    }

    fn add_pod_spec(&mut self, changes: &mut Changes, process: &str) -> Result<(), Failure> {
        let upgrade = process == "upgrade-charm";
        let (spec, raw) = (self.context.pod_spec.clone(), self.context.raw_k8s_spec.clone());
        if spec.is_none() && raw.is_none() && !upgrade {
            return Ok(());
        }
        if spec.is_some() && raw.is_some() {
            let message = "either k8s-spec-set or k8s-raw-set can be run for each application, but not both";
            return Err(Failure::new(message));
        }
        if !self.is_leader()? {
            if upgrade {
                return Ok(());
            }
            let unit = self.unit_name().to_owned();
            self.log(Level::Error, format!("{unit} is not the leader but is setting application k8s spec"));
            return Err(Failure::not_leader());
        }
        if raw.is_some() {
            changes.raw_k8s_spec = Some(PodSpec { spec: raw });
        } else {
            changes.pod_spec = Some(PodSpec { spec });
        }
        Ok(())
    }

    fn finish_action(&mut self, failure: Option<Failure>, unwritten: Option<Failure>) -> Result<(), Failure> {
        let unit = self.unit_name().to_owned();
        let Some(action) = self.context.action.clone() else { return Ok(()) };
        let (mut message, mut results) = (action.message, action.results);
        let mut status = if action.failed { "failed" } else { "completed" };
        if let Some(failure) = failure {
            message = match failure.kind() {
                FailureKind::MissingHook => {
                    format!("action not implemented on unit {}", crate::juju::controller::quoted(&unit))
                }
                _ => failure.to_string(),
            };
            status = "failed";
        }
        if let Some(unwritten) = unwritten {
            let stderr = match results.get("stderr") {
                Some(Value::String(stderr)) => format!("{stderr}\n{unwritten}"),
                _ => unwritten.to_string(),
            };
            results.insert("stderr".to_owned(), stderr.into());
            // The code that a process has left is a number and stays.
            if results.get("return-code").is_none_or(|code| code == "0") {
                results.insert("return-code".to_owned(), "1".into());
            }
            status = "failed";
            if message.is_empty() {
                "committing requested changes failed".clone_into(&mut message);
            }
        }
        let sent = lossy_results(&results);
        match self.controller().finish_action(&action.id, status, &sent, &lossy(&message)) {
            Err(error) if matches!(error.code, "not found" | "unauthorized access" | "already exists") => {
                self.log(Level::Warning, format!("error finalising action {}: {error}", action.id));
                Ok(())
            }
            finished => finished.map_err(Failure::from),
        }
    }

    fn handle_reboot(&mut self, failure: Option<Failure>) -> Result<(), Failure> {
        let asked = match (self.context.reboot, failure) {
            (Reboot::Skip, None) => return Ok(()),
            (Reboot::Skip | Reboot::AfterHook, Some(failure)) => return Err(failure),
            (Reboot::AfterHook, None) => Failure::of_kind(FailureKind::Reboot, "reboot after hook"),
            (Reboot::Now, _) => Failure::of_kind(FailureKind::RequeueAndReboot, "reboot now"),
        };
        let rebooting = Status { status: "rebooting".to_owned(), ..Status::default() };
        if let Err(error) = self.controller().set_agent_status(&rebooting) {
            self.log(Level::Error, format!("updating agent status: {error}"));
        }
        let machine = self.controller().assigned_machine().map_err(Failure::from)?;
        self.controller().request_reboot(&machine).map_err(|error: ApiError| Failure::from(error))?;
        Err(asked)
    }
}

/// The results of an action as they arrive.
fn lossy_results(results: &Map<String, Value>) -> Map<String, Value> {
    let sent = |value: &Value| match value {
        Value::String(text) => Value::String(lossy(text)),
        Value::Object(inner) => Value::Object(lossy_results(inner)),
        other => other.clone(),
    };
    results.iter().map(|(key, value)| (lossy(key), sent(value))).collect()
}
