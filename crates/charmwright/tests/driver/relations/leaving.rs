//! A unit that is being removed.

use charmwright::interfaces::postgresql_client::Database;
use charmwright_sim::events::Hook;

use super::*;

#[derive(Debug, Inputs)]
struct Needs {
    #[requires("database")]
    database: Requires<PostgresqlClient>,
    #[provides("metrics")]
    metrics: Provides<PrometheusScrape>,
}

fn reconcile(needs: &Needs, desired: &Desired) -> Result<(), NotYet> {
    let login = desired.request(&needs.database, Database::named("a"))?;
    desired.provide(&needs.metrics, ScrapeJob::on(Port::fixed::<9000>()).at(login.username));
    Ok(())
}

fn needs() -> Charm<Needs> {
    charm(reconcile).teardown(reconcile)
}

/// A unit that serves, with its relations to the database and to Prometheus.
fn serving() -> (Unit, i64, i64) {
    let mut unit = unit(true);
    let database = unit.relate_with("database", "pg", &["pg/0"]);
    let metrics = unit.relate_with("metrics", "prometheus", &["prometheus/0"]);
    unit.config_changed(&needs());
    unit.remote(database, &[("endpoints", "pg:5432"), ("username", "u"), ("password", "p")]);
    unit.config_changed(&needs());
    assert_eq!(unit.status(), "active: ");
    (unit, database, metrics)
}

fn relation(kind: &'static str, relation: i64, unit: Option<&str>) -> Hook {
    Hook::Relation { kind, relation, unit: unit.map(str::to_owned) }
}

#[test]
fn a_unit_that_is_being_removed_keeps_its_status_and_what_it_has_told() {
    let (mut unit, database, metrics) = serving();
    let offered = unit.own_bag(metrics);
    unit.goes = true;
    for hook in [
        relation("departed", database, Some("pg/0")),
        relation("broken", database, None),
        relation("departed", metrics, Some("prometheus/0")),
        relation("broken", metrics, None),
    ] {
        let record = unit.run(&needs(), &hook);
        assert!(!record.wrote(), "{hook:?}: {:?}", record.writes);
        assert_eq!(record.processes, 1, "{hook:?}: {:?}", record.commands);
    }
    unit.model.relation_mut(database).unwrap().gone = true;
    for hook in ["stop", "remove"] {
        unit.run(&needs(), &Hook::Unit(hook));
        assert_eq!(unit.status(), "active: ", "{hook}");
    }
    assert_eq!(unit.own_bag(metrics), offered);
}

#[test]
fn a_relation_that_is_broken_for_the_application_is_still_told_to_the_operator() {
    let (mut unit, database, _) = serving();
    unit.run(&needs(), &relation("departed", database, Some("pg/0")));
    unit.run(&needs(), &relation("broken", database, None));
    assert!(unit.status().starts_with("blocked: database: nothing is related"), "{}", unit.status());
}

#[test]
fn a_relation_without_units_is_not_broken_for_the_application_if_the_unit_is_dying() {
    let (mut unit, database, _) = serving();
    unit.meddle = Some(|call| {
        let goal = r#"{"units":{"related/0":{"status":"dying"}},"relations":{}}"#;
        (call.command == "goal-state").then(|| crate::unit::answer(0, goal, ""))
    });
    unit.run(&needs(), &relation("broken", database, None));
    assert_eq!(unit.status(), "active: ");
    // It is remembered, so nothing has to be asked again.
    unit.meddle = None;
    unit.run(&needs(), &relation("broken", database, None));
    assert_eq!(unit.status(), "active: ");
}

#[test]
fn a_goal_state_that_juju_does_not_give_means_that_the_unit_lives() {
    let (mut unit, database, _) = serving();
    unit.meddle = Some(|call| {
        (call.command == "goal-state").then(|| crate::unit::answer(1, "", "ERROR cannot get goal state"))
    });
    unit.run(&needs(), &relation("broken", database, None));
    assert!(unit.status().starts_with("blocked: database: nothing is related"), "{}", unit.status());
}

#[test]
fn a_pod_that_is_replaced_is_no_unit_that_is_being_removed() {
    let (mut unit, database, _) = serving();
    unit.run(&needs(), &Hook::Unit("stop"));
    unit.run(&needs(), &Hook::Unit("upgrade-charm"));
    unit.run(&needs(), &Hook::Unit("config-changed"));
    assert_eq!(unit.status(), "active: ");
    unit.run(&needs(), &relation("broken", database, None));
    assert!(unit.status().starts_with("blocked: database: nothing is related"), "{}", unit.status());
}

#[test]
fn a_later_unit_of_the_same_name_does_not_take_itself_for_one_that_goes() {
    for hook in ["install", "config-changed", "upgrade-charm", "update-status"] {
        let (mut unit, database, metrics) = serving();
        unit.goes = true;
        unit.run(&needs(), &relation("departed", metrics, Some("prometheus/0")));
        unit.goes = false;
        unit.remote(database, &[("username", "other")]);
        unit.run(&needs(), &Hook::Unit(hook));
        assert!(unit.own_bag(metrics)["scrape_jobs"].contains("other"), "{hook}");
    }
}

#[test]
fn peers_that_are_broken_are_the_units_own_end() {
    let (mut unit, _, _) = serving();
    let cluster = unit.relate_with("cluster", "related", &["related/1"]);
    unit.config_changed(&needs());
    unit.goes = true;
    for hook in [relation("departed", cluster, Some("related/1")), relation("broken", cluster, None)] {
        assert!(!unit.run(&needs(), &hook).wrote(), "{hook:?}");
    }
    assert_eq!(unit.status(), "active: ");
}
