use std::sync::Mutex;

use charmwright_hookcmds::{Call, Reply, Transport, TransportError};

use super::*;

/// How `juju-log` fails.
#[derive(Debug, Clone, Copy)]
enum Fails {
    NotFound,
    Refused,
    AgentGone,
}

/// A transport on which `juju-log` fails, and which counts how often it was tried.
#[derive(Debug)]
struct Failing(Fails, Arc<Mutex<u32>>);

impl Transport for Failing {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        *self.1.lock().unwrap() += 1;
        let cannot_run = |kind: io::ErrorKind| TransportError { command: call.command, source: kind.into() };
        match self.0 {
            Fails::NotFound => Err(cannot_run(io::ErrorKind::NotFound)),
            Fails::AgentGone => Err(cannot_run(io::ErrorKind::ConnectionRefused)),
            Fails::Refused => Ok(Reply::failure(1, "no logs today")),
        }
    }
}

/// Takes every record.
#[derive(Debug, Default)]
struct Taking(Arc<Mutex<Vec<Vec<String>>>>);

impl Transport for Taking {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        self.0.lock().unwrap().push(call.args.clone());
        Ok(Reply::success(""))
    }
}

thread_local! {
    static STDOUT: Mutex<String> = const { Mutex::new(String::new()) };
    static STDERR: Mutex<String> = const { Mutex::new(String::new()) };
}

#[expect(clippy::unnecessary_wraps, reason = "other prints fail")]
fn stdout(text: &str) -> io::Result<()> {
    STDOUT.with(|all| all.lock().unwrap().extend([text, "\n"]));
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "other prints fail")]
fn stderr(text: &str) -> io::Result<()> {
    STDERR.with(|all| all.lock().unwrap().extend([text, "\n"]));
    Ok(())
}

fn closed(_: &str) -> io::Result<()> {
    Err(io::ErrorKind::BrokenPipe.into())
}

fn printed_to_stdout() -> String {
    STDOUT.with(|all| std::mem::take(&mut *all.lock().unwrap()))
}

fn printed_to_stderr() -> String {
    STDERR.with(|all| std::mem::take(&mut *all.lock().unwrap()))
}

#[test]
fn what_juju_log_does_not_take_is_told_on_standard_error_with_the_reason() {
    for (fails, reason) in [
        (Fails::NotFound, "cannot run juju-log: entity not found"),
        (Fails::AgentGone, "cannot run juju-log: connection refused"),
        (Fails::Refused, "juju-log failed: no logs today"),
    ] {
        let juju = Arc::new(HookCommands::new(Failing(fails, Arc::default())));
        let log = Log::with_prints(&juju, false, stdout, stderr);
        tracing::subscriber::with_default(subscriber(log.clone()), || tracing::warn!("disk is full"));
        log.error("start failed: why");
        let printed = printed_to_stderr();
        assert!(printed.contains("WARNING disk is full\n"), "{printed}");
        assert!(printed.contains("ERROR start failed: why\n"), "{printed}");
        assert!(printed.contains(&format!("WARNING Juju's log did not take that: {reason}\n")), "{printed}");
    }
}

#[test]
fn a_juju_log_that_cannot_be_run_is_tried_once() {
    let tries = Arc::default();
    let juju = Arc::new(HookCommands::new(Failing(Fails::NotFound, Arc::clone(&tries))));
    let log = Log::with_prints(&juju, false, stdout, stderr);
    for _ in 0..3 {
        log.error("why");
    }
    assert_eq!(*tries.lock().unwrap(), 1);
    assert_eq!(printed_to_stderr().matches("ERROR why\n").count(), 3);
}

#[test]
fn a_zero_byte_in_a_message_keeps_no_record_from_jujus_log() {
    let records = Arc::default();
    let juju = Arc::new(HookCommands::new(Taking(Arc::clone(&records))));
    Log::with_prints(&juju, false, stdout, stderr).error("Pebble said a\0b");
    assert_eq!(records.lock().unwrap()[0].last().unwrap(), "Pebble said a\u{fffd}b");
    assert_eq!(printed_to_stderr(), "");
}

#[test]
fn a_debug_record_goes_to_jujus_log_if_standard_output_is_closed() {
    let records = Arc::default();
    let juju = Arc::new(HookCommands::new(Taking(Arc::clone(&records))));
    let log = Log::with_prints(&juju, false, closed, stderr);
    tracing::subscriber::with_default(subscriber(log), || tracing::debug!("to do: nothing"));
    assert_eq!(records.lock().unwrap()[0], ["--log-level", "DEBUG", "--", "to do: nothing"]);
}

#[test]
fn an_error_goes_to_standard_output_if_nothing_else_takes_it() {
    let juju = Arc::new(HookCommands::new(Failing(Fails::Refused, Arc::default())));
    Log::with_prints(&juju, false, stdout, closed).error("why");
    assert!(printed_to_stdout().starts_with("ERROR why\n"));
}

#[test]
fn what_is_told_after_the_run_goes_to_standard_error_and_keeps_no_connection_open() {
    let juju = Arc::new(HookCommands::new(Taking::default()));
    let log = Log::with_prints(&juju, false, stdout, stderr);
    assert_eq!(Arc::strong_count(&juju), 1);
    drop(juju);
    log.error("late");
    assert_eq!(printed_to_stderr(), "ERROR late\n");
}

#[test]
fn a_text_for_standard_error_is_cut_between_characters() {
    let juju = Arc::new(HookCommands::new(Failing(Fails::NotFound, Arc::default())));
    let log = Log::with_prints(&juju, false, stdout, stderr);
    log.error("x");
    printed_to_stderr();
    log.error(&"é".repeat(text::LINE_BYTES_MAX));
    assert!(printed_to_stderr().len() <= "ERROR \n".len() + text::LINE_BYTES_MAX);
}

#[test]
fn a_debug_record_of_an_action_goes_nowhere_because_its_output_is_its_result() {
    let juju = Arc::new(HookCommands::new(Taking::default()));
    let log = Log::with_prints(&juju, true, stdout, stderr);
    tracing::subscriber::with_default(subscriber(log), || tracing::debug!("to do: nothing"));
    assert_eq!((printed_to_stdout(), printed_to_stderr()), (String::new(), String::new()));
}
