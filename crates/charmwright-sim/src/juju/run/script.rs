//! Which of a charm's files is run.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::unistd::{AccessFlags, faccessat};
use serde::Serialize;

/// How a hook or an action is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Handler {
    /// By `dispatch`.
    Dispatch,
    /// By a file of its own, `hooks/install` or `actions/backup`.
    Explicit,
    /// By nothing.
    Invalid,
}

/// Whether hooks or actions are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// `hooks/`
    Hooks,
    /// `actions/`
    Actions,
}

/// A charm that has nothing to run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoScript {
    /// There is no such file, which is allowed.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// It cannot be run.
    #[error("{0}")]
    Unusable(String),
}

impl Location {
    /// The folder's name.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Hooks => "hooks",
            Self::Actions => "actions",
        }
    }

    /// `JUJU_DISPATCH_PATH`
    pub fn dispatch_path(self, name: &str) -> String {
        format!("{}/{name}", self.folder())
    }
}

/// Finds what handles a hook or an action.
///
/// # Errors
///
/// If nothing does, or the file that should cannot be run.
pub(super) fn find(charm: &Path, location: Location, name: &str) -> Result<(Handler, PathBuf), NoScript> {
    let metadata = charm.join("metadata.yaml");
    if let Err(error) = fs::metadata(&metadata) {
        return Err(NoScript::Unusable(match error.kind() {
            io::ErrorKind::NotFound => "charm missing from disk".to_owned(),
            _ => format!(
                "failed to check for metadata.yaml: stat {}: {}",
                metadata.display(),
                super::ended::reason(&error)
            ),
        }));
    }
    match executable(charm.join("dispatch")) {
        Ok(found) => return Ok((Handler::Dispatch, found)),
        Err(NoScript::Missing(_)) => {}
        Err(unusable) => return Err(unusable),
    }
    Ok((Handler::Explicit, executable(clean(&charm.join(location.folder()), name))?))
}

/// Joins a name to a folder, with `..` taken away by the text alone, as Go's `filepath.Join` does.
fn clean(folder: &Path, name: &str) -> PathBuf {
    let mut path = folder.to_owned();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(path.pop()),
            part => path.push(part),
        }
    }
    path
}

fn executable(path: PathBuf) -> Result<PathBuf, NoScript> {
    let unusable = |reason: &str| NoScript::Unusable(format!("exec: \"{}\": {reason}", path.display()));
    let found = match fs::metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(NoScript::Missing(path)),
        Err(error) => {
            return Err(unusable(&format!("stat {}: {}", path.display(), super::ended::reason(&error))));
        }
    };
    if found.is_dir() {
        return Err(unusable("is a directory"));
    }
    match faccessat(nix::fcntl::AT_FDCWD, &path, AccessFlags::X_OK, AtFlags::AT_EACCESS) {
        Ok(()) => Ok(path),
        Err(Errno::ENOSYS | Errno::EPERM) if found.permissions().mode() & 0o111 != 0 => Ok(path),
        Err(Errno::ENOSYS | Errno::EPERM) => Err(unusable("permission denied")),
        Err(errno) => Err(unusable(&super::ended::reason(&errno.into()))),
    }
}

/// Whether the kernel would know how to run a file. The C library runs others with a shell; Juju does not.
pub(super) fn has_format(path: &Path) -> bool {
    let mut start = [0; 4];
    let read = fs::File::open(path).and_then(|mut file| io::Read::read(&mut file, &mut start));
    match read {
        Ok(count) => {
            let start = start.get(..count).unwrap_or_default();
            start.starts_with(b"#!") || start == b"\x7fELF"
        }
        // One that may be run and not be read: the kernel says what it is.
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charm(files: &[(&str, u32)]) -> tempfile::TempDir {
        let charm = tempfile::tempdir().unwrap();
        fs::create_dir(charm.path().join("hooks")).unwrap();
        for (name, mode) in files {
            let file = charm.path().join(name);
            fs::write(&file, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(*mode)).unwrap();
        }
        charm
    }

    fn found(files: &[(&str, u32)]) -> Result<(Handler, String), String> {
        let charm = charm(files);
        let here = charm.path().display().to_string() + "/";
        match find(charm.path(), Location::Hooks, "install") {
            Ok((handler, path)) => Ok((handler, path.display().to_string().replace(&here, ""))),
            Err(error) => Err(error.to_string().replace(&here, "")),
        }
    }

    #[test]
    fn dispatch_goes_before_a_file_of_the_hooks_name() {
        let metadata = ("metadata.yaml", 0o644);
        assert_eq!(
            found(&[metadata, ("dispatch", 0o755), ("hooks/install", 0o755)]),
            Ok((Handler::Dispatch, "dispatch".to_owned()))
        );
        assert_eq!(
            found(&[metadata, ("hooks/install", 0o755)]),
            Ok((Handler::Explicit, "hooks/install".to_owned()))
        );
    }

    #[test]
    fn a_missing_file_is_told_from_one_that_cannot_be_run() {
        let metadata = ("metadata.yaml", 0o644);
        assert_eq!(found(&[metadata]), Err("hooks/install does not exist".to_owned()));
        assert_eq!(
            found(&[metadata, ("dispatch", 0o644), ("hooks/install", 0o755)]),
            Err("exec: \"dispatch\": permission denied".to_owned())
        );
        assert_eq!(
            found(&[metadata, ("hooks/install", 0o644)]),
            Err("exec: \"hooks/install\": permission denied".to_owned())
        );
        assert_eq!(found(&[("dispatch", 0o755)]), Err("charm missing from disk".to_owned()));
    }

    #[test]
    fn a_folder_is_no_script() {
        let charm = charm(&[("metadata.yaml", 0o644)]);
        fs::create_dir(charm.path().join("dispatch")).unwrap();
        let error = find(charm.path(), Location::Hooks, "install").unwrap_err().to_string();
        assert!(error.ends_with("dispatch\": is a directory"), "{error}");
    }
}
