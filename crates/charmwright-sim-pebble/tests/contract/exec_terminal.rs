//! Commands: signals and terminals.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use charmwright_pebble::Exec;

use crate::daemon::PATIENCE;
use crate::exec::{run, text};
use crate::target::Target;

cases! {
    signals_are_sent_to_the_command: Processes = "it runs commands";
    signals_that_are_none_are_skipped: Processes = "it runs commands";
    a_terminal_has_the_size_it_is_given: Processes = "it runs commands";
    a_terminal_that_is_resized_tells_its_command: Processes = "it runs commands";
    the_end_of_the_input_ends_that_of_a_terminal: Processes = "it runs commands";
    a_terminal_may_be_for_the_output_only: Processes = "it runs commands";
}

/// A script that says `ready` and does something when it gets the signal.
fn waits_for(signal: &str, action: &str) -> Exec {
    Exec::shell(format!("trap '{action}' {signal}; echo ready; while :; do sleep 0.05; done"))
}

/// Reads the line that says that it is ready.
fn ready(stdout: impl Read) -> BufReader<impl Read> {
    let mut stdout = BufReader::new(stdout);
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line.trim_end(), "ready");
    stdout
}

fn signals_are_sent_to_the_command(target: &Target) {
    let daemon = target.start();
    let mut process = daemon.client.exec(&waits_for("USR1", "echo got; exit 3")).unwrap();
    let mut stdout = ready(process.stdout.take().unwrap());
    process.control().signal("SIGUSR1").unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "got\n");
    assert_eq!(process.wait(PATIENCE).unwrap().code, 3);
}

fn signals_that_are_none_are_skipped(target: &Target) {
    let daemon = target.start();
    let mut process = daemon.client.exec(&Exec::new(["sleep", "300"])).unwrap();
    assert_eq!(process.control().signal("TERM").unwrap_err().kind(), ErrorKind::InvalidInput);
    process.control().signal("SIGNAL").unwrap();
    process.control().signal("SIGTERM").unwrap();
    assert_eq!(process.wait(PATIENCE).unwrap().code, 143);
}

fn a_terminal_has_the_size_it_is_given(target: &Target) {
    let daemon = target.start();
    let exec = Exec::shell("test -t 0 && test -t 1 && test -t 2 && stty size").in_terminal(80, 24);
    assert_eq!(text(&daemon, &exec), "24 80\r\n");
}

fn a_terminal_that_is_resized_tells_its_command(target: &Target) {
    let daemon = target.start();
    let exec = waits_for("WINCH", "stty size; exit 0").in_terminal(80, 24);
    let mut process = daemon.client.exec(&exec).unwrap();
    let mut stdout = ready(process.stdout.take().unwrap());
    process.control().resize(120, 50).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "50 120\r\n");
    assert!(process.wait(PATIENCE).unwrap().is_success());
}

fn the_end_of_the_input_ends_that_of_a_terminal(target: &Target) {
    let daemon = target.start();
    let output = run(&daemon, &Exec::new(["cat"]).in_terminal(80, 24), b"hi\n");
    // Once as the terminal's echo, once from the command.
    assert_eq!((output.text().as_str(), output.code.code), ("hi\r\nhi\r\n", 0));
}

fn a_terminal_may_be_for_the_output_only(target: &Target) {
    let daemon = target.start();
    let mut exec = Exec::shell("test -t 1 && ! test -t 0 && cat").combined();
    exec.terminal = true;
    let output = run(&daemon, &exec, b"hi\n");
    assert_eq!((output.text().as_str(), output.code.code), ("hi\r\n", 0));
}
