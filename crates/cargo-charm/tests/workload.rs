//! `cargo charm play` with a charm on `ops` whose workload tells it something: by a notice, and by what a check sees.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const DECLARED: &str =
    "{name: teller, containers: {work: {resource: image}}, resources: {image: {type: oci-image}}}";

/// The workload is up only after a while, and says so itself before a check can see it.
const DISPATCH: &str = r#"
import os, subprocess
from ops import pebble

hook = os.environ['JUJU_DISPATCH_PATH'].removeprefix('hooks/')
client = pebble.Client('/charm/containers/work/pebble.socket')

def status(*words):
    subprocess.run(['status-set', *words], check=True)

if hook == 'work-pebble-ready':
    script = 'sleep 0.5; /charm/bin/pebble notify example.com/up from=workload; touch /tmp/up; exec sleep 300'
    up = {'override': 'replace', 'period': '50ms', 'threshold': 1, 'exec': {'command': 'test -e /tmp/up'}}
    client.add_layer('app', {
        'services': {'work': {'override': 'replace', 'command': f"sh -c '{script}'", 'startup': 'enabled'}},
        'checks': {'up': up},
    }, combine=True)
    client.replan_services()
    status('waiting', 'ready')
elif hook == 'work-pebble-custom-notice':
    notice = client.get_notice(os.environ['JUJU_NOTICE_ID'])
    status('waiting', f'{notice.key} {notice.last_data.get("from")}')
elif hook.startswith('work-pebble-check-'):
    status('active' if hook.endswith('recovered') else 'blocked', os.environ['JUJU_PEBBLE_CHECK_NAME'])
"#;

/// Its workload is late, so the check fails, and then recovers. Both by itself.
const STEPS: &str = "steps:
- deploy
- expect: {status: active, message: up}
- notice: {container: work, key: example.com/by-hand}
- expect: {status: waiting, message: example.com/by-hand None, hooks: [work-pebble-custom-notice]}
";

/// The events of a play, each with the status after it.
fn play(arguments: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("charmcraft.yaml", DECLARED);
    write("dispatch", &format!("#!{}\n{DISPATCH}", charmwright_peers::python().display()));
    write("scenario.yaml", STEPS);
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path().join("dispatch"), executable).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-charm"));
    command.args(["charm", "play", "scenario.yaml", "--format", "json"]).args(arguments);
    let output = command.current_dir(folder.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}\n{errors}");
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let told = lines.filter_map(|line| {
        let event = line["event"].as_str()?.to_owned();
        event.starts_with("work-").then(|| format!("{event}: {}", line["status"]["message"]))
    });
    told.collect()
}

/// All that the workload told has come, and what it told last came last.
fn holds(events: &[String]) {
    let has = |told: &str| assert!(events.iter().any(|event| event == told), "{told}: {events:#?}");
    assert_eq!(events[0], "work-pebble-ready: \"ready\"");
    has("work-pebble-custom-notice: \"example.com/up workload\"");
    has("work-pebble-check-failed: \"up\"");
    has("work-pebble-check-recovered: \"up\"");
    assert_eq!(events.last().unwrap(), "work-pebble-custom-notice: \"example.com/by-hand None\"");
}

#[test]
fn what_the_workload_tells_a_real_pebble_runs_the_charm() {
    holds(&play(&["--pebble", charmwright_peers::pebble().to_str().unwrap()]));
}

#[test]
fn what_the_workload_tells_the_simulated_pebble_runs_the_charm() {
    holds(&play(&["--pebble", "simulated"]));
}

#[test]
fn what_the_workload_tells_runs_the_charm_under_jujus_own_agent() {
    let live = charmwright_peers::juju("jujulive");
    holds(&play(&["--pebble", "simulated", "--agent", "juju", "--juju-live", live.to_str().unwrap()]));
}
