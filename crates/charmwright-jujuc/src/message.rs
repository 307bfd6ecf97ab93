//! The four messages.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use crate::gob::{Encoder, Field, Malformed, Struct, StructType, TEXTS_ID, id};

/// The one method there is.
pub(crate) const METHOD: &str = "Jujuc.Main";

/// One run of a hook command, as its caller asks for it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The hook's own id, from `JUJU_CONTEXT_ID`.
    pub context_id: String,
    /// The caller's folder, absolute: paths among the arguments count from it.
    pub dir: PathBuf,
    /// The command's name, such as `config-get`.
    pub command: String,
    /// Its arguments, without its name.
    pub args: Vec<OsString>,
    /// What it can read from standard input. With none, a command that wants to read is refused with
    /// [`STDIN_DEMAND`](crate::STDIN_DEMAND).
    pub stdin: Option<Vec<u8>>,
    /// Empty over Unix sockets. Charms in a pod of their own under old Jujus have one; Juju 4 knows none.
    pub token: String,
}

impl fmt::Debug for Request {
    /// Shows the command and how much it was given, not what: arguments and input may be anybody's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("context_id", &self.context_id)
            .field("dir", &self.dir)
            .field("command", &self.command)
            .field("args", &self.args.len())
            .field("stdin", &self.stdin.as_ref().map(Vec::len))
            .finish_non_exhaustive()
    }
}

/// What a hook command answered.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The exit code; 0 is success.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl fmt::Debug for Response {
    /// Shows how much was answered, not what: it may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("code", &self.code)
            .field("stdout", &self.stdout.len())
            .field("stderr", &self.stderr.len())
            .finish()
    }
}

/// What comes before a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestHeader {
    pub(crate) method: String,
    pub(crate) sequence: u64,
}

/// What comes before a response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResponseHeader {
    pub(crate) method: String,
    pub(crate) sequence: u64,
    pub(crate) error: String,
}

/// Passed over, whatever it is: the body behind an error.
#[derive(Debug, Default)]
pub(crate) struct Nothing;

// The numbers are those that Juju 3.6.11 gives its types; any above 63 would do.
static REQUEST_HEADER: StructType =
    StructType { id: 64, name: "Request", fields: &[("ServiceMethod", id::TEXT), ("Seq", id::UINT)] };
static REQUEST: StructType = StructType {
    id: 65,
    name: "Request",
    fields: &[
        ("ContextId", id::TEXT),
        ("Dir", id::TEXT),
        ("CommandName", id::TEXT),
        ("Args", TEXTS_ID),
        ("StdinSet", id::BOOL),
        ("Stdin", id::BYTES),
        ("Token", id::TEXT),
    ],
};
static RESPONSE_HEADER: StructType = StructType {
    id: 64,
    name: "Response",
    fields: &[("ServiceMethod", id::TEXT), ("Seq", id::UINT), ("Error", id::TEXT)],
};
static RESPONSE: StructType = StructType {
    id: 65,
    name: "ExecResponse",
    fields: &[("Code", id::INT), ("Stdout", id::BYTES), ("Stderr", id::BYTES)],
};
static NOTHING: StructType = StructType { id: 66, name: "", fields: &[] };

impl RequestHeader {
    pub(crate) fn write(&self, encoder: &mut Encoder, out: &mut Vec<u8>) {
        encoder.write(out, &REQUEST_HEADER, |fields| {
            fields.text(1, self.method.as_bytes());
            fields.uint(2, self.sequence);
        });
    }
}

impl Request {
    /// Writes the request, with `stdin` in the place of its own: it may come later, and be large.
    pub(crate) fn write(&self, stdin: Option<&[u8]>, encoder: &mut Encoder, out: &mut Vec<u8>) {
        encoder.write(out, &REQUEST, |fields| {
            fields.text(1, self.context_id.as_bytes());
            fields.text(2, self.dir.as_os_str().as_bytes());
            fields.text(3, self.command.as_bytes());
            fields.texts(4, self.args.iter().map(|arg| arg.as_bytes()));
            fields.bool(5, stdin.is_some());
            fields.text(6, stdin.unwrap_or_default());
            fields.text(7, self.token.as_bytes());
        });
    }
}

impl ResponseHeader {
    pub(crate) fn write(&self, encoder: &mut Encoder, out: &mut Vec<u8>) {
        encoder.write(out, &RESPONSE_HEADER, |fields| {
            fields.text(1, self.method.as_bytes());
            fields.uint(2, self.sequence);
            fields.text(3, self.error.as_bytes());
        });
    }
}

impl Response {
    pub(crate) fn write(&self, encoder: &mut Encoder, out: &mut Vec<u8>) {
        encoder.write(out, &RESPONSE, |fields| {
            fields.int(1, self.code.into());
            fields.text(2, &self.stdout);
            fields.text(3, &self.stderr);
        });
    }
}

impl Nothing {
    pub(crate) fn write(encoder: &mut Encoder, out: &mut Vec<u8>) {
        encoder.write(out, &NOTHING, |_| ());
    }
}

impl Struct for RequestHeader {
    fn field(&mut self, name: &str, value: Field<'_, '_>) -> Result<(), Malformed> {
        match name {
            "ServiceMethod" => self.method = value.name()?,
            "Seq" => self.sequence = value.uint()?,
            _ => value.skip()?,
        }
        Ok(())
    }
}

/// A request before its two fields of standard input are made one.
#[derive(Debug, Default)]
pub(crate) struct RawRequest {
    request: Request,
    has_stdin: bool,
    stdin: Vec<u8>,
}

impl From<RawRequest> for Request {
    fn from(raw: RawRequest) -> Self {
        Self { stdin: raw.has_stdin.then_some(raw.stdin), ..raw.request }
    }
}

impl Struct for RawRequest {
    fn field(&mut self, name: &str, value: Field<'_, '_>) -> Result<(), Malformed> {
        match name {
            "ContextId" => self.request.context_id = value.name()?,
            "Dir" => self.request.dir = OsString::from_vec(value.text()?).into(),
            "CommandName" => self.request.command = value.name()?,
            "Args" => self.request.args = value.texts()?.into_iter().map(OsString::from_vec).collect(),
            "StdinSet" => self.has_stdin = value.bool()?,
            "Stdin" => self.stdin = value.bytes()?,
            "Token" => self.request.token = value.name()?,
            _ => value.skip()?,
        }
        Ok(())
    }
}

impl Struct for ResponseHeader {
    fn field(&mut self, name: &str, value: Field<'_, '_>) -> Result<(), Malformed> {
        match name {
            "ServiceMethod" => self.method = value.name()?,
            "Seq" => self.sequence = value.uint()?,
            "Error" => self.error = value.name()?,
            _ => value.skip()?,
        }
        Ok(())
    }
}

impl Struct for Response {
    fn field(&mut self, name: &str, value: Field<'_, '_>) -> Result<(), Malformed> {
        match name {
            "Code" => self.code = value.int()?.try_into().map_err(|_| Malformed::Range)?,
            "Stdout" => self.stdout = value.bytes()?,
            "Stderr" => self.stderr = value.bytes()?,
            _ => value.skip()?,
        }
        Ok(())
    }
}

impl Struct for Nothing {
    fn field(&mut self, _: &str, value: Field<'_, '_>) -> Result<(), Malformed> {
        value.skip()
    }
}
