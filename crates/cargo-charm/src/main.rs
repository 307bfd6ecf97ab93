//! `cargo charm`: the command line of Charmwright.

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
}

fn main() -> ExitCode {
    // The agent gives this program other names: those of hook commands, and that of its helper.
    if let Some(code) = charmwright_sim::tool::called_by_its_names() {
        return code;
    }
    let Cargo::Charm(Charm::Play(arguments)) = Cargo::parse();
    match play::run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("cargo charm: {error:#}");
            ExitCode::from(2)
        }
    }
}
