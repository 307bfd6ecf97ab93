//! What a scripted outside does.

use std::collections::BTreeMap;

use super::memory_files::MemoryFiles;
use super::script::{ExecCall, OnTerm, Program, Script};
use crate::accounts::Accounts;
use crate::host::{
    AccountKey, CheckFailure, CheckKind, CheckRun, ExecStart, Exit, Group, Host, ProcessId, RunId, SignalTo,
    Spawn, TaskId, User,
};
use crate::signal::Signal;
use crate::time::Time;

/// Something that the model will be told.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Output(ProcessId, Vec<u8>),
    Exited(ProcessId, Exit),
    CheckEnded(RunId, Result<(), CheckFailure>),
    ExecEnded(TaskId, Exit),
}

/// A command whose websockets are connected.
#[derive(Debug)]
pub(super) struct Running {
    what: ExecStart,
    pub(super) input: Vec<u8>,
    /// Whether the script was asked what it does.
    pub(super) has_answered: bool,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// The outside of a daemon: scripted processes and checks, files in memory.
#[derive(Debug)]
pub(super) struct Outside {
    pub(super) now: Time,
    pub(super) script: Script,
    pub(super) files: MemoryFiles,
    pub(super) commands: BTreeMap<TaskId, Running>,
    /// Every process that was started, with what it was started with.
    pub(super) started: Vec<(Time, Spawn)>,
    processes: BTreeMap<ProcessId, Program>,
    events: BTreeMap<(Time, u64), Event>,
    last_event: u64,
}

impl Outside {
    pub(super) fn new(script: Script, files: MemoryFiles) -> Self {
        Self {
            now: Time::default(),
            script,
            files,
            commands: BTreeMap::new(),
            started: Vec::new(),
            processes: BTreeMap::new(),
            events: BTreeMap::new(),
            last_event: 0,
        }
    }

    pub(super) fn next_event(&self) -> Option<Time> {
        self.events.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn take_event(&mut self, until: Time) -> Option<Event> {
        let first = self.events.first_entry().filter(|entry| entry.key().0 <= until)?;
        let event = first.remove();
        if let Event::Exited(process, _) = &event
            && self.processes.remove(process).is_none()
        {
            // It has ended before, another way.
            return self.take_event(until);
        }
        Some(event)
    }

    /// All that runs is gone, as when a container ends.
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.processes.clear();
        self.commands.clear();
    }

    fn set(&mut self, at: Time, event: Event) {
        self.last_event += 1;
        self.events.insert((at, self.last_event), event);
    }

    /// Whether a command runs whose input has not ended.
    pub(super) fn waits_for_input(&self, task: &TaskId) -> bool {
        self.commands.get(task).is_some_and(|running| !running.has_answered)
    }

    /// Asks the script what a command does, once.
    pub(super) fn answer(&mut self, task: &TaskId) {
        let Some(running) = self.commands.get_mut(task).filter(|running| !running.has_answered) else {
            return;
        };
        running.has_answered = true;
        let spawn = &running.what.spawn;
        let call = ExecCall {
            command: spawn.command.clone(),
            environment: spawn.environment.clone(),
            user: spawn.credentials.map(|credentials| credentials.user),
            working_dir: spawn.working_dir.clone(),
            input: running.input.clone(),
        };
        let answer = self.script.exec(&call);
        (running.stdout, running.stderr) = (answer.stdout, answer.stderr);
        if !running.what.split_stderr {
            let stderr = std::mem::take(&mut running.stderr);
            running.stdout.extend(stderr);
        }
        let at = self.now.after(answer.after);
        self.set(at, Event::ExecEnded(task.clone(), Exit::Code(answer.code.into())));
    }

    /// A command gets a signal of which it dies.
    pub(super) fn end_command(&mut self, task: &TaskId, signal: Signal) {
        let Some(running) = self.commands.get_mut(task) else {
            return;
        };
        running.has_answered = true;
        self.events.retain(|_, event| !matches!(event, Event::ExecEnded(known, _) if known == task));
        let now = self.now;
        self.set(now, Event::ExecEnded(task.clone(), Exit::Signal(signal)));
    }
}

impl Accounts for Outside {
    fn user(&self, key: &AccountKey) -> Option<User> {
        self.files.user(key)
    }

    fn group(&self, key: &AccountKey) -> Option<Group> {
        self.files.group(key)
    }
}

impl Host for Outside {
    fn spawn(&mut self, process: ProcessId, what: &Spawn) -> Result<(), String> {
        let program = self.script.find(&what.command);
        self.find_executable(what.command.first().map_or("", String::as_str))?;
        if let Some(why) = &program.refused {
            return Err(why.clone());
        }
        let now = self.now;
        if !program.lines.is_empty() {
            let lines = program.lines.iter().map(|line| format!("{line}\n"));
            self.set(now, Event::Output(process, lines.collect::<String>().into_bytes()));
        }
        if let Some((code, after)) = program.exit {
            self.set(now.after(after), Event::Exited(process, Exit::Code(code.into())));
        }
        self.processes.insert(process, program);
        self.started.push((now, what.clone()));
        Ok(())
    }

    fn signal(&mut self, process: ProcessId, signal: Signal, _to: SignalTo) -> Result<(), String> {
        let Some(program) = self.processes.get(&process) else {
            return Err("no such process".to_owned());
        };
        let (exit, after) = match (signal, program.on_term) {
            (Signal::TERM, OnTerm::Ignores) => return Ok(()),
            (Signal::TERM, OnTerm::Exits(code, after)) => (Exit::Code(code.into()), after),
            (Signal::TERM | Signal::KILL, _) => (Exit::Signal(signal), std::time::Duration::ZERO),
            // A scripted program handles all others.
            _ => return Ok(()),
        };
        let at = self.now.after(after);
        self.set(at, Event::Exited(process, exit));
        Ok(())
    }

    fn run_check(&mut self, run: RunId, what: &CheckRun) {
        let (key, default) = match &what.kind {
            CheckKind::Http { url, .. } => {
                (url.clone(), format!("Get {}: connection refused", crate::text::quoted(url)))
            }
            CheckKind::Tcp { port, host } => {
                let key = format!("{host}:{port}");
                (key.clone(), format!("dial tcp {key}: connect: connection refused"))
            }
            CheckKind::Exec(spawn) => (spawn.command.join(" "), "exit status 1".to_owned()),
        };
        let outcome = self.script.failure(&key).map_or(Ok(()), |failure| {
            let mut failure = failure.clone();
            if failure.message.is_empty() {
                failure.message = default;
            }
            Err(failure)
        });
        let now = self.now;
        self.set(now, Event::CheckEnded(run, outcome));
    }

    fn cancel_check(&mut self, run: RunId) {
        self.events.retain(|_, event| !matches!(event, Event::CheckEnded(known, _) if *known == run));
    }

    fn start_exec(&mut self, task: &TaskId, what: &ExecStart) -> Result<(), String> {
        let program = self.script.find(&what.spawn.command);
        if let Some(why) = program.refused {
            return Err(why);
        }
        let (input, stdout, stderr) = (Vec::new(), Vec::new(), Vec::new());
        let running = Running { what: what.clone(), input, has_answered: false, stdout, stderr };
        self.commands.insert(task.clone(), running);
        Ok(())
    }

    fn kill_exec(&mut self, task: &TaskId) {
        self.end_command(task, Signal::KILL);
    }

    fn find_executable(&self, name: &str) -> Result<String, String> {
        if self.script.is_missing(name) {
            let name = crate::text::quoted(name);
            return Err(format!("exec: {name}: executable file not found in $PATH"));
        }
        Ok(name.to_owned())
    }

    fn is_directory(&self, path: &str) -> bool {
        self.files.is_directory(path)
    }
}
