//! `network-get`, `unit-get`

use super::arguments::{RELATION, RelationId};
use super::invocation::{Invocation, Stop, failed, wrong};
use crate::juju::controller::{InterfaceAddress, InterfaceInfo, NetworkInfo};
use crate::juju::text::flags::{self, Given, Takes, none};
use crate::juju::text::quote::quoted;
use crate::juju::text::value::Field;
use crate::juju::text::{Output, Value};

/// Which parts are asked for.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[derive(Default)]
struct Wanted {
    primary: bool,
    bind: bool,
    ingress: bool,
    egress: bool,
}

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut relation = RelationId::of_hook(invocation.run)?;
    let mut output = Output::smart();
    let mut wanted = Wanted::default();
    let own = ["primary-address", "bind-address", "ingress-address", "egress-subnets"]
        .map(|name| (name, Takes::Truth));
    let options = [Output::OPTIONS.as_slice(), &RELATION, &own].concat();
    let run = &mut *invocation.run;
    let arguments = flags::parse(invocation.args, &options, |name, given| {
        if output.take(name, given)? || relation.take(run, name, given)? {
            return Ok(());
        }
        let asked = match name {
            "primary-address" => &mut wanted.primary,
            "bind-address" => &mut wanted.bind,
            "ingress-address" => &mut wanted.ingress,
            _ => &mut wanted.egress,
        };
        *asked = given == Given::Truth(true);
        Ok(())
    })?;
    let Some((binding, rest)) = arguments.split_first() else { return Err(wrong("no arguments specified")) };
    if binding.is_empty() {
        return Err(wrong("no binding name specified"));
    }
    none(rest).map_err(wrong)?;
    let mut networks = invocation.run.network_info(std::slice::from_ref(binding), relation.optional())?;
    let network = networks
        .remove(binding)
        .filter(|network| network.bind_addresses.as_ref().is_some_and(|interfaces| !interfaces.is_empty()))
        .ok_or_else(|| failed(format!("no network config found for binding {}", quoted(binding))))?;
    if let Some(error) = &network.error {
        return Err(failed(error.message.clone()));
    }
    let shown = shown(&network, &wanted, binding)?;
    invocation.print(&output, &shown)
}

/// The address that comes first of all.
fn first(network: &NetworkInfo) -> Option<&InterfaceAddress> {
    network.bind_addresses.as_deref()?.first()?.addresses.as_deref()?.first()
}

fn shown(network: &NetworkInfo, wanted: &Wanted, binding: &str) -> Result<Value, Stop> {
    let none_attached = || failed(format!("no addresses attached to space for binding {}", quoted(binding)));
    if wanted.primary {
        if wanted.ingress || wanted.egress || wanted.bind {
            return Err(failed("--primary-address must be the only flag specified"));
        }
        return Ok(Value::from(first(network).ok_or_else(none_attached)?.address.as_str()));
    }
    let mut parts: Vec<(&str, Value)> = Vec::new();
    if wanted.egress {
        parts.push(("egress-subnets", Value::Texts(network.egress_subnets.clone())));
    }
    if wanted.ingress {
        let address = match network.ingress_addresses.as_deref().and_then(<[String]>::first) {
            Some(address) => address,
            None => &first(network).ok_or_else(none_attached)?.address,
        };
        parts.push(("ingress-address", Value::from(address.as_str())));
    }
    if wanted.bind {
        // Juju does not expect that there is none.
        parts.push(("bind-address", Value::from(first(network).ok_or(Stop::Crashed)?.address.as_str())));
    }
    Ok(match parts.len() {
        0 => all(network),
        1 => parts.pop().map_or(Value::Absent, |(_, value)| value),
        _ => Value::map(parts),
    })
}

fn all(network: &NetworkInfo) -> Value {
    let interfaces = network.bind_addresses.iter().flatten().map(interface).collect::<Vec<_>>();
    let mut fields = vec![Field::new("bind-addresses", interfaces)];
    for (name, texts) in
        [("egress-subnets", &network.egress_subnets), ("ingress-addresses", &network.ingress_addresses)]
    {
        if let Some(texts) = texts.as_ref().filter(|texts| !texts.is_empty()) {
            fields.push(Field::new(name, Value::texts(texts.iter().map(String::as_str))));
        }
    }
    Value::Record(fields)
}

/// Three keys are there twice in YAML, once as older charms know them.
fn interface(interface: &InterfaceInfo) -> Value {
    let addresses = interface.addresses.iter().flatten().map(|address| {
        Value::Record(vec![
            Field::new("hostname", address.hostname.as_str()),
            Field::new("value", address.address.as_str()),
            Field::new("cidr", address.cidr.as_str()),
            Field::named(None, Some("address"), address.address.as_str()),
        ])
    });
    Value::Record(vec![
        Field::new("mac-address", interface.mac_address.as_str()),
        Field::new("interface-name", interface.interface_name.as_str()),
        Field::new("addresses", addresses.collect::<Vec<_>>()),
        Field::named(None, Some("macaddress"), interface.mac_address.as_str()),
        Field::named(None, Some("interfacename"), interface.interface_name.as_str()),
    ])
}

pub(super) fn unit_get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let arguments = invocation.output_options(&mut output)?;
    let Some((setting, rest)) = arguments.split_first() else { return Err(wrong("no setting specified")) };
    if !matches!(setting.as_str(), "private-address" | "public-address") {
        return Err(wrong(format!("unknown setting {}", quoted(setting))));
    }
    none(rest).map_err(wrong)?;
    let address = if setting == "public-address" {
        invocation.run.public_address()?
    } else {
        // The application's own binding; where that has no address, the unit's.
        let network = invocation.run.network_info(&[String::new()], None).ok();
        let network =
            network.and_then(|mut networks| networks.remove("")).filter(|found| found.error.is_none());
        match network.as_ref().and_then(first) {
            Some(address) if address.hostname.is_empty() => address.address.clone(),
            Some(address) => address.hostname.clone(),
            None => invocation.run.private_address()?,
        }
    };
    invocation.print(&output, &Value::from(address))
}
