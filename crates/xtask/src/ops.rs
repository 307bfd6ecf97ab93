//! The `ops` framework from the package index, unmodified, in a virtual environment of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::{root, setup};

/// The version that peers/ops/requirements.txt pins; it is part of the folder's name.
const OPS_VERSION: &str = "3.9.0";
/// The Python that it needs.
const PYTHON_AT_LEAST: (u32, u32) = (3, 10);

/// Gets `ops` if it is missing. Returns the folder of the python3 that has it.
pub(crate) fn run() -> anyhow::Result<PathBuf> {
    let environment = setup::tools().join(format!("ops-{OPS_VERSION}"));
    let programs = environment.join("bin");
    if programs.join("python3").exists() {
        return Ok(programs);
    }
    check_python()?;
    eprintln!("getting ops {OPS_VERSION} from the package index; this takes some seconds, once");
    let work = setup::tools().join(format!("ops-{OPS_VERSION}-build"));
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
    install.arg("--require-hashes").arg("-r").arg(root().join("peers/ops/requirements.txt"));
    crate::run(install).context("ops could not be installed; pip needs the package index, and a Python that peers/ops/requirements.txt has wheels for")?;
    // Python finds its packages beside itself, so the folder may move; its own pip script may not, and nobody runs it.
    if environment.exists() {
        fs::remove_dir_all(&environment).context("an ops whose Python is gone cannot be removed")?;
    }
    fs::rename(&work, &environment).context("ops cannot be put into target/tools")?;
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
