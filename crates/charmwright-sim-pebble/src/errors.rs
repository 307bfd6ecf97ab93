//! Errors of the system in Go's words.

use std::io;

use nix::errno::Errno;

use crate::files::{FileError, FileErrorKind};

/// What went wrong, as in `no such file or directory`.
pub(crate) fn words(error: &io::Error) -> String {
    let Some(number) = error.raw_os_error() else {
        return error.to_string();
    };
    let text = Errno::from_raw(number).desc();
    // Go's list begins with small letters, but for names.
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if !text.starts_with("RFS") => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

impl FileError {
    /// The same for something done with a path, as in `open /nope: no such file or directory`.
    pub(crate) fn of(operation: &str, path: &str, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => FileErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => FileErrorKind::PermissionDenied,
            _ => FileErrorKind::Other,
        };
        Self { kind, message: format!("{operation} {path}: {}", words(error)) }
    }
}
