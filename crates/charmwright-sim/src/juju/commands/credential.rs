//! `credential-get`

use super::invocation::{Invocation, Stop, wrong};
use crate::juju::controller::{CloudCredential, CloudSpec};
use crate::juju::text::flags::none;
use crate::juju::text::value::Field;
use crate::juju::text::{Output, Value};

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let arguments = invocation.output_options(&mut output)?;
    none(&arguments).map_err(wrong)?;
    let spec = invocation
        .run
        .cloud_spec()
        .map_err(|failure| failure.while_doing("cannot access cloud credentials"))?;
    invocation.print(&output, &shown(spec))
}

/// A field that JSON leaves out when it is empty, and YAML never does.
fn field(in_json: &'static str, in_yaml: &'static str, there: bool, value: impl Into<Value>) -> Field {
    Field::named(there.then_some(in_json), Some(in_yaml), value)
}

fn text(in_json: &'static str, in_yaml: &'static str, text: String) -> Field {
    field(in_json, in_yaml, !text.is_empty(), text)
}

fn texts(name: &'static str, texts: Option<Vec<String>>) -> Field {
    let there = texts.as_ref().is_some_and(|texts| !texts.is_empty());
    field(name, name, there, Value::Texts(texts))
}

fn shown(spec: CloudSpec) -> Value {
    let credential = spec.credential.map_or(Value::Absent, credential);
    Value::Record(vec![
        Field::new("type", spec.kind),
        Field::new("name", spec.name),
        text("region", "region", spec.region),
        text("endpoint", "endpoint", spec.endpoint),
        text("identity-endpoint", "identityendpoint", spec.identity_endpoint),
        text("storage-endpoint", "storageendpoint", spec.storage_endpoint),
        field("credential", "credential", credential != Value::Absent, credential),
        texts("cacertificates", spec.ca_certificates),
        field("skip-tls-verify", "skiptlsverify", spec.skip_tls_verify, spec.skip_tls_verify),
        field("is-controller-cloud", "iscontrollercloud", spec.is_controller_cloud, spec.is_controller_cloud),
    ])
}

fn credential(credential: CloudCredential) -> Value {
    Value::Record(vec![
        Field::named(Some("auth-type"), Some("authtype"), credential.auth_type),
        field("attrs", "attributes", !credential.attributes.is_empty(), Value::map(credential.attributes)),
        texts("redacted", credential.redacted),
    ])
}
