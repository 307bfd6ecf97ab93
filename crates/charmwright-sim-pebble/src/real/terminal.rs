//! Terminals for commands.
//!
//! A command in a terminal must lead a session of its own, which only the process itself can begin: so this program runs
//! itself first, begins one, and becomes the command.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use nix::pty::{Winsize, openpty};
use nix::unistd::{setsid, ttyname};

/// The first argument of this program where it becomes a command in a terminal.
pub(crate) const BECOME: &str = "--in-terminal";

/// A terminal: our end and the command's.
pub(crate) struct Terminal {
    pub(crate) ours: OwnedFd,
    pub(crate) theirs: OwnedFd,
}

impl Terminal {
    pub(crate) fn open(width: u16, height: u16) -> io::Result<Self> {
        let size = Winsize { ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 };
        let size = (width > 0 && height > 0).then_some(&size);
        let pair = openpty(size, None)?;
        Ok(Self { ours: pair.master, theirs: pair.slave })
    }

    /// Gives the command's end to whom it runs as.
    pub(crate) fn give_to(&self, user: u32, group: u32) -> io::Result<()> {
        std::os::unix::fs::fchown(&self.theirs, Some(user), Some(group))
    }
}

/// Sets the size of a terminal.
pub(crate) fn resize(ours: &OwnedFd, width: u16, height: u16) -> io::Result<()> {
    let size = rustix::termios::Winsize { ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 };
    Ok(rustix::termios::tcsetwinsize(ours, size)?)
}

/// The command that becomes `program`, called `name`, in the terminal that its standard output is.
pub(crate) fn command(name: &str, program: &str) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("pebble").arg(BECOME).arg(program).arg(name);
    command
}

/// Begins a session with the terminal, and becomes the program: path, name and arguments.
pub(crate) fn become_command(words: &[OsString]) -> ExitCode {
    let [program, name, arguments @ ..] = words else {
        return ExitCode::from(127);
    };
    let begun = setsid().map_err(io::Error::from).and_then(|_| {
        // Opening it makes it that of the session.
        let terminal: PathBuf = ttyname(io::stdout())?;
        File::options().read(true).write(true).open(terminal)
    });
    if begun.is_err() {
        return ExitCode::from(127);
    }
    drop(Command::new(program).arg0(name).args(arguments).exec());
    ExitCode::from(127)
}
