//! Commands: what they read, write and end with.

use std::fs;
use std::io::Read;
use std::time::Duration;

use charmwright_pebble::{ChangeStatus, Error, Exec, Output};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::daemon::{Daemon, PATIENCE};
use crate::stopping::is_there;
use crate::target::Target;
use crate::websocket::exit_code;

cases! {
    a_command_ends_with_its_exit_code: Processes = "it runs commands";
    a_death_by_a_signal_is_128_and_its_number: Processes = "it runs commands";
    a_code_that_is_not_0_is_no_error_of_the_change: Processes = "it runs commands";
    what_it_writes_is_split_or_combined: Processes = "it runs commands";
    what_it_reads_is_what_it_is_given: Processes = "it runs commands";
    without_input_its_input_ends_at_once: Processes = "it runs commands";
    much_output_comes_whole: Processes = "it runs commands";
    bytes_are_bytes: Processes = "it runs commands";
    all_it_wrote_is_there_when_the_change_has_ended: Processes = "it runs commands";
    a_command_that_goes_over_its_timeout_is_killed: Processes = "it runs commands";
    a_command_that_goes_over_our_deadline_is_killed: Processes = "it runs commands";
    an_orphan_that_holds_the_output_holds_the_command: Processes = "it runs commands";
    to_drop_a_command_is_to_kill_it: Processes = "it runs commands";
    a_command_that_is_detached_goes_on: Processes = "it runs commands";
    a_command_that_is_aborted_is_killed: Processes = "it runs commands";
    input_that_is_not_read_does_no_harm: Processes = "it runs commands";
    both_directions_go_at_once: Processes = "it runs commands";
}

/// More than pipes and sockets hold.
const MUCH: usize = 1_000_000;

pub(crate) fn run(daemon: &Daemon, exec: &Exec, input: &[u8]) -> Output {
    daemon.client.exec_output(exec, input, PATIENCE).unwrap()
}

/// What a script writes, which must end well.
pub(crate) fn text(daemon: &Daemon, exec: &Exec) -> String {
    run(daemon, exec, b"").into_result().unwrap().text()
}

/// A command that writes its id there and goes on.
fn endless(file: &str) -> Exec {
    Exec::shell(format!("echo $$ > {file}.new; mv {file}.new {file}; exec sleep 300"))
}

/// The id in a file, once it is there.
pub(crate) fn id_in(daemon: &Daemon, file: &str) -> i32 {
    let mut id = None;
    daemon.poll("the command to run", || {
        id = fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
        id.is_some()
    });
    id.unwrap()
}

/// Waits for a file named `go`, and writes another.
pub(crate) fn until_told(daemon: &Daemon) -> String {
    let (go, done) = (daemon.path_text("go"), daemon.path_text("done"));
    format!("while ! test -e {go}; do sleep 0.05; done; echo out; echo done > {done}")
}

fn a_command_ends_with_its_exit_code(target: &Target) {
    let daemon = target.start();
    for code in [0, 1, 42, 255] {
        assert_eq!(run(&daemon, &Exec::shell(format!("exit {code}")), b"").code.code, code);
    }
}

fn a_death_by_a_signal_is_128_and_its_number(target: &Target) {
    let daemon = target.start();
    for (signal, code) in [("TERM", 143), ("KILL", 137), ("INT", 130)] {
        assert_eq!(run(&daemon, &Exec::shell(format!("kill -{signal} $$")), b"").code.code, code);
    }
}

fn a_code_that_is_not_0_is_no_error_of_the_change(target: &Target) {
    let daemon = target.start();
    let process = daemon.client.exec(&Exec::shell("exit 42")).unwrap();
    let change = daemon.wait(Ok(process.change().clone()));
    assert_eq!((&change.status, change.err.as_deref()), (&ChangeStatus::Done, None));
    assert_eq!((change.kind.as_str(), exit_code(&change)), ("exec", Some(42)));
    match process.wait(PATIENCE).unwrap().success() {
        Err(Error::ExecFailed { code, .. }) => assert_eq!(code, 42),
        other => panic!("{other:?}"),
    }
}

fn what_it_writes_is_split_or_combined(target: &Target) {
    let daemon = target.start();
    let exec = Exec::shell("echo out; echo err >&2; echo more");
    let split = run(&daemon, &exec, b"");
    assert_eq!((split.stdout.as_slice(), split.stderr.as_slice()), (&b"out\nmore\n"[..], &b"err\n"[..]));
    let combined = run(&daemon, &exec.combined(), b"");
    assert_eq!(
        (combined.stdout.as_slice(), combined.stderr.as_slice()),
        (&b"out\nerr\nmore\n"[..], &b""[..])
    );
}

fn what_it_reads_is_what_it_is_given(target: &Target) {
    let daemon = target.start();
    for input in [&b"one line\n"[..], b"no end", br#"{"command":"end"}"#] {
        assert_eq!(run(&daemon, &Exec::new(["cat"]), input).stdout, input);
    }
}

fn without_input_its_input_ends_at_once(target: &Target) {
    let daemon = target.start();
    assert_eq!(text(&daemon, &Exec::new(["cat"])), "");
}

fn much_output_comes_whole(target: &Target) {
    let daemon = target.start();
    let expected = (1..=150_000).map(|number| number.to_string() + "\n").collect::<String>();
    let output = run(&daemon, &Exec::shell("seq 1 150000; seq 1 150000 >&2"), b"");
    assert!(output.stdout == expected.as_bytes() && output.stderr == expected.as_bytes(), "{output:?}");
}

fn bytes_are_bytes(target: &Target) {
    let daemon = target.start();
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(run(&daemon, &Exec::new(["cat"]), &all).stdout, all);
    let output = run(&daemon, &Exec::shell(r"printf '\377\000'; printf '\303' >&2"), b"");
    assert_eq!((output.stdout, output.stderr), (vec![0xff, 0], vec![0xc3]));
}

fn all_it_wrote_is_there_when_the_change_has_ended(target: &Target) {
    let daemon = target.start();
    let mut process = daemon.client.exec(&Exec::shell("echo out; echo err >&2")).unwrap();
    daemon.done(Ok(process.change().clone()));
    let (mut out, mut err) = (String::new(), String::new());
    process.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    process.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((out.as_str(), err.as_str()), ("out\n", "err\n"));
}

fn a_command_that_goes_over_its_timeout_is_killed(target: &Target) {
    let daemon = target.start();
    let file = daemon.path_text("id");
    let time = Duration::from_millis(700);
    let process = daemon.client.exec(&endless(&file).timeout(time)).unwrap();
    let change = daemon.wait(Ok(process.change().clone()));
    assert_eq!(change.status, ChangeStatus::Error);
    let err = change.err.as_deref().unwrap();
    assert!(err.contains("timed out after 700ms: context deadline exceeded"), "{err}");
    assert_eq!(exit_code(&change), Some(-1));
    match process.output(b"", PATIENCE) {
        Err(Error::ExecTimeout { after, .. }) => assert_eq!(after, time),
        other => panic!("{other:?}"),
    }
    if let Ok(id) = fs::read_to_string(&file) {
        assert!(!is_there(id.trim().parse().unwrap()));
    }
}

fn a_command_that_goes_over_our_deadline_is_killed(target: &Target) {
    let daemon = target.start();
    let file = daemon.path_text("id");
    let process = daemon.client.exec(&endless(&file)).unwrap();
    let (id, change) = (id_in(&daemon, &file), process.change().clone());
    let time = Duration::from_millis(200);
    match process.output(b"", time) {
        Err(Error::Timeout { after, .. }) => assert_eq!(after, time),
        other => panic!("{other:?}"),
    }
    daemon.poll("the command to end", || !is_there(id));
    assert_eq!(exit_code(&daemon.wait(Ok(change))), Some(137));
}

fn an_orphan_that_holds_the_output_holds_the_command(target: &Target) {
    let daemon = target.start();
    let file = daemon.path_text("id");
    // Not even its own timeout ends it: it has ended, and its output has not.
    let exec = Exec::shell(format!("sleep 300 & echo $! > {file}")).timeout(Duration::from_millis(300));
    let process = daemon.client.exec(&exec).unwrap();
    let (orphan, change) = (id_in(&daemon, &file), process.change().clone());
    let outcome = process.output(b"", Duration::from_secs(1));
    let status = daemon.client.change(&change).unwrap().status;
    kill(Pid::from_raw(orphan), Signal::SIGKILL).unwrap();
    assert!(matches!(outcome, Err(Error::Timeout { .. })), "{outcome:?}");
    assert_eq!(status, ChangeStatus::Doing);
    assert!(daemon.wait(Ok(change)).ready);
}

fn to_drop_a_command_is_to_kill_it(target: &Target) {
    let daemon = target.start();
    let file = daemon.path_text("id");
    let process = daemon.client.exec(&endless(&file)).unwrap();
    let (id, change) = (id_in(&daemon, &file), process.change().clone());
    drop(process);
    let change = daemon.wait(Ok(change));
    assert_eq!((&change.status, exit_code(&change)), (&ChangeStatus::Done, Some(137)));
    assert!(!is_there(id));
}

fn a_command_that_is_detached_goes_on(target: &Target) {
    let daemon = target.start();
    let process = daemon.client.exec(&Exec::shell(until_told(&daemon))).unwrap();
    let change = process.detach().unwrap();
    // The daemon has seen that nobody is there any more, when it has answered this.
    assert_eq!(daemon.client.change(&change).unwrap().status, ChangeStatus::Doing);
    fs::write(daemon.path("go"), "").unwrap();
    assert_eq!(exit_code(&daemon.done(Ok(change))), Some(0));
    assert_eq!(fs::read_to_string(daemon.path("done")).unwrap(), "done\n");
}

fn a_command_that_is_aborted_is_killed(target: &Target) {
    let daemon = target.start();
    let file = daemon.path_text("id");
    let process = daemon.client.exec(&endless(&file)).unwrap();
    let (id, change) = (id_in(&daemon, &file), process.change().clone());
    daemon.client.abort_change(&change).unwrap();
    let change = daemon.wait(Ok(change));
    assert_eq!((&change.status, exit_code(&change)), (&ChangeStatus::Done, Some(137)));
    assert!(!is_there(id));
    assert_eq!(process.wait(PATIENCE).unwrap().code, 137);
}

fn input_that_is_not_read_does_no_harm(target: &Target) {
    let daemon = target.start();
    let input = vec![b'x'; MUCH];
    for command in [&["true"][..], &["sleep", "0.2"]] {
        let output = run(&daemon, &Exec::new(command.iter().copied()), &input);
        assert_eq!((output.code.code, output.stdout.as_slice()), (0, &b""[..]));
    }
}

fn both_directions_go_at_once(target: &Target) {
    let daemon = target.start();
    let input: Vec<u8> = (0..=250).cycle().take(MUCH).collect();
    let output = run(&daemon, &Exec::new(["cat"]), &input);
    assert!(output.stdout == input, "{output:?}");
}
