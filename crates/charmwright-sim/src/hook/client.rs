//! A hook command's own end: it takes its arguments to the agent, and the answer back.

use std::io::{self, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use super::server::{Reply, Request, read, write};

/// Runs as the hook command `name` with `args`.
pub(crate) fn run(name: &str, args: impl Iterator<Item = String>) -> ExitCode {
    let args = std::iter::once(name.to_owned()).chain(args).collect();
    let reply =
        ask(args).unwrap_or_else(|error| Reply::error(1, &format!("cannot reach the agent: {error}")));
    // Whoever reads this may be gone.
    let _ = io::stdout().write_all(reply.stdout.as_bytes());
    let _ = io::stderr().write_all(reply.stderr.as_bytes());
    ExitCode::from(u8::try_from(reply.code).unwrap_or(1))
}

fn ask(args: Vec<String>) -> io::Result<Reply> {
    let variable = |name| std::env::var(name).map_err(|_| io::Error::other(format!("{name} is not set")));
    let stream = UnixStream::connect(variable("JUJU_AGENT_SOCKET_ADDRESS")?)?;
    let mut reader = BufReader::new(&stream);
    write(&stream, &Request { context: variable("JUJU_CONTEXT_ID")?, dir: std::env::current_dir()?, args })?;
    let reply: Reply = read(&mut reader)?;
    if !reply.wants_stdin {
        return Ok(reply);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    write(&stream, &text)?;
    read(&mut reader)
}
