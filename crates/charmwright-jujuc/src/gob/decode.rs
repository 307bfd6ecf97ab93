//! Reading.

use std::io::{self, BufRead, Read};

use super::bytes::{Input, Number, big_endian, more_bytes};
use super::types::{Definition, Shape, Types};
use super::{Malformed, id};

/// Nothing of this protocol, definitions included, is nested deeper than five.
const DEPTH_MAX: usize = 32;
/// Linux passes fewer arguments than this to a program.
const ENTRIES_MAX: usize = 1 << 20;
/// Definitions of Juju's structs take a hundred bytes.
const DEFINITION_BYTES_MAX: usize = 4 << 10;

/// A value that could not be read from a stream.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The stream ended where a value could have begun.
    End,
    Io(io::Error),
    Malformed(Malformed),
}

impl From<Malformed> for ReadError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A struct of this protocol: takes the fields that it knows and skips the others.
pub(crate) trait Struct: Default {
    /// Takes the field `name`. Fields that are zero are not sent.
    fn field(&mut self, name: &str, value: Field<'_, '_>) -> Result<(), Malformed>;
}

/// Reads the values of one stream, and remembers its types.
#[derive(Debug)]
pub(crate) struct Decoder {
    types: Types,
    message_bytes_max: usize,
}

impl Decoder {
    pub(crate) fn new(message_bytes_max: usize) -> Self {
        Self { types: Types::new(), message_bytes_max }
    }

    pub(crate) fn limit(&mut self, message_bytes_max: usize) {
        self.message_bytes_max = message_bytes_max;
    }

    /// The next value, and the definitions before it.
    pub(crate) fn read<T: Struct>(&mut self, stream: &mut impl BufRead) -> Result<T, ReadError> {
        let mut first = true;
        loop {
            let message = match self.message(stream) {
                // A definition has a value behind it.
                Err(ReadError::End) if !first => return Err(Malformed::Truncated.into()),
                message => message?,
            };
            let mut input = Input::new(&message);
            let id = input.int()?;
            if id >= 0 {
                let value = Field::top(&self.types, &mut input, id).structure()?;
                return if input.len() == 0 { Ok(value) } else { Err(Malformed::Surplus.into()) };
            }
            if message.len() > DEFINITION_BYTES_MAX {
                return Err(Malformed::TooMany("parts of a definition").into());
            }
            let definition: Definition = Field::top(&self.types, &mut input, id::DEFINITION).structure()?;
            if input.len() != 0 {
                return Err(Malformed::Surplus.into());
            }
            self.types.define(id.checked_neg().ok_or(Malformed::Range)?, definition)?;
            first = false;
        }
    }

    fn message(&self, stream: &mut impl BufRead) -> Result<Vec<u8>, ReadError> {
        let Some(first) = byte(stream)? else { return Err(ReadError::End) };
        let length = match more_bytes(first)? {
            Number::Whole(length) => length,
            Number::Bytes(count) => big_endian(&exactly(stream, count.into())?),
        };
        match usize::try_from(length) {
            Ok(count) if count <= self.message_bytes_max => exactly(stream, count),
            _ => Err(Malformed::TooLong { bytes: length, limit: self.message_bytes_max }.into()),
        }
    }
}

fn byte(stream: &mut impl BufRead) -> io::Result<Option<u8>> {
    let mut byte = [0];
    match stream.read_exact(&mut byte) {
        Ok(()) => Ok(Some(byte[0])),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Memory grows with what comes, not with what is promised.
fn exactly(stream: &mut impl BufRead, count: usize) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    stream.take(u64::try_from(count).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    if bytes.len() == count { Ok(bytes) } else { Err(Malformed::Truncated.into()) }
}

/// A value that can be read once, as what it should be.
#[derive(Debug)]
pub(crate) struct Field<'a, 'b> {
    types: &'a Types,
    input: &'a mut Input<'b>,
    id: i64,
    depth: usize,
}

impl<'a, 'b> Field<'a, 'b> {
    fn top(types: &'a Types, input: &'a mut Input<'b>, id: i64) -> Self {
        Field { types, input, id, depth: 0 }
    }

    fn inner(&mut self, id: i64) -> Result<Field<'_, 'b>, Malformed> {
        let depth = self.depth.saturating_add(1);
        if depth > DEPTH_MAX {
            return Err(Malformed::TooDeep);
        }
        Ok(Field { types: self.types, input: self.input, id, depth })
    }

    fn shape(&self) -> Result<&'a Shape, Malformed> {
        self.types.shape(self.id)
    }

    /// A struct. Only structs can begin a message without a zero byte before them, and nothing else is asked for
    /// at the top.
    pub(crate) fn structure<T: Struct>(mut self) -> Result<T, Malformed> {
        let Shape::Struct(fields) = self.shape()? else { return Err(Malformed::WrongType("a struct")) };
        let mut value = T::default();
        let mut remaining = fields.iter();
        while let Some(delta) = next_field(self.input)? {
            let (name, id) = remaining.nth(delta).ok_or(Malformed::UnknownField)?;
            value.field(name, self.inner(*id)?)?;
        }
        Ok(value)
    }

    pub(crate) fn list<T: Struct>(mut self) -> Result<Vec<T>, Malformed> {
        let (count, id) = self.entries("a list")?;
        (0..count).map(|_| self.inner(id)?.structure()).collect()
    }

    pub(crate) fn texts(mut self) -> Result<Vec<Vec<u8>>, Malformed> {
        let (count, id) = self.entries("a list of texts")?;
        (0..count).map(|_| self.inner(id)?.text()).collect()
    }

    fn entries(&mut self, expected: &'static str) -> Result<(usize, i64), Malformed> {
        let Shape::Slice(id) = self.shape()? else { return Err(Malformed::WrongType(expected)) };
        let count = self.input.length()?;
        if count > ENTRIES_MAX { Err(Malformed::TooMany("entries of a list")) } else { Ok((count, *id)) }
    }

    /// A text. Go's texts are any bytes.
    pub(crate) fn text(self) -> Result<Vec<u8>, Malformed> {
        match self.shape()? {
            Shape::Text => Ok(self.input.run()?.to_vec()),
            _ => Err(Malformed::WrongType("a text")),
        }
    }

    /// A text that is a name or a message: bytes that are no UTF-8 make it another one, which then fits nothing.
    pub(crate) fn name(self) -> Result<String, Malformed> {
        Ok(String::from_utf8_lossy(&self.text()?).into_owned())
    }

    pub(crate) fn bytes(self) -> Result<Vec<u8>, Malformed> {
        match self.shape()? {
            Shape::Bytes => Ok(self.input.run()?.to_vec()),
            _ => Err(Malformed::WrongType("bytes")),
        }
    }

    pub(crate) fn int(self) -> Result<i64, Malformed> {
        match self.shape()? {
            Shape::Int => self.input.int(),
            _ => Err(Malformed::WrongType("a signed number")),
        }
    }

    pub(crate) fn uint(self) -> Result<u64, Malformed> {
        match self.shape()? {
            Shape::Uint => self.input.uint(),
            _ => Err(Malformed::WrongType("an unsigned number")),
        }
    }

    pub(crate) fn bool(self) -> Result<bool, Malformed> {
        match self.shape()? {
            Shape::Bool => Ok(self.input.uint()? != 0),
            _ => Err(Malformed::WrongType("true or false")),
        }
    }

    /// Passes over a value of any type.
    pub(crate) fn skip(mut self) -> Result<(), Malformed> {
        match self.shape()? {
            Shape::Number | Shape::Int | Shape::Uint | Shape::Bool => self.input.uint().map(drop),
            Shape::Complex => self.input.uint().and_then(|_| self.input.uint()).map(drop),
            Shape::Bytes | Shape::Text | Shape::Opaque => self.input.run().map(drop),
            Shape::Interface => self.skip_interface(),
            Shape::Struct(fields) => {
                let mut remaining = fields.iter();
                while let Some(delta) = next_field(self.input)? {
                    let (_, id) = remaining.nth(delta).ok_or(Malformed::UnknownField)?;
                    self.inner(*id)?.skip()?;
                }
                Ok(())
            }
            Shape::Slice(id) => {
                let count = self.input.length()?;
                (0..count).try_for_each(|_| self.inner(*id)?.skip())
            }
            Shape::Array(id, length) => {
                let count = self.input.length()?;
                if u64::try_from(count) != Ok(*length) {
                    return Err(Malformed::WrongType("an array of its length"));
                }
                (0..count).try_for_each(|_| self.inner(*id)?.skip())
            }
            Shape::Map(key, element) => {
                let count = self.input.length()?;
                (0..count).try_for_each(|_| {
                    self.inner(*key)?.skip()?;
                    self.inner(*element)?.skip()
                })
            }
        }
    }

    /// An interface holds the name of a type, the type, and the length of the value; a nil one has no name.
    fn skip_interface(&mut self) -> Result<(), Malformed> {
        if self.input.run()?.is_empty() {
            return Ok(());
        }
        if self.input.int()? < 0 {
            // Juju sends no interfaces at all, so that one of a type not yet known is not worth the machinery.
            return Err(Malformed::WrongType("an interface of a known type"));
        }
        self.input.run().map(drop)
    }
}

/// How many fields to pass over before the next one that is there; nothing after the last.
fn next_field(input: &mut Input<'_>) -> Result<Option<usize>, Malformed> {
    match input.uint()?.checked_sub(1) {
        None => Ok(None),
        Some(skipped) => usize::try_from(skipped).map(Some).map_err(|_| Malformed::UnknownField),
    }
}
