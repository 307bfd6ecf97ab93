//! Ports, as Juju writes them.

use std::fmt;

use charmwright_event::EndpointName;

/// A transport protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A port that is open, or should be. Juju on Kubernetes knows single ports only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenedPort {
    /// The protocol.
    pub protocol: Protocol,
    /// The first port.
    pub from: u16,
    /// The last port; the same as the first for a single one.
    pub to: u16,
}

impl OpenedPort {
    /// One TCP port.
    pub fn tcp(port: u16) -> Self {
        Self { protocol: Protocol::Tcp, from: port, to: port }
    }

    /// Parses `80/tcp` or `8000-8999/udp`; `None` for what has no port, such as `icmp`.
    pub fn parse(text: &str) -> Option<Self> {
        let (range, protocol) = text.split_once('/')?;
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return None,
        };
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let port = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            if digits { text.parse::<u16>().ok() } else { None }
        };
        let (from, to) = (port(from)?, port(to)?);
        (from <= to).then_some(Self { protocol, from, to })
    }
}

/// What can be open: ports, or the messages that have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortRange {
    /// A port or a range of them.
    Ports(OpenedPort),
    /// ICMP. Not on Kubernetes.
    Icmp,
}

impl PortRange {
    /// Parses `80/tcp`, `8000-8999/udp` or `icmp`; `None` for what is nothing of these.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "icmp" { Some(Self::Icmp) } else { OpenedPort::parse(text).map(Self::Ports) }
    }
}

impl From<OpenedPort> for PortRange {
    fn from(port: OpenedPort) -> Self {
        Self::Ports(port)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ports(port) => port.fmt(f),
            Self::Icmp => f.write_str("icmp"),
        }
    }
}

/// What is open, and for which endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointPorts {
    /// What is open.
    pub ports: PortRange,
    /// For whom.
    pub endpoints: Endpoints,
}

/// The endpoints that a port is open for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoints {
    /// All of them, also those to come.
    All,
    /// These.
    Named(Vec<EndpointName>),
}

impl EndpointPorts {
    /// Parses `80/tcp (*)` or `80/tcp (db, web)`; `None` for what is nothing of these.
    pub fn parse(text: &str) -> Option<Self> {
        let (ports, endpoints) = text.split_once(' ')?;
        let endpoints = match endpoints.strip_prefix('(')?.strip_suffix(')')? {
            "*" => Endpoints::All,
            names => {
                let names = names.split(',').map(|name| EndpointName::parse(name.trim()).ok());
                Endpoints::Named(names.collect::<Option<_>>()?)
            }
        };
        Some(Self { ports: PortRange::parse(ports)?, endpoints })
    }
}

impl fmt::Display for OpenedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        if self.from == self.to {
            write!(f, "{}/{protocol}", self.from)
        } else {
            write!(f, "{}-{}/{protocol}", self.from, self.to)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_read_back_as_they_print() {
        for text in ["80/tcp", "8000-8999/udp"] {
            assert_eq!(OpenedPort::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["icmp", "80", "80/sctp", "90-80/tcp", "65536/tcp", "+80/tcp", "-80/tcp", "/tcp"] {
            assert_eq!(OpenedPort::parse(wrong), None, "{wrong}");
        }
        assert_eq!(PortRange::parse("icmp").unwrap().to_string(), "icmp");
    }

    #[test]
    fn endpoints_stand_in_parentheses() {
        let parsed = |text| EndpointPorts::parse(text).unwrap().endpoints;
        assert_eq!(parsed("80/tcp (*)"), Endpoints::All);
        let names = |names: &[&str]| names.iter().map(|name| EndpointName::parse(name).unwrap()).collect();
        assert_eq!(parsed("80-90/tcp (db, web)"), Endpoints::Named(names(&["db", "web"])));
        assert_eq!(parsed("icmp (db,web)"), Endpoints::Named(names(&["db", "web"])));
        for wrong in ["80/tcp", "80/tcp ()", "80/tcp (", "80/tcp db", " (*)"] {
            assert_eq!(EndpointPorts::parse(wrong), None, "{wrong}");
        }
    }
}
