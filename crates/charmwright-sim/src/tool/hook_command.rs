//! A hook command's own end: it takes its arguments to the agent, and the answer back. It speaks as Juju's own client
//! does, and can take its place.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use charmwright_jujuc::{CallError, Client, Request, Response};
use nix::errno::Errno;

/// Runs as the hook command `name` with `args`.
pub(crate) fn run(name: &str, args: impl Iterator<Item = OsString>) -> ExitCode {
    let failed = |code, error: String| Response {
        code,
        stderr: format!("ERROR {error}\n").into_bytes(),
        ..Response::default()
    };
    let response = match folder() {
        Ok(dir) => ask(name, args.collect(), dir).unwrap_or_else(|error| failed(1, error)),
        Err(error) => failed(2, format!("getwd: {}", reason(&error))),
    };
    // Whoever reads this may be gone.
    let _ = io::stdout().write_all(&response.stdout);
    let _ = io::stderr().write_all(&response.stderr);
    // The system keeps one byte of it.
    ExitCode::from(response.code.to_le_bytes()[0])
}

/// The working directory, by the name that the shell gives it.
fn folder() -> io::Result<PathBuf> {
    let id = |path: &Path| fs::metadata(path).ok().map(|folder| (folder.dev(), folder.ino()));
    let is_here =
        |named: &PathBuf| named.is_absolute() && id(named).is_some() && id(named) == id(Path::new("."));
    match env::var_os("PWD").map(PathBuf::from).filter(is_here) {
        Some(named) => Ok(named),
        None => env::current_dir(),
    }
}

fn ask(name: &str, args: Vec<OsString>, dir: PathBuf) -> Result<Response, String> {
    let variable = |name: &str| {
        env::var(name).ok().filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} not set"))
    };
    let context_id = variable("JUJU_CONTEXT_ID")?;
    let address = variable("JUJU_AGENT_SOCKET_ADDRESS")?;
    let network = variable("JUJU_AGENT_SOCKET_NETWORK")?;
    let token = env::var("JUJU_AGENT_TOKEN").unwrap_or_default();
    if network != "unix" {
        return Err(format!("dial {network}: unknown network {network}"));
    }
    let mut client = Client::connect(&address)
        .map_err(|error| format!("dial unix {address}: connect: {}", reason(&error)))?;
    let request = Request { context_id, dir, command: name.to_owned(), args, stdin: None, token };
    let read = || {
        let mut input = Vec::new();
        io::stdin().read_to_end(&mut input).map(|_| input)
    };
    client.call_with_stdin(&request, read).map_err(|error| match error {
        CallError::Refused(text) => text,
        CallError::Stdin(error) => format!("cannot read stdin: {error}"),
        CallError::Closed => "unexpected EOF".to_owned(),
        error => error.to_string(),
    })
}

fn reason(error: &io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(errno) => errno.desc().to_lowercase(),
        None => error.to_string(),
    }
}
