//! Commands.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use charmwright_pebble::GoDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::accounts::{Accounts, credentials};
use crate::change::runner::Begun;
use crate::change::{NewTask, Status, Work};
use crate::files::OwnerSpec;
use crate::host::{AccountKey, ExecStart, Exit, Host, Spawn, TaskId, Websocket};
use crate::pebble::Pebble;
use crate::text::quoted;
use crate::timers::Timer;

/// How long the websockets of a command may take to be connected.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What ends a stream.
pub(crate) const END: &str = r#"{"command":"end"}"#;
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct ExecRequest {
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub(crate) command: Vec<String>,
    #[serde(deserialize_with = "crate::api::null_as_default")]
    service_context: String,
    #[serde(deserialize_with = "crate::api::null_as_default")]
    environment: BTreeMap<String, String>,
    #[serde(deserialize_with = "crate::api::null_as_default")]
    working_dir: String,
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub(crate) timeout: String,
    #[serde(flatten)]
    owner: OwnerSpec,
    #[serde(deserialize_with = "crate::api::null_as_default")]
    terminal: bool,
    #[serde(deserialize_with = "crate::api::null_as_default")]
    interactive: bool,
    #[serde(deserialize_with = "crate::api::null_as_default")]
    split_stderr: bool,
    #[serde(deserialize_with = "crate::api::null_as_default")]
    width: i64,
    #[serde(deserialize_with = "crate::api::null_as_default")]
    height: i64,
}

/// A command that was asked for and has not ended.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    what: ExecStart,
    timeout: Duration,
    connected: BTreeSet<Websocket>,
    has_started: bool,
    is_over_time: bool,
}

/// What becomes of somebody who wants a websocket.
pub(crate) enum Connecting {
    /// They get it.
    Opens(Websocket),
    /// They get this error, of this status.
    Fails(u16, String),
    /// They get nothing, but an answer.
    Empty,
    /// They wait for ever.
    Hangs,
}

impl Pebble {
    /// Makes the change that runs a command: its id, and what the answer tells beside. An error has its status.
    pub(crate) fn ask_exec(
        &mut self,
        request: ExecRequest,
        timeout: Duration,
        host: &mut dyn Host,
    ) -> Result<(u64, Value), (u16, String)> {
        let program = request.command.first().cloned().unwrap_or_default();
        if host.find_executable(&program).is_err() {
            return Err((400, format!("cannot find executable {}", quoted(&program))));
        }
        let request = self.with_service(request).map_err(|error| (400, error))?;
        let accounts: &dyn Accounts = host;
        let credentials = credentials(accounts, &request.owner).map_err(|error| (400, error))?;
        let cannot = |error: String| (500, format!("cannot call exec: {error}"));
        if request.interactive && !request.terminal {
            return Err(cannot("cannot use interactive mode without a terminal".to_owned()));
        }
        let user = credentials.map_or(self.settings.user, |credentials| credentials.user);
        let environment = self.exec_environment(&request, user, credentials.is_some(), host);
        let home = environment.get("HOME").map(String::as_str).unwrap_or_default();
        let working_dir = working_dir(&request.working_dir, home, host).map_err(cannot)?;
        let result = json!({"environment": environment, "working-dir": working_dir});
        let size = |number: i64| u16::try_from(number).unwrap_or(0);
        let what = ExecStart {
            spawn: Spawn {
                service: String::new(),
                command: request.command,
                environment,
                credentials,
                working_dir,
            },
            terminal: request.terminal,
            interactive: request.interactive,
            split_stderr: request.split_stderr,
            width: size(request.width),
            height: size(request.height),
        };
        let summary = format!("Execute command {}", quoted(&program));
        let task = NewTask { summary: summary.clone(), work: Work::Exec, lane: 0, waits_for: Vec::new() };
        let change = self.new_change("exec", &summary, vec![task]);
        let task = self.ledger.last_task;
        let connected = BTreeSet::new();
        let execution = Execution { what, timeout, connected, has_started: false, is_over_time: false };
        self.executions.insert(task, execution);
        let mut result = result;
        result["task-id"] = task.to_string().into();
        Ok((change, result))
    }

    /// The request with what its service gives it.
    fn with_service(&self, mut request: ExecRequest) -> Result<ExecRequest, String> {
        if request.service_context.is_empty() {
            return Ok(request);
        }
        let Some(service) = self.plan.services.get(&request.service_context) else {
            return Err(format!("context service {} not found", quoted(&request.service_context)));
        };
        let mut environment = service.environment.clone();
        environment.extend(std::mem::take(&mut request.environment));
        request.environment = environment;
        let owner = &mut request.owner;
        owner.user_id = owner.user_id.or(service.user_id.map(Into::into));
        owner.group_id = owner.group_id.or(service.group_id.map(Into::into));
        for (own, given) in [
            (&mut owner.user, &service.user),
            (&mut owner.group, &service.group),
            (&mut request.working_dir, &service.working_dir),
        ] {
            if own.is_empty() {
                given.clone_into(own);
            }
        }
        Ok(request)
    }

    fn exec_environment(
        &self,
        request: &ExecRequest,
        user: u32,
        is_given: bool,
        host: &dyn Host,
    ) -> BTreeMap<String, String> {
        let mut environment = self.settings.environment.clone();
        if is_given && user != self.settings.user {
            environment.remove("HOME");
            environment.remove("USER");
        }
        environment.extend(request.environment.clone());
        environment.entry("PATH".to_owned()).or_insert_with(|| PATH.to_owned());
        if let Some(user) = host.user(&AccountKey::Id(user)) {
            for (variable, value) in [("HOME", user.home), ("USER", user.name)] {
                let old = environment.entry(variable.to_owned()).or_default();
                if old.is_empty() {
                    *old = value;
                }
            }
        }
        environment.entry("LANG".to_owned()).or_insert_with(|| "C.UTF-8".to_owned());
        environment
    }

    pub(crate) fn begin_exec(&mut self, task: u64) -> Begun {
        if !self.executions.contains_key(&task) {
            // Of an earlier daemon: it is not run again.
            return Begun::Ended(Ok(()));
        }
        self.timers.set(self.now.after(CONNECT_TIMEOUT), Timer::Connected(task));
        Begun::GoesOn
    }

    /// Whether somebody may have a websocket.
    pub(crate) fn connecting(&self, task: &str, name: &str) -> Connecting {
        let Some(task) = self.ledger.task(task) else {
            let what = if self.settings.since(25) { "task" } else { "task with id" };
            return Connecting::Fails(404, format!("cannot find {what} {}", quoted(task)));
        };
        if task.work != Work::Exec {
            let kind = quoted(task.work.kind());
            return Connecting::Fails(400, format!("{kind} tasks do not have websockets"));
        }
        let Some(execution) = self.executions.get(&task.id) else {
            let change = self.ledger.changes.get(&task.change);
            return match change.and_then(|change| self.ledger.error(change)) {
                _ if !self.settings.since(25) => Connecting::Hangs,
                Some(error) => Connecting::Fails(500, error),
                None => Connecting::Empty,
            };
        };
        let websocket = Websocket::named(name)
            .filter(|websocket| *websocket != Websocket::Stderr || execution.what.split_stderr);
        let Some(websocket) = websocket else {
            let text = format!("cannot find {name} websocket for task {}", quoted(&task.id.to_string()));
            return Connecting::Fails(404, text);
        };
        if execution.connected.contains(&websocket) {
            let name = if self.settings.since(25) {
                format!("{} websocket", websocket.as_str())
            } else {
                format!("websocket {}", quoted(websocket.as_str()))
            };
            return Connecting::Fails(500, format!("{name} already connected"));
        }
        Connecting::Opens(websocket)
    }

    /// Whether a command has not ended.
    pub(crate) fn is_executing(&self, task: &TaskId) -> bool {
        task.0.parse().is_ok_and(|task: u64| self.executions.contains_key(&task))
    }

    pub(crate) fn exec_has(&mut self, task: &TaskId, websocket: Websocket, host: &mut dyn Host) {
        let Some(id) = self.ledger.task(&task.0).map(|task| task.id) else {
            return;
        };
        let Some(execution) = self.executions.get_mut(&id) else {
            return;
        };
        execution.connected.insert(websocket);
        let has = |websocket| execution.connected.contains(&websocket);
        let is_connected = has(Websocket::Stdio) && (!execution.what.split_stderr || has(Websocket::Stderr));
        if execution.has_started || !is_connected {
            return;
        }
        execution.has_started = true;
        let (what, timeout) = (execution.what.clone(), execution.timeout);
        self.timers.cancel(&Timer::Connected(id));
        if let Err(error) = host.start_exec(task, &what) {
            self.end_exec(id, -1, Err(error), host);
        } else if !timeout.is_zero() {
            self.timers.set(self.now.after(timeout), Timer::Exec(id));
        }
    }

    pub(crate) fn exec_timer(&mut self, timer: &Timer, host: &mut dyn Host) {
        match *timer {
            Timer::Connected(task) => {
                let error = format!(
                    "exec {task}: timeout waiting for websocket connections: context deadline exceeded"
                );
                self.executions.remove(&task);
                self.finish(task, Err(error), host);
            }
            Timer::Exec(task) => {
                if let Some(execution) = self.executions.get_mut(&task) {
                    execution.is_over_time = true;
                    host.kill_exec(&TaskId(task.to_string()));
                }
            }
            _ => {}
        }
    }

    pub(crate) fn abort_exec(&mut self, task: u64, host: &mut dyn Host) {
        match self.executions.get(&task) {
            Some(execution) if execution.has_started => host.kill_exec(&TaskId(task.to_string())),
            _ => {
                self.executions.remove(&task);
                self.timers.cancel(&Timer::Connected(task));
                self.finish(task, Err("context canceled".to_owned()), host);
            }
        }
    }

    pub(crate) fn exec_exited(&mut self, task: &TaskId, exit: Exit, host: &mut dyn Host) {
        let Some(id) = self.ledger.task(&task.0).map(|task| task.id) else {
            return;
        };
        let Some(execution) = self.executions.get(&id).filter(|execution| execution.has_started) else {
            return;
        };
        if execution.is_over_time {
            let after = GoDuration::from(execution.timeout);
            let error = format!("timed out after {after}: context deadline exceeded");
            self.end_exec(id, -1, Err(error), host);
        } else {
            self.end_exec(id, exit.code(), Ok(()), host);
        }
    }

    fn end_exec(&mut self, id: u64, code: i32, outcome: Result<(), String>, host: &mut dyn Host) {
        self.executions.remove(&id);
        self.timers.cancel(&Timer::Exec(id));
        if let Some(task) = self.ledger.tasks.get_mut(&id).filter(|task| task.status != Status::Error) {
            task.exit_code = Some(code);
        }
        self.finish(id, outcome, host);
    }
}

fn working_dir(given: &str, home: &str, host: &dyn Host) -> Result<String, String> {
    let (what, dir) = match (given, home) {
        ("", "") => return Ok("/".to_owned()),
        ("", home) => ("home directory", home),
        (given, _) => ("working directory", given),
    };
    if host.is_directory(dir) {
        return Ok(dir.to_owned());
    }
    Err(format!("{what} {} does not exist", quoted(dir)))
}
