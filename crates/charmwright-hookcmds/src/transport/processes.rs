//! One process a command.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::limits::{STDOUT_BYTES_MAX, time_limit};
use super::running::Running;
use super::{Call, Reply, Transport, TransportError};

/// How many processes of independent reads run at once, if nothing else is said. The agent runs one command at a
/// time, so that only what a process costs beside it overlaps: four take less than half the time of one by one, and
/// more than four take hardly less.
pub const OVERLAP: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

/// Runs the executables that Juju puts first on the `PATH`: one process a call.
///
/// A process that takes longer than [`time_limit`] says, or prints more than
/// [`STDOUT_BYTES_MAX`](crate::STDOUT_BYTES_MAX), is killed.
#[derive(Clone, Copy)]
pub struct Processes {
    overlap: NonZeroUsize,
    limit: fn(&str) -> Duration,
}

impl fmt::Debug for Processes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processes").field("overlap", &self.overlap).finish_non_exhaustive()
    }
}

impl Processes {
    /// Processes of which at most so many, for independent reads, run at once.
    pub fn overlapping(overlap: NonZeroUsize) -> Self {
        Self { overlap, limit: time_limit }
    }

    /// Gives each command as much time as `limit` says, in place of [`time_limit`].
    #[must_use]
    pub fn with_time_limit(mut self, limit: fn(&str) -> Duration) -> Self {
        self.limit = limit;
        self
    }

    fn finish(&self, running: Running, call: &Call, stdout_max: usize) -> Result<Reply, TransportError> {
        running.finish(call, (self.limit)(call.command), stdout_max).map_err(|source| failed(call, source))
    }
}

impl Default for Processes {
    fn default() -> Self {
        Self::overlapping(OVERLAP)
    }
}

impl Transport for Processes {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        self.finish(start(call)?, call, STDOUT_BYTES_MAX)
    }

    fn calls(&self, calls: &[Call]) -> Vec<Result<Reply, TransportError>> {
        let mut waiting = calls.iter();
        let mut running = VecDeque::new();
        let mut results = Vec::new();
        let mut bytes_left = STDOUT_BYTES_MAX;
        // Each is waited for in its turn. One that is through before has its answer in the pipe, or stands still
        // at a full one; the agent is not held up by that.
        loop {
            while running.len() < self.overlap.get() {
                let Some(call) = waiting.next() else { break };
                running.push_back((call, start(call)));
            }
            let Some((call, started)) = running.pop_front() else { return results };
            let result = started.and_then(|started| self.finish(started, call, bytes_left));
            bytes_left = bytes_left.saturating_sub(result.as_ref().map_or(0, |reply| reply.stdout.len()));
            let is_late = result.as_ref().is_err_and(|error| error.source.kind() == io::ErrorKind::TimedOut);
            results.push(result);
            if is_late {
                // An agent that does not answer one answers none: waiting for each would add up.
                let others = running.drain(..).map(|(call, _)| call).chain(waiting);
                let late = || io::Error::new(io::ErrorKind::TimedOut, "another read beside it took too long");
                results.extend(others.map(|call| Err(failed(call, late()))));
                return results;
            }
        }
    }
}

fn failed(call: &Call, source: io::Error) -> TransportError {
    TransportError { command: call.command, source }
}

fn start(call: &Call) -> Result<Running, TransportError> {
    Running::start(call).map_err(|source| failed(call, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(args: &[&str], stdin: Option<String>) -> Reply {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        Processes::default().call(&Call { command: "sh", args, stdin }).unwrap()
    }

    #[test]
    fn input_larger_than_a_pipe_comes_back_whole() {
        let text = "x".repeat(1 << 20);
        let reply = call(&["-c", "cat"], Some(text.clone()));
        assert!(reply.stdout == text.into_bytes());
    }

    #[test]
    fn a_command_that_does_not_read_its_input_still_answers() {
        let reply = call(&["-c", "echo ERROR no >&2; exit 2"], Some("x".repeat(1 << 20)));
        assert_eq!((reply.code, reply.stderr.as_str()), (2, "ERROR no\n"));
    }

    #[test]
    fn a_command_that_this_juju_lacks_is_not_found() {
        let error = Processes::default()
            .call(&Call { command: "no-such-hook-command", args: vec![], stdin: None })
            .unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::NotFound);
    }

    fn shell(script: impl Into<String>) -> Call {
        Call { command: "sh", args: vec!["-c".into(), script.into()], stdin: None }
    }

    #[test]
    fn answers_come_in_the_order_of_the_calls() {
        let calls: Vec<_> = (0..20).map(|number| shell(format!("echo {number}"))).collect();
        for overlap in [1, 3, 100] {
            let processes = Processes::overlapping(NonZeroUsize::new(overlap).unwrap());
            let answers: Vec<_> = processes.calls(&calls).into_iter().map(|it| it.unwrap().stdout).collect();
            let expected: Vec<_> = (0..20).map(|number| format!("{number}\n").into_bytes()).collect();
            assert_eq!(answers, expected, "{overlap} at once");
        }
    }

    #[test]
    fn answers_larger_than_a_pipe_come_whole() {
        let calls = vec![shell("head -c 800000 /dev/zero"); 5];
        for reply in Processes::default().calls(&calls) {
            assert_eq!(reply.unwrap().stdout.len(), 800_000);
        }
    }

    #[test]
    fn one_that_cannot_be_run_spoils_no_other() {
        let missing = Call { command: "no-such-hook-command", args: vec![], stdin: None };
        let replies = Processes::default().calls(&[shell("exit 3"), missing, shell("exit 4")]);
        let codes: Vec<_> = replies.into_iter().map(|reply| reply.map(|reply| reply.code).ok()).collect();
        assert_eq!(codes, [Some(3), None, Some(4)]);
    }

    fn soon(_: &str) -> Duration {
        Duration::from_millis(20)
    }

    /// Whether a process of this number is there, as a zombie too.
    fn is_there(process: &str) -> bool {
        std::path::Path::new("/proc").join(process.trim()).exists()
    }

    #[test]
    fn a_command_that_does_not_end_is_killed_and_reaped_and_the_error_says_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("process");
        let script = format!("echo $$ > {}; exec sleep 1000", file.display());
        // Long enough for the shell to say who it is.
        let limit = |_: &str| Duration::from_secs(3);
        let error = Processes::default().with_time_limit(limit).call(&shell(script)).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::TimedOut);
        assert!(
            error.source.to_string().starts_with("no end of it after 3 s, so it was killed; "),
            "{error:?}"
        );
        assert!(!is_there(&std::fs::read_to_string(file).unwrap()));
    }

    #[test]
    fn a_command_that_reads_nothing_and_does_not_end_is_killed() {
        let call = Call { stdin: Some("x".repeat(1 << 20)), ..shell("exec sleep 1000") };
        let error = Processes::default().with_time_limit(soon).call(&call).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_command_that_closes_its_pipes_and_does_not_end_is_killed() {
        let error = Processes::default().with_time_limit(soon).call(&shell("exec sleep 1000 >&- 2>&-"));
        assert_eq!(error.unwrap_err().source.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_process_that_a_command_leaves_behind_with_its_pipes_holds_nobody() {
        let reply = Processes::default().call(&shell("sleep 1000 & echo $!")).unwrap();
        let left_behind = String::from_utf8(reply.stdout).unwrap();
        assert!(is_there(&left_behind));
        assert!(call(&["-c", &format!("kill {left_behind}")], None).code == 0);
    }

    #[test]
    fn a_process_that_a_killed_command_leaves_behind_with_its_pipes_holds_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("process");
        let script = format!("sleep 1000 & echo $! > {}; wait", file.display());
        let limit = |_: &str| Duration::from_secs(3);
        let error = Processes::default().with_time_limit(limit).call(&shell(script)).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::TimedOut);
        let left_behind = std::fs::read_to_string(file).unwrap();
        assert!(call(&["-c", &format!("kill {left_behind}")], None).code == 0);
    }

    #[test]
    fn a_process_that_a_command_leaves_behind_and_that_prints_for_ever_holds_nobody() {
        // It dies of the closed pipe.
        for to in ["1", "2"] {
            let reply =
                call(&["-c", &format!("(while :; do echo x >&{to}; done) & echo done; exit 3")], None);
            assert_eq!(reply.code, 3);
            assert!(String::from_utf8_lossy(&reply.stdout).contains("done"));
        }
    }

    #[test]
    fn after_one_read_that_does_not_end_no_other_is_waited_for() {
        let processes = Processes::default().with_time_limit(soon);
        let replies = processes.calls(&vec![shell("exec sleep 1000"); 1_000]);
        assert_eq!(replies.len(), 1_000);
        for reply in replies {
            assert_eq!(reply.unwrap_err().source.kind(), io::ErrorKind::TimedOut);
        }
    }

    #[test]
    fn a_command_that_prints_without_end_is_killed_at_the_bound() {
        let error = Processes::default().call(&shell("exec cat /dev/zero")).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::FileTooLarge);
        let expected = "it printed more than 4194304 bytes, which is the most that is read, so it was killed";
        assert_eq!(error.source.to_string(), expected);
        let most = shell(format!("head -c {STDOUT_BYTES_MAX} /dev/zero"));
        assert_eq!(Processes::default().call(&most).unwrap().stdout.len(), STDOUT_BYTES_MAX);
    }

    #[test]
    fn reads_together_print_no_more_than_one_may() {
        let replies = Processes::default().calls(&vec![shell("head -c 1500000 /dev/zero"); 4]);
        let fit: Vec<bool> = replies.iter().map(Result::is_ok).collect();
        assert_eq!(fit, [true, true, false, false]);
    }

    #[test]
    fn of_standard_error_the_beginning_is_kept_and_the_command_goes_on() {
        let reply = call(&["-c", "head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 3"], None);
        assert_eq!((reply.code, reply.stderr.len()), (3, super::super::limits::STDERR_BYTES_MAX));
    }

    #[test]
    fn as_many_as_said_run_at_once() {
        let folder = std::env::temp_dir().join(format!("charmwright-overlap-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        // Each waits until three have begun, and says how many have.
        let script = format!(
            "cd {}; touch $$; until [ $(ls | wc -l) -ge 3 ]; do :; done; ls | wc -l",
            folder.display()
        );
        let processes = Processes::overlapping(NonZeroUsize::new(3).unwrap());
        let replies = processes.calls(&vec![shell(script); 4]);
        let counts: Vec<_> = replies.into_iter().map(|reply| reply.unwrap().stdout).collect();
        assert!(counts.iter().all(|count| count == b"3\n" || count == b"4\n"), "{counts:?}");
        assert_eq!(counts.last().unwrap(), b"4\n");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
