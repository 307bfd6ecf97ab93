use super::*;
use crate::juju::context::{FailureKind, PortRange, Reboot, Side, StorageConstraints};

fn count(count: u64) -> StorageConstraints {
    StorageConstraints { count: Some(count), ..StorageConstraints::default() }
}

#[test]
fn bags_are_written_at_the_end_and_read_as_changed_before() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        run.change_own_settings(1, Side::Unit, &bag(&[("a", "1"), ("x", "")])).unwrap();
        run.change_own_settings(2, Side::Application, &bag(&[("shared", "2")])).unwrap();
        assert_eq!(run.own_settings(1, Side::Unit).unwrap(), bag(&[("a", "1")]));
        assert_eq!(part(run.agent, "/relations/0/local_unit_bag"), json!({"x": "y"}));
    });
    assert_eq!(part(&agent, "/relations/0/local_unit_bag"), json!({"a": "1"}));
    assert_eq!(part(&agent, "/relations/1/local_app_bag"), json!({"shared": "2"}));
}

#[test]
fn a_units_bag_is_written_if_it_was_read_and_an_applications_only_if_it_was_changed() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        run.own_settings(1, Side::Unit).unwrap();
        run.own_settings(1, Side::Application).unwrap();
        run.own_settings(2, Side::Application).unwrap();
    });
    let commit =
        agent.controller.calls().iter().find(|call| call.method.ends_with("CommitHookChanges")).unwrap();
    let settings = &commit.args.as_ref().unwrap()["args"][0]["relation-unit-settings"];
    assert_eq!(
        *settings,
        json!([{"relation": "relation-app.db#pg.db", "unit": "unit-app-0", "settings": {"x": "y"},
                "application-settings": null}])
    );
}

#[test]
fn nothing_is_written_of_a_charm_that_failed() {
    let mut agent = agent(&world());
    let before = agent.controller.to_json();
    let mut context = Context::hook_run(&mut agent, &HookInfo::of_kind("config-changed")).unwrap();
    let mut run = Run { agent: &mut agent, context: &mut context };
    run.change_own_settings(1, Side::Unit, &bag(&[("a", "1")])).unwrap();
    run.set_charm_state_value("k", "w").unwrap();
    run.update_secret(&uri(MINE), content("two")).unwrap();
    let failure = run.flush("config-changed", Some(Failure::new("exit status 1"))).unwrap_err();
    assert_eq!(failure.to_string(), "exit status 1");
    assert_eq!(agent.controller.to_json(), before);
}

#[test]
fn config_changed_is_written_even_if_nothing_has_changed() {
    let mut agent = agent(&world());
    hook(&mut agent, &HookInfo::of_kind("config-changed"), |_| ()).unwrap().1.unwrap();
    assert_eq!(asked(&agent), ["CommitHookChanges"]);
    update(&mut agent, |_| ());
    assert!(asked(&agent).is_empty());
}

#[test]
fn what_a_commit_refuses_fails_the_hook_in_jujus_words() {
    let tcp = |port: i64| PortRange { protocol: "tcp".to_owned(), from: port, to: port };
    let icmp = PortRange { protocol: "icmp".to_owned(), from: -1, to: -1 };
    let mut agent = agent(&world_with(&json!({"max_charm_state_size": 60})));
    let long = "x".repeat(50);
    let cases: [(&str, Does<'_>); 5] = [
        ("adding storage nope for unit-app-0: storage \"nope\" not found", &|run| {
            run.add_unit_storage([("nope".to_owned(), count(1))].into())
        }),
        (
            "adding storage data for unit-app-0: attaching 2 storage instances brings the total to 3, exceeding the maximum of 2",
            &|run| run.add_unit_storage([("data".to_owned(), count(2))].into()),
        ),
        ("protocol icmp on caas models not supported", &|run| run.open_port_range("", &icmp)),
        ("persisting charm state: max allowed size (60) exceeded", &|run| {
            run.set_charm_state_value("a", &long)
        }),
        ("checking leadership continuity: \"app/0\" is not leader of \"app\"", &|run| {
            run.change_own_settings(1, Side::Application, &bag(&[("a", "1")]))?;
            run.agent.controller.model_mut().leader = false;
            Ok(())
        }),
    ];
    for (told, charm) in cases {
        let before = agent.controller.to_json();
        assert_eq!(refused(&mut agent, |run| charm(run).unwrap()), told);
        agent.controller.model_mut().leader = true;
        assert_eq!(agent.controller.to_json(), before, "{told}");
    }
    assert!(
        refused(&mut agent, |run| run.open_port_range("nope", &tcp(80)).unwrap()).contains("metadata.yaml")
    );
}

#[test]
fn the_state_of_a_charm_has_limits() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        let long = run.set_charm_state_value(&"k".repeat(257), "v").unwrap_err();
        assert_eq!(long.to_string(), "max allowed key length (256) exceeded");
        let long = run.set_charm_state_value("k", &"v".repeat(65537)).unwrap_err();
        assert_eq!(long.to_string(), "max allowed value length (65536) exceeded");
        run.set_charm_state_value(&"k".repeat(256), &"v".repeat(65536)).unwrap();
        run.delete_charm_state_value("k").unwrap();
        assert_eq!(run.charm_state_value("k").unwrap_err().to_string(), "\"k\" not found");
    });
    assert_eq!(part(&agent, "/charm_state").as_object().unwrap().len(), 1);
}

#[test]
fn storage_that_is_added_is_not_there_yet() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        run.add_unit_storage([("data".to_owned(), count(1))].into()).unwrap();
        assert_eq!(run.storage_tags().unwrap(), ["data/0"]);
    });
    let told = update(&mut agent, |run| run.storage("data/1").unwrap_err());
    assert!(told.is_not_provisioned());
    assert_eq!(told.to_string(), "filesystem for storage \"data/1\" not provisioned");
}

#[test]
fn what_was_done_to_secrets_before_a_refusal_stays_done() {
    let mut agent = agent(&world());
    let told = refused(&mut agent, |run| {
        run.update_secret(&uri(MINE), content("two")).unwrap();
        run.update_secret(&uri(THEIRS), content("three")).unwrap();
        run.change_own_settings(1, Side::Unit, &bag(&[("a", "1")])).unwrap();
    });
    assert_eq!(told, "updating secrets: permission denied");
    assert_eq!(part(&agent, "/secrets/1/latest_revision"), 2);
    assert_eq!(part(&agent, "/relations/0/local_unit_bag"), json!({"x": "y"}));
}

#[test]
fn an_action_tells_its_results_even_if_it_fails() {
    for (failure, message, status, told) in [
        (None, "", "completed", ""),
        (None, "no", "failed", "no"),
        (Some(Failure::new("exit status 3")), "no", "failed", "exit status 3"),
        (
            Some(Failure::of_kind(FailureKind::MissingHook, "backup does not exist")),
            "",
            "failed",
            "action not implemented on unit \"app/0\"",
        ),
    ] {
        let mut agent = agent(&world());
        let id = agent.next_action_id();
        agent.controller.add_action(&id, "backup", serde_json::Map::new());
        let mut context = Context::action_run(&mut agent, &id, "backup", None).unwrap();
        let mut run = Run { agent: &mut agent, context: &mut context };
        run.prepare().unwrap();
        run.update_action_results(&["a".to_owned()], "b").unwrap();
        if !message.is_empty() {
            run.set_action_message(message).unwrap();
            run.set_action_failed().unwrap();
        }
        run.flush("backup", failure).unwrap();
        let action = part(&agent, "/actions/1");
        assert_eq!(action["status"], status);
        assert_eq!(action["message"].as_str().unwrap_or_default(), told);
        assert_eq!(action["results"], json!({"a": "b"}));
    }
}

#[test]
fn an_action_that_cannot_be_written_fails_and_keeps_its_code() {
    let mut agent = agent(&world());
    let id = agent.next_action_id();
    agent.controller.add_action(&id, "backup", serde_json::Map::new());
    let mut context = Context::action_run(&mut agent, &id, "backup", None).unwrap();
    let mut run = Run { agent: &mut agent, context: &mut context };
    run.update_action_results(&["return-code".to_owned()], 0).unwrap();
    run.update_action_results(&["stderr".to_owned()], "printed").unwrap();
    run.add_unit_storage([("nope".to_owned(), count(1))].into()).unwrap();
    run.flush("backup", None).unwrap();
    let told = "printed\nadding storage nope for unit-app-0: storage \"nope\" not found";
    let action = part(&agent, "/actions/1");
    assert_eq!(action["results"], json!({"return-code": 0, "stderr": told}));
    assert_eq!(
        (&action["status"], &action["message"]),
        (&json!("failed"), &json!("committing requested changes failed"))
    );
}

#[test]
fn outside_of_an_action_there_is_nothing_of_one() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        assert_eq!(run.action_params().unwrap_err().to_string(), "not running an action");
        assert_eq!(run.log_action_message("x").unwrap_err().to_string(), "not running an action");
    });
}

#[test]
fn a_reboot_is_asked_for_when_the_hook_has_succeeded_or_at_once() {
    for (reboot, failure, kind) in [
        (Reboot::AfterHook, None, FailureKind::Reboot),
        (Reboot::AfterHook, Some(Failure::new("exit status 1")), FailureKind::Other),
        (Reboot::Now, Some(Failure::new("signal: killed")), FailureKind::RequeueAndReboot),
    ] {
        let mut agent = agent(&world_with(&json!({"type": "iaas"})));
        let mut context = Context::hook_run(&mut agent, &HookInfo::of_kind("start")).unwrap();
        let mut run = Run { agent: &mut agent, context: &mut context };
        run.request_reboot(reboot).unwrap();
        assert_eq!(run.flush("start", failure).unwrap_err().kind(), kind);
        assert_eq!(agent.controller.model().reboot_requested, kind != FailureKind::Other);
    }
}
