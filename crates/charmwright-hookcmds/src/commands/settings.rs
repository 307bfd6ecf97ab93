//! The leader's settings, which application bags of peer relations have replaced.

use super::{Bag, HookCommands, shown};
use crate::error::Error;

impl HookCommands {
    /// `leader-get`: what the leader has set. Up to Juju 3.6; the application's bag of a peer relation does the
    /// same in all.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) from Juju 4.0.
    pub fn leader_get(&self) -> Result<Bag, Error> {
        self.read_or_default("leader-get", &[], "an object of strings")
    }

    /// `leader-set`: sets values; an empty one deletes its key. Takes effect **at once**, also if the hook fails
    /// later. Leader only. Up to Juju 3.6.
    ///
    /// The values pass through the command line, the only input that the command has, and Juju cuts white space
    /// off their ends: a value that has some there is refused here.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotLeader`](crate::ErrorKind::NotLeader) if this unit does not lead,
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) from Juju 4.0.
    pub fn leader_set(&self, settings: &Bag) -> Result<(), Error> {
        let command = "leader-set";
        for (key, value) in settings {
            let whole = |text: &str| text.trim() == text;
            if key.is_empty() || key.contains('=') || !whole(key) || !whole(value) {
                let message = format!(
                    "`{}` and its value must not begin or end with white space, and a key is not empty and has no `=`",
                    shown(key)
                );
                return Err(Error::Input { command, message });
            }
        }
        if settings.is_empty() {
            return Ok(());
        }
        let args: Vec<String> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let args: Vec<&str> = std::iter::once("--").chain(args.iter().map(String::as_str)).collect();
        self.write(command, &args)
    }
}
