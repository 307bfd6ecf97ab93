//! Running `dispatch` once.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Instant;

use nix::libc;

use super::context::{ActionResult, Context, Shared};
use super::environment::{Place, environment};
use super::server::{Reply, Request, Server};
use super::{Record, commands};
use crate::events::Hook;

/// A hook that could not be run at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot run {event}")]
pub struct HookError {
    event: String,
    source: io::Error,
}

/// What became of a hook.
#[derive(Debug, Default)]
pub struct Ended {
    /// What it did.
    pub record: Record,
    /// The relations whose bags were written.
    pub written: Vec<u64>,
    /// A signal ended it: Juju runs it again at once.
    pub killed: bool,
    /// How the action ended, if it was one, with what was secret in it.
    pub action: Option<ActionResult>,
}

/// Runs `dispatch` for a hook with `command`, and publishes what it wrote if it succeeds.
///
/// # Errors
///
/// If it could not be started. That it failed is part of the record.
pub fn run(
    shared: &Shared,
    hook: &Hook,
    place: &Place,
    number: u64,
    local_goes: bool,
    command: Command,
) -> Result<Ended, HookError> {
    let (event, variables, _) = begin(shared, hook, place, number, local_goes);
    let failed = |source| HookError { event: event.clone(), source };
    let began = Instant::now();
    let server = Server::start(&place.socket, shared.clone()).map_err(failed)?;
    let status = run_process(shared, command, variables).map_err(failed)?;
    drop(server);
    Ok(finish(shared, hook, status, began.elapsed().as_millis()))
}

/// Hook commands for a charm that runs within this process.
#[derive(Debug)]
pub struct Commands<'a> {
    shared: &'a Shared,
    context: String,
    dir: &'a Path,
}

impl Commands<'_> {
    /// Runs a hook command: its name, its arguments, its standard input.
    pub fn call(&self, args: Vec<String>, stdin: Option<&str>) -> Reply {
        let request = Request { context: self.context.clone(), dir: self.dir.to_owned(), args };
        let reply = commands::run(&request, stdin, self.shared);
        self.shared.lock().note_command(request.args, reply.code);
        reply
    }
}

/// Runs a charm that is a function for a hook: it gets the environment, and answers with its exit code.
pub fn run_function(
    shared: &Shared,
    hook: &Hook,
    place: &Place,
    number: u64,
    charm: impl FnOnce(Variables, &Commands<'_>) -> u8,
) -> Ended {
    let (_, variables, context) = begin(shared, hook, place, number, false);
    let code = charm(variables, &Commands { shared, context, dir: &place.charm });
    finish(shared, hook, ExitStatus::from_raw(i32::from(code) << 8), 0)
}

/// A charm's environment.
pub type Variables = BTreeMap<String, String>;

/// The hook's name, its environment and its context id.
fn begin(
    shared: &Shared,
    hook: &Hook,
    place: &Place,
    number: u64,
    local_goes: bool,
) -> (String, Variables, String) {
    let mut live = shared.lock();
    let event = hook.name(&live.model);
    let id = format!("{}-{event}-{number:032x}", live.model.unit);
    let variables = environment(hook, &live.model, place, &id, local_goes);
    live.context = Some(Context::new(hook.clone(), id.clone(), event.clone()));
    (event, variables, id)
}

fn run_process(shared: &Shared, mut command: Command, variables: Variables) -> io::Result<ExitStatus> {
    let mut child = command
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(context) = &mut shared.lock().context {
        context.pid = i32::try_from(child.id()).ok();
    }
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        scope.spawn(|| log_lines(shared, stdout, "DEBUG"));
        scope.spawn(|| log_lines(shared, stderr, "WARNING"));
        child.wait()
    })
}

/// What the charm prints becomes log records. Lines that belong together, because the following are indented,
/// become one.
fn log_lines(shared: &Shared, stream: Option<impl Read>, level: &str) {
    let Some(stream) = stream else { return };
    let log = |block: &mut String| {
        if let Some(context) = shared.lock().context.as_mut().filter(|_| !block.is_empty()) {
            context.log(level, "", block);
        }
        block.clear();
    };
    let mut block = String::new();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if !line.starts_with(' ') {
            log(&mut block);
        } else if !block.is_empty() {
            block.push('\n');
        }
        block.push_str(&line);
    }
    log(&mut block);
}

fn finish(shared: &Shared, hook: &Hook, status: ExitStatus, millis: u128) -> Ended {
    let mut live = shared.lock();
    let live = &mut *live;
    let Some(mut context) = live.context.take() else {
        return Ended::default();
    };
    let killed = matches!(status.signal(), Some(libc::SIGKILL | libc::SIGTERM));
    let error = match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("exit status {code}")),
        (None, signal) => Some(format!("ended by signal {}", signal.unwrap_or_default())),
    };
    let action = hook.is_action().then(|| {
        let mut action = std::mem::take(&mut context.action);
        if let Some(error) = &error {
            action.failed = true;
            action.message.clone_from(error);
        }
        action
    });
    context.record.action = action.clone().map(|action| action.without(&live.model.secret_values()));
    let succeeded = error.is_none();
    context.record.exit_code = status.code();
    context.record.error = error;
    context.record.millis = millis;
    let (mut record, written) =
        if succeeded { context.publish(&mut live.model) } else { (context.record, Vec::new()) };
    record.status = Some(live.model.status.clone());
    Ended { record, written, killed, action }
}
