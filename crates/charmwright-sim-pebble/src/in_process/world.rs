//! A daemon with its outside, on one virtual clock.

use std::collections::{BTreeMap, VecDeque};
use std::io::Cursor;

use charmwright_pebble::transport::Message;

use super::multipart;
use super::outside::{Event, Outside};
use crate::files::{self, Files};
use crate::host::{TaskId, Websocket};
use crate::pebble::Pebble;
use crate::request::{Request, Response, Wait};
use crate::time::Time;

/// The longest message of a command's output.
const MESSAGE: usize = 32 * 1024;
/// What ends a stream.
const END: &str = r#"{"command":"end"}"#;

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

    /// The contents of files, as multipart.
    pub(super) fn read_files(&self, paths: &[String]) -> (String, Vec<u8>) {
        let boundary = "0123456789abcdef".repeat(4).get(..60).unwrap_or_default().to_owned();
        let (mut body, mut outcomes) = (Vec::new(), Vec::new());
        for path in paths {
            let outcome = files::open(&self.outside.files, path).and_then(|mut file| {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut file, &mut bytes)
                    .map_err(|error| files::FileError::other(error.to_string()))?;
                Ok(bytes)
            });
            if let Ok(bytes) = &outcome {
                let name = path.replace('\\', "\\\\").replace('"', "\\\"");
                let head = format!(
                    "--{boundary}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
                     Content-Type: application/octet-stream\r\n\r\n"
                );
                body.extend(head.into_bytes());
                body.extend(bytes);
                body.extend(b"\r\n");
            }
            outcomes.push((path.clone(), outcome.map(drop)));
        }
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"response\"\r\n\
             Content-Type: application/json\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(files::read_answer(&outcomes));
        body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }

    /// Writes the files of a multipart request.
    pub(super) fn write_files(&mut self, mut request: files::WriteRequest, body: &[u8]) -> Response {
        let mut parts = multipart::Parts::new(&request.boundary, body);
        let mut is_first = true;
        loop {
            let part = match parts.next_part() {
                Ok(Some(part)) => part,
                Ok(None) if is_first => return files::WriteRequest::no_metadata("multipart: NextPart: EOF"),
                Ok(None) => return request.finish(),
                Err(error) if is_first => return files::WriteRequest::no_metadata(error),
                Err(error) => return request.broken(error),
            };
            if std::mem::take(&mut is_first) {
                if let Err(response) = request.begin(&part.name, part.content) {
                    return response;
                }
                continue;
            }
            match request.part(&part.name, &part.file_name) {
                Ok(file) => {
                    let files: &mut dyn Files = &mut self.outside.files;
                    let outcome = files::write_file(files, &file, &mut Cursor::new(part.content));
                    request.wrote(&file.path, outcome);
                }
                Err(response) => return response,
            }
        }
    }

    /// Takes a request.
    pub(super) fn handle(&mut self, request: &Request) -> crate::request::Reply {
        self.settle();
        let reply = self.pebble.handle(request, &mut self.outside);
        self.settle();
        reply
    }
}
