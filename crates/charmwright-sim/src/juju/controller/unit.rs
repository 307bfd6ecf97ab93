//! The unit itself: its status, its versions, its state, the model around it.

use serde_json::{Map, Value, json};

use super::{ApiError, Bag, CloudSpec, Controller, Model, Status, nothing, quoted, this_app, this_unit};

impl Controller {
    /// The controller's addresses.
    ///
    /// # Errors
    ///
    /// The controller cannot say. So with all requests.
    pub fn api_addresses(&mut self) -> Result<Vec<String>, ApiError> {
        self.answer("Uniter.APIAddresses", nothing, |this| {
            Ok(this.model.api_addresses.clone().unwrap_or_default())
        })
    }

    /// The service level.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn sla_level(&mut self) -> Result<String, ApiError> {
        self.answer("Uniter.SLALevel", nothing, |this| Ok(this.model.sla.clone()))
    }

    /// The version of the cloud's API.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn cloud_api_version(&mut self) -> Result<String, ApiError> {
        self.answer("Uniter.CloudAPIVersion", nothing, |this| Ok(this.model.cloud_api_version.clone()))
    }

    /// The model's configuration.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn model_config(&mut self) -> Result<Map<String, Value>, ApiError> {
        self.answer("Uniter.ModelConfig", nothing, |this| Ok(this.model.model_config.clone()))
    }

    /// The machine that the unit is on.
    ///
    /// # Errors
    ///
    /// It is on none.
    pub fn assigned_machine(&mut self) -> Result<String, ApiError> {
        self.answer("Uniter.AssignedMachine", this_unit, |this| match this.model.machine_id.as_str() {
            "" => Err(ApiError::not_assigned(&this.model.unit)),
            id => Ok(id.to_owned()),
        })
    }

    /// Takes note that the machine is to be rebooted.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn request_reboot(&mut self, machine: &str) -> Result<(), ApiError> {
        self.answer(
            "Uniter.RequestReboot",
            |_| json!({"entities": [{"tag": super::network::machine_tag(machine)}]}),
            |this| {
                this.model.reboot_requested = true;
                Ok(())
            },
        )
    }

    /// The options: what the operator has set, and the defaults. An option with neither is `null`.
    ///
    /// # Errors
    ///
    /// What is set does not fit the charm's options.
    pub fn config_settings(&mut self) -> Result<Map<String, Value>, ApiError> {
        self.answer("Uniter.ConfigSettings", this_unit, |this| super::config::settings(&this.model))
    }

    /// Looks whether the application is still there.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn application_life(&mut self) -> Result<(), ApiError> {
        self.answer("Uniter.Life", this_app, |_| Ok(()))
    }

    /// The unit's status.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn unit_status(&mut self) -> Result<Status, ApiError> {
        self.answer("Uniter.UnitStatus", this_unit, |this| Ok(this.model.unit_status.clone()))
    }

    /// The application's status, and those of its units by unit.
    ///
    /// # Errors
    ///
    /// The unit is not the leader.
    pub fn application_status(&mut self) -> Result<(Status, Vec<(String, Status)>), ApiError> {
        self.answer("Uniter.ApplicationStatus", this_unit, |this| {
            this.leader()?;
            let model = &this.model;
            let mut units = model.peer_statuses.clone();
            units.entry(model.unit.clone()).or_insert_with(|| model.unit_status.clone());
            Ok((model.app_status.clone(), units.into_iter().collect()))
        })
    }

    /// Sets the unit's status.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn set_unit_status(&mut self, status: &Status) -> Result<(), ApiError> {
        self.answer("Uniter.SetUnitStatus", status_args(status), |this| {
            this.model.unit_status = status.clone();
            Ok(())
        })
    }

    /// Sets the agent's status.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn set_agent_status(&mut self, status: &Status) -> Result<(), ApiError> {
        self.answer("Uniter.SetAgentStatus", status_args(status), |this| {
            this.model.agent_status = status.clone();
            Ok(())
        })
    }

    /// Sets the application's status.
    ///
    /// # Errors
    ///
    /// The unit is not the leader.
    pub fn set_application_status(&mut self, status: &Status) -> Result<(), ApiError> {
        self.answer("Uniter.SetApplicationStatus", status_args(status), |this| {
            this.leader()?;
            this.model.app_status = status.clone();
            Ok(())
        })
    }

    /// The version of the workload.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn workload_version(&mut self) -> Result<String, ApiError> {
        self.answer("Uniter.WorkloadVersion", this_unit, |this| Ok(this.model.workload_version.clone()))
    }

    /// Sets the version of the workload.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn set_workload_version(&mut self, version: &str) -> Result<(), ApiError> {
        self.answer(
            "Uniter.SetWorkloadVersion",
            |model| json!({"entities": [{"tag": model.unit_tag(), "workload-version": version}]}),
            |this| {
                version.clone_into(&mut this.model.workload_version);
                Ok(())
            },
        )
    }

    /// What the charm has stored.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn charm_state(&mut self) -> Result<Bag, ApiError> {
        self.answer("Uniter.State", this_unit, |this| Ok(this.model.charm_state.clone().unwrap_or_default()))
    }

    /// The cloud and how to log in to it.
    ///
    /// # Errors
    ///
    /// The application is not trusted.
    pub fn cloud_spec(&mut self) -> Result<Option<CloudSpec>, ApiError> {
        self.answer("Uniter.CloudSpec", nothing, |this| {
            if this.model.trust { Ok(this.model.cloud_spec.clone()) } else { Err(ApiError::denied()) }
        })
    }

    /// The pod specification.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn pod_spec(&mut self) -> Result<String, ApiError> {
        self.answer("Uniter.GetPodSpec", this_app, |this| spec(&this.model, this.model.pod_spec.as_ref()))
    }

    /// The raw Kubernetes specification.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn raw_k8s_spec(&mut self) -> Result<String, ApiError> {
        self.answer("Uniter.GetRawK8sSpec", this_app, |this| {
            spec(&this.model, this.model.raw_k8s_spec.as_ref())
        })
    }

    /// The settings that the leader shares; `None` if it has never shared any.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn leader_settings(&mut self) -> Result<Option<Bag>, ApiError> {
        self.answer("Uniter.Read", this_app, |this| Ok(this.model.leader_settings.clone()))
    }

    /// Changes the settings that the leader shares. Empty values delete.
    ///
    /// # Errors
    ///
    /// The unit is not the leader.
    pub fn merge_leader_settings(&mut self, settings: &Bag) -> Result<(), ApiError> {
        self.answer(
            "Uniter.Merge",
            |model| {
                json!({"params": [{
                    "application-tag": model.app_tag(), "unit-tag": model.unit_tag(), "settings": settings,
                }]})
            },
            |this| {
                this.leader()?;
                merge(this.model.leader_settings.get_or_insert_default(), settings);
                Ok(())
            },
        )
    }
}

/// Writes settings into a bag. Empty values delete.
pub(crate) fn merge(bag: &mut Bag, update: &Bag) {
    for (key, value) in update {
        if value.is_empty() {
            bag.remove(key);
        } else {
            bag.insert(key.clone(), value.clone());
        }
    }
}

fn spec(model: &Model, spec: Option<&String>) -> Result<String, ApiError> {
    spec.cloned().ok_or_else(|| ApiError::not_found(format!("k8s spec for application {}", model.app())))
}

fn status_args(status: &Status) -> impl FnOnce(&Model) -> Value {
    let status = status.clone();
    move |model| {
        json!({"entities": [{
            "tag": model.unit_tag(), "status": status.status, "info": status.message, "data": status.data,
        }]})
    }
}

/// The holder of ports in error texts: on Kubernetes the application, else the unit.
pub(super) fn holder(model: &Model) -> String {
    if model.is_kubernetes() {
        format!("application {}", quoted(model.app()))
    } else {
        format!("unit {}", quoted(&model.unit))
    }
}
