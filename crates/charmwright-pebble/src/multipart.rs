//! `multipart/form-data`, as far as Pebble speaks it (RFC 2046, RFC 7578).

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Write};

use crate::bounded::append_within;
use crate::limits::PART_HEADERS_BYTES_MAX;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// A boundary that does not occur in `content`.
pub fn boundary_for(content: &[u8]) -> String {
    boundary_for_all(&[content])
}

/// A boundary that occurs in none of these.
pub fn boundary_for_all(contents: &[&[u8]]) -> String {
    loop {
        let boundary = random_boundary();
        if contents.iter().all(|content| find(content, boundary.as_bytes(), 0).is_none()) {
            return boundary;
        }
    }
}

/// A boundary that nobody can guess, and so no content holds. Pebble wants 32 characters or more.
pub fn random_boundary() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}

/// The text in quotes, as in `filename="…"`. Line breaks cannot be written so: keep them out.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// Splits `form-data; name="files"; filename="…"` into the word before the first semicolon and the parameters, both with
/// their names in lower case. What is malformed ends the parameters.
pub fn header_value(value: &str) -> (String, Vec<(String, String)>) {
    let (word, mut rest) = value.split_once(';').unwrap_or((value, ""));
    let mut parameters = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let name = name.trim().to_ascii_lowercase();
        if let Some(quoted) = after.strip_prefix('"') {
            let Some((text, after)) = unquote(quoted) else {
                break;
            };
            parameters.push((name, text));
            rest = after.split_once(';').map_or("", |(_, rest)| rest);
        } else {
            let (text, after) = after.split_once(';').unwrap_or((after, ""));
            parameters.push((name, text.trim().to_owned()));
            rest = after;
        }
    }
    (word.trim().to_ascii_lowercase(), parameters)
}

/// The text up to the closing quote, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((out, chars.as_str())),
            '\\' => out.push(chars.next()?),
            c => out.push(c),
        }
    }
}

/// What one part says it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    pub name: String,
    pub filename: Option<String>,
}

/// Reads parts one after the other, in pieces as they come.
pub struct Reader<R> {
    source: R,
    /// What is read goes here first: made once, since a daemon may give a byte a read.
    chunk: Vec<u8>,
    buffer: Vec<u8>,
    /// Line break, two dashes, boundary.
    delimiter: Vec<u8>,
    state: State,
}

/// Where the buffer begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the content of a part, or before the first one.
    Content,
    /// At the headers of a part.
    Headers,
    /// After the last part.
    End,
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// The content of the part.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut content = self.content().map(|length| self.buffer.get(..length).unwrap_or_default())?;
        let read = content.read(out)?;
        self.buffer.drain(..read);
        Ok(read)
    }
}

/// What stands at a delimiter.
enum Mark {
    /// A part follows after so many bytes.
    Next(usize),
    /// It was the last.
    Last,
    /// It only begins like one.
    Content,
    /// Too few bytes to tell.
    Unknown,
}

impl<R: Read> Reader<R> {
    pub fn new(source: R, boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first delimiter has no line break before it, if nothing comes before it.
        Self { source, chunk: vec![0; CHUNK], buffer: b"\r\n".to_vec(), delimiter, state: State::Content }
    }

    /// The next part, if there is one. What was not read of the one before is passed over.
    pub fn next_part(&mut self) -> io::Result<Option<Part>> {
        self.copy_content(&mut io::sink())?;
        if self.state == State::End {
            return Ok(None);
        }
        let length = loop {
            if self.buffer.starts_with(b"\r\n") {
                break 0;
            }
            if let Some(at) = find(&self.buffer, b"\r\n\r\n", 0) {
                break at + 2;
            }
            if self.buffer.len() > PART_HEADERS_BYTES_MAX {
                return Err(invalid("the headers of a part have no end"));
            }
            self.fill()?;
        };
        let part = parse_part(self.buffer.get(..length).unwrap_or_default())?;
        self.buffer.drain(..length + 2);
        self.state = State::Content;
        Ok(Some(part))
    }

    /// Gives the content of the part to `out` as it comes, up to the next delimiter.
    pub fn copy_content(&mut self, out: &mut dyn Write) -> io::Result<()> {
        loop {
            match self.content()? {
                0 => return Ok(()),
                length => {
                    out.write_all(self.buffer.get(..length).unwrap_or_default())?;
                    self.buffer.drain(..length);
                }
            }
        }
    }

    /// The content of the part, up to the next delimiter; none if it has more than so many bytes, or as soon as it has.
    pub fn content_within(&mut self, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
        let mut content = Vec::new();
        loop {
            let piece = match self.content()? {
                0 => return Ok(Some(content)),
                length => self.buffer.get(..length).unwrap_or_default(),
            };
            if !append_within(&mut content, piece, bytes_max) {
                return Ok(None);
            }
            let length = piece.len();
            self.buffer.drain(..length);
        }
    }

    /// How much at the beginning of the buffer is content of the part; 0 at its end.
    fn content(&mut self) -> io::Result<usize> {
        let mut from = 0;
        while self.state == State::Content {
            let Some(at) = find(&self.buffer, &self.delimiter, from) else {
                // All but what may be the beginning of a delimiter.
                match self.buffer.len().saturating_sub(self.delimiter.len() - 1) {
                    0 => self.fill()?,
                    length => return Ok(length),
                }
                from = 0;
                continue;
            };
            match self.mark(at + self.delimiter.len()) {
                Mark::Content => from = at + 1,
                _ if at > 0 => return Ok(at),
                Mark::Unknown => self.fill()?,
                Mark::Next(end) => {
                    self.buffer.drain(..end);
                    self.state = State::Headers;
                }
                Mark::Last => self.state = State::End,
            }
        }
        Ok(0)
    }

    /// What follows the delimiter that ends at `at`: dashes, or white space and a line break.
    fn mark(&self, at: usize) -> Mark {
        let after = self.buffer.get(at..).unwrap_or_default();
        let blanks = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        // Whoever goes on with blanks means no delimiter.
        if blanks > PART_HEADERS_BYTES_MAX {
            return Mark::Content;
        }
        match (after, after.get(blanks..).unwrap_or_default()) {
            ([b'-', b'-', ..], _) => Mark::Last,
            (_, [b'\r', b'\n', ..]) => Mark::Next(at + blanks + 2),
            ([b'-'], _) | (_, [b'\r'] | []) => Mark::Unknown,
            _ => Mark::Content,
        }
    }

    /// Reads some more.
    fn fill(&mut self) -> io::Result<()> {
        let read = loop {
            match self.source.read(&mut self.chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.buffer.extend_from_slice(self.chunk.get(..read).unwrap_or_default());
        match read {
            0 => Err(invalid("it ends before its last boundary")),
            _ => Ok(()),
        }
    }
}

fn parse_part(headers: &[u8]) -> io::Result<Part> {
    let headers = str::from_utf8(headers).map_err(|_| invalid("the headers of a part are not UTF-8"))?;
    let disposition = headers
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
        .map(|(_, value)| value)
        .ok_or_else(|| invalid("a part does not say what it is"))?;
    let (_, parameters) = header_value(disposition);
    let get =
        |wanted: &str| parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let name = get("name").ok_or_else(|| invalid("a part has no name"))?;
    Ok(Part { name, filename: get("filename") })
}

fn invalid(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Where `needle` begins in `haystack`, not before `from`.
fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = from;
    loop {
        let rest = haystack.get(at..)?;
        at += rest.iter().position(|byte| *byte == first)?;
        if haystack.get(at..)?.starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
#[path = "multipart_tests.rs"]
mod tests;
