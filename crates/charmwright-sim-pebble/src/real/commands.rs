//! Commands, with their websockets.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use nix::unistd::Pid;
use serde::Deserialize;
use tokio::sync::mpsc::{Receiver, Sender};

use super::children::Children;
use super::host::{prepare, send, settle_in};
use super::terminal::{self, Terminal};
use crate::errors::words;
use crate::host::{ExecStart, Exit, SignalTo, Websocket};
use crate::signal::Signal;

/// How much goes into one message.
const CHUNK: usize = 32 * 1024;
/// Ctrl-D: what ends the input in a terminal.
const END_OF_INPUT: u8 = 4;

/// What a client sent over a websocket.
#[derive(Debug)]
pub(crate) enum FromClient {
    /// Data.
    Data(Vec<u8>),
    /// A command.
    Text(String),
    /// It closed properly.
    Closed,
}

/// What a client is sent over a websocket.
#[derive(Debug)]
pub(crate) enum ToClient {
    /// Data.
    Data(Vec<u8>),
    /// The stream is finished.
    End,
}

/// One websocket, as two queues. Without `FromClient::Closed` before its end, `incoming` was cut off.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) incoming: Receiver<FromClient>,
    pub(crate) outgoing: Sender<ToClient>,
}

/// A command that runs, for who comes late.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) pid: Pid,
    terminal: Option<Arc<OwnedFd>>,
    held: Held,
}

/// The way back of the control channel, which stays as long as the command.
type Held = Arc<Mutex<Option<Sender<ToClient>>>>;

/// Starts a command on its websockets. `ended` is called when it has ended and all that it wrote was handed over.
pub(super) fn start(
    what: &ExecStart,
    path: &str,
    children: &Children,
    mut streams: BTreeMap<Websocket, Stream>,
    ended: impl FnOnce(Exit) + Send + 'static,
) -> Result<Running, String> {
    let stdio = streams.remove(&Websocket::Stdio).ok_or("no stdio websocket")?;
    let stderr = streams.remove(&Websocket::Stderr);
    let name = what.spawn.command.first().map(String::as_str).unwrap_or_default();
    let program = super::host::look_path(name, path)?;
    let in_go = |error: io::Error| format!("fork/exec {program}: {}", words(&error));
    let pipes = Pipes::open(what, stderr.is_some()).map_err(in_go)?;
    let mut command = if what.terminal {
        let mut command = terminal::command(name, &program);
        command.args(what.spawn.command.iter().skip(1)).env_clear().envs(&what.spawn.environment);
        settle_in(&mut command, &what.spawn)?;
        command
    } else {
        let mut command = Command::new(&program);
        prepare(&mut command, &what.spawn, &what.spawn.command)?;
        command
    };
    let (output, errors, input, terminal) = pipes.attach(&mut command).map_err(in_go)?;
    let (died, exit) = std::sync::mpsc::channel();
    let told = move |exit| died.send(exit).unwrap_or_default();
    let pid = children.spawn(&mut command, told).map_err(in_go)?;
    // The pipes end with their last writers, and the command holds some.
    drop(command);
    let Stream { incoming, outgoing } = stdio;
    let is_interactive = what.interactive;
    thread::spawn(move || write_input(incoming, input, is_interactive));
    let running = Running { pid, terminal: terminal.map(Arc::new), held: Held::default() };
    if let Some(control) = streams.remove(&Websocket::Control) {
        running.control(control);
    }
    let held = Arc::clone(&running.held);
    let output = copy(output, outgoing);
    let errors = errors.zip(stderr).map(|(errors, stderr)| copy(errors, stderr.outgoing));
    thread::spawn(move || {
        let exit = exit.recv().unwrap_or(Exit::Signal(Signal::KILL));
        // What it left behind may go on to write.
        let streams: Vec<Sender<ToClient>> =
            [Some(output), errors].into_iter().flatten().filter_map(|copying| copying.join().ok()).collect();
        // The control channel goes first, without a word, as Pebble's does.
        drop(held.lock().unwrap_or_else(PoisonError::into_inner).take());
        for stream in streams {
            // The client may have gone.
            let _ = stream.blocking_send(ToClient::End);
        }
        ended(exit);
    });
    Ok(running)
}

/// What a command reads and writes.
struct Pipes {
    stdin: Option<(OwnedFd, OwnedFd)>,
    stdout: Option<(OwnedFd, OwnedFd)>,
    stderr: Option<(OwnedFd, OwnedFd)>,
    terminal: Option<Terminal>,
}

/// Our ends: output, errors, input, and the terminal for its size.
type Ours = (File, Option<File>, File, Option<OwnedFd>);

impl Pipes {
    fn open(what: &ExecStart, split: bool) -> io::Result<Self> {
        let pipe = || io::pipe().map(|(read, write)| (OwnedFd::from(read), OwnedFd::from(write)));
        let terminal = if what.terminal {
            let terminal = Terminal::open(what.width, what.height)?;
            if let Some(owner) = what.spawn.credentials {
                // Who may not give it away runs the command as itself.
                let _ = terminal.give_to(owner.user, owner.group);
            }
            Some(terminal)
        } else {
            None
        };
        Ok(Self {
            stdin: if what.interactive { None } else { Some(pipe()?) },
            stdout: if what.terminal { None } else { Some(pipe()?) },
            stderr: if split { Some(pipe()?) } else { None },
            terminal,
        })
    }

    /// Gives the command its ends.
    fn attach(self, command: &mut Command) -> io::Result<Ours> {
        let theirs = self.terminal.as_ref().map(|terminal| &terminal.theirs);
        let terminal_end = || match theirs {
            Some(theirs) => theirs.try_clone(),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        let input = if let Some((read, write)) = self.stdin {
            command.stdin(Stdio::from(read));
            Some(File::from(write))
        } else {
            command.stdin(Stdio::from(terminal_end()?));
            None
        };
        let (output, theirs) = match self.stdout {
            Some((read, write)) => (Some(File::from(read)), write),
            None => (None, terminal_end()?),
        };
        if self.stderr.is_none() {
            command.stderr(Stdio::from(theirs.try_clone()?));
        }
        command.stdout(Stdio::from(theirs));
        let errors = self.stderr.map(|(read, write)| {
            command.stderr(Stdio::from(write));
            File::from(read)
        });
        let ours = self.terminal.as_ref().map(|terminal| terminal.ours.as_fd());
        let end = || match ours {
            Some(ours) => ours.try_clone_to_owned().map(File::from),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        let input = input.map_or_else(end, Ok)?;
        let output = output.map_or_else(end, Ok)?;
        Ok((output, errors, input, self.terminal.map(|terminal| terminal.ours)))
    }
}

impl Running {
    /// Takes signals and sizes from now on.
    pub(super) fn control(&self, stream: Stream) {
        let Stream { incoming, outgoing } = stream;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(outgoing);
        let (pid, terminal) = (self.pid, self.terminal.clone());
        thread::spawn(move || control(incoming, pid, terminal.as_deref()));
    }
}

fn control(mut incoming: Receiver<FromClient>, pid: Pid, terminal: Option<&OwnedFd>) {
    #[derive(Deserialize)]
    struct Said {
        command: String,
        #[serde(default)]
        signal: Option<Named>,
        #[serde(default)]
        resize: Option<Size>,
    }

    #[derive(Deserialize)]
    struct Named {
        name: String,
    }

    #[derive(Deserialize)]
    struct Size {
        width: u16,
        height: u16,
    }

    while let Some(message) = incoming.blocking_recv() {
        let text = match message {
            FromClient::Text(text) => text,
            FromClient::Data(_) => continue,
            FromClient::Closed => return,
        };
        let Ok(said) = serde_json::from_str::<Said>(&text) else { continue };
        match (said.command.as_str(), said.signal, said.resize) {
            ("signal", Some(Named { name }), _) => {
                if let Some(signal) = Signal::named(&name) {
                    // One that has ended takes none.
                    let _ = send(pid, signal, SignalTo::Process);
                }
            }
            ("resize", _, Some(Size { width, height })) => {
                if let Some(terminal) = terminal {
                    // A size that it does not take it does not have.
                    let _ = terminal::resize(terminal, width, height);
                }
            }
            _ => {}
        }
    }
    // Cut off without a word: the client is gone, and the command goes with it.
    let _ = send(pid, Signal::KILL, SignalTo::Process);
}

/// Gives a command what its client sends.
fn write_input(mut incoming: Receiver<FromClient>, input: File, is_terminal: bool) {
    #[derive(Deserialize)]
    struct Said {
        command: String,
    }

    let mut input = Some(input);
    while let Some(message) = incoming.blocking_recv() {
        match message {
            FromClient::Data(data) => {
                // A command that reads no more is none the worse for it.
                if input.as_mut().is_some_and(|input| input.write_all(&data).is_err()) {
                    input = None;
                }
            }
            FromClient::Text(text) => {
                let is_end = serde_json::from_str::<Said>(&text).is_ok_and(|said| said.command == "end");
                if is_end && is_terminal {
                    let _ = input.as_mut().map(|input| input.write_all(&[END_OF_INPUT]));
                } else if is_end {
                    input = None;
                }
            }
            FromClient::Closed => break,
        }
    }
}

/// Sends what a command writes, to its end.
fn copy(mut from: File, to: Sender<ToClient>) -> JoinHandle<Sender<ToClient>> {
    thread::spawn(move || {
        let mut chunk = vec![0; CHUNK];
        // A terminal ends with an error.
        while let Ok(length @ 1..) = from.read(&mut chunk) {
            let data = chunk.get(..length).unwrap_or_default().to_vec();
            // Once the client has gone, what is written is dropped.
            let _ = to.blocking_send(ToClient::Data(data));
        }
        to
    })
}
