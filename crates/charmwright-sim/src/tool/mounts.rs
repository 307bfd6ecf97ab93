//! Mounts in a namespace of our own.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, chroot, pivot_root};

use super::error::ToolError;

const WHY: &str = "gives a unit and its containers files of their own";
const MOUNTS: &str = "/proc/self/mountinfo";
const NONE: Option<&str> = None;

/// What is mounted on the host later shows here, nothing from here shows on the host.
pub(super) fn detach() -> Result<(), ToolError> {
    // The usual reason why not is a chroot, whose root is no mount point.
    let what = "detach our mounts from the host's, which takes a root that is a mount point";
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_SLAVE, NONE).map_err(ToolError::system(what, WHY))
}

/// A new file system of a type such as `tmpfs`.
pub(super) fn fresh(kind: &str, target: &Path, flags: MsFlags, data: Option<&str>) -> Result<(), ToolError> {
    let what = format!("mount a fresh {kind} on {}", target.display());
    mount(Some(kind), target, Some(kind), flags, data).map_err(ToolError::system(what, WHY))
}

/// A recursive bind does not follow into `target`, not even from a folder that holds it.
pub(super) fn hide_from_binds(target: &Path) -> Result<(), ToolError> {
    let what = format!("make the mount on {} unbindable", target.display());
    mount(NONE, target, NONE, MsFlags::MS_UNBINDABLE, NONE).map_err(ToolError::system(what, WHY))
}

/// Shows `source`, with all that is mounted below it, at `target`; of a symbolic link it makes a copy.
pub(super) fn show(source: &Path, target: &Path) -> Result<(), ToolError> {
    let found = fs::symlink_metadata(source).map_err(ToolError::io("read", source))?;
    if found.is_symlink() {
        let to = fs::read_link(source).map_err(ToolError::io("read the link", source))?;
        return match symlink(&to, target) {
            Err(error) if fs::read_link(target).ok().as_ref() != Some(&to) => {
                Err(ToolError::io("make the link", target)(error))
            }
            _ => Ok(()),
        };
    }
    if found.is_dir() {
        folder(target)?;
    } else {
        File::options().append(true).create(true).open(target).map_err(ToolError::io("create", target))?;
    }
    let what = format!("bind {} to {}", source.display(), target.display());
    mount(Some(source), target, NONE, MsFlags::MS_BIND | MsFlags::MS_REC, NONE)
        .map_err(ToolError::system(what, WHY))
}

/// A folder, and those above it; one that exists stays as it is.
pub(super) fn folder(path: &Path) -> Result<(), ToolError> {
    fs::create_dir_all(path).map_err(ToolError::io("create the folder", path))
}

/// Makes the mounts at and below the targets read-only.
pub(super) fn protect(targets: &[PathBuf]) -> Result<(), ToolError> {
    let table = fs::read(MOUNTS).map_err(ToolError::io("read", Path::new(MOUNTS)))?;
    for (point, flags) in table.split(|byte| *byte == b'\n').filter_map(mounted) {
        if targets.iter().any(|target| point.starts_with(target)) {
            let flags = flags | MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            let what = format!("make {} read-only", point.display());
            match mount(NONE, &point, NONE, flags, NONE) {
                // A mount under another mount is in the table, but out of reach, also for those inside.
                Err(Errno::EINVAL | Errno::ENOENT) => {}
                other => other.map_err(ToolError::system(what, WHY))?,
            }
        }
    }
    Ok(())
}

/// The mount point of a line of mountinfo, and the flags that a remount has to keep.
fn mounted(line: &[u8]) -> Option<(PathBuf, MsFlags)> {
    let mut fields = line.split(|byte| *byte == b' ').skip(4);
    let point = unescape(fields.next()?);
    let flags = fields.next()?.split(|byte| *byte == b',').map(|option| match option {
        b"nosuid" => MsFlags::MS_NOSUID,
        b"nodev" => MsFlags::MS_NODEV,
        b"noexec" => MsFlags::MS_NOEXEC,
        b"noatime" => MsFlags::MS_NOATIME,
        b"nodiratime" => MsFlags::MS_NODIRATIME,
        b"relatime" => MsFlags::MS_RELATIME,
        _ => MsFlags::empty(),
    });
    Some((point, flags.collect()))
}

/// Mountinfo writes blanks and such as a backslash with three octal digits.
fn unescape(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

/// Makes the mount on `root` the root of this process, with `/` as the working directory.
pub(super) fn become_root(root: &Path) -> Result<(), ToolError> {
    let failed = |what: &str| ToolError::system(format!("{what} {}", root.display()), WHY);
    chdir(root).map_err(failed("change to"))?;
    match pivot_root(".", ".") {
        // The old root now lies over the new one.
        Ok(()) => umount2(".", MntFlags::MNT_DETACH).map_err(failed("drop the old root over"))?,
        // The old root is no mount point: that of an initramfs, or of a chroot.
        Err(Errno::EINVAL) => chroot(".").map_err(failed("change the root to"))?,
        Err(error) => return Err(failed("change the root to")(error)),
    }
    chdir("/").map_err(failed("change to the root in"))
}

/// The entries of a folder, in order.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, ToolError> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut found = read().map_err(ToolError::io("list", folder))?;
    found.sort();
    Ok(found)
}

/// `path` as it is called below `root`.
pub(super) fn below(root: &Path, path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    let start = bytes.iter().take_while(|byte| **byte == b'/').count();
    root.join(OsStr::from_bytes(bytes.get(start..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_table() {
        let line = br"36 35 98:0 /mnt1 /mnt\040two rw,nosuid,relatime master:1 - ext3 /dev/root rw";
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_RELATIME;
        assert_eq!(mounted(line), Some((PathBuf::from("/mnt two"), flags)));
        assert_eq!(mounted(b""), None);
    }

    #[test]
    fn paths_below_a_root() {
        assert_eq!(below(Path::new("/a"), Path::new("/usr/bin")), Path::new("/a/usr/bin"));
    }
}
