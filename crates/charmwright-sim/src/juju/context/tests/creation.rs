use super::*;
use crate::juju::context::CommandInfo;

#[test]
fn a_hook_that_lacks_what_its_kind_needs_is_refused() {
    let mut agent = agent(&world());
    let no_app = HookInfo { remote_unit: "pg/0".to_owned(), ..HookInfo::of_kind("relation-joined") };
    for (asked, told) in [
        (HookInfo::of_kind("relation-joined"), r#""relation-joined" hook requires a remote unit"#),
        (
            HookInfo::of_kind("relation-changed"),
            r#""relation-changed" hook requires a remote unit or application"#,
        ),
        (no_app, r#""relation-joined" hook has a remote unit but no application"#),
        (about("relation-created", 9, ""), "unknown relation id: 9"),
        (HookInfo::of_kind("pebble-ready"), r#""pebble-ready" hook requires a workload name"#),
        (HookInfo::of_kind("storage-attached"), r#"invalid storage ID """#),
        (HookInfo::of_kind("secret-changed"), r#""secret-changed" hook requires a secret URI"#),
        (HookInfo::of_kind("nope"), r#"unknown hook kind "nope""#),
    ] {
        assert_eq!(hook(&mut agent, &asked, |_| ()).unwrap_err().to_string(), told);
    }
}

#[test]
fn a_hooks_name_has_what_it_is_about_before_its_kind() {
    let mut agent = agent(&world());
    let storage = HookInfo { storage_id: "data/0".to_owned(), ..HookInfo::of_kind("storage-attached") };
    let workload = HookInfo { workload: "web".to_owned(), ..HookInfo::of_kind("pebble-ready") };
    for (asked, name) in [
        (about("relation-created", 1, ""), "db-relation-created"),
        (storage, "data-storage-attached"),
        (workload, "web-pebble-ready"),
        (HookInfo::of_kind("install"), "install"),
    ] {
        assert_eq!(agent.hook_name(&asked), name);
        let (told, _) = hook(&mut agent, &asked, |run| run.context.hook_name().to_owned()).unwrap();
        assert_eq!(told, name);
    }
}

#[test]
fn the_label_of_an_own_secret_is_filled_in() {
    let mut agent = agent(&world());
    let of = |id: &str, label: &str| HookInfo {
        secret_uri: format!("secret:{id}"),
        secret_label: label.to_owned(),
        ..HookInfo::of_kind("secret-changed")
    };
    for (asked, label) in [(of(OWN, ""), "own"), (of(THEIRS, ""), ""), (of(OWN, "told"), "told")] {
        let (told, _) = hook(&mut agent, &asked, |run| run.context.hook().secret_label.clone()).unwrap();
        assert_eq!(told, label);
    }
}

#[test]
fn a_relation_that_is_being_broken_is_not_listed() {
    let relation = |id: i64, role: &str, life: &str, members: &[&str]| json!({"id": id, "endpoint": "e", "role": role, "remote_app": "o", "life": life, "members": members});
    let mut agent = agent(&json!({"unit": "app/0", "relations": [
        relation(1, "requirer", "dying", &[]), relation(2, "requirer", "dying", &["o/0"]),
        relation(3, "requirer", "alive", &[]), relation(4, "peer", "dying", &[]),
    ]}));
    update(&mut agent, |run| {
        assert_eq!(run.relation_ids().unwrap(), [2, 3, 4]);
        assert_eq!(run.relation(1).unwrap().fake_id(), "e:1");
    });
}

#[test]
fn a_script_runs_for_the_unit_that_is_named_or_the_only_one() {
    let mut agent = agent(&world());
    let of = |relation: Option<i64>, unit: &str, force: bool| CommandInfo {
        relation_id: relation,
        remote_unit: unit.to_owned(),
        force_remote_unit: force,
    };
    for (command, told) in [
        (of(None, "", false), Ok("")),
        (of(Some(2), "", false), Ok("app/1")),
        (of(Some(1), "pg/1", false), Ok("pg/1")),
        (of(Some(1), "pg/9", true), Ok("pg/9")),
        (of(Some(1), "", false), Err("ambiguous remote unit; possibilities are [pg/0 pg/1]")),
        (of(Some(1), "pg/9", false), Err("unknown remote unit pg/9; possibilities are [pg/0 pg/1]")),
        (of(Some(7), "", false), Err("unknown relation id: 7")),
        (of(None, "pg/0", false), Err("remote unit provided without a relation: pg/0")),
        (of(None, "pg", false), Err("invalid remote unit: pg")),
    ] {
        let context = Context::command_run(&mut agent, &command);
        let unit = context.as_ref().map(Context::remote_unit);
        assert_eq!(unit.map_err(ToString::to_string), told.map_err(str::to_owned));
    }
}

#[test]
fn proxies_are_told_of_in_one_way_only() {
    let model = |config: Value| world_with(&json!({"model_config": config}));
    let both = model(json!({"http-proxy": "a", "juju-https-proxy": "b"}));
    let told = hook(&mut agent(&both), &HookInfo::of_kind("start"), |_| ()).unwrap_err();
    assert_eq!(told.to_string(), "cannot specify both legacy proxy values and juju proxy values");
    let one = model(json!({"no-proxy": "a", "juju-http-proxy": "b"}));
    assert!(hook(&mut agent(&one), &HookInfo::of_kind("start"), |_| ()).is_ok());
}

#[test]
fn a_model_is_read_and_written_as_the_same() {
    let mut controller = Controller::from_json(&world()).unwrap();
    let written = controller.to_json();
    assert_eq!(Controller::from_json(&written).unwrap().to_json(), written);
    assert_eq!(written["relations"][1]["remote_app"], "app");
    assert_eq!(written["secrets"][1]["owner"], "app/0");
    assert_eq!(written["ports"], Value::Null);
    assert!(written.get("actions").is_none());
    controller.update(&json!({"leader": false, "ports": []})).unwrap();
    assert_eq!(
        (controller.to_json()["leader"].clone(), controller.to_json()["ports"].clone()),
        (json!(false), json!([]))
    );
    let wrong = Controller::from_json(&json!({"unit": "app"})).unwrap_err();
    assert_eq!(wrong.to_string(), "invalid or missing unit name \"app\"");
}
