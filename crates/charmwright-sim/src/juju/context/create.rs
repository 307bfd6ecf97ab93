//! How a run begins.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::payloads::Payloads;
use super::ports::PortChanges;
use super::relations::ContextRelation;
use super::{ActionData, Agent, CommandInfo, Context, Failure, HookInfo, Run};
use crate::juju::controller::{ApiError, SecretUri, is_unit, quoted};
use crate::juju::log::{Level, Record};
use crate::juju::version::JujuVersion;

/// Refuses a model that tells of proxies in both ways. What goes without a proxy is a setting of its own.
fn check_proxies(config: &Map<String, Value>) -> Result<(), Failure> {
    let set = |key: String| config.get(&key).and_then(Value::as_str).is_some_and(|proxy| !proxy.is_empty());
    let any = |prefix: &str| ["http", "https", "ftp"].iter().any(|kind| set(format!("{prefix}{kind}-proxy")));
    if any("") && any("juju-") {
        return Err(Failure::new("cannot specify both legacy proxy values and juju proxy values"));
    }
    Ok(())
}

impl Context {
    /// The run of a hook. What the hook's request leaves open must have been completed.
    ///
    /// # Errors
    ///
    /// The hook's request is incomplete, or about something that the agent does not know.
    pub fn hook_run(agent: &mut Agent, hook: &HookInfo) -> Result<Self, Failure> {
        if !hook.of_tomorrow {
            hook.validate()?;
        }
        if !hook.exists_in(agent.version) {
            return Err(Failure::new(format!("unknown hook kind {}", quoted(&hook.kind))));
        }
        let mut context = Self::core(agent)?;
        let mut name = hook.kind.clone();
        context.hook = hook.clone();
        if !hook.needs_secret_revision() {
            context.hook.secret_revision = 0;
        }
        if hook.is_relation() {
            let id = hook.relation_id.unwrap_or(-1);
            context.relation_id = Some(id);
            hook.remote_unit.clone_into(&mut context.remote_unit);
            hook.remote_app.clone_into(&mut context.remote_app);
            let relation = context.relations.get(&id);
            let relation = relation.ok_or_else(|| Failure::new(format!("unknown relation id: {id}")))?;
            let members = agent.members_mut(id);
            if hook.kind == "relation-departed" {
                members.remove(&hook.remote_unit);
            } else if !hook.remote_unit.is_empty() {
                members.insert(hook.remote_unit.clone(), None);
            }
            name = format!("{}-{}", relation.endpoint(), hook.kind);
        }
        if hook.is_storage() {
            let storage_name = hook.storage_id.split_once('/').map_or("", |(name, _)| name);
            name = format!("{storage_name}-{name}");
            let mut run = Run { agent, context: &mut context };
            match run.storage(&hook.storage_id) {
                Err(failure) if !failure.is_not_provisioned() => {
                    let doing = format!("could not retrieve storage for id: {}", hook.storage_id);
                    return Err(failure.while_doing(doing));
                }
                _ => {}
            }
        }
        if hook.is_workload() {
            name = format!("{}-{name}", hook.workload);
        }
        if hook.is_secret() && hook.secret_label.is_empty() {
            let mut run = Run { agent, context: &mut context };
            let metadata = run.secret_metadata()?;
            let uri: SecretUri = hook.secret_uri.parse().map_err(|error| Failure::new(format!("{error}")))?;
            if let Some(metadata) = metadata.get(&uri.id) {
                metadata.label.clone_into(&mut context.hook.secret_label);
            }
        }
        context.id = agent.new_context_id(&name);
        context.hook_name = name;
        Ok(context)
    }

    /// The run of an action.
    ///
    /// # Errors
    ///
    /// The controller does not answer.
    pub fn action_run(
        agent: &mut Agent,
        id: &str,
        name: &str,
        params: Option<Map<String, Value>>,
    ) -> Result<Self, Failure> {
        let mut context = Self::core(agent)?;
        context.action = Some(ActionData {
            name: name.to_owned(),
            id: id.to_owned(),
            params,
            failed: false,
            message: String::new(),
            results: Map::new(),
        });
        context.id = agent.new_context_id(name);
        Ok(context)
    }

    /// The run of a script, as juju-exec asks for it.
    ///
    /// # Errors
    ///
    /// The remote unit is none of the relation's, or there are several to choose from.
    pub fn command_run(agent: &mut Agent, command: &CommandInfo) -> Result<Self, Failure> {
        let mut context = Self::core(agent)?;
        context.remote_unit = context.infer_remote_unit(agent, command)?;
        context.relation_id = command.relation_id;
        context.id = agent.new_context_id("run-commands");
        Ok(context)
    }

    fn core(agent: &mut Agent) -> Result<Self, Failure> {
        let mut context = Self::default();
        let mut listed = agent.controller.listed_relations();
        listed.retain(|(info, _)| agent.knows(info.id));
        let names: Vec<(i64, &[String])> =
            listed.iter().map(|(info, members)| (info.id, members.as_slice())).collect();
        agent.prune_members(&names);
        for (info, members) in listed {
            let inactive = info.life != "alive" || info.suspended;
            let broken = !info.is_peer && inactive && members.is_empty();
            context.relations.insert(info.id, ContextRelation::new(info, broken));
        }
        let asked = |error: ApiError| Failure::from(error.of_request());
        let controller = &mut agent.controller;
        if agent.version < JujuVersion::V4_0 {
            let payloads = controller
                .list_payloads()
                .map_err(|error| asked(error).while_doing("getting unit payloads"))?;
            context.payloads = Payloads::known(payloads);
        }
        context.api_addresses = controller.api_addresses().map_err(asked)?;
        context.sla = controller
            .sla_level()
            .map_err(|error| asked(error).while_doing("could not retrieve the SLA level"))?;
        context.cloud_api_version = controller.cloud_api_version().map_err(asked)?;
        context.model_config = controller.model_config().map_err(asked)?;
        check_proxies(&context.model_config)?;
        let machine = (!agent.is_kubernetes()).then(|| agent.machine().to_owned());
        let opened = agent.controller.opened_port_ranges(machine.as_deref()).map_err(asked)?;
        context.ports = PortChanges::over(opened, agent.is_kubernetes());
        if !agent.is_kubernetes() {
            match agent.controller.private_address() {
                Ok(address) => context.private_address = address,
                Err(error) if error.code == "no address set" => {}
                Err(error) => {
                    let unit = &agent.controller.model().unit;
                    let message = format!("cannot get legacy private address for {unit}: {error}");
                    context.log(Record::new(Level::Warning, super::LOGGER, message));
                }
            }
        }
        Ok(context)
    }

    /// The unit at the other end that a script is run for.
    fn infer_remote_unit(&self, agent: &Agent, command: &CommandInfo) -> Result<String, Failure> {
        let unit = command.remote_unit.as_str();
        let fail = |message: String| Err(Failure::new(message));
        if !unit.is_empty() {
            if !is_unit(unit) {
                return fail(format!("invalid remote unit: {unit}"));
            }
            if command.relation_id.is_none() {
                return fail(format!("remote unit provided without a relation: {unit}"));
            }
        }
        let Some(id) = command.relation_id else {
            return Ok(unit.to_owned());
        };
        if !self.relations.contains_key(&id) {
            return fail(format!("unknown relation id: {id}"));
        }
        if command.force_remote_unit {
            return Ok(unit.to_owned());
        }
        let possible: Vec<&String> = agent.members(id).into_iter().flat_map(BTreeMap::keys).collect();
        let listed = || {
            let names: Vec<&str> = possible.iter().map(|name| name.as_str()).collect();
            format!("[{}]", names.join(" "))
        };
        match (unit, possible.as_slice()) {
            ("", []) => fail(format!("cannot infer remote unit in empty relation {id}")),
            ("", [only]) => Ok((*only).clone()),
            ("", _) => fail(format!("ambiguous remote unit; possibilities are {}", listed())),
            (unit, possible) if possible.iter().any(|name| *name == unit) => Ok(unit.to_owned()),
            (unit, _) => fail(format!("unknown remote unit {unit}; possibilities are {}", listed())),
        }
    }
}
