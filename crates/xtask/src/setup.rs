//! What the project needs beyond Cargo: real programs to test against, built from their Go modules.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::root;

/// The version that peers/pebble/go.mod pins; it is part of the file's name.
const PEBBLE_VERSION: &str = "1.26.0";
/// The version that peers/juju/build.sh pins; it is part of the folder's name.
const JUJU_VERSION: &str = "3.6.11";
/// The Go that they need.
const GO_AT_LEAST: (u32, u32) = (1, 24);

/// Gets all that is missing, and says where it is.
pub(crate) fn all() -> anyhow::Result<()> {
    println!("Pebble is {}", run()?.display());
    println!("Juju's runner, its unit worker and its client are in {}", juju()?.display());
    println!("A Python that has ops is in {}", crate::ops::run()?.display());
    Ok(())
}

/// Gets Pebble if it is missing. Returns the daemon.
pub(crate) fn run() -> anyhow::Result<PathBuf> {
    let pebble = tools().join(format!("pebble-{PEBBLE_VERSION}"));
    if pebble.is_file() {
        return Ok(pebble);
    }
    check_go("build the real Pebble that containers run")?;
    println!("building Pebble {PEBBLE_VERSION} from peers/pebble; this takes half a minute, once");
    // Go writes the file when it is whole, so an interrupted build leaves none.
    let mut build = Command::new("go");
    build.current_dir(root().join("peers/pebble")).env("CGO_ENABLED", "0");
    build.arg("build").arg("-o").arg(&pebble).arg("github.com/canonical/pebble/cmd/pebble");
    crate::run(build)
        .context("the Pebble daemon could not be built; Go needs its module proxy the first time")?;
    Ok(pebble)
}

/// The programs that peers/juju/build.sh builds.
const JUJU_PROGRAMS: [&str; 3] = ["jujupeer", "jujulive", "jujuc"];

/// Builds `jujupeer`, `jujulive` and Juju's own `jujuc`, once. Returns their folder.
pub(crate) fn juju() -> anyhow::Result<PathBuf> {
    let built = tools().join(format!("juju-{JUJU_VERSION}"));
    // A folder of an earlier version of this project has fewer programs in it.
    if JUJU_PROGRAMS.iter().all(|program| built.join(program).is_file()) {
        return Ok(built);
    }
    check_go("build the parts of the real Juju that charms are tested under")?;
    println!("building parts of Juju {JUJU_VERSION} from peers/juju; this takes two to four minutes, once");
    let work = tools().join(format!("juju-{JUJU_VERSION}-build"));
    let mut script = Command::new("sh");
    script.arg(root().join("peers/juju/build.sh")).arg(&work);
    crate::run(script)
        .context("jujupeer and jujulive could not be built; Go needs its module proxy the first time")?;
    if built.is_dir() {
        fs::remove_dir_all(&built).with_context(|| format!("{} cannot be removed", built.display()))?;
    }
    // The folder appears under its name with all programs in it, or not at all.
    fs::rename(work.join("bin"), &built).context("the programs of Juju cannot be put into target/tools")?;
    fs::remove_dir_all(&work).with_context(|| format!("{} cannot be removed", work.display()))?;
    Ok(built)
}

pub(crate) fn tools() -> PathBuf {
    root().join("target/tools")
}

fn check_go(what_for: &str) -> anyhow::Result<()> {
    let told = format!(
        "Go {}.{} or later is needed, once, to {what_for}; get it from https://go.dev/dl",
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
