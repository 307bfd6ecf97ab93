//! Actions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ARGUMENT_BYTES_MAX, HookCommands, message, shown};
use crate::error::Error;

/// How much goes on one command line; Linux takes a quarter of the stack's limit, 2 MiB as a rule.
const COMMAND_LINE_BYTES_MAX: usize = 512 * 1024;
/// What Juju itself puts into an action's results.
const RESERVED: [&str; 4] = ["stdout", "stdout-encoding", "stderr", "stderr-encoding"];

impl HookCommands {
    /// `action-get`: the action's parameters, defaults filled in by Juju.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotInAction`](crate::ErrorKind::NotInAction) outside an action.
    pub fn action_get(&self) -> Result<BTreeMap<String, Value>, Error> {
        self.read_or_default("action-get", &[], "an object of parameters")
    }

    /// `action-get KEY`: one parameter, or with points in the key a part of one; `None` if it is not there.
    ///
    /// A parameter that has a point in its own name cannot be reached so.
    ///
    /// # Errors
    ///
    /// As for [`action_get`](Self::action_get).
    pub fn action_get_key(&self, key: &str) -> Result<Option<Value>, Error> {
        if key.is_empty() {
            return Err(Error::input("action-get", "an empty key asks for nothing"));
        }
        self.read("action-get", &["--", key], "a parameter")
    }

    /// `action-set`: adds results; points in a key make an object. Later results replace earlier ones. They are
    /// sent when the action ends, also if it fails.
    ///
    /// They pass through the command line, the only input that the command has: whoever looks at the processes of
    /// the machine sees them. So nothing that must not be seen is a result; give a secret's reference.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotInAction`](crate::ErrorKind::NotInAction) outside an action. If a key is
    /// not what [`check_result`] takes, or a value has a zero byte or is too long for an argument, Juju is not
    /// asked, and the error names the key.
    pub fn action_set(&self, results: &BTreeMap<String, String>) -> Result<(), Error> {
        let command = "action-set";
        for (key, value) in results {
            check_result(key, value)?;
        }
        let args: Vec<String> = results.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let mut rest: Vec<&str> = args.iter().map(String::as_str).collect();
        while !rest.is_empty() {
            let mut bytes = 0_usize;
            let fit = rest.iter().take_while(|arg| {
                bytes = bytes.saturating_add(arg.len());
                bytes <= COMMAND_LINE_BYTES_MAX
            });
            let fit = fit.count().max(1);
            let line: Vec<&str> = std::iter::once("--").chain(rest.drain(..fit)).collect();
            self.write(command, &line)?;
        }
        Ok(())
    }

    /// `action-log`: tells who runs the action how far it is, in [one printable
    /// line](crate::text::line). Takes effect at once.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotInAction`](crate::ErrorKind::NotInAction) outside an action.
    pub fn action_log(&self, text: &str) -> Result<(), Error> {
        self.write("action-log", &["--", &message(text)])
    }

    /// `action-fail`: the action ends as failed, with this message; of several, the last. It becomes [one
    /// printable line](crate::text::line). What was written is kept, which it would not be if the process ended with an error.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotInAction`](crate::ErrorKind::NotInAction) outside an action.
    pub fn action_fail(&self, text: &str) -> Result<(), Error> {
        self.write("action-fail", &["--", &message(text)])
    }
}

/// Whether Juju can take a result of an action.
///
/// # Errors
///
/// If the key is not lower case letters, digits and inner hyphens between points, or is one of Juju's own; if the
/// value has a zero byte, or is longer than one argument of `action-set` can be, 131,071 bytes together with its key.
/// The error never shows the value.
pub fn check_result(key: &str, value: &str) -> Result<(), Error> {
    let command = "action-set";
    check_key(command, key)?;
    if value.contains('\0') {
        return Err(Error::input(command, format!("the value of `{}` has a zero byte", shown(key))));
    }
    let bytes = key.len().saturating_add(1).saturating_add(value.len());
    if bytes > ARGUMENT_BYTES_MAX {
        let what = format!("the result `{}`", shown(key));
        return Err(Error::TooLarge { command, what, bytes, max: ARGUMENT_BYTES_MAX });
    }
    Ok(())
}

fn check_key(command: &'static str, key: &str) -> Result<(), Error> {
    for part in key.split('.') {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if part.is_empty() || part.starts_with('-') || part.ends_with('-') || !part.chars().all(legal) {
            let message = format!(
                "the key `{}` must be lower case letters, digits and inner hyphens between points",
                shown(key)
            );
            return Err(Error::Input { command, message });
        }
        if RESERVED.contains(&part) {
            return Err(Error::input(command, format!("the key `{part}` is Juju's own; choose another")));
        }
    }
    Ok(())
}
