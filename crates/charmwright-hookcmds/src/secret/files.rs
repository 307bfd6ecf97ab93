//! Files that only this user can read, and that are gone when they have been read.

use std::collections::hash_map::RandomState;
use std::fs::{self, DirBuilder, OpenOptions};
use std::hash::BuildHasher;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How many names are tried. Each has 64 bits that nobody can guess, so a second one is hardly ever needed.
const TRIES: usize = 10;

/// A folder of one's own with a file for each value, removed at the end.
///
/// If the process is killed in between, the folder stays, readable by its user alone.
#[derive(Debug)]
pub(crate) struct PrivateFiles {
    folder: PathBuf,
    files: u32,
}

impl PrivateFiles {
    /// Makes the folder in `parent`.
    pub(crate) fn new(parent: &Path) -> io::Result<Self> {
        // The keys of a hasher are the system's randomness: nobody can take all names before.
        let names = std::iter::repeat_with(|| format!("charmwright-{:016x}", RandomState::new().hash_one(0)));
        Self::named(parent, names.take(TRIES))
    }

    /// Makes the folder with the first name that is free.
    fn named(parent: &Path, names: impl Iterator<Item = String>) -> io::Result<Self> {
        for name in names {
            let folder = parent.join(name);
            // It fails if anything has that name, a link too, so nobody can have prepared the folder.
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => return Ok(Self { folder, files: 0 }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Writes a file, and says where it is.
    pub(crate) fn write(&mut self, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.join(self.files.to_string());
        self.files = self.files.saturating_add(1);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(content)?;
        Ok(path)
    }
}

impl Drop for PrivateFiles {
    fn drop(&mut self) {
        // What cannot be removed is still readable by nobody else, and there is nobody to tell.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_user_reads_them_and_they_do_not_stay() {
        let mut files = PrivateFiles::new(&std::env::temp_dir()).unwrap();
        let path = files.write(b"hunter2").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(fs::read(&path).unwrap(), b"hunter2");
        assert_ne!(files.write(b"").unwrap(), path);
        drop(files);
        assert!(!path.parent().unwrap().exists());
    }

    #[test]
    fn what_somebody_put_in_the_way_is_passed_over() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        std::os::unix::fs::symlink("/", at("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("file"), "").unwrap();
        let names = ["link", "dangling", "folder", "file", "free"].map(str::to_owned);
        let files = PrivateFiles::named(parent.path(), names.into_iter()).unwrap();
        assert_eq!(files.folder, at("free"));
        drop(files);
        assert!(at("folder").is_dir() && at("file").is_file() && !at("nowhere").exists());
        let taken = ["link".to_owned()].into_iter();
        let error = PrivateFiles::named(parent.path(), taken).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn what_somebody_put_in_the_place_of_a_file_is_not_written_into() {
        let parent = tempfile::tempdir().unwrap();
        let mut files = PrivateFiles::new(parent.path()).unwrap();
        let elsewhere = parent.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, files.folder.join("0")).unwrap();
        assert_eq!(files.write(b"hunter2").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(!elsewhere.exists());
    }

    #[test]
    fn no_two_folders_have_one_name_and_no_name_can_be_guessed() {
        let parent = tempfile::tempdir().unwrap();
        let (one, two) =
            (PrivateFiles::new(parent.path()).unwrap(), PrivateFiles::new(parent.path()).unwrap());
        assert_ne!(one.folder, two.folder);
        let name = one.folder.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(name.len(), "charmwright-".len() + 16, "{name}");
    }
}
