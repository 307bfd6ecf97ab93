//! One function for each hook command.

mod actions;
mod answer;
mod log;
mod network;
mod ports;
mod relations;
mod secrets;
mod settings;
mod state;
mod status;
mod storage;
mod unit;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use charmwright_event::NameError;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::text;
use crate::transport::{Call, Reply, STDOUT_BYTES_MAX, Transport, TransportError};

pub use actions::check_result;
pub use answer::ANSWER_ITEMS_MAX;
pub use log::LogLevel;
pub use relations::{BagOf, BagOwner};
pub use unit::{Reboot, UnitAddress};

/// A databag: text to text, in order, so that what is written depends on content alone.
pub type Bag = BTreeMap<String, String>;

/// The longest argument that Linux takes, its final zero byte not counted.
const ARGUMENT_BYTES_MAX: usize = 131_071;
/// How much an error shows of a key or a path, in characters: enough to recognise it.
const SHOWN_CHARACTERS_MAX: usize = 40;
/// Where private files go if nothing else is said. Juju sets no `TMPDIR`.
const TEMPORARY: &str = "/tmp";

/// Juju's hook commands.
///
/// ```
/// use charmwright_hookcmds::{Call, HookCommands, Reply, Transport, TransportError};
///
/// /// Answers every command alike.
/// #[derive(Debug)]
/// struct Always(&'static str);
///
/// impl Transport for Always {
///     fn call(&self, _: &Call) -> Result<Reply, TransportError> {
///         Ok(Reply::success(self.0))
///     }
/// }
///
/// let juju = HookCommands::new(Always(r#"["database:3","database:12"]"#));
/// assert_eq!(juju.relation_ids("database")?.len(), 2);
/// # Ok::<(), charmwright_hookcmds::Error>(())
/// ```
#[derive(Debug)]
pub struct HookCommands {
    transport: Box<dyn Transport>,
    temporary: PathBuf,
}

impl HookCommands {
    /// Hook commands that go through `transport`.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self { transport: Box::new(transport), temporary: PathBuf::from(TEMPORARY) }
    }

    /// Puts the private files that bring secrets to Juju into another folder than `/tmp`. It must be an absolute
    /// path that the agent, another process, can read.
    #[must_use]
    pub fn with_temporary_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.temporary = folder.into();
        self
    }

    fn run(&self, command: &'static str, args: &[&str], stdin: Option<String>) -> Result<Reply, Error> {
        let call = call(command, args, stdin)?;
        checked(&call, self.transport.call(&call))
    }

    /// Runs a command whose answer says nothing.
    fn write(&self, command: &'static str, args: &[&str]) -> Result<(), Error> {
        self.run(command, args, None).map(drop)
    }

    fn read<T: DeserializeOwned>(
        &self,
        command: &'static str,
        args: &[&str],
        expected: &'static str,
    ) -> Result<T, Error> {
        let call = call(command, &as_json(args), None)?;
        let reply = checked(&call, self.transport.call(&call))?;
        answer::Budget::default().parse(&call, &reply, expected)
    }

    /// Juju answers `null` where there is nothing, in some versions and for some commands.
    fn read_or_default<T: DeserializeOwned + Default>(
        &self,
        command: &'static str,
        args: &[&str],
        expected: &'static str,
    ) -> Result<T, Error> {
        self.read::<Option<T>>(command, args, expected).map(Option::unwrap_or_default)
    }

    fn read_names<T>(
        &self,
        command: &'static str,
        args: &[&str],
        expected: &'static str,
        parse: impl Fn(&str) -> Result<T, NameError>,
    ) -> Result<Vec<T>, Error> {
        let names: Vec<String> = self.read_or_default(command, args, expected)?;
        names.iter().map(|name| parse(name).map_err(|_| Error::Answer { command, expected })).collect()
    }
}

/// The reply of a command that succeeded and printed no more than is read.
fn checked(call: &Call, reply: Result<Reply, TransportError>) -> Result<Reply, Error> {
    match reply {
        Ok(reply) if reply.stdout.len() > STDOUT_BYTES_MAX => Err(answer::too_large(call)),
        Ok(reply) if reply.code == 0 => Ok(reply),
        Ok(reply) => Err(Error::failed(call.command, &reply)),
        Err(error) if error.source.kind() == io::ErrorKind::FileTooLarge => Err(answer::too_large(call)),
        Err(error) => Err(error.into()),
    }
}

/// The call, if the system can take it.
fn call(command: &'static str, args: &[&str], stdin: Option<String>) -> Result<Call, Error> {
    if let Some(arg) = args.iter().find(|arg| arg.len() > ARGUMENT_BYTES_MAX) {
        let what = "an argument".to_owned();
        return Err(Error::TooLarge { command, what, bytes: arg.len(), max: ARGUMENT_BYTES_MAX });
    }
    if args.iter().any(|arg| arg.contains('\0')) {
        return Err(Error::input(command, "an argument has a zero byte"));
    }
    Ok(Call { command, args: args.iter().map(|&arg| arg.to_owned()).collect(), stdin })
}

fn as_json<'a>(args: &[&'a str]) -> Vec<&'a str> {
    std::iter::once("--format=json").chain(args.iter().copied()).collect()
}

/// A bag as the document that `--file -` reads.
fn document(command: &'static str, bag: &Bag) -> Result<String, Error> {
    charmwright_yaml::to_text(bag).map_err(|error| Error::input(command, error.to_string()))
}

/// A message for people. It is no datum, so what is wrong with it is mended and not refused.
fn message(text: &str) -> String {
    text::line(text, text::LINE_BYTES_MAX)
}

/// A text that an error may show.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    text::line(&start, text::LINE_BYTES_MAX)
}
