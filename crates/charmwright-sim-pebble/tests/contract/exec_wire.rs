//! Commands: the wire itself.

use std::fs;
use std::time::Duration;

use charmwright_pebble::{Change, ChangeStatus};
use serde_json::json;

use crate::daemon::{Daemon, PATIENCE};
use crate::exec::{id_in, until_told};
use crate::stopping::is_there;
use crate::target::Target;
use crate::websocket::{Refused, Started, Stream, ask, ask_shell, exit_code};

cases! {
    a_command_that_nobody_connects_to_fails: Socket = "it asks for no websockets", Processes = "it runs commands";
    a_websocket_of_a_failed_command_is_refused_or_never_opened:
        Socket = "it opens websockets itself", Processes = "it runs commands";
    only_the_websockets_of_a_command_are_opened:
        Socket = "it opens websockets itself", Processes = "it runs commands";
    a_websocket_is_opened_once: Socket = "it opens websockets itself", Processes = "it runs commands";
    control_may_come_late: Socket = "it opens websockets itself", Processes = "it runs commands";
    control_goes_without_a_word: Socket = "it opens websockets itself", Processes = "it runs commands";
    control_that_is_cut_kills_and_that_is_closed_does_not:
        Socket = "it opens websockets itself", Processes = "it runs commands";
    each_stream_ends_with_a_word: Socket = "it opens websockets itself", Processes = "it runs commands";
    words_that_are_unknown_are_skipped: Socket = "it opens websockets itself", Processes = "it runs commands";
    to_drop_the_streams_kills_nothing: Socket = "it opens websockets itself", Processes = "it runs commands";
}

/// With which status a websocket is refused.
fn refused(daemon: &Daemon, task: &str, id: &str) -> u16 {
    match Stream::open(daemon, task, id, PATIENCE).map(drop) {
        Err(Refused::With(status, _)) => status,
        other => panic!("{other:?}"),
    }
}

/// A command that nobody connected to, and its change, which has failed.
fn abandoned(daemon: &Daemon) -> (Started, Change) {
    let started = ask(daemon, &json!({"command": ["true"]}));
    let change = started.end(daemon);
    assert_eq!(change.status, ChangeStatus::Error);
    (started, change)
}

fn a_command_that_nobody_connects_to_fails(target: &Target) {
    let daemon = target.start();
    let (Started { task, .. }, change) = abandoned(&daemon);
    let err = change.err.unwrap();
    let expected =
        format!("exec {task}: timeout waiting for websocket connections: context deadline exceeded");
    assert!(err.contains(&expected), "{err}");
    let nanoseconds = |time: &Option<String>| daemon.nanoseconds(time.as_deref().unwrap());
    let told = &change.tasks[0];
    let took = Duration::from_nanos(nanoseconds(&told.ready_time) - nanoseconds(&told.spawn_time));
    assert!(took >= Duration::from_secs(5) && took < Duration::from_secs(10), "{took:?}");
}

fn a_websocket_of_a_failed_command_is_refused_or_never_opened(target: &Target) {
    let daemon = target.start();
    let (Started { task, .. }, _) = abandoned(&daemon);
    match Stream::open(&daemon, &task, "stdio", Duration::from_secs(1)).map(drop) {
        Err(Refused::With(500, text)) if target.since(1, 25) => {
            assert!(text.contains("timeout waiting for websocket connections"), "{text}");
        }
        Err(Refused::NoAnswer) if !target.since(1, 25) => {}
        other => panic!("{other:?}"),
    }
}

fn only_the_websockets_of_a_command_are_opened(target: &Target) {
    let daemon = target.start();
    let started = ask_shell(&daemon, "exit 0");
    assert_eq!(refused(&daemon, "999", "stdio"), 404);
    // It was not asked for.
    assert_eq!(refused(&daemon, &started.task, "stderr"), 404);
    assert_eq!(refused(&daemon, &started.task, "nonsense"), 404);
    assert_eq!(started.open(&daemon, "stdio").read_to_end(), b"");
    assert_eq!(exit_code(&started.end(&daemon)), Some(0));
}

fn a_websocket_is_opened_once(target: &Target) {
    let daemon = target.start();
    let started = ask_shell(&daemon, "cat");
    let mut stdio = started.open(&daemon, "stdio");
    // Not before the daemon has it, a little after it has said so: Pebble 1.19.2 may crash if two come at once.
    stdio.data("hello");
    assert_eq!(stdio.read(), b"hello");
    assert_eq!(refused(&daemon, &started.task, "stdio"), 500);
    // The first one is none the worse for it.
    stdio.data("there");
    stdio.end();
    assert_eq!(stdio.read_to_end(), b"there");
    assert_eq!(exit_code(&started.end(&daemon)), Some(0));
}

/// A command that goes on, with its id.
fn goes_on(daemon: &Daemon) -> (Started, Stream, i32) {
    let file = daemon.path_text("id");
    let started = ask_shell(daemon, &format!("echo $$ > {file}.new; mv {file}.new {file}; exec sleep 300"));
    let stdio = started.open(daemon, "stdio");
    let id = id_in(daemon, &file);
    (started, stdio, id)
}

fn control_may_come_late(target: &Target) {
    let daemon = target.start();
    let (started, _stdio, id) = goes_on(&daemon);
    let mut control = started.open(&daemon, "control");
    assert!(is_there(id));
    control.text(r#"{"command":"signal","signal":{"name":"SIGTERM"}}"#);
    assert_eq!(exit_code(&started.end(&daemon)), Some(143));
}

fn control_goes_without_a_word(target: &Target) {
    let daemon = target.start();
    let started = ask_shell(&daemon, "exit 0");
    let mut control = started.open(&daemon, "control");
    let _stdio = started.open(&daemon, "stdio");
    assert!(control.is_dropped());
    assert_eq!(exit_code(&started.end(&daemon)), Some(0));
}

fn control_that_is_cut_kills_and_that_is_closed_does_not(target: &Target) {
    let daemon = target.start();
    let started = ask_shell(&daemon, &until_told(&daemon));
    let control = started.open(&daemon, "control");
    let mut stdio = started.open(&daemon, "stdio");
    control.close();
    fs::write(daemon.path("go"), "").unwrap();
    assert_eq!(stdio.read_to_end(), b"out\n");
    assert_eq!(exit_code(&started.end(&daemon)), Some(0));

    let (started, _stdio, id) = goes_on(&daemon);
    started.open(&daemon, "control").cut();
    assert_eq!(exit_code(&started.end(&daemon)), Some(137));
    assert!(!is_there(id));
}

fn each_stream_ends_with_a_word(target: &Target) {
    let daemon = target.start();
    let command = ["/bin/sh", "-c", "echo out; echo err >&2"];
    let started = ask(&daemon, &json!({"command": command, "split-stderr": true}));
    // It does not run before both are there.
    let mut stdio = started.open(&daemon, "stdio");
    let mut stderr = started.open(&daemon, "stderr");
    assert_eq!((stderr.read_to_end(), stdio.read_to_end()), (b"err\n".to_vec(), b"out\n".to_vec()));
    assert_eq!(exit_code(&started.end(&daemon)), Some(0));
}

fn words_that_are_unknown_are_skipped(target: &Target) {
    let daemon = target.start();
    let started = ask_shell(&daemon, "cat");
    let mut control = started.open(&daemon, "control");
    let mut stdio = started.open(&daemon, "stdio");
    for word in ["nonsense", r#"{"command":"nothing"}"#, "[]", ""] {
        control.text(word);
        stdio.text(word);
        stdio.data("data ");
    }
    stdio.end();
    assert_eq!(stdio.read_to_end(), b"data data data data ");
    assert_eq!(exit_code(&started.end(&daemon)), Some(0));
}

fn to_drop_the_streams_kills_nothing(target: &Target) {
    let daemon = target.start();
    // It has no more input then, and what it writes is dropped.
    let started = ask_shell(&daemon, &format!("echo ready; cat; {}", until_told(&daemon)));
    let _control = started.open(&daemon, "control");
    let mut stdio = started.open(&daemon, "stdio");
    assert_eq!(stdio.read(), b"ready\n");
    drop(stdio);
    fs::write(daemon.path("go"), "").unwrap();
    assert_eq!(exit_code(&started.end(&daemon)), Some(0));
    assert!(daemon.path("done").exists());
}
