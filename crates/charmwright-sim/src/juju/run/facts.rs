//! What a run's environment tells, gathered from the agent and the run.

use serde_json::{Map, Value};

use crate::juju::context::{Failure, Run};
use crate::juju::environment::{Facts, Proxies, Relation, Secret, Storage, release};

/// All of it.
///
/// # Errors
///
/// The controller does not tell of the storage that the run is about.
pub(super) fn of(run: &mut Run<'_>) -> Result<Facts, Failure> {
    let storage = match run.hook_storage() {
        Ok(storage) => Some(Storage { id: storage.id, kind: storage.kind, location: storage.location }),
        Err(failure) if failure.is_not_found() || failure.is_not_provisioned() => None,
        Err(failure) => return Err(failure),
    };
    let Run { agent, context } = run;
    let model = agent.controller.model();
    let hook = context.hook();
    let path = |path: &std::path::Path| path.display().to_string();
    let relation = context.relation().map(|(id, endpoint)| Relation {
        endpoint: endpoint.to_owned(),
        id,
        remote_unit: context.remote_unit().to_owned(),
        remote_app: context.remote_app().to_owned(),
        departing_unit: hook.departing_unit.clone(),
    });
    let is_notice = hook.kind == "pebble-custom-notice";
    let is_check = hook.kind.starts_with("pebble-check-");
    let secret = Secret {
        uri: hook.secret_uri.clone(),
        label: hook.secret_label.clone(),
        revision: if hook.needs_secret_revision() { hook.secret_revision } else { 0 },
    };
    let version = match model.juju_version.as_str() {
        "" => agent.version.agent_version().to_owned(),
        version => release(version).unwrap_or_else(|| version.to_owned()),
    };
    Ok(Facts {
        charm: path(&agent.paths.charm),
        tools: path(&agent.paths.tools),
        socket: path(&agent.paths.socket),
        context_id: context.id().to_owned(),
        hook_name: context.hook_name().to_owned(),
        unit: model.unit.clone(),
        model_uuid: agent.model_uuid().to_owned(),
        model_name: agent.model_name().to_owned(),
        api_addresses: context.api_addresses().to_vec(),
        sla: context.sla().to_owned(),
        machine: agent.machine().to_owned(),
        principal: agent.principal().to_owned(),
        zone: agent.zone().to_owned(),
        agent_version: version,
        cloud_api_version: context.cloud_api_version().to_owned(),
        juju_proxy: proxies(context.model_config(), "juju-"),
        legacy_proxy: proxies(context.model_config(), ""),
        relation,
        action: context.action().map(|(name, id)| (name.to_owned(), id.to_owned())),
        workload: if hook.is_workload() { hook.workload.clone() } else { String::new() },
        notice: is_notice
            .then(|| (hook.notice_id.clone(), hook.notice_type.clone(), hook.notice_key.clone())),
        check: if is_check { hook.check_name.clone() } else { String::new() },
        target_base: if hook.kind == "pre-series-upgrade" { hook.target_base.clone() } else { String::new() },
        secret: hook.is_secret().then_some(secret),
        storage,
    })
}

fn proxies(config: &Map<String, Value>, prefix: &str) -> Proxies {
    let value = |key: &str| {
        config.get(&format!("{prefix}{key}")).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    Proxies {
        http: value("http-proxy"),
        https: value("https-proxy"),
        ftp: value("ftp-proxy"),
        no: value("no-proxy"),
    }
}
