//! The unit's state that Juju keeps.

use super::{Bag, HookCommands, document, shown};
use crate::error::{Error, ErrorKind};

const KEY_BYTES_MAX: usize = 256;
const VALUE_BYTES_MAX: usize = 65_536;

impl HookCommands {
    /// `state-get`: all that this unit keeps with the controller. What this hook has set counts in.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn state_get(&self) -> Result<Bag, Error> {
        self.read_or_default("state-get", &[], "an object of strings")
    }

    /// `state-get --strict KEY`: one value, `None` if there is none; an empty one is one.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn state_get_key(&self, key: &str) -> Result<Option<String>, Error> {
        let command = "state-get";
        check_key(command, key)?;
        match self.read(command, &["--strict", "--", key], "a string") {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// `state-set`: keeps values, beside those that are there. An empty value is kept as such. Takes effect when
    /// the hook succeeds. The values go through standard input.
    ///
    /// What fails at the end of the hook, and with it the hook: all that the unit keeps is more than 2 MiB, or
    /// what the controller's `max-charm-state-size` says.
    ///
    /// # Errors
    ///
    /// If the command fails. If a key has more than 256 bytes or a value more than 65,536, Juju is not asked.
    pub fn state_set(&self, state: &Bag) -> Result<(), Error> {
        let command = "state-set";
        for (key, value) in state {
            check_key(command, key)?;
            if value.len() > VALUE_BYTES_MAX {
                let what = format!("the value of `{}`", shown(key));
                return Err(Error::TooLarge { command, what, bytes: value.len(), max: VALUE_BYTES_MAX });
            }
        }
        let text = document(command, state)?;
        self.run(command, &["--file", "-"], Some(text)).map(drop)
    }

    /// `state-delete`: forgets a value; one that is not there is no error. Takes effect when the hook succeeds.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn state_delete(&self, key: &str) -> Result<(), Error> {
        let command = "state-delete";
        check_key(command, key)?;
        self.write(command, &["--", key])
    }
}

/// A single hyphen asks for everything where a key is read.
fn check_key(command: &'static str, key: &str) -> Result<(), Error> {
    if matches!(key, "" | "-") {
        return Err(Error::input(command, format!("`{key}` is no key")));
    }
    if key.len() > KEY_BYTES_MAX {
        let what = format!("the key `{}`", shown(key));
        return Err(Error::TooLarge { command, what, bytes: key.len(), max: KEY_BYTES_MAX });
    }
    Ok(())
}
