//! `cargo charm play` as a user calls it, with a charm that is a shell script.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

const DECLARED: &str = "{name: shelly, config: {options: {port: {type: int, default: 80}}}}";
const DISPATCH: &str = "#!/bin/sh
[ $JUJU_HOOK_NAME = config-changed ] || exit 0
echo plan: 1 change; echo \"  open port $(config-get port)/tcp\"
open-port $(config-get port)
status-set active
";

/// Plays `steps`; the words after them are further arguments.
fn play(steps: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("charmcraft.yaml", DECLARED);
    write("dispatch", DISPATCH);
    write("scenario.yaml", &format!("steps:\n{steps}"));
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path().join("dispatch"), executable).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-charm"));
    command.args(["charm", "play", "scenario.yaml"]).args(arguments);
    command.current_dir(folder.path()).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const GOOD: &str = "- deploy\n- expect: {status: active, ports: [80/tcp]}\n- config: {port: 81}\n- expect: {ports: [80/tcp, 81/tcp]}\n";

#[test]
fn a_play_that_holds_is_a_timeline_without_colours_in_a_pipe() {
    let output = play(GOOD, &[]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("▶ deploy") && text.contains("open port 80/tcp") && text.contains("● active"),
        "{text}"
    );
    assert!(text.contains("✔ open ports 80/tcp, 81/tcp"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
}

#[test]
fn the_first_expectation_that_is_not_met_ends_the_play_with_code_1() {
    let output = play("- deploy\n- expect: {ports: [9/tcp], within: 6}\n- expect: {status: blocked}\n", &[]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("✘ expected open ports 9/tcp within 6 events"), "{text}");
    assert!(text.contains("update-status") && text.contains("but the open ports are [\"80/tcp\"]"), "{text}");
    assert!(!text.contains("blocked"), "{text}");
}

#[test]
fn for_programs_there_is_one_json_object_a_line_and_nothing_else() {
    let output = play(GOOD, &["--format", "json"]);
    let lines: Vec<serde_json::Value> =
        text(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let hooks: Vec<_> = lines.iter().filter(|line| line["step"] == "hook").collect();
    let events: Vec<_> = hooks.iter().map(|hook| hook["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["install", "leader-elected", "config-changed", "start", "config-changed"]);
    let changed = hooks[2];
    assert_eq!(changed["exit_code"], 0);
    assert_eq!(changed["plan"], serde_json::json!(["open port 80/tcp"]));
    assert_eq!(changed["processes"], 5);
    assert_eq!(changed["commands"][2], serde_json::json!({"args": ["open-port", "80"], "code": 0}));
    assert_eq!(changed["writes"], serde_json::json!(["open-port 80", "status-set active"]));
    assert_eq!(changed["status"]["status"], "active");
    assert!(changed["millis"].is_u64());
}

#[test]
fn an_expectation_waits_for_time_to_pass_only_if_it_says_how_long() {
    let steps = |within: &str| {
        format!(
            "- deploy\n- expect: {{wrote: false}}\n- config: {{port: 81}}\n- expect: {{wrote: false{within}}}\n"
        )
    };
    let text_of = |within| text(&play(&steps(within), &[]));
    let at_rest = text_of("");
    assert!(
        at_rest.contains("✘ expected nothing is written") && !at_rest.contains("update-status"),
        "{at_rest}"
    );
    let later = text_of(", within: 2");
    assert!(
        later.contains("update-status") && later.contains("✔ nothing is written within 2 events"),
        "{later}"
    );
}

#[test]
fn what_is_no_scenario_is_an_error_that_says_where_and_ends_with_code_2() {
    let output = play("- deplo\n", &[]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("scenario.yaml") && error.contains("deplo"), "{error}");
}

#[test]
fn a_step_that_names_what_is_not_there_is_an_error() {
    let output = play("- deploy\n- config: {prot: 81}\n", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("there is no option `prot`"));
}

#[test]
fn without_a_program_it_says_how_to_name_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("charmcraft.yaml"), DECLARED).unwrap();
    fs::write(folder.path().join("scenario.yaml"), "steps: [deploy]").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-charm"));
    command.args(["charm", "play", "scenario.yaml"]);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("name it with --dispatch"));
}

/// Plays the start of a charm with a container, in its own language; what it says beside the play.
fn play_container(arguments: &[&str], path: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "charmcraft.yaml",
        "{name: shelly, containers: {work: {resource: image}}, resources: {image: {type: oci-image}}}",
    );
    write("dispatch", "#!/bin/sh\n[ $JUJU_HOOK_NAME = work-pebble-ready ] && status-set active\nexit 0\n");
    write("scenario.yaml", "steps:\n- deploy\n- expect: {status: active}\n");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path().join("dispatch"), executable).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-charm"));
    command.args(["charm", "play", "scenario.yaml"]).args(arguments).env_remove("CHARMWRIGHT_PEBBLE");
    let output = command.env("PATH", path).current_dir(folder.path()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_play_says_which_pebble_its_containers_run() {
    let path = std::env::var("PATH").unwrap();
    let real = charmwright_peers::pebble();
    let told = |pebble: &std::path::Path| {
        format!("cargo charm: containers run the Pebble at {}\n", pebble.display())
    };
    let named = play_container(&["--pebble", real.to_str().unwrap()], &path);
    assert_eq!(named, (Some(0), told(&real)));

    let simulated = play_container(&["--pebble", "simulated"], &path);
    let own = "cargo charm: containers run the simulator's own Pebble, which says that it is 1.26.0\n";
    assert_eq!(simulated, (Some(0), own.to_owned()));

    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(&real, folder.path().join("pebble")).unwrap();
    let with_one = format!("{}:{path}", folder.path().display());
    assert_eq!(play_container(&[], &with_one), (Some(0), told(&folder.path().join("pebble"))));
}

/// Juju's own unit worker.
fn juju_live() -> String {
    charmwright_peers::juju("jujulive").display().to_string()
}

#[test]
fn a_life_with_crashes_and_held_hooks_is_the_same_under_jujus_own_agent() {
    let steps = "- deploy
- expect: {status: active, agent: idle}
- hold: config-changed
- config: {port: 81}
- leader: false
- release: config-changed
- expect: {hooks: [config-changed, leader-settings-changed], ports: [80/tcp, 81/tcp]}
- crash-at: {method: Uniter.SetState, matching: 'opstep: done', after: true}
- config: {port: 82}
- expect: {ports: [80/tcp, 81/tcp, 82/tcp]}
- leader: true
- expect: {hooks: [leader-elected]}
- crash
- new-pod
- expect: {status: active}
- remove-unit
- expect: {removed: true}
";
    let events = |arguments: &[&str]| {
        let output = play(steps, &[&["--format", "json"], arguments].concat());
        let text = text(&output);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{text}\n{error}");
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter_map(|line| Some(line["event"].as_str()?.to_owned())).collect::<Vec<_>>()
    };
    let unknown =
        play("- deploy\n- expect: {wrote: false}\n", &["--agent", "juju", "--juju-live", &juju_live()]);
    assert!(text(&unknown).contains("does not tell what a hook wrote"), "{}", text(&unknown));
    let ours = events(&[]);
    assert_eq!(ours, events(&["--agent", "juju", "--juju-live", &juju_live()]));
    assert!(ours.ends_with(&["stop".to_owned(), "remove".to_owned()]), "{ours:?}");
}
