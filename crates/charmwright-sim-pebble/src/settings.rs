//! How a daemon is started.

use std::collections::BTreeMap;
use std::fmt;

use charmwright_pebble::Version;

/// How a daemon is started. Its `Debug` shows no values of the environment, no identities and no state.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which Pebble it is, without the `v`: 1.19.2, 1.26.0 (the default, and that of Juju 3.6) or 1.32.1.
    pub version: String,
    /// What it tells as its boot id: another one with every start where the daemon is PID 1.
    pub boot_id: String,
    /// The user that it runs as.
    pub user: u32,
    /// Its environment, which services and commands have too.
    pub environment: BTreeMap<String, String>,
    /// The layers in its folder: label and text, in order.
    pub layers: Vec<(String, String)>,
    /// The text of the file of identities.
    pub identities: Option<String>,
    /// Whether the services that are enabled start with it.
    pub autostart: bool,
    /// Where it serves plain HTTP; nowhere if empty.
    pub http_address: String,
    /// What the last daemon here left, by [`Pebble::state`](crate::Pebble::state); empty for nothing.
    pub state: Vec<u8>,
    /// What stands for chance.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: "1.26.0".to_owned(),
            boot_id: "5b8a1d2e-7c34-4f06-9a51-3d0e6c9f2b17".to_owned(),
            user: 0,
            environment: BTreeMap::new(),
            layers: Vec::new(),
            identities: None,
            autostart: false,
            http_address: String::new(),
            state: Vec::new(),
            seed: 0,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("version", &self.version)
            .field("boot_id", &self.boot_id)
            .field("user", &self.user)
            .field("environment", &self.environment.keys())
            .field("layers", &self.layers.iter().map(|(label, _)| label).collect::<Vec<_>>())
            .field("autostart", &self.autostart)
            .field("http_address", &self.http_address)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Whether this Pebble is at least 1 and this. What cannot be read counts as the newest.
    pub(crate) fn since(&self, minor: u32) -> bool {
        Version::parse(&self.version).number().is_none_or(|(major, own, _)| (major, own) >= (1, minor))
    }
}
