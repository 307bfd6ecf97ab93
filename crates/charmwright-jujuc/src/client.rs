//! The hook command's end.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::error::CallError;
use crate::gob::{Decoder, Encoder, Malformed};
use crate::message::{METHOD, Nothing, Request, RequestHeader, Response, ResponseHeader};
use crate::socket::TimedStream;
use crate::{MESSAGE_BYTES_MAX, STDIN_DEMAND, socket};

/// So many requests wait for replies at once, and so many bytes of them. The bytes fit in the buffers of any
/// socket, so that a server that reads nothing before its reply was taken stops neither side.
const PIPELINE_CALLS_MAX: usize = 64;
const PIPELINE_BYTES_MAX: usize = 64 << 10;

/// A connection to the agent: runs hook commands, one after the other.
///
/// The agent does not end a hook before every connection is closed, so it must not outlive `dispatch`.
#[derive(Debug)]
pub struct Client<S> {
    stream: BufReader<S>,
    encoder: Encoder,
    decoder: Decoder,
    sequence: u64,
    message_bytes_max: usize,
    answer_bytes_max: usize,
    is_broken: bool,
}

impl Client<UnixStream> {
    /// Connects to the agent at the address from `JUJU_AGENT_SOCKET_ADDRESS`: a path, or with `@` before it a name
    /// that is no file. No process that is started later gets the connection.
    ///
    /// # Errors
    ///
    /// If nothing listens there: between runs of a charm, nothing does.
    pub fn connect(address: &str) -> io::Result<Self> {
        Ok(Self::new(socket::connect(address)?))
    }
}

impl Client<TimedStream> {
    /// Connects as [`connect`](Client::connect) does, and waits no longer than `limit` for the agent.
    ///
    /// # Errors
    ///
    /// If nothing listens there, or what listens takes no connection in time.
    pub fn connect_within(address: &str, limit: Duration) -> io::Result<Self> {
        Ok(Self::new(socket::connect_within(address, limit)?))
    }

    /// Lets all that follows fail with `TimedOut` from this moment on, however slowly something comes. After that
    /// the connection is of no more use.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.stream.get_mut().set_deadline(deadline);
    }
}

impl<S: Read + Write> Client<S> {
    /// A client at one end of `stream`.
    pub fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
            encoder: Encoder::default(),
            decoder: Decoder::new(MESSAGE_BYTES_MAX),
            sequence: 0,
            message_bytes_max: MESSAGE_BYTES_MAX,
            answer_bytes_max: MESSAGE_BYTES_MAX,
            is_broken: false,
        }
    }

    /// Lets messages have at most so many bytes, both ways.
    #[must_use]
    pub fn message_bytes_max(mut self, limit: usize) -> Self {
        self.message_bytes_max = limit;
        self.answer_bytes_max(limit)
    }

    /// Lets replies have at most so many bytes: each one, and together those of one [`calls`](Self::calls).
    #[must_use]
    pub fn answer_bytes_max(mut self, limit: usize) -> Self {
        self.answer_bytes_max = limit;
        self.decoder.limit(limit);
        self
    }

    /// The stream itself.
    pub fn stream(&self) -> &S {
        self.stream.get_ref()
    }

    /// Runs one hook command.
    ///
    /// # Errors
    ///
    /// If the agent refuses it, or the conversation breaks. That it ran and failed is a [`Response`] with another
    /// code than 0. After any error but a refusal the connection is of no more use.
    pub fn call(&mut self, request: &Request) -> Result<Response, CallError> {
        self.call_once(request, request.stdin.as_deref())
    }

    /// Runs one hook command, and reads standard input only if the command does: as Juju's own client works.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), and if `stdin` fails.
    pub fn call_with_stdin(
        &mut self,
        request: &Request,
        stdin: impl FnOnce() -> io::Result<Vec<u8>>,
    ) -> Result<Response, CallError> {
        match self.call_once(request, None) {
            Err(CallError::Refused(text)) if text == STDIN_DEMAND => {
                self.call_once(request, Some(&stdin().map_err(CallError::Stdin)?))
            }
            result => result,
        }
    }

    /// Runs hook commands that do not depend on one another, without waiting for each before the next is sent. The
    /// agent may run them in any order, one at a time; the results come in the order of `requests`.
    pub fn calls(&mut self, requests: &[Request]) -> Vec<Result<Response, CallError>> {
        let mut replies = BTreeMap::new();
        let mut waiting: BTreeMap<u64, usize> = BTreeMap::new();
        let mut waiting_bytes = 0_usize;
        let mut answer_bytes = 0_usize;
        let mut requests_left = requests.iter().enumerate().peekable();
        while requests_left.peek().is_some() || !waiting.is_empty() {
            // What is sent at once costs both sides one look at the socket; so room is left to grow first.
            let mut batch = Vec::new();
            let mut out = Vec::new();
            while waiting.len() <= PIPELINE_CALLS_MAX / 2 || !batch.is_empty() {
                let Some((place, request)) = requests_left.peek() else { break };
                let (place, bytes) = (*place, whole_size(request));
                let is_full = waiting.len() >= PIPELINE_CALLS_MAX
                    || waiting_bytes.saturating_add(bytes) > PIPELINE_BYTES_MAX;
                if is_full && !waiting.is_empty() {
                    break;
                }
                match self.encode(request, request.stdin.as_deref(), &mut out) {
                    Ok(sequence) => {
                        waiting.insert(sequence, place);
                        waiting_bytes = waiting_bytes.saturating_add(bytes);
                        batch.push(sequence);
                    }
                    Err(error) => {
                        replies.insert(place, Err(error));
                    }
                }
                requests_left.next();
            }
            if !batch.is_empty()
                && let Err(error) = self.write(&out)
            {
                // Nobody knows how many of them arrived.
                let causes = std::iter::once(CallError::Receive(error))
                    .chain(std::iter::repeat_with(|| CallError::Lost));
                let lost = batch.iter().filter_map(|sequence| waiting.remove(sequence));
                replies.extend(lost.zip(causes).map(|(place, cause)| (place, Err(cause))));
            }
            if waiting.is_empty() {
                continue;
            }
            // Also after a request could not be sent: replies to earlier ones may be there.
            let received = self.receive().and_then(|(sequence, reply)| {
                answer_bytes = answer_bytes.saturating_add(reply.as_ref().map_or(0, answer_size));
                self.check_answers(answer_bytes)?;
                Ok((sequence, reply))
            });
            let place = received.as_ref().ok().and_then(|(sequence, _)| waiting.remove(sequence));
            match (received, place) {
                (Ok((_, reply)), Some(place)) => {
                    waiting_bytes = waiting_bytes.saturating_sub(requests.get(place).map_or(0, whole_size));
                    replies.insert(place, reply);
                }
                (received, _) => {
                    self.is_broken = true;
                    let cause = match received {
                        Ok((sequence, _)) => CallError::Unasked { sequence },
                        Err(error) => error,
                    };
                    // The first gets the cause; nothing is known of the others but that they were sent.
                    let causes = std::iter::once(cause).chain(std::iter::repeat_with(|| CallError::Lost));
                    let lost = std::mem::take(&mut waiting).into_values();
                    replies.extend(lost.zip(causes).map(|(place, cause)| (place, Err(cause))));
                }
            }
        }
        replies.into_values().collect()
    }

    /// Whether replies of so many bytes together are within the bound.
    fn check_answers(&self, bytes: usize) -> Result<(), CallError> {
        if bytes <= self.answer_bytes_max {
            return Ok(());
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        Err(CallError::Malformed(Malformed::TooLong { bytes, limit: self.answer_bytes_max }))
    }

    fn call_once(&mut self, request: &Request, stdin: Option<&[u8]>) -> Result<Response, CallError> {
        let sent = self.send(request, stdin)?;
        match self.receive() {
            Ok((sequence, reply)) if sequence == sent => reply,
            Ok((sequence, _)) => {
                self.is_broken = true;
                Err(CallError::Unasked { sequence })
            }
            Err(error) => {
                self.is_broken = true;
                Err(error)
            }
        }
    }

    fn send(&mut self, request: &Request, stdin: Option<&[u8]>) -> Result<u64, CallError> {
        let mut out = Vec::new();
        let sequence = self.encode(request, stdin, &mut out)?;
        self.write(&out).map_err(CallError::Send)?;
        Ok(sequence)
    }

    /// Adds a request to what is to be sent.
    fn encode(
        &mut self,
        request: &Request,
        stdin: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<u64, CallError> {
        if self.is_broken {
            return Err(CallError::Broken);
        }
        let bytes = size(request).saturating_add(stdin.map_or(0, <[u8]>::len));
        if bytes > self.message_bytes_max {
            return Err(CallError::TooLong { bytes, limit: self.message_bytes_max });
        }
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        RequestHeader { method: METHOD.to_owned(), sequence }.write(&mut self.encoder, out);
        request.write(stdin, &mut self.encoder, out);
        Ok(sequence)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        let result = stream.write_all(bytes).and_then(|()| stream.flush());
        self.is_broken |= result.is_err();
        result
    }

    fn receive(&mut self) -> Result<(u64, Result<Response, CallError>), CallError> {
        let header: ResponseHeader = self.decoder.read(&mut self.stream)?;
        if header.error.is_empty() {
            return Ok((header.sequence, Ok(self.body()?)));
        }
        let Nothing = self.body()?;
        Ok((header.sequence, Err(CallError::Refused(header.error))))
    }

    fn body<T: crate::gob::Struct>(&mut self) -> Result<T, CallError> {
        self.decoder.read(&mut self.stream).map_err(|error| match error.into() {
            CallError::Closed => CallError::Malformed(Malformed::Truncated),
            error => error,
        })
    }
}

fn answer_size(response: &Response) -> usize {
    response.stdout.len().saturating_add(response.stderr.len())
}

/// About how many bytes a request takes.
fn whole_size(request: &Request) -> usize {
    size(request).saturating_add(request.stdin.as_ref().map_or(0, Vec::len))
}

/// About how many bytes a request takes, its standard input left out.
fn size(request: &Request) -> usize {
    let args = request.args.iter().fold(0_usize, |sum, arg| sum.saturating_add(arg.len()).saturating_add(9));
    [request.context_id.len(), request.dir.as_os_str().len(), request.command.len(), request.token.len(), 512]
        .into_iter()
        .fold(args, usize::saturating_add)
}
