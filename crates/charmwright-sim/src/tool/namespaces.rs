//! Making and joining namespaces. All of it needs a process with one thread.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{Pid, getegid, geteuid};

use super::error::ToolError;

const WHY_NET: &str = "gives each unit a 127.0.0.1 of its own";
const WHY_USER: &str = "lets someone who is not root have a network and mounts of their own";
const WHY_JOIN: &str = "puts the process into the unit's network";

/// Gives this process a network of its own, and first a user namespace if it is not allowed to otherwise.
///
/// The mount namespace comes along so that one refusal is enough to know.
pub(super) fn leave_network() -> Result<(), ToolError> {
    let wanted = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    // The ids as they are outside: inside they are nobody's until they are mapped.
    let (user, group) = (geteuid(), getegid());
    match unshare(wanted) {
        Err(Errno::EPERM) => {}
        other => return other.map_err(ToolError::system("make a network namespace", WHY_NET)),
    }
    let what = "make user, network and mount namespaces";
    unshare(CloneFlags::CLONE_NEWUSER | wanted).map_err(ToolError::system(what, WHY_USER))?;
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("0 {user} 1"))?;
    write("/proc/self/gid_map", &format!("0 {group} 1"))
}

fn write(path: &str, text: &str) -> Result<(), ToolError> {
    fs::write(path, text).map_err(|error| {
        let errno = error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw);
        ToolError::system(format!("write `{text}` to {path}"), WHY_USER)(errno)
    })
}

/// Enters the network, and the user namespace if that is another one, of the pod's anchor.
pub(super) fn join(pod: Pid) -> Result<(), ToolError> {
    let open = |kind: &str| {
        let path = format!("/proc/{pod}/ns/{kind}");
        File::open(&path).map_err(ToolError::io("open the pod's namespace", Path::new(&path)))
    };
    // Both are opened first: from inside the user namespace the anchor may be out of reach.
    let (user, net) = (open("user")?, open("net")?);
    let own = Path::new("/proc/self/ns/user");
    let ours = fs::metadata(own).map_err(ToolError::io("read", own))?;
    let theirs = user.metadata().map_err(ToolError::io("read", own))?;
    if (ours.dev(), ours.ino()) != (theirs.dev(), theirs.ino()) {
        setns(user, CloneFlags::CLONE_NEWUSER)
            .map_err(ToolError::system(format!("join the user namespace of process {pod}"), WHY_JOIN))?;
    }
    setns(net, CloneFlags::CLONE_NEWNET)
        .map_err(ToolError::system(format!("join the network namespace of process {pod}"), WHY_JOIN))
}

/// Lets the next child be PID 1 of a PID namespace of its own.
pub(super) fn leave_processes() -> Result<(), ToolError> {
    let why = "makes Pebble PID 1, so that all it started ends with it";
    unshare(CloneFlags::CLONE_NEWPID).map_err(ToolError::system("make a PID namespace", why))
}

/// Gives this process mounts of its own.
pub(super) fn leave_mounts() -> Result<(), ToolError> {
    let why = "keeps the mounts of a unit away from the host's";
    unshare(CloneFlags::CLONE_NEWNS).map_err(ToolError::system("make a mount namespace", why))
}
