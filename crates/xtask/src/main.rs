//! What the project does with itself. `cargo xtask` lists it.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks to people; what is not its result goes to standard error"
)]

mod bench;
mod checks;
mod needs;
mod ops;
mod setup;
mod testing;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

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
    /// Run all tests, but for those that need Go or Python where that is missing; it counts them.
    Test,
    /// Run one test program, without the tests that need what is missing; `test` has cargo do so.
    #[command(hide = true)]
    RunTest {
        program: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
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
        Task::RunTest { program, arguments } => match testing::one(&program, &arguments) {
            Ok(code) => return ExitCode::from(code),
            Err(error) => Err(error),
        },
        Task::Setup => setup::all(),
        Task::Demo { format } => demo(&format),
        Task::Bench { what: Measure::Hook { runs } } => bench::hook(runs),
        Task::Bench { what: Measure::Agent } => {
            run(cargo(&["run", "--release", "--quiet", "-p", "bench-agent"]))
        }
        Task::Bench { what: Measure::Pebble { runs } } => bench::pebble::run(runs),
        Task::Test => testing::all(in_ci()),
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
    if std::env::var_os("CHARMWRIGHT_PEBBLE").is_some_and(|value| !value.is_empty()) {
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

/// Whether `CI` says that nobody watches, as CI systems do.
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}

/// Each part with the time that it took, so that what makes CI slow is seen. The tests are last.
fn ci() -> anyhow::Result<()> {
    timed("the Rust of rust-version", checks::rust_version)?;
    timed("the format", || run(cargo(&["fmt", "--all", "--check"])))?;
    timed("the dependencies", checks::dependencies)?;
    timed("lints", || run(cargo(&["clippy", "--workspace", "--all-targets", ALL, "--", "-D", "warnings"])))?;
    timed("lints, each feature alone", checks::features)?;
    timed("documentation", || {
        run(cargo(&["doc", "--workspace", "--no-deps", ALL]).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    timed("tests", || testing::all(true))
}

fn timed(part: &str, does: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let started = Instant::now();
    does()?;
    println!("xtask: {part}: {} s", started.elapsed().as_secs());
    Ok(())
}

fn book() -> anyhow::Result<()> {
    let told = "mdbook is not installed; `cargo install mdbook` gets it";
    run(Command::new("mdbook").args(["build", "docs"]).current_dir(root())).context(told)
}

/// What cargo knows of the workspace, as JSON.
fn metadata() -> anyhow::Result<Vec<u8>> {
    let output = cargo(&["metadata", "--no-deps", "--format-version", "1"]).output();
    let output = output.context("cannot run cargo")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
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
