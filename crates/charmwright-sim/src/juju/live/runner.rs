//! Runs the charm's own files, and serves requests while they run.

use std::fmt;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::folder::Folder;
use super::request::Request;
use crate::juju::commands::{Call, Reply};
use crate::juju::context::{Agent, CommandInfo, HookInfo};
use crate::juju::controller::{Endpoints, endpoints, quoted};
use crate::juju::environment::Host;
use crate::juju::run::{
    Charm, Clock, Conditions, Ended, Handler, Location, NoScript, Observer, Outcome, Processes, Script,
    Session, Shell, plain_command,
};
use crate::juju::worker::{Hearing, Runner};

/// How often it is looked whether a hook is held.
const LOOK: Duration = Duration::from_millis(2);
/// How long a hook that is not held may run before a request to settle is answered all the same.
const PATIENCE: Duration = Duration::from_secs(30);

/// The requests and the answers.
pub(super) struct Lines<'a> {
    requests: Box<dyn BufRead + Send + 'a>,
    answers: Box<dyn Write + Send + 'a>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(requests: impl BufRead + Send + 'a, answers: impl Write + Send + 'a) -> Self {
        Self { requests: Box::new(requests), answers: Box::new(answers) }
    }

    /// The next request; `None` if there are no more.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        loop {
            line.clear();
            if self.requests.read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            return Ok(Some(line));
        }
    }

    pub(super) fn answer(&mut self, answer: Result<Value, String>) -> io::Result<()> {
        let mut answer = match answer {
            Ok(mut answer) => {
                answer["ok"] = json!(true);
                answer
            }
            Err(error) => json!({"ok": false, "error": error}),
        }
        .to_string();
        answer.push('\n');
        self.answers.write_all(answer.as_bytes())?;
        self.answers.flush()
    }
}

impl fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

/// How the agent is to end, as was asked while a hook ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// At once.
    Crash,
    /// When the hook is done.
    Stop,
}

/// Runs the charm's own files.
#[derive(Debug)]
pub(super) struct ProcessRunner<'a, 'l> {
    folder: &'a mut Folder,
    host: &'a Host,
    lines: &'a mut Lines<'l>,
    ending: Option<Ending>,
    follow: Option<Vec<String>>,
}

impl<'a, 'l> ProcessRunner<'a, 'l> {
    pub(super) fn new(folder: &'a mut Folder, host: &'a Host, lines: &'a mut Lines<'l>) -> Self {
        Self { folder, host, lines, ending: None, follow: None }
    }

    /// How the agent is to end, once.
    pub(super) fn ending(&mut self) -> Option<Ending> {
        self.ending.take()
    }

    /// What the run that is to be followed did.
    pub(super) fn set_follow(&mut self, follow: Vec<String>) {
        self.follow = Some(follow);
    }

    /// What that was, once.
    pub(super) fn follow(&mut self) -> Option<Vec<String>> {
        self.follow.take()
    }

    fn run(
        &mut self,
        agent: &mut Agent,
        hearing: Hearing<'_>,
        name: String,
        run: impl FnOnce(Conditions<'_>, &mut Agent, &mut dyn Charm) -> Outcome,
    ) -> Outcome {
        let watched = Watched::default();
        let time = Time(Mutex::new(*hearing.now));
        let socket = agent.paths.socket.clone();
        let mut charm = Held {
            processes: Processes::new(&socket, plain_command),
            name,
            folder: &*self.folder,
            lines: &mut *self.lines,
            ending: &mut self.ending,
            follow: &mut self.follow,
            hearing,
            time: &time,
            watched: &watched,
        };
        let conditions = Conditions { clock: &time, observer: &watched, ..Conditions::on(self.host) };
        run(conditions, agent, &mut charm)
    }
}

impl Runner for ProcessRunner<'_, '_> {
    fn hook(&mut self, agent: &mut Agent, hearing: Hearing<'_>, hook: &HookInfo) -> Outcome {
        let name = agent.hook_name(hook);
        self.run(agent, hearing, name, |conditions, agent, charm| conditions.known_hook(agent, hook, charm))
    }

    fn action(&mut self, agent: &mut Agent, hearing: Hearing<'_>, id: &str) -> Outcome {
        let name = agent.controller.model().actions.get(id).map(|run| run.name.clone()).unwrap_or_default();
        self.run(agent, hearing, name, |conditions, agent, charm| conditions.begun_action(agent, id, charm))
    }

    fn script(&mut self, agent: &mut Agent, hearing: Hearing<'_>, script: &str) -> Outcome {
        let name = "juju-exec".to_owned();
        self.run(agent, hearing, name, |conditions, agent, charm| {
            conditions.exec(agent, &CommandInfo::default(), script, charm)
        })
    }

    fn deploy(&mut self, agent: &mut Agent, url: &str) -> Result<Option<Endpoints>, String> {
        let model = agent.controller.model();
        let from = model.charms.get(url).map(PathBuf::from);
        let from = from.ok_or_else(|| format!("charm {} not found", quoted(url)))?;
        let failed = |error: io::Error| format!("{}: {error}", from.display());
        self.folder.deploy(&from, &agent.paths).map_err(failed)?;
        Ok(endpoints(&agent.paths.charm).ok())
    }

    fn replace_pod(&mut self, agent: &mut Agent) -> Result<(), String> {
        self.folder.replace_pod(&agent.paths).map_err(|error| error.to_string())
    }
}

/// The time, which may pass while a hook runs.
#[derive(Debug)]
struct Time(Mutex<Timestamp>);

impl Time {
    fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Knows the charm's process.
#[derive(Debug, Default)]
struct Watched(Mutex<Option<u32>>);

impl Watched {
    fn kill(&self, signal: Signal) {
        let process = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = process.and_then(|process| i32::try_from(process).ok()) {
            // It may have ended by itself.
            let _ = kill(Pid::from_raw(process), signal);
        }
    }
}

impl Observer for Watched {
    fn started(&self, process: u32) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
    }

    fn before(&self, _: &Call, _: Option<u32>) -> bool {
        true
    }

    fn after(&self, _: &Call, _: &Reply, _: Option<u32>) -> bool {
        true
    }
}

/// A charm that may be held in a hook, while the world goes on.
struct Held<'a, 'l, F> {
    processes: Processes<F>,
    name: String,
    folder: &'a Folder,
    lines: &'a mut Lines<'l>,
    ending: &'a mut Option<Ending>,
    follow: &'a mut Option<Vec<String>>,
    hearing: Hearing<'a>,
    time: &'a Time,
    watched: &'a Watched,
}

impl<F: FnMut(&Path, &Path) -> std::process::Command + Send> Charm for Held<'_, '_, F> {
    fn socket(&self) -> Option<&Path> {
        self.processes.socket()
    }

    fn find(&self, dir: &Path, location: Location, name: &str) -> Result<(Handler, PathBuf), NoScript> {
        self.processes.find(dir, location, name)
    }

    fn run(&mut self, script: &Script<'_>, session: &Session<'_>) -> Ended {
        self.hearing.journal.begin_run(script.variables);
        self.beside(session, |processes| processes.run(script, session))
    }

    fn shell(&mut self, script: &Script<'_>, text: &str, session: &Session<'_>) -> Result<Shell, String> {
        self.beside(session, |processes| processes.shell(script, text, session))
    }
}

impl<F: Send> Held<'_, '_, F> {
    /// Runs something, and serves requests while it is held.
    fn beside<T: Send>(
        &mut self,
        session: &Session<'_>,
        run: impl FnOnce(&mut Processes<F>) -> T + Send,
    ) -> T {
        let Self { processes, name, folder, lines, ending, follow, hearing, time, watched } = self;
        let mut beside = Beside { name, folder, lines, ending, follow, hearing, time, watched };
        let (send, ended) = channel();
        thread::scope(|scope| {
            let running = scope.spawn(move || {
                let result = run(processes);
                // Nobody listens any more only if the whole program ends.
                let _ = send.send(());
                result
            });
            beside.serve(&ended, session);
            match running.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }
}

/// What is served while a hook runs.
struct Beside<'a, 'h, 'l> {
    name: &'a str,
    folder: &'a Folder,
    lines: &'a mut Lines<'l>,
    ending: &'a mut Option<Ending>,
    follow: &'a mut Option<Vec<String>>,
    hearing: &'a mut Hearing<'h>,
    time: &'a Time,
    watched: &'a Watched,
}

impl Beside<'_, '_, '_> {
    fn serve(&mut self, ended: &Receiver<()>, session: &Session<'_>) {
        loop {
            if !self.wait(ended) {
                return;
            }
            // It is held, or takes its time: the request to settle that brought us here has its answer.
            let answer = self.settled(session);
            if self.lines.answer(Ok(answer)).is_err() {
                return self.end(Ending::Crash, session);
            }
            // Requests are served until one wants to settle again.
            loop {
                let Ok(Some(line)) = self.lines.next() else { return self.end(Ending::Crash, session) };
                let request: Request = match serde_json::from_slice(&line) {
                    Ok(request) => request,
                    Err(error) => {
                        if self.lines.answer(Err(error.to_string())).is_err() {
                            return self.end(Ending::Crash, session);
                        }
                        continue;
                    }
                };
                if request.op == "settle" {
                    *self.follow = Some(request.follow);
                    break;
                }
                let answer = self.handle(&request, session);
                let ends = self.ending.is_some();
                if ends {
                    // The request is answered; what comes of the hook is told to whoever settles next.
                    let _ = ended.recv();
                }
                if self.lines.answer(answer).is_err() {
                    return self.end(Ending::Crash, session);
                }
                if ends {
                    return;
                }
            }
        }
    }

    /// Waits until the hook is held (`true`) or has ended.
    fn wait(&self, ended: &Receiver<()>) -> bool {
        let end = Instant::now() + PATIENCE;
        loop {
            match ended.recv_timeout(LOOK) {
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.folder.is_held(self.name) || Instant::now() > end {
                return true;
            }
        }
    }

    fn settled(&mut self, session: &Session<'_>) -> Value {
        let mut live = session.live();
        let controller = live.controller();
        self.hearing.note_calls(controller);
        let mut answer = super::answer(self.hearing.journal.take(), controller);
        if self.folder.is_held(self.name) {
            answer["held"] = json!(self.name);
        } else {
            answer["timeout"] = json!(true);
        }
        answer
    }

    fn end(&mut self, ending: Ending, session: &Session<'_>) {
        *self.ending = Some(ending);
        if ending == Ending::Crash {
            session.live().controller().sever();
            self.kill();
        }
    }

    fn kill(&self) {
        self.watched.kill(Signal::SIGKILL);
        self.folder.let_go(self.name);
    }

    fn handle(&mut self, request: &Request, session: &Session<'_>) -> Result<Value, String> {
        let mut live = session.live();
        let controller = live.controller();
        match request.op.as_str() {
            "start" => return Err("the agent runs already".to_owned()),
            "change" => {
                self.hearing.change(controller, &request.changes()?).map_err(|error| error.to_string())?;
            }
            "advance" => {
                self.hearing.advance(controller, SignedDuration::from_millis(request.ms));
                self.time.set(*self.hearing.now);
            }
            "crash_at" => controller.set_crash(Some(request.crash_point())),
            "exec" => drop(self.hearing.ears.add_script(&request.script)),
            "terminate" => {
                self.hearing.ears.shut_down();
                if request.kill {
                    self.kill();
                }
            }
            "script" => self.folder.script(request).map_err(|error| error.to_string())?,
            "get" => return Ok(json!({"model": controller.live_json()})),
            "crash" => {
                drop(live);
                self.end(Ending::Crash, session);
            }
            "stop" => {
                drop(live);
                self.end(Ending::Stop, session);
            }
            "model" => return Err("a hook runs: end the agent before another model is set".to_owned()),
            op => return Err(format!("unknown op {}", quoted(op))),
        }
        Ok(json!({}))
    }
}
