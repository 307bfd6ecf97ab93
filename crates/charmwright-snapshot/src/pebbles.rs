//! The Pebbles of a unit's containers.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use charmwright_pebble::Client;

/// How long all requests to one container's Pebble may take in a hook, together. Pebble answers within milliseconds, under
/// load within a second or two; a daemon that is stuck, or wants to be, holds the hook so long and no longer. What Pebble
/// itself needs to start and stop processes is not counted.
pub const CONTAINER_BUDGET: Duration = Duration::from_secs(15);

/// How long all containers of a unit may take in a hook, together: two of them may be stuck.
pub const HOOK_BUDGET: Duration = Duration::from_secs(30);

/// What each container is given however long the others took, so that a sick one starves no healthy one.
pub const CONTAINER_BUDGET_MIN: Duration = Duration::from_secs(1);

/// The Pebbles of a unit's containers: one client each, so that whoever speaks to one in a hook shares its connections,
/// and its version is asked for once.
pub struct Pebbles {
    connect: Box<dyn Fn(&str) -> Client + Send + Sync>,
    /// Each with the time that it was given.
    clients: Mutex<BTreeMap<String, (Client, Duration)>>,
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
    ///
    /// All requests to it together have [`CONTAINER_BUDGET`], or what other containers have left of [`HOOK_BUDGET`].
    pub fn client(&self, container: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((client, _)) = clients.get(container) {
            return client.clone();
        }
        let budget = budget(clients.values());
        let client = (self.connect)(container).with_budget(budget);
        clients.insert(container.to_owned(), (client.clone(), budget));
        client
    }
}

/// The time for one more container beside these.
fn budget<'a>(others: impl Iterator<Item = &'a (Client, Duration)>) -> Duration {
    let used =
        |(client, given): &(Client, Duration)| given.saturating_sub(client.budget_left().unwrap_or(*given));
    let left = HOOK_BUDGET.saturating_sub(others.map(used).sum());
    left.clamp(CONTAINER_BUDGET_MIN, CONTAINER_BUDGET)
}

impl fmt::Debug for Pebbles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pebbles").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::{Arc, OnceLock};
    use std::time::Instant;

    use charmwright_pebble::transport::{Channel, Request, Response, Transport, TransportError};

    use super::*;

    #[test]
    fn each_container_has_its_own_socket() {
        let pebbles = Pebbles::in_folder("/charm/containers");
        for name in ["web", "db", "web"] {
            let socket = format!("/charm/containers/{name}/pebble.socket");
            assert_eq!(pebbles.client(name).socket(), Path::new(&socket));
        }
    }

    /// A daemon that is there and answers nothing, on a clock of its own.
    #[derive(Debug, Default)]
    struct Silent(Mutex<Duration>);

    impl Transport for Silent {
        fn socket(&self) -> &Path {
            Path::new("/nowhere")
        }

        fn now(&self) -> Instant {
            static BEGAN: OnceLock<Instant> = OnceLock::new();
            *BEGAN.get_or_init(Instant::now) + *self.0.lock().unwrap()
        }

        fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
            *self.0.lock().unwrap() += request.patience.whole.unwrap();
            Err(TransportError::Timeout)
        }

        fn open(&self, _: &str, _: Duration) -> Result<Channel, TransportError> {
            Err(TransportError::Timeout)
        }
    }

    #[test]
    fn the_containers_of_a_unit_share_the_time_of_a_hook_and_each_gets_some() {
        let silent = Arc::new(Silent::default());
        let transport = Arc::clone(&silent);
        let pebbles = Pebbles::new(move |_| Client::over(Arc::clone(&transport) as Arc<dyn Transport>));
        let mut took = Vec::new();
        for name in ["a", "b", "c", "d"] {
            let before = *silent.0.lock().unwrap();
            for _ in 0..3 {
                assert!(pebbles.client(name).plan().is_err());
            }
            took.push(silent.0.lock().unwrap().checked_sub(before).unwrap());
        }
        assert_eq!(took, [CONTAINER_BUDGET, CONTAINER_BUDGET, CONTAINER_BUDGET_MIN, CONTAINER_BUDGET_MIN]);
        assert_eq!(took[0] + took[1], HOOK_BUDGET);
    }
}
