//! The environment of `dispatch`: just what Juju 3.6.11 sets, nothing inherited.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::events::Hook;
use crate::model::Model;

/// Where things are.
#[derive(Debug, Clone)]
pub struct Place {
    /// The charm's folder, which is also the working directory.
    pub charm: PathBuf,
    /// The folder with the hook commands.
    pub tools: PathBuf,
    /// The socket that hook commands speak to.
    pub socket: PathBuf,
    /// What follows the hook commands on the `PATH`.
    pub path: String,
}

/// The variables of a hook or an action. `local_goes` says that our own unit is being removed.
pub fn environment(
    hook: &Hook,
    model: &Model,
    place: &Place,
    context_id: &str,
    local_goes: bool,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: &str| drop(variables.insert(name.to_owned(), value.to_owned()));
    let name = hook.name(model);
    for empty in [
        "CLOUD_API_VERSION",
        "JUJU_AVAILABILITY_ZONE",
        "JUJU_CHARM_FTP_PROXY",
        "JUJU_CHARM_HTTP_PROXY",
        "JUJU_CHARM_HTTPS_PROXY",
        "JUJU_CHARM_NO_PROXY",
        "JUJU_MACHINE_ID",
        "JUJU_PRINCIPAL_UNIT",
        "JUJU_SLA",
    ] {
        set(empty, "");
    }
    let charm = place.charm.display().to_string();
    set("CHARM_DIR", &charm);
    set("JUJU_CHARM_DIR", &charm);
    set("JUJU_AGENT_SOCKET_ADDRESS", &place.socket.display().to_string());
    set("JUJU_AGENT_SOCKET_NETWORK", "unix");
    set("JUJU_API_ADDRESSES", "127.0.0.1:17070");
    set("JUJU_CONTEXT_ID", context_id);
    set("JUJU_MODEL_NAME", &model.name);
    set("JUJU_MODEL_UUID", "11111111-2222-4333-8444-555555555555");
    set("JUJU_UNIT_NAME", &model.unit);
    set("JUJU_VERSION", "3.6.11");
    set("LANG", "C.UTF-8");
    set("PATH", &format!("{}:{}", place.tools.display(), place.path));
    set("TERM", "tmux-256color");
    set("APT_LISTCHANGES_FRONTEND", "none");
    set("DEBIAN_FRONTEND", "noninteractive");
    if hook.is_action() {
        set("JUJU_DISPATCH_PATH", &format!("actions/{name}"));
        set("JUJU_HOOK_NAME", "");
    } else {
        set("JUJU_DISPATCH_PATH", &format!("hooks/{name}"));
        set("JUJU_HOOK_NAME", &name);
    }
    match hook {
        Hook::Relation { kind, relation, unit } => {
            let Some(one) = model.relations.get(relation) else {
                return variables;
            };
            set("JUJU_RELATION", &one.endpoint);
            set("JUJU_RELATION_ID", &format!("{}:{relation}", one.endpoint));
            set("JUJU_REMOTE_APP", &one.app);
            set("JUJU_REMOTE_UNIT", unit.as_deref().unwrap_or_default());
            if *kind == "departed" {
                let departing = if local_goes { Some(model.unit.as_str()) } else { unit.as_deref() };
                set("JUJU_DEPARTING_UNIT", departing.unwrap_or_default());
            }
        }
        Hook::PebbleReady { container, .. } => set("JUJU_WORKLOAD_NAME", container),
        Hook::SecretChanged { secret, .. } => {
            set("JUJU_SECRET_ID", &format!("secret:{secret}"));
            set("JUJU_SECRET_LABEL", model.secrets.get(secret).map_or("", |one| &one.label));
        }
        Hook::Action { name, .. } => {
            set("JUJU_ACTION_NAME", name);
            set("JUJU_ACTION_UUID", "1");
            set("JUJU_ACTION_TAG", "action-1");
        }
        Hook::Unit(_) | Hook::Custom(_) => {}
    }
    variables
}
