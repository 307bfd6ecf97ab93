//! What CI checks beside format, lints and tests: the features, the dependencies and the compiler's version.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::Context;
use serde::Deserialize;

use crate::{cargo, root, run, setup};

/// What `rust-version` in the root Cargo.toml says: the version that CI runs with.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// What checks the dependencies against deny.toml. The set-up builds it where the `PATH` has none of that minor version.
const DENY_VERSION: &str = "0.20.2";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    features: BTreeMap<String, Vec<String>>,
}

/// Lints each package by itself without its features, and then with each of its features alone. What builds only because
/// another package of the workspace turns a feature of a dependency on fails here.
pub(crate) fn features() -> anyhow::Result<()> {
    let metadata: Metadata = serde_json::from_slice(&crate::metadata()?)?;
    for Package { name, features } in metadata.packages {
        let each = features.into_keys().filter(|feature| feature != "default").map(Some);
        for feature in std::iter::once(None).chain(each) {
            println!("{name} with {}", feature.as_deref().unwrap_or("no feature"));
            let mut clippy = cargo(&["clippy", "--quiet", "-p", &name, "--no-default-features"]);
            if let Some(feature) = &feature {
                clippy.args(["--features", feature]);
            }
            run(clippy.args(["--", "-D", "warnings"]))
                .with_context(|| format!("{name} with {}", feature.as_deref().unwrap_or("no feature")))?;
        }
    }
    Ok(())
}

/// Checks the dependencies against deny.toml.
pub(crate) fn dependencies() -> anyhow::Result<()> {
    let deny = deny()?;
    let mut check = Command::new(deny);
    // As cargo starts it: the program expects the name of its subcommand.
    run(check.current_dir(root()).args(["deny", "check", "bans", "licenses", "sources"]))
        .context("the dependencies are not as deny.toml says")
}

/// The cargo-deny on the `PATH` if it fits, or else one of our own, which is built once.
fn deny() -> anyhow::Result<PathBuf> {
    let found = Command::new("cargo-deny").arg("--version").output();
    if found.is_ok_and(|output| fits(&String::from_utf8_lossy(&output.stdout))) {
        return Ok("cargo-deny".into());
    }
    let folder = setup::tools().join(format!("cargo-deny-{DENY_VERSION}"));
    let built = folder.join("bin/cargo-deny");
    if !built.is_file() {
        println!("building cargo-deny {DENY_VERSION}; this takes some minutes, once");
        let started = Instant::now();
        // Without what fetches advisories, and not optimized: it runs for a second.
        let mut install = cargo(&["install", "cargo-deny", "--locked", "--quiet", "--debug"]);
        install.args(["--no-default-features", "--version", DENY_VERSION, "--root"]).arg(&folder);
        run(&mut install)
            .context("cargo-deny could not be built; it needs the package registry the first time")?;
        println!("cargo-deny took {} s to build", started.elapsed().as_secs());
    }
    Ok(built)
}

/// Whether a cargo-deny that says this is of the minor version of ours.
fn fits(said: &str) -> bool {
    let minor = |version: &str| version.rsplit_once('.').map(|(minor, _)| minor.to_owned());
    let version = said.trim().strip_prefix("cargo-deny ").and_then(minor);
    version.is_some() && version == minor(DENY_VERSION)
}

/// Builds everything with the Rust that `rust-version` names, if it is another one that runs here.
pub(crate) fn rust_version() -> anyhow::Result<()> {
    let output =
        Command::new("rustc").arg("--version").current_dir(root()).output().context("cannot run rustc")?;
    let said = String::from_utf8_lossy(&output.stdout);
    if is_rust_version(&said) {
        println!("rust-version {RUST_VERSION} is what runs here: {}", said.trim());
        return Ok(());
    }
    println!("rust-version is {RUST_VERSION}, and here runs {}", said.trim());
    let toolchain = format!("{RUST_VERSION}.0");
    let mut check = Command::new("rustup");
    check.args(["run", &toolchain, "cargo", "check", "--workspace", "--all-targets", crate::ALL]);
    check.current_dir(root()).env_remove("CARGO").env_remove("RUSTC");
    check.env("CARGO_TARGET_DIR", crate::target().join(format!("rust-{toolchain}")));
    run(&mut check).with_context(|| {
        format!("the project does not build with its rust-version; `rustup toolchain install {toolchain}` gets that Rust")
    })
}

fn is_rust_version(said: &str) -> bool {
    let version = said.strip_prefix("rustc ").unwrap_or_default();
    version.strip_prefix(RUST_VERSION).is_some_and(|patch| patch.starts_with('.'))
        && !version.contains("-nightly")
        && !version.contains("-beta")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cargo_deny_of_the_same_minor_version_fits() {
        assert!(fits("cargo-deny 0.20.9\n"));
        assert!(!fits("cargo-deny 0.2.20\n"));
        assert!(!fits("cargo-deny 0.19.0\n"));
        assert!(!fits(""));
    }

    #[test]
    fn only_the_rust_of_rust_version_is_taken_for_it() {
        assert!(is_rust_version(&format!("rustc {RUST_VERSION}.1 (abc 2026-01-01)\n")));
        assert!(!is_rust_version(&format!("rustc {RUST_VERSION}.0-nightly (abc 2026-01-01)\n")));
        assert!(!is_rust_version(&format!("rustc {RUST_VERSION}0.0 (abc 2026-01-01)\n")));
        assert!(!is_rust_version("rustc 1.2.0 (abc 2015-01-01)\n"));
    }

    /// Each `Rust 1.x` of a text.
    fn named(text: &str) -> Vec<&str> {
        let digits = |rest: &str| rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        text.split("Rust ")
            .skip(1)
            .map(|rest| rest[..digits(rest)].trim_end_matches('.'))
            .filter(|version| version.starts_with("1."))
            .collect()
    }

    #[test]
    fn every_page_that_says_which_rust_is_needed_says_rust_version() {
        let page = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
        assert_eq!(named(&page("README.md")), [RUST_VERSION]);
        for name in ["CONTRIBUTING.md", "docs/src/tutorial.md", "docs/architecture.md", "fuzz/README.md"] {
            assert!(named(&page(name)).iter().all(|&version| version == RUST_VERSION), "{name}");
        }
    }
}
