//! Layers, and the plan that they make.

use charmwright_pebble::{Check, Error, Layer, OnExit, Override, Service, Startup};
use serde_json::{Value, json};

use crate::daemon::Daemon;
use crate::programs::runs;
use crate::raw::Answer;
use crate::target::Target;

cases! {
    an_empty_layer_changes_nothing;
    an_empty_text_is_an_empty_layer: Socket = "the client writes no such text";
    adding_a_layer_again_leaves_nothing_to_do;
    a_repeated_merge_makes_lists_longer: Socket = "the client takes care that they do not grow";
    the_client_merges_without_making_lists_longer;
    a_merge_keeps_what_it_does_not_name;
    a_merge_cannot_clear_a_field: Socket = "the client writes no empty fields";
    a_merge_to_another_type_of_check_is_refused;
    what_a_layer_no_longer_names_stays;
    a_label_that_exists_is_refused_without_combine: Socket = "the client always combines";
    without_combine_a_new_label_is_on_top: Socket = "the client always combines";
    a_combined_layer_keeps_its_place;
    a_reserved_label_is_refused;
    a_layer_into_an_older_folder_must_say_inner: Socket = "the client never says so";
    a_request_that_is_no_layer_is_refused: Socket = "the client sends none";
}

pub(crate) fn post(daemon: &Daemon, label: &str, combine: bool, layer: &Value) -> Answer {
    post_text(daemon, label, combine, &layer.to_string())
}

pub(crate) fn post_text(daemon: &Daemon, label: &str, combine: bool, layer: &str) -> Answer {
    let body = json!({"action": "add", "combine": combine, "label": label, "format": "yaml", "layer": layer});
    daemon.raw().post("/v1/layers", body.to_string())
}

/// A layer of one service `web` with these fields beside a command.
pub(crate) fn web(fields: Value) -> Value {
    let mut service = json!({"override": "replace", "command": "x"});
    service.as_object_mut().unwrap().append(&mut { fields }.as_object_mut().unwrap().clone());
    json!({"services": {"web": service}})
}

pub(crate) fn command(daemon: &Daemon) -> String {
    daemon.client.plan().unwrap().services["web"].command.clone()
}

pub(crate) fn one(command: &str) -> Layer {
    Layer::new().service("web", Service::new(command))
}

fn an_empty_layer_changes_nothing(target: &Target) {
    let daemon = target.start();
    assert_eq!(daemon.client.plan().unwrap(), Layer::new());
    daemon.client.add_layer("app", &Layer::new()).unwrap();
    assert_eq!(daemon.client.plan().unwrap(), Layer::new());
    daemon.client.add_layer("app", &one("x").summary("no part of the plan")).unwrap();
    daemon.client.add_layer("app", &Layer::new()).unwrap();
    assert_eq!(daemon.client.plan().unwrap(), one("x"));
}

fn an_empty_text_is_an_empty_layer(target: &Target) {
    let daemon = target.start();
    for text in
        ["", "{}", "# nothing\n", "services: {}\n", r#"{"services":{},"checks":null,"log-targets":{}}"#]
    {
        let answer = post_text(&daemon, "app", true, text);
        assert_eq!((answer.status, answer.result()), (200, json!(true)), "{text:?}");
    }
    assert_eq!(daemon.client.plan().unwrap(), Layer::new());
    // A section without anything is none, though, unless it says null. The simulated Pebble reads YAML with a parser that
    // takes both for the same, as YAML does.
    let nothing = if target.is_simulated() { 200 } else { 400 };
    assert_eq!(post_text(&daemon, "app", true, "services:\n").status, nothing);
}

fn adding_a_layer_again_leaves_nothing_to_do(target: &Target) {
    let daemon = target.start();
    let web = daemon.service(&runs()).startup(Startup::Enabled).env("A", "1").after(["db"]);
    let layer = Layer::new().service("web", web).service("db", daemon.service(&runs()));
    daemon.client.add_layer("app", &layer).unwrap();
    daemon.done(daemon.client.replan());
    daemon.done(daemon.client.start(&["db"]));
    for _ in 0..2 {
        daemon.client.add_layer("app", &layer).unwrap();
        let change = daemon.done(daemon.client.replan());
        // The one that is enabled is looked at, and left alone.
        let tasks: Vec<_> =
            change.tasks.iter().map(|task| (task.kind.as_str(), task.summary.as_str())).collect();
        assert_eq!(tasks, [("start", r#"Start service "web""#)]);
        assert!(change.tasks[0].log[0].ends_with(r#"INFO Service "web" already started."#), "{change:?}");
    }
    assert_eq!((daemon.starts("web"), daemon.starts("db")), (1, 1));
}

fn a_repeated_merge_makes_lists_longer(target: &Target) {
    let daemon = target.start();
    let layer =
        json!({"services": {"web": {"override": "merge", "command": "x", "after": ["a"], "before": ["b"]}}});
    for times in 1..=3 {
        assert_eq!(post(&daemon, "app", true, &layer).status, 200);
        let plan = daemon.client.plan().unwrap();
        assert_eq!(plan.services["web"].after, vec!["a"; times]);
        assert_eq!(plan.services["web"].before, vec!["b"; times]);
    }
}

fn the_client_merges_without_making_lists_longer(target: &Target) {
    let daemon = target.start();
    let web = daemon.service(&runs()).override_by(Override::Merge).after(["a"]).requires(["db"]);
    let layer = Layer::new().service("web", web).service("db", daemon.service(&runs()));
    for _ in 0..3 {
        daemon.client.add_layer("app", &layer).unwrap();
        let plan = daemon.client.plan().unwrap();
        assert_eq!(
            (&plan.services["web"].after[..], &plan.services["web"].requires[..]),
            (&["a".into()][..], &["db".into()][..])
        );
    }
    daemon.done(daemon.client.start(&["web"]));
    daemon.client.add_layer("app", &layer).unwrap();
    let change = daemon.done(daemon.client.replan());
    assert_eq!((change.summary.as_str(), change.tasks), ("Replan - no services", vec![]));
}

fn a_merge_keeps_what_it_does_not_name(target: &Target) {
    let daemon = target.start();
    let full =
        Service::new("x").summary("one").env("A", "1").env("B", "2").on_check_failure("c", OnExit::Ignore);
    daemon.client.add_layer("low", &Layer::new().service("web", full)).unwrap();
    let part = Service::new("").override_by(Override::Merge).summary("two").env("B", "3").env("C", "4");
    let part = part.on_check_failure("d", OnExit::Restart);
    daemon.client.add_layer("high", &Layer::new().service("web", part)).unwrap();
    let both = Service::new("x").summary("two").env("A", "1").env("B", "3").env("C", "4");
    let both = both.on_check_failure("c", OnExit::Ignore).on_check_failure("d", OnExit::Restart);
    // The rule is that of the older one.
    assert_eq!(daemon.client.plan().unwrap(), Layer::new().service("web", both));
}

fn a_merge_cannot_clear_a_field(target: &Target) {
    let daemon = target.start();
    daemon
        .client
        .add_layer("app", &Layer::new().service("web", Service::new("x").summary("one").user_id(0)))
        .unwrap();
    let before = daemon.client.plan().unwrap();
    let empty =
        json!({"override": "merge", "summary": "", "command": null, "user-id": null, "environment": {}});
    assert_eq!(post(&daemon, "app", true, &json!({"services": {"web": empty}})).status, 200);
    assert_eq!(daemon.client.plan().unwrap(), before);
}

fn a_merge_to_another_type_of_check_is_refused(target: &Target) {
    let daemon = target.start();
    let layer = |check: Check| Layer::new().check("up", check.startup(Startup::Disabled).threshold(2));
    daemon.client.add_layer("app", &layer(Check::tcp(1))).unwrap();
    let error =
        daemon.client.add_layer("app", &layer(Check::exec("true").override_by(Override::Merge))).unwrap_err();
    assert!(matches!(error, Error::Api { status: 400, .. }), "{error:?}");
    daemon.client.add_layer("app", &layer(Check::exec("true"))).unwrap();
    assert_eq!(daemon.client.plan().unwrap(), layer(Check::exec("true")));
}

fn what_a_layer_no_longer_names_stays(target: &Target) {
    let daemon = target.start();
    daemon.client.add_layer("app", &one("x").service("db", Service::new("y"))).unwrap();
    daemon.client.add_layer("app", &one("z")).unwrap();
    assert_eq!(daemon.client.plan().unwrap(), one("z").service("db", Service::new("y")));
}

fn a_label_that_exists_is_refused_without_combine(target: &Target) {
    let daemon = target.start();
    assert_eq!(post(&daemon, "app", false, &web(json!({}))).status, 200);
    let answer = post(&daemon, "app", false, &web(json!({})));
    assert_eq!((answer.status, answer.message().as_str()), (400, r#"layer "app" already exists"#));
}

fn without_combine_a_new_label_is_on_top(target: &Target) {
    let daemon = target.start();
    assert_eq!(post(&daemon, "low", false, &web(json!({"command": "low"}))).status, 200);
    assert_eq!(post(&daemon, "high", false, &web(json!({"command": "high"}))).status, 200);
    assert_eq!(command(&daemon), "high");
}

fn a_combined_layer_keeps_its_place(target: &Target) {
    let daemon = target.start();
    daemon.client.add_layer("low", &one("low")).unwrap();
    daemon.client.add_layer("high", &one("high")).unwrap();
    daemon.client.add_layer("low", &one("low again")).unwrap();
    assert_eq!(command(&daemon), "high");
}

fn a_reserved_label_is_refused(target: &Target) {
    let daemon = target.start();
    for label in ["", "pebble-", "pebble-app"] {
        let error = daemon.client.add_layer(label, &one("x")).unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
        if target.has(crate::case::Need::Socket) {
            let answer = post(&daemon, label, true, &web(json!({})));
            assert_eq!(answer.status, 400, "{label:?}: {answer:?}");
        }
    }
    assert_eq!(daemon.client.plan().unwrap(), Layer::new());
    daemon.client.add_layer("pebble", &one("x")).unwrap();
}

fn a_layer_into_an_older_folder_must_say_inner(target: &Target) {
    let daemon = target.start();
    for label in ["a/one", "a/two", "b"] {
        assert_eq!(post(&daemon, label, false, &web(json!({"command": label}))).status, 200, "{label}");
    }
    let answer = post(&daemon, "a/three", false, &web(json!({"command": "a/three"})));
    assert_eq!(answer.status, 500);
    assert!(answer.message().contains("without 'inner' attribute set"), "{}", answer.message());
    let layer = web(json!({"command": "a/three"})).to_string();
    let body = json!({"action": "add", "label": "a/three", "inner": true, "format": "yaml", "layer": layer});
    assert_eq!(daemon.raw().post("/v1/layers", body.to_string()).status, 200);
    // It is below the one that came later.
    assert_eq!(command(&daemon), "b");
}

fn a_request_that_is_no_layer_is_refused(target: &Target) {
    let daemon = target.start();
    for (action, label, format, layer) in [
        ("remove", "app", "yaml", "{}"),
        ("", "app", "yaml", "{}"),
        ("add", "app", "json", "{}"),
        ("add", "app", "", "{}"),
        ("add", "app", "yaml", "{"),
        ("add", "app", "yaml", "[]"),
        ("add", "app", "yaml", "services: [web]"),
        ("add", "app", "yaml", "a: b: c"),
    ] {
        let body = json!({"action": action, "label": label, "format": format, "layer": layer});
        let answer = daemon.raw().post("/v1/layers", body.to_string());
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(!answer.message().is_empty());
    }
}
