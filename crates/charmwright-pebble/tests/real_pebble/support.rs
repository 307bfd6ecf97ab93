//! A Pebble daemon for a test.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use charmwright_pebble::{Change, ChangeId, Client, Error, Layer};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A daemon of its own, stopped when dropped.
pub(crate) struct Daemon {
    pub(crate) client: Client,
    child: Child,
    dir: TempDir,
}

impl Daemon {
    pub(crate) fn start() -> Self {
        Self::of(charmwright_peers::pebble())
    }

    /// One of that version, which `cargo xtask setup` builds.
    pub(crate) fn of_version(version: &str) -> Self {
        Self::of(charmwright_peers::pebble_of(version))
    }

    fn of(binary: PathBuf) -> Self {
        let dir = tempfile::Builder::new().prefix("cwp").tempdir_in("/tmp").unwrap();
        let socket = dir.path().join("s");
        let log = File::create(dir.path().join("log")).unwrap();
        let child = Command::new(binary)
            .args(["run", "--create-dirs", "--hold"])
            .env("PEBBLE", dir.path().join("pebble"))
            .env("PEBBLE_SOCKET", &socket)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut daemon = Self { client: Client::new(socket), child, dir };
        poll("the daemon to answer", || match daemon.client.system_info() {
            Ok(_) => true,
            Err(error) => {
                assert!(error.is_unreachable(), "{error:?}");
                let status = daemon.child.try_wait().unwrap();
                assert!(status.is_none(), "the daemon exited: {}", daemon.log());
                false
            }
        });
        daemon
    }

    /// Adds a layer as it is, without what our client does about labels and lists.
    pub(crate) fn push(&self, label: &str, layer: &Layer, combine: bool) -> Result<(), Error> {
        let text = serde_json::to_string(layer).unwrap();
        let body = serde_json::json!(
            {"action": "add", "combine": combine, "label": label, "format": "yaml", "layer": text}
        );
        let body = body.to_string();
        let mut stream = UnixStream::connect(self.client.socket()).unwrap();
        let length = body.len();
        write!(stream, "POST /v1/layers HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let answer: serde_json::Value =
            serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1.trim()).unwrap();
        if answer["type"] == "sync" {
            return Ok(());
        }
        let status = answer["status-code"].as_u64().unwrap().try_into().unwrap();
        let message = answer["result"]["message"].as_str().unwrap().to_owned();
        Err(Error::Api { status, kind: None, message, action: String::new() })
    }

    /// A path of the test's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same as text.
    pub(crate) fn path_text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn wait(&self, change: Result<ChangeId, Error>) -> Change {
        self.client.wait_change(&change.unwrap(), PATIENCE).unwrap()
    }

    /// Ends the daemon as a crash would. Services that run at that time go on: they must end on their own.
    pub(crate) fn crash(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Gently first, so that it stops its services.
        if let (Ok(None), Ok(id)) = (self.child.try_wait(), self.child.id().try_into()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
            let started = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) && started.elapsed() < PATIENCE / 4 {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tries until it is so.
pub(crate) fn poll(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
