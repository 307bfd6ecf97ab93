//! What the project needs beyond Cargo: real programs to test against, built from their Go modules.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::needs::Need;
use crate::root;

/// A version of Pebble that a folder of peers/pebble pins.
struct Pebble {
    version: &'static str,
    /// The Go that it needs; a newer one than is here gets itself, if `GOTOOLCHAIN` lets it.
    go: (u32, u32),
}

/// The one that Juju 3.6 ships: what containers run.
const PEBBLE: Pebble = Pebble { version: "1.26.0", go: (1, 24) };
/// Those that the client is tested with beside it: the oldest that the project is written for, the one that Juju 3.6.4
/// to 3.6.12 had, and the newest.
const OTHER_PEBBLES: [Pebble; 3] = [
    Pebble { version: "1.16.0", go: (1, 22) },
    Pebble { version: "1.19.2", go: (1, 22) },
    Pebble { version: "1.32.1", go: (1, 26) },
];
/// The version that peers/juju/build.sh pins; it is part of the folder's name.
const JUJU_VERSION: &str = "3.6.11";
/// The Go that it needs.
const JUJU_GO: (u32, u32) = (1, 24);
/// From this one on Go gets the version that a module asks for by itself.
const GO_GETS_ITSELF: (u32, u32) = (1, 21);

/// Gets all that is missing, and says where it is.
pub(crate) fn all() -> anyhow::Result<()> {
    let missing: Vec<_> = missing().into_values().collect();
    if !missing.is_empty() {
        bail!("{}", missing.join("; "));
    }
    Ok(())
}

/// Gets all that is missing as far as it can, and says where it is. Returns what cannot be had, and why.
pub(crate) fn missing() -> BTreeMap<Need, String> {
    let tried = [(Need::Go, with_go()), (Need::Python, with_python())];
    tried.into_iter().filter_map(|(need, got)| Some((need, format!("{:#}", got.err()?)))).collect()
}

fn with_go() -> anyhow::Result<()> {
    println!("Pebble is {}", run()?.display());
    for pebble in &OTHER_PEBBLES {
        println!("Pebble {} is {}", pebble.version, build_pebble(pebble)?.display());
    }
    println!("Juju's runner, its unit worker and its client are in {}", juju()?.display());
    Ok(())
}

fn with_python() -> anyhow::Result<()> {
    println!("A Python that has ops is in {}", crate::ops::run()?.display());
    println!("A Python that has what other charms read with is in {}", crate::ops::readers()?.display());
    Ok(())
}

/// Gets the Pebble that containers run if it is missing. Returns the daemon.
pub(crate) fn run() -> anyhow::Result<PathBuf> {
    build_pebble(&PEBBLE)
}

fn build_pebble(pebble: &Pebble) -> anyhow::Result<PathBuf> {
    let Pebble { version, go } = *pebble;
    let daemon = tools().join(format!("pebble-{version}"));
    if daemon.is_file() {
        return Ok(daemon);
    }
    check_go(go, "build the real Pebble that containers and tests run")?;
    eprintln!("building Pebble {version} from peers/pebble/{version}; this takes half a minute, once");
    // Go writes the file when it is whole, so an interrupted build leaves none.
    let mut build = Command::new("go");
    build.current_dir(root().join("peers/pebble").join(version)).env("CGO_ENABLED", "0");
    build.arg("build").arg("-o").arg(&daemon).arg("github.com/canonical/pebble/cmd/pebble");
    crate::run_quietly(&mut build).with_context(|| {
        format!("Pebble {version} could not be built; Go needs its module proxy the first time")
    })?;
    Ok(daemon)
}

/// The programs that peers/juju/build.sh builds.
const JUJU_PROGRAMS: [&str; 3] = ["jujupeer", "jujulive", "jujuc"];

/// Beside the programs: what they were built from.
const JUJU_SOURCES: &str = "sources";

/// Builds `jujupeer`, `jujulive` and Juju's own `jujuc`, once and when their sources have changed. Returns their folder.
pub(crate) fn juju() -> anyhow::Result<PathBuf> {
    let built = tools().join(format!("juju-{JUJU_VERSION}"));
    let sources = juju_sources().context("the sources below peers/ cannot be read")?;
    let same = fs::read_to_string(built.join(JUJU_SOURCES)).is_ok_and(|of_built| of_built == sources);
    if same && JUJU_PROGRAMS.iter().all(|program| built.join(program).is_file()) {
        return Ok(built);
    }
    check_go(JUJU_GO, "build the parts of the real Juju that charms are tested under")?;
    eprintln!("building parts of Juju {JUJU_VERSION} from peers/juju; this takes two to four minutes, once");
    let work = tools().join(format!("juju-{JUJU_VERSION}-build"));
    let mut script = Command::new("sh");
    script.arg(root().join("peers/juju/build.sh")).arg(&work);
    crate::run(script)
        .context("jujupeer and jujulive could not be built; Go needs its module proxy the first time")?;
    fs::write(work.join("bin").join(JUJU_SOURCES), sources).context("target/tools cannot be written to")?;
    if built.is_dir() {
        fs::remove_dir_all(&built).with_context(|| format!("{} cannot be removed", built.display()))?;
    }
    // The folder appears under its name with all programs in it, or not at all.
    fs::rename(work.join("bin"), &built).context("the programs of Juju cannot be put into target/tools")?;
    fs::remove_dir_all(&work).with_context(|| format!("{} cannot be removed", work.display()))?;
    Ok(built)
}

/// All that the programs are built from, as one text.
fn juju_sources() -> std::io::Result<String> {
    let peers = root().join("peers");
    let mut files = vec![peers.join("juju/build.sh")];
    for folder in ["juju/shared", "juju/jujupeer", "juju-live/jujulive"] {
        for entry in fs::read_dir(peers.join(folder))? {
            files.push(entry?.path());
        }
    }
    files.sort();
    files.iter().map(fs::read_to_string).collect()
}

pub(crate) fn tools() -> PathBuf {
    root().join("target/tools")
}

fn check_go(at_least: (u32, u32), what_for: &str) -> anyhow::Result<()> {
    let told = format!(
        "Go {}.{} or later is needed, once, to {what_for}; get it from https://go.dev/dl",
        at_least.0, at_least.1
    );
    let ask = |variable| Command::new("go").args(["env", variable]).output().with_context(|| told.clone());
    let version = String::from_utf8_lossy(&ask("GOVERSION")?.stdout).trim().to_owned();
    let gets_itself = String::from_utf8_lossy(&ask("GOTOOLCHAIN")?.stdout).contains("auto");
    let mut numbers = version.trim_start_matches("go").split('.').map(|number| number.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= at_least => Ok(()),
        (Some(major), Some(minor)) if gets_itself && (major, minor) >= GO_GETS_ITSELF => Ok(()),
        _ => bail!("the Go here is {version}: {told}"),
    }
}
