//! One function for each hook command.

mod actions;
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

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use charmwright_event::NameError;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::transport::{Call, Reply, Transport};

pub use actions::check_result_key;
pub use log::LogLevel;
pub use relations::{BagOf, BagOwner};
pub use unit::{Reboot, UnitAddress};

/// A databag: text to text, in order, so that what is written depends on content alone.
pub type Bag = BTreeMap<String, String>;

/// The longest argument that Linux takes, its final zero byte not counted.
const ARGUMENT_BYTES_MAX: usize = 131_071;
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
        let reply = self.transport.call(&call(command, args, stdin)?)?;
        if reply.code == 0 { Ok(reply) } else { Err(Error::failed(command, &reply)) }
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
        let reply = self.run(command, &as_json(args), None)?;
        serde_json::from_slice(&reply.stdout).map_err(|_| Error::Answer { command, expected })
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

/// The longest beginning that fits into an argument. What is a message and no datum is cut, not refused.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(ARGUMENT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A message as an argument can carry it. What is told of a failure must not be refused for its form, so a zero
/// byte, which Juju and Pebble may have put into their own words, is replaced, and the rest is cut.
fn message(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        // The replacement has three bytes, so the text grows and is cut only afterwards.
        Cow::Owned(cut(&cut(text).replace('\0', "\u{fffd}")).to_owned())
    } else {
        Cow::Borrowed(cut(text))
    }
}

/// A text that an error may show.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
