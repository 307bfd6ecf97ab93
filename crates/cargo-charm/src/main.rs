//! `cargo charm`: the command line of Charmwright.

mod agent;
mod play;

use std::process::ExitCode;

use clap::Parser;

/// Cargo calls `cargo-charm charm …`.
#[derive(Debug, Parser)]
#[command(name = "cargo", bin_name = "cargo")]
enum Cargo {
    /// Work with Juju charms.
    #[command(subcommand, version)]
    Charm(Charm),
}

#[derive(Debug, clap::Subcommand)]
enum Charm {
    /// Play a scenario: what happens to a charm, and what should come of it.
    ///
    /// The charm's real `dispatch` runs as Juju runs it, with real Pebble daemons for its containers.
    /// Exit code 0 if every expectation holds, 1 at the first that does not, 2 if the play cannot go on.
    Play(play::Arguments),
    /// Be a unit's agent for another program: run a charm for each request, and tell all that came of it.
    ///
    /// Requests are lines of JSON on standard input, answers lines of JSON on standard output.
    ///
    ///   {"op":"model","model":{"unit":"app/0", …}}        sets what the controller knows
    ///   {"op":"update","model":{…}}                       replaces parts of it
    ///   {"op":"hook","kind":"config-changed", …}          runs a hook
    ///   {"op":"action","name":"backup","params":{…}}      runs an action
    ///   {"op":"exec","script":"…", …}                     runs a script as juju-exec does
    ///   {"op":"get"}                                      answers what the controller knows now
    #[command(verbatim_doc_comment)]
    Agent(agent::Arguments),
}

fn main() -> ExitCode {
    // The agent gives this program other names: those of hook commands, and that of its helper.
    if let Some(code) = charmwright_sim::tool::called_by_its_names() {
        return code;
    }
    let Cargo::Charm(command) = Cargo::parse();
    let done = match command {
        Charm::Play(arguments) => play::run(&arguments),
        Charm::Agent(arguments) => agent::run(&arguments).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("cargo charm: {error:#}");
            ExitCode::from(2)
        }
    }
}
