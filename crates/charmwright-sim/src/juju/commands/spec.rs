//! `k8s-spec-get`, `k8s-spec-set`, `k8s-raw-get`, `k8s-raw-set`, and the first two by their old names

use super::invocation::{Invocation, Stop, failed, wrong};
use super::settings_file::content;
use crate::juju::text::flags::{self, Given, Takes, none};

pub(super) fn spec_get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    none(&invocation.no_options()?).map_err(wrong)?;
    let spec = invocation.run.get_pod_spec()?;
    invocation.print_raw(&spec);
    Ok(())
}

pub(super) fn raw_get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    none(&invocation.no_options()?).map_err(wrong)?;
    let spec = invocation.run.get_raw_k8s_spec()?;
    invocation.print_raw(&spec);
    Ok(())
}

pub(super) fn spec_set(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let (mut file, mut resources) = ("-", "");
    let options = [("file", Takes::Text), ("k8s-resources", Takes::Text)];
    let arguments = flags::parse(invocation.args, &options, |name, given| {
        if let Given::Text(given) = given {
            *(if name == "file" { &mut file } else { &mut resources }) = given;
        }
        Ok(())
    })?;
    none(&arguments).map_err(wrong)?;
    let mut spec = wanted(invocation, file, "k8s spec")?;
    if !resources.is_empty() {
        spec.extend(content(invocation, resources)?);
    }
    invocation.run.set_pod_spec(text(&spec))?;
    Ok(())
}

pub(super) fn raw_set(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut file = "-";
    let arguments = flags::parse(invocation.args, &[("file", Takes::Text)], |_, given| {
        if let Given::Text(given) = given {
            file = given;
        }
        Ok(())
    })?;
    none(&arguments).map_err(wrong)?;
    let spec = wanted(invocation, file, "k8s raw spec")?;
    invocation.run.set_raw_k8s_spec(text(&spec))?;
    Ok(())
}

fn wanted(invocation: &Invocation<'_, '_>, file: &str, what: &str) -> Result<Vec<u8>, Stop> {
    let spec = content(invocation, file)?;
    if spec.is_empty() {
        return Err(failed(format!(
            "no {what} specified: pipe {what} to command, or specify a file with --file"
        )));
    }
    Ok(spec)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
