//! One process a command.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::process::{Child, Command, Stdio};
use std::thread;

use super::{Call, Reply, Transport, TransportError};

/// How many processes of independent reads run at once, if nothing else is said. The agent runs one command at a
/// time, so that only what a process costs beside it overlaps: four take less than half the time of one by one, and
/// more than four take hardly less.
pub const OVERLAP: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

/// Runs the executables that Juju puts first on the `PATH`: one process a call.
#[derive(Debug, Clone, Copy)]
pub struct Processes {
    overlap: NonZeroUsize,
}

impl Processes {
    /// Processes of which at most so many, for independent reads, run at once.
    pub fn overlapping(overlap: NonZeroUsize) -> Self {
        Self { overlap }
    }
}

impl Default for Processes {
    fn default() -> Self {
        Self::overlapping(OVERLAP)
    }
}

impl Transport for Processes {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        start(call).and_then(|child| finish(child, call)).map_err(|source| failed(call, source))
    }

    fn calls(&self, calls: &[Call]) -> Vec<Result<Reply, TransportError>> {
        let mut waiting = calls.iter();
        let mut running = VecDeque::new();
        let mut results = Vec::new();
        // Each is waited for in its turn. One that is through before has its answer in the pipe, or stands still
        // at a full one; the agent is not held up by that.
        loop {
            while running.len() < self.overlap.get() {
                let Some(call) = waiting.next() else { break };
                running.push_back((call, start(call)));
            }
            let Some((call, child)) = running.pop_front() else { return results };
            let reply = child.and_then(|child| finish(child, call));
            results.push(reply.map_err(|source| failed(call, source)));
        }
    }
}

fn failed(call: &Call, source: io::Error) -> TransportError {
    TransportError { command: call.command, source }
}

fn start(call: &Call) -> io::Result<Child> {
    Command::new(call.command)
        .args(&call.args)
        .stdin(if call.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

fn finish(mut child: Child, call: &Call) -> io::Result<Reply> {
    let output = match child.stdin.take().zip(call.stdin.as_deref()) {
        None => child.wait_with_output(),
        Some((mut pipe, text)) => thread::scope(|scope| {
            // The command may fail without reading: then it answers, and the broken pipe says nothing more.
            scope.spawn(move || pipe.write_all(text.as_bytes()));
            child.wait_with_output()
        }),
    }?;
    Ok(Reply {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
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
        let calls = vec![shell("head -c 1000000 /dev/zero"); 5];
        for reply in Processes::default().calls(&calls) {
            assert_eq!(reply.unwrap().stdout.len(), 1_000_000);
        }
    }

    #[test]
    fn one_that_cannot_be_run_spoils_no_other() {
        let missing = Call { command: "no-such-hook-command", args: vec![], stdin: None };
        let replies = Processes::default().calls(&[shell("exit 3"), missing, shell("exit 4")]);
        let codes: Vec<_> = replies.into_iter().map(|reply| reply.map(|reply| reply.code).ok()).collect();
        assert_eq!(codes, [Some(3), None, Some(4)]);
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
