//! The process of a daemon, and its folder.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::daemon::{Setup, poll};

/// A daemon that is a process, in a folder of its own; killed when dropped, with all that runs in it.
pub(crate) struct Process {
    program: PathBuf,
    setup: Setup,
    child: Child,
    dir: TempDir,
}

impl Process {
    /// Starts it, and does not wait for it.
    pub(crate) fn start(program: &Path, setup: Setup) -> Self {
        let dir = prepare(&setup);
        let child = spawn(program, &setup, dir.path());
        Self { program: program.to_owned(), setup, child, dir }
    }

    /// Starts one that cannot run. How it ends, and what it says.
    pub(crate) fn start_in_vain(program: &Path, setup: &Setup) -> (ExitStatus, String) {
        let dir = prepare(setup);
        let status = spawn(program, setup, dir.path()).wait().unwrap();
        (status, log(dir.path()))
    }

    /// Starts another one in the same place, while this one is there. How that ends.
    pub(crate) fn start_beside(&self) -> ExitStatus {
        spawn(&self.program, &self.setup, self.dir.path()).wait().unwrap()
    }

    /// Starts it again, where it was.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(&self.program, &self.setup, self.dir.path());
    }

    /// Runs the program as a client of the daemon.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Output {
        self.client(self.dir.path()).args(arguments).output().unwrap()
    }

    /// The same where no daemon is.
    pub(crate) fn ask_nobody(&self, arguments: &[&str]) -> Output {
        self.client(&self.dir.path().join("nowhere")).args(arguments).output().unwrap()
    }

    fn client(&self, dir: &Path) -> Command {
        let mut command = command(&self.program, &self.setup, dir);
        command.current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    /// Its folder.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What it wrote.
    pub(crate) fn log(&self) -> String {
        log(self.dir.path())
    }

    /// How it ended. None as long as it runs.
    pub(crate) fn exit(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// How it ends.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        let mut status = None;
        poll("the daemon to end", || {
            status = self.exit();
            status.is_some()
        });
        status.unwrap()
    }

    /// Asks it to stop, without waiting for it.
    pub(crate) fn terminate(&self) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    }

    /// Ends it as a crash of its container would: with all that runs in it.
    pub(crate) fn crash(&mut self) {
        if self.exit().is_some() {
            return;
        }
        let services = children(self.child.id());
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        for id in services {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() {
            #[expect(clippy::print_stderr, reason = "it may say why the case failed")]
            {
                eprintln!("the log of the daemon at {}:\n{}", self.dir().display(), self.log());
            }
        }
        // Nothing is to be learnt from its end, and stopping services takes seconds.
        self.crash();
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
            chown(path, setup.user, setup.user).unwrap();
        }
    }
    dir
}

fn spawn(program: &Path, setup: &Setup, dir: &Path) -> Child {
    let log = File::options().create(true).append(true).open(dir.join("log")).unwrap();
    let mut command = command(program, setup, dir);
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
    command
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// The program, told where its daemon is.
fn command(program: &Path, setup: &Setup, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("PEBBLE", dir.join("pebble")).env("PEBBLE_SOCKET", dir.join("s"));
    // What the program keeps for its own command line stays out of the home of whoever runs the tests.
    command.env("XDG_CONFIG_HOME", dir);
    command.envs(setup.environment.iter().map(|(name, value)| (name, value)));
    command
}

fn log(dir: &Path) -> String {
    String::from_utf8_lossy(&fs::read(dir.join("log")).unwrap_or_default()).into_owned()
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
