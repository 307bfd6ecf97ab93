//! The streams of a command.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

use serde::Deserialize;

use crate::transport::{Frame, Message, Receiver, Sender};

/// The end of a stream, as both sides say it.
const END: &str = r#"{"command":"end"}"#;
/// How much goes into one message.
const CHUNK: usize = 64 * 1024;

/// What the command reads. Dropping it is the end of its input.
pub struct Stdin {
    sender: Box<dyn Sender>,
    timeout: Option<Duration>,
    ended: bool,
}

impl Stdin {
    pub(super) fn new(sender: Box<dyn Sender>) -> Self {
        Self { sender, timeout: None, ended: false }
    }

    /// Sets how long one write may take, for a command that does not read. Without, as long as it takes.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Ends the input; in a terminal, by its end-of-file character.
    ///
    /// # Errors
    ///
    /// If the connection is gone: the command has ended.
    pub fn end(mut self) -> io::Result<()> {
        self.send_end()
    }

    fn send_end(&mut self) -> io::Result<()> {
        self.ended = true;
        self.sender.send(Frame::Text(END), self.timeout)
    }
}

impl Write for Stdin {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let data = buffer.get(..CHUNK).unwrap_or(buffer);
        if !data.is_empty() {
            self.sender.send(Frame::Data(data), self.timeout)?;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Stdin {
    fn drop(&mut self) {
        if !self.ended {
            // A command that has ended reads nothing more. One that takes nothing is not waited for.
            self.timeout = self.timeout.or(Some(Duration::from_secs(1)));
            let _ = self.send_end();
        }
    }
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdin").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// What comes over one channel.
pub(super) struct Incoming {
    receiver: Box<dyn Receiver>,
    pub(super) timeout: Option<Duration>,
    held: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Incoming {
    fn new(receiver: Box<dyn Receiver>) -> Self {
        Self { receiver, timeout: None, held: Vec::new(), taken: 0, ended: false }
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[derive(Deserialize)]
        struct Command {
            command: String,
        }

        while !self.ended && self.taken == self.held.len() {
            match self.receiver.receive(self.timeout)? {
                Some(Message::Data(data)) => (self.held, self.taken) = (data, 0),
                Some(Message::Text(text)) => {
                    // Commands that we do not know are not for us.
                    let command = serde_json::from_str::<Command>(&text);
                    self.ended = command.is_ok_and(|text| text.command == "end");
                }
                None => self.ended = true,
            }
        }
        let mut rest = self.held.get(self.taken..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.taken += read;
        Ok(read)
    }
}

macro_rules! incoming {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        pub struct $name(Incoming);

        impl $name {
            pub(super) fn new(receiver: Box<dyn Receiver>) -> Self {
                Self(Incoming::new(receiver))
            }

            pub(super) fn into_incoming(self) -> Incoming {
                self.0
            }

            /// Sets how long one read may take: an error of kind `TimedOut` after that, and reading can go on. Without, as
            /// long as it takes; a command may be silent for hours.
            pub fn set_timeout(&mut self, timeout: Option<Duration>) {
                self.0.timeout = timeout;
            }
        }

        impl Read for $name {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read(buffer)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("timeout", &self.0.timeout).finish_non_exhaustive()
            }
        }
    };
}

incoming! {
    /// What the command writes to standard output, and to standard error if the two are combined.
    Stdout
}

incoming! {
    /// What the command writes to standard error.
    Stderr
}
