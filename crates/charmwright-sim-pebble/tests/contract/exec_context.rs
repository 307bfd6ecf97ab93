//! Commands: as what they run, and where.

use std::fs;

use charmwright_pebble::{ChangesIn, Error, Exec, Layer, Service};
use nix::unistd::{User, geteuid};
use serde_json::json;

use crate::daemon::{Daemon, Setup};
use crate::exec::text;
use crate::target::Target;
use crate::websocket;

cases! {
    what_cannot_be_started_is_refused: Processes = "it runs commands";
    what_is_no_command_is_refused: Socket = "the client does not send it";
    environment_and_directory_are_those_given: Processes = "it runs commands";
    a_service_gives_what_is_not_given: Processes = "it runs commands";
    without_a_directory_it_is_at_home: Processes = "it runs commands";
    the_environment_has_defaults: Socket = "it looks at the answer", Processes = "it runs commands";
    the_program_is_looked_for_where_the_daemon_looks: Processes = "it runs commands";
    it_runs_as_the_user_it_is_given: Processes = "it runs commands", Root = "others cannot be another user";
}

/// How Pebble refuses it.
fn refusal(daemon: &Daemon, exec: &Exec) -> (u16, String) {
    match daemon.client.exec(exec) {
        Err(Error::Api { status, message, .. }) => (status, message),
        other => panic!("{other:?}"),
    }
}

fn what_cannot_be_started_is_refused(target: &Target) {
    let daemon = target.start();
    let file = daemon.path_text("file");
    fs::write(&file, "").unwrap();
    let program = Exec::new(["true"]);
    let mut half_a_terminal = program.clone();
    half_a_terminal.interactive = true;
    for (exec, status, message) in [
        (Exec::new(["/nowhere/program"]), 400, r#"cannot find executable "/nowhere/program""#),
        (Exec::new(["nowhere-to-be-found"]), 400, r#"cannot find executable "nowhere-to-be-found""#),
        (Exec::new([file.as_str()]), 400, "cannot find executable"),
        (program.clone().user("nobody-at-all"), 400, "nobody-at-all"),
        (program.clone().service_context("nothing"), 400, r#"context service "nothing" not found"#),
        (program.working_dir("/nowhere"), 500, r#"working directory "/nowhere" does not exist"#),
        (half_a_terminal, 500, "cannot use interactive mode without a terminal"),
    ] {
        let (told, text) = refusal(&daemon, &exec);
        assert!(told == status && text.contains(message), "{exec:?}: {told} {text}");
    }
    // None of them is a change.
    assert_eq!(daemon.client.changes(ChangesIn::All, None).unwrap(), []);
}

fn what_is_no_command_is_refused(target: &Target) {
    let daemon = target.start();
    for body in [
        json!({}),
        json!({"command": []}),
        json!({"command": "true"}),
        json!({"command": ["true"], "timeout": "soon"}),
    ] {
        let answer = daemon.raw().post("/v1/exec", body.to_string());
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
}

fn environment_and_directory_are_those_given(target: &Target) {
    let daemon = target.start_with(Setup {
        environment: vec![("CW_DAEMON", "the daemon's".to_owned()), ("CW_BOTH", "the daemon's".to_owned())],
        ..Setup::default()
    });
    let dir = daemon.path_text("a dir");
    fs::create_dir(&dir).unwrap();
    let exec = Exec::shell(r#"echo "$CW_DAEMON, $CW_BOTH, $CW_OWN"; pwd"#)
        .env("CW_OWN", "  its own $x")
        .env("CW_BOTH", "")
        .working_dir(dir.as_str());
    assert_eq!(text(&daemon, &exec), format!("the daemon's, ,   its own $x\n{dir}\n"));
}

fn a_service_gives_what_is_not_given(target: &Target) {
    let daemon = target.start();
    let dir = daemon.path_text("");
    let dir = dir.trim_end_matches('/');
    let service = Service::new("nothing").env("CW_A", "service").env("CW_B", "service").working_dir(dir);
    daemon.client.add_layer("app", &Layer::new().service("web", service)).unwrap();
    let exec = Exec::shell(r#"echo "$CW_A $CW_B"; pwd"#).service_context("web").env("CW_B", "own");
    assert_eq!(text(&daemon, &exec), format!("service own\n{dir}\n"));
    assert_eq!(text(&daemon, &exec.working_dir("/")), "service own\n/\n");
}

fn without_a_directory_it_is_at_home(target: &Target) {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().to_str().unwrap();
    let daemon =
        target.start_with(Setup { environment: vec![("HOME", home.to_owned())], ..Setup::default() });
    assert_eq!(text(&daemon, &Exec::new(["pwd"])), format!("{home}\n"));
}

fn the_environment_has_defaults(target: &Target) {
    let daemon = target.start_with(Setup { environment: vec![("HOME", String::new())], ..Setup::default() });
    let of_ours = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let user = User::from_uid(geteuid()).unwrap().unwrap();
    let home = user.dir.to_str().unwrap();
    let (lang, path) = (of_ours("LANG", "C.UTF-8"), of_ours("PATH", ""));
    let exec = Exec::shell(r#"echo "$HOME"; echo "$LANG"; echo "$PATH""#).working_dir("/");
    assert_eq!(text(&daemon, &exec), format!("{home}\n{lang}\n{path}\n"));
    // They are told, with all others.
    let started = websocket::ask(&daemon, &json!({"command": ["true"], "environment": {"CW_OWN": "x"}}));
    let told = &started.told["environment"];
    assert_eq!((&told["HOME"], &told["CW_OWN"]), (&json!(home), &json!("x")));
    assert_eq!((&told["LANG"], &started.told["working-dir"]), (&json!(lang), &json!(home)));
}

fn the_program_is_looked_for_where_the_daemon_looks(target: &Target) {
    let daemon = target.start();
    let exec = Exec::new(["echo", "hello"]).env("PATH", "/nowhere");
    assert_eq!(text(&daemon, &exec), "hello\n");
}

fn it_runs_as_the_user_it_is_given(target: &Target) {
    let daemon = target.start();
    let nobody = User::from_name("nobody").unwrap().unwrap();
    let (user, group) = (nobody.uid.as_raw(), nobody.gid.as_raw());
    let home = nobody.dir.to_str().unwrap();
    let exec = Exec::shell(r#"id -u; id -g; id -G; echo "$HOME $USER""#).working_dir("/");
    let expected = format!("{user}\n{group}\n{group}\n{home} nobody\n");
    for exec in [exec.clone().user("nobody"), exec.clone().user_id(user)] {
        assert_eq!(text(&daemon, &exec), expected, "{exec:?}");
    }
    // Of whom nobody knows anything.
    let unknown = Exec::shell("id -u; id -g").working_dir("/").user_id(54321);
    assert_eq!(refusal(&daemon, &unknown).0, 400);
    assert_eq!(text(&daemon, &unknown.group_id(54322)), "54321\n54322\n");
    let homeless = Exec::new(["true"]).user("nobody");
    if !nobody.dir.exists() {
        let (status, message) = refusal(&daemon, &homeless);
        assert!(status == 500 && message.contains("home directory"), "{status} {message}");
    }
}
