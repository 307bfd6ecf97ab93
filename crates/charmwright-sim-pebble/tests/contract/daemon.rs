//! A daemon for a case.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use charmwright_pebble::{Change, ChangeId, Client, Error, Sample, Service, ServiceInfo};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::programs::Program;
use crate::raw::Connection;

/// Longer than anything takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How a daemon is started.
#[derive(Default)]
pub(crate) struct Setup {
    /// Whether the services that are enabled start with it.
    pub(crate) autostart: bool,
    /// Layers in its folder, by file name.
    pub(crate) layers: Vec<(&'static str, String)>,
    /// The file of identities.
    pub(crate) identities: Option<String>,
    /// Where it serves plain HTTP.
    pub(crate) http: Option<String>,
    /// The user and group that it runs as, if another.
    pub(crate) user: Option<u32>,
    /// Over its environment.
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A daemon of its own, in a folder of its own; stopped when dropped.
pub(crate) struct Daemon {
    /// Speaks to it.
    pub(crate) client: Client,
    program: PathBuf,
    setup: Setup,
    child: Child,
    dir: TempDir,
}

impl Daemon {
    pub(crate) fn start(program: &Path, setup: Setup) -> Self {
        let dir = prepare(&setup);
        let child = spawn(program, &setup, dir.path());
        let client = Client::new(dir.path().join("s"));
        let mut daemon = Self { client, program: program.to_owned(), setup, child, dir };
        daemon.wait_until_it_answers();
        daemon
    }

    /// Starts one that cannot run. How it ends, and what it says.
    pub(crate) fn start_in_vain(program: &Path, setup: &Setup) -> (ExitStatus, String) {
        let dir = prepare(setup);
        let status = spawn(program, setup, dir.path()).wait().unwrap();
        (status, fs::read_to_string(dir.path().join("log")).unwrap())
    }

    /// Starts another one in the same place, while this one is there. How that ends.
    pub(crate) fn start_beside(&self) -> ExitStatus {
        spawn(&self.program, &self.setup, self.dir.path()).wait().unwrap()
    }

    /// A path of the case's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same as text.
    pub(crate) fn path_text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A connection for what no client would say.
    pub(crate) fn raw(&self) -> Connection {
        Connection::open(self.client.socket())
    }

    /// A service that does this.
    #[expect(clippy::unused_self, reason = "a simulated daemon keeps what its programs do")]
    pub(crate) fn service(&self, program: &Program) -> Service {
        Service::new(program.command())
    }

    /// How a change ends, well or not.
    pub(crate) fn wait(&self, change: Result<ChangeId, Error>) -> Change {
        self.client.wait_change(&change.unwrap(), PATIENCE).unwrap()
    }

    /// The change, which must end well.
    pub(crate) fn done(&self, change: Result<ChangeId, Error>) -> Change {
        self.wait(change).into_result().unwrap()
    }

    /// One service.
    pub(crate) fn info(&self, service: &str) -> ServiceInfo {
        self.client.services(&[service]).unwrap().pop().unwrap()
    }

    /// How often a service was started, by the daemon's own count. None before the first time.
    pub(crate) fn starts(&self, service: &str) -> u64 {
        let samples = Sample::parse(&self.client.metrics().unwrap());
        let of_it = |sample: &&Sample| {
            sample.name == "pebble_service_start_count"
                && sample.labels.get("service").is_some_and(|name| name == service)
        };
        samples.iter().find(of_it).map_or(0, |sample| format!("{}", sample.value).parse().unwrap())
    }

    /// A time as the daemon tells it, in nanoseconds of its clock.
    #[expect(clippy::unused_self, reason = "as all that asks the daemon")]
    pub(crate) fn nanoseconds(&self, time: &str) -> u64 {
        let time: jiff::Timestamp = time.parse().unwrap();
        time.as_nanosecond().try_into().unwrap()
    }

    /// Tries until it is so.
    #[expect(clippy::unused_self, reason = "the time of a simulated daemon is its own")]
    pub(crate) fn poll(&self, what: &str, is_so: impl FnMut() -> bool) {
        poll(what, is_so);
    }

    /// Ends the daemon as a crash of its container would: with all that runs in it.
    pub(crate) fn crash(&mut self) {
        let services = children(self.child.id());
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        for id in services {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }

    /// Asks the daemon to stop, without waiting for it.
    pub(crate) fn terminate(&self) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    }

    /// How the daemon ends: by itself, or because it was asked to.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        let mut status = None;
        poll("the daemon to end", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Stops the daemon as one should.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait_for_exit()
    }

    /// Starts it again, where it was, after [`crash`](Self::crash), [`stop`](Self::stop) or an end of its own.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(&self.program, &self.setup, self.dir.path());
        self.wait_until_it_answers();
    }

    /// What the daemon itself wrote.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path("log")).unwrap_or_default()).into_owned()
    }

    fn wait_until_it_answers(&mut self) {
        let client = self.client.clone();
        poll("the daemon to answer", || match client.system_info() {
            Ok(_) => true,
            Err(error) => {
                assert!(error.is_unreachable(), "{error:?}");
                let status = self.child.try_wait().unwrap();
                assert!(status.is_none(), "the daemon ended: {status:?}");
                false
            }
        });
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if thread::panicking() {
            #[expect(clippy::print_stderr, reason = "it may say why the case failed")]
            {
                eprintln!("the log of the daemon at {}:\n{}", self.dir.path().display(), self.log());
            }
        }
        let services = children(self.child.id());
        if matches!(self.child.try_wait(), Ok(None)) {
            // Nothing is to be learnt from its end, and stopping services takes seconds.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        for id in services {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

/// The folder of a daemon, with all that is there before it starts.
fn prepare(setup: &Setup) -> TempDir {
    // Short: the path of a socket has 107 bytes at most.
    let dir = tempfile::Builder::new().prefix("cwc").tempdir_in("/tmp").unwrap();
    let layers = dir.path().join("pebble/layers");
    fs::create_dir_all(&layers).unwrap();
    for (name, text) in &setup.layers {
        let file = layers.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    if let Some(identities) = &setup.identities {
        fs::write(dir.path().join("identities"), identities).unwrap();
    }
    if setup.user.is_some() {
        for path in [dir.path(), &dir.path().join("pebble"), &layers] {
            std::os::unix::fs::chown(path, setup.user, setup.user).unwrap();
        }
    }
    dir
}

fn spawn(program: &Path, setup: &Setup, dir: &Path) -> Child {
    let log = File::options().create(true).append(true).open(dir.join("log")).unwrap();
    let mut command = Command::new(program);
    command.args(["run", "--create-dirs"]);
    if !setup.autostart {
        command.arg("--hold");
    }
    if let Some(address) = &setup.http {
        command.args(["--http", address]);
    }
    if setup.identities.is_some() {
        command.arg("--identities").arg(dir.join("identities"));
    }
    if let Some(user) = setup.user {
        command.uid(user).gid(user);
    }
    command.env("PEBBLE", dir.join("pebble")).env("PEBBLE_SOCKET", dir.join("s"));
    command.envs(setup.environment.iter().map(|(name, value)| (name, value)));
    command
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// The processes that a process has started and that go on: a daemon's services and commands, each of which leads a
/// group.
fn children(parent: u32) -> Vec<i32> {
    let of_parent = |stat: &str| {
        // The name in brackets may hold anything; state and parent follow it.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        after_name.split_whitespace().nth(1).and_then(|id| id.parse().ok()) == Some(parent)
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id: &i32| fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| of_parent(&stat)))
        .collect()
}

/// Tries until it is so.
pub(crate) fn poll(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Kind, service and status of the tasks, in their order.
pub(crate) fn tasks(change: &Change) -> Vec<String> {
    let told = change.tasks.iter().map(|task| {
        let service = task.summary.split('"').nth(1).unwrap();
        format!("{} {service} {}", task.kind, task.status)
    });
    told.collect()
}
