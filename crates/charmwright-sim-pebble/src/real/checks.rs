//! Checks, looked at for real.

use std::io::{self, Read};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use charmwright_pebble::GoDuration;
use nix::sys::signal::{Signal as SystemSignal, killpg};

use super::children::Children;
use super::host::{look_path, prepare};
use crate::errors::words;
use crate::host::{CheckFailure, CheckKind, CheckRun, Exit, Spawn};

/// How much of what a failed check said is kept.
const MAX_BYTES: usize = 512;
const MAX_LINES: usize = 5;
/// How long what a command left behind may hold its output after it has ended.
const WAIT_DELAY: Duration = Duration::from_secs(1);

/// Ends a check that runs.
#[derive(Debug)]
pub(super) struct Cancel(Sender<Ending>);

/// What ends a command: itself, or the one that cancels.
#[derive(Debug)]
enum Ending {
    Exit(Exit),
    Cancelled,
}

/// Where a check hears of its end.
pub(super) struct Endings(Sender<Ending>, Receiver<Ending>);

pub(super) fn cancel() -> (Cancel, Endings) {
    let (tell, told) = mpsc::channel();
    (Cancel(tell.clone()), Endings(tell, told))
}

impl Cancel {
    /// A command is killed. What only asks ends within its timeout, and nobody listens any more.
    pub(super) fn cancel(self) {
        // It may have ended by now.
        let _ = self.0.send(Ending::Cancelled);
    }
}

/// Looks once. Blocks for as long as the check may take, and no longer.
pub(super) fn run(
    check: &CheckRun,
    path: &str,
    children: &Children,
    endings: &Endings,
) -> Result<(), CheckFailure> {
    match &check.kind {
        CheckKind::Http { url, headers } => {
            let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            http(url, headers, check.timeout)
        }
        CheckKind::Tcp { port, host } => tcp(host, *port, check.timeout),
        CheckKind::Exec(spawn) => exec(spawn, check.timeout, path, children, endings),
    }
}

fn failed(message: impl Into<String>) -> CheckFailure {
    CheckFailure { message: message.into(), details: String::new() }
}

fn timed_out(after: Duration) -> CheckFailure {
    failed(format!("check timed out after {}", GoDuration::from(after)))
}

fn http<'a>(
    url: &str,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    timeout: Duration,
) -> Result<(), CheckFailure> {
    let agent = ureq::Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .timeout_global(Some(timeout))
        .build()
        .new_agent();
    let mut request = agent.get(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let in_go = |error: ureq::Error| match error {
        ureq::Error::Io(error) => failed(format!("Get {url:?}: {}", words(&error))),
        ureq::Error::Timeout(_) => timed_out(timeout),
        error => failed(format!("Get {url:?}: {error}")),
    };
    let answer = request.call().map_err(in_go)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let mut body = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or_default();
    // What cannot be read of it is not told.
    let _ = answer.into_body().into_reader().take(limit).read_to_end(&mut body);
    let text = String::from_utf8_lossy(&body);
    let mut lines: Vec<&str> = text.trim().lines().collect();
    if lines.len() > MAX_LINES {
        lines.truncate(MAX_LINES);
        lines.push("(...)");
    }
    let message = format!("non-2xx status code {}", status.as_u16());
    Err(CheckFailure { message, details: lines.join("\n") })
}

fn tcp(host: &str, port: u16, timeout: Duration) -> Result<(), CheckFailure> {
    let deadline = Instant::now() + timeout;
    let addresses = (host, port)
        .to_socket_addrs()
        .map_err(|error| failed(format!("dial tcp: lookup {host}: {}", words(&error))))?;
    let mut last = failed(format!("dial tcp: lookup {host}: no such host"));
    for address in addresses {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        match TcpStream::connect_timeout(&address, left) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                last = timed_out(timeout);
            }
            Err(error) => last = failed(format!("dial tcp {address}: connect: {}", words(&error))),
        }
    }
    Err(last)
}

fn exec(
    spawn: &Spawn,
    timeout: Duration,
    path: &str,
    children: &Children,
    Endings(tell, told): &Endings,
) -> Result<(), CheckFailure> {
    let deadline = Instant::now() + timeout;
    let name = spawn.command.first().map(String::as_str).unwrap_or_default();
    let program = look_path(name, path).map_err(failed)?;
    let mut command = Command::new(&program);
    prepare(&mut command, spawn, &spawn.command).map_err(failed)?;
    let in_go = |error: &io::Error| failed(format!("fork/exec {program}: {}", words(error)));
    let (mut output, write) = io::pipe().map_err(|error| in_go(&error))?;
    let errors = write.try_clone().map_err(|error| in_go(&error))?;
    command.stdin(Stdio::null()).stdout(write).stderr(errors);
    let ended = tell.clone();
    // Once the time is over nobody listens.
    let ended = move |exit| ended.send(Ending::Exit(exit)).unwrap_or_default();
    let pid = children.spawn(&mut command, ended).map_err(|error| in_go(&error))?;
    drop(command);
    let (read, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut tail = Vec::new();
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = output.read(&mut chunk) {
            tail.extend_from_slice(chunk.get(..length).unwrap_or_default());
            let excess = tail.len().saturating_sub(MAX_BYTES);
            tail.drain(..excess);
        }
        // Nobody may wait for it any more.
        let _ = read.send(tail);
    });
    let exit = match told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(Ending::Exit(exit)) => exit,
        ending => {
            // It may have ended by now.
            let _ = killpg(pid, SystemSignal::SIGKILL);
            return Err(if ending.is_ok() { failed("context canceled") } else { timed_out(timeout) });
        }
    };
    let tail = lines.recv_timeout(WAIT_DELAY).unwrap_or_default();
    if exit.code() == 0 {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&tail);
    let all: Vec<&str> = text.trim_end_matches('\n').lines().collect();
    let details = match all.len().checked_sub(MAX_LINES) {
        Some(more @ 1..) => format!("(...)\n{}", all.get(more..).unwrap_or_default().join("\n")),
        _ => all.join("\n"),
    };
    Err(CheckFailure { message: format!("exit status {}", exit.code()), details })
}
