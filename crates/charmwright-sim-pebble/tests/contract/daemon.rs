//! A daemon for a case.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::thread;
use std::time::{Duration, Instant};

use charmwright_pebble::{Change, ChangeId, Check, Client, Error, Sample, Service, ServiceInfo};
use charmwright_sim_pebble::in_process::{InProcess, MemoryFiles, Script};
use charmwright_sim_pebble::{CheckFailure, Settings};

use crate::process::Process;
use crate::programs::{NOWHERE, NOWHERE_IN_PATH, Program};
use crate::raw::Connection;

/// Longer than anything takes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The folder of a case whose daemon has files of its own.
const FOLDER: &str = "/case";

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

/// A daemon of a case's own.
pub(crate) struct Daemon {
    /// Speaks to it.
    pub(crate) client: Client,
    place: Place,
}

enum Place {
    Process(Process),
    InProcess(InProcess),
}

impl Daemon {
    /// Starts it, and waits until it answers.
    pub(crate) fn start(program: &Path, setup: Setup) -> Self {
        let process = Process::start(program, setup);
        let client = Client::new(process.dir().join("s"));
        let mut daemon = Self { client, place: Place::Process(process) };
        daemon.wait_until_it_answers();
        daemon
    }

    /// Starts a simulated one of this version, with a script of the same programs.
    pub(crate) fn simulate(version: &str) -> Self {
        let mut script = Script::new();
        script.missing(NOWHERE).missing(NOWHERE_IN_PATH).down("false", CheckFailure::default());
        let settings = Settings { version: version.to_owned(), ..Settings::default() };
        let mut files = MemoryFiles::default();
        files.put_directory(FOLDER);
        let pebble = InProcess::start(settings, script, files).unwrap();
        Self { client: pebble.client(), place: Place::InProcess(pebble) }
    }

    fn process(&self) -> &Process {
        match &self.place {
            Place::Process(process) => process,
            Place::InProcess(_) => panic!("the case does not say that it needs a process"),
        }
    }

    fn process_mut(&mut self) -> &mut Process {
        match &mut self.place {
            Place::Process(process) => process,
            Place::InProcess(_) => panic!("the case does not say that it needs a process"),
        }
    }

    /// A path of the case's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.process().dir().join(name)
    }

    /// Lets other users reach its socket.
    pub(crate) fn let_others_in(&self) {
        fs::set_permissions(self.process().dir(), Permissions::from_mode(0o711)).unwrap();
    }

    /// The same as text.
    pub(crate) fn path_text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// The same as the daemon knows it, whether or not the test can see it.
    pub(crate) fn place(&self, name: &str) -> String {
        match &self.place {
            Place::Process(_) => self.path_text(name),
            Place::InProcess(_) => format!("{FOLDER}/{name}"),
        }
    }

    /// A check that succeeds while the switch of this name is on, which it is not before it is turned.
    pub(crate) fn check(&self, switch: &str) -> Check {
        if matches!(self.place, Place::InProcess(_)) {
            self.turn(switch, false);
        }
        Check::exec(self.command_of(switch))
    }

    /// Turns a switch on or off.
    pub(crate) fn turn(&self, switch: &str, on: bool) {
        match &self.place {
            Place::Process(_) if on => fs::write(self.path(switch), "").unwrap(),
            Place::Process(_) => fs::remove_file(self.path(switch)).unwrap(),
            Place::InProcess(pebble) if on => pebble.up(&self.command_of(switch)),
            Place::InProcess(pebble) => pebble.down(&self.command_of(switch)),
        }
    }

    fn command_of(&self, switch: &str) -> String {
        format!("test -e {}", self.place(switch))
    }

    /// A connection for what no client would say.
    pub(crate) fn raw(&self) -> Connection {
        Connection::open(self.client.socket())
    }

    /// A service that does this.
    pub(crate) fn service(&self, program: &Program) -> Service {
        if let Place::InProcess(pebble) = &self.place {
            let line = format!("/bin/sh -c {}", program.script());
            pebble.script(|script| {
                script.program(&line, program.scripted());
            });
        }
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
    pub(crate) fn poll(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        match &self.place {
            Place::Process(_) => poll(what, is_so),
            Place::InProcess(pebble) => {
                let end = pebble.now().after(PATIENCE);
                while !is_so() {
                    assert!(pebble.now() < end, "waited too long for {what}");
                    pebble.advance(Duration::from_millis(5));
                }
            }
        }
    }

    /// Ends the daemon as a crash of its container would: with all that runs in it.
    pub(crate) fn crash(&mut self) {
        self.process_mut().crash();
    }

    /// Asks the daemon to stop, without waiting for it.
    pub(crate) fn terminate(&self) {
        self.process().terminate();
    }

    /// How the daemon ends: by itself, or because it was asked to.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        self.process_mut().wait_for_exit()
    }

    /// Stops the daemon as one should.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait_for_exit()
    }

    /// Starts it again, where it was, after [`crash`](Self::crash), [`stop`](Self::stop) or an end of its own.
    pub(crate) fn restart(&mut self) {
        self.process_mut().restart();
        self.wait_until_it_answers();
    }

    /// Starts another one in the same place, while this one is there. How that ends.
    pub(crate) fn start_beside(&self) -> ExitStatus {
        self.process().start_beside()
    }

    /// Runs the daemon's own program as a client of it.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Told {
        Told::of(&self.process().ask(arguments))
    }

    /// The same where no daemon is.
    pub(crate) fn ask_nobody(&self, arguments: &[&str]) -> Told {
        Told::of(&self.process().ask_nobody(arguments))
    }

    /// What the daemon itself wrote.
    pub(crate) fn log(&self) -> String {
        self.process().log()
    }

    fn wait_until_it_answers(&mut self) {
        let client = self.client.clone();
        let process = self.process_mut();
        poll("the daemon to answer", || match client.system_info() {
            Ok(_) => true,
            Err(error) => {
                assert!(error.is_unreachable(), "{error:?}");
                let status = process.exit();
                assert!(status.is_none(), "the daemon ended: {status:?}");
                false
            }
        });
    }
}

/// What a program told, and its exit code.
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Told {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), output: text(&output.stdout), errors: text(&output.stderr) }
    }
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
