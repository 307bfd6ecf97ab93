//! The simulated agent beside Juju 3.6.11's own code: the same charm, the same scripts, the same results.
//!
//! `corpus/` holds the cases, `normal.rs` the exceptions to "byte for byte".
//! `CORPUS_CASE` runs only the cases whose name holds it.
//! `CORPUS_SHOW` names a folder for what Juju did.
//! `CORPUS_JUJU_TWICE` runs Juju on both sides, which shows what Juju leaves to chance.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod corpus;
mod coverage;
mod diff;
mod normal;
mod peer;
mod record;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, thread};

use serde_json::json;

use crate::corpus::Case;
use crate::normal::Normal;
use crate::peer::{Peer, Side};

/// What surrounds the agents; Juju passes on the path and the second of these.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("KUBERNETES_SERVICE_HOST", "10.152.183.1"),
    ("KUBERNETES_ANOTHER", "stays outside"),
    ("HOME", "/nonexistent"),
    ("http_proxy", "http://stays.outside"),
];

/// What each step of each case did on one side; see [`Case::titles`].
type Played = Vec<Vec<Vec<String>>>;

/// Runs a file of the corpus on both sides.
fn compare(name: &str) {
    compare_with(name, Side::Simulated);
}

/// Runs a file of the corpus on Juju's side and on another.
fn compare_with(name: &str, simulated: Side) {
    let mut cases = corpus::read(name);
    if let Ok(only) = env::var("CORPUS_CASE") {
        cases.retain(|case| case.name.contains(&only));
    }
    let other = if env::var_os("CORPUS_JUJU_TWICE").is_some() { Side::Juju } else { simulated };
    let folder = tempfile::Builder::new().prefix("cw-").tempdir().unwrap();
    let (wanted, got) = thread::scope(|scope| {
        let cases = &cases;
        let (one, two) = (folder.path().join("1"), folder.path().join("2"));
        let wanted = scope.spawn(move || play(Side::Juju, cases, &one));
        let got = scope.spawn(move || play(other, cases, &two));
        (wanted.join(), got.join())
    });
    let wanted = wanted.unwrap_or_else(|cause| std::panic::resume_unwind(cause));
    show(name, &cases, &wanted);
    let got = got.unwrap_or_else(|cause| std::panic::resume_unwind(cause));
    let mut told = String::new();
    for ((case, wanted), got) in cases.iter().zip(&wanted).zip(&got) {
        for (number, ((title, wanted), got)) in case.titles().zip(wanted).zip(got).enumerate() {
            if let Some(difference) = diff::diff(wanted, got) {
                let _ = write!(told, "  {name} / {} / {number}. {title}\n{difference}", case.name);
            }
        }
    }
    assert!(told.is_empty(), "Juju's (-) and ours (+) differ:\n{told}");
}

/// Plays all cases on one side, in one process.
fn play(side: Side, cases: &[Case], root: &Path) -> Played {
    fs::create_dir(root).unwrap();
    let mut peer = Peer::start(side, root, &ENVIRONMENT);
    cases.iter().map(|case| play_case(&mut peer, case, root)).collect()
}

fn play_case(peer: &mut Peer, case: &Case, root: &Path) -> Vec<Vec<String>> {
    case.lay_out(root);
    let mut normal = Normal::new(root, case.text());
    let set = peer.ask(&case.model(root));
    let mut steps = vec![record::record(root, &set, &mut normal)];
    if set["ok"] != true {
        assert!(case.steps.is_empty(), "{}: {set}", case.name);
        return steps;
    }
    for step in &case.steps {
        let answer = peer.ask(&step.request(root));
        steps.push(record::record(root, &answer, &mut normal));
    }
    let _ = fs::remove_dir_all(root.join("charm/calls"));
    let model = peer.ask(&json!({"op": "get"}));
    steps.push(record::record(root, &model, &mut normal));
    steps
}

/// Writes what Juju did into a file, for whoever writes cases.
fn show(name: &str, cases: &[Case], played: &Played) {
    let Some(folder) = env::var_os("CORPUS_SHOW") else { return };
    let mut text = String::new();
    for (case, steps) in cases.iter().zip(played) {
        let _ = writeln!(text, "=== {}", case.name);
        for (title, lines) in case.titles().zip(steps) {
            let _ = writeln!(text, "--- {title}\n{}", lines.join("\n"));
        }
    }
    fs::write(Path::new(&folder).join(name), text).unwrap();
}

#[test]
fn jujus_own_client_gets_the_same_from_our_agents_socket() {
    for name in ["flags", "relation_writes", "state", "stray_bytes"] {
        compare_with(name, Side::SimulatedForJujusClient);
    }
}

macro_rules! corpus {
    ($($(#[$attribute:meta])* $name:ident)*) => {
        /// The files of the corpus.
        const FILES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            $(#[$attribute])*
            fn $name() {
                compare(stringify!($name));
            }
        )*
    };
}

corpus! {
    relation_reads
    relation_writes
    config_and_unit
    status
    ports
    network
    storage
    state
    log
    hooks
    endings
    actions
    exec
    legacy
    flags
    secrets_own
    secrets_access
    commits
    models
    stray_bytes
}
