//! What a charm's process and its hook commands share while they run.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::clock::Clock;
use super::lines::Piece;
use super::output::Stream;
use crate::juju::commands::{self, Call, Outcome, Reply};
use crate::juju::context::{Reboot, Run};
use crate::juju::controller::{Controller, Phase};
use crate::juju::log::{self, Level, Record};

/// The agent's own logger.
const UNITER: &str = "juju.worker.uniter";

/// Looks on while a charm runs, and may stop it at any hook command.
pub trait Observer: Sync {
    /// A process was started for the charm.
    fn started(&self, _process: u32) {}

    /// A hook command is about to be run. With `false` it is not, and its caller gets no answer.
    fn before(&self, _call: &Call, _process: Option<u32>) -> bool {
        true
    }

    /// A hook command was run. With `false` its caller gets no answer.
    fn after(&self, _call: &Call, _reply: &Reply, _process: Option<u32>) -> bool {
        true
    }
}

/// Nobody looks on.
impl Observer for () {}

/// What becomes of a hook command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It ran.
    Ran(Reply),
    /// It was not run; the text says why.
    Refused(String),
    /// Nothing is answered.
    Silence,
}

/// One run of a charm, as its process and its hook commands see it.
pub struct Session<'a> {
    context_id: String,
    live: Mutex<Live<'a>>,
    process: Mutex<Process>,
    reaped: Condvar,
    observer: &'a dyn Observer,
}

/// What one command at a time may touch.
pub(crate) struct Live<'a> {
    pub(super) run: Run<'a>,
    clock: &'a dyn Clock,
    log: Vec<Record>,
    output: Option<Output>,
}

/// What the charm prints.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) stdout: Stream,
    pub(super) stderr: Stream,
    /// The logger that gets it.
    pub(super) module: String,
    pub(super) printed: Printed,
}

/// What a charm has printed, whole lines only.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Process {
    #[default]
    None,
    Running(u32),
    Reaped,
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("context_id", &self.context_id).finish_non_exhaustive()
    }
}

impl<'a> Session<'a> {
    pub(super) fn new(run: Run<'a>, clock: &'a dyn Clock, observer: &'a dyn Observer) -> Self {
        Self {
            context_id: run.context.id().to_owned(),
            live: Mutex::new(Live { run, clock, log: Vec::new(), output: None }),
            process: Mutex::default(),
            reaped: Condvar::new(),
            observer,
        }
    }

    /// The id that hook commands must name.
    pub fn context_id(&self) -> &str {
        &self.context_id
    }

    /// Runs a hook command; one at a time.
    pub fn call(&self, call: &Call) -> Answer {
        let mut live = self.live();
        live.read_output();
        live.tick();
        let process = self.process();
        if !self.observer.before(call, process) {
            return Answer::Silence;
        }
        let outcome = commands::run(call, &mut live.run);
        live.take_log();
        if live.run.context.reboot() == Reboot::Now && process.is_some() {
            self.end_process(&mut live);
        }
        match outcome {
            Outcome::Done(reply) if self.observer.after(call, &reply, process) => Answer::Ran(reply),
            Outcome::Done(_) => Answer::Silence,
            Outcome::NeedsStdin => Answer::Refused(charmwright_jujuc::STDIN_DEMAND.to_owned()),
            Outcome::Unknown => Answer::Refused(format!("bad request: unknown command: {}", call.name)),
        }
    }

    pub(crate) fn live(&self) -> MutexGuard<'_, Live<'a>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_live(self) -> Live<'a> {
        self.live.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process was started for the charm.
    pub(super) fn started(&self, process: u32, output: Option<Output>) {
        self.live().output = output;
        *self.lock_process() = Process::Running(process);
        self.observer.started(process);
    }

    /// Lets a process that has ended be reaped: as long as it is not, its number is nobody else's.
    pub(super) fn reap<T>(&self, reap: impl FnOnce() -> T) -> T {
        let mut process = self.lock_process();
        let reaped = reap();
        *process = Process::Reaped;
        self.reaped.notify_all();
        reaped
    }

    fn process(&self) -> Option<u32> {
        match *self.lock_process() {
            Process::Running(process) => Some(process),
            Process::None | Process::Reaped => None,
        }
    }

    fn lock_process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the charm, because it asked for a reboot at once.
    fn end_process(&self, live: &mut Live<'_>) {
        let mut process = self.lock_process();
        let Process::Running(number) = *process else { return };
        let mut note = |text: String| live.log.push(Record::new(Level::Info, UNITER, text));
        note(format!("trying to kill context process {number}"));
        if let Ok(number) = i32::try_from(number) {
            // It may have ended by itself just now.
            let _ = kill(Pid::from_raw(number), Signal::SIGKILL);
        }
        note(format!("waiting for context process {number} to die"));
        while matches!(*process, Process::Running(_)) {
            process = self.reaped.wait(process).unwrap_or_else(PoisonError::into_inner);
        }
        note("kill returned: os: process already finished".to_owned());
        note("assuming already killed".to_owned());
    }

    /// Takes what is left of the output of a process that was reaped.
    pub(super) fn finish_output(&self) -> Printed {
        let Some(mut output) = self.live().output.take() else { return Printed::default() };
        // Others may still hold the pipes. As Juju does, they are waited for without stopping their commands.
        let (stdout, stderr) = (output.stdout.finish(), output.stderr.finish());
        let mut live = self.live();
        note(&mut live.log, &output.module, &mut output.printed, stdout, stderr);
        output.printed
    }

    pub(super) fn phase(&self, phase: Phase) {
        let mut live = self.live();
        live.run.agent.controller.set_phase(phase);
        live.tick();
    }
}

impl Live<'_> {
    /// The controller, while the charm runs.
    pub(crate) fn controller(&mut self) -> &mut Controller {
        &mut self.run.agent.controller
    }

    /// What was printed before this moment goes into the log before whatever comes now.
    fn read_output(&mut self) {
        let Some(output) = &mut self.output else { return };
        let (stdout, stderr) = (output.stdout.take(), output.stderr.take());
        note(&mut self.log, &output.module, &mut output.printed, stdout, stderr);
    }

    /// Tells the controller the time.
    pub(super) fn tick(&mut self) {
        let now = self.clock.now();
        self.run.agent.controller.set_now(now);
    }

    pub(super) fn take_log(&mut self) {
        self.log.append(&mut self.run.context.take_log());
    }

    pub(super) fn log(&mut self, level: Level, module: &str, message: String) {
        self.log.push(Record::new(level, module, message));
    }

    /// The log, as far as a log of the usual verbosity has it.
    pub(super) fn into_log(mut self) -> Vec<Record> {
        self.take_log();
        self.log.retain(Record::is_shown);
        self.log
    }
}

fn note(log: &mut Vec<Record>, module: &str, printed: &mut Printed, stdout: Vec<Piece>, stderr: Vec<Piece>) {
    let streams =
        [(stdout, Level::Debug, &mut printed.stdout), (stderr, Level::Warning, &mut printed.stderr)];
    for (pieces, level, kept) in streams {
        for piece in pieces {
            log.push(Record::new(level, module, log::text(&piece.bytes)));
            kept.extend(piece.bytes);
            if piece.ends {
                kept.push(b'\n');
            }
        }
    }
}
