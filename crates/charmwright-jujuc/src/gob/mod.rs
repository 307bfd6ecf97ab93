//! Go's gob encoding: of reading all that can come, of writing what the messages of this protocol need.
//!
//! A stream is a row of messages, each with its length before it. A message defines a type or holds a value of
//! a type that was defined before. Fields are found by name, so both sides may know fields that the other does
//! not. What is read is outside data: lengths, depth and numbers of things are bounded, and nothing panics.

mod bytes;
mod decode;
mod encode;
mod types;

pub(crate) use decode::{Decoder, Field, ReadError, Struct};
pub(crate) use encode::{Encoder, StructType, TEXTS_ID};

/// What gob calls its own types.
pub(crate) mod id {
    pub(crate) const BOOL: i64 = 1;
    pub(crate) const INT: i64 = 2;
    pub(crate) const UINT: i64 = 3;
    pub(crate) const FLOAT: i64 = 4;
    pub(crate) const BYTES: i64 = 5;
    pub(crate) const TEXT: i64 = 6;
    pub(crate) const COMPLEX: i64 = 7;
    pub(crate) const INTERFACE: i64 = 8;
    /// The types that definitions are made of.
    pub(super) const DEFINITION: i64 = 16;
    pub(super) const ARRAY: i64 = 17;
    pub(super) const COMMON: i64 = 18;
    pub(super) const SLICE: i64 = 19;
    pub(super) const STRUCT: i64 = 20;
    pub(super) const FIELD: i64 = 21;
    pub(super) const FIELDS: i64 = 22;
    pub(super) const MAP: i64 = 23;
    pub(super) const OPAQUE: i64 = 24;
    /// Types that a side defines itself begin here.
    pub(super) const FIRST_OWN: i64 = 64;
}

/// Bytes that are not gob, or not gob as this protocol uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The bytes end inside a message or a value.
    #[error("it ends inside a value")]
    Truncated,
    /// A number says that it takes more bytes than any number has.
    #[error("a number has {0} bytes")]
    Number(u8),
    /// A number is larger than its place allows.
    #[error("a number is out of range")]
    Range,
    /// A message is longer than the limit.
    #[error("a message has {bytes} bytes, and {limit} are the most")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// The limit.
        limit: usize,
    },
    /// There are more definitions, or more entries in a list, than anything of this protocol needs.
    #[error("there are too many {0}")]
    TooMany(&'static str),
    /// Values are nested deeper than anything of this protocol.
    #[error("values are nested too deep")]
    TooDeep,
    /// A value has a type that was not defined.
    #[error("type {0} is not defined")]
    UnknownType(i64),
    /// A type is defined that is defined already, or that is gob's own.
    #[error("type {0} is defined twice")]
    DefinedTwice(i64),
    /// A definition defines nothing.
    #[error("a definition is empty")]
    EmptyDefinition,
    /// A field is numbered past the last one of its struct.
    #[error("a field is not one of its struct")]
    UnknownField,
    /// A value has another type than its place needs.
    #[error("a value is not {0}")]
    WrongType(&'static str),
    /// Bytes follow a value in its message.
    #[error("bytes follow a value")]
    Surplus,
}
