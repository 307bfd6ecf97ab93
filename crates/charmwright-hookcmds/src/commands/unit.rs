//! The unit, its options, and the rest.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use serde_json::Value;

use super::HookCommands;
use crate::cloud::CloudSpec;
use crate::error::Error;
use crate::goal_state::GoalState;

/// When a machine reboots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reboot {
    /// When the hook has succeeded.
    AfterHook,
    /// Now: the hook's process is killed, what it wrote is dropped, and the hook runs again after the reboot.
    Now,
}

/// One of the two addresses that `unit-get` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnitAddress {
    /// For the model's own network.
    Private,
    /// For the world.
    Public,
}

impl HookCommands {
    /// `config-get`: the options that are set or have a default.
    ///
    /// Whole numbers beyond 2^53 have lost precision on their way through Juju.
    ///
    /// # Errors
    ///
    /// If the command fails or answers no object.
    pub fn config_get(&self) -> Result<BTreeMap<String, Value>, Error> {
        self.read_or_default("config-get", &[], "an object of options")
    }

    /// `config-get --all`: every declared option, `null` if it has no value.
    ///
    /// # Errors
    ///
    /// If the command fails or answers no object.
    pub fn config_get_all(&self) -> Result<BTreeMap<String, Value>, Error> {
        self.read_or_default("config-get", &["--all"], "an object of options")
    }

    /// `config-get KEY`: one option; `None` if it has no value or is not declared.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn config_get_key(&self, key: &str) -> Result<Option<Value>, Error> {
        if key.is_empty() {
            return Err(Error::input("config-get", "an empty key asks for all options"));
        }
        self.read("config-get", &["--", key], "an option's value")
    }

    /// `is-leader`. A yes is good for about 30 seconds; a no, for the rest of the hook.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::LeadershipUnknown`](crate::ErrorKind::LeadershipUnknown) if Juju cannot
    /// find out.
    pub fn is_leader(&self) -> Result<bool, Error> {
        self.read("is-leader", &[], "true or false")
    }

    /// `application-version-set`: the version of the workload, as `juju status` shows it. Takes effect at once.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn application_version_set(&self, version: &str) -> Result<(), Error> {
        self.write("application-version-set", &["--", version])
    }

    /// `goal-state`: the units that there are and will be, and what is at the other end of each endpoint.
    ///
    /// # Errors
    ///
    /// If the command fails or answers something else.
    pub fn goal_state(&self) -> Result<GoalState, Error> {
        self.read("goal-state", &[], "a goal state")
    }

    /// `credential-get`: the cloud with the credential that the model uses. Needs `juju trust`. On Kubernetes from
    /// Juju 3.6.10.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::Denied`](crate::ErrorKind::Denied) without trust.
    pub fn credential_get(&self) -> Result<CloudSpec, Error> {
        self.read("credential-get", &[], "a cloud with its credential")
    }

    /// `resource-get`: brings a resource here, if it is not the latest already, and says where it is. Takes effect
    /// at once. Of an image of a container, the file says where to get it, with a password in it.
    ///
    /// # Errors
    ///
    /// If the command fails, because the resource is not declared or was not uploaded.
    pub fn resource_get(&self, resource: &str) -> Result<PathBuf, Error> {
        let (command, expected) = ("resource-get", "an absolute path");
        let mut path = self.run(command, &["--", resource], None)?.stdout;
        if path.last() == Some(&b'\n') {
            path.pop();
        }
        let path = PathBuf::from(OsString::from_vec(path));
        if path.is_absolute() { Ok(path) } else { Err(Error::Answer { command, expected }) }
    }

    /// `unit-get`: an address of the unit. [`network_get`](Self::network_get) says more, and of each endpoint.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the unit has no such address.
    pub fn unit_get(&self, address: UnitAddress) -> Result<String, Error> {
        let setting = match address {
            UnitAddress::Private => "private-address",
            UnitAddress::Public => "public-address",
        };
        self.read("unit-get", &[setting], "an address")
    }

    /// `juju-reboot`: reboots the machine. With [`Reboot::Now`] this process is killed, as a rule before the
    /// function returns; nothing may be expected of what comes after it.
    ///
    /// # Errors
    ///
    /// If the command fails, as it does in an action.
    pub fn juju_reboot(&self, reboot: Reboot) -> Result<(), Error> {
        match reboot {
            Reboot::AfterHook => self.write("juju-reboot", &[]),
            Reboot::Now => self.write("juju-reboot", &["--now"]),
        }
    }
}
