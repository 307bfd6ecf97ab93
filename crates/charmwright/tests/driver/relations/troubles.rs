//! A relation that cannot be read holds up no other, and no hook.

use charmwright::interfaces::postgresql_client::Database;
use charmwright_hookcmds::Reply;
use charmwright_sim::model::Bag as SimBag;

use super::*;
use crate::unit::{Meddle, answer};

/// Wants of each relation what it has, and goes on without.
fn wants() -> Charm<Related> {
    charm(|related: &Related, desired: &Desired| {
        desired.provide(&related.metrics, ScrapeJob::on(Port::fixed::<9000>()));
        let database =
            related.database.as_ref().map(|database| desired.request(database, Database::named("a")));
        let told = related.told.as_ref().map(|told| desired.request(told, &[][..]));
        let units = related.units.as_ref().map(|units| desired.request(units, &[][..]));
        database.transpose()?;
        told.transpose()?;
        units.transpose()?;
        Ok(())
    })
}

/// The number of the database's relation; that of the peers is the first.
const DATABASE: &str = "2";

struct Stage {
    unit: Unit,
    database: i64,
    metrics: i64,
}

/// A unit that is active, with a database whose credentials are in a secret.
fn stage() -> Stage {
    let mut unit = unit(true);
    let database = unit.relate("database", "pg");
    assert_eq!(database.to_string(), DATABASE);
    let metrics = unit.relate("metrics", "prometheus");
    unit.config_changed(&wants());
    let content = [("username".to_owned(), "u".to_owned()), ("password".to_owned(), "p".to_owned())];
    let secret = unit.model.add_secret("pg", database, content.into(), true);
    let reference = format!("secret:{secret}");
    unit.remote(database, &[("database", "a"), ("endpoints", "pg:5432"), ("secret-user", &reference)]);
    unit.config_changed(&wants());
    assert_eq!(unit.status(), "active: ");
    Stage { unit, database, metrics }
}

fn asks_for(call: &charmwright_hookcmds::Call, command: &str, part: &str) -> bool {
    call.command == command && call.args.iter().any(|arg| arg == part)
}

type Answer = Option<Reply>;

fn backend_is_down(call: &charmwright_hookcmds::Call) -> Answer {
    let words = "ERROR vault is sealed:\u{1b}[31m dial\u{202e} refused\nGoroutine 1";
    (call.command == "secret-get").then(|| answer(1, "", words))
}

#[test]
fn a_secret_that_cannot_be_read_holds_up_its_own_relation_only() {
    let Stage { mut unit, metrics, .. } = stage();
    unit.meddle = Some(backend_is_down);
    let told = unit.relate("told", "a");
    unit.remote(told, &[("url", "http://x")]);
    let later = unit.relate("metrics", "other-prometheus");
    unit.config_changed(&wants());
    assert_eq!(
        unit.status(),
        "waiting: database: the secret that pg refers to in `secret-user` cannot be read: secret-get failed: \
         vault is sealed:�[31m dial� refused Goroutine 1 (woken by update-status)"
    );
    assert_eq!(unit.own_bag(later), unit.own_bag(metrics));
    unit.meddle = None;
    unit.config_changed(&wants());
    assert_eq!(unit.status(), "active: ");
}

#[test]
fn a_relation_that_juju_does_not_let_read_holds_up_itself_only_and_nothing_is_removed() {
    let cases: [(Meddle, &str); 6] = [
        (
            |call| asks_for(call, "relation-get", "pg").then(|| answer(1, "", "ERROR state is on fire")),
            "database: the data of pg cannot be read: relation-get failed: state is on fire",
        ),
        (
            |call| asks_for(call, "relation-get", "pg").then(|| answer(0, "{\"a\":", "")),
            "database: the data of pg cannot be read: relation-get answered what is not an object of strings",
        ),
        (
            |call| asks_for(call, "relation-get", "pg").then(|| answer(0, "{\"a\":7}", "")),
            "database: the data of pg cannot be read: relation-get answered what is not an object of strings",
        ),
        (
            |call| {
                asks_for(call, "relation-ids", "database").then(|| answer(1, "", "ERROR state is on fire"))
            },
            "database: its relations cannot be listed: relation-ids failed: state is on fire",
        ),
        (
            |call| asks_for(call, "relation-ids", "database").then(|| answer(0, "[\"no id\"]", "")),
            "database: its relations cannot be listed: relation-ids answered what is not a list of relation ids",
        ),
        (
            |call| {
                let own =
                    asks_for(call, "relation-get", "related") && asks_for(call, "relation-get", DATABASE);
                own.then(|| answer(1, "", "ERROR state is on fire"))
            },
            "database: the data of pg cannot be read: relation-get failed: state is on fire",
        ),
    ];
    for (meddle, told) in cases {
        let Stage { mut unit, database, metrics } = stage();
        let (asked, offered) = (unit.own_bag(database), unit.own_bag(metrics));
        unit.meddle = Some(meddle);
        unit.config_changed(&wants());
        assert_eq!(unit.status(), format!("waiting: {told} (woken by update-status)"));
        assert_eq!((unit.own_bag(database), unit.own_bag(metrics)), (asked, offered), "{told}");
        unit.meddle = None;
        unit.config_changed(&wants());
        assert_eq!(unit.status(), "active: ", "{told}");
    }
}

#[test]
fn a_charm_that_goes_on_without_a_relation_that_is_not_listed_removes_nothing_that_it_wrote_there() {
    let goes_on: Charm<Related> = charm(|related: &Related, desired: &Desired| {
        if let Some(database) = &related.database {
            let _ = desired.request(database, Database::named("a"));
        }
        Ok(())
    });
    let Stage { mut unit, database, .. } = stage();
    let asked = unit.own_bag(database);
    unit.meddle = Some(|call| {
        asks_for(call, "relation-ids", "database").then(|| answer(1, "", "ERROR state is on fire"))
    });
    unit.config_changed(&goes_on);
    assert_eq!(unit.own_bag(database), asked);
}

#[test]
fn a_relation_whose_application_is_not_told_holds_up_itself_only() {
    let mut unit = unit(true);
    let metrics = unit.relate("metrics", "prometheus");
    unit.relate("told", "a");
    unit.meddle =
        Some(|call| asks_for(call, "relation-list", "--app").then(|| answer(0, "\"Not A Name\u{1b}\"", "")));
    unit.config_changed(&wants());
    assert_eq!(
        unit.status(),
        "waiting: told: the data of the other application cannot be read: relation-list answered what is not an \
         application's name (woken by update-status)"
    );
    assert!(!unit.own_bag(metrics).is_empty());
}

#[test]
fn peers_that_cannot_be_read_are_not_taken_for_no_peers() {
    thread_local! {
        static RUNS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    }
    let counts: Charm<Related> = charm(|related: &Related, _: &Desired| {
        RUNS.set(RUNS.get() + 1);
        related.cluster.others().try_for_each(|(_, told)| told.map(drop))
    });
    let mut unit = unit(true);
    let cluster = unit.model.relation_with("cluster", "related").unwrap();
    let cluster = unit.model.relation_mut(cluster).unwrap();
    cluster.units.get_or_insert_default().insert("related/1".to_owned(), Some(SimBag::new()));
    cluster.members = Some(vec!["related/1".to_owned()]);
    unit.meddle = Some(|call| {
        asks_for(call, "relation-get", "related/1").then(|| answer(1, "", "ERROR state is on fire"))
    });
    unit.config_changed(&counts);
    assert_eq!(
        unit.status(),
        "waiting: cluster: the data of the other units cannot be read: relation-get failed: state is on fire \
         (woken by update-status)"
    );
    assert_eq!(RUNS.get(), 0);
}

#[test]
fn an_agent_that_is_gone_fails_the_hook() {
    let Stage { mut unit, .. } = stage();
    unit.meddle = Some(|call| {
        asks_for(call, "relation-get", "pg").then(|| answer(1, "", "ERROR connection is shut down"))
    });
    let hook = charmwright_sim::events::Hook::Unit("config-changed");
    assert!(unit.try_run(&wants(), &hook).is_err());
}

#[test]
fn a_neighbour_that_writes_more_than_is_read_is_waited_for_and_holds_up_no_other() {
    let large = "x".repeat(5_000_000);
    for units in [false, true] {
        let Stage { mut unit, .. } = stage();
        if units {
            let id = unit.relate_with("units", "b", &["b/0", "b/1"]);
            for name in ["b/0", "b/1"] {
                // Each is small enough, both together are not.
                unit.remote_unit(id, name, &[("host", &large[..2_500_000])]);
            }
        } else {
            let id = unit.relate("told", "b");
            unit.remote(id, &[("url", &large)]);
        }
        let later = unit.relate("metrics", "other-prometheus");
        unit.config_changed(&wants());
        let (status, name) = (unit.status(), if units { "units" } else { "told" });
        assert!(status.starts_with(&format!("waiting: {name}: b has written ")), "{status:.200}");
        assert!(status.ends_with(&format!("(woken by {name}-relation-changed)")), "{status:.200}");
        assert!(status.chars().count() < 400);
        assert!(!unit.own_bag(later).is_empty());
    }
}
