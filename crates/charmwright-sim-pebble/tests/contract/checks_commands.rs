//! Checks: what they try, as whom, and what is told of it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use charmwright_pebble::{
    ChangeId, ChangeStatus, Check, CheckInfo, CheckStatus, Error, ExecCheck, HttpCheck, Layer, Level,
    NoticeKind, NoticesOptions, OnExit, Service, ServiceStatus, TcpCheck,
};

use crate::daemon::{Daemon, PATIENCE, Setup};
use crate::programs::{NOWHERE, quoted, runs};
use crate::target::Target;

cases! {
    each_time_it_goes_down_or_up_there_is_a_new_change;
    health_follows;
    each_time_it_goes_down_its_service_is_restarted;
    a_success_in_between_is_a_new_beginning;
    a_command_has_an_environment_and_a_directory: Processes = "it asks a shell for them";
    a_command_has_what_its_service_has: Processes = "it asks a shell for it";
    a_command_may_be_another_users: Root = "only root runs as others", Processes = "it asks a shell for it";
    what_a_failed_command_wrote_last_is_told: Processes = "it is a shell's";
    what_cannot_be_run_has_failed: Processes = "the simulated ones are what they are said to be";
    a_timeout_is_no_longer_than_the_period: Processes = "it takes its time";
    what_is_stopped_while_it_runs_is_ended: Processes = "it looks for the process";
    a_header_is_sent_and_a_redirection_followed: Socket = "it serves HTTP";
    what_a_bad_answer_says_is_told: Socket = "it serves HTTP";
    a_port_may_be_on_another_host: Socket = "it looks at a real port";
}

/// So often that one waits for it, and not so often that it is run while it runs.
const OFTEN: Duration = Duration::from_millis(200);

fn often(check: Check) -> Check {
    check.period(OFTEN).threshold(1)
}

fn add(daemon: &Daemon, check: Check) {
    daemon.client.add_layer("checks", &Layer::new().check("check", check)).unwrap();
}

fn info(daemon: &Daemon) -> CheckInfo {
    daemon.client.checks(&["check"]).unwrap().pop().unwrap()
}

/// Waits until it is so, by another change than that.
fn until(daemon: &Daemon, status: &CheckStatus, before: Option<&ChangeId>) -> CheckInfo {
    let mut now = info(daemon);
    daemon.poll("the check to go down or up", || {
        now = info(daemon);
        now.status == *status && now.change_id.as_ref() != before
    });
    now
}

/// The change of a check that is added now, in place of the one that may be there.
fn anew(daemon: &Daemon, check: Check) -> ChangeId {
    let change = || daemon.client.checks(&["check"]).unwrap().pop().and_then(|check| check.change_id);
    let before = change();
    add(daemon, check);
    let mut now = change();
    daemon.poll("the new check to be performed", || {
        now = change();
        now.is_some() && now != before
    });
    now.unwrap()
}

/// Why it fails, in Pebble's words.
fn failure(daemon: &Daemon, check: Check) -> String {
    let performing = anew(daemon, often(check));
    daemon.wait(Ok(performing)).err.unwrap()
}

/// That it succeeds: before, it fails.
fn succeeds(daemon: &Daemon, go: &str, check: Check) {
    add(daemon, often(check));
    let down = until(daemon, &CheckStatus::Down, None);
    fs::write(go, "").unwrap();
    until(daemon, &CheckStatus::Up, down.change_id.as_ref());
    fs::remove_file(go).unwrap();
}

fn each_time_it_goes_down_or_up_there_is_a_new_change(target: &Target) {
    let daemon = target.start();
    let check = daemon.check("switch");
    daemon.turn("switch", true);
    add(&daemon, often(check).threshold(2));
    let mut told = vec![info(&daemon)];
    for is_up in [false, true, false, true] {
        daemon.turn("switch", is_up);
        let status = if is_up { CheckStatus::Up } else { CheckStatus::Down };
        let next = until(&daemon, &status, told.last().unwrap().change_id.as_ref());
        if target.since(1, 29) {
            assert_eq!(next.prev_change_id, told.last().unwrap().change_id);
        }
        told.push(next);
    }
    let ids: Vec<ChangeId> = told.into_iter().map(|check| check.change_id.unwrap()).collect();
    let ended: Vec<_> = ids.iter().map(|id| daemon.client.change(id).unwrap()).collect();
    let kinds = ["perform", "recover", "perform", "recover", "perform"].map(|kind| format!("{kind}-check"));
    assert!(ended.iter().map(|change| &change.kind).eq(&kinds), "{ended:?}");
    let (failed, done, doing) = (ChangeStatus::Error, ChangeStatus::Done, ChangeStatus::Doing);
    let statuses = [&failed, &done, &failed, &done, &doing];
    assert!(ended.iter().map(|change| &change.status).eq(statuses), "{ended:?}");
    // The notices come in the order of what they tell last.
    let options = NoticesOptions::default().types([NoticeKind::ChangeUpdate]);
    let notices = daemon.client.notices(&options).unwrap();
    let mut keys: Vec<&str> = notices.iter().map(|notice| notice.key.as_str()).collect();
    keys.retain(|key| ids.iter().any(|id| id.as_str() == *key));
    keys.sort_by_key(|key| ids.iter().position(|id| id.as_str() == *key));
    assert!(keys.iter().copied().eq(ids.iter().map(ChangeId::as_str)), "{keys:?}");
}

fn health_follows(target: &Target) {
    let daemon = target.start();
    let check = daemon.check("switch");
    daemon.turn("switch", true);
    add(&daemon, often(check).level(Level::Ready));
    let mut before = None;
    for is_up in [true, false, true] {
        daemon.turn("switch", is_up);
        let status = if is_up { CheckStatus::Up } else { CheckStatus::Down };
        before = until(&daemon, &status, before.as_ref()).change_id;
        assert_eq!(daemon.client.is_healthy(Some(&Level::Ready)).unwrap(), is_up);
        assert!(daemon.client.is_healthy(Some(&Level::Alive)).unwrap());
    }
}

fn each_time_it_goes_down_its_service_is_restarted(target: &Target) {
    let daemon = target.start();
    let soon = Duration::from_millis(100);
    let service = daemon.service(&runs()).on_check_failure("check", OnExit::Restart).backoff_delay(soon);
    daemon.client.add_layer("app", &Layer::new().service("web", service)).unwrap();
    let check = daemon.check("switch");
    daemon.turn("switch", true);
    add(&daemon, often(check));
    daemon.done(daemon.client.start(&["web"]));
    let mut before = info(&daemon).change_id;
    for starts in [2, 3] {
        daemon.turn("switch", false);
        before = until(&daemon, &CheckStatus::Down, before.as_ref()).change_id;
        daemon.poll("the service to be started again", || {
            daemon.starts("web") == starts && daemon.info("web").current == ServiceStatus::Active
        });
        daemon.turn("switch", true);
        before = until(&daemon, &CheckStatus::Up, before.as_ref()).change_id;
        assert_eq!(daemon.starts("web"), starts);
    }
}

fn a_success_in_between_is_a_new_beginning(target: &Target) {
    let daemon = target.start();
    let check = daemon.check("switch");
    add(&daemon, check.period(OFTEN).threshold(100));
    let change = info(&daemon).change_id;
    for _ in 0..2 {
        daemon.poll("failures", || info(&daemon).failures >= 2);
        daemon.turn("switch", true);
        daemon.poll("a success", || info(&daemon).failures == 0);
        daemon.turn("switch", false);
    }
    let now = info(&daemon);
    assert_eq!((&now.status, now.change_id.as_ref()), (&CheckStatus::Up, change.as_ref()));
    let log = daemon.client.change(&change.unwrap()).unwrap().tasks[0].log.join("\n");
    assert!(log.contains("exit status 1"), "{log}");
    // When it went well again is told since Pebble counts successes.
    assert_eq!(log.contains("succeeded after"), target.since(1, 19), "{log}");
}

fn shell(script: &str) -> ExecCheck {
    ExecCheck::new(format!("/bin/sh -c {}", quoted(script)))
}

fn a_command_has_an_environment_and_a_directory(target: &Target) {
    let environment = vec![("CW_DAEMON", "the daemon's".to_owned()), ("CW_BOTH", "the daemon's".to_owned())];
    let daemon = target.start_with(Setup { environment, ..Setup::default() });
    let (go, dir) = (daemon.path_text("go"), daemon.path_text("a dir"));
    fs::create_dir(&dir).unwrap();
    let test = r#"test "$CW_DAEMON, $CW_BOTH, $CW_OWN" = "the daemon's, , its own \$x""#;
    let script = format!(r#"test -e {go} && {test} && test "$(pwd)" = '{dir}'"#);
    let check = shell(&script).env("CW_OWN", "its own $x").env("CW_BOTH", "").working_dir(dir);
    succeeds(&daemon, &go, Check::exec(check));
}

fn a_command_has_what_its_service_has(target: &Target) {
    let daemon = target.start();
    let (go, dir) = (daemon.path_text("go"), daemon.path_text("dir"));
    fs::create_dir(&dir).unwrap();
    let service = Service::new("nothing").env("CW_A", "service").env("CW_B", "service").working_dir(&dir);
    daemon.client.add_layer("app", &Layer::new().service("web", service)).unwrap();
    let script = format!(r#"test -e {go} && test "$CW_A $CW_B $(pwd)" = "service own {dir}""#);
    succeeds(&daemon, &go, Check::exec(shell(&script).service_context("web").env("CW_B", "own")));
}

fn a_command_may_be_another_users(target: &Target) {
    let daemon = target.start();
    fs::set_permissions(daemon.path(""), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let go = daemon.path_text("go");
    let script = format!(r#"test -e {go} && test "$(id -u) $(id -g)" = "4242 4243""#);
    succeeds(&daemon, &go, Check::exec(shell(&script).user_id(4242).group_id(4243)));
}

/// What is told of a check that fails once and goes on.
fn log(daemon: &Daemon, check: Check) -> String {
    let change = anew(daemon, often(check).threshold(100));
    let mut log = String::new();
    daemon.poll("a failure", || {
        log = daemon.client.change(&change).unwrap().tasks[0].log.join("\n");
        !log.is_empty()
    });
    log
}

fn what_a_failed_command_wrote_last_is_told(target: &Target) {
    let daemon = target.start();
    let check = Check::exec(shell("for n in 1 2 3 4 5 6; do echo line $n; done; echo last >&2; exit 42"));
    // Five lines of it.
    let log = log(&daemon, check.clone());
    assert!(log.contains("exit status 42; (...)\nline 3\n"), "{log}");
    assert!(log.contains("line 6\nlast") && !log.contains("line 2"), "{log}");
    // Where it goes down it is told since 1.29.
    let err = failure(&daemon, check.threshold(1));
    assert!(err.contains("exit status 42"), "{err}");
    assert_eq!(err.contains("last"), target.since(1, 29), "{err}");
    let err = failure(&daemon, Check::exec(shell("kill -TERM $$")));
    assert!(err.contains("exit status 143"), "{err}");
}

fn what_cannot_be_run_has_failed(target: &Target) {
    let daemon = target.start();
    let err = failure(&daemon, Check::exec(NOWHERE));
    assert!(err.contains("no such file or directory"), "{err}");
    let err = failure(&daemon, Check::exec(ExecCheck::new("true").working_dir("/nowhere")));
    assert!(err.contains("no such file or directory"), "{err}");
    // Whether there is such a user is looked at before.
    let unknown = Layer::new().check("check", Check::exec(ExecCheck::new("true").user("nobody-at-all")));
    let error = daemon.client.add_layer("checks", &unknown).unwrap_err();
    assert!(matches!(error, Error::Api { status: 400, .. }), "{error:?}");
}

fn a_timeout_is_no_longer_than_the_period(target: &Target) {
    let daemon = target.start();
    // Without one it would be three seconds.
    for check in [Check::exec("sleep 300"), Check::exec("sleep 300").timeout(PATIENCE)] {
        let err = failure(&daemon, check);
        assert!(err.contains("check timed out after 200ms"), "{err}");
    }
    let err = failure(&daemon, Check::exec("sleep 300").timeout(Duration::from_millis(50)));
    assert!(err.contains("check timed out after 50ms"), "{err}");
}

fn what_is_stopped_while_it_runs_is_ended(target: &Target) {
    let daemon = target.start();
    let pid = daemon.path_text("pid");
    let script = format!("echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 300");
    add(
        &daemon,
        Check::exec(shell(&script)).period(Duration::from_secs(20)).timeout(Duration::from_secs(20)),
    );
    // The first run comes after one period, unless it is asked for.
    if !target.since(1, 20) {
        add(&daemon, Check::exec(shell(&script)).period(Duration::from_secs(1)));
    }
    let change = info(&daemon).change_id.unwrap();
    let client = daemon.client.clone();
    thread::scope(|scope| {
        let asked = target.since(1, 20).then(|| scope.spawn(move || client.refresh_check("check")));
        daemon.poll("the check to run", || fs::exists(&pid).unwrap());
        let process = fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
        assert_eq!(daemon.client.stop_checks(&["check"]).unwrap(), ["check"]);
        assert_eq!(info(&daemon).status, CheckStatus::Inactive);
        assert!(daemon.wait(Ok(change)).ready);
        daemon.poll("the command to end", || !crate::stopping::is_there(process));
        // Whoever asked for it is not left without an answer.
        if let Some(asked) = asked {
            let _ = asked.join().unwrap();
        }
    });
    assert_eq!(info(&daemon).status, CheckStatus::Inactive);
}

/// Answers each that asks with the next of these, the last one for ever, and tells what was asked. Where.
fn answers<const N: usize>(answers: [&'static str; N]) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    thread::spawn(move || {
        for (stream, at) in listener.incoming().zip(0..) {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap_or_default();
            let _ = tell.send(String::from_utf8_lossy(&head[..length]).into_owned());
            // Whoever asks no more needs no answer.
            let _ = stream.write_all(answers[N.min(at + 1) - 1].as_bytes());
        }
    });
    (port, told)
}

fn a_header_is_sent_and_a_redirection_followed(target: &Target) {
    let daemon = target.start();
    let (port, told) = answers([
        "HTTP/1.1 302 Found\r\nLocation: /there?x=y\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    ]);
    let check = HttpCheck::new(format!("http://127.0.0.1:{port}/here")).header("X-Own", "value");
    add(&daemon, often(Check::http(check)));
    let [first, second] = [(), ()].map(|()| told.recv_timeout(PATIENCE).unwrap());
    assert!(first.starts_with("GET /here HTTP/1.1\r\n"), "{first}");
    assert!(second.starts_with("GET /there?x=y HTTP/1.1\r\n"), "{second}");
    for head in [first, second] {
        assert!(head.to_lowercase().contains("\r\nx-own: value\r\n"), "{head}");
    }
    assert_eq!(info(&daemon).status, CheckStatus::Up);
}

fn what_a_bad_answer_says_is_told(target: &Target) {
    let daemon = target.start();
    let (port, _told) = answers([
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n1\n2\n3\n4\n5\n6 secret\n7\n",
    ]);
    let log = log(&daemon, Check::http(format!("http://127.0.0.1:{port}/")));
    assert!(log.contains("non-2xx status code 503; 1\n"), "{log}");
    assert!(log.contains("5\n") && log.contains("(...)") && !log.contains("secret"), "{log}");
}

fn a_port_may_be_on_another_host(target: &Target) {
    let daemon = target.start();
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    add(&daemon, often(Check::tcp(TcpCheck::new(port).host("127.0.0.2"))));
    // Somebody has asked.
    drop(listener.accept().unwrap());
    assert_eq!(info(&daemon).status, CheckStatus::Up);
    let err = failure(&daemon, Check::tcp(TcpCheck::new(port).host("127.0.0.3")));
    assert!(err.contains("connection refused"), "{err}");
}
