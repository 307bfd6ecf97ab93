//! Users and groups where the processes run.

use crate::files::OwnerSpec;
use crate::host::{AccountKey, Credentials, Group, User};
use crate::text::quoted;

/// Knows the users and groups.
pub trait Accounts {
    /// A user.
    fn user(&self, key: &AccountKey) -> Option<User>;

    /// A group.
    fn group(&self, key: &AccountKey) -> Option<Group>;
}

/// Whom these names and numbers mean. None if there are none.
///
/// # Errors
///
/// Pebble's words for what is unknown or does not fit.
pub fn credentials(
    accounts: &(impl Accounts + ?Sized),
    spec: &OwnerSpec,
) -> Result<Option<Credentials>, String> {
    let (mut user_id, mut group_id) = (spec.user_id, spec.group_id);
    if user_id.is_none() && group_id.is_none() && spec.user.is_empty() && spec.group.is_empty() {
        return Ok(None);
    }
    if !spec.user.is_empty() {
        let user = accounts.user(&AccountKey::Name(spec.user.clone()));
        let id: i64 = user.ok_or_else(|| format!("user: unknown user {}", spec.user))?.id.into();
        if user_id.is_some_and(|given| given != id) {
            let given = user_id.unwrap_or_default();
            return Err(format!("user {} UID ({id}) does not match user-id ({given})", quoted(&spec.user)));
        }
        user_id = Some(id);
    }
    if !spec.group.is_empty() {
        let group = accounts.group(&AccountKey::Name(spec.group.clone()));
        let id: i64 = group.ok_or_else(|| format!("group: unknown group {}", spec.group))?.id.into();
        if group_id.is_some_and(|given| given != id) {
            let given = group_id.unwrap_or_default();
            return Err(format!(
                "group {} GID ({id}) does not match group-id ({given})",
                quoted(&spec.group)
            ));
        }
        group_id = Some(id);
    }
    let Some(user_id) = user_id else {
        return Err("must specify user, not just group".to_owned());
    };
    let unknown = || format!("user: unknown userid {user_id}");
    let user = u32::try_from(user_id).map_err(|_| unknown())?;
    let group = match group_id {
        Some(id) => u32::try_from(id).map_err(|_| format!("group: unknown groupid {id}"))?,
        None => accounts.user(&AccountKey::Id(user)).ok_or_else(unknown)?.group,
    };
    Ok(Some(Credentials { user, group }))
}
