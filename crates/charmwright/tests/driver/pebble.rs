//! A real Pebble for a test.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use charmwright::pebble::{Client, ServiceStatus};

/// How often a test looks whether something has come about; a deadline ends it.
pub(crate) const LOOK_PERIOD: Duration = Duration::from_millis(20);

/// A Pebble in a folder of its own, where the charm finds its socket.
pub(crate) struct Pebble {
    pub(crate) folder: tempfile::TempDir,
    daemon: Child,
}

impl Pebble {
    pub(crate) fn start() -> Self {
        Self::start_program(&charmwright_peers::pebble())
    }

    /// A daemon of another version.
    pub(crate) fn start_version(version: &str) -> Self {
        Self::start_program(&charmwright_peers::pebble_of(version))
    }

    fn start_program(program: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("cw").tempdir().unwrap();
        std::fs::create_dir(folder.path().join("work")).unwrap();
        let daemon = spawn_program(program, folder.path(), &folder.path().join("work/pebble.socket"));
        let pebble = Self { folder, daemon };
        wait_until_it_answers(&pebble.client());
        pebble
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.folder.path().join("work/pebble.socket"))
    }

    /// A path for a file of the charm's, inside the test's own folder.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.path().join("files").join(name).display().to_string()
    }

    /// When each service was started.
    pub(crate) fn since(&self, service: &str) -> Option<String> {
        self.client().services(&[service]).unwrap().remove(0).current_since
    }

    pub(crate) fn status(&self, service: &str) -> ServiceStatus {
        self.client().services(&[service]).unwrap().remove(0).current
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        // Its services end with it when it is asked, not when it is killed.
        let _ = Command::new("kill").arg(self.daemon.id().to_string()).status();
        let _ = self.daemon.wait();
    }
}

/// A daemon with its state in `folder`.
pub(crate) fn spawn(folder: &Path, socket: &Path) -> Child {
    spawn_program(&charmwright_peers::pebble(), folder, socket)
}

fn spawn_program(program: &Path, folder: &Path, socket: &Path) -> Child {
    Command::new(program)
        .args(["run", "--create-dirs", "--hold"])
        .env("PEBBLE", folder.join("state"))
        .env("PEBBLE_SOCKET", socket)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

pub(crate) fn wait_until_it_answers(client: &Client) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while client.system_info().is_err() {
        assert!(Instant::now() < deadline, "Pebble does not come up");
        std::thread::sleep(LOOK_PERIOD);
    }
}
