//! What the contract is put to.

use std::path::PathBuf;
use std::process::ExitStatus;

use charmwright_pebble::Version;

use crate::case::Need;
use crate::daemon::{Daemon, Setup};
use crate::process::Process;

/// The real Pebbles, oldest first: of Juju 3.6.4 and later, of Juju 3.6.13 and later, and the newest.
const REAL: [&str; 3] = ["1.19.2", "1.26.0", "1.32.1"];

/// Something that says it is Pebble.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Its name: the version, for a real one.
    pub(crate) name: &'static str,
    /// The version that it must tell.
    pub(crate) version: Version,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// A real daemon.
    Program,
    /// The simulated daemon as such a program, which is told its version.
    Served(&'static str),
    /// A simulated daemon within the test's own process, on a clock of its own.
    InProcess,
}

/// All targets.
pub(crate) fn all() -> Vec<Target> {
    [REAL.map(real), SERVED.map(served), SIMULATED.map(simulated)].concat()
}

/// The same versions, simulated by a program of its own.
const SERVED: [(&str, &str); 3] =
    [("served-1.19.2", "1.19.2"), ("served-1.26.0", "1.26.0"), ("served-1.32.1", "1.32.1")];

fn served((name, version): (&'static str, &'static str)) -> Target {
    Target { name, version: Version::parse(version), kind: Kind::Served(version) }
}

/// The same versions, simulated within the test's own process.
const SIMULATED: [(&str, &str); 3] =
    [("in-process-1.19.2", "1.19.2"), ("in-process-1.26.0", "1.26.0"), ("in-process-1.32.1", "1.32.1")];

fn simulated((name, version): (&'static str, &str)) -> Target {
    Target { name, version: Version::parse(version), kind: Kind::InProcess }
}

fn real(version: &'static str) -> Target {
    Target { name: version, version: Version::parse(version), kind: Kind::Program }
}

impl Target {
    /// Whether cases that need this can be put to it.
    pub(crate) fn has(&self, need: Need) -> bool {
        match (&self.kind, need) {
            (
                Kind::Program | Kind::Served(_),
                Need::Socket | Need::Daemon | Need::Processes | Need::Clock | Need::Files | Need::Root,
            ) => true,
            // It has a script instead, a map of files, one user, and a clock that stands still.
            (Kind::InProcess, _) => false,
        }
    }

    /// Whether it is the simulated one. A case that asks says in what it differs on purpose, and why.
    pub(crate) fn is_simulated(&self) -> bool {
        !matches!(self.kind, Kind::Program)
    }

    /// The real one of the same version.
    pub(crate) fn real(&self) -> Self {
        let version = REAL.into_iter().find(|version| self.version == Version::parse(version));
        real(version.unwrap())
    }

    /// Whether it is at least of this version.
    pub(crate) fn since(&self, major: u32, minor: u32) -> bool {
        self.version.number().is_none_or(|(a, b, _)| (a, b) >= (major, minor))
    }

    /// Starts a daemon that holds its services.
    pub(crate) fn start(&self) -> Daemon {
        match self.kind {
            Kind::Program | Kind::Served(_) => self.start_with(Setup::default()),
            Kind::InProcess => Daemon::simulate(&self.version.to_string()),
        }
    }

    /// Starts a daemon.
    pub(crate) fn start_with(&self, setup: Setup) -> Daemon {
        Daemon::start(&self.program(), self.versioned(setup))
    }

    /// Starts a daemon that cannot run. How it ends, and what it says.
    pub(crate) fn start_in_vain(&self, setup: Setup) -> (ExitStatus, String) {
        Process::start_in_vain(&self.program(), &self.versioned(setup))
    }

    fn versioned(&self, mut setup: Setup) -> Setup {
        if let Kind::Served(version) = self.kind {
            setup.environment.push(("CHARMWRIGHT_PEBBLE_VERSION", version.to_owned()));
        }
        setup
    }

    fn program(&self) -> PathBuf {
        match &self.kind {
            Kind::Program => charmwright_peers::pebble_of(self.name),
            Kind::Served(_) => PathBuf::from(env!("CARGO_BIN_EXE_charmwright-sim-pebble")),
            Kind::InProcess => panic!("the case does not say that it needs a process"),
        }
    }
}
