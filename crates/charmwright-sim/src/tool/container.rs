//! `container`: Pebble as PID 1 of a container in the pod.
//!
//! Two processes. The outer one stays outside the PID namespace, says the other's process id, and ends it when its own
//! standard input closes. It reaps the other only then, so that the process id stays good for as long as the input is
//! open. The inner one dies with the outer one in any case.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::mount::MsFlags;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::unistd::setsid;

use super::arguments::Arguments;
use super::error::ToolError;
use super::{EXIT_REFUSED, NAME, anchor, mounts, namespaces, say};
use crate::pod::layout::{ETC_BOUND, FROM_HOST, INSIDE_PEBBLE, INSIDE_SOCKET, INSIDE_STATE};

/// The inner process's subcommand.
pub(super) const INIT: &str = "container-init";

const OURSELVES: &str = "/proc/self/exe";
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

pub(super) fn run(words: &[OsString]) -> Result<(), ToolError> {
    let arguments = Arguments::parse(words)?;
    namespaces::join(arguments.pod()?)?;
    namespaces::leave_processes()?;
    let mut command = Command::new(OURSELVES);
    command.arg0(NAME).arg(INIT).args(words).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut init = command.spawn().map_err(ToolError::io("start", Path::new(OURSELVES)))?;
    let ended = watch(&mut init);
    // One that has died already cannot be killed, which is as good.
    let _ = init.kill();
    let status = init.wait().map_err(ToolError::io("wait for", Path::new(OURSELVES)))?;
    if status.code() == Some(i32::from(EXIT_REFUSED)) {
        return Err(ToolError::RefusedElsewhere);
    }
    ended
}

fn watch(init: &mut Child) -> Result<(), ToolError> {
    say(&format!("pid {}", init.id()))?;
    if let Some(mut input) = init.stdin.take() {
        // From here on it knows that it dies with us; without this byte it does not start.
        let _ = input.write_all(b"!");
    }
    anchor::wait_for_the_end()
}

/// PID 1: builds what the container sees, and becomes Pebble.
pub(super) fn init(words: &[OsString]) -> Result<(), ToolError> {
    let failed = |what: &str| ToolError::system(what.to_owned(), "ends the container with the simulation");
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(failed("tie Pebble's life to that of its parent"))?;
    if io::stdin().read_exact(&mut [0]).is_err() {
        // The parent was gone before the line above: nobody wants us any more.
        return Ok(());
    }
    let arguments = Arguments::parse(words)?;
    let (root, log) = (arguments.path("root")?, arguments.path("log")?);
    let output =
        File::options().append(true).create(true).open(log).map_err(ToolError::io("open the log", log))?;
    let errors = output.try_clone().map_err(ToolError::io("open the log", log))?;
    setsid().map_err(failed("leave the terminal"))?;
    umask(Mode::from_bits_truncate(0o022));
    namespaces::leave_mounts()?;
    build(root, arguments.path("pebble")?)?;
    mounts::become_root(root)?;
    let source = Command::new(INSIDE_PEBBLE)
        .args(["run", "--create-dirs", "--hold", "--verbose"])
        .env_clear()
        .env("PATH", PATH)
        .env("HOME", "/root")
        .env("JUJU_CONTAINER_NAME", arguments.name()?)
        .env("PEBBLE_SOCKET", INSIDE_SOCKET)
        .env("PEBBLE", INSIDE_STATE)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .exec();
    Err(ToolError::Exec { program: PathBuf::from(INSIDE_PEBBLE), source })
}

fn build(root: &Path, pebble: &Path) -> Result<(), ToolError> {
    mounts::detach()?;
    mounts::show(root, root)?;
    let mut protected = Vec::new();
    let mut show = |source: &Path| -> Result<(), ToolError> {
        let target = mounts::below(root, source);
        mounts::show(source, &target)?;
        protected.push(target);
        Ok(())
    };
    for entry in mounts::entries(Path::new("/usr"))? {
        if entry != Path::new("/usr/local") {
            show(&entry)?;
        }
    }
    for path in
        FROM_HOST.iter().chain(ETC_BOUND).map(Path::new).filter(|path| path.symlink_metadata().is_ok())
    {
        show(path)?;
    }
    let inside = mounts::below(root, Path::new(INSIDE_PEBBLE));
    mounts::show(pebble, &inside)?;
    protected.push(inside);
    mounts::protect(&protected)?;
    devices(&root.join("dev"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mounts::fresh("proc", &root.join("proc"), flags, None)
}

/// A `/dev` as container runtimes make it: the harmless devices of the host, and terminals of its own.
fn devices(dev: &Path) -> Result<(), ToolError> {
    mounts::fresh("tmpfs", dev, MsFlags::MS_NOSUID, Some("mode=755"))?;
    let host = Path::new("/dev");
    for device in DEVICES.iter().map(|name| host.join(name)).filter(|device| device.exists()) {
        mounts::show(&device, &dev.join(device.file_name().unwrap_or_default()))?;
    }
    for (name, to) in DEVICE_LINKS {
        symlink(to, dev.join(name)).map_err(ToolError::io("make the link", &dev.join(name)))?;
    }
    let shared = dev.join("shm");
    mounts::folder(&shared)?;
    fs::set_permissions(&shared, Permissions::from_mode(0o1777))
        .map_err(ToolError::io("open up", &shared))?;
    mounts::folder(&dev.join("pts"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    mounts::fresh("devpts", &dev.join("pts"), flags, Some("newinstance,ptmxmode=0666,mode=620"))
}
