use std::fmt;

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
        Some(Self { protocol, from: from.parse().ok()?, to: to.parse().ok()? })
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
        assert_eq!(OpenedPort::parse("icmp"), None);
    }
}
