//! What is asked and told about files.

use serde::{Deserialize, Serialize};

use crate::error::FileError;
use crate::open_enum::open_enum;

/// How [`write_file`](crate::Client::write_file) writes.
///
/// ```
/// use charmwright_pebble::WriteOptions;
///
/// let options = WriteOptions::default().permissions(0o600).make_dirs(true);
/// assert_eq!(options.permissions, Some(0o600));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// The mode, of which only the lower nine bits count. Pebble's default: `0o644`.
    pub permissions: Option<u32>,
    /// Make the directories above it, with mode `0o755` and the same owner.
    pub make_dirs: bool,
    /// Who owns it. Without, the user that Pebble runs as.
    pub owner: Owner,
}

impl WriteOptions {
    /// Sets the mode, of which only the lower nine bits count.
    #[must_use]
    pub fn permissions(mut self, mode: u32) -> Self {
        self.permissions = Some(mode);
        self
    }

    /// Sets whether the directories above it are made.
    #[must_use]
    pub fn make_dirs(mut self, make_dirs: bool) -> Self {
        self.make_dirs = make_dirs;
        self
    }

    /// Sets who owns it.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }

    pub(crate) fn wire(&self) -> WriteWire<'_> {
        WriteWire { make_dirs: self.make_dirs, permissions: self.permissions.map(octal), owner: &self.owner }
    }
}

/// How [`make_dir`](crate::Client::make_dir) makes a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MakeDirOptions {
    /// The mode, of which only the lower nine bits count. Pebble's default: `0o755`.
    pub permissions: Option<u32>,
    /// Make the directories above it, with the same mode and owner.
    pub make_parents: bool,
    /// Who owns it. Without, the user that Pebble runs as.
    pub owner: Owner,
}

impl MakeDirOptions {
    /// Sets the mode, of which only the lower nine bits count.
    #[must_use]
    pub fn permissions(mut self, mode: u32) -> Self {
        self.permissions = Some(mode);
        self
    }

    /// Sets whether the directories above it are made.
    #[must_use]
    pub fn make_parents(mut self, make_parents: bool) -> Self {
        self.make_parents = make_parents;
        self
    }

    /// Sets who owns it.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }

    pub(crate) fn wire(&self) -> MakeDirWire<'_> {
        MakeDirWire {
            make_parents: self.make_parents,
            permissions: self.permissions.map(octal),
            owner: &self.owner,
        }
    }
}

/// Who owns a file, as known in the workload's container.
///
/// A group alone is refused by Pebble, and so is a number without an entry in the container's passwd file, unless the
/// group is given too. Where Pebble does not run as root, it can give files to its own user only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Owner {
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user by number. Zero is root, not none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u32>,
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The group by number. Zero is root's, not none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<u32>,
}

impl Owner {
    /// A user and its first group.
    pub fn user(user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..Self::default() }
    }

    /// A user and a group by number.
    pub fn ids(user_id: u32, group_id: u32) -> Self {
        Self { user_id: Some(user_id), group_id: Some(group_id), ..Self::default() }
    }

    /// Sets the group.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }
}

/// What [`list_files`](crate::Client::list_files) lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOptions {
    /// The path itself, also if it is a directory.
    pub itself: bool,
    /// Only names that fit, as in `*.conf`: `*`, `?`, `[a-z]` and `\` for what is meant as such.
    pub pattern: Option<String>,
}

impl ListOptions {
    /// The path itself, also if it is a directory.
    pub fn itself() -> Self {
        Self { itself: true, ..Self::default() }
    }

    /// Sets the pattern that names must fit.
    #[must_use]
    pub fn pattern(mut self, pattern: impl Into<String>) -> Self {
        self.pattern = Some(pattern.into());
        self
    }
}

/// A path that was to be read, and its content or why there is none.
pub type FileContent = (String, Result<Vec<u8>, FileError>);

/// A path that was to be written, and why it was not.
pub type FileOutcome = (String, Result<(), FileError>);

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct FileInfo {
    /// The whole path.
    pub path: String,
    /// Its last part.
    pub name: String,
    /// What kind of file it is.
    #[serde(rename = "type")]
    pub kind: FileKind,
    /// How many bytes it has, if it is a regular file.
    #[serde(default)]
    pub size: Option<u64>,
    /// The mode, in three octal digits as text. See [`mode`](Self::mode).
    #[serde(default)]
    pub permissions: String,
    /// When it was written, as RFC 3339 with whole seconds in the daemon's time zone.
    #[serde(default)]
    pub last_modified: String,
    /// The owner's number.
    #[serde(default)]
    pub user_id: Option<u32>,
    /// The owner. Empty if the number has no name.
    #[serde(default)]
    pub user: Option<String>,
    /// The group's number.
    #[serde(default)]
    pub group_id: Option<u32>,
    /// The group. Empty if the number has no name.
    #[serde(default)]
    pub group: Option<String>,
}

impl FileInfo {
    /// The lower nine bits of the mode.
    pub fn mode(&self) -> Option<u32> {
        u32::from_str_radix(&self.permissions, 8).ok()
    }
}

open_enum! {
    /// What kind of file something is.
    pub enum FileKind {
        /// A regular file.
        File = "file",
        /// A directory.
        Directory = "directory",
        /// A symbolic link.
        Symlink = "symlink",
        /// A socket.
        Socket = "socket",
        /// A named pipe.
        NamedPipe = "named-pipe",
        /// A device.
        Device = "device",
        /// Pebble cannot tell.
        Unknown = "unknown",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct WriteWire<'a> {
    make_dirs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<String>,
    #[serde(flatten)]
    owner: &'a Owner,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct MakeDirWire<'a> {
    make_parents: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<String>,
    #[serde(flatten)]
    owner: &'a Owner,
}

/// Pebble takes exactly three digits.
fn octal(mode: u32) -> String {
    format!("{:03o}", mode & 0o777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_has_three_digits_and_root_is_kept() {
        let options = WriteOptions::default().permissions(0o100_004).owner(Owner::ids(0, 0));
        let expected = serde_json::json!({
            "make-dirs": false, "permissions": "004", "user-id": 0, "group-id": 0,
        });
        assert_eq!(serde_json::to_value(options.wire()).unwrap(), expected);
        let options = MakeDirOptions::default().owner(Owner::user("app").group("web"));
        let expected = serde_json::json!({"make-parents": false, "user": "app", "group": "web"});
        assert_eq!(serde_json::to_value(options.wire()).unwrap(), expected);
    }

    #[test]
    fn a_file_without_size_or_owner_is_read() {
        let text = r#"{"path":"/d/l","name":"l","type":"symlink","permissions":"777","user-id":null}"#;
        let info: FileInfo = serde_json::from_str(text).unwrap();
        assert_eq!((info.kind.clone(), info.size, info.user_id), (FileKind::Symlink, None, None));
        assert_eq!(info.mode(), Some(0o777));
    }
}
