//! The unit: its options, statuses, addresses, and what it may know of the model.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ApplicationStatusInfo, Failure, Reboot, Run, StatusInfo};
use crate::juju::bytes::lossy;
use crate::juju::controller::{CloudSpec, GoalState, NetworkInfo, Status, tag_of};
use crate::juju::log::Level;

fn info(tag: String, status: Status) -> StatusInfo {
    StatusInfo { tag, status: status.status, info: status.message, data: status.data }
}

fn status(status: &str, info: &str) -> Status {
    Status { status: lossy(status), message: lossy(info), data: None }
}

impl Run<'_> {
    /// The options, read once. One that is unset and has no default is `null`. A number is what a float holds of it.
    ///
    /// # Errors
    ///
    /// What is set does not fit the charm's options.
    pub fn config_settings(&mut self) -> Result<Map<String, Value>, Failure> {
        if let Some(config) = &self.context.config {
            return Ok(config.clone());
        }
        let config =
            self.controller().config_settings().map_err(|error| Failure::from(error.of_request()))?;
        self.context.config = Some(config.clone());
        Ok(config)
    }

    /// The unit's status, read once, whatever is set afterwards.
    ///
    /// # Errors
    ///
    /// The controller does not answer.
    pub fn unit_status(&mut self) -> Result<StatusInfo, Failure> {
        if let Some(status) = &self.context.status {
            return Ok(status.clone());
        }
        let status = self.controller().unit_status().map_err(Failure::from)?;
        let status = info(String::new(), status);
        self.context.status = Some(status.clone());
        Ok(status)
    }

    /// Sets the unit's status, at once.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn set_unit_status(&mut self, name: &str, message: &str) -> Result<(), Failure> {
        self.context.has_set_status = true;
        self.controller().set_unit_status(&status(name, message)).map_err(Failure::from)
    }

    /// The status of the application and of its units.
    ///
    /// # Errors
    ///
    /// The unit is not the leader.
    pub fn application_status(&mut self) -> Result<ApplicationStatusInfo, Failure> {
        self.must_lead()?;
        self.controller().application_life().map_err(Failure::from)?;
        let (application, units) = self.controller().application_status().map_err(Failure::from)?;
        let tag = self.agent.controller.model().app_tag();
        let units = units.into_iter().map(|(unit, status)| info(unit, status)).collect();
        Ok(ApplicationStatusInfo { application: info(tag, application), units })
    }

    /// Sets the application's status, at once.
    ///
    /// # Errors
    ///
    /// The unit is not the leader.
    pub fn set_application_status(&mut self, name: &str, message: &str) -> Result<(), Failure> {
        self.must_lead()?;
        self.controller().application_life().map_err(Failure::from)?;
        self.controller().set_application_status(&status(name, message)).map_err(Failure::from)
    }

    /// Sets the version of the workload, at once.
    ///
    /// # Errors
    ///
    /// The controller does not take it.
    pub fn set_unit_workload_version(&mut self, version: &str) -> Result<(), Failure> {
        self.controller().set_workload_version(&lossy(version)).map_err(Failure::from)
    }

    /// The unit's public address, read once.
    ///
    /// # Errors
    ///
    /// It has none.
    pub fn public_address(&mut self) -> Result<String, Failure> {
        if self.context.public_address.is_empty() {
            match self.controller().public_address() {
                Ok(address) => self.context.public_address = address,
                Err(error) if error.code == "no address set" => {
                    return Err(Failure::not_found("public address"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        match self.context.public_address.as_str() {
            "" => Err(Failure::not_found("public address")),
            address => Ok(address.to_owned()),
        }
    }

    /// The unit's private address, as it was when the run began.
    ///
    /// # Errors
    ///
    /// It has none.
    pub fn private_address(&self) -> Result<String, Failure> {
        match self.context.private_address.as_str() {
            "" => Err(Failure::not_found("private address")),
            address => Ok(address.to_owned()),
        }
    }

    /// The networks of some endpoints, and that of a relation.
    ///
    /// # Errors
    ///
    /// There is no such relation.
    pub fn network_info(
        &mut self,
        bindings: &[String],
        relation_id: Option<i64>,
    ) -> Result<BTreeMap<String, NetworkInfo>, Failure> {
        let bindings: Vec<String> = bindings.iter().map(|binding| lossy(binding)).collect();
        let info = self.controller().network_info(&bindings, relation_id);
        info.map_err(|error| Failure::from(error.of_request()))
    }

    /// The units and relations that there are meant to be.
    ///
    /// # Errors
    ///
    /// The controller does not answer.
    pub fn goal_state(&mut self) -> Result<GoalState, Failure> {
        self.controller().goal_states().map_err(Failure::from)
    }

    /// The cloud and how to log in to it, asked for until it is told.
    ///
    /// # Errors
    ///
    /// The application is not trusted, or it runs in a cluster whose credentials are not where Kubernetes puts them.
    pub fn cloud_spec(&mut self) -> Result<CloudSpec, Failure> {
        if let Some(spec) = &self.context.cloud_spec {
            return Ok(spec.clone());
        }
        let on_kubernetes = self.agent.is_kubernetes();
        let spec = self.controller().cloud_spec().map_err(|error| {
            let failure = Failure::from(error);
            if on_kubernetes { failure.while_doing("getting model credentials") } else { failure }
        })?;
        if on_kubernetes {
            // The agent of a pod takes the pod's own credentials, which a simulated one has not.
            return Err(Failure::new(
                "reading in-cluster config: unable to load in-cluster configuration, \
                 KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined",
            ));
        }
        self.context.cloud_spec.clone_from(&spec);
        Ok(spec.unwrap_or_default())
    }

    /// Notes a pod specification.
    ///
    /// # Errors
    ///
    /// The unit is not the leader, or the specification lacks what each must have.
    pub fn set_pod_spec(&mut self, yaml: String) -> Result<(), Failure> {
        self.lead_for("k8s spec")?;
        super::pod_spec::check(&yaml)?;
        self.context.pod_spec = Some(yaml);
        Ok(())
    }

    /// Notes a raw Kubernetes specification.
    ///
    /// # Errors
    ///
    /// The unit is not the leader.
    pub fn set_raw_k8s_spec(&mut self, yaml: String) -> Result<(), Failure> {
        self.lead_for("raw k8s spec")?;
        self.context.raw_k8s_spec = Some(yaml);
        Ok(())
    }

    fn lead_for(&mut self, what: &str) -> Result<(), Failure> {
        let leads = self.must_lead();
        if leads.is_err() {
            let unit = crate::juju::controller::quoted(self.unit_name());
            self.log(Level::Error, format!("{unit} is not the leader but is setting application {what}"));
        }
        leads
    }

    /// The pod specification.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn get_pod_spec(&mut self) -> Result<String, Failure> {
        let app = self.agent.controller.model().app().to_owned();
        self.controller().pod_spec().map_err(|_| Failure::not_found(format!("podspec for application {app}")))
    }

    /// The raw Kubernetes specification.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn get_raw_k8s_spec(&mut self) -> Result<String, Failure> {
        let app = self.agent.controller.model().app().to_owned();
        self.controller()
            .raw_k8s_spec()
            .map_err(|_| Failure::not_found(format!("raw k8s spec for application {app}")))
    }

    /// Asks for a reboot. For one at once, whoever runs the charm is to end its process.
    ///
    /// # Errors
    ///
    /// None.
    pub fn request_reboot(&mut self, reboot: Reboot) -> Result<(), Failure> {
        self.context.reboot = reboot;
        Ok(())
    }

    /// The tag of the unit.
    pub fn unit_tag(&self) -> String {
        tag_of(self.unit_name())
    }
}
