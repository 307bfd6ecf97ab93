//! The outline of a pod specification, which Juju looks at before it takes one: which fields there are, and what each
//! specification must have. What the fields of Kubernetes itself hold is not looked at.

use serde_json::{Map, Value};

use super::{Failure, FailureKind};
use crate::juju::controller::quoted;
use crate::juju::text::yaml;

/// The newest version of specifications.
const LATEST: i64 = 3;

const COMMON: &[&str] = &["version", "omitservicefrontend", "service", "configmaps", "containers"];
const LATER: &[&str] = &["serviceaccount", "kubernetesresources"];
const LEGACY: &[&str] = &[
    "initcontainers",
    "labels",
    "annotations",
    "restartpolicy",
    "activedeadlineseconds",
    "terminationgraceperiodseconds",
    "securitycontext",
    "readinessgates",
    "dnspolicy",
    "hostnetwork",
    "hostpid",
    "priorityclassname",
    "priority",
    "serviceaccountname",
    "automountserviceaccounttoken",
    "customresourcedefinitions",
];
const CONTAINER: &[&str] =
    &["name", "init", "image", "imagedetails", "ports", "command", "args", "workingdir", "imagepullpolicy"];
const OF_KUBERNETES: &[&str] = &["livenessprobe", "readinessprobe", "startupprobe", "securitycontext"];
const IMAGE: &[&str] = &["imagepath", "username", "password"];
const PORT: &[&str] = &["name", "containerport", "protocol"];
const RESOURCES: &[&str] = &[
    "pod",
    "secrets",
    "customresourcedefinitions",
    "customresources",
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "serviceaccounts",
    "ingressresources",
];

fn present(container: &Value, path: &[&str]) -> bool {
    let found = path.iter().try_fold(container, |value, key| value.get(key));
    found.and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}

/// Refuses the first field, by name, that is none of a kind of map; case does not matter.
fn known(
    map: &Value,
    fields: &[&[&str]],
    within: &dyn Fn(&str, &Value) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let empty = Map::new();
    for (name, value) in map.as_object().unwrap_or(&empty) {
        let folded = name.to_lowercase();
        if !fields.iter().any(|fields| fields.contains(&folded.as_str())) {
            return Err(Failure::new(format!("json: unknown field {}", quoted(name))));
        }
        within(&folded, value)?;
    }
    Ok(())
}

fn each(list: &Value, check: &dyn Fn(&Value) -> Result<(), Failure>) -> Result<(), Failure> {
    list.as_array().into_iter().flatten().try_for_each(check)
}

fn fields_of_container(container: &Value, version: i64) -> Result<(), Failure> {
    let of_version: &[&str] = match version {
        0 => &["config", "files"],
        2 => &["config", "files", "kubernetes"],
        _ => &["envconfig", "volumeconfig", "kubernetes"],
    };
    let of_kubernetes = if version == 0 { OF_KUBERNETES } else { &[] };
    known(container, &[CONTAINER, of_version, of_kubernetes], &|name, value| match name {
        "imagedetails" => known(value, &[IMAGE], &|_, _| Ok(())),
        "ports" => each(value, &|port| known(port, &[PORT], &|_, _| Ok(()))),
        "kubernetes" => known(value, &[OF_KUBERNETES], &|_, _| Ok(())),
        _ => Ok(()),
    })
}

fn fields(spec: &Value, version: i64) -> Result<(), Failure> {
    let of_version = if version == 0 { LEGACY } else { LATER };
    known(spec, &[COMMON, of_version], &|name, value| match name {
        "containers" | "initcontainers" => each(value, &|container| fields_of_container(container, version)),
        "kubernetesresources" => {
            let services: &[&str] = if version == LATEST { &["services"] } else { &[] };
            known(value, &[RESOURCES, services], &|_, _| Ok(()))
        }
        _ => Ok(()),
    })
}

fn version_of(spec: &Value) -> Result<i64, Failure> {
    let broken =
        |what: String| Failure::new(format!("yaml: unmarshal errors:\n  line 1: cannot unmarshal {what}"));
    if !matches!(spec, Value::Null | Value::Object(_)) {
        let kind = if spec.is_array() { "!!seq" } else { "!!str" };
        return Err(broken(format!("{kind} into specs.PodSpecVersion")));
    }
    match spec.get("version") {
        None | Some(Value::Null) => Ok(0),
        Some(version) => match version.as_i64() {
            Some(version @ (0 | 2 | LATEST)) => Ok(version),
            Some(version) => {
                let message = format!("latest supported version {LATEST}, but got podspec version {version}");
                Err(Failure::of_kind(FailureKind::NotSupported, message))
            }
            None => {
                let shown = version.as_str().unwrap_or_default();
                Err(broken(format!("!!str `{shown}` into specs.Version")))
            }
        },
    }
}

/// Checks that a specification has a known version, known fields, and containers with names and images.
pub(super) fn check(spec: &str) -> Result<(), Failure> {
    let spec: Value = serde_yaml::from_str(spec).map_err(|error| {
        let in_gos_words = yaml::texts(spec.as_bytes(), yaml::Target::Settings).err();
        Failure::new(in_gos_words.unwrap_or_else(|| format!("yaml: {error}")))
    })?;
    let version = version_of(&spec)?;
    fields(&spec, version)?;
    let containers = |key: &str| spec.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if containers("containers").is_empty() {
        return Err(Failure::new("require at least one container spec"));
    }
    for container in containers("containers").iter().chain(containers("initContainers")) {
        if !present(container, &["name"]) {
            return Err(Failure::new("spec name is missing"));
        }
        if !present(container, &["image"]) && !present(container, &["imageDetails", "imagePath"]) {
            return Err(Failure::new("spec image details is missing"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_needs_a_known_version_and_containers_with_names_and_images() {
        for (spec, refused) in [
            ("", "require at least one container spec"),
            ("version: 9", "latest supported version 3, but got podspec version 9"),
            ("containers: [{image: x}]", "spec name is missing"),
            ("containers: [{name: a}]", "spec image details is missing"),
            ("- 1", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into specs.PodSpecVersion"),
            ("a: [", "yaml: line 1: did not find expected node content"),
        ] {
            assert_eq!(check(spec).unwrap_err().to_string(), refused, "{spec}");
        }
        for spec in [
            "containers: [{name: a, image: x}]",
            "version: 3\ncontainers: [{name: a, imageDetails: {imagePath: x}, envConfig: {A: b}}]",
        ] {
            assert_eq!(check(spec), Ok(()));
        }
    }

    #[test]
    fn a_field_that_is_none_of_the_version_is_refused() {
        for (spec, field) in [
            ("x: 1", "x"),
            ("version: 3\nrestartPolicy: Always", "restartPolicy"),
            ("kubernetesResources: {}", "kubernetesResources"),
            ("version: 2\ncontainers: [{name: a, envConfig: {}}]", "envConfig"),
            ("containers: [{name: a, ports: [{port: 1}]}]", "port"),
        ] {
            let refused = check(spec).unwrap_err().to_string();
            assert_eq!(refused, format!("json: unknown field \"{field}\""), "{spec}");
        }
    }
}
