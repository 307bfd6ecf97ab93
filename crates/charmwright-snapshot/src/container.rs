//! Workload containers.

use charmwright_event::{Datum, EventKind};
use charmwright_pebble::Client;

use crate::readiness::{NotYet, Ready, Waker};
use crate::snapshot::{ContainerSnapshot, ContainerState};

/// A workload container with its Pebble.
///
/// What is wanted of it is wished with `desired.container(&container)`. While its Pebble does not answer, the
/// wish is kept and the unit waits for `<container>-pebble-ready`.
#[derive(Debug, Clone)]
pub struct Container {
    name: String,
    seen: ContainerSnapshot,
    runs_what_is_wished: bool,
}

impl Container {
    pub(crate) fn new(name: &str, seen: ContainerSnapshot) -> Self {
        Self { name: name.to_owned(), seen, runs_what_is_wished: false }
    }

    /// For tests: a container whose Pebble does not answer.
    pub fn unreachable(name: &str) -> Self {
        Self::new(name, ContainerSnapshot::Unreachable { cause: "Pebble does not answer".to_owned() })
    }

    /// For tests: a container whose Pebble answers and knows nothing yet.
    pub fn fresh(name: &str) -> Self {
        Self::new(name, ContainerSnapshot::Up(Box::default()))
    }

    /// For tests: a container in which just that runs which is wished.
    pub fn running(name: &str) -> Self {
        Self { runs_what_is_wished: true, ..Self::fresh(name) }
    }

    /// Whether it was made by [`Container::running`].
    pub fn runs_what_is_wished(&self) -> bool {
        self.runs_what_is_wished
    }

    /// The name that charmcraft.yaml gives it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was seen in it.
    ///
    /// # Errors
    ///
    /// If its Pebble does not answer.
    pub fn state(&self) -> Ready<&ContainerState> {
        match &self.seen {
            ContainerSnapshot::Up(state) => Ok(state),
            ContainerSnapshot::Unreachable { cause } => Err(self.not_yet(cause)),
        }
    }

    /// A cause of your own, which ends when Pebble starts again.
    pub fn not_yet(&self, cause: impl Into<String>) -> NotYet {
        NotYet::waiting(&self.name, cause, Waker::of(EventKind::PebbleReady, &self.name, Datum::Container))
    }

    /// A service that does not run as it should. Pebble tells Juju of a check that recovers (Juju 3.6), of a
    /// service that comes up it does not.
    pub fn service_not_yet(&self, service: &str, cause: &str, checked: bool) -> NotYet {
        let waker = if checked {
            Waker::of(EventKind::PebbleCheckRecovered, &self.name, Datum::Check)
        } else {
            Waker::of(EventKind::UpdateStatus, &self.name, Datum::World)
        };
        NotYet::waiting(&self.name, format!("service {service} {cause}"), waker)
    }

    /// A check that is down. Pebble tells Juju when it recovers (Juju 3.6).
    pub fn check_down(&self, check: &str) -> NotYet {
        let waker = Waker::of(EventKind::PebbleCheckRecovered, &self.name, Datum::Check);
        NotYet::waiting(&self.name, format!("check {check} is down"), waker)
    }

    /// The client for a container of a charm that runs under Juju, where sockets are in `containers`.
    pub fn client(containers: &std::path::Path, name: &str) -> Client {
        Client::new(containers.join(name).join("pebble.socket"))
    }
}
