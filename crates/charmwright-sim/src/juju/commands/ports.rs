//! `open-port`, `close-port`, `opened-ports`

use super::invocation::{Invocation, Stop, wrong};
use crate::juju::context::{Failure, PortRange, Run};
use crate::juju::text::flags::{self, Given, Takes, none};
use crate::juju::text::number::atoi;
use crate::juju::text::quote::quoted;
use crate::juju::text::{Output, Value};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn open(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    change(invocation, Change::Open)
}

pub(super) fn close(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    change(invocation, Change::Close)
}

#[derive(Clone, Copy)]
enum Change {
    Open,
    Close,
}

impl Change {
    fn make(self, run: &mut Run<'_>, endpoint: &str, range: &PortRange) -> Result<(), Failure> {
        match self {
            Self::Open => run.open_port_range(endpoint, range),
            Self::Close => run.close_port_range(endpoint, range),
        }
    }
}

fn change(invocation: &mut Invocation<'_, '_>, change: Change) -> Result<(), Stop> {
    let (mut format, mut endpoints) = ("", "");
    let options = [("format", Takes::Text), ("endpoints", Takes::Text)];
    let arguments = flags::parse(invocation.args, &options, |name, given| {
        if let Given::Text(given) = given {
            *(if name == "format" { &mut format } else { &mut endpoints }) = given;
        }
        Ok(())
    })?;
    let Some((range, rest)) = arguments.split_first() else {
        return Err(wrong("no port or range specified"));
    };
    let range = parse(&range.to_lowercase()).map_err(wrong)?;
    none(rest).map_err(wrong)?;
    invocation.warn_of_format(format);
    if endpoints.is_empty() {
        change.make(invocation.run, "", &range)?;
        return Ok(());
    }
    for endpoint in endpoints.split(',') {
        change.make(invocation.run, endpoint.trim(), &range)?;
    }
    Ok(())
}

/// `80`, `80/udp`, `80-90/tcp`, `icmp`
fn parse(text: &str) -> Result<PortRange, String> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let number = |text: &str| atoi(text).map_err(|error| format!("invalid port {}: {error}", quoted(text)));
    let ends: Vec<&str> = ports.split('-').collect();
    let (from, to) = match ends.as_slice() {
        ["icmp"] => (-1, -1),
        [port] => {
            let port = number(port)?;
            (port, port)
        }
        [from, to] => (number(from)?, number(to)?),
        _ => return Err(format!("invalid port range {}", quoted(ports))),
    };
    let protocol = if from == -1 { "icmp" } else { protocol };
    let range = PortRange { protocol: protocol.to_owned(), from, to };
    check(&range)?;
    Ok(range)
}

fn check(range: &PortRange) -> Result<(), String> {
    let PortRange { protocol, from, to } = range;
    match protocol.as_str() {
        "icmp" if *from == -1 && *to == -1 => Ok(()),
        "icmp" => Err(format!("protocol \"icmp\" doesn't support any ports; got \"{from}\"")),
        "tcp" | "udp" if from > to => Err(format!("invalid port range {}", shown(range))),
        "tcp" | "udp" if !(0..=65535).contains(from) || !(0..=65535).contains(to) => {
            Err(format!("port range bounds must be between 0 and 65535, got {from}-{to}"))
        }
        "tcp" | "udp" => Ok(()),
        _ => Err(format!("invalid protocol {}, expected \"tcp\", \"udp\", or \"icmp\"", quoted(protocol))),
    }
}

fn shown(range: &PortRange) -> String {
    let PortRange { protocol, from, to } = range;
    match protocol.to_lowercase().as_str() {
        "icmp" => "icmp".to_owned(),
        protocol if from == to => format!("{from}/{protocol}"),
        protocol => format!("{from}-{to}/{protocol}"),
    }
}

pub(super) fn opened(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::smart();
    let mut with_endpoints = false;
    let arguments = invocation.options(&mut output, &[("endpoints", Takes::Truth)], |_, given| {
        with_endpoints = given == Given::Truth(true);
        Ok(())
    })?;
    none(&arguments).map_err(wrong)?;
    let mut endpoints: BTreeMap<PortRange, BTreeSet<String>> = BTreeMap::new();
    for (endpoint, ranges) in invocation.run.opened_port_ranges() {
        for range in ranges {
            endpoints.entry(range).or_default().insert(endpoint.clone());
        }
    }
    let lines = endpoints.into_iter().map(|(range, endpoints)| {
        if !with_endpoints {
            return shown(&range);
        }
        let endpoints = if endpoints.contains("") {
            "*".to_owned()
        } else {
            endpoints.into_iter().collect::<Vec<_>>().join(", ")
        };
        format!("{} ({endpoints})", shown(&range))
    });
    let lines = Value::texts(lines);
    invocation.print(&output, &lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_with_jujus_limits() {
        for (text, range) in [
            ("80", "80/tcp"),
            ("0", "0/tcp"),
            ("80/udp", "80/udp"),
            ("80-90", "80-90/tcp"),
            ("80-80", "80/tcp"),
            ("icmp", "icmp"),
            ("icmp/tcp", "icmp"),
        ] {
            assert_eq!(parse(text).map(|range| shown(&range)), Ok(range.to_owned()), "{text}");
        }
        for (text, error) in [
            ("x", r#"invalid port "x": strconv.Atoi: parsing "x": invalid syntax"#),
            ("1-x", r#"invalid port "x": strconv.Atoi: parsing "x": invalid syntax"#),
            ("1-2-3", r#"invalid port range "1-2-3""#),
            ("90-80", "invalid port range 90-80/tcp"),
            ("65536", "port range bounds must be between 0 and 65535, got 65536-65536"),
            ("80/sctp", r#"invalid protocol "sctp", expected "tcp", "udp", or "icmp""#),
            ("80/icmp", r#"protocol "icmp" doesn't support any ports; got "80""#),
        ] {
            assert_eq!(parse(text), Err(error.to_owned()), "{text}");
        }
    }
}
