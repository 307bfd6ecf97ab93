//! A charm written with `ops`, unmodified, sees the same under the simulated agent as under Juju 3.6.11's own code.
//!
//! `peers/ops/probe` calls every public operation of `ops` that asks Juju for something and prints what came of it.
//! The `.yaml` files beside this one say in which model, and in which hooks and actions.
//! The driver, and the exceptions to "byte for byte", are those of `tests/juju`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../juju/diff.rs"]
mod diff;
#[path = "../juju/normal.rs"]
mod normal;
#[path = "../juju/peer.rs"]
mod peer;
#[path = "../juju/record.rs"]
mod record;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{fs, thread};

use serde_json::{Value, json};

use crate::normal::Normal;
use crate::peer::{Peer, Side};

/// What each request led to, and what the probe called.
#[derive(Clone)]
struct Played {
    steps: Vec<(String, Vec<String>)>,
    called: BTreeSet<String>,
}

/// What a scenario led to under Juju and under our agent.
type Both = (Played, Played);

static LEADER: OnceLock<Both> = OnceLock::new();
static FOLLOWER: OnceLock<Both> = OnceLock::new();

#[test]
fn a_leader_on_kubernetes_sees_what_it_sees_under_juju() {
    compare(LEADER.get_or_init(|| play_both("leader")));
}

#[test]
fn a_follower_on_a_machine_sees_what_it_sees_under_juju() {
    compare(FOLLOWER.get_or_init(|| play_both("follower")));
}

#[test]
fn every_public_operation_of_ops_is_called() {
    let (leader, _) = LEADER.get_or_init(|| play_both("leader"));
    let (follower, _) = FOLLOWER.get_or_init(|| play_both("follower"));
    let listed =
        Command::new(python().join("python3")).arg(probe().join("src/coverage.py")).output().unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8(listed.stdout).unwrap();
    let missed: Vec<&str> = listed
        .lines()
        .filter(|operation| !leader.called.contains(*operation) && !follower.called.contains(*operation))
        .collect();
    assert!(listed.lines().count() > 150, "{listed}");
    assert!(
        missed.is_empty(),
        "call these in peers/ops/probe, or except them there with a reason: {missed:#?}"
    );
}

fn compare((wanted, got): &Both) {
    let mut told = String::new();
    for ((title, wanted), (_, got)) in wanted.steps.iter().zip(&got.steps) {
        if let Some(difference) = diff::diff(wanted, got) {
            let _ = write!(told, "  {title}\n{difference}");
        }
    }
    assert!(told.is_empty(), "what Juju does (-) and what ours does (+) differ:\n{told}");
}

fn play_both(scenario: &str) -> Both {
    let folder = tempfile::Builder::new().prefix("cw-").tempdir().unwrap();
    let sides = [(Side::Juju, "1"), (Side::Simulated, "2")];
    let [wanted, got] = thread::scope(|scope| {
        let played = sides.map(|(side, name)| {
            let root = folder.path().join(name);
            scope.spawn(move || play(side, scenario, &root))
        });
        played.map(|side| side.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause)))
    });
    (wanted, got)
}

fn play(side: Side, scenario: &str, root: &Path) -> Played {
    let charm = root.join("charm");
    copy(&probe(), &charm);
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", python().display());
    let mut peer = Peer::start(side, root, &[("PATH", &path)]);
    let file = format!("{}/tests/ops/{scenario}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(file).unwrap();
    let mut normal = Normal::new(root, text.clone());
    let scenario: Value =
        serde_yaml::from_str(&text.replace("CHARM/", &format!("{}/", charm.display()))).unwrap();
    let mut requests = vec![json!({"op": "model", "model": scenario["model"]})];
    requests.extend(scenario["requests"].as_array().unwrap().iter().cloned());
    let mut steps = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let answer = without_random_folders(&peer.ask(request));
        let printed = charm.join("probe.out");
        let out = fs::read_to_string(&printed).unwrap_or_default();
        let _ = fs::remove_file(&printed);
        let runs = request["op"] == "hook" || request["op"] == "action";
        assert!(!runs || out.starts_with("== "), "the probe printed nothing at {request}: {answer}");
        // First what was printed: new secrets are numbered in the order in which the charm made them.
        let mut lines: Vec<String> =
            named(&out).lines().map(|line| format!("probe: {}", normal.text(line))).collect();
        let mut answered = record::record(root, &answer, &mut normal);
        order_removals(&mut answered);
        lines.extend(answered);
        let model = peer.ask(&json!({"op": "get"}));
        lines.extend(record::record(root, &model, &mut normal));
        let title = if number == 0 { "the model".to_owned() } else { request.to_string() };
        steps.push((format!("{number}. {title}"), lines));
    }
    let called = fs::read_to_string(charm.join("probe.called")).unwrap_or_default();
    Played { steps, called: called.lines().map(str::to_owned).collect() }
}

/// What Juju asks about the secrets that a hook removed comes from a map of them.
fn order_removals(lines: &mut [String]) {
    let asks = |line: &String| {
        line.starts_with("api_calls: flush SecretsManager.GetSecretRevisionContentInfo ")
            || line.starts_with("api_calls: flush SecretsManager.OwnedSecretRevisions ")
    };
    for calls in lines.chunk_by_mut(|one, next| asks(one) && asks(next)) {
        if calls.len() > 1 {
            calls.sort_unstable();
        }
    }
}

/// `ops` hands the content of a secret over in files of a folder that Python names anew each time.
fn without_random_folders(answer: &Value) -> Value {
    serde_json::from_str(&named(&answer.to_string())).unwrap()
}

fn named(text: &str) -> String {
    let mut pieces = text.split("/tmp/tmp");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let random = |at: &char| at.is_ascii_lowercase() || at.is_ascii_digit() || *at == '_';
        out += "/tmp/tmp<random>";
        out += &piece[piece.chars().take_while(random).map(char::len_utf8).sum()..];
    }
    out
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let there = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &there);
        } else {
            fs::copy(entry.path(), there).unwrap();
        }
    }
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../peers/ops").canonicalize().unwrap()
}

fn probe() -> PathBuf {
    peers().join("probe")
}

/// The folder of the python3 that has the pinned ops.
fn python() -> PathBuf {
    charmwright_peers::python().parent().unwrap().to_owned()
}
