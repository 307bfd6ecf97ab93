//! The agent's end of hook commands.
//!
//! Each command is a connection: one line of JSON with the request, one with the answer. Where the command reads
//! standard input, the answer first asks for it. (Juju's own protocol comes later; nothing but the tool speaks
//! this one.)

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use serde::{Deserialize, Serialize};

use super::commands;
use super::context::Shared;

/// What a hook command asks.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// `JUJU_CONTEXT_ID`
    pub context: String,
    /// The working directory.
    pub dir: PathBuf,
    /// The command and its arguments.
    pub args: Vec<String>,
}

/// What the agent answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Reply {
    /// The agent wants standard input first.
    #[serde(default)]
    pub wants_stdin: bool,
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Reply {
    pub(crate) fn ok(stdout: impl Into<String>) -> Self {
        Self { stdout: stdout.into(), ..Self::default() }
    }

    pub(crate) fn error(code: i32, message: &str) -> Self {
        Self { code, stderr: format!("ERROR {message}\n"), ..Self::default() }
    }
}

/// Serves hook commands while it lives.
#[derive(Debug)]
pub(crate) struct Server {
    socket: PathBuf,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(socket: &Path, shared: Shared) -> io::Result<Self> {
        let _ = std::fs::remove_file(socket);
        let listener = UnixListener::bind(socket)?;
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                // A client that goes away in the middle was killed with its charm.
                let _ = stream.and_then(|stream| serve(&stream, &shared));
            }
        });
        Ok(Self { socket: socket.to_owned(), ended, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = UnixStream::connect(&self.socket);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.socket);
    }
}

fn serve(stream: &UnixStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let request: Request = read(&mut reader)?;
    let stdin = if commands::reads_stdin(&request.args) {
        write(stream, &Reply { wants_stdin: true, ..Reply::default() })?;
        Some(read::<String>(&mut reader)?)
    } else {
        None
    };
    if shared.lock().boundary() {
        return Ok(());
    }
    let reply = commands::run(&request, stdin.as_deref(), shared);
    let dead = {
        let mut live = shared.lock();
        live.note_command(request.args, reply.code);
        live.boundary()
    };
    if dead { Ok(()) } else { write(stream, &reply) }
}

pub(crate) fn read<T: for<'a> Deserialize<'a>>(reader: &mut impl BufRead) -> io::Result<T> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

pub(crate) fn write(mut stream: &UnixStream, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    stream.write_all(&line)
}
