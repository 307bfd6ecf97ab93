//! The file of the memory, in the charm's folder.
//!
//! Others may have put something under its names: a workload whose storage is mounted there, or a person. So no link
//! is followed, nothing but a file of this user's own is read, and nothing is waited for.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

/// The file's name in the charm's folder.
pub(crate) const FILE: &str = ".charmwright.json";
/// How large the file may be. A bag of a relation has some hundred bytes as a rule, so hundreds of relations fit. A text
/// of many tiny items takes about twenty times its length in memory once it is read: for 512 KiB, some 10 MiB.
pub(crate) const FILE_BYTES_MAX: usize = 512 * 1024;
/// What others may do with the file so that it still is this user's own: nothing that changes it.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Reads the file; nothing if there is none, or if it cannot be one that [`write`] made.
pub(crate) fn read(charm_dir: &Path) -> Option<Vec<u8>> {
    read_of(charm_dir, geteuid().as_raw())
}

fn read_of(charm_dir: &Path, user: u32) -> Option<Vec<u8>> {
    // Opening a pipe would wait for somebody who writes.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags.bits()).open(charm_dir.join(FILE)).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.uid() != user || metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        return None;
    }
    let mut text = Vec::new();
    // One more than may be: the file may grow while it is read.
    let most = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut text).ok()?;
    (text.len() <= FILE_BYTES_MAX).then_some(text)
}

/// Writes the file, readable by this user only, in one step.
pub(crate) fn write(charm_dir: &Path, text: &[u8]) -> io::Result<()> {
    let temporary = temporary(charm_dir);
    remove_if_there(&temporary)?;
    let mut options = OpenOptions::new();
    // New or not at all: whatever somebody puts there meanwhile is not written into.
    options.write(true).create_new(true).mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits());
    let mut file = options.open(&temporary)?;
    file.write_all(text)?;
    drop(file);
    fs::rename(temporary, charm_dir.join(FILE))
}

/// Removes the file. What is there, cannot be removed, and would not be read anyway, may stay.
pub(crate) fn remove(charm_dir: &Path) -> io::Result<()> {
    match remove_if_there(&charm_dir.join(FILE)) {
        Err(error) if read(charm_dir).is_some() => Err(error),
        _ => Ok(()),
    }
}

fn temporary(charm_dir: &Path) -> PathBuf {
    charm_dir.join(format!("{FILE}.new"))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        (folder, path)
    }

    /// Each way to be in the way of a file that is no file.
    fn obstacles() -> [fn(&Path); 3] {
        [
            |path| symlink(path.with_file_name("elsewhere"), path).unwrap(),
            |path| mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap(),
            |path| symlink("/dev/zero", path).unwrap(),
        ]
    }

    #[test]
    fn a_link_is_not_followed_when_the_memory_is_read() {
        let (folder, path) = folder();
        fs::write(path.with_file_name("elsewhere"), "secret").unwrap();
        symlink("elsewhere", &path).unwrap();
        assert_eq!(read(folder.path()), None);
    }

    #[test]
    fn nobody_waits_for_a_pipe_a_device_or_a_folder_in_the_place_of_the_memory() {
        for obstacle in obstacles() {
            let (folder, path) = folder();
            obstacle(&path);
            assert_eq!(read(folder.path()), None);
        }
        let (folder, path) = folder();
        fs::create_dir(path).unwrap();
        assert_eq!(read(folder.path()), None);
    }

    #[test]
    fn what_is_in_the_place_of_the_memory_is_replaced_and_not_written_into() {
        for obstacle in obstacles() {
            for in_the_way in [FILE.to_owned(), format!("{FILE}.new")] {
                let (folder, _) = folder();
                let elsewhere = folder.path().join("elsewhere");
                fs::write(&elsewhere, "theirs").unwrap();
                obstacle(&folder.path().join(in_the_way));
                write(folder.path(), b"ours").unwrap();
                assert_eq!(read(folder.path()).unwrap(), b"ours");
                assert_eq!(fs::read(&elsewhere).unwrap(), b"theirs");
            }
        }
    }

    #[test]
    fn a_file_that_a_dead_hook_left_is_replaced_whatever_its_mode_was() {
        let (folder, path) = folder();
        let stale = temporary(folder.path());
        fs::write(&stale, "half").unwrap();
        fs::set_permissions(&stale, fs::Permissions::from_mode(0o666)).unwrap();
        write(folder.path(), b"ours").unwrap();
        assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o600);
        assert!(!stale.exists());
    }

    #[test]
    fn a_file_of_another_user_or_that_others_may_change_is_no_memory() {
        let (folder, path) = folder();
        write(folder.path(), b"ours").unwrap();
        let user = geteuid().as_raw();
        assert_eq!(read_of(folder.path(), user.wrapping_add(1)), None);
        for (mode, is_read) in [(0o602, false), (0o620, false), (0o644, true), (0o600, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read_of(folder.path(), user).is_some(), is_read, "{mode:o}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_no_memory() {
        let (folder, _) = folder();
        write(folder.path(), &vec![b' '; FILE_BYTES_MAX]).unwrap();
        assert!(read(folder.path()).is_some());
        write(folder.path(), &vec![b' '; FILE_BYTES_MAX + 1]).unwrap();
        assert_eq!(read(folder.path()), None);
    }

    #[test]
    fn what_cannot_be_removed_may_stay_if_it_is_not_read() {
        let (folder, path) = folder();
        fs::create_dir(&path).unwrap();
        remove(folder.path()).unwrap();
        assert!(path.exists());
    }
}
