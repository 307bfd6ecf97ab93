//! One connection of the charm: two threads, one for each direction.
//!
//! The thread of the requests tells the other one of each before it passes on any of it, and waits for its verdict before
//! it looks at the next. So requests go to the daemon one at a time, and `before` and `after` alternate.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};

use super::framing::{self, Body, Parsed};
use super::{Service, cut};
use crate::pod::observer::PebbleRequest;

const CHUNK: usize = 64 * 1024;

/// How the daemon took a request.
enum Verdict {
    /// It has answered; the next one may come.
    Answered,
    /// It speaks another protocol from now on.
    Upgraded,
}

/// One connection.
pub(super) struct Connection<'a> {
    client: &'a UnixStream,
    daemon: &'a UnixStream,
    service: &'a Service,
}

/// However a thread ends, the connection ends with it.
struct CutAtEnd<'a>(&'a UnixStream, &'a UnixStream);

impl Drop for CutAtEnd<'_> {
    fn drop(&mut self) {
        cut(self.0, self.1);
    }
}

impl<'a> Connection<'a> {
    pub(super) fn new(client: &'a UnixStream, daemon: &'a UnixStream, service: &'a Service) -> Self {
        Self { client, daemon, service }
    }

    /// Returns when both directions have ended.
    pub(super) fn run(&self) {
        let (tell, told) = channel();
        let (judge, verdicts) = channel();
        thread::scope(|scope| {
            let builder = thread::Builder::new().name(format!("{} answers", self.service.container));
            let answers = builder.spawn_scoped(scope, move || {
                let _end = CutAtEnd(self.client, self.daemon);
                // An error is the end of a connection, which is passed on as such.
                let _ = self.answers(&told, &judge);
            });
            if answers.is_err() {
                cut(self.client, self.daemon);
                return;
            }
            let guard = CutAtEnd(self.client, self.daemon);
            match self.requests(&tell, &verdicts) {
                // The client has said all. What it is still owed decides when the connection ends, and the other thread
                // sees to that.
                Ok(()) => {
                    let _ = self.daemon.shutdown(Shutdown::Write);
                    std::mem::forget(guard);
                }
                // The daemon takes no more. It may have answered early.
                Err(Gone::Daemon) => std::mem::forget(guard),
                Err(Gone::Client) => {}
            }
        });
    }

    /// Client to daemon.
    fn requests(
        &self,
        tell: &Sender<Option<PebbleRequest>>,
        verdicts: &Receiver<Verdict>,
    ) -> Result<(), Gone> {
        let mut buffer = Vec::new();
        let mut owed = false;
        loop {
            if buffer.is_empty() && !self.read_client(&mut buffer)? {
                return Ok(());
            }
            if owed {
                match verdicts.recv() {
                    Ok(Verdict::Answered) => {}
                    Ok(Verdict::Upgraded) => return self.pass_on(&buffer),
                    Err(_) => return Err(Gone::Daemon),
                }
            }
            let (length, head) = loop {
                match framing::request(&buffer) {
                    Parsed::Head(length, head) => break (length, head),
                    Parsed::Partial if self.read_client(&mut buffer)? => {}
                    Parsed::Partial | Parsed::Foreign => {
                        // The other thread may have gone, and then so has the daemon.
                        let _ = tell.send(None);
                        return self.pass_on(&buffer);
                    }
                }
            };
            let container = self.service.container.clone();
            let request = PebbleRequest { container, method: head.method, path_and_query: head.target };
            self.service.observer.before(&request);
            if self.client_is_gone() {
                return Err(Gone::Client);
            }
            tell.send(Some(request)).map_err(|_| Gone::Daemon)?;
            self.pass_request(&mut buffer, length, head.body)?;
            owed = true;
        }
    }

    /// Passes a request on as it comes; leaves in the buffer what comes after it.
    fn pass_request(&self, buffer: &mut Vec<u8>, head: usize, mut body: Body) -> Result<(), Gone> {
        let mut start = head;
        loop {
            let end = start + body.advance(buffer.get(start..).unwrap_or_default());
            write(self.daemon, buffer.get(..end)).map_err(|_| Gone::Daemon)?;
            buffer.drain(..end);
            if body.is_complete() {
                return Ok(());
            }
            start = 0;
            if !self.read_client(buffer)? {
                return Err(Gone::Client);
            }
        }
    }

    /// Everything from now on is passed on unseen.
    fn pass_on(&self, buffer: &[u8]) -> Result<(), Gone> {
        write(self.daemon, Some(buffer)).map_err(|_| Gone::Daemon)?;
        let mut chunk = Vec::new();
        while self.read_client(&mut chunk)? {
            write(self.daemon, Some(&chunk)).map_err(|_| Gone::Daemon)?;
            chunk.clear();
        }
        Ok(())
    }

    /// Adds what comes next; `false` if nothing comes any more.
    fn read_client(&self, buffer: &mut Vec<u8>) -> Result<bool, Gone> {
        read(self.client, buffer).map_err(|_| Gone::Client)
    }

    /// The client has closed its end, and not only said that it has no more to say.
    fn client_is_gone(&self) -> bool {
        // Nothing at all can be sent where there is a reader, and it is an error where there is none.
        send(self.client.as_raw_fd(), &[], MsgFlags::MSG_NOSIGNAL) == Err(Errno::EPIPE)
    }

    /// Daemon to client.
    fn answers(&self, told: &Receiver<Option<PebbleRequest>>, judge: &Sender<Verdict>) -> io::Result<()> {
        let mut buffer = Vec::new();
        let mut current = None;
        loop {
            if buffer.is_empty() && !read(self.daemon, &mut buffer)? {
                return Ok(());
            }
            // What the daemon says unasked, and its answers to what is no HTTP, are not ours to understand.
            let Some(request) = current.take().or_else(|| told.try_recv().ok().flatten()) else {
                return self.pass_back(buffer);
            };
            let (length, head) = loop {
                match framing::response(&buffer, request.method == "HEAD") {
                    Parsed::Head(length, head) => break (length, head),
                    Parsed::Partial if read(self.daemon, &mut buffer)? => {}
                    Parsed::Partial | Parsed::Foreign => return self.pass_back(buffer),
                }
            };
            match head.status {
                101 => {
                    self.service.observer.after(&request);
                    // Whoever waits for it has gone if it cannot be sent, and the connection ends.
                    let _ = judge.send(Verdict::Upgraded);
                    return self.pass_back(buffer);
                }
                100..200 => {
                    write(self.client, buffer.get(..length))?;
                    buffer.drain(..length);
                    current = Some(request);
                }
                _ => {
                    if !self.pass_answer(&mut buffer, length, head.body, &request)? {
                        return Ok(());
                    }
                    // As above.
                    let _ = judge.send(Verdict::Answered);
                }
            }
        }
    }

    /// Passes an answer back as it comes, but its end only when the observer knows; `false` if the connection ended.
    fn pass_answer(
        &self,
        buffer: &mut Vec<u8>,
        head: usize,
        mut body: Body,
        request: &PebbleRequest,
    ) -> io::Result<bool> {
        let mut start = head;
        loop {
            let end = start + body.advance(buffer.get(start..).unwrap_or_default());
            if body.is_complete() {
                self.service.observer.after(request);
            }
            write(self.client, buffer.get(..end))?;
            buffer.drain(..end);
            if body.is_complete() {
                return Ok(true);
            }
            start = 0;
            if !read(self.daemon, buffer)? {
                if body == Body::UntilClose {
                    self.service.observer.after(request);
                }
                return Ok(false);
            }
        }
    }

    /// Everything from now on is passed back unseen.
    fn pass_back(&self, mut chunk: Vec<u8>) -> io::Result<()> {
        write(self.client, Some(&chunk))?;
        chunk.clear();
        while read(self.daemon, &mut chunk)? {
            write(self.client, Some(&chunk))?;
            chunk.clear();
        }
        Ok(())
    }
}

/// Which end is not there any more.
enum Gone {
    Client,
    Daemon,
}

fn write(mut stream: &UnixStream, bytes: Option<&[u8]>) -> io::Result<()> {
    stream.write_all(bytes.unwrap_or_default())
}

fn read(mut stream: &UnixStream, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let old = buffer.len();
    buffer.resize(old + CHUNK, 0);
    let result = loop {
        match stream.read(buffer.get_mut(old..).unwrap_or_default()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    buffer.truncate(old + *result.as_ref().unwrap_or(&0));
    Ok(result? > 0)
}
