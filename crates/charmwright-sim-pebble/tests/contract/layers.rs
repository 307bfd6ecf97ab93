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
    an_unknown_field_is_refused: Socket = "the client knows none";
    an_entry_without_override_is_refused: Socket = "the client always writes one";
    a_layer_that_does_not_fit_changes_nothing;
    an_unknown_startup_is_disabled: Socket = "the client knows none";
    emoji_and_quotes_come_back;
    escapes_of_json_that_yaml_has_not_are_refused: Socket = "the client writes none";
    scalars_of_an_environment_become_text: Socket = "the client writes texts only";
    the_plan_is_asked_for_as_yaml: Socket = "it looks at the text of the plan";
    the_layers_of_the_folder_are_there_from_the_start: Files = "it puts layers into its folder";
    a_layer_of_the_folder_is_combined_into_by_its_label: Files = "it puts layers into its folder";
}

fn post(daemon: &Daemon, label: &str, combine: bool, layer: &Value) -> Answer {
    post_text(daemon, label, combine, &layer.to_string())
}

fn post_text(daemon: &Daemon, label: &str, combine: bool, layer: &str) -> Answer {
    let body = json!({"action": "add", "combine": combine, "label": label, "format": "yaml", "layer": layer});
    daemon.raw().post("/v1/layers", body.to_string())
}

/// A layer of one service `web` with these fields beside a command.
fn web(fields: Value) -> Value {
    let mut service = json!({"override": "replace", "command": "x"});
    service.as_object_mut().unwrap().append(&mut { fields }.as_object_mut().unwrap().clone());
    json!({"services": {"web": service}})
}

fn command(daemon: &Daemon) -> String {
    daemon.client.plan().unwrap().services["web"].command.clone()
}

fn one(command: &str) -> Layer {
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
    // A section without anything is none, though, unless it says null.
    assert_eq!(post_text(&daemon, "app", true, "services:\n").status, 400);
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

fn an_unknown_field_is_refused(target: &Target) {
    let daemon = target.start();
    for (layer, field) in [
        (web(json!({"comand": "y"})), "comand"),
        (json!({"servces": {}}), "servces"),
        (json!({"checks": {"up": {"override": "replace", "tcp": {"port": 1, "prt": 1}}}}), "prt"),
        (json!({"log-targets": {"t": {"override": "replace", "kind": "loki"}}}), "kind"),
    ] {
        let answer = post(&daemon, "app", true, &layer);
        assert_eq!(answer.status, 400, "{layer}");
        assert!(answer.message().contains(field), "{}", answer.message());
    }
    assert_eq!(daemon.client.plan().unwrap(), Layer::new());
}

fn an_entry_without_override_is_refused(target: &Target) {
    let daemon = target.start();
    for rule in [json!(null), json!(""), json!("append")] {
        for layer in [
            json!({"services": {"web": {"override": rule, "command": "x"}}}),
            json!({"checks": {"web": {"override": rule, "tcp": {"port": 1}}}}),
            json!({"log-targets": {"web": {"override": rule, "type": "loki", "location": "http://x"}}}),
        ] {
            let answer = post(&daemon, "app", true, &layer);
            assert_eq!(answer.status, 400, "{layer}");
            assert!(answer.message().contains("web"), "{}", answer.message());
        }
    }
}

fn a_layer_that_does_not_fit_changes_nothing(target: &Target) {
    let daemon = target.start();
    let good = one("x").check("up", Check::tcp(1).startup(Startup::Disabled).threshold(3));
    daemon.client.add_layer("app", &good).unwrap();
    let service = |service: Service| Layer::new().service("web", service);
    let check = |check: Check| Layer::new().check("up", check);
    let zero = std::time::Duration::ZERO;
    for (what, bad) in [
        ("no command", service(Service::new(""))),
        ("a quote that is open", service(Service::new("x 'y"))),
        ("a group at the start", service(Service::new("[ x ]"))),
        ("a group that is not at the end", service(Service::new("x [ y ] z"))),
        ("a group in a group", service(Service::new("x [ [ y ] ]"))),
        ("a group that is not begun", service(Service::new("x y ]"))),
        ("a service that is not there", service(Service::new("x").requires(["unknown"]))),
        ("a circle", service(Service::new("x").after(["b"])).service("b", Service::new("y").after(["web"]))),
        ("a factor below one", service(Service::new("x").backoff_factor(0.5))),
        ("an unknown consequence", service(Service::new("x").on_failure(OnExit::from("explode")))),
        ("a reserved name", Layer::new().service("pebble", Service::new("x"))),
        ("no name", Layer::new().service("", Service::new("x"))),
        ("a name like a flag", Layer::new().service("-x", Service::new("x"))),
        ("a check of nothing", check(Check::default())),
        ("a check without a URL", check(Check::http(""))),
        ("a check without a port", check(Check::tcp(0))),
        ("a check without a command", check(Check::exec(""))),
        ("a check all the time", check(Check::tcp(1).period(zero))),
        ("a check without time", check(Check::tcp(1).timeout(zero))),
        ("an unknown level", check(Check::tcp(1).level("dead".into()))),
    ] {
        let refused = daemon.client.add_layer("app", &bad);
        let Err(error) = refused else { panic!("{what} is taken") };
        assert!(matches!(error, Error::Api { status: 400, kind: None, .. }), "{what}: {error:?}");
        assert_eq!(daemon.client.plan().unwrap(), good, "{what}");
    }
    for not_looked_at in [
        service(
            Service::new("x")
                .after(["unknown"])
                .before(["unknown"])
                .working_dir("/nope")
                .user("nobody-knows"),
        ),
        service(Service::new("x").on_check_failure("unknown", OnExit::Restart)),
        service(Service::new("x [ a group without an end")),
        service(Service::new("x").after(["web"])),
    ] {
        daemon.client.add_layer("app", &not_looked_at).unwrap();
    }
}

fn an_unknown_startup_is_disabled(target: &Target) {
    let daemon = target.start();
    assert_eq!(post(&daemon, "app", true, &web(json!({"startup": "enable"}))).status, 200);
    assert_eq!(daemon.info("web").startup, Startup::Disabled);
    assert_eq!(daemon.client.autostart().unwrap_err().kind(), Some("no-default-services"));
}

fn emoji_and_quotes_come_back(target: &Target) {
    let daemon = target.start();
    let text = "\u{1f600} \"q\" 'q' \\ \t # : - {} [] & * ! \u{e9}\u{feff}";
    let web = Service::new("x 'y z'").summary(text).env("TEXT", text).env(text, "off").env("NO", "no");
    let layer = Layer::new().service(text.replace('-', "_"), web);
    daemon.client.add_layer(text, &layer).unwrap();
    assert_eq!(daemon.client.plan().unwrap(), layer);
}

fn escapes_of_json_that_yaml_has_not_are_refused(target: &Target) {
    let daemon = target.start();
    let layer = |summary: &str| format!(r#"{{"summary":"{summary}"}}"#);
    for (summary, status) in [
        (r"\ud83d\ude00", 400),
        ("\u{7f}", 400),
        (r"\u007f", 200),
        (r"\u00e9 \/ \n \\ \u{22}", 400),
        ("\u{1f600}", 200),
    ] {
        assert_eq!(post_text(&daemon, "app", true, &layer(summary)).status, status, "{summary:?}");
    }
}

fn scalars_of_an_environment_become_text(target: &Target) {
    let daemon = target.start();
    let layer = "services: {web: {override: replace, command: x, environment: {A: 1, B: null, C: true, D: 1.50, E: off}}}";
    assert_eq!(post_text(&daemon, "app", true, layer).status, 200);
    let plan = daemon.client.plan().unwrap();
    let told: Vec<_> =
        plan.services["web"].environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(told, ["A=1", "B=", "C=true", "D=1.50", "E=off"]);
}

fn the_plan_is_asked_for_as_yaml(target: &Target) {
    let daemon = target.start();
    assert_eq!(daemon.raw().get("/v1/plan?format=yaml").result(), json!("{}\n"));
    for query in ["", "?format=", "?format=json"] {
        assert_eq!(daemon.raw().get(&format!("/v1/plan{query}")).status, 400, "{query}");
    }
    let layer = "summary: none\nservices:\n  off:\n    override: replace\n    command: x\n    kill-delay: 60s\nchecks:\n  up:\n    override: replace\n    startup: disabled\n    period: 90000ms\n    tcp:\n      port: 1\n";
    assert_eq!(post_text(&daemon, "app", true, layer).status, 200);
    let plan = daemon.raw().get("/v1/plan?format=yaml").result();
    let expected = "services:\n    \"off\":\n        override: replace\n        command: x\n        kill-delay: 1m0s\nchecks:\n    up:\n        override: replace\n        startup: disabled\n        period: 1m30s\n        threshold: 3\n        tcp:\n            port: 1\n";
    assert_eq!(plan, json!(expected));
}

fn from_the_folder(target: &Target) -> Daemon {
    let file = |command: &str| {
        format!("services: {{web: {{override: replace, command: {command}, startup: enabled}}}}")
    };
    let layers = vec![
        ("010-high.yaml", file("high")),
        ("002-low.yaml", file("low") + "\nsummary: x\n"),
        ("020-no-layer.txt", "no layer".to_owned()),
    ];
    target.start_with(crate::daemon::Setup { layers, ..Default::default() })
}

fn the_layers_of_the_folder_are_there_from_the_start(target: &Target) {
    let daemon = from_the_folder(target);
    assert_eq!(command(&daemon), "high");
    assert_eq!(daemon.info("web").current, charmwright_pebble::ServiceStatus::Inactive);
}

fn a_layer_of_the_folder_is_combined_into_by_its_label(target: &Target) {
    let daemon = from_the_folder(target);
    daemon.client.add_layer("low", &one("lower")).unwrap();
    assert_eq!(command(&daemon), "high");
    daemon.client.add_layer("high", &one("higher")).unwrap();
    assert_eq!(command(&daemon), "higher");
}
