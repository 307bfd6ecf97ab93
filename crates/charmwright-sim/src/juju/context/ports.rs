//! Ports: what was open when the run began, and what is to be opened and closed.

use std::collections::BTreeMap;
use std::fmt;

use super::{Failure, FailureKind, GroupedPorts, JujuVersion, PortRange, Run};
use crate::juju::controller::{Port, quoted};

/// What is open, and what is to be opened and closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PortChanges {
    on_kubernetes: bool,
    opened: BTreeMap<String, GroupedPorts>,
    pub(super) to_open: GroupedPorts,
    pub(super) to_close: GroupedPorts,
}

/// Why a range is not opened or closed.
enum Conflict {
    /// It is just as it is to be.
    Same,
    Other(String),
}

impl PortRange {
    /// Checks that there can be such a range.
    ///
    /// # Errors
    ///
    /// The protocol is unknown, or the ports are none.
    pub fn validate(&self) -> Result<(), Failure> {
        let protocol = self.protocol.to_lowercase();
        let fail = |message: String| Err(Failure::new(message));
        match protocol.as_str() {
            "icmp" if self.from == self.to && self.from == -1 => Ok(()),
            "icmp" => fail(format!("protocol \"icmp\" doesn't support any ports; got \"{}\"", self.from)),
            "tcp" | "udp" if self.from > self.to => fail(format!("invalid port range {self}")),
            "tcp" | "udp" if [self.from, self.to].iter().any(|port| !(0..=65535).contains(port)) => {
                fail(format!("port range bounds must be between 0 and 65535, got {}-{}", self.from, self.to))
            }
            "tcp" | "udp" => Ok(()),
            _ => fail(format!(r#"invalid protocol {}, expected "tcp", "udp", or "icmp""#, quoted(&protocol))),
        }
    }

    fn conflicts_with(&self, other: &Self) -> bool {
        self.protocol == other.protocol && self.to >= other.from && other.to >= self.from
    }
}

/// `80/tcp`, `80-90/udp`, `icmp`
impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = self.protocol.to_lowercase();
        if protocol == "icmp" {
            return f.write_str(&protocol);
        }
        if self.from == self.to {
            return write!(f, "{}/{protocol}", self.from);
        }
        write!(f, "{}-{}/{protocol}", self.from, self.to)
    }
}

impl PortChanges {
    pub(super) fn over(opened: BTreeMap<String, Vec<Port>>, on_kubernetes: bool) -> Self {
        let mut grouped: BTreeMap<String, GroupedPorts> = BTreeMap::new();
        for (unit, ports) in opened {
            let by_endpoint = grouped.entry(unit).or_default();
            for port in ports {
                let range = PortRange { protocol: port.protocol, from: port.from, to: port.to };
                by_endpoint.entry(port.endpoint).or_default().push(range.clone());
            }
        }
        Self { on_kubernetes, opened: grouped, ..Self::default() }
    }

    fn check(&self, range: &PortRange) -> Result<(), Failure> {
        range.validate()?;
        if self.on_kubernetes && range.from != range.to {
            let message = "port ranges are not supported for k8s applications, please specify a single port";
            return Err(Failure::of_kind(FailureKind::NotSupported, message));
        }
        Ok(())
    }

    fn open(&mut self, unit: &str, endpoint: &str, range: &PortRange) -> Result<(), Failure> {
        self.check(range)?;
        forget(&mut self.to_close, endpoint, range);
        let cannot =
            |why: String| Failure::new(format!("cannot open {range} (unit {}): {why}", quoted(unit)));
        match conflict(unit, endpoint, range, unit, &self.to_open, true) {
            Some(Conflict::Same) => return Ok(()),
            Some(Conflict::Other(why)) => return Err(cannot(why)),
            None => {}
        }
        if self.on_kubernetes {
            // Applications have addresses of their own there, so only what is the same counts.
            let own = self.opened.get(unit).and_then(|grouped| grouped.get(endpoint));
            if own.is_some_and(|ranges| ranges.contains(range)) {
                return Ok(());
            }
        } else {
            for (other, ranges) in &self.opened {
                match conflict(unit, endpoint, range, other, ranges, false) {
                    Some(Conflict::Same) => return Ok(()),
                    Some(Conflict::Other(why)) => return Err(cannot(why)),
                    None => {}
                }
            }
        }
        self.to_open.entry(endpoint.to_owned()).or_default().push(range.clone());
        Ok(())
    }

    fn close(&mut self, unit: &str, endpoint: &str, range: &PortRange) -> Result<(), Failure> {
        self.check(range)?;
        forget(&mut self.to_open, endpoint, range);
        let cannot =
            |why: String| Failure::new(format!("cannot close {range} (unit {}): {why}", quoted(unit)));
        match conflict(unit, endpoint, range, unit, &self.to_close, true) {
            Some(Conflict::Same) => return Ok(()),
            Some(Conflict::Other(why)) => return Err(cannot(why)),
            None => {}
        }
        if !self.on_kubernetes {
            for (other, ranges) in &self.opened {
                if let Some(Conflict::Other(why)) = conflict(unit, endpoint, range, other, ranges, false) {
                    return Err(cannot(why));
                }
            }
        }
        if !self.opened.is_empty() {
            self.to_close.entry(endpoint.to_owned()).or_default().push(range.clone());
        }
        Ok(())
    }

    /// What is open once the changes are made.
    fn merged(&self, unit: &str) -> GroupedPorts {
        let mut merged = self.opened.get(unit).cloned().unwrap_or_default();
        for (endpoint, ranges) in &self.to_open {
            for range in ranges {
                let have = merged.entry(endpoint.clone()).or_default();
                if !have.contains(range) {
                    have.push(range.clone());
                }
            }
        }
        for (endpoint, ranges) in &self.to_close {
            for range in ranges {
                forget(&mut merged, endpoint, range);
            }
        }
        merged.retain(|_, ranges| !ranges.is_empty());
        merged
    }
}

fn forget(grouped: &mut GroupedPorts, endpoint: &str, range: &PortRange) {
    if let Some(ranges) = grouped.get_mut(endpoint)
        && let Some(at) = ranges.iter().position(|have| have == range)
    {
        ranges.remove(at);
    }
}

/// The first of some ranges that a range is in the way of.
fn conflict(
    unit: &str,
    endpoint: &str,
    range: &PortRange,
    other_unit: &str,
    others: &GroupedPorts,
    pending: bool,
) -> Option<Conflict> {
    let earlier = if pending { " requested earlier" } else { "" };
    for (other_endpoint, ranges) in others {
        for other in ranges.iter().filter(|other| range.conflicts_with(other)) {
            if unit == other_unit && range == other {
                if endpoint == other_endpoint {
                    return Some(Conflict::Same);
                }
                continue;
            }
            let whose = quoted(other_unit);
            return Some(Conflict::Other(format!(
                "port range conflicts with {other} (unit {whose}){earlier}"
            )));
        }
    }
    None
}

impl Run<'_> {
    /// Notes that ports are to be opened; `""` is all endpoints.
    ///
    /// # Errors
    ///
    /// There can be no such range, or it is in the way of another.
    pub fn open_port_range(&mut self, endpoint: &str, range: &PortRange) -> Result<(), Failure> {
        let unit = self.unit_name().to_owned();
        self.context.ports.open(&unit, endpoint, range)
    }

    /// Notes that ports are to be closed; `""` is all endpoints.
    ///
    /// # Errors
    ///
    /// There can be no such range, or it is in the way of another.
    pub fn close_port_range(&mut self, endpoint: &str, range: &PortRange) -> Result<(), Failure> {
        let unit = self.unit_name().to_owned();
        self.context.ports.close(&unit, endpoint, range)
    }

    /// The unit's open ports, with what this run has changed. Juju 2.9 shows only what is open already.
    pub fn opened_port_ranges(&self) -> GroupedPorts {
        if self.version() == JujuVersion::V2_9 {
            return self.context.ports.opened.get(self.unit_name()).cloned().unwrap_or_default();
        }
        self.context.ports.merged(self.unit_name())
    }
}
