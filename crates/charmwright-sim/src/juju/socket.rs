//! The agent's socket, where hook commands are answered while a charm runs.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use charmwright_jujuc::{Request, Response, listen, serve};
use nix::sys::socket::{getsockopt, shutdown, sockopt::PeerCredentials};

use super::commands::Call;
use super::run::{Answer, Session};

/// How long a connection that the charm leaves open is waited for, if nothing else is said.
///
/// Juju waits for ever: a process that outlives `dispatch` and keeps a connection stops the whole unit.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that are still open long after the charm has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hung {
    /// Who has them.
    pub processes: Vec<String>,
    /// How long they were waited for.
    pub waited: Duration,
}

impl std::error::Error for Hung {}

impl fmt::Display for Hung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.processes.join(", ");
        let seconds = self.waited.as_secs_f64();
        write!(
            f,
            "{who} kept a connection to the agent for {seconds} s after the run; Juju would wait for ever"
        )
    }
}

/// Answers hook commands of one run.
#[derive(Debug)]
pub(super) struct Server {
    path: PathBuf,
    listener: Arc<UnixListener>,
    connections: Arc<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    state: Mutex<State>,
    fewer: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<u64, UnixStream>,
    closing: bool,
}

impl Server {
    /// Listens at `path`, which only the agent's own user may connect to.
    pub(super) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        path: &Path,
        session: &'scope Session<'_>,
    ) -> io::Result<Self> {
        let server = Self {
            path: path.to_owned(),
            listener: Arc::new(listen_privately(path)?),
            connections: Arc::default(),
        };
        let (listener, connections) = (Arc::clone(&server.listener), Arc::clone(&server.connections));
        scope.spawn(move || accept(scope, &listener, &connections, session));
        Ok(server)
    }

    /// Takes no more connections, and waits until those there are were closed by their other ends.
    pub(super) fn close(self, patience: Duration) -> Result<(), Hung> {
        self.stop();
        self.connections.wait(patience)
    }

    fn stop(&self) {
        self.connections.lock().closing = true;
        // The socket's own end: whoever accepts at it is woken.
        let _ = shutdown(self.listener.as_raw_fd(), nix::sys::socket::Shutdown::Both);
        let _ = fs::remove_file(&self.path);
    }
}

/// Also where a run ends in a panic, nothing waits for those who are answered.
impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        self.connections.lock().cut();
    }
}

/// The file gets its mode before it gets its name.
fn listen_privately(path: &Path) -> io::Result<UnixListener> {
    let text = |path: &Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| io::Error::other("the socket's path is not UTF-8"))
    };
    let name = text(path)?;
    if name.starts_with('@') {
        return listen(&name);
    }
    let folder = tempfile::Builder::new().prefix("s").tempdir_in(path.parent().unwrap_or(Path::new("/")))?;
    let first = folder.path().join("s");
    let listener = listen(&text(&first)?)?;
    fs::set_permissions(&first, fs::Permissions::from_mode(0o700))?;
    fs::rename(&first, path)?;
    Ok(listener)
}

fn accept<'scope>(
    scope: &'scope Scope<'scope, '_>,
    listener: &UnixListener,
    connections: &Arc<Connections>,
    session: &'scope Session<'_>,
) {
    let mut number = 0_u64;
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(_) if connections.lock().closing => return,
            // A client that went away before it was answered, or no descriptors for it: others may do better.
            Err(_) => {
                thread::yield_now();
                continue;
            }
        };
        let Ok(kept) = stream.try_clone() else { continue };
        number = number.wrapping_add(1);
        {
            let mut state = connections.lock();
            if state.closing {
                return;
            }
            state.open.insert(number, kept);
        }
        let connections = Arc::clone(connections);
        scope.spawn(move || {
            let silent = AtomicBool::new(false);
            // A client that broke off was killed with its charm; there is nobody to be told.
            let _ = serve(Guarded { stream: &stream, silent: &silent }, |request| {
                answer(request, session, &silent)
            });
            connections.lock().open.remove(&number);
            connections.fewer.notify_all();
        });
    }
}

/// A stream that breaks instead of answering once nothing is to be answered.
struct Guarded<'a> {
    stream: &'a UnixStream,
    silent: &'a AtomicBool,
}

impl Read for Guarded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Guarded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.silent.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Checks in the order in which Juju does.
fn answer(request: Request, session: &Session<'_>, silent: &AtomicBool) -> Result<Response, String> {
    let bad = |text: &str| Err(format!("bad request: {text}"));
    if !request.token.is_empty() {
        return bad("token does not match");
    }
    if request.command.is_empty() {
        return bad("command not specified");
    }
    if !request.dir.is_absolute() {
        return bad("Dir is not absolute");
    }
    if request.context_id != session.context_id() {
        return bad(&format!("wrong context ID; got {}", super::text::quote::quoted(&request.context_id)));
    }
    let call = Call {
        name: request.command,
        args: request.args.iter().map(|arg| super::bytes::kept(arg.as_encoded_bytes())).collect(),
        dir: request.dir,
        stdin: request.stdin,
    };
    match session.call(&call) {
        Answer::Ran(reply) => Ok(Response { code: reply.code, stdout: reply.stdout, stderr: reply.stderr }),
        Answer::Refused(text) => Err(text),
        Answer::Silence => {
            silent.store(true, Ordering::SeqCst);
            Err("nothing is answered".to_owned())
        }
    }
}

impl State {
    /// Ends the connections: their threads end now, and the processes see the end.
    fn cut(&self) {
        self.open.values().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, patience: Duration) -> Result<(), Hung> {
        let began = Instant::now();
        let mut state = self.lock();
        while !state.open.is_empty() {
            let Some(left) = patience.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) else {
                let processes = state.open.values().map(owner).collect();
                state.cut();
                return Err(Hung { processes, waited: patience });
            };
            state = self.fewer.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

/// The process at the other end, as far as the system knows it.
fn owner(stream: &UnixStream) -> String {
    let Ok(peer) = getsockopt(stream, PeerCredentials) else {
        return "a process".to_owned();
    };
    match fs::read_to_string(format!("/proc/{}/comm", peer.pid())) {
        Ok(name) => format!("`{}` (process {})", name.trim_end(), peer.pid()),
        Err(_) => format!("process {}", peer.pid()),
    }
}
