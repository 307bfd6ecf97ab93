//! What the project does with itself. `cargo xtask` lists it.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks to people; what is not its result goes to standard error"
)]

mod bench;
mod ops;
mod setup;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use clap::Parser;

/// With every feature: what is off for most charms is tested, too.
const ALL: &str = "--all-features";

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "What the project does with itself")]
enum Task {
    /// Get what is missing: the real Pebble daemon, the part of the real Juju that charms are tested under, and ops.
    Setup,
    /// Play the guestbook charm from nothing to active, through its troubles, to its removal.
    Demo {
        /// How to print it.
        #[arg(long, default_value = "text")]
        format: String,
    },
    /// Measure.
    Bench {
        #[command(subcommand)]
        what: Measure,
    },
    /// Run all tests.
    Test,
    /// Everything that CI checks, in its order.
    Ci,
    /// Build the book into docs/book.
    Book,
}

#[derive(Debug, clap::Subcommand)]
enum Measure {
    /// What a config-changed hook costs by commands and by socket, beside the same charm on `ops`, under Juju's own
    /// runner.
    Hook {
        /// How often each is run.
        #[arg(long, default_value_t = 15)]
        runs: usize,
    },
    /// How fast the simulated unit worker is stepped and cloned.
    Agent,
    /// What the Pebble client costs beside that of `ops`, on one real daemon.
    Pebble {
        /// How often each is run.
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Setup => setup::all(),
        Task::Demo { format } => demo(&format),
        Task::Bench { what: Measure::Hook { runs } } => bench::hook(runs),
        Task::Bench { what: Measure::Agent } => {
            run(cargo(&["run", "--release", "--quiet", "-p", "bench-agent"]))
        }
        Task::Bench { what: Measure::Pebble { runs } } => bench::pebble::run(runs),
        Task::Test => test(),
        Task::Ci => ci(),
        Task::Book => book(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo(format: &str) -> anyhow::Result<()> {
    let pebble = demo_pebble();
    let release = build_release()?;
    let guestbook = root().join("examples/guestbook");
    let image =
        format!("guestbook:/usr/local/bin/guestbook-server={}", release.join("guestbook-server").display());
    let mut play = Command::new(release.join("cargo-charm"));
    play.args(["charm", "play"]).arg(guestbook.join("scenarios/demo.yaml")).arg("--charm").arg(&guestbook);
    play.arg("--dispatch").arg(release.join("guestbook")).arg("--image").arg(image);
    if let Some(pebble) = pebble {
        play.arg("--pebble").arg(pebble);
    }
    run(play.args(["--format", format]))
}

/// The Pebble that the demo's containers run: the real one, or else the simulator's own, so that a machine without Go
/// plays the demo too. `None` if `CHARMWRIGHT_PEBBLE` names one, which `cargo charm play` reads by itself.
fn demo_pebble() -> Option<OsString> {
    if std::env::var_os("CHARMWRIGHT_PEBBLE").is_some() {
        return None;
    }
    match setup::run() {
        Ok(pebble) => Some(pebble.into_os_string()),
        Err(error) => {
            eprintln!("xtask: the demo goes on with a simulated Pebble, for there is no real one: {error:#}");
            Some("simulated".into())
        }
    }
}

/// The charm, its workload and the command line, as they are shipped.
fn build_release() -> anyhow::Result<PathBuf> {
    run(cargo(&["build", "--release", "-p", "guestbook", "-p", "guestbook-server", "-p", "cargo-charm"]))?;
    Ok(target().join("release"))
}

fn test() -> anyhow::Result<()> {
    setup::all()?;
    build_release()?;
    // The helper program is built first: tests of other crates run it, and cargo builds programs for their own only.
    run(cargo(&["build", "--workspace", "--bins", ALL]))?;
    // All of them, so that one run tells everything that fails.
    run(cargo(&["test", "--workspace", "--no-fail-fast", ALL]))
}

fn ci() -> anyhow::Result<()> {
    run(cargo(&["fmt", "--all", "--check"]))?;
    run(cargo(&["clippy", "--workspace", "--all-targets", ALL, "--", "-D", "warnings"]))?;
    // And as most charms are built, with none.
    run(cargo(&["clippy", "-p", "charmwright-hookcmds", "-p", "charmwright", "--", "-D", "warnings"]))?;
    run(cargo(&["doc", "--workspace", "--no-deps", ALL]).env("RUSTDOCFLAGS", "-D warnings"))?;
    test()
}

fn book() -> anyhow::Result<()> {
    let told = "mdbook is not installed; `cargo install mdbook` gets it";
    run(Command::new("mdbook").args(["build", "docs"]).current_dir(root())).context(told)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).current_dir(root());
    cargo
}

fn run(command: impl std::borrow::BorrowMut<Command>) -> anyhow::Result<()> {
    let mut command = command;
    let command = command.borrow_mut();
    let program =
        Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run {program}"))?;
    if !status.success() {
        let first = command.get_args().next().unwrap_or_default().to_string_lossy().into_owned();
        bail!("{program} {first} failed: {status}");
    }
    Ok(())
}

/// Runs a command without showing what it says. An error ends with the last line of that.
fn run_quietly(command: &mut Command) -> anyhow::Result<()> {
    let program =
        Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it gave no reason");
        bail!("{program} failed: {last}");
    }
    Ok(())
}

/// The project's folder.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
