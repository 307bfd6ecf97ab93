//! Our client against Juju's own server: `jujupeer` runs a charm whose `dispatch` is a test of this program.

use std::fs::{Permissions, set_permissions, write};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use charmwright_jujuc::{CallError, Client, Request, STDIN_DEMAND};
use serde_json::{Value, json};

use charmwright_peers::juju;

#[test]
fn all_that_the_charm_expects_of_it_is_so() {
    let folder = tempfile::tempdir().unwrap();
    let charm = folder.path().join("charm");
    std::fs::create_dir(&charm).unwrap();
    write(charm.join("metadata.yaml"), "name: app\nsummary: A charm.\ndescription: A charm.\n").unwrap();
    let this = std::env::current_exe().unwrap();
    let dispatch = format!(
        "#!/bin/sh\nexport CHARMWRIGHT_TEST_CHARM=1\nexec '{}' --exact jujus_server::charm --ignored --nocapture\n",
        this.display()
    );
    write(charm.join("dispatch"), dispatch).unwrap();
    set_permissions(charm.join("dispatch"), Permissions::from_mode(0o755)).unwrap();

    let mut peer = Command::new(juju("jujupeer"))
        .arg("--charm")
        .arg(&charm)
        .arg("--work")
        .arg(folder.path().join("work"))
        .arg("--tools")
        .arg(folder.path().join("tools"))
        .arg("--client")
        .arg(juju("jujuc"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut requests, mut answers) =
        (peer.stdin.take().unwrap(), BufReader::new(peer.stdout.take().unwrap()));
    let mut ask = |request: Value| -> Value {
        writeln!(requests, "{request}").unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    };
    let relation =
        json!({"id": 1, "endpoint": "db", "role": "requirer", "interface": "pg", "remote_app": "pg"});
    let model = json!({"unit": "app/0", "leader": true, "charm_dir": charm, "relations": [relation],
        "config": {"name": "value"}, "config_schema": {"name": {"type": "string"}}});
    assert_eq!(ask(json!({"op": "model", "model": model}))["ok"], true);
    let answer = ask(json!({"op": "hook", "kind": "install"}));
    assert_eq!(answer["ok"], true, "{:#}", answer["log"]);
    let bag = &answer["committed"]["relations"]["1"]["local_unit_bag"];
    assert_eq!(bag["large"].as_str().unwrap().len(), 1 << 20, "the charm wrote it");
    assert_eq!(bag["asked"], "for");
    drop(requests);
    peer.wait().unwrap();
}

fn request(command: &str, args: &[&str]) -> Request {
    Request {
        context_id: std::env::var("JUJU_CONTEXT_ID").unwrap(),
        dir: std::env::current_dir().unwrap(),
        command: command.into(),
        args: args.iter().map(Into::into).collect(),
        ..Request::default()
    }
}

#[test]
#[ignore = "is the charm that the other test has Juju run"]
fn charm() {
    assert!(std::env::var_os("CHARMWRIGHT_TEST_CHARM").is_some(), "only Juju can run this");
    let mut juju = Client::connect(&std::env::var("JUJU_AGENT_SOCKET_ADDRESS").unwrap()).unwrap();

    for _ in 0..200 {
        assert_eq!(juju.call(&request("is-leader", &["--format=json"])).unwrap().stdout, b"true\n");
    }
    let many: Vec<_> = (0..200)
        .map(|number| match number % 3 {
            0 => request("is-leader", &["--format=json"]),
            1 => request("config-get", &["--format=json", "name"]),
            _ => request("nonsense", &[]),
        })
        .collect();
    for (number, result) in juju.calls(&many).into_iter().enumerate() {
        match number % 3 {
            0 => assert_eq!(result.unwrap().stdout, b"true\n"),
            1 => assert_eq!(result.unwrap().stdout, b"\"value\"\n"),
            _ => assert_eq!(
                result.unwrap_err().to_string(),
                "the agent refused: bad request: unknown command: nonsense"
            ),
        }
    }

    let failed = juju.call(&request("relation-get", &["-r", "9", "-", "pg/0"])).unwrap();
    assert_eq!(failed.code, 2);
    assert_eq!(failed.stderr, b"ERROR invalid value \"9\" for option -r: relation not found\n");

    let write = request("relation-set", &["-r", "1", "--file", "-"]);
    match juju.call(&write) {
        Err(CallError::Refused(text)) => assert_eq!(text, STDIN_DEMAND),
        other => panic!("{other:?}"),
    }
    let large = format!("{{\"large\": \"{}\"}}", "x".repeat(1 << 20));
    let with_stdin = Request { stdin: Some(large.into()), ..write.clone() };
    assert_eq!(juju.call(&with_stdin).unwrap().code, 0);
    assert_eq!(juju.call_with_stdin(&write, || Ok(b"{\"asked\": \"for\"}".into())).unwrap().code, 0);
    let empty = Request { stdin: Some(vec![]), ..write };
    assert_eq!(juju.call(&empty).unwrap().code, 0);
    let read = juju.call(&request("relation-get", &["-r", "1", "large", "app/0"])).unwrap();
    assert_eq!(read.stdout.len(), (1 << 20) + 1);

    for (wrong, text) in [
        (
            Request { context_id: "app/0-gone-1".into(), ..request("is-leader", &[]) },
            "wrong context ID; got \"app/0-gone-1\"",
        ),
        (Request { token: "x".into(), ..request("is-leader", &[]) }, "token does not match"),
        (Request { dir: "here".into(), ..request("is-leader", &[]) }, "Dir is not absolute"),
        (request("", &[]), "command not specified"),
        (request("no-such", &[]), "unknown command: no-such"),
    ] {
        let error = juju.call(&wrong).unwrap_err();
        assert_eq!(error.to_string(), format!("the agent refused: bad request: {text}"));
        assert!(error.has_not_run());
    }
    assert_eq!(juju.call(&request("is-leader", &["--help"])).unwrap().code, 0);
}
