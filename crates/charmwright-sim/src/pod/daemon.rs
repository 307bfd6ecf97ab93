//! A running Pebble, as a process.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::PodError;
use super::{boot_id, errors_of, failure, first_line, refused};

const DEADLINE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);
const LOG_END: u64 = 2048;

/// What it takes to start one.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) root: PathBuf,
    pub(super) pebble: PathBuf,
    pub(super) log: PathBuf,
    pub(super) socket: PathBuf,
}

/// Pebble as PID 1 of its container, and the process outside that watches over it.
#[derive(Debug)]
pub(super) struct Daemon {
    outer: Child,
    pid: Pid,
    /// When the process began, in the kernel's ticks: with it, a process id cannot be mistaken for a later one's.
    began: Option<u64>,
    container: String,
}

impl Daemon {
    /// Starts Pebble and waits for its first answer.
    pub(super) fn start(plan: &Plan, tool: &Path, anchor: u32) -> Result<Self, PodError> {
        let mut command = Command::new(tool);
        command.arg("container").arg("--pod").arg(anchor.to_string()).arg("--name").arg(&plan.name);
        command.arg("--root").arg(&plan.root).arg("--pebble").arg(&plan.pebble).arg("--log").arg(&plan.log);
        command.env_clear().process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut outer = command.spawn().map_err(PodError::io("run", tool))?;
        let said = first_line(&mut outer);
        let Some(pid) = said.strip_prefix("pid ").and_then(|pid| pid.parse().ok()).map(Pid::from_raw) else {
            return Err(failure("a container", tool, &mut outer));
        };
        let mut daemon = Self { outer, pid, began: None, container: plan.name.clone() };
        daemon.began = daemon.stat().map(|stat| stat.began);
        match daemon.wait_for_answer(&plan.socket) {
            Ok(()) => Ok(daemon),
            Err(reason) => Err(daemon.not_started(reason, plan)),
        }
    }

    /// The process still runs. One that has ended is there, as a zombie, until [`kill`](Self::kill).
    pub(super) fn is_alive(&self) -> bool {
        self.stat().is_some_and(|stat| Some(stat.began) == self.began && !stat.ended)
    }

    /// Kills Pebble and with it all that runs in the container; returns when they are gone.
    pub(super) fn kill(&mut self) -> Result<(), PodError> {
        let failed = |pid: Pid, container: &str, source: io::Error| PodError::Kill {
            container: container.to_owned(),
            pid: pid.as_raw(),
            source,
        };
        if self.is_alive() {
            match kill(self.pid, Signal::SIGKILL) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => return Err(failed(self.pid, &self.container, error.into())),
            }
        }
        // The outer process reaps the inner one and ends when its input does.
        drop(self.outer.stdin.take());
        self.outer.wait().map_err(|source| failed(self.pid, &self.container, source))?;
        // If somebody has killed the outer one, the inner one is not its child any more.
        let deadline = Instant::now() + DEADLINE;
        while self.is_alive() {
            if Instant::now() > deadline {
                return Err(failed(self.pid, &self.container, io::ErrorKind::TimedOut.into()));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn wait_for_answer(&self, socket: &Path) -> Result<(), String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let alive = self.is_alive();
            let Err(error) = boot_id(socket) else {
                return Ok(());
            };
            if !alive {
                return Err("it ended at once".to_owned());
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "it does not answer at {} within {DEADLINE:?}: {error}",
                    socket.display()
                ));
            }
            thread::sleep(PAUSE);
        }
    }

    fn not_started(mut self, reason: String, plan: &Plan) -> PodError {
        if let Err(error) = self.kill() {
            return error;
        }
        let said = errors_of(&mut self.outer);
        // `kill` has waited for it, so this only asks how it ended.
        if self.outer.try_wait().is_ok_and(refused) {
            return PodError::Refused { message: said };
        }
        let output =
            if said.is_empty() { end_of(&plan.log).unwrap_or_else(|error| error.to_string()) } else { said };
        let (container, log) = (plan.name.clone(), plan.log.clone());
        let pid = self.pid.as_raw();
        PodError::Pebble { container, pid, reason, log, output }
    }

    fn stat(&self) -> Option<Stat> {
        Stat::parse(&fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // There is nobody to tell; the processes end with the anchor or with us at the latest.
        let _ = self.kill();
    }
}

/// What `/proc/PID/stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    ended: bool,
    began: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The name of the program is in parentheses and may have any byte in it.
        let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
        let ended = matches!(fields.next()?, "Z" | "X");
        Some(Self { ended, began: fields.nth(18)?.parse().ok()? })
    }
}

fn end_of(log: &Path) -> io::Result<String> {
    let mut file = fs::File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_END)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(String::from_utf8_lossy(&end).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_table() {
        let text = "12 (a ) b) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21\n";
        assert_eq!(Stat::parse(text), Some(Stat { ended: true, began: 4711 }));
        assert_eq!(Stat::parse("12 (x"), None);
    }
}
