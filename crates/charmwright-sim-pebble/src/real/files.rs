//! The files of the system.

use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use super::accounts::SystemAccounts;
use crate::accounts::Accounts;
use crate::files::{FileError, FileInfo, FileKind, Files, Mode};
use crate::host::{AccountKey, Group, User};
use crate::time::Time;

/// What is there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RealFiles(SystemAccounts);

impl Accounts for RealFiles {
    fn user(&self, key: &AccountKey) -> Option<User> {
        self.0.user(key)
    }

    fn group(&self, key: &AccountKey) -> Option<Group> {
        self.0.group(key)
    }
}

impl Files for RealFiles {
    fn stat(&self, path: &str) -> Result<FileInfo, FileError> {
        let metadata = fs::metadata(path).map_err(|error| FileError::of("stat", path, &error))?;
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        Ok(info(name, &metadata))
    }

    fn read_dir(&self, path: &str) -> Result<Vec<FileInfo>, FileError> {
        let entries = fs::read_dir(path).map_err(|error| FileError::of("open", path, &error))?;
        let mut all = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| FileError::of("readdirent", path, &error))?;
            // One that went meanwhile is not there.
            if let Ok(metadata) = entry.metadata() {
                all.push(info(&entry.file_name().to_string_lossy(), &metadata));
            }
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, FileError> {
        let file = File::open(path).map_err(|error| FileError::of("open", path, &error))?;
        Ok(Box::new(file))
    }

    fn write(&mut self, path: &str, mode: Mode, content: &mut dyn Read) -> Result<(), FileError> {
        // As with Go's temporary files, a name that nobody else has.
        let temporary = format!("{path}.{}~", fastrand::u32(..));
        let done = write_beside(&temporary, path, mode, content);
        if done.is_err() {
            // It may not have been made.
            let _ = fs::remove_file(&temporary);
        }
        done
    }

    fn make_dir(&mut self, path: &str, mode: Mode, parents: bool) -> Result<(), FileError> {
        if !parents {
            return make(path, mode);
        }
        let mut missing = Vec::new();
        let mut at = Path::new(path);
        loop {
            match fs::metadata(at) {
                Ok(metadata) if metadata.is_dir() => break,
                Ok(_) => {
                    let error = io::Error::from_raw_os_error(nix::libc::ENOTDIR);
                    return Err(FileError::of("mkdir", &at.to_string_lossy(), &error));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(at),
                Err(error) => return Err(FileError::of("stat", &at.to_string_lossy(), &error)),
            }
            match at.parent() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        missing.into_iter().rev().try_for_each(|dir| make(&dir.to_string_lossy(), mode))
    }

    fn remove(&mut self, path: &str, recursive: bool) -> Result<(), FileError> {
        let metadata = match fs::symlink_metadata(path) {
            Err(error) if recursive && error.kind() == io::ErrorKind::NotFound => return Ok(()),
            metadata => metadata.map_err(|error| FileError::of("remove", path, &error))?,
        };
        let removed = match (metadata.is_dir(), recursive) {
            (true, true) => fs::remove_dir_all(path),
            (true, false) => fs::remove_dir(path),
            (false, _) => fs::remove_file(path),
        };
        removed.map_err(|error| FileError::of("remove", path, &error))
    }
}

fn write_beside(temporary: &str, path: &str, mode: Mode, content: &mut dyn Read) -> Result<(), FileError> {
    let failed =
        |operation: &'static str| move |error: io::Error| FileError::of(operation, temporary, &error);
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(mode.permissions)
        .open(temporary)
        .map_err(failed("open"))?;
    io::copy(content, &mut file).map_err(failed("write"))?;
    file.set_permissions(Permissions::from_mode(mode.permissions)).map_err(failed("chmod"))?;
    if let Some(owner) = mode.owner {
        chown(temporary, Some(owner.user), Some(owner.group)).map_err(failed("chown"))?;
    }
    file.sync_all().map_err(failed("fsync"))?;
    let failed = |error: io::Error| FileError::of("rename", &format!("{temporary} {path}"), &error);
    if fs::symlink_metadata(path).is_ok_and(|there| there.is_dir()) {
        // The system would say that it is a directory.
        return Err(failed(nix::Error::EEXIST.into()));
    }
    fs::rename(temporary, path).map_err(failed)?;
    let dir = Path::new(path).parent().unwrap_or(Path::new("/"));
    // A directory that cannot be opened cannot be made to last either.
    File::open(dir).and_then(|dir| dir.sync_all()).or(Ok(()))
}

/// Makes a directory under another name first, as Pebble does: nobody sees it with another mode or owner.
fn make(path: &str, mode: Mode) -> Result<(), FileError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(FileError::of("mkdir", path, &nix::Error::EEXIST.into()));
    }
    let beside = format!("{}.mkdir-new", path.trim_end_matches('/'));
    let failed = |operation: &'static str| |error: io::Error| FileError::of(operation, &beside, &error);
    match fs::DirBuilder::new().mode(mode.permissions).create(&beside) {
        // Somebody was interrupted.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        result => result.map_err(failed("mkdir"))?,
    }
    if let Some(owner) = mode.owner {
        chown(&beside, Some(owner.user), Some(owner.group)).map_err(failed("chown"))?;
    }
    // Whatever the umask is.
    fs::set_permissions(&beside, Permissions::from_mode(mode.permissions)).map_err(failed("chmod"))?;
    fs::rename(&beside, path).map_err(|error| FileError::of("rename", &format!("{beside} {path}"), &error))
}

fn info(name: &str, metadata: &fs::Metadata) -> FileInfo {
    let kind = metadata.file_type();
    FileInfo {
        name: name.to_owned(),
        kind: if kind.is_file() {
            FileKind::File
        } else if kind.is_dir() {
            FileKind::Directory
        } else if kind.is_symlink() {
            FileKind::Symlink
        } else if kind.is_socket() {
            FileKind::Socket
        } else if kind.is_fifo() {
            FileKind::NamedPipe
        } else if kind.is_block_device() || kind.is_char_device() {
            FileKind::Device
        } else {
            FileKind::Unknown
        },
        size: metadata.len(),
        permissions: metadata.permissions().mode() & 0o777,
        modified: metadata.modified().map_or_else(|_| Time::default(), Time::from),
        user: metadata.uid(),
        group: metadata.gid(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::files::FileErrorKind;

    fn mode(permissions: u32) -> Mode {
        Mode { permissions, owner: None }
    }

    #[test]
    fn a_file_takes_the_place_of_a_link_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f").display().to_string();
        symlink("/nowhere", &path).unwrap();
        RealFiles::default().write(&path, mode(0o640), &mut b"content".as_slice()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "content");
        let listed = RealFiles::default().read_dir(&dir.path().display().to_string()).unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].kind, listed[0].permissions), (FileKind::File, 0o640));
    }

    #[test]
    fn errors_are_in_gos_words() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let mut files = RealFiles::default();
        let told = |error: FileError| (error.kind, error.message.replace(&path(""), "/"));
        let missing = FileErrorKind::NotFound;
        let stat = files.stat(&path("a")).unwrap_err();
        assert_eq!(told(stat), (missing, "stat /a: no such file or directory".to_owned()));
        let made = files.make_dir(&path("a/b"), mode(0o755), false).unwrap_err();
        assert_eq!(told(made), (missing, "mkdir /a/b.mkdir-new: no such file or directory".to_owned()));
        files.make_dir(&path("a/b"), mode(0o700), true).unwrap();
        files.make_dir(&path("a/b"), mode(0o755), true).unwrap();
        let made = files.make_dir(&path("a/b"), mode(0o755), false).unwrap_err();
        assert_eq!(told(made), (FileErrorKind::Other, "mkdir /a/b: file exists".to_owned()));
        let removed = files.remove(&path("a"), false).unwrap_err();
        assert_eq!(told(removed), (FileErrorKind::Other, "remove /a: directory not empty".to_owned()));
        files.remove(&path("a"), true).unwrap();
        files.remove(&path("a"), true).unwrap();
        assert_eq!(files.remove(&path("a"), false).unwrap_err().kind, missing);
    }
}
