//! The `ops` framework, and what other charms read our databags with, from the package index, unmodified, each in a
//! virtual environment of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::{root, setup};

/// The version that peers/ops/requirements.txt pins; it is part of the folder's name.
const OPS_VERSION: &str = "3.9.0";
/// The version that peers/ops/readers.txt pins; it is part of the folder's name.
const COSL_VERSION: &str = "1.11.3";
/// The Python that they need.
const PYTHON_AT_LEAST: (u32, u32) = (3, 10);

/// Gets `ops` if it is missing. Returns the folder of the python3 that has it.
pub(crate) fn run() -> anyhow::Result<PathBuf> {
    environment("ops", OPS_VERSION, "requirements.txt")
}

/// Gets what other charms read our databags with, if it is missing. Returns the folder of the python3 that has it.
pub(crate) fn readers() -> anyhow::Result<PathBuf> {
    environment("cosl", COSL_VERSION, "readers.txt")
}

fn environment(package: &str, version: &str, requirements: &str) -> anyhow::Result<PathBuf> {
    let environment = setup::tools().join(format!("{package}-{version}"));
    let programs = environment.join("bin");
    if programs.join("python3").exists() {
        return Ok(programs);
    }
    check_python()?;
    eprintln!("getting {package} {version} from the package index; this takes some seconds, once");
    let work = setup::tools().join(format!("{package}-{version}-build"));
    fs::create_dir_all(setup::tools()).context("target/tools cannot be made")?;
    // `--clear` does away with what an interrupted set-up left.
    let mut make = Command::new("python3");
    crate::run(make.args(["-m", "venv", "--clear"]).arg(&work))
        .context("python3 cannot make a virtual environment; Debian and Ubuntu have that in python3-venv")?;
    let mut install = Command::new(work.join("bin/python3"));
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
    ]);
    install.arg("--require-hashes").arg("-r").arg(root().join("peers/ops").join(requirements));
    crate::run(install).with_context(|| format!("{package} could not be installed; pip needs the package index, and a Python that peers/ops/{requirements} has wheels for"))?;
    // Python finds its packages beside itself, so the folder may move; its own pip script may not, and nobody runs it.
    if environment.exists() {
        fs::remove_dir_all(&environment)
            .with_context(|| format!("a {package} whose Python is gone cannot be removed"))?;
    }
    fs::rename(&work, &environment).with_context(|| format!("{package} cannot be put into target/tools"))?;
    Ok(programs)
}

fn check_python() -> anyhow::Result<()> {
    let told = format!(
        "Python {}.{} or later is needed to run charms written with ops, which our agent and our speed are compared with; get it from https://www.python.org",
        PYTHON_AT_LEAST.0, PYTHON_AT_LEAST.1
    );
    let ask = "import sys; print(*sys.version_info[:2])";
    let output = Command::new("python3").args(["-c", ask]).output().with_context(|| told.clone())?;
    let version = String::from_utf8_lossy(&output.stdout).trim().replace(' ', ".");
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= PYTHON_AT_LEAST => Ok(()),
        _ => bail!("the Python here is {version}: {told}"),
    }
}
