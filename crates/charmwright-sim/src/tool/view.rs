//! `enter`: becomes a program inside the pod that sees the host's files, and `/charm` as Juju's charm container has it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::MsFlags;
use nix::unistd::chdir;

use super::arguments::Arguments;
use super::error::ToolError;
use super::{mounts, namespaces};

pub(super) fn enter(words: &[OsString]) -> Result<(), ToolError> {
    let arguments = Arguments::parse(words)?;
    let (view, cwd) = (arguments.path("view")?, arguments.path("cwd")?);
    let (program, rest) =
        arguments.rest.split_first().ok_or_else(|| ToolError::Usage("a program is needed".to_owned()))?;
    namespaces::join(arguments.pod()?)?;
    namespaces::leave_mounts()?;
    build(view, &arguments.binds)?;
    mounts::become_root(view)?;
    chdir(cwd)
        .map_err(|source| ToolError::System { what: format!("change to {}", cwd.display()), source })?;
    // The environment is ours, untouched.
    let source = Command::new(program).args(rest).exec();
    Err(ToolError::Exec { program: PathBuf::from(program), source })
}

fn build(view: &Path, binds: &[(PathBuf, PathBuf)]) -> Result<(), ToolError> {
    mounts::detach()?;
    mounts::fresh("tmpfs", view, MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=755,size=1m"))?;
    mounts::hide_from_binds(view)?;
    for entry in mounts::entries(Path::new("/"))? {
        let replaced = binds.iter().any(|(_, inside)| *inside == entry);
        // A mount that its owner alone may look at is not for us either.
        if !replaced && entry.symlink_metadata().is_ok() {
            mounts::show(&entry, &mounts::below(view, &entry))?;
        }
    }
    binds.iter().try_for_each(|(host, inside)| mounts::show(host, &mounts::below(view, inside)))
}
