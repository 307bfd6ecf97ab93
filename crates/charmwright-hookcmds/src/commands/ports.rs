//! Ports.

use charmwright_event::EndpointName;

use super::HookCommands;
use crate::error::Error;
use crate::port::{EndpointPorts, OpenedPort, PortRange};

impl HookCommands {
    /// `opened-ports`, without what has no port.
    ///
    /// Newer Jujus count in what this hook has opened and closed, older ones do not.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn opened_ports(&self) -> Result<Vec<OpenedPort>, Error> {
        let ports: Vec<String> = self.read_or_default("opened-ports", &[], "a list of ports")?;
        Ok(ports.iter().filter_map(|text| OpenedPort::parse(text)).collect())
    }

    /// `opened-ports --endpoints`: what is open, and for which endpoints.
    ///
    /// # Errors
    ///
    /// If the command fails or answers what are no ports.
    pub fn opened_ports_by_endpoint(&self) -> Result<Vec<EndpointPorts>, Error> {
        let (command, expected) = ("opened-ports", "a list of ports with endpoints");
        let ports: Vec<String> = self.read_or_default(command, &["--endpoints"], expected)?;
        let wrong = || Error::Answer { command, expected };
        ports.iter().map(|text| EndpointPorts::parse(text).ok_or_else(wrong)).collect()
    }

    /// `open-port`. Takes effect when the hook succeeds. On Kubernetes from Juju 3.0.3.
    ///
    /// # Errors
    ///
    /// If the command fails: [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the port conflicts with
    /// another, [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is a range on Kubernetes.
    pub fn open_port(&self, port: OpenedPort) -> Result<(), Error> {
        self.write("open-port", &[&port.to_string()])
    }

    /// `close-port`. Takes effect when the hook succeeds. On Kubernetes from Juju 3.0.3.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn close_port(&self, port: OpenedPort) -> Result<(), Error> {
        self.write("close-port", &[&port.to_string()])
    }

    /// `open-port --endpoints`: opens for these endpoints, for all if there is none among them. Takes effect when
    /// the hook succeeds.
    ///
    /// What fails at the end of the hook, and with it the hook: `icmp` on Kubernetes, an endpoint that is not
    /// declared, a conflict with a port that another unit of the machine opened meanwhile.
    ///
    /// # Errors
    ///
    /// As for [`open_port`](Self::open_port).
    pub fn open_port_for(&self, ports: PortRange, endpoints: &[EndpointName]) -> Result<(), Error> {
        self.change_port("open-port", ports, endpoints)
    }

    /// `close-port --endpoints`: closes for these endpoints, for all if there is none among them. Takes effect
    /// when the hook succeeds.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn close_port_for(&self, ports: PortRange, endpoints: &[EndpointName]) -> Result<(), Error> {
        self.change_port("close-port", ports, endpoints)
    }

    fn change_port(
        &self,
        command: &'static str,
        ports: PortRange,
        endpoints: &[EndpointName],
    ) -> Result<(), Error> {
        let ports = ports.to_string();
        if endpoints.is_empty() {
            return self.write(command, &[&ports]);
        }
        let endpoints: Vec<&str> = endpoints.iter().map(EndpointName::as_str).collect();
        self.write(command, &["--endpoints", &endpoints.join(","), &ports])
    }
}
