//! The environment of a charm: just what Juju sets, nothing inherited but the end of the `PATH` and what Kubernetes
//! tells every pod.

mod base;
mod host;
mod release;

use std::path::Path;

pub use host::{Host, System};
pub use release::release;

use super::version::JujuVersion;

/// A variable and its value.
pub type Variable = (String, String);

/// What a run's environment tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The charm's folder.
    pub charm: String,
    /// The folder with the hook commands.
    pub tools: String,
    /// The socket that hook commands speak to.
    pub socket: String,
    /// `JUJU_CONTEXT_ID`
    pub context_id: String,
    /// The hook's full name; empty for actions and juju-exec.
    pub hook_name: String,
    /// `app/0`
    pub unit: String,
    /// The model's id.
    pub model_uuid: String,
    /// The model's name.
    pub model_name: String,
    /// The controllers.
    pub api_addresses: Vec<String>,
    /// The level of service.
    pub sla: String,
    /// The machine's id; empty on Kubernetes.
    pub machine: String,
    /// The unit that this one is a subordinate of.
    pub principal: String,
    /// Where the machine is.
    pub zone: String,
    /// The agent's own version.
    pub agent_version: String,
    /// The version of the cloud's API.
    pub cloud_api_version: String,
    /// The proxies that charms are told of: `juju-http-proxy` and so on.
    pub juju_proxy: Proxies,
    /// The proxies that every program is told of: `http-proxy` and so on.
    pub legacy_proxy: Proxies,
    /// The relation that the run is about.
    pub relation: Option<Relation>,
    /// The action: its name and its id.
    pub action: Option<(String, String)>,
    /// The container that the hook is about.
    pub workload: String,
    /// The notice: its id, type and key.
    pub notice: Option<(String, String, String)>,
    /// The check that failed or recovered.
    pub check: String,
    /// The base that the machine is going to have.
    pub target_base: String,
    /// The secret that the hook is about.
    pub secret: Option<Secret>,
    /// The storage that the hook is about, if it is provisioned.
    pub storage: Option<Storage>,
}

/// Proxies, each empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For http.
    pub http: String,
    /// For https.
    pub https: String,
    /// For ftp.
    pub ftp: String,
    /// What is reached without one, with commas between.
    pub no: String,
}

/// The relation that a run is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relation {
    /// Our endpoint.
    pub endpoint: String,
    /// The relation's number.
    pub id: i64,
    /// The unit at the other end.
    pub remote_unit: String,
    /// The application at the other end.
    pub remote_app: String,
    /// The unit that goes away.
    pub departing_unit: String,
}

/// The secret that a hook is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secret {
    /// Its URI, as the hook names it.
    pub uri: String,
    /// Its label.
    pub label: String,
    /// Its revision; 0 where the hook has none.
    pub revision: i64,
}

/// The storage that a hook is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Storage {
    /// `data/0`
    pub id: String,
    /// `block` or `filesystem`
    pub kind: String,
    /// Where it is.
    pub location: String,
}

/// The variables of a run, in Juju's own order. For hooks and actions the runner adds `JUJU_DISPATCH_PATH`.
///
/// # Errors
///
/// If the target base is none that Juju knows.
pub fn variables(facts: &Facts, host: &Host, version: JujuVersion) -> Result<Vec<Variable>, String> {
    let mut list = legacy(&facts.legacy_proxy);
    list.extend(host.kubernetes.iter().cloned());
    let mut set = |name: &str, value: &str| list.push((name.to_owned(), value.to_owned()));
    set("CHARM_DIR", &facts.charm);
    set("JUJU_CHARM_DIR", &facts.charm);
    set("JUJU_CONTEXT_ID", &facts.context_id);
    set("JUJU_HOOK_NAME", &facts.hook_name);
    set("JUJU_AGENT_SOCKET_ADDRESS", &facts.socket);
    set("JUJU_AGENT_SOCKET_NETWORK", "unix");
    set("JUJU_UNIT_NAME", &facts.unit);
    set("JUJU_MODEL_UUID", &facts.model_uuid);
    set("JUJU_MODEL_NAME", &facts.model_name);
    set("JUJU_API_ADDRESSES", &facts.api_addresses.join(" "));
    if version < JujuVersion::V4_0 {
        set("JUJU_SLA", &facts.sla);
    }
    set("JUJU_MACHINE_ID", &facts.machine);
    set("JUJU_PRINCIPAL_UNIT", &facts.principal);
    set("JUJU_AVAILABILITY_ZONE", &facts.zone);
    set("JUJU_VERSION", &facts.agent_version);
    set("CLOUD_API_VERSION", &facts.cloud_api_version);
    set("JUJU_CHARM_HTTP_PROXY", &facts.juju_proxy.http);
    set("JUJU_CHARM_HTTPS_PROXY", &facts.juju_proxy.https);
    set("JUJU_CHARM_FTP_PROXY", &facts.juju_proxy.ftp);
    set("JUJU_CHARM_NO_PROXY", &facts.juju_proxy.no);
    if let Some(relation) = &facts.relation {
        set("JUJU_RELATION", &relation.endpoint);
        set("JUJU_RELATION_ID", &format!("{}:{}", relation.endpoint, relation.id));
        set("JUJU_REMOTE_UNIT", &relation.remote_unit);
        set("JUJU_REMOTE_APP", &relation.remote_app);
        if !relation.departing_unit.is_empty() {
            set("JUJU_DEPARTING_UNIT", &relation.departing_unit);
        }
    }
    if let Some((name, id)) = &facts.action {
        set("JUJU_ACTION_NAME", name);
        set("JUJU_ACTION_UUID", id);
        set("JUJU_ACTION_TAG", &format!("action-{id}"));
    }
    workload(facts, &mut set);
    if !facts.target_base.is_empty() {
        let series = base::series(&facts.target_base)?;
        set("JUJU_TARGET_BASE", &facts.target_base);
        set("JUJU_TARGET_SERIES", series);
    }
    if let Some(secret) = &facts.secret {
        set("JUJU_SECRET_ID", &secret.uri);
        set("JUJU_SECRET_LABEL", &secret.label);
        if secret.revision > 0 {
            set("JUJU_SECRET_REVISION", &secret.revision.to_string());
        }
    }
    if let Some(storage) = &facts.storage {
        set("JUJU_STORAGE_ID", &storage.id);
        set("JUJU_STORAGE_LOCATION", &storage.location);
        set("JUJU_STORAGE_KIND", &storage.kind);
    }
    list.extend(host.variables(Path::new(&facts.tools)));
    Ok(list)
}

fn workload(facts: &Facts, set: &mut impl FnMut(&str, &str)) {
    if facts.workload.is_empty() {
        return;
    }
    set("JUJU_WORKLOAD_NAME", &facts.workload);
    if let Some((id, kind, key)) = &facts.notice {
        set("JUJU_NOTICE_ID", id);
        set("JUJU_NOTICE_TYPE", kind);
        set("JUJU_NOTICE_KEY", key);
    }
    if !facts.check.is_empty() {
        set("JUJU_PEBBLE_CHECK_NAME", &facts.check);
    }
}

/// In lower and in upper case, and only if there is a proxy at all.
fn legacy(proxies: &Proxies) -> Vec<Variable> {
    if [&proxies.http, &proxies.https, &proxies.ftp].iter().all(|proxy| proxy.is_empty()) {
        return Vec::new();
    }
    let mut without: Vec<&str> = proxies.no.split(',').collect();
    without.sort_unstable();
    without.dedup();
    let without = without.join(",");
    let all = [
        ("http_proxy", &proxies.http),
        ("https_proxy", &proxies.https),
        ("ftp_proxy", &proxies.ftp),
        ("no_proxy", &without),
    ];
    let set = all.into_iter().filter(|(_, value)| !value.is_empty());
    set.flat_map(|(name, value)| [(name.to_owned(), value.clone()), (name.to_uppercase(), value.clone())])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(system: System) -> Host {
        Host {
            system,
            path: "/bin".to_owned(),
            kubernetes: vec![("KUBERNETES_PORT".to_owned(), "1".to_owned())],
        }
    }

    fn lines(facts: &Facts, version: JujuVersion) -> Vec<String> {
        let all = variables(facts, &host(System::Other), version).unwrap();
        all.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// What `facts` adds to the environment of a run of no kind.
    fn added(facts: &Facts) -> Vec<String> {
        let plain = lines(&Facts::default(), JujuVersion::V3_6);
        lines(facts, JujuVersion::V3_6).into_iter().filter(|line| !plain.contains(line)).collect()
    }

    #[test]
    fn a_run_without_any_event_has_the_core_variables() {
        let names: Vec<_> = lines(&Facts::default(), JujuVersion::V3_6)
            .into_iter()
            .map(|line| line.split_once('=').unwrap().0.to_owned())
            .collect();
        assert_eq!(
            names.join(" "),
            "KUBERNETES_PORT CHARM_DIR JUJU_CHARM_DIR JUJU_CONTEXT_ID JUJU_HOOK_NAME JUJU_AGENT_SOCKET_ADDRESS \
             JUJU_AGENT_SOCKET_NETWORK JUJU_UNIT_NAME JUJU_MODEL_UUID JUJU_MODEL_NAME JUJU_API_ADDRESSES JUJU_SLA \
             JUJU_MACHINE_ID JUJU_PRINCIPAL_UNIT JUJU_AVAILABILITY_ZONE JUJU_VERSION CLOUD_API_VERSION \
             JUJU_CHARM_HTTP_PROXY JUJU_CHARM_HTTPS_PROXY JUJU_CHARM_FTP_PROXY JUJU_CHARM_NO_PROXY LANG PATH TERM"
        );
        assert!(!lines(&Facts::default(), JujuVersion::V4_0).contains(&"JUJU_SLA=".to_owned()));
    }

    #[test]
    fn a_relation_hook_names_its_remote_even_if_there_is_none() {
        let relation = Relation { endpoint: "db".to_owned(), id: 7, ..Relation::default() };
        assert_eq!(
            added(&Facts { relation: Some(relation.clone()), ..Facts::default() }),
            ["JUJU_RELATION=db", "JUJU_RELATION_ID=db:7", "JUJU_REMOTE_UNIT=", "JUJU_REMOTE_APP="]
        );
        let departing = Relation { departing_unit: "pg/0".to_owned(), ..relation };
        let added = added(&Facts { relation: Some(departing), ..Facts::default() });
        assert_eq!(added.last().unwrap(), "JUJU_DEPARTING_UNIT=pg/0");
    }

    #[test]
    fn a_secrets_revision_is_told_only_where_there_is_one() {
        let secret = Secret { uri: "secret:x".to_owned(), label: String::new(), revision: 0 };
        let facts = |secret| Facts { secret: Some(secret), ..Facts::default() };
        assert_eq!(added(&facts(secret.clone())), ["JUJU_SECRET_ID=secret:x", "JUJU_SECRET_LABEL="]);
        assert_eq!(added(&facts(Secret { revision: 2, ..secret })).last().unwrap(), "JUJU_SECRET_REVISION=2");
    }

    #[test]
    fn a_notice_or_a_check_is_told_with_its_container() {
        let text = str::to_owned;
        let mut facts = Facts { workload: text("web"), check: text("up"), ..Facts::default() };
        assert_eq!(added(&facts), ["JUJU_WORKLOAD_NAME=web", "JUJU_PEBBLE_CHECK_NAME=up"]);
        facts.check = String::new();
        facts.notice = Some((text("3"), text("custom"), text("a.b/c")));
        let notice = [
            "JUJU_WORKLOAD_NAME=web",
            "JUJU_NOTICE_ID=3",
            "JUJU_NOTICE_TYPE=custom",
            "JUJU_NOTICE_KEY=a.b/c",
        ];
        assert_eq!(added(&facts), notice);
    }

    #[test]
    fn legacy_proxies_are_told_twice_and_what_needs_none_only_with_them() {
        let mut legacy_proxy = Proxies { no: "b,a,b".to_owned(), ..Proxies::default() };
        assert_eq!(added(&Facts { legacy_proxy: legacy_proxy.clone(), ..Facts::default() }), [""; 0]);
        legacy_proxy.https = "p".to_owned();
        assert_eq!(
            added(&Facts { legacy_proxy, ..Facts::default() }),
            ["https_proxy=p", "HTTPS_PROXY=p", "no_proxy=a,b", "NO_PROXY=a,b"]
        );
    }

    #[test]
    fn a_target_base_is_told_with_its_series() {
        let target = |base: &str| {
            variables(
                &Facts { target_base: base.to_owned(), ..Facts::default() },
                &host(System::Other),
                JujuVersion::V3_6,
            )
        };
        for (base, series) in
            [("ubuntu@22.04", "jammy"), ("ubuntu@24.04/stable", "noble"), ("centos@7", "centos7")]
        {
            let variables = target(base).unwrap();
            assert!(variables.contains(&("JUJU_TARGET_SERIES".to_owned(), series.to_owned())), "{base}");
        }
        for (base, error) in [
            ("jammy", "expected base string to contain os and channel separated by '@'"),
            ("ubuntu@", "empty channel not valid"),
            ("ubuntu@1.2", "os \"ubuntu\" version \"1.2\" not found"),
            ("ubuntu@22.04/x", "risk in channel \"22.04/x\" not valid"),
        ] {
            assert_eq!(target(base), Err(error.to_owned()));
        }
    }
}
