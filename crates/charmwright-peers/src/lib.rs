//! The real programs that tests compare with: Pebble daemons, parts of Juju, and the `ops` framework.
//!
//! `cargo xtask setup` puts them into `target/tools`; it needs Go and Python for that.
//! A test that asks for one says so in `[package.metadata.needs]` of its package's Cargo.toml, by its target, or by its
//! target and the beginning of its name. With `!` in front, an entry takes back what another one says:
//!
//! ```toml
//! [package.metadata.needs]
//! go = ["juju", "!juju::coverage::", "socket::jujus_agent::"]
//! python = ["juju::ops::"]
//! ```
//!
//! `cargo xtask test` leaves such tests out where Go or Python is missing, and counts them.
//! It runs all other tests with [`WITHOUT`] set, so a test that needs a program and does not say so fails on every machine.
//!
//! Each function panics if the program is not there: a test that would pass without it would prove nothing.
#![expect(clippy::panic, reason = "only tests link this, and a panic is how a test fails")]

use std::path::{Path, PathBuf};

/// The variable that names what tests must not use, with commas between: `go`, `python`.
pub const WITHOUT: &str = "CHARMWRIGHT_WITHOUT";

/// The Pebble of Juju 3.6.13 and later, which tests run if they are not about versions.
pub const PEBBLE: &str = "1.26.0";

/// Which of Juju is built; it is part of the folder's name.
const JUJU: &str = "3.6.11";

/// What a program is built with, or runs on.
#[derive(Clone, Copy, Debug)]
enum Need {
    Go,
    Python,
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Python => "python",
        }
    }
}

/// The Pebble daemon that tests run: the one that `CHARMWRIGHT_PEBBLE` names, or else [`PEBBLE`].
///
/// # Panics
///
/// If it is not there, or if the test does not say that it needs Go.
pub fn pebble() -> PathBuf {
    found(named("CHARMWRIGHT_PEBBLE").unwrap_or_else(|| built(PEBBLE)), Need::Go)
}

/// The Pebble daemon of a version, such as `1.19.2`.
///
/// # Panics
///
/// If it is not there, or if the test does not say that it needs Go.
pub fn pebble_of(version: &str) -> PathBuf {
    found(built(version), Need::Go)
}

/// A program of Juju 3.6.11: `jujupeer`, `jujulive` or `jujuc`. `CHARMWRIGHT_JUJUPEER`, `CHARMWRIGHT_JUJULIVE` and
/// `CHARMWRIGHT_JUJUC` name others.
///
/// # Panics
///
/// If it is not there, or if the test does not say that it needs Go.
pub fn juju(program: &str) -> PathBuf {
    let variable = format!("CHARMWRIGHT_{}", program.to_uppercase());
    found(named(&variable).unwrap_or_else(|| tools().join(format!("juju-{JUJU}/{program}"))), Need::Go)
}

/// The Python that has the version of `ops` which peers/ops/requirements.txt pins.
///
/// # Panics
///
/// If it is not there, or if the test does not say that it needs Python.
pub fn python() -> PathBuf {
    python_with("ops", "requirements.txt")
}

/// The Python that has what other charms read databags with, in the version that peers/ops/readers.txt pins.
///
/// # Panics
///
/// If it is not there, or if the test does not say that it needs Python.
pub fn python_of_readers() -> PathBuf {
    python_with("cosl", "readers.txt")
}

/// The path is not resolved: a Python knows by it which packages it has.
fn python_with(package: &str, requirements: &str) -> PathBuf {
    let file = root().join("peers/ops").join(requirements);
    let pinned = std::fs::read_to_string(&file).unwrap_or_default();
    let pin = format!("{package}==");
    let version = pinned.lines().find_map(|line| line.strip_prefix(&pin)?.split_whitespace().next());
    let Some(version) = version else { panic!("{} pins no version of {package}", file.display()) };
    found(tools().join(format!("{package}-{version}/bin/python3")), Need::Python)
}

fn built(version: &str) -> PathBuf {
    tools().join(format!("pebble-{version}"))
}

fn tools() -> PathBuf {
    root().join("target/tools")
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn found(program: PathBuf, need: Need) -> PathBuf {
    let without = std::env::var(WITHOUT).unwrap_or_default();
    match refused(&program, need, &without) {
        Some(why) => panic!("{why}"),
        None => std::path::absolute(&program).unwrap_or(program),
    }
}

/// Why a test may not have a program.
fn refused(program: &Path, need: Need, without: &str) -> Option<String> {
    let (name, shown) = (need.name(), program.display());
    if without.split(',').any(|one| one == name) {
        return Some(format!(
            "the test uses {shown} and does not say that it needs {name}: add it to [package.metadata.needs] of its \
             package's Cargo.toml"
        ));
    }
    (!program.is_file()).then(|| format!("there is no {shown}: `cargo xtask setup` gets it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_told_with_what_gets_it() {
        let why = refused(Path::new("/nowhere/pebble"), Need::Go, "").unwrap();
        assert_eq!(why, "there is no /nowhere/pebble: `cargo xtask setup` gets it");
    }

    #[test]
    fn a_test_that_does_not_say_what_it_needs_gets_no_program_though_it_is_there() {
        let program = std::env::current_exe().unwrap();
        assert_eq!(refused(&program, Need::Go, ""), None);
        assert_eq!(refused(&program, Need::Go, "python"), None);
        assert!(refused(&program, Need::Go, "go,python").unwrap().contains("does not say that it needs go"));
        assert!(refused(&program, Need::Python, "go,python").unwrap().contains("it needs python"));
    }

    /// The files of a folder and of those in it.
    fn files(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, into) } else { into.push(path) }
        }
    }

    #[test]
    fn no_test_looks_for_the_programs_by_itself() {
        let mut all = Vec::new();
        for folder in ["crates", "examples", "benches"] {
            files(&root().join(folder), &mut all);
        }
        let own = [root().join("crates/charmwright-peers"), root().join("crates/xtask")];
        let by_itself: Vec<_> = all
            .into_iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .filter(|path| !own.iter().any(|own| path.starts_with(own)))
            .filter(|path| std::fs::read_to_string(path).unwrap().contains("target/tools"))
            .collect();
        assert!(by_itself.is_empty(), "these should ask charmwright_peers instead: {by_itself:#?}");
    }
}
