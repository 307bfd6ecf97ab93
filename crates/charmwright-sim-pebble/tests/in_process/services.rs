//! Services.

use std::time::Duration;

use charmwright_pebble::{Change, ChangeStatus, Layer, OnExit, Service, Startup};
use charmwright_sim_pebble::End;
use charmwright_sim_pebble::in_process::{OnTerm, Program};

use crate::support::{current, done, one, pebble, pebble_of, second, wait};

fn enabled(command: &str) -> Service {
    Service::new(command).startup(Startup::Enabled)
}

fn error(change: Change) -> String {
    change.err.unwrap_or_default()
}

#[test]
fn a_start_takes_a_second_and_no_longer() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &one(Service::new("x"))).unwrap();
    let before = pebble.now();
    let change = done(&client, client.start(&["web"]));
    assert_eq!(pebble.now().since(before), second(1));
    assert_eq!(
        (change.summary.as_str(), current(&client, "web").as_str()),
        ("Start service \"web\"", "active")
    );
    assert_eq!(pebble.started().len(), 1);
}

#[test]
fn an_exit_within_the_first_second_fails_the_start_whatever_its_code_and_then_has_its_way() {
    let quick = |code| Program::exits(code, Duration::from_millis(200)).writes(["oops"]);
    let (pebble, client) = pebble(&[("bad", quick(3)), ("good", quick(0))]);
    let layer = one(Service::new("bad")).service("good", Service::new("good").on_success(OnExit::Ignore));
    client.add_layer("a", &layer).unwrap();
    let change = wait(&client, client.start(&["web"]));
    let log = &change.tasks[0].log;
    assert!(log[0].contains("INFO Most recent service output:\n    oops"), "{log:?}");
    let text = "service start attempt: exited quickly with code 3, will restart";
    assert_eq!(
        error(change),
        format!("cannot perform the following tasks:\n- Start service \"web\" ({text})")
    );
    assert_eq!(current(&client, "web"), "backoff");
    let change = wait(&client, client.start(&["good"]));
    assert!(error(change).contains("exited quickly with code 0, will ignore"));
    assert_eq!(current(&client, "good"), "inactive");
    pebble.advance(second(1));
    assert!(pebble.started().len() > 2, "it is started again");
}

#[test]
fn restarts_come_later_and_later_until_it_stays() {
    let (pebble, client) = pebble(&[("x", Program::exits(1, second(2)))]);
    client.add_layer("a", &one(Service::new("x").backoff_limit(second(5)))).unwrap();
    done(&client, client.start(&["web"]));
    pebble.advance(second(60));
    let starts: Vec<_> = pebble.started().iter().map(|(at, _)| *at).collect();
    let waits: Vec<f64> = starts.windows(2).map(|pair| pair[1].since(pair[0]).as_secs_f64() - 2.0).collect();
    for (wait, expected) in waits.iter().zip([0.5, 1.0, 2.0, 4.0, 5.0, 5.0]) {
        assert!((expected..=expected * 1.1).contains(wait), "{waits:?}");
    }
    assert_eq!(current(&client, "web"), "active");
}

#[test]
fn a_program_that_cannot_be_run_is_inactive() {
    let (_, client) = pebble(&[("x", Program::refused("fork/exec /bin/x: permission denied"))]);
    client.add_layer("a", &one(Service::new("x"))).unwrap();
    let change = wait(&client, client.start(&["web"]));
    assert!(error(change).ends_with("(cannot start service: fork/exec /bin/x: permission denied)"));
    assert_eq!(current(&client, "web"), "inactive");
}

#[test]
fn a_failed_dependency_holds_what_needs_it_and_nothing_else() {
    let (_, client) = pebble(&[("bad", Program::exits(1, Duration::ZERO))]);
    let layer = Layer::new()
        .service("db", Service::new("bad"))
        .service("web", Service::new("x").requires(["db"]).after(["db"]))
        .service("log", Service::new("x"));
    client.add_layer("a", &layer).unwrap();
    let change = wait(&client, client.start(&["web", "log"]));
    let status = |summary: &str| {
        let task = change.tasks.iter().find(|task| task.summary.contains(summary)).unwrap();
        task.status.clone()
    };
    assert_eq!(change.status, ChangeStatus::Error);
    assert_eq!(
        (status("db"), status("web"), status("log")),
        (ChangeStatus::Error, ChangeStatus::Hold, ChangeStatus::Done)
    );
    assert_eq!(change.summary, "Start service \"web\" and 2 more");
}

#[test]
fn replan_starts_a_service_that_was_stopped_on_purpose_if_it_changed() {
    let (_, client) = pebble(&[]);
    client.add_layer("a", &one(Service::new("x"))).unwrap();
    done(&client, client.start(&["web"]));
    done(&client, client.stop(&["web"]));
    assert_eq!(done(&client, client.replan()).summary, "Replan - no services");
    client.add_layer("a", &one(Service::new("x").summary("new"))).unwrap();
    done(&client, client.replan());
    assert_eq!(current(&client, "web"), "active");
}

#[test]
fn replan_leaves_an_unchanged_dependant_stopped() {
    let (_, client) = pebble(&[]);
    let layer = |command: &str| {
        one(Service::new("x").requires(["db"]).after(["db"])).service("db", Service::new(command))
    };
    client.add_layer("a", &layer("db 1")).unwrap();
    done(&client, client.start(&["web"]));
    client.add_layer("a", &layer("db 2")).unwrap();
    done(&client, client.replan());
    assert_eq!((current(&client, "db").as_str(), current(&client, "web").as_str()), ("active", "inactive"));
}

#[test]
fn a_start_of_what_runs_hides_its_new_definition_from_replan() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &one(enabled("old"))).unwrap();
    done(&client, client.replan());
    client.add_layer("a", &one(enabled("new"))).unwrap();
    let change = done(&client, client.autostart());
    assert!(change.tasks[0].log[0].ends_with("INFO Service \"web\" already started."));
    done(&client, client.replan());
    assert_eq!(pebble.started().last().unwrap().1.command, ["old"]);
    done(&client, client.restart(&["web"]));
    assert_eq!(pebble.started().last().unwrap().1.command, ["new"]);
}

#[test]
fn a_replan_that_fails_is_not_repeated() {
    let (pebble, client) = pebble(&[("new", Program::refused("no"))]);
    client.add_layer("a", &one(Service::new("old"))).unwrap();
    done(&client, client.start(&["web"]));
    client.add_layer("a", &one(Service::new("new"))).unwrap();
    assert_eq!(wait(&client, client.replan()).status, ChangeStatus::Error);
    pebble.script(|script| {
        script.program("new", Program::runs());
    });
    assert_eq!(done(&client, client.replan()).summary, "Replan - no services");
    assert_eq!(current(&client, "web"), "inactive");
}

#[test]
fn a_stop_waits_for_the_kill_and_another_one_does_not() {
    let stubborn = Program::runs().on_term(OnTerm::Ignores);
    let (pebble, client) = pebble(&[("x", stubborn)]);
    client.add_layer("a", &one(Service::new("x").kill_delay(second(20)))).unwrap();
    done(&client, client.start(&["web"]));
    let before = pebble.now();
    let stop = client.stop(&["web"]);
    assert_eq!(current(&client, "web"), "inactive");
    let second_stop = done(&client, client.stop(&["web"]));
    assert!(second_stop.tasks[0].log[0].ends_with("INFO Service \"web\" already stopping."));
    let start = wait(&client, client.start(&["web"]));
    assert!(error(start).ends_with("(cannot start service while terminating)"));
    assert_eq!(pebble.now(), before);
    done(&client, stop);
    assert_eq!(pebble.now().since(before), second(20));
}

#[test]
fn a_stop_during_the_start_fails_the_start() {
    let (_, client) = pebble(&[]);
    client.add_layer("a", &one(Service::new("x"))).unwrap();
    let start = client.start(&["web"]);
    done(&client, client.stop(&["web"]));
    assert!(
        error(wait(&client, start)).ends_with("(service start attempt: stopped before the 1s okay delay)")
    );
}

#[test]
fn an_aborted_start_kills() {
    let (_, client) = pebble(&[]);
    client.add_layer("a", &one(Service::new("x"))).unwrap();
    let start = client.start(&["web"]).unwrap();
    assert_eq!(client.abort_change(&start).unwrap().status.as_str(), "Abort");
    let change = client.wait_change(&start, second(1)).unwrap();
    assert!(error(change).ends_with("(start aborted, sent SIGKILL to process)"));
    assert_eq!(current(&client, "web"), "inactive");
    assert!(client.abort_change(&start).is_err());
}

#[test]
fn a_service_may_end_the_daemon() {
    for (code, action, end) in [
        (0, OnExit::Shutdown, End::Stopped),
        (1, OnExit::Shutdown, End::ServiceFailure),
        (1, OnExit::SuccessShutdown, End::Stopped),
    ] {
        let (pebble, client) = pebble(&[("x", Program::exits(code, second(3)))]);
        let service = Service::new("x").on_failure(action.clone());
        let service = if code == 0 { service.on_success(action) } else { service };
        client.add_layer("a", &one(service).service("other", Service::new("y"))).unwrap();
        done(&client, client.start(&["web", "other"]));
        pebble.advance(second(10));
        assert_eq!(pebble.ended(), Some(end));
        assert!(client.system_info().unwrap_err().is_unreachable());
        pebble.restart().unwrap();
        assert_eq!(client.plan().unwrap(), Layer::new());
    }
}

#[test]
fn signals_go_to_what_runs_only() {
    let (_, client) = pebble(&[]);
    client.add_layer("a", &one(Service::new("x"))).unwrap();
    assert!(client.signal("SIGHUP", &["web"]).is_err());
    done(&client, client.start(&["web"]));
    client.signal("SIGHUP", &["web"]).unwrap();
    client.signal("SIGTERM", &["web"]).unwrap();
    assert_eq!(current(&client, "web"), "backoff");
}

#[test]
fn services_have_the_environment_of_the_daemon_and_of_their_user() {
    let (pebble, client) = pebble(&[]);
    client.add_layer("a", &one(Service::new("x -a 'b c' [ d ]").user("nobody").env("A", "1"))).unwrap();
    done(&client, client.start(&["web"]));
    let spawn = pebble.started().pop().unwrap().1;
    assert_eq!(spawn.command, ["x", "-a", "b c", "d"]);
    assert_eq!(spawn.environment["HOME"], "/nonexistent");
    assert_eq!((spawn.environment["A"].as_str(), spawn.credentials.unwrap().user), ("1", 65534));
}

#[test]
fn an_enabled_service_starts_with_the_daemon_unless_held() {
    let (_, client) = pebble_of("1.19.2", &[]);
    assert!(client.autostart().is_err());
    client.add_layer("a", &one(enabled("x"))).unwrap();
    assert_eq!(done(&client, client.autostart()).kind, "autostart");
}
