//! The Pebbles of a unit's containers.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use charmwright_pebble::Client;

/// The Pebbles of a unit's containers: one client each, so that whoever speaks to one in a hook shares its connections,
/// and its version is asked for once.
pub struct Pebbles {
    connect: Box<dyn Fn(&str) -> Client + Send + Sync>,
    clients: Mutex<BTreeMap<String, Client>>,
}

impl Pebbles {
    /// Those whose sockets are in this folder; `/charm/containers` under Juju.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self::new(move |container| Client::new(folder.join(container).join("pebble.socket")))
    }

    /// Those that `connect` leads to, given a container's name: for tests, with a simulated Pebble behind the client.
    ///
    /// `connect` is called once for each container.
    pub fn new(connect: impl Fn(&str) -> Client + Send + Sync + 'static) -> Self {
        Self { connect: Box::new(connect), clients: Mutex::default() }
    }

    /// The client of a container. Its Pebble need not be there.
    pub fn client(&self, container: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(container.to_owned()).or_insert_with(|| (self.connect)(container)).clone()
    }
}

impl fmt::Debug for Pebbles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pebbles").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_container_has_its_own_socket() {
        let pebbles = Pebbles::in_folder("/charm/containers");
        for name in ["web", "db", "web"] {
            let socket = format!("/charm/containers/{name}/pebble.socket");
            assert_eq!(pebbles.client(name).socket(), std::path::Path::new(&socket));
        }
    }
}
