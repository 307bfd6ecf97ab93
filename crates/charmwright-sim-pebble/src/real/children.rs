//! Processes, and how they end.
//!
//! All are waited for in one place: as PID 1 of a container the daemon also has to take those whose parents are gone.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::host::Exit;
use crate::signal::Signal;

type Ended = Box<dyn FnOnce(Exit) + Send>;

/// The processes that somebody wants to hear of.
#[derive(Clone, Default)]
pub(crate) struct Children(Arc<Mutex<BTreeMap<i32, Ended>>>);

impl fmt::Debug for Children {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Children").finish_non_exhaustive()
    }
}

impl Children {
    /// Starts a process, and tells when it has ended.
    pub(crate) fn spawn(
        &self,
        command: &mut Command,
        ended: impl FnOnce(Exit) + Send + 'static,
    ) -> io::Result<Pid> {
        // Held until the process is noted: nobody takes its end before that. And a start that fails waits by itself.
        let mut children = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        children.insert(pid, Box::new(ended));
        Ok(Pid::from_raw(pid))
    }

    /// Takes the ends of all processes that have ended.
    pub(crate) fn reap(&self) {
        let mut children = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (pid, exit) = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => (pid, Exit::Code(code)),
                Ok(WaitStatus::Signaled(pid, signal, _)) => {
                    let signal = Signal::numbered(signal as i32).unwrap_or(Signal::KILL);
                    (pid, Exit::Signal(signal))
                }
                Ok(WaitStatus::StillAlive) | Err(_) => return,
                Ok(_) => continue,
            };
            if let Some(ended) = children.remove(&pid.as_raw()) {
                ended(exit);
            }
        }
    }
}
