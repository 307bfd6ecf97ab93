//! A container's root folder: what is private to it. The tool adds what is the host's.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::error::PodError;
use super::image::{Image, below_root};

/// The folders that a container starts with, and their modes.
const FOLDERS: &[(&str, u32)] = &[
    ("", 0o755),
    ("charm", 0o755),
    ("charm/bin", 0o755),
    ("charm/container", 0o755),
    ("dev", 0o755),
    ("etc", 0o755),
    ("etc/ssl", 0o755),
    ("home", 0o755),
    ("opt", 0o755),
    ("proc", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("srv", 0o755),
    ("tmp", 0o1777),
    ("usr", 0o755),
    ("usr/local", 0o755),
    ("var", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/log", 0o755),
    ("var/tmp", 0o1777),
];

/// What its `/etc` has of the host's, where the host has it.
const ETC_COPIED: &[&str] = &[
    "group",
    "hosts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "nsswitch.conf",
    "passwd",
    "resolv.conf",
];

/// Makes a container's files as they are before its start. What an earlier run left goes, but for Pebble's own folder.
pub(super) fn prepare(root: &Path, image: &Image) -> Result<(), PodError> {
    clear(root, &[Path::new("charm"), Path::new("charm/container")])?;
    for (folder, mode) in FOLDERS {
        let path = root.join(folder);
        super::folder(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(*mode)).map_err(PodError::io("open up", &path))?;
    }
    for name in ETC_COPIED {
        let host = Path::new("/etc").join(name);
        copy(&host, &root.join("etc").join(name)).map_err(PodError::io("copy", &host))?;
    }
    for (inside, host) in &image.files {
        let target = root.join(below_root(inside)?);
        if let Some(parent) = target.parent() {
            super::folder(parent)?;
        }
        fs::copy(host, &target).map_err(PodError::io("copy into a container", host))?;
    }
    Ok(())
}

/// Removes all that is in `root` but the folders to keep, of which each is in the one before.
fn clear(root: &Path, keep: &[&Path]) -> Result<(), PodError> {
    let Some((first, rest)) = keep.split_first() else {
        return Ok(());
    };
    let kept = root.join(first);
    let Some(folder) = kept.parent().filter(|folder| is_folder(folder)) else {
        return Ok(());
    };
    let list = || fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>();
    for entry in list().map_err(PodError::io("list", folder))? {
        let path = entry.path();
        if !is_folder(&path) {
            fs::remove_file(&path).map_err(PodError::io("remove", &path))?;
        } else if path != kept {
            fs::remove_dir_all(&path).map_err(PodError::io("remove", &path))?;
        }
    }
    clear(root, rest)
}

/// Whether there is a folder, and not a link that a workload has put there.
fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir())
}

/// A copy of a file, with what its link leads to, or of a folder; what does not exist is left out.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let Ok(found) = fs::metadata(from) else {
        return Ok(());
    };
    if found.is_dir() {
        fs::create_dir_all(to)?;
        return fs::read_dir(from)?.try_for_each(|entry| {
            let entry = entry?;
            let target = to.join(entry.file_name());
            if entry.file_type()?.is_symlink() {
                symlink(fs::read_link(entry.path())?, target)
            } else {
                copy(&entry.path(), &target)
            }
        });
    }
    // Its own mode may be one that does not let the next start overwrite it.
    fs::write(to, fs::read(from)?)
}
