//! Juju's own agent: the socket and the processes say the same. `jujupeer` runs a charm whose `dispatch` is a test
//! of this program.

use std::fs::{Permissions, set_permissions, write};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use charmwright_hookcmds::{AgentSocket, Call, Processes, Transport, choose};
use charmwright_peers::juju;

/// Has Juju run the test `charm` of this module as a charm, and expects that it succeeds.
fn run_as_charm(charm: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("charm")).unwrap();
    write(at("charm/metadata.yaml"), "name: app\nsummary: A charm.\ndescription: A charm.\n").unwrap();
    let this = std::env::current_exe().unwrap();
    let dispatch = format!(
        "#!/bin/sh\nexport CHARMWRIGHT_TEST_CHARM=1\nexec '{}' --exact jujus_agent::{charm} --ignored --nocapture\n",
        this.display()
    );
    write(at("charm/dispatch"), dispatch).unwrap();
    set_permissions(at("charm/dispatch"), Permissions::from_mode(0o755)).unwrap();
    let mut peer = Command::new(juju("jujupeer"));
    peer.arg("--charm").arg(at("charm")).arg("--work").arg(at("work")).arg("--tools").arg(at("tools"));
    peer.arg("--client").arg(juju("jujuc"));
    let mut peer = peer.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut requests = peer.stdin.take().unwrap();
    let mut answers = BufReader::new(peer.stdout.take().unwrap()).lines();
    let model = r#"{"op":"model","model":{"unit":"app/0","leader":true,"config":{"name":"value"},
        "config_schema":{"name":{"type":"string"}},"relations":[{"id":1,"endpoint":"db","role":"requirer",
        "interface":"pg","remote_app":"pg","units":{"pg/0":{"host":"a"},"pg/1":{"host":"b"}}}]}}"#;
    writeln!(requests, "{}", model.replace('\n', "")).unwrap();
    assert_eq!(answers.next().unwrap().unwrap(), r#"{"ok":true}"#);
    writeln!(requests, r#"{{"op":"hook","kind":"install"}}"#).unwrap();
    let answer = answers.next().unwrap().unwrap();
    assert!(answer.starts_with(r#"{"ok":true,"#), "{answer}");
    drop(requests);
    peer.wait().unwrap();
    answer
}

fn call(command: &'static str, args: &[&str]) -> Call {
    Call { command, args: args.iter().map(|&arg| arg.to_owned()).collect(), stdin: None }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[test]
fn socket_and_processes_say_the_same() {
    let answer = run_as_charm("says_the_same");
    assert!(answer.contains(r#""a":"0","b":"1""#), "both wrote: {answer}");
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn says_the_same() {
    assert!(std::env::var_os("CHARMWRIGHT_TEST_CHARM").is_some(), "only Juju can run this");
    let socket = AgentSocket::open(variable, Processes::default()).unwrap();
    let mut calls = vec![
        call("is-leader", &["--format=json"]),
        call("config-get", &["--format=json"]),
        call("relation-list", &["--format=json", "-r", "1"]),
        call("relation-get", &["--format=json", "-r", "9", "-", "pg/0"]),
        call("relation-get", &["--nonsense"]),
        call("action-get", &["--format=json"]),
        call("status-get", &["--format=json"]),
    ];
    for _ in 0..20 {
        calls.push(call("relation-get", &["--format=json", "-r", "1", "-", "pg/0"]));
        calls.push(call("relation-get", &["--format=json", "-r", "1", "-", "pg/1"]));
    }
    let processes = Processes::default();
    let by_process: Vec<_> = processes.calls(&calls).into_iter().map(Result::unwrap).collect();
    let one_by_one: Vec<_> = calls.iter().map(|call| socket.call(call).unwrap()).collect();
    let together: Vec<_> = socket.calls(&calls).into_iter().map(Result::unwrap).collect();
    for (place, call) in calls.iter().enumerate() {
        assert!(one_by_one[place] == by_process[place], "{call:?}: {:?}", one_by_one[place]);
        assert!(together[place] == by_process[place], "{call:?}: {:?}", together[place]);
    }
    let transports: [&dyn Transport; 2] = [&processes, &socket];
    for (number, transport) in transports.into_iter().enumerate() {
        let bag = format!("{{\"{}\": \"{number}\"}}", ["a", "b"][number]);
        let write = Call { stdin: Some(bag), ..call("relation-set", &["-r", "1", "--file", "-"]) };
        assert_eq!(transport.call(&write).unwrap().code, 0);
    }
    // A command that this Juju does not have: no executable, or no such command.
    assert!(processes.call(&call("no-such-get", &[])).is_err());
    let unknown = socket.call(&call("no-such-get", &[])).unwrap();
    assert_eq!(unknown.stderr, "ERROR bad request: unknown command: no-such-get\n");
}

#[test]
fn a_context_that_is_over_is_left_to_the_processes() {
    run_as_charm("has_an_old_context");
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn has_an_old_context() {
    assert!(std::env::var_os("CHARMWRIGHT_TEST_CHARM").is_some(), "only Juju can run this");
    let old = |name: &str| match name {
        "JUJU_CONTEXT_ID" => Some("app/0-gone-1".to_owned()),
        "CHARMWRIGHT_TRANSPORT" => Some("socket".to_owned()),
        _ => variable(name),
    };
    let error = AgentSocket::open(old, Processes::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the agent does not answer as expected: the agent refused: bad request: wrong context ID; got \"app/0-gone-1\""
    );
    assert_eq!(choose(old).call(&call("is-leader", &["--format=json"])).unwrap().stdout, b"true\n");
}
