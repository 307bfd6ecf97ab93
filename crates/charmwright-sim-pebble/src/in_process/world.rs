//! A daemon with its outside, on one virtual clock.

use std::collections::{BTreeMap, VecDeque};

use charmwright_pebble::transport::Message;

use super::outside::{Event, Outside};
use crate::exec::END;
use crate::host::{TaskId, Websocket};
use crate::pebble::Pebble;
use crate::request::{Request, Response, Wait};
use crate::time::Time;

/// The longest message of a command's output.
const MESSAGE: usize = 32 * 1024;

/// A daemon with its outside.
#[derive(Debug)]
pub(super) struct World {
    pub(super) pebble: Pebble,
    pub(super) outside: Outside,
    pub(super) channels: BTreeMap<(TaskId, Websocket), Line>,
    pub(super) is_reachable: bool,
    /// How often it was started.
    pub(super) boots: u64,
}

/// A websocket towards the client.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) messages: VecDeque<Message>,
    pub(super) is_closed: bool,
}

impl World {
    pub(super) fn is_up(&self) -> bool {
        self.is_reachable && self.pebble.ended().is_none()
    }

    /// All that happens at this time happens.
    pub(super) fn settle(&mut self) {
        self.go_to(self.pebble.now());
    }

    /// Time goes on to this point.
    pub(super) fn go_to(&mut self, to: Time) {
        let to = to.max(self.pebble.now());
        loop {
            let event = self.outside.next_event().filter(|at| *at <= to);
            let timer = self.pebble.next_timer().filter(|at| *at <= to);
            let Some(at) = event.into_iter().chain(timer).min() else {
                break;
            };
            let at = at.max(self.pebble.now());
            self.set_time(at);
            // What comes from outside comes before what the daemon does then.
            match self.outside.take_event(at) {
                Some(event) => self.tell(event),
                None => self.pebble.advance(at, &mut self.outside),
            }
        }
        self.set_time(to);
        self.pebble.advance(to, &mut self.outside);
    }

    fn set_time(&mut self, at: Time) {
        self.outside.now = at;
        self.outside.files.now = at;
    }

    /// When something happens next.
    pub(super) fn next(&self) -> Option<Time> {
        self.outside.next_event().into_iter().chain(self.pebble.next_timer()).min()
    }

    /// Time goes on until this is so, or until then; whether it is so.
    pub(super) fn until(&mut self, deadline: Option<Time>, mut is_so: impl FnMut(&mut Self) -> bool) -> bool {
        loop {
            if is_so(self) {
                return true;
            }
            let now = self.pebble.now();
            match self.next().filter(|at| deadline.is_none_or(|deadline| *at <= deadline)) {
                Some(at) if self.pebble.ended().is_none() => self.go_to(at.max(now)),
                _ => {
                    if let Some(deadline) = deadline {
                        self.go_to(deadline);
                    }
                    return is_so(self);
                }
            }
        }
    }

    fn tell(&mut self, event: Event) {
        self.pebble.set_time(self.outside.now);
        match event {
            Event::Output(process, bytes) => self.pebble.output(process, &bytes),
            Event::Exited(process, exit) => self.pebble.exited(process, exit, &mut self.outside),
            Event::CheckEnded(run, outcome) => self.pebble.check_ended(run, outcome, &mut self.outside),
            Event::ExecEnded(task, exit) => {
                self.send_output(&task);
                self.pebble.exec_ended(&task, exit, &mut self.outside);
            }
        }
    }

    /// What a command wrote goes to whoever listens, and the streams end.
    fn send_output(&mut self, task: &TaskId) {
        let Some(running) = self.outside.commands.remove(task) else {
            return;
        };
        for (websocket, bytes) in [(Websocket::Stdio, running.stdout), (Websocket::Stderr, running.stderr)] {
            if let Some(line) = self.channels.get_mut(&(task.clone(), websocket)) {
                line.messages.extend(bytes.chunks(MESSAGE).map(|chunk| Message::Data(chunk.to_vec())));
                line.messages.push_back(Message::Text(END.to_owned()));
            }
        }
        if let Some(line) = self.channels.get_mut(&(task.clone(), Websocket::Control)) {
            line.is_closed = true;
        }
    }

    /// Commands that wait for input that does not come do what they do without.
    pub(super) fn answer_commands(&mut self) {
        let waiting: Vec<TaskId> = self.outside.commands.keys().cloned().collect();
        for task in waiting {
            self.outside.answer(&task);
        }
        self.settle();
    }

    /// The answer to somebody who waits, if it comes in time.
    pub(super) fn wait(&mut self, wait: &Wait, limit: Option<Time>) -> Option<Response> {
        self.answer_commands();
        let deadline = wait.deadline().into_iter().chain(limit).min();
        let mut response = None;
        self.until(deadline, |world| {
            response = world.pebble.poll(wait);
            response.is_some()
        });
        response
    }

    /// Takes a request.
    pub(super) fn handle(&mut self, request: &Request) -> crate::request::Reply {
        self.settle();
        let reply = self.pebble.handle(request, &mut self.outside);
        self.settle();
        reply
    }
}
