//! The agent's socket: no process a command.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use charmwright_jujuc::{CallError, Client, Request, Response, TimedStream};

use super::choose::warn;
use super::limits::{Crossed, STDERR_BYTES_MAX, STDOUT_BYTES_MAX, TIME_FOR_EACH, time_limit};
use super::{Call, Reply, Transport, TransportError};
use crate::text::told;

/// The harmless command that shows whether the agent answers as expected.
const TRIAL: &str = "is-leader";
/// The longest reply: what a hook command may print, and what of its standard error is kept, with room for what stands
/// around them.
const ANSWER_BYTES: usize = STDOUT_BYTES_MAX + STDERR_BYTES_MAX + 4_096;

/// Runs hook commands over the agent's own socket, as the commands themselves do.
///
/// The protocol is Juju's own affair and may change with any release. At the first sign of that, the connection is
/// closed and everything goes another way, by processes: it is said in Juju's log, and lasts as long as this
/// value. What the other way repeats is what has certainly not been run, and reads. A write that may have been run
/// is an error.
///
/// An agent that does not answer within [`time_limit`], or answers more than a hook command may print, is such a sign
/// too.
///
/// The agent ends no hook while a connection is open. So this must not outlive `dispatch`; processes that are
/// started meanwhile do not get it.
pub struct AgentSocket {
    client: Mutex<Option<Client<TimedStream>>>,
    context_id: String,
    /// The working directory, which is the charm's as long as it runs.
    dir: PathBuf,
    otherwise: Box<dyn Transport>,
    limit: fn(&str) -> Duration,
}

impl fmt::Debug for AgentSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_open = self.client().is_some();
        f.debug_struct("AgentSocket").field("is_open", &is_open).finish_non_exhaustive()
    }
}

/// The agent's socket cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// A variable that Juju sets is not there.
    #[error("{0} is not set")]
    Variable(&'static str),
    /// The socket is not a Unix socket.
    #[error("JUJU_AGENT_SOCKET_NETWORK is not unix")]
    Network,
    /// Nothing answers there.
    #[error("cannot connect to the agent")]
    Connect(#[source] io::Error),
    /// What answers there does not answer as Juju does.
    #[error("the agent does not answer as expected: {0}")]
    Probe(String),
}

impl AgentSocket {
    /// Connects to the agent that `JUJU_AGENT_SOCKET_ADDRESS`, `JUJU_AGENT_SOCKET_NETWORK` and `JUJU_CONTEXT_ID`
    /// name, and tries a harmless command. When the socket fails later, calls go through `otherwise`.
    ///
    /// # Errors
    ///
    /// If a variable is missing, it is not a Unix socket, or the agent does not answer as expected.
    pub fn open(
        variable: impl Fn(&str) -> Option<String>,
        otherwise: impl Transport + 'static,
    ) -> Result<Self, SocketError> {
        Self::open_within(time_limit, variable, otherwise)
    }

    /// As [`open`](Self::open), with as much time for each command as `limit` says, in place of [`time_limit`].
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_within(
        limit: fn(&str) -> Duration,
        variable: impl Fn(&str) -> Option<String>,
        otherwise: impl Transport + 'static,
    ) -> Result<Self, SocketError> {
        let get = |name| variable(name).filter(|it| !it.is_empty()).ok_or(SocketError::Variable(name));
        let context_id = get("JUJU_CONTEXT_ID")?;
        let address = get("JUJU_AGENT_SOCKET_ADDRESS")?;
        if get("JUJU_AGENT_SOCKET_NETWORK")? != "unix" {
            return Err(SocketError::Network);
        }
        let connected = Client::connect_within(&address, limit(TRIAL)).map_err(SocketError::Connect)?;
        let mut client = connected.answer_bytes_max(ANSWER_BYTES);
        client.set_deadline(Instant::now().checked_add(limit(TRIAL)));
        let harmless = Call { command: TRIAL, args: vec!["--help".to_owned()], stdin: None };
        let dir = std::env::current_dir().map_err(SocketError::Connect)?;
        let harmless = request(&context_id, &dir, &harmless);
        match client.call(&harmless) {
            Ok(response) if response.code == 0 => Ok(Self {
                client: Mutex::new(Some(client)),
                context_id,
                dir,
                otherwise: Box::new(otherwise),
                limit,
            }),
            Ok(response) => Err(SocketError::Probe(format!("exit code {}", response.code))),
            Err(error) => Err(SocketError::Probe(told(&error))),
        }
    }

    /// No call leaves the connection half used: a panic in the middle of one leaves it broken, and it says so.
    fn client(&self) -> MutexGuard<'_, Option<Client<TimedStream>>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the connection, and says why if nobody has.
    fn close(&self, error: &CallError) {
        let client = self.client().take();
        if client.is_some() {
            warn(&*self.otherwise, &instead(error));
        }
    }

    /// The answer to a call that the agent did not run, or that nobody knows whether it ran.
    fn instead_of(&self, call: &Call, error: &CallError) -> Result<Reply, TransportError> {
        if let Some(reply) = not_in_this_juju(call, error) {
            return Ok(reply);
        }
        self.close(error);
        if error.has_not_run() || is_read(call) {
            self.otherwise.call(call)
        } else {
            let source = match error {
                CallError::Receive(cause) if cause.kind() == io::ErrorKind::TimedOut => {
                    Crossed::Answer((self.limit)(call.command)).into()
                }
                _ => io::Error::other(
                    "the connection to the agent broke after this was sent, so it may have taken effect",
                ),
            };
            Err(TransportError { command: call.command, source })
        }
    }
}

impl Transport for AgentSocket {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        let request = request(&self.context_id, &self.dir, call);
        let result = self.client().as_mut().map(|client| {
            client.set_deadline(Instant::now().checked_add((self.limit)(call.command)));
            match call.stdin {
                // A process whose input is closed reads nothing.
                None => client.call_with_stdin(&request, || Ok(Vec::new())),
                Some(_) => client.call(&request),
            }
        });
        match result {
            None => self.otherwise.call(call),
            Some(Ok(response)) => Ok(reply(response)),
            Some(Err(error)) => self.instead_of(call, &error),
        }
    }

    fn calls(&self, calls: &[Call]) -> Vec<Result<Reply, TransportError>> {
        if !calls.iter().all(is_read) {
            return calls.iter().map(|call| self.call(call)).collect();
        }
        let requests: Vec<_> = calls.iter().map(|call| request(&self.context_id, &self.dir, call)).collect();
        let longest = calls.iter().map(|call| (self.limit)(call.command)).max().unwrap_or_default();
        let each = TIME_FOR_EACH.saturating_mul(u32::try_from(calls.len()).unwrap_or(u32::MAX));
        let deadline = Instant::now().checked_add(longest.saturating_add(each));
        let result = self.client().as_mut().map(|client| {
            client.set_deadline(deadline);
            client.calls(&requests)
        });
        let results = result.unwrap_or_default();
        if results.len() != calls.len() {
            return self.otherwise.calls(calls);
        }
        let replies: Vec<_> = calls
            .iter()
            .zip(results)
            .map(|(call, result)| {
                result.map(reply).or_else(|error| not_in_this_juju(call, &error).ok_or(error))
            })
            .collect();
        if let Some(Err(error)) = replies.iter().find(|reply| reply.is_err()) {
            self.close(error);
        }
        let failed =
            calls.iter().zip(&replies).filter(|(_, reply)| reply.is_err()).map(|(call, _)| call.clone());
        let mut repeated = self.otherwise.calls(&failed.collect::<Vec<_>>()).into_iter();
        calls
            .iter()
            .zip(replies)
            .map(|(call, reply)| match reply {
                Ok(reply) => Ok(reply),
                Err(_) => repeated.next().unwrap_or_else(|| self.otherwise.call(call)),
            })
            .collect()
    }
}

fn request(context_id: &str, dir: &Path, call: &Call) -> Request {
    Request {
        context_id: context_id.to_owned(),
        dir: dir.to_owned(),
        command: call.command.to_owned(),
        args: call.args.iter().map(Into::into).collect(),
        stdin: call.stdin.as_ref().map(|text| text.clone().into_bytes()),
        token: String::new(),
    }
}

fn reply(response: Response) -> Reply {
    Reply {
        code: response.code,
        stdout: response.stdout,
        stderr: String::from_utf8_lossy(&response.stderr).into_owned(),
    }
}

/// A command that this Juju does not have is an answer, the same that Juju's client would print.
fn not_in_this_juju(call: &Call, error: &CallError) -> Option<Reply> {
    let CallError::Refused(text) = error else { return None };
    let is_unknown = text.starts_with("bad request: unknown") && text.ends_with(call.command);
    is_unknown.then(|| Reply::failure(1, text))
}

/// What may be run twice. A command that is not known counts as a write.
fn is_read(call: &Call) -> bool {
    const OTHERS: [&str; 7] = [
        "goal-state",
        "is-leader",
        "opened-ports",
        "relation-ids",
        "relation-list",
        "secret-ids",
        "storage-list",
    ];
    call.stdin.is_none() && (call.command.ends_with("-get") || OTHERS.contains(&call.command))
}

/// What the log says of the end of the connection.
pub(super) fn instead(error: &(dyn std::error::Error + 'static)) -> String {
    format!("Hook commands run as processes, not over the agent's socket: {}", told(error))
}
