//! The host: processes of services, commands and checks.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use nix::sys::signal::{Signal as SystemSignal, kill, killpg};
use nix::unistd::{Pid, getgid, getuid};
use tokio::sync::mpsc::UnboundedSender;

use super::accounts::SystemAccounts;
use super::checks;
use super::children::Children;
use super::commands::{self, Running, Stream};
use crate::accounts::Accounts;
use crate::errors::words;
use crate::host::{
    AccountKey, CheckFailure, CheckRun, ExecStart, Exit, Group, Host, ProcessId, RunId, SignalTo, Spawn,
    TaskId, User, Websocket,
};
use crate::signal::Signal;
use crate::time::Time;

/// How much is read at once.
const CHUNK: usize = 4096;
/// How long what a service left behind may hold its output after it has ended.
const WAIT_DELAY: Duration = Duration::from_millis(500);

/// What happened outside.
#[derive(Debug)]
pub(crate) enum Event {
    /// A service wrote something.
    Output(ProcessId, Vec<u8>),
    /// A service ended, and what it wrote was told.
    Exited(ProcessId, Exit),
    /// A check was looked at.
    Checked(RunId, Result<(), CheckFailure>),
    /// A command ended, and what it wrote was sent.
    ExecEnded(TaskId, Exit),
}

/// Does for the model what it cannot.
#[derive(Debug)]
pub(crate) struct RealHost {
    accounts: SystemAccounts,
    children: Children,
    events: UnboundedSender<Event>,
    /// The daemon's own `PATH`.
    path: String,
    is_verbose: bool,
    services: BTreeMap<ProcessId, Pid>,
    commands: BTreeMap<TaskId, Running>,
    streams: BTreeMap<TaskId, BTreeMap<Websocket, Stream>>,
    checks: BTreeMap<RunId, checks::Cancel>,
}

impl RealHost {
    pub(crate) fn new(
        children: Children,
        events: UnboundedSender<Event>,
        path: String,
        is_verbose: bool,
    ) -> Self {
        Self {
            accounts: SystemAccounts,
            children,
            events,
            path,
            is_verbose,
            services: BTreeMap::new(),
            commands: BTreeMap::new(),
            streams: BTreeMap::new(),
            checks: BTreeMap::new(),
        }
    }

    /// The websocket of a command is open; what is sent and received goes through these.
    ///
    /// A command that runs takes signals and sizes from now on; one that does not yet gets them when it does.
    pub(crate) fn connect(&mut self, task: &TaskId, websocket: Websocket, stream: Stream) {
        match self.commands.get(task) {
            Some(running) if websocket == Websocket::Control => running.control(stream),
            _ => drop(self.streams.entry(task.clone()).or_default().insert(websocket, stream)),
        }
    }

    /// A process has ended.
    pub(crate) fn ended(&mut self, event: &Event) {
        match event {
            Event::Exited(process, _) => drop(self.services.remove(process)),
            Event::Checked(run, _) => drop(self.checks.remove(run)),
            Event::ExecEnded(task, _) => {
                self.commands.remove(task);
                self.streams.remove(task);
            }
            Event::Output(..) => {}
        }
    }
}

impl Accounts for RealHost {
    fn user(&self, key: &AccountKey) -> Option<User> {
        self.accounts.user(key)
    }

    fn group(&self, key: &AccountKey) -> Option<Group> {
        self.accounts.group(key)
    }
}

impl Host for RealHost {
    fn spawn(&mut self, process: ProcessId, what: &Spawn) -> Result<(), String> {
        let name = what.command.first().map(String::as_str).unwrap_or_default();
        let program = look_path(name, &self.path)?;
        let in_go = |error: io::Error| format!("fork/exec {program}: {}", words(&error));
        let mut command = Command::new(&program);
        prepare(&mut command, what, &what.command)?;
        let (output, write) = io::pipe().map_err(in_go)?;
        let errors = write.try_clone().map_err(in_go)?;
        command.stdin(Stdio::null()).stdout(write).stderr(errors);
        let (ended, exit) = std::sync::mpsc::channel();
        let told = move |exit| ended.send(exit).unwrap_or_default();
        let pid = self.children.spawn(&mut command, told).map_err(in_go)?;
        self.services.insert(process, pid);
        // The pipe ends with its last writer, and the command holds one.
        drop(command);
        let (drained, is_drained) = std::sync::mpsc::channel();
        let (events, service, is_verbose) = (self.events.clone(), what.service.clone(), self.is_verbose);
        let tell = events.clone();
        std::thread::spawn(move || {
            read_output(process, output, &tell, is_verbose.then_some(service.as_str()));
            // Whoever waits for it may have given up.
            let _ = drained.send(());
        });
        std::thread::spawn(move || {
            let Ok(exit) = exit.recv() else { return };
            // What it left behind may hold the pipe for ever.
            let _ = is_drained.recv_timeout(WAIT_DELAY);
            let _ = events.send(Event::Exited(process, exit));
        });
        Ok(())
    }

    fn signal(&mut self, process: ProcessId, signal: Signal, to: SignalTo) -> Result<(), String> {
        let finished = || "os: process already finished".to_owned();
        let pid = *self.services.get(&process).ok_or_else(finished)?;
        send(pid, signal, to).map_err(|error| match error {
            nix::Error::ESRCH => finished(),
            error => words(&error.into()),
        })
    }

    fn run_check(&mut self, run: RunId, what: &CheckRun) {
        let (what, path) = (what.clone(), self.path.clone());
        let (children, events) = (self.children.clone(), self.events.clone());
        let (cancel, cancelled) = checks::cancel();
        self.checks.insert(run, cancel);
        std::thread::spawn(move || {
            let outcome = checks::run(&what, &path, &children, &cancelled);
            // The daemon may have ended.
            let _ = events.send(Event::Checked(run, outcome));
        });
    }

    fn cancel_check(&mut self, run: RunId) {
        if let Some(cancel) = self.checks.remove(&run) {
            cancel.cancel();
        }
    }

    fn start_exec(&mut self, task: &TaskId, what: &ExecStart) -> Result<(), String> {
        let streams = self.streams.remove(task).unwrap_or_default();
        let events = self.events.clone();
        let ended = {
            let task = task.clone();
            // The daemon may have ended.
            move |exit| drop(events.send(Event::ExecEnded(task, exit)))
        };
        let running = commands::start(what, &self.path, &self.children, streams, ended)?;
        self.commands.insert(task.clone(), running);
        Ok(())
    }

    fn kill_exec(&mut self, task: &TaskId) {
        if let Some(running) = self.commands.get(task) {
            // One that has ended is as good as killed.
            let _ = kill(running.pid, SystemSignal::SIGKILL);
        }
    }

    fn find_executable(&self, name: &str) -> Result<String, String> {
        look_path(name, &self.path)
    }

    fn is_directory(&self, path: &str) -> bool {
        Path::new(path).is_dir()
    }
}

/// Sends a signal.
pub(super) fn send(pid: Pid, signal: Signal, to: SignalTo) -> Result<(), nix::Error> {
    let signal = SystemSignal::try_from(signal.number())?;
    match to {
        SignalTo::Process => kill(pid, signal),
        SignalTo::Group => killpg(pid, signal),
    }
}

/// What is the same for all processes.
pub(super) fn prepare(command: &mut Command, what: &Spawn, words: &[String]) -> Result<(), String> {
    if let Some(name) = words.first() {
        command.arg0(name);
    }
    command.args(words.iter().skip(1)).env_clear().envs(&what.environment).process_group(0);
    settle_in(command, what)
}

/// Where and as whom it runs.
pub(super) fn settle_in(command: &mut Command, what: &Spawn) -> Result<(), String> {
    if !what.working_dir.is_empty() {
        std::fs::metadata(&what.working_dir)
            .and_then(|metadata| {
                if metadata.is_dir() { Ok(()) } else { Err(io::Error::from_raw_os_error(nix::libc::ENOTDIR)) }
            })
            .map_err(|error| format!("chdir {}: {}", what.working_dir, words(&error)))?;
        command.current_dir(&what.working_dir);
    }
    let own = (getuid().as_raw(), getgid().as_raw());
    if let Some(wanted) = what.credentials.filter(|wanted| (wanted.user, wanted.group) != own) {
        command.uid(wanted.user).gid(wanted.group);
    }
    Ok(())
}

/// Where a program is, as Go's `exec.LookPath` finds it.
pub(super) fn look_path(name: &str, path: &str) -> Result<String, String> {
    let is_executable = |file: &str| {
        let metadata = std::fs::metadata(file)?;
        if metadata.is_dir() {
            return Err(io::Error::from_raw_os_error(nix::libc::EISDIR));
        }
        if metadata.permissions().mode() & 0o111 == 0 {
            return Err(io::Error::from_raw_os_error(nix::libc::EACCES));
        }
        Ok(())
    };
    if name.contains('/') {
        // Go runs what is named by its path without a look, and tells what comes of it.
        return match is_executable(name) {
            Ok(()) => Ok(name.to_owned()),
            Err(error) => Err(format!("fork/exec {name}: {}", words(&error))),
        };
    }
    path.split(':')
        .map(|dir| format!("{}/{name}", if dir.is_empty() { "." } else { dir }))
        .find(|file| !name.is_empty() && is_executable(file).is_ok())
        .ok_or_else(|| format!("exec: {name:?}: executable file not found in $PATH"))
}

fn read_output(
    process: ProcessId,
    mut output: impl Read,
    events: &UnboundedSender<Event>,
    verbose: Option<&str>,
) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = output.read(&mut chunk) {
        let bytes = chunk.get(..length).unwrap_or_default();
        if let Some(service) = verbose {
            tell(service, bytes);
        }
        if events.send(Event::Output(process, bytes.to_vec())).is_err() {
            return;
        }
    }
}

/// Each line with its time and service, on standard output.
fn tell(service: &str, bytes: &[u8]) {
    let time = Time::from(SystemTime::now()).rfc3339_millis();
    let mut out = io::stdout().lock();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        // Nobody may read it.
        let _ = write!(out, "{time} [{service}] ").and_then(|()| out.write_all(line));
        if line.last() != Some(&b'\n') {
            let _ = out.write_all(b"\n");
        }
    }
    let _ = out.flush();
}
