//! Runs the tests, without those that need what is not here, and counts them.
//!
//! Cargo runs each test program through `cargo xtask run-test`, which knows what the package declares.
//! Tests that need nothing run with `CHARMWRIGHT_WITHOUT=go,python`, on every machine, so a test that asks for a real
//! program without having declared it fails at once, and not only where the program is missing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, bail};

use crate::needs::{Need, Needs, Workspace};
use crate::{cargo, run, setup};

/// Names the folder of one run of all tests, for those that run its programs.
const FOLDER: &str = "CHARMWRIGHT_TEST_RUN";
/// Tells a test what it must not use, with commas between; `charmwright_peers` reads it.
const WITHOUT: &str = "CHARMWRIGHT_WITHOUT";

const DECLARED: &str = "needs.json";
const MISSING: &str = "missing.json";
/// A line for each test that was left out: what it misses, with commas between.
const LEFT_OUT: &str = "left-out";

/// Runs all tests that can run here. In CI all must.
pub(crate) fn all(in_ci: bool) -> anyhow::Result<()> {
    // Cargo may put a new file in the place of this program while it builds; this is the path, and stays.
    let own = std::env::current_exe().context("cannot find this program itself")?;
    let missing = setup::missing();
    let folder = tempfile::Builder::new().prefix("tests").tempdir().context("no temporary folder")?;
    let write = |name: &str, text: Vec<u8>| {
        fs::write(folder.path().join(name), text).with_context(|| format!("cannot write {name}"))
    };
    write(DECLARED, serde_json::to_vec(&Workspace::parse(&crate::metadata()?)?)?)?;
    write(MISSING, serde_json::to_vec(&missing.keys().collect::<Vec<_>>())?)?;
    write(LEFT_OUT, Vec::new())?;
    crate::build_release()?;
    // The helper programs are built first: tests of other crates run them, and cargo builds programs for their own only.
    run(cargo(&["build", "--workspace", "--bins", crate::ALL]))?;
    let runner = serde_json::to_string(&[own.to_string_lossy().as_ref(), "run-test"])?;
    // All of them, so that one run tells everything that fails.
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast", crate::ALL]);
    tests.arg("--config").arg(format!("target.'cfg(unix)'.runner={runner}")).env(FOLDER, folder.path());
    let passed = run(&mut tests);
    let lines = fs::read_to_string(folder.path().join(LEFT_OUT)).context("cannot read what was left out")?;
    println!("{}", told(&lines, &missing));
    passed?;
    if in_ci && !lines.is_empty() {
        bail!("in CI no test may be left out");
    }
    Ok(())
}

/// What was left out, and why.
fn told(lines: &str, missing: &BTreeMap<Need, String>) -> String {
    if lines.is_empty() {
        return "left out: no test".to_owned();
    }
    let mut counted: BTreeMap<Vec<Need>, usize> = BTreeMap::new();
    for line in lines.lines() {
        let lacks = Need::ALL.into_iter().filter(|need| line.split(',').any(|one| one == need.key()));
        *counted.entry(lacks.collect()).or_default() += 1;
    }
    let parts: Vec<_> = counted
        .iter()
        .map(|(lacks, count)| {
            let lacks: Vec<_> = lacks.iter().map(|need| need.described()).collect();
            let tests = if *count == 1 { "test that needs" } else { "tests that need" };
            format!("{count} {tests} {}", lacks.join(" and "))
        })
        .collect();
    let why: Vec<_> = missing.values().map(String::as_str).collect();
    format!("left out: {}: {}; install what is missing to run them", parts.join(", "), why.join("; "))
}

/// Runs one test program, as cargo would, in as many parts as its tests have different needs. Returns its exit code.
pub(crate) fn one(program: &Path, arguments: &[OsString]) -> anyhow::Result<u8> {
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    let folder = folder.context("`run-test` is for `cargo xtask test`, which says what is missing")?;
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let workspace = Workspace::read(&folder.join(DECLARED))?;
    let target = target(program);
    let Some(target) = target.filter(|target| workspace.declares(&package, target)) else {
        return Ok(code(start(program, arguments, &Needs::new())?));
    };
    let missing: Vec<Need> = serde_json::from_slice(&fs::read(folder.join(MISSING))?)?;
    let tests = names(program, &["--list", "--format", "terse"])?;
    let ignored = names(program, &["--list", "--format", "terse", "--ignored"])?;
    let mut ended = 0;
    for (needs, of_group) in workspace.groups(&package, &target, &tests)? {
        let lacks: Vec<_> =
            needs.iter().filter(|need| missing.contains(need)).map(|need| need.key()).collect();
        if !lacks.is_empty() {
            let count = of_group.iter().filter(|test| !ignored.contains(test)).count();
            note(&folder, &format!("{}\n", lacks.join(",")).repeat(count))?;
            continue;
        }
        let mut selected = arguments.to_vec();
        if of_group.len() < tests.len() {
            selected.push("--exact".into());
            for other in tests.iter().filter(|test| !of_group.contains(test)) {
                selected.extend(["--skip".into(), other.into()]);
            }
        }
        let status = code(start(program, &selected, &needs)?);
        ended = if ended == 0 { status } else { ended };
    }
    Ok(ended)
}

fn start(program: &Path, arguments: &[OsString], needs: &Needs) -> anyhow::Result<ExitStatus> {
    let without: Vec<_> = Need::ALL.into_iter().filter(|need| !needs.contains(need)).map(Need::key).collect();
    let mut command = Command::new(program);
    command.args(arguments).env(WITHOUT, without.join(","));
    command.status().with_context(|| format!("cannot run {}", program.display()))
}

/// The exit code; that of a program which a signal ended is as good as any other failure's.
fn code(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// One writer at a time would not be enough to rely on; a single append of whole lines is.
fn note(folder: &Path, lines: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().append(true).open(folder.join(LEFT_OUT));
    file.and_then(|mut file| file.write_all(lines.as_bytes())).context("cannot note what is left out")
}

/// The target that a program was built from, as its file is named: `deps/life-0123456789abcdef`.
fn target(program: &Path) -> Option<String> {
    let (name, hash) = program.file_name()?.to_str()?.rsplit_once('-')?;
    let of_a_target =
        program.parent()?.ends_with("deps") && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    of_a_target.then(|| name.to_owned())
}

/// The names of a program's tests.
fn names(program: &Path, arguments: &[&str]) -> anyhow::Result<Vec<String>> {
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        bail!("{} does not list its tests: {}", program.display(), String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout).context("the names of tests are no text")?;
    Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_counted_by_what_it_misses() {
        let missing = [(Need::Go, "no go: get it there".to_owned()), (Need::Python, "no python".to_owned())];
        assert_eq!(
            told("go\ngo\ngo,python\npython\n", &missing.into()),
            "left out: 2 tests that need Go (real Pebble, Juju's own code), 1 test that needs Go (real Pebble, \
             Juju's own code) and Python (ops), 1 test that needs Python (ops): no go: get it there; no python; \
             install what is missing to run them"
        );
    }

    #[test]
    fn nothing_left_out_is_said_too() {
        assert_eq!(told("", &BTreeMap::new()), "left out: no test");
    }

    #[test]
    fn a_test_program_is_told_from_other_programs() {
        let of = |path: &str| target(Path::new(path));
        assert_eq!(of("/t/debug/deps/real_pebble-0123abcd"), Some("real_pebble".to_owned()));
        assert_eq!(of("/tmp/rustdoctestXY/rust_out"), None);
        assert_eq!(of("/t/debug/real_pebble-0123abcd"), None);
    }
}
