//! Commands.

use std::io::{Read, Write};

use charmwright_pebble::{Error, Exec, Service};
use charmwright_sim_pebble::in_process::ExecAnswer;
use serde_json::json;

use crate::support::{get, one, pebble, pebble_of, post, refused, second};

#[test]
fn a_command_is_answered_by_a_function() {
    let (pebble, client) = pebble(&[]);
    pebble.script(|script| {
        script.on_exec(|call| {
            let mut text = call.command.join(" ").into_bytes();
            text.extend_from_slice(&call.input);
            ExecAnswer::new().stdout(text).stderr("warned").code(3)
        });
    });
    let output = client.exec_output(&Exec::new(["say", "it"]), b" loud", second(5)).unwrap();
    assert_eq!(
        (output.text().as_str(), output.stderr.as_slice(), output.code.code),
        ("say it loud", b"warned".as_slice(), 3)
    );
}

#[test]
fn a_command_that_takes_too_long_is_killed() {
    let (pebble, client) = pebble(&[]);
    pebble.script(|script| {
        script.on_exec(|_| ExecAnswer::new().after(second(60)));
    });
    let error = client.exec_output(&Exec::new(["sleep"]).timeout(second(2)), b"", second(30)).unwrap_err();
    assert!(matches!(error, Error::ExecTimeout { .. }), "{error:?}");
    let task = &get(&pebble, "/v1/changes/1").1["result"];
    assert_eq!(task["tasks"][0]["data"]["exit-code"], -1);
    let text = "timed out after 2s: context deadline exceeded";
    assert_eq!(
        task["err"],
        format!("cannot perform the following tasks:\n- Execute command \"sleep\" ({text})")
    );
}

#[test]
fn a_signal_and_a_lost_control_end_a_command() {
    let (pebble, client) = pebble(&[]);
    pebble.script(|script| {
        script.on_exec(|_| ExecAnswer::new().after(second(600)));
    });
    let mut process = client.exec(&Exec::new(["sleep"])).unwrap();
    process.control().signal("SIGTERM").unwrap();
    assert_eq!(process.wait(second(5)).unwrap().code, 143);
    drop(client.exec(&Exec::new(["sleep"])).unwrap());
    let change = &get(&pebble, "/v1/changes/2").1["result"];
    assert_eq!((&change["status"], &change["tasks"][0]["data"]["exit-code"]), (&json!("Done"), &json!(137)));
}

#[test]
fn streams_can_be_read_while_it_runs() {
    let (pebble, client) = pebble(&[]);
    pebble.script(|script| {
        script.on_exec(|call| ExecAnswer::new().stdout(call.input.clone()));
    });
    let mut process = client.exec(&Exec::new(["cat"])).unwrap();
    process.stdin.as_mut().unwrap().write_all(&vec![b'x'; 200_000]).unwrap();
    drop(process.stdin.take());
    let mut all = Vec::new();
    process.stdout.take().unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 200_000);
    assert!(process.wait(second(5)).unwrap().is_success());
}

#[test]
fn who_does_not_connect_in_time_fails_it() {
    for (version, status) in [("1.19.2", None), ("1.26.0", Some(500))] {
        let (pebble, _) = pebble_of(version, &[]);
        let (code, body) = post(&pebble, "/v1/exec", &json!({"command": ["x"]}));
        assert_eq!((code, &body["result"]["working-dir"]), (202, &json!("/root")));
        let change = get(&pebble, "/v1/changes/1/wait").1["result"].clone();
        let text = "exec 1: timeout waiting for websocket connections: context deadline exceeded";
        assert!(change["err"].as_str().unwrap().contains(text), "{change}");
        let late = pebble.request(&charmwright_sim_pebble::Request::get("/v1/tasks/1/websocket/stdio"));
        // Older daemons never answer.
        assert_eq!(late.ok().map(|response| response.status), status);
    }
}

#[test]
fn what_cannot_be_run_is_told_before() {
    let (pebble, client) = pebble(&[]);
    pebble.script(|script| {
        script.missing("nope");
    });
    client.add_layer("a", &one(Service::new("x").env("A", "1").working_dir("/srv"))).unwrap();
    let exec = |body| post(&pebble, "/v1/exec", &body);
    assert_eq!(refused(exec(json!({"command": []}))).1, "must specify command");
    assert_eq!(refused(exec(json!({"command": ["nope"]}))).1, "cannot find executable \"nope\"");
    let (status, message) = refused(exec(json!({"command": ["x"], "working-dir": "/nope"})));
    assert_eq!(
        (status, message.as_str()),
        (500, "cannot call exec: working directory \"/nope\" does not exist")
    );
    let (status, message) = refused(exec(json!({"command": ["x"], "service-context": "no"})));
    assert_eq!((status, message.as_str()), (400, "context service \"no\" not found"));
    let answer = exec(json!({"command": ["x"], "service-context": "web", "environment": {"B": "2"}})).1;
    assert_eq!(answer["result"]["environment"]["A"], "1");
    assert_eq!(answer["result"]["working-dir"], "/srv");
}
