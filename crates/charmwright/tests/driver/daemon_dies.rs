//! A Pebble that is killed in the middle of a reconcile: at every request that the charm makes.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use charmwright::Charm;
use charmwright::pebble::{Client, ServiceStatus};
use charmwright::prelude::*;

use crate::pebble::{spawn, wait_until_it_answers};
use crate::unit::Unit;

#[derive(Debug, Inputs)]
struct Work {
    #[container("work")]
    work: Container,
    #[notice("work", "example.com/backup-done")]
    backup: Noticed,
}

thread_local! {
    static FOLDER: std::cell::RefCell<Option<PathBuf>> = const { std::cell::RefCell::new(None) };
}

fn reconcile(work: &Work, desired: &Desired) -> Result<(), NotYet> {
    let config = FOLDER.with_borrow(|folder| {
        folder.as_ref().map(|folder| folder.join("files/config").display().to_string())
    });
    let layer = Layer::new().service("web", Service::new("sleep 4").startup(Startup::Enabled));
    let _ = work.backup.occurred();
    desired
        .container(&work.work)
        .file(File::read_by("web", &config.unwrap_or_default(), "one"))
        .up_when(Check::exec("true").period(Duration::from_mins(1)))
        .layer(layer)
}

fn work() -> Charm<Work> {
    charm(reconcile)
}

/// When the daemon is killed, seen from a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    /// It never sees it.
    Before,
    /// It has answered, and the charm does not hear it.
    After,
}

/// Stands between the charm and its daemon, and counts.
struct Between {
    folder: PathBuf,
    seen: Mutex<Seen>,
}

struct Seen {
    requests: usize,
    kill: Option<(usize, Moment)>,
    /// What the daemon says next is not told.
    withheld: bool,
    daemon: Option<Child>,
}

impl Between {
    fn start(folder: &Path, kill: Option<(usize, Moment)>) -> Arc<Self> {
        std::fs::create_dir_all(folder.join("work")).unwrap();
        let seen = Seen { requests: 0, kill, withheld: false, daemon: None };
        let between = Arc::new(Self { folder: folder.to_owned(), seen: Mutex::new(seen) });
        between.revive();
        let listener = UnixListener::bind(folder.join("work/pebble.socket")).unwrap();
        let serving = Arc::clone(&between);
        std::thread::spawn(move || {
            for charm in listener.incoming() {
                serving.serve(&charm.unwrap());
            }
        });
        between
    }

    fn daemon_socket(&self) -> PathBuf {
        self.folder.join("daemon.socket")
    }

    fn client(&self) -> Client {
        Client::new(self.daemon_socket())
    }

    fn revive(&self) {
        let _ = std::fs::remove_file(self.daemon_socket());
        let mut seen = self.seen.lock().unwrap();
        (seen.daemon, seen.withheld) = (Some(spawn(&self.folder, &self.daemon_socket())), false);
        drop(seen);
        wait_until_it_answers(&self.client());
    }

    fn kill(&self) {
        if let Some(mut daemon) = self.seen.lock().unwrap().daemon.take() {
            daemon.kill().unwrap();
            daemon.wait().unwrap();
        }
    }

    fn requests(&self) -> usize {
        self.seen.lock().unwrap().requests
    }

    fn is_dead(&self) -> bool {
        self.seen.lock().unwrap().daemon.is_none()
    }

    /// Carries both directions of a connection.
    fn serve(self: &Arc<Self>, charm: &UnixStream) {
        let Ok(daemon) = UnixStream::connect(self.daemon_socket()) else { return };
        let (between, asking, answering) =
            (Arc::clone(self), charm.try_clone().unwrap(), daemon.try_clone().unwrap());
        std::thread::spawn(move || between.ask(&asking, &answering));
        let (between, charm) = (Arc::clone(self), charm.try_clone().unwrap());
        std::thread::spawn(move || between.answer(&daemon, &charm));
    }

    fn ask(&self, mut charm: &UnixStream, mut daemon: &UnixStream) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = charm.read(&mut buffer) {
            let data = &buffer[..read];
            // What begins like one is a request: the bodies here do not.
            if data.starts_with(b"GET /v1") || data.starts_with(b"POST /v1") {
                let mut seen = self.seen.lock().unwrap();
                seen.requests += 1;
                let moment =
                    seen.kill.filter(|(number, _)| *number == seen.requests).map(|(_, moment)| moment);
                seen.withheld = moment == Some(Moment::After);
                drop(seen);
                if moment == Some(Moment::Before) {
                    self.kill();
                    break;
                }
            }
            if daemon.write_all(data).is_err() {
                break;
            }
        }
        end(charm, daemon);
    }

    fn answer(&self, mut daemon: &UnixStream, mut charm: &UnixStream) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = daemon.read(&mut buffer) {
            if self.seen.lock().unwrap().withheld {
                self.kill();
                break;
            }
            if charm.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        end(charm, daemon);
    }
}

fn end(charm: &UnixStream, daemon: &UnixStream) {
    // One that is closed already is as good.
    let _ = (charm.shutdown(Shutdown::Both), daemon.shutdown(Shutdown::Both));
}

impl Drop for Between {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs the charm, and says how many requests it made.
fn play(kill: Option<(usize, Moment)>) -> usize {
    let folder = tempfile::Builder::new().prefix("cw").tempdir().unwrap();
    FOLDER.set(Some(folder.path().to_owned()));
    let between = Between::start(folder.path(), kill);
    let mut unit = Unit::new(true);
    unit.containers = folder.path().into();

    unit.config_changed(&work());
    let requests = between.requests();
    let told = format!("{kill:?}: {}", unit.status());
    if between.is_dead() {
        // Whatever it died under, the hook succeeds and waits for it.
        assert!(
            told.ends_with("waiting: work: Pebble does not answer (woken by work-pebble-ready)"),
            "{told}"
        );
        between.revive();
        unit.config_changed(&work());
    } else {
        assert!(kill.is_none(), "there is no request of that number: {told}");
    }
    let told = format!("{kill:?}: {}", unit.status());
    assert!(told.ends_with("active: "), "{told}");
    let config = std::fs::read_to_string(folder.path().join("files/config")).unwrap();
    assert_eq!(config, "one", "{kill:?}");
    let services = between.client().services(&["web"]).unwrap();
    assert_eq!(services[0].current, ServiceStatus::Active, "{kill:?}");
    between.kill();
    requests
}

#[test]
fn a_daemon_that_is_killed_at_any_request_is_waited_for_and_then_brought_where_it_should_be() {
    let requests = play(None);
    assert!((10..30).contains(&requests), "{requests} requests");
    let moments =
        (1..=requests).flat_map(|number| [Moment::Before, Moment::After].map(|moment| (number, moment)));
    let moments: Vec<_> = moments.collect();
    // Each waits more than it works.
    std::thread::scope(|scope| {
        for part in moments.chunks(moments.len().div_ceil(8)) {
            scope.spawn(move || {
                for moment in part {
                    play(Some(*moment));
                }
            });
        }
    });
}
