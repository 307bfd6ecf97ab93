//! When the other side has answered.

use charmwright_sim::events::Hook;

use super::*;

#[test]
fn who_is_asked_nothing_has_answered_when_it_has_spoken_on_the_leader_and_on_a_follower() {
    for leader in [true, false] {
        let mut unit = unit(leader);
        let told = unit.relate("told", "a");
        unit.config_changed(&asks_nothing());
        assert_eq!(
            unit.status(),
            "waiting: told: a has not answered yet (woken by told-relation-changed)",
            "leader: {leader}"
        );
        unit.remote(told, &[("url", "http://x")]);
        unit.config_changed(&asks_nothing());
        assert_eq!(unit.status(), "active: ", "leader: {leader}");
        assert!(unit.own_bag(told).is_empty());
        assert!(!unit.config_changed(&asks_nothing()).wrote());
    }
}

#[test]
fn an_answer_that_is_there_already_is_read_by_the_first_hook_of_the_relation() {
    for leader in [true, false] {
        let mut unit = unit(leader);
        let told = unit.relate("told", "a");
        unit.remote(told, &[("url", "http://x")]);
        unit.config_changed(&asks_nothing());
        assert_eq!(unit.status(), "active: ", "leader: {leader}");
    }
}

#[test]
fn a_request_of_which_only_a_part_has_a_value_is_asked_and_answered() {
    let mut unit = unit(true);
    let told = unit.relate("told", "a");
    unit.model.set_option("roles", "some".into());
    unit.remote(told, &[("url", "http://x")]);
    unit.config_changed(&asks_nothing());
    assert!(
        unit.status().starts_with("waiting: told: the other application is being asked"),
        "{}",
        unit.status()
    );
    assert_eq!(unit.own_bag(told), bag(&[("want", "x")]));
    unit.config_changed(&asks_nothing());
    assert_eq!(unit.status(), "active: ");
    assert!(!unit.config_changed(&asks_nothing()).wrote());
}

#[test]
fn an_answer_in_the_bags_of_units_only_is_read() {
    for (leader, roles) in [(true, ""), (true, "x"), (false, ""), (false, "x")] {
        let mut unit = unit(leader);
        unit.model.set_option("roles", roles.into());
        let units = unit.relate_with("units", "b", &["b/0", "b/1"]);
        unit.config_changed(&asks_nothing());
        unit.config_changed(&asks_nothing());
        assert_eq!(
            unit.status(),
            "waiting: units: b has not set `host` (woken by units-relation-changed)",
            "leader: {leader}, roles: {roles}"
        );
        unit.remote_unit(units, "b/0", &[("host", "h")]);
        let changed = Hook::Relation { kind: "changed", relation: units, unit: Some("b/0".to_owned()) };
        unit.run(&asks_nothing(), &changed);
        assert_eq!(unit.status(), "active: ", "leader: {leader}, roles: {roles}");
    }
}

#[test]
fn without_any_unit_nobody_has_answered() {
    let mut unit = unit(true);
    unit.relate("units", "b");
    unit.config_changed(&asks_nothing());
    assert_eq!(unit.status(), "waiting: units: b has not answered yet (woken by units-relation-changed)");
}

#[test]
fn an_echo_tells_the_answer_to_this_request_from_one_to_another_and_none_from_both() {
    let asks: Charm<Related> = charm(|related: &Related, desired: &Desired| {
        if let Some(echoing) = &related.echoing {
            desired.request(echoing, &[("want", "b")][..])?;
        }
        Ok(())
    });
    for leader in [true, false] {
        let mut unit = unit(leader);
        let echoing = unit.relate("echoing", "a");
        unit.remote(echoing, &[("url", "http://x"), ("read", "a")]);
        // In the first hook a leader asks, and reads nothing.
        unit.config_changed(&asks);
        unit.config_changed(&asks);
        let status = unit.status();
        let told = "waiting: echoing: a has not answered the request as it is now";
        assert!(status.starts_with(told), "leader: {leader}: {status}");
        unit.remote(echoing, &[("read", "b")]);
        unit.config_changed(&asks);
        assert_eq!(unit.status(), "active: ", "leader: {leader}");
    }
}

#[test]
fn a_request_without_content_is_answered_whatever_an_echo_says() {
    let asks: Charm<Related> = charm(|related: &Related, desired: &Desired| {
        if let Some(echoing) = &related.echoing {
            desired.request(echoing, &[("want", "")][..])?;
        }
        Ok(())
    });
    let mut unit = unit(true);
    let echoing = unit.relate("echoing", "a");
    unit.remote(echoing, &[("url", "http://x"), ("read", "older")]);
    unit.config_changed(&asks);
    assert_eq!(unit.status(), "active: ");
}
