//! The command line, as far as charms and workloads use that of Pebble.

mod ask;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use charmwright_pebble::Client;
use clap::Parser;

use self::ask::Question;
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
    #[command(flatten)]
    Ask(Question),
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
            let _ = writeln!(std::io::stderr(), "{error}");
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
    let version = variable("CHARMWRIGHT_PEBBLE_VERSION").unwrap_or_else(|| VERSION.to_owned());
    match command {
        Command::Run { create_dirs, hold, http, verbose, identities } => {
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
            let end = run::run(&options).map_err(|error| format!("cannot run daemon: {error}"))?;
            Ok(ExitCode::from(end.exit_code()))
        }
        Command::Ask(question) => {
            let answer = ask::ask(question, &Client::new(socket), &version)?;
            // Nobody may listen.
            let _ = std::io::stdout().write_all(answer.output.as_bytes());
            let _ = std::io::stderr().write_all(answer.notes.as_bytes());
            Ok(if answer.is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}
