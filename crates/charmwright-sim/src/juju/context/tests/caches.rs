use super::*;
use crate::juju::context::Side;

fn change(agent: &mut Agent) {
    agent
        .controller
        .update(&json!({"relations": [
            {"id": 1, "endpoint": "db", "role": "requirer", "interface": "pg", "remote_app": "pg",
             "units": {"pg/0": {"a": "new"}, "pg/1": {}}, "remote_app_bag": {"host": "new"}},
        ]}))
        .unwrap();
}

#[test]
fn a_members_bag_is_kept_across_hooks_and_its_applications_is_not() {
    let mut agent = agent(&world());
    let read = |run: &mut Run<'_>| {
        let unit = run.read_settings(1, "pg/0").unwrap();
        (unit["a"].clone(), run.read_application_settings(1, "pg").unwrap()["host"].clone())
    };
    assert_eq!(update(&mut agent, read), ("b".to_owned(), "h".to_owned()));
    change(&mut agent);
    assert_eq!(update(&mut agent, read), ("b".to_owned(), "new".to_owned()));
    let (of_another_unit, _) = hook(&mut agent, &about("relation-changed", 1, "pg/1"), read).unwrap();
    assert_eq!(of_another_unit.0, "b");
    let (of_the_unit, _) = hook(&mut agent, &about("relation-changed", 1, "pg/0"), read).unwrap();
    assert_eq!(of_the_unit.0, "new");
}

#[test]
fn each_bag_is_asked_for_once_in_a_hook() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        for _ in 0..2 {
            run.read_settings(1, "pg/0").unwrap();
            run.read_application_settings(1, "pg").unwrap();
            run.own_settings(2, Side::Application).unwrap();
            run.config_settings().unwrap();
            run.unit_status().unwrap();
            run.charm_state().unwrap();
            run.storage_tags().unwrap();
            run.storage("data/0").unwrap();
            run.secret_metadata().unwrap();
        }
    });
    let once = [
        "ReadRemoteSettings",
        "ReadRemoteSettings",
        "ReadLocalApplicationSettings",
        "ConfigSettings",
        "UnitStatus",
        "State",
        "UnitStorageAttachments",
        "StorageAttachments",
        "GetSecretMetadata",
    ];
    assert_eq!(asked(&agent), once);
}

#[test]
fn goals_networks_and_the_applications_status_are_asked_for_each_time() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        for _ in 0..2 {
            run.goal_state().unwrap();
            run.network_info(&[String::new()], None).unwrap();
            run.application_status().unwrap();
        }
    });
    let each = ["GoalStates", "NetworkInfo", "ClaimLeader", "Life", "ApplicationStatus"];
    assert_eq!(asked(&agent), [each, each].concat());
}

#[test]
fn a_status_that_was_read_stays_whatever_is_set() {
    let mut agent = agent(&world());
    let read = |run: &mut Run<'_>| run.unit_status().unwrap().status;
    let (before, after) = update(&mut agent, |run| {
        let before = read(run);
        run.set_unit_status("active", "").unwrap();
        (before, read(run))
    });
    assert_eq!((before.as_str(), after.as_str()), ("unknown", "unknown"));
    assert_eq!(update(&mut agent, read), "active");
}

#[test]
fn leadership_is_claimed_each_time_until_it_is_lost() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        assert_eq!((run.is_leader(), run.is_leader()), (Ok(true), Ok(true)));
        run.agent.controller.model_mut().leader = false;
        assert_eq!(run.is_leader(), Ok(false));
        run.agent.controller.model_mut().leader = true;
        assert_eq!(run.is_leader(), Ok(false));
    });
    assert_eq!(asked(&agent), ["ClaimLeader"; 3]);
    assert!(update(&mut agent, |run| run.is_leader().unwrap()));
}

#[test]
fn what_the_leader_shares_is_read_anew_once_it_was_written() {
    let mut agent = agent(&world_with(&json!({"leader_settings": {"a": "1", "b": "2"}})));
    update(&mut agent, |run| {
        assert_eq!(run.leader_settings().unwrap(), bag(&[("a", "1"), ("b", "2")]));
        run.write_leader_settings(&bag(&[("a", ""), ("c", "3")])).unwrap();
        assert_eq!(run.leader_settings().unwrap(), bag(&[("b", "2"), ("c", "3")]));
    });
    agent.controller.model_mut().leader = false;
    let refused = update(&mut agent, |run| run.write_leader_settings(&Bag::new()).unwrap_err().to_string());
    assert_eq!(refused, "cannot write settings: not the leader");
}

#[test]
fn members_are_who_has_joined_and_not_departed() {
    let mut agent = agent(&world());
    let members = |run: &mut Run<'_>| run.relation(1).unwrap().units;
    let joined = about("relation-joined", 1, "pg/2");
    assert_eq!(hook(&mut agent, &joined, members).unwrap().0, ["pg/0", "pg/1", "pg/2"]);
    assert_eq!(update(&mut agent, members), ["pg/0", "pg/1"]);
    agent.commit_hook(&joined);
    assert_eq!(update(&mut agent, members), ["pg/0", "pg/1", "pg/2"]);
    let departed = about("relation-departed", 1, "pg/0");
    assert_eq!(hook(&mut agent, &departed, members).unwrap().0, ["pg/1", "pg/2"]);
    agent.commit_hook(&departed);
    assert_eq!(part(&agent, "/relations/0/members"), json!(["pg/1", "pg/2"]));
}

#[test]
fn a_unit_that_never_joined_has_no_bag() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        for (relation, name, refused) in [
            (
                1,
                "pg/9",
                r#"cannot read settings for unit "pg/9" in relation "app:db pg:db": unit "pg/9": settings not found"#,
            ),
            (1, "zz/0", "permission denied"),
            (2, "app/0", "permission denied"),
            (1, "%", r#""%" is not a valid unit or application"#),
            (7, "pg/0", "relation not found"),
        ] {
            assert_eq!(run.read_settings(relation, name).unwrap_err().to_string(), refused);
        }
    });
}
