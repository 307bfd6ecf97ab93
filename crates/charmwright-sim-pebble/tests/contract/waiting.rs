//! Changes: waiting for them, listing them, ending them early.

use std::io::Read;
use std::time::{Duration, Instant};

use charmwright_pebble::{
    ChangeId, ChangeStatus, ChangesIn, Check, Client, Error, Exec, Layer, ServiceStatus, Startup,
};

use crate::daemon::{Daemon, PATIENCE};
use crate::programs::{NOWHERE, runs};
use crate::target::Target;

cases! {
    a_wait_is_renewed_until_the_change_ends;
    a_wait_that_ends_too_early_leaves_the_change_alone;
    a_wait_without_time_looks_once;
    a_wait_with_a_limit_ends_with_504: Socket = "the client takes it for a round of its own";
    a_wait_without_a_limit_is_for_ever: Socket = "the client always gives a limit";
    a_wait_for_what_has_ended_is_over_at_once: Socket = "it looks at the answer itself";
    a_limit_that_is_no_duration_is_refused: Socket = "the client writes durations only";
    a_change_that_failed_is_no_failed_request;
    an_unknown_change_is_not_found;
    an_aborted_start_kills_the_service;
    an_aborted_stop_goes_on;
    what_has_ended_cannot_be_aborted;
    only_abort_is_an_action_on_a_change: Socket = "the client knows no others";
    an_aborted_command_is_killed: Processes = "the command is one";
    changes_are_listed_by_how_far_they_are;
    changes_are_listed_by_the_service_that_was_asked_for;
    a_selection_of_changes_is_one_of_three: Socket = "the client knows no others";
    changes_outlive_a_restart: Daemon = "it starts the daemon again";
}

/// A check whose change goes on as long as the check is up.
fn endless(daemon: &Daemon) -> ChangeId {
    let check = Check::exec("true").period(PATIENCE);
    daemon.client.add_layer("endless", &Layer::new().check("up", check)).unwrap();
    daemon.client.checks(&["up"]).unwrap().pop().unwrap().change_id.unwrap()
}

/// A change that ends in a second: the start of a service.
fn start(daemon: &Daemon) -> ChangeId {
    daemon.client.add_layer("app", &Layer::new().service("web", daemon.service(&runs()))).unwrap();
    daemon.client.start(&["web"]).unwrap()
}

fn a_wait_is_renewed_until_the_change_ends(target: &Target) {
    let daemon = target.start();
    let change = start(&daemon);
    // Each round is a tenth of what the start takes.
    let client = daemon.client.clone().with_request_timeout(Duration::from_millis(200));
    assert_eq!(client.wait_change(&change, PATIENCE).unwrap().status, ChangeStatus::Done);
}

fn a_wait_that_ends_too_early_leaves_the_change_alone(target: &Target) {
    let daemon = target.start();
    let change = endless(&daemon);
    let began = Instant::now();
    let limit = Duration::from_millis(300);
    let error = daemon.client.wait_change(&change, limit).unwrap_err();
    assert!(matches!(error, Error::Timeout { after, .. } if after == limit), "{error:?}");
    assert!(began.elapsed() < PATIENCE);
    // However long a round might be.
    let client = daemon.client.clone().with_request_timeout(PATIENCE);
    assert!(matches!(client.wait_change(&change, limit), Err(Error::Timeout { .. })));
    assert_eq!(daemon.client.change(&change).unwrap().status, ChangeStatus::Doing);
}

fn a_wait_without_time_looks_once(target: &Target) {
    let daemon = target.start();
    let change = endless(&daemon);
    assert!(matches!(daemon.client.wait_change(&change, Duration::ZERO), Err(Error::Timeout { .. })));
    let change = daemon.done(daemon.client.replan());
    assert_eq!(daemon.client.wait_change(&change.id, Duration::ZERO).unwrap(), change);
}

fn a_wait_with_a_limit_ends_with_504(target: &Target) {
    let daemon = target.start();
    let change = endless(&daemon);
    for limit in ["100ms", "0.1s", "1ns"] {
        let answer = daemon.raw().get(&format!("/v1/changes/{change}/wait?timeout={limit}"));
        assert_eq!(answer.status, 504);
        assert_eq!(answer.json()["status"], "Gateway Timeout");
        assert!(answer.message().starts_with("timed out waiting for change after "), "{}", answer.message());
    }
}

fn a_wait_without_a_limit_is_for_ever(target: &Target) {
    let daemon = target.start();
    let change = endless(&daemon);
    let mut waiting: Vec<_> = ["", "?timeout=0", "?timeout=0s", "?timeout="]
        .map(|query| {
            let mut connection = daemon.raw();
            connection.send(format!("GET /v1/changes/{change}/wait{query} HTTP/1.1\r\nHost: x\r\n\r\n"));
            connection
        })
        .into();
    // As long as this takes, it has not been answered.
    daemon.done(Ok(start(&daemon)));
    assert!(waiting.iter_mut().all(|connection| !connection.has_something()));
    daemon.client.stop_checks(&["up"]).unwrap();
    for mut connection in waiting {
        let answer = connection.answer();
        assert_eq!((answer.status, &answer.result()["ready"]), (200, &true.into()));
    }
}

fn a_wait_for_what_has_ended_is_over_at_once(target: &Target) {
    let daemon = target.start();
    let change = daemon.done(daemon.client.replan()).id;
    for query in ["", "?timeout=1ms", "?timeout=1h"] {
        let answer = daemon.raw().get(&format!("/v1/changes/{change}/wait{query}"));
        assert_eq!((answer.status, &answer.result()["status"]), (200, &"Done".into()));
    }
}

fn a_limit_that_is_no_duration_is_refused(target: &Target) {
    let daemon = target.start();
    let change = daemon.done(daemon.client.replan()).id;
    for limit in ["5", "1x", "s", "1 s"] {
        let limit = limit.replace(' ', "%20");
        let answer = daemon.raw().get(&format!("/v1/changes/{change}/wait?timeout={limit}"));
        assert_eq!(answer.status, 400, "{limit}");
        assert!(!answer.message().is_empty());
    }
}

fn a_change_that_failed_is_no_failed_request(target: &Target) {
    let daemon = target.start();
    let bad = charmwright_pebble::Service::new(NOWHERE);
    daemon.client.add_layer("app", &Layer::new().service("bad", bad)).unwrap();
    let change = daemon.wait(daemon.client.start(&["bad"]));
    assert!(change.ready && change.err.is_some(), "{change:?}");
    let error = daemon.client.start_and_wait(&["bad"], PATIENCE).unwrap_err();
    assert!(matches!(error, Error::ChangeFailed { .. }), "{error:?}");
}

fn an_unknown_change_is_not_found(target: &Target) {
    let daemon = target.start();
    let unknown = ChangeId::new("999").unwrap();
    let client: &Client = &daemon.client;
    for result in
        [client.change(&unknown), client.wait_change(&unknown, PATIENCE), client.abort_change(&unknown)]
    {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Api { status: 404, .. }), "{error:?}");
        assert!(error.to_string().contains(r#"cannot find change with id "999""#), "{error}");
    }
}

fn an_aborted_start_kills_the_service(target: &Target) {
    let daemon = target.start();
    let change = start(&daemon);
    daemon.poll("the service to be started", || daemon.info("web").current == ServiceStatus::Active);
    let told = daemon.client.abort_change(&change).unwrap();
    assert_eq!((&told.status, told.ready), (&ChangeStatus::Abort, false));
    let change = daemon.wait(Ok(change));
    assert_eq!(change.status, ChangeStatus::Error);
    assert!(change.err.unwrap().contains("start aborted, sent SIGKILL to process"));
    assert_eq!(daemon.info("web").current, ServiceStatus::Inactive);
}

fn an_aborted_stop_goes_on(target: &Target) {
    let daemon = target.start();
    let slow = daemon.service(&runs().exits_on_term(Duration::from_millis(300)));
    daemon.client.add_layer("app", &Layer::new().service("web", slow)).unwrap();
    daemon.done(daemon.client.start(&["web"]));
    let change = daemon.client.stop(&["web"]).unwrap();
    daemon.poll("the stop to begin", || daemon.client.change(&change).unwrap().status == ChangeStatus::Doing);
    assert_eq!(daemon.client.abort_change(&change).unwrap().status, ChangeStatus::Abort);
    let change = daemon.wait(Ok(change));
    assert!(change.ready, "{change:?}");
    assert_eq!(daemon.info("web").current, ServiceStatus::Inactive);
}

fn what_has_ended_cannot_be_aborted(target: &Target) {
    let daemon = target.start();
    let change = daemon.done(daemon.client.replan()).id;
    let error = daemon.client.abort_change(&change).unwrap_err();
    assert!(matches!(error, Error::Api { status: 400, .. }), "{error:?}");
    assert!(error.to_string().contains("with nothing pending"), "{error}");
}

fn only_abort_is_an_action_on_a_change(target: &Target) {
    let daemon = target.start();
    let change = endless(&daemon);
    for body in [r#"{"action":"undo"}"#, "{}", r#"{"action":""}"#] {
        assert_eq!(daemon.raw().post(&format!("/v1/changes/{change}"), body).status, 400, "{body}");
    }
    assert_eq!(daemon.client.change(&change).unwrap().status, ChangeStatus::Doing);
}

fn an_aborted_command_is_killed(target: &Target) {
    let daemon = target.start();
    let command = Exec::shell(runs().writes(["up"]).script()).working_dir("/");
    let mut process = daemon.client.exec(&command).unwrap();
    // Before that it has perhaps not been started, and then it never is.
    process.stdout.as_mut().unwrap().read_exact(&mut [0; 3]).unwrap();
    let change = process.change().clone();
    daemon.client.abort_change(&change).unwrap();
    let change = daemon.wait(Ok(change));
    assert_eq!((change.status, &change.tasks[0].data["exit-code"]), (ChangeStatus::Done, &137.into()));
    drop(process);
}

fn changes_are_listed_by_how_far_they_are(target: &Target) {
    let daemon = target.start();
    let ids = |which| -> Vec<ChangeId> {
        daemon.client.changes(which, None).unwrap().into_iter().map(|change| change.id).collect()
    };
    let past: Vec<ChangeId> = (0..11).map(|_| daemon.done(daemon.client.replan()).id).collect();
    assert_eq!((ids(ChangesIn::Progress), ids(ChangesIn::Past)), (vec![], past.clone()));
    let now = endless(&daemon);
    assert_eq!((ids(ChangesIn::Progress), ids(ChangesIn::Past)), (vec![now.clone()], past.clone()));
    assert_eq!(ids(ChangesIn::All), [past, vec![now]].concat());
}

fn changes_are_listed_by_the_service_that_was_asked_for(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new()
        .service("web", daemon.service(&runs()).requires(["db"]))
        .service("db", daemon.service(&runs()).startup(Startup::Enabled));
    daemon.client.add_layer("app", &layer).unwrap();
    let of = |service: &str| -> Vec<ChangeId> {
        let changes = daemon.client.changes(ChangesIn::All, Some(service)).unwrap();
        changes.into_iter().map(|change| change.id).collect()
    };
    let web = daemon.done(daemon.client.start(&["web"])).id;
    assert_eq!((of("web"), of("db"), of("unknown")), (vec![web.clone()], vec![], vec![]));
    let both = daemon.done(daemon.client.stop(&["web", "db"])).id;
    assert_eq!((of("web"), of("db")), (vec![web, both.clone()], vec![both]));
}

fn a_selection_of_changes_is_one_of_three(target: &Target) {
    let daemon = target.start();
    daemon.done(daemon.client.replan());
    let count =
        |query: &str| daemon.raw().get(&format!("/v1/changes{query}")).result().as_array().unwrap().len();
    assert_eq!(
        (count(""), count("?select=in-progress"), count("?select=ready"), count("?select=all")),
        (0, 0, 1, 1)
    );
    for query in ["?select=past", "?select=READY"] {
        assert_eq!(daemon.raw().get(&format!("/v1/changes{query}")).status, 400, "{query}");
    }
}

fn changes_outlive_a_restart(target: &Target) {
    let mut daemon = target.start();
    let past = daemon.done(daemon.client.replan());
    daemon.done(Ok(start(&daemon)));
    let ids = |client: &Client| -> Vec<String> {
        client
            .changes(ChangesIn::All, None)
            .unwrap()
            .into_iter()
            .map(|change| change.id.to_string())
            .collect()
    };
    let before = ids(&daemon.client);
    assert!(daemon.stop().success());
    daemon.restart();
    assert_eq!(daemon.client.change(&past.id).unwrap(), past);
    assert!(ids(&daemon.client).starts_with(&before), "{before:?} {:?}", ids(&daemon.client));
    // New ones go on from there.
    let next = daemon.done(daemon.client.replan()).id;
    assert!(!before.contains(&next.to_string()), "{next} {before:?}");
}
