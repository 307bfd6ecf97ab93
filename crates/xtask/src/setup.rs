//! What the project needs beyond Cargo: a real Pebble, built from its Go module.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::root;

/// The version that peers/pebble/go.mod pins; it is part of the file's name.
const PEBBLE_VERSION: &str = "1.26.0";
/// The Go that it needs.
const GO_AT_LEAST: (u32, u32) = (1, 24);

/// Gets what is missing. Returns the daemon.
pub(crate) fn run() -> anyhow::Result<PathBuf> {
    let pebble = root().join("target/tools").join(format!("pebble-{PEBBLE_VERSION}"));
    if pebble.is_file() {
        return Ok(pebble);
    }
    check_go()?;
    println!("building Pebble {PEBBLE_VERSION} from peers/pebble; this takes half a minute, once");
    // Go writes the file when it is whole, so an interrupted build leaves none.
    let mut build = Command::new("go");
    build.current_dir(root().join("peers/pebble")).env("CGO_ENABLED", "0");
    build.arg("build").arg("-o").arg(&pebble).arg("github.com/canonical/pebble/cmd/pebble");
    crate::run(build)
        .context("the Pebble daemon could not be built; Go needs its module proxy the first time")?;
    Ok(pebble)
}

fn check_go() -> anyhow::Result<()> {
    let told = format!(
        "Go {}.{} or later is needed, once, to build the real Pebble that containers run; get it from https://go.dev/dl",
        GO_AT_LEAST.0, GO_AT_LEAST.1
    );
    let output = Command::new("go").args(["env", "GOVERSION"]).output().with_context(|| told.clone())?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = version.trim_start_matches("go").split('.').map(|number| number.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= GO_AT_LEAST => Ok(()),
        _ => bail!("the Go here is {version}: {told}"),
    }
}
