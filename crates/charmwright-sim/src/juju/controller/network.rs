//! Networks and addresses.

use std::collections::BTreeMap;

use serde_json::json;

use super::{ApiError, Controller, ErrorInfo, NetworkInfo, Port, nothing, quoted, this_unit};

impl Controller {
    /// The networks of some endpoints, and of a relation's endpoint if one is named.
    ///
    /// # Errors
    ///
    /// There is no such relation.
    pub fn network_info(
        &mut self,
        bindings: &[String],
        relation_id: Option<i64>,
    ) -> Result<BTreeMap<String, NetworkInfo>, ApiError> {
        self.answer(
            "Uniter.NetworkInfo",
            |model| {
                let mut args = json!({"unit": model.unit_tag(), "bindings": bindings});
                if let Some(id) = relation_id {
                    args["relation-id"] = id.into();
                }
                args
            },
            |this| {
                let model = &this.model;
                let mut networks = BTreeMap::new();
                if let Some(id) = relation_id {
                    let relation =
                        model.relation(id).ok_or_else(|| ApiError::not_found(format!("relation {id}")))?;
                    if let Some(network) = model.networks.get(&relation.endpoint) {
                        networks.insert(relation.endpoint.clone(), network.clone());
                    }
                }
                for binding in bindings {
                    let network = match model.networks.get(binding) {
                        Some(network) => network.clone(),
                        // The application's own binding is always there.
                        None if binding.is_empty() => NetworkInfo::default(),
                        None => {
                            let what = format!("undefined for unit charm: endpoint {}", quoted(binding));
                            let error = ApiError::not_valid(what);
                            let error = ErrorInfo { message: error.message, code: error.code.to_owned() };
                            NetworkInfo { error: Some(error), ..NetworkInfo::default() }
                        }
                    };
                    networks.insert(binding.clone(), network);
                }
                // A list without anything in it is not sent.
                for network in networks.values_mut() {
                    network.bind_addresses.take_if(|list| list.is_empty());
                    network.egress_subnets.take_if(|list| list.is_empty());
                    network.ingress_addresses.take_if(|list| list.is_empty());
                }
                Ok(networks)
            },
        )
    }

    /// The unit's public address.
    ///
    /// # Errors
    ///
    /// It has none.
    pub fn public_address(&mut self) -> Result<String, ApiError> {
        self.answer("Uniter.PublicAddress", this_unit, |this| match this.model.public_address.as_str() {
            "" => Err(ApiError::no_address(&this.model.unit, "public")),
            address => Ok(address.to_owned()),
        })
    }

    /// The unit's private address.
    ///
    /// # Errors
    ///
    /// It has none.
    pub fn private_address(&mut self) -> Result<String, ApiError> {
        self.answer("Uniter.PrivateAddress", this_unit, |this| match this.model.private_address.as_str() {
            "" => Err(ApiError::no_address(&this.model.unit, "private")),
            address => Ok(address.to_owned()),
        })
    }

    /// The ports that are open on a machine, or for the unit's application, by unit.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn opened_port_ranges(
        &mut self,
        machine: Option<&str>,
    ) -> Result<BTreeMap<String, Vec<Port>>, ApiError> {
        let serve = |this: &mut Self| {
            let model = &this.model;
            let own = (!model.ports().is_empty()).then(|| (model.unit.clone(), model.ports().to_vec()));
            let others = model.other_ports.iter().filter_map(|(unit, ports)| {
                let ports = ports.clone().filter(|ports| !ports.is_empty())?;
                Some((unit.clone(), ports))
            });
            Ok(own.into_iter().chain(others).collect())
        };
        match machine {
            None => self.answer("Uniter.OpenedPortRangesByEndpoint", nothing, serve),
            Some(machine) => self.answer(
                "Uniter.OpenedMachinePortRangesByEndpoint",
                |_| json!({"entities": [{"tag": machine_tag(machine)}]}),
                serve,
            ),
        }
    }
}

/// The tag of a machine.
pub(super) fn machine_tag(id: &str) -> String {
    format!("machine-{}", id.replace('/', "-"))
}
