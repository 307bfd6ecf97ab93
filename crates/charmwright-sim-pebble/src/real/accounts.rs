//! The users and groups of the system.

use nix::unistd::{Gid, Group as SystemGroup, Uid, User as SystemUser};

use crate::accounts::Accounts;
use crate::host::{AccountKey, Group, User};

/// Those that the system knows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemAccounts;

impl Accounts for SystemAccounts {
    fn user(&self, key: &AccountKey) -> Option<User> {
        let found = match key {
            AccountKey::Name(name) => SystemUser::from_name(name),
            AccountKey::Id(id) => SystemUser::from_uid(Uid::from_raw(*id)),
        };
        let user = found.ok().flatten()?;
        let home = user.dir.to_string_lossy().into_owned();
        Some(User { name: user.name, id: user.uid.as_raw(), group: user.gid.as_raw(), home })
    }

    fn group(&self, key: &AccountKey) -> Option<Group> {
        let found = match key {
            AccountKey::Name(name) => SystemGroup::from_name(name),
            AccountKey::Id(id) => SystemGroup::from_gid(Gid::from_raw(*id)),
        };
        let group = found.ok().flatten()?;
        Some(Group { name: group.name, id: group.gid.as_raw() })
    }
}
