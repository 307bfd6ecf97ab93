//! Services: starting, stopping, and what they are in between.

use std::time::Duration;

use charmwright_pebble::{Change, ChangeStatus, Error, Layer, Service, ServiceStatus, Startup};
use serde_json::json;

use crate::daemon::{Daemon, PATIENCE, tasks};
use crate::programs::{NOWHERE, NOWHERE_IN_PATH, exits, runs};
use crate::target::Target;

cases! {
    a_service_that_was_never_started_is_inactive;
    services_are_listed_by_name;
    a_name_may_hold_almost_anything;
    a_service_is_started_stopped_and_started_again;
    what_is_so_already_is_done_at_once;
    a_restart_is_one_whatever_was_before;
    autostart_starts_what_is_enabled;
    autostart_of_nothing_is_its_own_error;
    a_bad_action_is_refused: Socket = "the client sends none";
    an_unknown_service_refuses_the_whole_call;
    a_start_waits_for_a_second;
    a_service_that_exits_in_its_first_second_fails_its_start;
    a_service_that_succeeds_in_its_first_second_fails_its_start;
    a_program_that_is_not_there_fails_its_start;
    a_user_that_is_not_there_fails_the_start: Processes = "it asks the system for its users";
    services_start_with_the_daemon: Daemon = "it is started otherwise";
    a_service_has_the_environment_of_daemon_and_plan: Processes = "it asks a shell for it";
    a_command_is_split_as_by_a_shell: Processes = "it asks a shell for it";
}

fn add(daemon: &Daemon, name: &str, service: Service) {
    daemon.client.add_layer("app", &Layer::new().service(name, service)).unwrap();
}

fn current(daemon: &Daemon, name: &str) -> ServiceStatus {
    daemon.info(name).current
}

fn a_service_that_was_never_started_is_inactive(target: &Target) {
    let daemon = target.start();
    add(&daemon, "web", daemon.service(&runs()).startup(Startup::Enabled));
    let info = daemon.info("web");
    assert_eq!(
        (info.startup, info.current, info.current_since),
        (Startup::Enabled, ServiceStatus::Inactive, None)
    );
    assert!(!daemon.client.metrics().unwrap().contains("web"));
}

fn services_are_listed_by_name(target: &Target) {
    let daemon = target.start();
    for name in ["b", "c", "A", "a"] {
        add(&daemon, name, daemon.service(&runs()));
    }
    let names = |infos: Vec<charmwright_pebble::ServiceInfo>| -> Vec<_> {
        infos.into_iter().map(|one| one.name).collect()
    };
    assert_eq!(names(daemon.client.all_services().unwrap()), ["A", "a", "b", "c"]);
    assert_eq!(names(daemon.client.services(&["c", "unknown", "a", "c"]).unwrap()), ["a", "c"]);
    assert_eq!(names(daemon.client.services(&["unknown"]).unwrap()), [""; 0]);
}

fn a_name_may_hold_almost_anything(target: &Target) {
    let daemon = target.start();
    for name in ["a b+c&d=e?f#g/h%41;i", "\u{e9}\u{1f600}", "'\"\\", "1", "null", "."] {
        add(&daemon, name, daemon.service(&runs()));
        assert_eq!(daemon.info(name).name, name);
        let change = daemon.done(daemon.client.stop(&[name]));
        assert_eq!(daemon.client.changes(charmwright_pebble::ChangesIn::All, Some(name)).unwrap(), [change]);
    }
}

fn a_service_is_started_stopped_and_started_again(target: &Target) {
    let daemon = target.start();
    add(&daemon, "web", daemon.service(&runs()));
    for (times, summary) in [(1, "start"), (2, "start again")] {
        let change = daemon.done(daemon.client.start(&["web"]));
        assert_eq!(
            (change.kind.as_str(), change.summary.as_str()),
            ("start", r#"Start service "web""#),
            "{summary}"
        );
        assert_eq!(
            (change.status.clone(), change.ready, tasks(&change)),
            (ChangeStatus::Done, true, vec!["start web Done".to_owned()])
        );
        assert!(change.spawn_time.is_some() && change.ready_time.is_some(), "{change:?}");
        assert_eq!((current(&daemon, "web"), daemon.starts("web")), (ServiceStatus::Active, times));
        let since = daemon.info("web").current_since;
        let change = daemon.done(daemon.client.stop(&["web"]));
        assert_eq!((change.kind.as_str(), tasks(&change)), ("stop", vec!["stop web Done".to_owned()]));
        assert_eq!(current(&daemon, "web"), ServiceStatus::Inactive);
        assert_ne!(daemon.info("web").current_since, since);
    }
}

fn what_is_so_already_is_done_at_once(target: &Target) {
    let daemon = target.start();
    add(&daemon, "web", daemon.service(&runs()));
    let said = |change: Change, words: &str| {
        assert_eq!(change.status, ChangeStatus::Done);
        let log = &change.tasks[0].log;
        assert!(log.len() == 1 && log[0].ends_with(&format!("INFO Service \"web\" {words}.")), "{log:?}");
    };
    said(daemon.wait(daemon.client.stop(&["web"])), "has never been started");
    daemon.done(daemon.client.start(&["web"]));
    said(daemon.wait(daemon.client.start(&["web"])), "already started");
    daemon.done(daemon.client.stop(&["web"]));
    said(daemon.wait(daemon.client.stop(&["web"])), "already stopped");
    assert_eq!(daemon.starts("web"), 1);
}

fn a_restart_is_one_whatever_was_before(target: &Target) {
    let daemon = target.start();
    add(&daemon, "web", daemon.service(&runs()));
    for times in 1..=2 {
        let change = daemon.done(daemon.client.restart(&["web"]));
        assert_eq!(change.kind, "restart");
        assert_eq!(tasks(&change), ["stop web Done", "start web Done"]);
        assert_eq!((current(&daemon, "web"), daemon.starts("web")), (ServiceStatus::Active, times));
    }
    daemon.done(daemon.client.stop(&["web"]));
    daemon.client.restart_and_wait(&["web"], PATIENCE).unwrap();
    assert_eq!(daemon.starts("web"), 3);
}

fn autostart_starts_what_is_enabled(target: &Target) {
    let daemon = target.start();
    let enabled = || daemon.service(&runs()).startup(Startup::Enabled);
    let layer =
        Layer::new().service("a", enabled()).service("b", enabled()).service("c", daemon.service(&runs()));
    daemon.client.add_layer("app", &layer).unwrap();
    let change = daemon.done(daemon.client.autostart());
    assert_eq!(
        (change.kind.as_str(), change.summary.as_str()),
        ("autostart", r#"Autostart service "a" and 1 more"#)
    );
    assert_eq!(tasks(&change), ["start a Done", "start b Done"]);
    assert_eq!(current(&daemon, "c"), ServiceStatus::Inactive);
}

fn autostart_of_nothing_is_its_own_error(target: &Target) {
    let daemon = target.start();
    for _ in 0..2 {
        let error = daemon.client.autostart().unwrap_err();
        assert_eq!(error.kind(), Some("no-default-services"));
        assert!(matches!(error, Error::Api { status: 400, .. }), "{error:?}");
        add(&daemon, "web", daemon.service(&runs()).startup(Startup::Disabled));
    }
}

fn a_bad_action_is_refused(target: &Target) {
    let daemon = target.start();
    add(&daemon, "web", daemon.service(&runs()));
    for (action, services, message) in [
        ("start", json!([]), "must specify services for start action"),
        ("stop", json!(null), "must specify services for stop action"),
        ("restart", json!([]), "must specify services for restart action"),
        ("replan", json!(["web"]), "replan accepts no service names"),
        ("autostart", json!(["web"]), "autostart accepts no service names"),
        ("frob", json!(["web"]), r#"invalid action "frob""#),
        ("", json!(["web"]), r#"invalid action """#),
    ] {
        let body = json!({"action": action, "services": services});
        let answer = daemon.raw().post("/v1/services", body.to_string());
        assert_eq!((answer.status, answer.message().as_str()), (400, message), "{body}");
    }
    // There, but not made.
    assert_eq!(daemon.raw().get("/v1/services/web").status, 400);
}

fn an_unknown_service_refuses_the_whole_call(target: &Target) {
    let daemon = target.start();
    add(&daemon, "web", daemon.service(&runs()));
    for result in [
        daemon.client.start(&["web", "unknown"]),
        daemon.client.stop(&["web", "unknown"]),
        daemon.client.restart(&["unknown", "web"]),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Api { status: 400, kind: None, .. }), "{error:?}");
        assert!(error.to_string().contains(r#"service "unknown" does not exist"#), "{error}");
    }
    assert_eq!(daemon.client.changes(charmwright_pebble::ChangesIn::All, None).unwrap(), []);
}

fn a_start_waits_for_a_second(target: &Target) {
    let daemon = target.start();
    add(&daemon, "web", daemon.service(&runs()));
    let change = daemon.client.start(&["web"]).unwrap();
    daemon.poll("the service to be started", || current(&daemon, "web") == ServiceStatus::Active);
    let early = daemon.client.change(&change).unwrap();
    assert_eq!((early.status, early.ready, early.ready_time), (ChangeStatus::Doing, false, None));
    daemon.done(Ok(change));
}

fn fails_to_start(daemon: &Daemon, name: &str, words: &str) -> Change {
    let change = daemon.wait(daemon.client.start(&[name]));
    assert_eq!((&change.status, change.ready), (&ChangeStatus::Error, true));
    let err = change.err.clone().unwrap();
    let head = "cannot perform the following tasks:\n";
    assert!(err.starts_with(head) && err.contains(words), "{err}");
    let last = change.tasks[0].log.last().unwrap();
    assert!(last.contains(" ERROR ") && last.contains(words), "{last}");
    change
}

fn a_service_that_exits_in_its_first_second_fails_its_start(target: &Target) {
    let daemon = target.start();
    let bad = exits(3, Duration::from_millis(200)).writes(["first", "oops"]);
    let kept = daemon.service(&bad).on_failure("ignore".into());
    add(&daemon, "bad", kept);
    let change = fails_to_start(&daemon, "bad", "exited quickly with code 3, will ignore");
    let log = &change.tasks[0].log[0];
    assert!(log.ends_with("INFO Most recent service output:\n    first\n    oops"), "{log}");
    assert_eq!(current(&daemon, "bad"), ServiceStatus::Error);

    add(&daemon, "again", daemon.service(&bad).backoff_delay(PATIENCE));
    fails_to_start(&daemon, "again", "exited quickly with code 3, will restart");
    assert_eq!(current(&daemon, "again"), ServiceStatus::Backoff);
    let error = daemon.client.restart_and_wait(&["again"], PATIENCE).unwrap_err();
    let Error::ChangeFailed { retried, .. } = error else { panic!("{error:?}") };
    assert_eq!(retried, ["again"]);
}

fn a_service_that_succeeds_in_its_first_second_fails_its_start(target: &Target) {
    let daemon = target.start();
    let quick = daemon.service(&exits(0, Duration::from_millis(200))).on_success("ignore".into());
    add(&daemon, "quick", quick);
    fails_to_start(&daemon, "quick", "exited quickly with code 0, will ignore");
    assert_eq!(current(&daemon, "quick"), ServiceStatus::Inactive);
}

fn a_program_that_is_not_there_fails_its_start(target: &Target) {
    let daemon = target.start();
    for command in [NOWHERE.to_owned(), format!("{NOWHERE_IN_PATH} --flag")] {
        add(&daemon, "bad", Service::new(command));
        let change = fails_to_start(&daemon, "bad", "nowhere");
        assert!(change.err.unwrap().contains("cannot start service:"));
        assert_eq!(current(&daemon, "bad"), ServiceStatus::Inactive);
    }
}

fn a_user_that_is_not_there_fails_the_start(target: &Target) {
    let daemon = target.start();
    add(&daemon, "bad", daemon.service(&runs()).user("nobody-knows"));
    fails_to_start(&daemon, "bad", "nobody-knows");
    add(&daemon, "bad", daemon.service(&runs()).working_dir("/nowhere"));
    fails_to_start(&daemon, "bad", "no such file or directory");
}

fn services_start_with_the_daemon(target: &Target) {
    let file = |name: &str, startup: &str| {
        let command = runs().command();
        json!({"services": {name: {"override": "replace", "command": command, "startup": startup}}})
            .to_string()
    };
    let layers = vec![("001-web.yaml", file("web", "enabled")), ("002-idle.yaml", file("idle", "disabled"))];
    let daemon = target.start_with(crate::daemon::Setup { layers, autostart: true, ..Default::default() });
    daemon.poll("the service to be started", || current(&daemon, "web") == ServiceStatus::Active);
    assert_eq!(current(&daemon, "idle"), ServiceStatus::Inactive);
    let changes = daemon.client.changes(charmwright_pebble::ChangesIn::All, None).unwrap();
    assert_eq!(changes.iter().map(|change| change.kind.as_str()).collect::<Vec<_>>(), ["autostart"]);
}

fn a_service_has_the_environment_of_daemon_and_plan(target: &Target) {
    let environment = vec![("FROM_DAEMON", "1".to_owned()), ("BOTH", "daemon".to_owned())];
    let daemon = target.start_with(crate::daemon::Setup { environment, ..Default::default() });
    let web = Service::new(r#"/bin/sh -c 'echo "$FROM_DAEMON $BOTH $FROM_PLAN $PWD"; exec sleep 300'"#);
    add(&daemon, "web", web.env("BOTH", "plan").env("FROM_PLAN", "$HOME 'q'\n").working_dir("/"));
    daemon.done(daemon.client.start(&["web"]));
    let lines = daemon.client.logs(&charmwright_pebble::LogsOptions::of(["web"])).unwrap();
    assert_eq!(
        lines.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(),
        ["1 plan $HOME 'q'", " /"]
    );
}

fn a_command_is_split_as_by_a_shell(target: &Target) {
    let daemon = target.start();
    let web = Service::new(
        r#"/bin/sh -c 'printf "<%s>" "$0" "$@"; echo; exec sleep 300' a\ b "c 'd'" '$HOME' e"f"g [ --default "x y" ]"#,
    );
    add(&daemon, "web", web);
    daemon.done(daemon.client.start(&["web"]));
    let lines = daemon.client.logs(&charmwright_pebble::LogsOptions::of(["web"])).unwrap();
    assert_eq!(lines[0].message, "<a b><c 'd'><$HOME><efg><--default><x y>");
}
