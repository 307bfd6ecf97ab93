//! The websockets of a command.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use charmwright_pebble::transport::{Channel, Cut, Frame, Message, Receiver, Sender};
use serde::Deserialize;

use super::world::World;
use crate::host::{TaskId, Websocket};
use crate::signal::Signal;

/// How long somebody waits who would wait for ever.
const PATIENCE: Duration = Duration::from_hours(24);

/// How long a command waits, in real time, for input that another thread may be writing.
const WRITING: Duration = Duration::from_millis(500);

/// One end. When the last part of it is dropped, the connection is gone.
struct End {
    world: Arc<Mutex<World>>,
    task: TaskId,
    websocket: Websocket,
}

/// What a client says beside data.
#[derive(Deserialize)]
struct Command {
    command: String,
    signal: Option<SignalCommand>,
}

#[derive(Deserialize)]
struct SignalCommand {
    name: String,
}

pub(super) fn open(world: Arc<Mutex<World>>, task: TaskId, websocket: Websocket) -> Channel {
    let end = Arc::new(End { world, task, websocket });
    Channel::new(Box::new(Half(end.clone())), Box::new(Half(end.clone())), Box::new(Half(end)))
}

#[derive(Debug)]
struct Half(Arc<End>);

impl End {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection is gone, with a word or without.
    fn close(&self, is_proper: bool) {
        let mut world = self.world();
        let key = (self.task.clone(), self.websocket);
        let Some(line) = world.channels.get_mut(&key).filter(|line| !line.is_closed) else {
            return;
        };
        line.is_closed = true;
        match self.websocket {
            Websocket::Control if !is_proper => world.outside.end_command(&self.task, Signal::KILL),
            // What it reads has ended.
            Websocket::Stdio => world.outside.answer(&self.task),
            _ => {}
        }
        world.settle();
    }

    /// Leaves another thread the time to write what the command reads. One that reads before it writes waits for nothing.
    fn wait_for_input(&self, timeout: Duration) {
        let began = Instant::now();
        while self.world().outside.waits_for_input(&self.task) && began.elapsed() < timeout.min(WRITING) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn command(&self, text: &str) {
        let Ok(command) = serde_json::from_str::<Command>(text) else {
            return;
        };
        let mut world = self.world();
        match (self.websocket, command.command.as_str()) {
            (Websocket::Stdio, "end") => world.outside.answer(&self.task),
            (Websocket::Control, "signal") => {
                if let Some(signal) = command.signal.and_then(|signal| Signal::named(&signal.name)) {
                    world.outside.end_command(&self.task, signal);
                }
            }
            _ => {}
        }
        world.settle();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.close(false);
        let key = (self.task.clone(), self.websocket);
        self.world().channels.remove(&key);
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End")
            .field("task", &self.task)
            .field("websocket", &self.websocket)
            .finish_non_exhaustive()
    }
}

impl Sender for Half {
    fn send(&mut self, frame: Frame<'_>, _timeout: Option<Duration>) -> io::Result<()> {
        {
            let mut world = self.0.world();
            let key = (self.0.task.clone(), self.0.websocket);
            let is_closed = world.channels.get(&key).is_none_or(|line| line.is_closed);
            if is_closed || !world.is_up() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            if let (Frame::Data(data), Websocket::Stdio) = (frame, self.0.websocket)
                && let Some(running) = world.outside.commands.get_mut(&self.0.task)
            {
                running.input.extend_from_slice(data);
            }
        }
        match frame {
            Frame::Data(_) => {}
            Frame::Text(text) => self.0.command(text),
            Frame::Close => self.0.close(true),
        }
        Ok(())
    }
}

impl Receiver for Half {
    fn receive(&mut self, timeout: Option<Duration>) -> io::Result<Option<Message>> {
        self.0.wait_for_input(timeout.unwrap_or(PATIENCE));
        let mut world = self.0.world();
        let key = (self.0.task.clone(), self.0.websocket);
        let mut message = None;
        let mut look = |world: &mut World| match world.channels.get_mut(&key) {
            Some(line) => {
                message = line.messages.pop_front();
                message.is_some() || line.is_closed
            }
            None => true,
        };
        if !look(&mut world) {
            world.answer_commands();
            let deadline = world.pebble.now().after(timeout.unwrap_or(PATIENCE));
            if !world.until(Some(deadline), look) && world.is_up() {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(message)
    }
}

impl Cut for Half {
    fn cut(&self) {
        self.0.close(false);
    }
}
