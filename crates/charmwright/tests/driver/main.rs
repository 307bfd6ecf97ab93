//! The driver on the simulator's hook commands: what a charm writes, and when it does not.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod containers;
mod daemon_dies;
mod files;
mod pebble;
mod readiness;
mod relations;
mod services;
mod simulated;
mod slow;
mod taken_back;
mod unit;

use charmwright::Charm;
use charmwright::interfaces::postgresql_client::{Database, PostgresqlClient};
use charmwright::interfaces::prometheus_scrape::{PrometheusScrape, ScrapeJob};
use charmwright::prelude::*;
use charmwright_sim::events::Hook;
use unit::Unit;

#[derive(Debug, Config)]
struct Options {
    port: Port,
}

#[derive(Debug, Inputs)]
struct Twice {
    options: Options,
    #[requires("first")]
    first: Requires<PostgresqlClient>,
    #[requires("second")]
    second: Requires<PostgresqlClient>,
    #[requires("extra")]
    extra: Option<Requires<PostgresqlClient>>,
    #[provides("metrics")]
    metrics: Provides<PrometheusScrape>,
}

/// Asks two databases, and only then waits for either.
fn reconcile(twice: &Twice, desired: &Desired) -> Result<(), NotYet> {
    desired.open_port(twice.options.port);
    desired.provide(&twice.metrics, ScrapeJob::on(twice.options.port));
    let first = desired.request(&twice.first, Database::named("one"));
    let second = desired.request(&twice.second, Database::named("two"));
    if let Some(extra) = &twice.extra {
        // The charm can do without.
        let _ = desired.request(extra, Database::named("three"));
    }
    let (_, _) = (first?, second?);
    Ok(())
}

fn twice() -> Charm<Twice> {
    charm(reconcile)
}

fn nothing() -> Charm<()> {
    charm(|(), _| Ok(()))
}

const ANSWER: &[(&str, &str)] = &[("endpoints", "pg:5432"), ("username", "u"), ("password", "hunter2")];

#[test]
fn two_requests_go_out_in_one_hook_and_both_causes_are_told() {
    let mut unit = Unit::new(true);
    let (first, second) = (unit.relate("first", "pg"), unit.relate("second", "other"));
    let record = unit.config_changed(&twice());
    assert_eq!(unit.own_bag(first)["database"], "one");
    assert_eq!(unit.own_bag(second)["database"], "two");
    assert_eq!(
        unit.status(),
        // Its name is not worth a command yet; the next event of the relation tells it.
        "waiting: first: the other application is being asked (woken by first-relation-changed) and 1 more"
    );
    assert!(record.wrote());
}

#[test]
fn a_second_run_with_nothing_changed_writes_nothing() {
    let mut unit = Unit::new(true);
    let first = unit.relate("first", "pg");
    unit.relate("metrics", "prometheus");
    for _ in 0..2 {
        unit.config_changed(&twice());
        let again = unit.config_changed(&twice());
        assert_eq!(again.writes, Vec::<String>::new());
        unit.remote(first, ANSWER);
    }
}

#[test]
fn nothing_is_removed_while_a_cause_stands_and_everything_once_none_does() {
    let mut unit = Unit::new(true);
    let (first, second) = (unit.relate("first", "pg"), unit.relate("second", "pg"));
    unit.config_changed(&twice());
    unit.model.set_option("port", 81.into());
    unit.config_changed(&twice());
    let ports = |unit: &Unit| unit.model.ports().into_iter().collect::<Vec<_>>();
    assert_eq!(ports(&unit), ["80/tcp", "81/tcp"]);
    unit.remote(first, ANSWER);
    unit.remote(second, ANSWER);
    unit.config_changed(&twice());
    assert_eq!(ports(&unit), ["81/tcp"]);
    assert_eq!(unit.status(), "active: ");
}

#[test]
fn a_follower_writes_no_application_bag_and_takes_the_answer_that_its_leader_got() {
    let mut unit = Unit::new(false);
    let (first, second) = (unit.relate("first", "pg"), unit.relate("second", "pg"));
    unit.relate("metrics", "prometheus");
    unit.config_changed(&twice());
    assert!(unit.own_bag(first).is_empty());
    assert!(unit.status().starts_with("waiting: first: pg has not answered yet"));
    unit.remote(first, ANSWER);
    unit.remote(second, ANSWER);
    unit.config_changed(&twice());
    assert_eq!(unit.status(), "active: ");
    assert!(unit.own_bag(first).is_empty());
}

#[test]
fn a_unit_that_loses_the_leadership_stops_writing_and_one_that_gains_it_mends_what_is_there() {
    let mut unit = Unit::new(true);
    let metrics = unit.relate("metrics", "prometheus");
    unit.config_changed(&twice());
    let before = unit.own_bag(metrics);
    unit.model.set_leader(false);
    unit.model.set_option("port", 81.into());
    unit.config_changed(&twice());
    assert_eq!(unit.own_bag(metrics), before);
    // Meanwhile the new leader has written something else.
    let bag = &mut unit.model.relation_mut(metrics).unwrap().local_app_bag;
    bag.get_or_insert_default().insert("stale".into(), "x".into());
    unit.model.set_leader(true);
    unit.config_changed(&twice());
    assert!(unit.own_bag(metrics)["scrape_jobs"].contains(":81"));
}

#[test]
fn a_request_that_changes_after_it_was_answered_blocks_where_nothing_answers_it() {
    fn other(twice: &Twice, desired: &Desired) -> Result<(), NotYet> {
        desired.request(&twice.first, Database::named("changed")).map(drop)
    }
    let mut unit = Unit::new(true);
    let (first, second) = (unit.relate("first", "pg"), unit.relate("second", "pg"));
    unit.config_changed(&twice());
    unit.remote(first, ANSWER);
    unit.remote(second, ANSWER);
    unit.config_changed(&twice());
    assert_eq!(unit.status(), "active: ");
    unit.config_changed(&charm(other));
    assert!(
        unit.status().starts_with("blocked: first: pg has answered a request with another `database`"),
        "{}",
        unit.status()
    );
    assert_eq!(unit.own_bag(first)["database"], "one");
}

#[test]
fn a_field_that_is_missing_is_named_with_the_application_that_should_set_it() {
    let mut unit = Unit::new(true);
    let first = unit.relate("first", "pg");
    unit.relate("second", "pg");
    unit.config_changed(&twice());
    unit.remote(first, &[("username", "u"), ("password", "p")]);
    unit.config_changed(&twice());
    assert!(
        unit.status().contains("first: pg has not set `endpoints` (woken by first-relation-changed)"),
        "{}",
        unit.status()
    );
    unit.remote(first, &[("endpoints", "pg:5432"), ("secret-user", "no reference")]);
    unit.config_changed(&twice());
    assert!(
        unit.status().contains("pg has set `secret-user` to what is not a secret's reference"),
        "{}",
        unit.status()
    );
}

#[test]
fn what_the_charm_goes_on_without_does_not_keep_it_from_being_active() {
    let mut unit = Unit::new(true);
    let (first, second) = (unit.relate("first", "pg"), unit.relate("second", "pg"));
    let extra = unit.relate("extra", "pg");
    unit.config_changed(&twice());
    unit.remote(first, ANSWER);
    unit.remote(second, ANSWER);
    unit.config_changed(&twice());
    assert_eq!(unit.status(), "active: ");
    assert_eq!(unit.own_bag(extra)["database"], "three");
}

#[test]
fn two_relations_where_one_is_meant_are_a_persons_business() {
    let mut unit = Unit::new(true);
    unit.relate("first", "pg");
    unit.relate("first", "mine");
    unit.config_changed(&twice());
    assert!(
        unit.status()
            .starts_with("blocked: first: related to pg and mine at once; remove all relations but one"),
        "{}",
        unit.status()
    );
}

#[test]
fn a_relation_that_the_controller_has_removed_counts_as_none() {
    let mut unit = Unit::new(true);
    let first = unit.relate("first", "pg");
    unit.config_changed(&twice());
    let hook = Hook::Relation { kind: "broken", relation: first, unit: None };
    unit.run(&twice(), &hook);
    assert!(unit.status().starts_with("blocked: first: nothing is related"), "{}", unit.status());
}

#[test]
fn a_malformed_option_blocks_and_other_causes_are_still_told() {
    let mut unit = Unit::new(true);
    for (value, told) in [(70_000, "must be a port from 1 to 65535, not 70000"), (0, "not 0"), (-1, "not -1")]
    {
        unit.model.set_option("port", value.into());
        unit.config_changed(&twice());
        let status = unit.status();
        assert!(status.starts_with("blocked: option port: ") && status.ends_with("and 2 more"), "{status}");
        assert!(status.contains(told), "{status}");
        let record = unit.config_changed(&twice());
        assert_eq!(record.writes, Vec::<String>::new());
    }
    // The option's type has changed, and the charm's program has not.
    let options = &mut unit.model.worker.juju.controller.model_mut().config_schema;
    *options = serde_json::json!({"port": {"type": "string"}}).as_object().cloned();
    unit.model.set_option("port", "many".into());
    unit.config_changed(&twice());
    assert!(unit.status().contains("option port: must be a whole number"), "{}", unit.status());
}

#[test]
fn a_charm_without_inputs_starts_two_processes_at_most() {
    let mut unit = Unit::new(true);
    for hook in [
        "install",
        "leader-elected",
        "config-changed",
        "start",
        "update-status",
        "upgrade-charm",
        "stop",
        "remove",
    ] {
        let record = unit.run(&nothing(), &Hook::Unit(hook));
        assert!(record.processes <= 2, "{hook}: {:?}", record.commands);
        assert_eq!(record.wrote(), hook == "install", "{hook}");
    }
    let record = unit.run(&nothing(), &Hook::Custom("a-hook-of-tomorrow".to_owned()));
    assert!(record.processes <= 2 && !record.wrote());
}
