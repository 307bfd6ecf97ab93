//! The program `charmwright-sim-tool`: what has to happen in a process of its own.
//!
//! One program with many names. Called by its own name it takes a subcommand:
//!
//! | subcommand | for |
//! |---|---|
//! | `pod` | holds a pod's network namespace until standard input ends |
//! | `enter --pod PID --view DIR [--bind HOST INSIDE]… --cwd DIR -- PROGRAM ARGS` | becomes PROGRAM inside the pod |
//! | `container --pod PID --root DIR --pebble FILE --log FILE --name NAME` | runs Pebble as PID 1 of a container |
//! | `http-get --pod PID URL` | asks a server inside the pod |
//!
//! Called `pebble` it is the simulator's own Pebble: the daemon of a container without a real one, and its command line.
//! Called by any other name it is the hook command of that name.
//!
//! Exit codes: 77 if the system refuses namespaces, 127 if PROGRAM cannot be run, 2 for a wrong call, 1 otherwise. The
//! reason is on standard error.

mod anchor;
mod arguments;
mod container;
mod error;
mod hook_command;
mod http;
mod loopback;
mod mounts;
mod namespaces;
mod view;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use error::ToolError;

use crate::juju::commands;
use crate::juju::version::JujuVersion;

/// The name under which the program takes subcommands.
pub(crate) const NAME: &str = "charmwright-sim-tool";
/// The name under which it is a Pebble.
const PEBBLE: &str = "pebble";
/// The exit code for namespaces that cannot be had.
pub(crate) const EXIT_REFUSED: u8 = 77;

/// What the program was called as.
enum Call {
    /// A hook command, by its name.
    Hook(OsString),
    /// Pebble.
    Pebble,
    /// A subcommand, by its name.
    Subcommand(OsString),
}

/// For programs that serve as the tool themselves, under links of its name and of those of hook commands: does
/// what such a name says; `None` under any other. Within a hook, a link of any name is a hook command: the agent says
/// whether it knows it.
pub fn called_by_its_names() -> Option<ExitCode> {
    let program = env::args_os().next().unwrap_or_default();
    let name = Path::new(&program).file_name().unwrap_or_default();
    let is_link = || env::current_exe().is_ok_and(|program| program.file_name() != Some(name));
    let in_hook = || env::var_os("JUJU_CONTEXT_ID").is_some_and(|id| !id.is_empty());
    let is_ours = name == NAME || name == PEBBLE || is_hook_command(name);
    (is_ours || in_hook() && is_link()).then(main)
}

/// Whether any Juju has a hook command of this name.
fn is_hook_command(name: &OsStr) -> bool {
    let jujus = [JujuVersion::V2_9, JujuVersion::V3_6, JujuVersion::V4_0];
    name.to_str().is_some_and(|name| jujus.iter().any(|juju| commands::names(*juju).contains(&name)))
}

/// Does what the name or the first argument says.
pub fn main() -> ExitCode {
    let mut words = env::args_os();
    let program = words.next().unwrap_or_default();
    match call(&program, &mut words) {
        Call::Hook(name) => hook_command(&name, words),
        Call::Pebble => charmwright_sim_pebble::served::cli::main(words),
        Call::Subcommand(name) => report(subcommand(&name, &words.collect::<Vec<_>>())),
    }
}

fn call(program: &OsStr, words: &mut impl Iterator<Item = OsString>) -> Call {
    match Path::new(program).file_name() {
        Some(name) if name == PEBBLE => Call::Pebble,
        Some(name) if name != NAME => Call::Hook(name.to_owned()),
        _ => Call::Subcommand(words.next().unwrap_or_default()),
    }
}

fn hook_command(name: &OsStr, words: impl Iterator<Item = OsString>) -> ExitCode {
    hook_command::run(&name.to_string_lossy(), words)
}

fn subcommand(name: &OsStr, words: &[OsString]) -> Result<(), ToolError> {
    match name.to_str() {
        Some("pod") => anchor::hold(words),
        Some("enter") => view::enter(words),
        Some("container") => container::run(words),
        Some(container::INIT) => container::init(words),
        Some("http-get") => http::get(words),
        Some("http-serve") => http::serve(words),
        _ => Err(ToolError::Usage(format!("there is no subcommand `{}`", name.display()))),
    }
}

fn report(result: Result<(), ToolError>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if !matches!(error, ToolError::RefusedElsewhere) {
        // Whoever started us may be gone, and then nobody reads this.
        let _ = writeln!(io::stderr(), "{NAME}: {}", error.chain());
    }
    error.exit_code()
}

/// Says a line of the protocol on standard output.
fn say(line: &str) -> Result<(), ToolError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(ToolError::io("write to", Path::new("standard output")))
}
