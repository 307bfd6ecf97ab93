//! The command line, as far as charms and workloads use that of Pebble.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use charmwright_pebble::{Client, CustomNotice, GoDuration, Level};
use clap::Parser;

use super::run::{self, Options};
use crate::real::terminal;

/// Which Pebble it pretends to be, unless that is said.
const VERSION: &str = "1.26.0";
const FOLDER: &str = "/var/lib/pebble/default";

/// A simulated Pebble, for plays on machines without a real one.
#[derive(Debug, Parser)]
#[command(name = "pebble", disable_version_flag = true)]
enum Command {
    /// Run the daemon.
    Run {
        /// Make its directory.
        #[arg(long)]
        create_dirs: bool,
        /// Start no services.
        #[arg(long)]
        hold: bool,
        /// Serve what anyone may ask at this address, too.
        #[arg(long)]
        http: Option<String>,
        /// Write what services write to standard output.
        #[arg(short, long, env = "PEBBLE_VERBOSE", value_parser = clap::builder::FalseyValueParser::new())]
        verbose: bool,
        /// A file with identities.
        #[arg(long)]
        identities: Option<PathBuf>,
    },
    /// Record a custom notice.
    Notify {
        /// How long after it was last told it is told again.
        #[arg(long)]
        repeat_after: Option<String>,
        /// Its key, as example.com/backup-done.
        key: String,
        /// More about it: name=value.
        data: Vec<String>,
    },
    /// Ask whether no check is down.
    Health {
        /// alive or ready.
        #[arg(long)]
        level: Option<String>,
        /// Only these checks.
        checks: Vec<String>,
    },
    /// List services.
    Services {
        /// Only these.
        names: Vec<String>,
    },
    /// List checks.
    Checks {
        /// Only these.
        names: Vec<String>,
    },
    /// Show the plan.
    Plan,
    /// Tell the versions.
    Version,
}

/// Does what the arguments say, which do not begin with the program's name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let [first, words @ ..] = arguments.as_slice()
        && first == terminal::BECOME
    {
        return terminal::become_command(words);
    }
    let command = match Command::try_parse_from([OsString::from("pebble")].into_iter().chain(arguments)) {
        Ok(command) => command,
        Err(error) => {
            // Where it cannot be told it is not.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    match act(command) {
        Ok(code) => code,
        Err(error) => {
            // Nobody may listen.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn act(command: Command) -> Result<ExitCode, String> {
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let variable = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
    let folder = PathBuf::from(variable("PEBBLE").unwrap_or_else(|| FOLDER.to_owned()));
    let socket = variable("PEBBLE_SOCKET").map_or_else(|| folder.join(".pebble.socket"), PathBuf::from);
    if let Command::Run { create_dirs, hold, http, verbose, identities } = command {
        let version = variable("CHARMWRIGHT_PEBBLE_VERSION").unwrap_or_else(|| VERSION.to_owned());
        let copy_once = variable("PEBBLE_COPY_ONCE").map(PathBuf::from);
        let options = Options {
            folder,
            socket,
            create_dirs,
            hold,
            http,
            verbose,
            identities,
            copy_once,
            version,
            environment,
        };
        return run::run(&options).map(|end| ExitCode::from(end.exit_code()));
    }
    let (text, code) = ask(command, &Client::new(socket)).map_err(|error| error.to_string())?;
    // Nobody may listen.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(code)
}

/// What a client asks, and what it is told.
fn ask(command: Command, client: &Client) -> Result<(String, ExitCode), charmwright_pebble::Error> {
    let mut text = String::new();
    let mut line = |words: std::fmt::Arguments<'_>| {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{words}");
    };
    let mut code = ExitCode::SUCCESS;
    match command {
        Command::Run { .. } => {}
        Command::Notify { repeat_after, key, data } => {
            let mut notice = CustomNotice::new(key);
            if let Some(after) = repeat_after.map(|after| GoDuration::from(after.as_str())) {
                notice = notice.repeat_after(after.to_duration().unwrap_or(Duration::ZERO));
            }
            for pair in &data {
                let Some((name, value)) = pair.split_once('=') else {
                    line(format_args!("error: invalid data {pair:?}: must be name=value"));
                    return Ok((text, ExitCode::FAILURE));
                };
                notice = notice.data(name, value);
            }
            line(format_args!("Recorded notice {}", client.notify(&notice)?));
        }
        Command::Health { level, checks } => {
            let checks: Vec<&str> = checks.iter().map(String::as_str).collect();
            let level = level.map(|level| Level::from(level.as_str()));
            let healthy = if checks.is_empty() {
                client.is_healthy(level.as_ref())?
            } else {
                client.are_healthy(&checks)?
            };
            line(format_args!("{}", if healthy { "healthy" } else { "unhealthy" }));
            code = if healthy { code } else { ExitCode::FAILURE };
        }
        Command::Services { names } => {
            let wanted = |name: &String| names.is_empty() || names.contains(name);
            line(format_args!("{:<20}  {:<8}  {:<8}  Since", "Service", "Startup", "Current"));
            for info in client.all_services()?.into_iter().filter(|info| wanted(&info.name)) {
                let startup = format!("{:?}", info.startup).to_lowercase();
                let since = info.current_since.as_deref().unwrap_or("-");
                line(format_args!("{:<20}  {startup:<8}  {:<8}  {since}", info.name, info.current.as_str()));
            }
        }
        Command::Checks { names } => {
            let wanted = |name: &String| names.is_empty() || names.contains(name);
            line(format_args!("{:<20}  {:<8}  {:<8}  Failures", "Check", "Level", "Status"));
            for info in client.all_checks()?.into_iter().filter(|info| wanted(&info.name)) {
                let level = info.level.as_ref().map_or("-", Level::as_str);
                let failures = format!("{}/{}", info.failures, info.threshold);
                line(format_args!("{:<20}  {level:<8}  {:<8}  {failures}", info.name, info.status.as_str()));
            }
        }
        Command::Plan => {
            let plan = client.plan()?;
            let plan = serde_json::to_string_pretty(&plan).unwrap_or_default();
            line(format_args!("{plan}"));
        }
        Command::Version => {
            line(format_args!("client  v{VERSION}"));
            line(format_args!("server  {}", client.system_info()?.version));
        }
    }
    Ok((text, code))
}
