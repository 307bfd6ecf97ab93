//! What a charm is to the one who runs it: a process, or a function of this program.

use std::fs;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use super::ended::{Ended, reason};
use super::output::Stream;
use super::script::{self, Handler, Location, NoScript};
use super::session::{Output, Printed, Session};
use crate::juju::environment::Variable;

/// A charm that can be run.
pub trait Charm {
    /// Where its hook commands find the agent, if they are processes.
    fn socket(&self) -> Option<&Path>;

    /// Finds what handles a hook or an action.
    ///
    /// # Errors
    ///
    /// If nothing does, or the file that should cannot be run.
    fn find(&self, dir: &Path, location: Location, name: &str) -> Result<(Handler, PathBuf), NoScript>;

    /// Runs it for a hook or an action, to its end.
    fn run(&mut self, script: &Script<'_>, session: &Session<'_>) -> Ended;

    /// Runs a shell script with its hook commands, to its end, and returns what it printed.
    ///
    /// # Errors
    ///
    /// If it cannot be run, or does not come to its end.
    fn shell(&mut self, script: &Script<'_>, text: &str, session: &Session<'_>) -> Result<Shell, String>;
}

/// What is run, and how.
#[derive(Debug, Clone, Copy)]
pub struct Script<'a> {
    /// The file.
    pub path: &'a Path,
    /// The folder that it is run in.
    pub dir: &'a Path,
    /// Its environment.
    pub variables: &'a [Variable],
    /// The logger that gets what it prints.
    pub module: &'a str,
}

/// How a shell script ended, and what it printed.
#[derive(Debug)]
pub struct Shell {
    /// How it ended.
    pub ended: Ended,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// Runs a charm's own files.
#[derive(Debug)]
pub struct Processes<F> {
    command: F,
    socket: PathBuf,
    patience: Duration,
}

impl<F: FnMut(&Path, &Path) -> Command> Processes<F> {
    /// Runs them with the commands that `command` makes of a file and the folder to run it in.
    pub fn new(socket: &Path, command: F) -> Self {
        Self { command, socket: socket.to_owned(), patience: crate::juju::socket::PATIENCE }
    }

    /// How long processes that keep a shell script's output open are waited for. Juju waits for ever.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

/// A command that runs a file in a folder, and nothing more.
pub fn plain_command(file: &Path, dir: &Path) -> Command {
    let mut command = Command::new(file);
    command.current_dir(dir);
    command
}

impl<F: FnMut(&Path, &Path) -> Command> Charm for Processes<F> {
    fn socket(&self) -> Option<&Path> {
        Some(&self.socket)
    }

    fn find(&self, dir: &Path, location: Location, name: &str) -> Result<(Handler, PathBuf), NoScript> {
        script::find(dir, location, name)
    }

    fn run(&mut self, script: &Script<'_>, session: &Session<'_>) -> Ended {
        let not_started =
            |why: &str| Ended::NotStarted(format!("fork/exec {}: {why}", script.path.display()));
        if !script::has_format(script.path) {
            return not_started("exec format error");
        }
        let mut spawn = || {
            let (stdout, stderr) = (Stream::new()?, Stream::new()?);
            // It holds ends of the pipes too, and goes away with this block.
            let mut command = (self.command)(script.path, script.dir);
            command.env_clear().envs(script.variables.iter().cloned()).stdin(Stdio::null());
            let child = command.stdout(stdout.stdio()?).stderr(stderr.stdio()?).spawn()?;
            let module = script.module.to_owned();
            Ok((child, Output { stdout, stderr, module, printed: Printed::default() }))
        };
        match spawn() {
            Ok((mut child, output)) => {
                session.started(child.id(), Some(output));
                ended(session, child.id(), || child.wait())
            }
            Err(error) => not_started(&reason(&error)),
        }
    }

    fn shell(&mut self, script: &Script<'_>, text: &str, session: &Session<'_>) -> Result<Shell, String> {
        let failed = |error: io::Error| reason(&error);
        let folder = script_folder().map_err(failed)?;
        let file = folder.path().join("script.sh");
        fs::write(&file, text).map_err(failed)?;
        let (stdout_reader, stdout) = io::pipe().map_err(failed)?;
        let (stderr_reader, stderr) = io::pipe().map_err(failed)?;
        let mut command = (self.command)(script.path, script.dir);
        command.arg(&file).env_clear().envs(script.variables.iter().cloned()).stdin(Stdio::null());
        let child = command.stdout(stdout).stderr(stderr).process_group(0).spawn();
        drop(command);
        let mut child =
            child.map_err(|error| format!("fork/exec {}: {}", script.path.display(), reason(&error)))?;
        let (stdout, stderr) = (Whole::read(stdout_reader), Whole::read(stderr_reader));
        session.started(child.id(), None);
        let ended = ended(session, child.id(), || child.wait());
        let end = Instant::now() + self.patience;
        let hung = || {
            format!(
                "a process that the script left behind kept its output open for {} s; Juju would wait for ever",
                self.patience.as_secs_f64()
            )
        };
        let (Some(stdout), Some(stderr)) = (stdout.wait(end), stderr.wait(end)) else {
            return Err(hung());
        };
        Ok(Shell { ended, stdout, stderr })
    }
}

/// A folder with a name such as Juju gives to it: a random number stands behind what it is for.
fn script_folder() -> io::Result<tempfile::TempDir> {
    let mut number = [0; 4];
    let mut random = fs::File::open("/dev/urandom")?;
    loop {
        random.read_exact(&mut number)?;
        let name = format!("juju-exec{}", u32::from_ne_bytes(number));
        match tempfile::Builder::new().prefix(&name).rand_bytes(0).tempdir() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
    }
}

/// Waits for the end of a process, which keeps its number until nobody can kill it any more.
fn ended(session: &Session<'_>, process: u32, wait: impl FnOnce() -> io::Result<ExitStatus>) -> Ended {
    let id = || Id::Pid(Pid::from_raw(i32::try_from(process).unwrap_or(i32::MAX)));
    while waitid(id(), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(nix::errno::Errno::EINTR) {}
    match session.reap(wait) {
        Ok(status) => Ended::of(status),
        Err(error) => Ended::NotStarted(reason(&error)),
    }
}

/// A stream that is read to its end.
#[derive(Debug, Clone, Default)]
struct Whole(Arc<(Mutex<Option<Vec<u8>>>, Condvar)>);

impl Whole {
    fn read(mut reader: impl Read + Send + 'static) -> Self {
        let whole = Self::default();
        let shared = whole.clone();
        // Not joined: a process that was left behind may keep the pipe open for as long as it likes.
        thread::spawn(move || {
            let mut bytes = Vec::new();
            // What was read before an error is there all the same.
            let _ = reader.read_to_end(&mut bytes);
            *shared.0.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
            shared.0.1.notify_all();
        });
        whole
    }

    /// All of it; `None` if that takes longer than allowed.
    fn wait(self, end: Instant) -> Option<Vec<u8>> {
        let mut whole = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(bytes) = whole.take() {
                return Some(bytes);
            }
            let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            whole = self.0.1.wait_timeout(whole, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A charm that is a function: it gets its environment and the means to run hook commands, and answers with its exit
/// code. Whatever the charm's folder holds, it handles all hooks and actions.
#[derive(Debug)]
pub struct Function<F>(pub F);

impl<F: FnMut(&[Variable], &Session<'_>) -> u8> Charm for Function<F> {
    fn socket(&self) -> Option<&Path> {
        None
    }

    fn find(&self, dir: &Path, _: Location, _: &str) -> Result<(Handler, PathBuf), NoScript> {
        Ok((Handler::Dispatch, dir.join("dispatch")))
    }

    fn run(&mut self, script: &Script<'_>, session: &Session<'_>) -> Ended {
        Ended::Exited((self.0)(script.variables, session).into())
    }

    fn shell(&mut self, _: &Script<'_>, _: &str, _: &Session<'_>) -> Result<Shell, String> {
        Err("a charm that is a function runs no scripts".to_owned())
    }
}
