use super::*;
use crate::juju::context::{Owner, SecretAccess};

fn read(run: &mut Run<'_>, id: &str, refresh: bool, peek: bool) -> SecretValue {
    run.get_secret(Some(&uri(id)), "", refresh, peek).unwrap()
}

fn to_pg(unit: Option<&str>) -> SecretAccess {
    let named = unit.map(str::to_owned);
    let application = unit.is_none().then(|| "pg".to_owned());
    SecretAccess { application, unit: named, relation_key: Some("app:db pg:db".to_owned()) }
}

#[test]
fn a_new_secret_is_read_before_it_is_written_by_uri_and_by_label() {
    let mut agent = agent(&world());
    let created = update(&mut agent, |run| {
        let update = SecretUpdate { label: Some("new".to_owned()), ..content("v") };
        let made = run.create_secret(&Owner::Unit("app/0".to_owned()), update).unwrap();
        assert_eq!(run.get_secret(Some(&made), "", false, false), Ok(value("v")));
        assert_eq!(run.get_secret(None, "new", false, false), Ok(value("v")));
        let again = run.create_secret(
            &Owner::Unit("app/0".to_owned()),
            SecretUpdate { label: Some("new".to_owned()), ..content("w") },
        );
        assert_eq!(again.unwrap_err().to_string(), "secret with label \"new\" already exists");
        run.update_secret(&made, content("changed")).unwrap();
        assert_eq!(run.get_secret(Some(&made), "", false, false), Ok(value("changed")));
        made
    });
    let stored = agent.controller.model().secret(&created.id).unwrap();
    assert_eq!((stored.latest, stored.owner.as_str(), stored.label.as_str()), (1, "app/0", "new"));
    assert_eq!(part(&agent, "/secrets/3/revisions"), json!([{"n": 1, "content": {"key": "changed"}}]));
}

#[test]
fn a_change_is_seen_by_who_peeks_or_refreshes() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        assert_eq!(read(run, MINE, false, false), value("one"));
        run.update_secret(&uri(MINE), content("two")).unwrap();
        assert_eq!(read(run, MINE, false, false), value("one"));
        assert_eq!(read(run, MINE, false, true), value("two"));
        assert_eq!(read(run, MINE, true, false), value("two"));
        assert_eq!(read(run, MINE, false, false), value("one"));
    });
    assert_eq!(update(&mut agent, |run| read(run, MINE, false, false)), value("two"));
}

#[test]
fn what_a_consumer_tracks_moves_at_once() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        assert_eq!(read(run, THEIRS, false, false), value("old"));
        assert_eq!(read(run, THEIRS, false, true), value("new"));
        assert_eq!(read(run, THEIRS, false, false), value("old"));
        assert_eq!(read(run, THEIRS, true, false), value("new"));
        run.get_secret(Some(&uri(THEIRS)), "renamed", false, false).unwrap();
    });
    let consumer = part(&agent, "/secrets/2/consumers/app~10");
    assert_eq!(consumer, json!({"label": "renamed", "current_revision": 2, "latest_revision": 2}));
}

#[test]
fn secrets_that_are_not_there_or_not_granted_are_refused() {
    let mut model = world();
    model["secrets"][2]["grants"] = json!([]);
    update(&mut agent(&model), |run| {
        let mut told = |id: Option<&str>, label: &str| {
            run.get_secret(id.map(uri).as_ref(), label, false, false).unwrap_err().to_string()
        };
        assert_eq!(told(Some(THEIRS), ""), "permission denied");
        assert_eq!(
            told(Some("9m4e2mr0ui3e8a215n60"), ""),
            "secret \"secret:9m4e2mr0ui3e8a215n60\" not found"
        );
        assert_eq!(told(None, "nope"), "consumer label \"nope\" not found");
        assert_eq!(told(None, ""), "empty URI and label not valid");
        assert_eq!(told(Some(MINE), "own"), "secret label \"own\" for application \"app\" already exists");
    });
}

#[test]
fn content_that_is_stored_already_is_no_change() {
    let mut agent = agent(&world());
    update(&mut agent, |run| run.update_secret(&uri(MINE), content("one")).unwrap());
    assert_eq!(asked(&agent), ["GetSecretMetadata"]);
    update(&mut agent, |run| {
        run.update_secret(&uri(MINE), content("two")).unwrap();
        run.update_secret(&uri(MINE), content("one")).unwrap();
    });
    assert_eq!(part(&agent, "/secrets/1/revisions/1/content/key"), "two");
}

#[test]
fn a_removal_drops_earlier_changes_and_a_change_drops_an_earlier_removal() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        run.remove_secret(&uri(MINE), None).unwrap();
        assert!(!run.secret_metadata().unwrap().contains_key(MINE));
        assert_eq!(read(run, MINE, false, false), value("one"));
        run.update_secret(&uri(MINE), content("two")).unwrap();
    });
    assert_eq!(part(&agent, "/secrets/1/latest_revision"), 2);
    update(&mut agent, |run| {
        run.update_secret(&uri(MINE), content("three")).unwrap();
        run.remove_secret(&uri(MINE), Some(1)).unwrap();
    });
    let left = agent.controller.model().secret(MINE).unwrap().revisions.clone().unwrap();
    assert_eq!(left.iter().map(|revision| revision.number).collect::<Vec<_>>(), [2]);
    update(&mut agent, |run| run.remove_secret(&uri(MINE), Some(2)).unwrap());
    assert!(agent.controller.model().secret(MINE).is_none());
}

#[test]
fn each_revision_that_is_removed_is_looked_up_first() {
    let mut agent = agent(&world());
    update(&mut agent, |run| run.remove_secret(&uri(OWN), None).unwrap());
    let order = [
        "GetSecretMetadata",
        "ClaimLeader",
        "OwnedSecretRevisions",
        "GetSecretRevisionContentInfo",
        "CommitHookChanges",
    ];
    assert_eq!(asked(&agent), order);
    update(&mut agent, |run| run.remove_secret(&uri("9m4e2mr0ui3e8a215n60"), None).unwrap());
    assert_eq!(asked(&agent), ["GetSecretMetadata", "CommitHookChanges"]);
}

#[test]
fn one_grant_is_kept_for_each_secret_and_relation() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        run.grant_secret(&uri(MINE), to_pg(Some("pg/0"))).unwrap();
        run.grant_secret(&uri(MINE), to_pg(Some("pg/1"))).unwrap();
        assert!(run.secret_metadata().unwrap()[MINE].access.is_empty());
    });
    let grants = json!([{"subject": "pg/1", "scope": "relation-app.db#pg.db", "role": "view"}]);
    assert_eq!(part(&agent, "/secrets/1/grants"), grants);
    let told = update(&mut agent, |run| run.grant_secret(&uri(MINE), to_pg(None)).unwrap_err().to_string());
    assert!(told.starts_with("any unit level grants need to be revoked"), "{told}");
    update(&mut agent, |run| run.revoke_secret(&uri(MINE), to_pg(Some("pg/1"))).unwrap());
    assert_eq!(part(&agent, "/secrets/1/grants"), Value::Null);
}

#[test]
fn a_secret_of_the_application_is_the_leaders() {
    let mut agent = agent(&world_with(&json!({"leader": false})));
    update(&mut agent, |run| {
        assert_eq!(run.secret_metadata().unwrap().into_keys().collect::<Vec<_>>(), [MINE]);
        let owner = Owner::Application("app".to_owned());
        assert_eq!(run.create_secret(&owner, content("v")), Err(Failure::not_leader()));
        let told = run.grant_secret(&uri(OWN), to_pg(None)).unwrap_err().to_string();
        assert_eq!(told, format!("secret \"{OWN}\" not found"));
    });
    let cases: [(&str, Does<'_>); 3] = [
        ("updating secrets: \"app/0\" is not leader of \"app\"", &|run| {
            run.update_secret(&uri(OWN), content("two"))
        }),
        ("removing secrets: \"app/0\" is not leader of \"app\"", &|run| run.remove_secret(&uri(OWN), None)),
        ("revoking secrets access: \"app/0\" is not leader of \"app\"", &|run| {
            run.revoke_secret(&uri(OWN), to_pg(None))
        }),
    ];
    for (told, charm) in cases {
        assert_eq!(refused(&mut agent, |run| charm(run).unwrap()), told);
    }
}

#[test]
fn a_stored_label_is_missed_by_the_command_and_found_by_the_commit() {
    let told = refused(&mut agent(&world()), |run| {
        let update = SecretUpdate { label: Some("own".to_owned()), ..content("v") };
        run.create_secret(&Owner::Unit("app/0".to_owned()), update).unwrap();
    });
    assert_eq!(told, "creating secrets: secret with label \"own\" already exists");
}

#[test]
fn old_and_new_label_lead_to_a_secret_that_is_relabelled() {
    let mut agent = agent(&world());
    update(&mut agent, |run| {
        run.update_secret(&uri(MINE), labelled("renamed")).unwrap();
        for label in ["mine", "renamed"] {
            assert_eq!(run.get_secret(None, label, false, false), Ok(value("one")), "{label}");
        }
    });
    assert_eq!(part(&agent, "/secrets/1/label"), "renamed");
}

#[test]
fn new_content_without_an_expiry_clears_the_expiry() {
    let mut model = world();
    model["secrets"][1]["expire"] = json!("2030-01-02T03:04:05Z");
    let mut agent = agent(&model);
    update(&mut agent, |run| {
        run.update_secret(&uri(MINE), content("two")).unwrap();
        assert!(run.secret_metadata().unwrap()[MINE].latest_expire.is_some());
    });
    assert!(agent.controller.model().secret(MINE).unwrap().expire.is_none());
}

#[test]
fn a_rotation_is_due_one_period_after_it_was_set() {
    let mut agent = agent(&world());
    agent.controller.set_now("2026-01-31T12:00:00Z".parse().unwrap());
    for (policy, due) in [
        ("monthly", Some("2026-02-28T12:00:00Z")),
        ("never", None),
        ("hourly", Some("2026-01-31T13:00:00Z")),
        ("daily", Some("2026-01-31T13:00:00Z")),
    ] {
        let rotate = SecretUpdate { rotate: Some(policy.to_owned()), ..SecretUpdate::default() };
        update(&mut agent, |run| run.update_secret(&uri(MINE), rotate).unwrap());
        let next = agent.controller.model().secret(MINE).unwrap().next_rotate;
        assert_eq!(next.map(|next| next.to_string()).as_deref(), due, "{policy}");
    }
}

#[test]
fn nothing_of_a_secrets_content_is_shown() {
    let mut agent = agent(&world());
    let mut context = Context::hook_run(&mut agent, &HookInfo::of_kind("start")).unwrap();
    let mut run = Run { agent: &mut agent, context: &mut context };
    run.create_secret(&Owner::Unit("app/0".to_owned()), content("hunter2")).unwrap();
    run.update_secret(&uri(MINE), content("hunter2")).unwrap();
    let while_running = format!("{run:?}");
    run.flush("start", None).unwrap();
    let shown = format!("{while_running} {agent:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMg"), "{shown}");
    assert!(shown.contains("key"));
}
