//! Files: what is asked, and the seam to where they are.

mod answer;
mod pattern;
mod transfer;

use std::io::Read;

use serde::Deserialize;

pub use self::answer::{FileOutcome, answer, open, read_answer, write_answer, write_file};
pub(crate) use self::transfer::{receive, send};
use crate::accounts::Accounts;
use crate::host::Credentials;
use crate::time::Time;

/// Where the files are. Paths are absolute. Messages are Go's, as in `stat /nope: no such file or directory`.
pub trait Files: Accounts {
    /// What is there, at the end of symbolic links. The name is that of the path.
    ///
    /// # Errors
    ///
    /// If it cannot be told.
    fn stat(&self, path: &str) -> Result<FileInfo, FileError>;

    /// What is in a directory, by name, symbolic links as such.
    ///
    /// # Errors
    ///
    /// If it cannot be told.
    fn read_dir(&self, path: &str) -> Result<Vec<FileInfo>, FileError>;

    /// The content of a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, FileError>;

    /// Puts this in the place of what is there, whole or not at all.
    ///
    /// # Errors
    ///
    /// If it cannot.
    fn write(&mut self, path: &str, mode: Mode, content: &mut dyn Read) -> Result<(), FileError>;

    /// Makes a directory; with `parents` those above it too, and one that is there is as good.
    ///
    /// # Errors
    ///
    /// If it cannot.
    fn make_dir(&mut self, path: &str, mode: Mode, parents: bool) -> Result<(), FileError>;

    /// Removes a file or an empty directory; with `recursive` whatever is there, if anything.
    ///
    /// # Errors
    ///
    /// If it cannot.
    fn remove(&mut self, path: &str, recursive: bool) -> Result<(), FileError>;
}

/// Who may do what with a new file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// The nine bits.
    pub permissions: u32,
    /// Whose it is; the daemon's without.
    pub owner: Option<Credentials>,
}

/// Something in the file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Its name, without the path.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// How many bytes a file has.
    pub size: u64,
    /// The nine bits.
    pub permissions: u32,
    /// When its content changed.
    pub modified: Time,
    /// The number of its user.
    pub user: u32,
    /// The number of its group.
    pub group: u32,
}

/// What something in the file system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A socket.
    Socket,
    /// A named pipe.
    NamedPipe,
    /// A device.
    Device,
    /// None of these.
    Unknown,
}

impl FileKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Socket => "socket",
            Self::NamedPipe => "named-pipe",
            Self::Device => "device",
            Self::Unknown => "unknown",
        }
    }
}

/// Why something could not be done with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FileError {
    /// What kind of error Pebble says it is.
    pub kind: FileErrorKind,
    /// In Go's words.
    pub message: String,
}

impl FileError {
    /// One of the third kind.
    pub fn other(message: impl Into<String>) -> Self {
        Self { kind: FileErrorKind::Other, message: message.into() }
    }
}

/// The kinds of errors that Pebble tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileErrorKind {
    /// There is none.
    NotFound,
    /// The daemon's user may not.
    PermissionDenied,
    /// Anything else.
    Other,
}

impl FileErrorKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::PermissionDenied => "permission-denied",
            Self::Other => "generic-file-error",
        }
    }

    pub(crate) fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::PermissionDenied => 403,
            Self::Other => 400,
        }
    }
}

/// Work on files that is asked for in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesRequest {
    /// Tell what is there.
    List {
        /// Where.
        path: String,
        /// Whose names match; all if empty.
        pattern: String,
        /// A directory is told of itself, not what is in it.
        itself: bool,
    },
    /// Make directories.
    MakeDirs(Vec<MakeDir>),
    /// Remove files and directories.
    Remove(Vec<Remove>),
}

/// A directory to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct MakeDir {
    /// Where.
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub path: String,
    /// Whether those above it are made too.
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub make_parents: bool,
    /// Three octal digits; 755 if empty.
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub permissions: String,
    /// Whose it is.
    #[serde(flatten)]
    pub owner: OwnerSpec,
}

/// What is to be removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Remove {
    /// Where.
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub path: String,
    /// Whether with all that is in it.
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub recursive: bool,
}

/// Whom something belongs to or runs as, as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct OwnerSpec {
    /// The user's number.
    pub user_id: Option<i64>,
    /// The user's name.
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub user: String,
    /// The group's number.
    pub group_id: Option<i64>,
    /// The group's name.
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub group: String,
}

/// A file to be written, as the first part of a multipart request tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct WriteFile {
    /// Where.
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub path: String,
    /// Whether the directories above it are made.
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub make_dirs: bool,
    /// Three octal digits; 644 if empty.
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub permissions: String,
    /// Whose it is.
    #[serde(flatten)]
    pub owner: OwnerSpec,
}

/// A multipart request that is yet to be read.
///
/// Its parts are read in order: the first is told to [`begin`](Self::begin), each further one to
/// [`part`](Self::part), and its content then goes to [`write_file`], whose outcome [`wrote`](Self::wrote) notes. At the
/// closing boundary [`finish`](Self::finish) makes the answer. An error of any of these is the whole answer.
#[derive(Clone, Debug, Default)]
pub struct WriteRequest {
    /// What is between the parts, without the dashes.
    pub boundary: String,
    files: Vec<WriteFile>,
    outcomes: Vec<(String, Result<(), FileError>)>,
    parts: usize,
}
