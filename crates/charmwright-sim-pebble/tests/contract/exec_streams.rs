//! Commands: their streams while they run.

use std::fs;
use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use charmwright_pebble::{ChangesIn, Error, Exec, Output};

use crate::daemon::{Daemon, PATIENCE};
use crate::target::Target;

cases! {
    all: Processes = "commands are processes";
    a_dialogue_goes_to_and_fro;
    a_read_may_be_given_up_and_tried_again;
    a_write_that_nobody_takes_may_be_given_up;
    a_stream_ends_with_the_command_and_not_before;
    all_three_streams_may_be_full_at_once;
    whoever_takes_its_time_gets_all;
    input_that_nobody_reads_keeps_no_timeout_from_coming;
    a_command_that_never_stops_writing_is_stopped_in_time;
    many_run_side_by_side;
    a_signal_is_for_the_command_and_not_for_its_children;
    a_key_that_interrupts_is_a_signal_in_a_terminal;
    a_terminal_leaves_standard_error_apart_if_asked_for;
    arguments_come_as_they_are;
}

fn shell(script: &str) -> Exec {
    Exec::shell(script).working_dir("/")
}

fn run(daemon: &Daemon, exec: &Exec, input: &[u8]) -> Output {
    daemon.client.exec_output(exec, input, PATIENCE).unwrap()
}

fn a_dialogue_goes_to_and_fro(target: &Target) {
    let daemon = target.start();
    let mut process = daemon.client.exec(&shell("cat")).unwrap();
    let (mut stdin, mut stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    // Characters may come in pieces.
    for half in [&b"\xc3"[..], b"\xa9", b"\xf0\x9f", b"\x98\x80"] {
        stdin.write_all(half).unwrap();
        let mut same = vec![0; half.len()];
        stdout.read_exact(&mut same).unwrap();
        assert_eq!(same, half);
    }
    stdin.end().unwrap();
    assert_eq!(stdout.read(&mut [0; 9]).unwrap(), 0);
    assert!(process.wait(PATIENCE).unwrap().is_success());
}

fn a_read_may_be_given_up_and_tried_again(target: &Target) {
    let daemon = target.start();
    let mut process = daemon.client.exec(&shell("read line; echo $line")).unwrap();
    let (mut stdin, mut stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    stdout.set_timeout(Some(Duration::from_millis(20)));
    for _ in 0..3 {
        assert_eq!(stdout.read(&mut [0; 9]).unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
    stdin.write_all(b"said\n").unwrap();
    stdout.set_timeout(Some(PATIENCE));
    let mut line = String::new();
    stdout.read_to_string(&mut line).unwrap();
    assert_eq!((line.as_str(), process.wait(PATIENCE).unwrap().code), ("said\n", 0));
}

fn a_write_that_nobody_takes_may_be_given_up(target: &Target) {
    let daemon = target.start();
    let mut process = daemon.client.exec(&shell("exec sleep 300")).unwrap();
    let mut stdin = process.stdin.take().unwrap();
    stdin.set_timeout(Some(Duration::from_millis(100)));
    // There are buffers between, not that large.
    let much = vec![b'x'; 64 * 1024];
    let error = (0..1000).find_map(|_| stdin.write_all(&much).err()).unwrap();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    drop(stdin);
    process.control().signal("SIGKILL").unwrap();
    assert_eq!(process.wait(PATIENCE).unwrap().code, 137);
}

fn a_stream_ends_with_the_command_and_not_before(target: &Target) {
    let daemon = target.start();
    let go = daemon.path_text("go");
    let script = format!("exec 1>&-; echo open >&2; until test -e {go}; do sleep 0.02; done; exit 5");
    let mut process = daemon.client.exec(&shell(&script)).unwrap();
    let (mut stdout, mut stderr) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
    stderr.read_exact(&mut [0; 5]).unwrap();
    // That it is closed is not told: Pebble has it open, too.
    stdout.set_timeout(Some(Duration::from_millis(50)));
    assert_eq!(stdout.read(&mut [0; 9]).unwrap_err().kind(), io::ErrorKind::TimedOut);
    fs::write(go, "").unwrap();
    stdout.set_timeout(Some(PATIENCE));
    assert_eq!((stdout.read(&mut [0; 9]).unwrap(), stderr.read(&mut [0; 9]).unwrap()), (0, 0));
    assert_eq!(process.wait(PATIENCE).unwrap().code, 5);
}

fn all_three_streams_may_be_full_at_once(target: &Target) {
    let daemon = target.start();
    // More than all buffers between hold.
    let input = b"0123456789abcdef".repeat(1 << 17);
    let output = run(&daemon, &shell("tee /dev/stderr"), &input);
    assert!(output.stdout == input, "{} bytes", output.stdout.len());
    assert!(output.stderr == input, "{} bytes", output.stderr.len());
}

fn whoever_takes_its_time_gets_all(target: &Target) {
    let daemon = target.start();
    let mut process = daemon.client.exec(&shell("yes abcdefghijklmno | head -c 1048576")).unwrap();
    let mut stdout = process.stdout.take().unwrap();
    let (mut first, mut rest) = ([0; 16], Vec::new());
    stdout.read_exact(&mut first).unwrap();
    // Nobody takes more, and so it waits.
    assert!(!daemon.client.change(process.change()).unwrap().ready);
    stdout.read_to_end(&mut rest).unwrap();
    assert_eq!((&first, rest.len()), (b"abcdefghijklmno\n", (1 << 20) - 16));
    assert!(process.wait(PATIENCE).unwrap().is_success());
}

fn input_that_nobody_reads_keeps_no_timeout_from_coming(target: &Target) {
    let daemon = target.start();
    let input = vec![b'x'; 1 << 20];
    let began = Instant::now();
    let exec = shell("exec sleep 300").timeout(Duration::from_millis(200));
    let error = daemon.client.exec_output(&exec, &input, PATIENCE).unwrap_err();
    assert!(matches!(error, Error::ExecTimeout { .. }), "{error:?}");
    for script in ["exec 0<&-; exec sleep 0.1", "head -c 1 >&2"] {
        assert!(run(&daemon, &shell(script), &input).code.is_success(), "{script}");
    }
    let error = daemon.client.exec_output(&shell("exec sleep 300"), &input, Duration::from_millis(200));
    assert!(matches!(error, Err(Error::Timeout { .. })), "{error:?}");
    assert!(began.elapsed() < PATIENCE / 2);
}

fn a_command_that_never_stops_writing_is_stopped_in_time(target: &Target) {
    let daemon = target.start();
    let time = Duration::from_millis(100);
    let began = Instant::now();
    // Slowly, so that not a bound of the output ends it.
    let slow = shell("while true; do echo y; sleep 0.01; done");
    let error = daemon.client.exec_output(&slow, b"", time).unwrap_err();
    assert!(matches!(error, Error::Timeout { after, .. } if after == time), "{error:?}");
    // Whether anybody wants to know what it writes or not.
    let error = daemon.client.exec(&shell("exec yes >&2")).unwrap().wait(time).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    let error = daemon.client.exec_output(&slow.timeout(time), b"", PATIENCE).unwrap_err();
    assert!(matches!(error, Error::ExecTimeout { after, .. } if after == time), "{error:?}");
    let error = daemon.client.exec_output(&shell("exec yes"), b"", PATIENCE).unwrap_err();
    assert!(matches!(error, Error::TooLarge { what: "the output", .. }), "{error:?}");
    daemon.poll("all to end", || daemon.client.changes(ChangesIn::Progress, None).unwrap().is_empty());
    assert!(began.elapsed() < PATIENCE / 2);
}

fn many_run_side_by_side(target: &Target) {
    let daemon = target.start();
    let (client, go) = (&daemon.client, daemon.path_text("go"));
    thread::scope(|scope| {
        let running: Vec<_> = (0..8)
            .map(|n| {
                let up = daemon.path_text(&format!("up{n}"));
                let script = format!("touch {up}; until test -e {go}; do sleep 0.02; done; echo {n}");
                scope.spawn(move || client.exec_output(&shell(&script), b"", PATIENCE).unwrap().text())
            })
            .collect();
        daemon.poll("all to run", || (0..8).all(|n| daemon.path(&format!("up{n}")).exists()));
        fs::write(&go, "").unwrap();
        for (n, one) in running.into_iter().enumerate() {
            assert_eq!(one.join().unwrap(), format!("{n}\n"));
        }
    });
}

fn a_signal_is_for_the_command_and_not_for_its_children(target: &Target) {
    let daemon = target.start();
    let stop = daemon.path_text("stop");
    let child = format!("trap 'echo child' USR1; echo up; until test -e {stop}; do sleep 0.02; done");
    let script = format!("trap 'echo usr1; touch {stop}' USR1; sh -c \"{child}\" & wait; wait; exit 9");
    let mut process = daemon.client.exec(&shell(&script)).unwrap();
    let mut stdout = process.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 3]).unwrap();
    process.control().signal("SIGUSR1").unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), process.wait(PATIENCE).unwrap().code), ("usr1\n", 9));
}

fn a_key_that_interrupts_is_a_signal_in_a_terminal(target: &Target) {
    let daemon = target.start();
    let mut process = daemon.client.exec(&shell("echo up; exec cat").in_terminal(80, 24)).unwrap();
    let (mut stdin, mut stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    stdout.read_exact(&mut [0; 4]).unwrap();
    stdin.write_all(b"\x03").unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), process.wait(PATIENCE).unwrap().code), ("^C", 130));
}

fn a_terminal_leaves_standard_error_apart_if_asked_for(target: &Target) {
    let daemon = target.start();
    let mut exec =
        shell("test -t 0 && test -t 1 && ! test -t 2 && echo out && echo err >&2").in_terminal(80, 24);
    exec.combined = false;
    let output = run(&daemon, &exec, b"");
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\r\n"[..], &b"err\n"[..]));
}

fn arguments_come_as_they_are(target: &Target) {
    let daemon = target.start();
    let arguments = ["", " ", "a b", "$HOME", "'\"\\", "*", "\n", "\u{e9}\u{1f600}", "<&>", "-n", "%s"];
    let command = ["printf", "[%s]"].into_iter().chain(arguments);
    let output = run(&daemon, &Exec::new(command).working_dir("/"), b"");
    assert_eq!(output.text(), arguments.map(|argument| format!("[{argument}]")).concat());
}
