//! Files that only this user can read, and that are gone when they have been read.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How many names are tried; somebody may have left folders behind, or put them there.
const TRIES: u32 = 1_000;

/// Counts within the process, so that no two folders of one process have one name.
static COUNT: AtomicU64 = AtomicU64::new(0);

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
        let process = std::process::id();
        for _ in 0..TRIES {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let folder = parent.join(format!("charmwright-{process}-{count}"));
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
        let parent = std::env::temp_dir().join(format!("charmwright-test-{}", std::process::id()));
        fs::create_dir_all(&parent).unwrap();
        let next = COUNT.load(Ordering::Relaxed);
        for count in next..next + 3 {
            let name = format!("charmwright-{}-{count}", std::process::id());
            std::os::unix::fs::symlink("/", parent.join(name)).unwrap();
        }
        let files = PrivateFiles::new(&parent).unwrap();
        assert!(fs::symlink_metadata(&files.folder).unwrap().is_dir());
        drop(files);
        fs::remove_dir_all(&parent).unwrap();
    }
}
