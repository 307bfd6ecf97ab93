//! `postgresql_client` against a database that answers once, as the real ones do.

use charmwright::interfaces::postgresql_client::{Database, Login};
use charmwright_sim::events::Hook;
use charmwright_sim::model::Bag as SimBag;

use super::*;

fn database(name: &str, roles: &str) -> Database {
    let database = Database::named(name);
    if roles.is_empty() { database } else { database.with_extra_user_roles(roles) }
}

/// Wants the database that the option names, `name` or `name:roles`, and serves on with what it has got before.
fn wants() -> Charm<Related> {
    charm(|related: &Related, desired: &Desired| {
        let Some(endpoint) = &related.database else { return Ok(()) };
        let (name, roles) = related.options.roles.split_once(':').unwrap_or((&related.options.roles, ""));
        desired.request(endpoint, database(name, roles)).map(drop)
    })
}

/// Remembers what came, for the test to look at.
fn shows() -> Charm<Related> {
    charm(|related: &Related, desired: &Desired| {
        let Some(endpoint) = &related.database else { return Ok(()) };
        let login = desired.request(endpoint, Database::named("a"))?;
        GOT.with_borrow_mut(|got| *got = Some(login));
        Ok(())
    })
}

thread_local! {
    static GOT: std::cell::RefCell<Option<Login>> = const { std::cell::RefCell::new(None) };
}

/// The database repeats the request as it is now. The answer is of the first request.
fn echoes(unit: &mut Unit, relation: i64) {
    let data = serde_json::to_string(&unit.own_bag(relation)).unwrap();
    unit.remote(relation, &[("data", &data)]);
}

fn answers(unit: &mut Unit, relation: i64, name: &str) {
    let answer = [("database", name), ("endpoints", "pg:5432"), ("username", "u"), ("password", "hunter2")];
    unit.remote(relation, &answer);
}

/// A unit whose request for `a` is answered.
fn answered(wanted: &str) -> (Unit, i64) {
    let mut unit = unit(true);
    let relation = unit.relate("database", "pg");
    unit.model.set_option("roles", wanted.into());
    unit.config_changed(&wants());
    echoes(&mut unit, relation);
    unit.config_changed(&wants());
    assert!(unit.status().starts_with("waiting: database: pg has not set `endpoints`"), "{}", unit.status());
    answers(&mut unit, relation, "a");
    unit.config_changed(&wants());
    assert_eq!(unit.status(), "active: ");
    (unit, relation)
}

fn change(unit: &mut Unit, relation: i64, wanted: &str) {
    unit.model.set_option("roles", wanted.into());
    unit.config_changed(&wants());
    echoes(unit, relation);
    unit.config_changed(&wants());
}

#[test]
fn a_change_after_the_answer_blocks_and_is_not_written_and_ends_when_it_is_taken_back() {
    for (first, second, field) in [
        ("a", "b", "database"),
        ("a", "a:admin", "extra-user-roles"),
        ("a:admin", "a:other", "extra-user-roles"),
        ("a:admin", "a", "extra-user-roles"),
    ] {
        let (mut unit, relation) = answered(first);
        let before = unit.own_bag(relation);
        change(&mut unit, relation, second);
        assert_eq!(
            unit.status(),
            format!(
                "blocked: database: pg has answered a request with another `{field}` and takes no change; \
                 take the change back, or remove the relation and integrate anew \
                 (woken by database-relation-broken)"
            )
        );
        assert_eq!(unit.own_bag(relation), before, "{first} to {second}");
        change(&mut unit, relation, first);
        assert_eq!(unit.status(), "active: ", "{first} to {second}");
    }
}

#[test]
fn a_changed_request_that_an_earlier_program_wrote_is_never_taken_for_answered() {
    for leader in [true, false] {
        let (mut unit, relation) = answered("a");
        let own = unit.model.relation_mut(relation).unwrap().local_app_bag.get_or_insert_default();
        own.insert("database".to_owned(), "b".to_owned());
        echoes(&mut unit, relation);
        unit.model.set_leader(leader);
        unit.model.set_option("roles", "b".into());
        for _ in 0..2 {
            unit.config_changed(&wants());
            assert!(unit.status().starts_with("blocked: database: pg has answered"), "{}", unit.status());
        }
        // What it has answered is a; so to want a again needs no new answer.
        unit.model.set_option("roles", "a".into());
        unit.config_changed(&wants());
        assert_eq!(unit.status(), "active: ", "leader: {leader}");
    }
}

#[test]
fn a_request_that_is_not_answered_yet_may_change() {
    let mut unit = unit(true);
    let relation = unit.relate("database", "pg");
    unit.model.set_option("roles", "a".into());
    unit.config_changed(&wants());
    echoes(&mut unit, relation);
    change(&mut unit, relation, "b");
    assert_eq!(unit.own_bag(relation)["database"], "b");
    assert!(unit.status().starts_with("waiting: database: pg has not set `endpoints`"), "{}", unit.status());
    answers(&mut unit, relation, "b");
    unit.config_changed(&wants());
    assert_eq!(unit.status(), "active: ");
}

#[test]
fn an_answer_counts_whatever_was_asked_to_be_in_secrets() {
    let (mut unit, relation) = answered("a");
    let own = unit.model.relation_mut(relation).unwrap().local_app_bag.get_or_insert_default();
    own.insert("requested-secrets".to_owned(), r#"["username","password"]"#.to_owned());
    echoes(&mut unit, relation);
    unit.config_changed(&wants());
    assert_eq!(unit.status(), "active: ");
    // The list is brought up to date all the same.
    assert!(unit.own_bag(relation)["requested-secrets"].contains("read-only-uris"));
}

#[test]
fn a_new_relation_takes_the_changed_request() {
    let (mut unit, relation) = answered("a");
    change(&mut unit, relation, "b");
    unit.run(&wants(), &Hook::Relation { kind: "broken", relation, unit: None });
    let controller = unit.model.worker.juju.controller.model_mut();
    controller.relations.get_or_insert_default().retain(|one| one.id != relation);
    let again = unit.relate("database", "pg");
    unit.config_changed(&wants());
    let own = unit.own_bag(again);
    assert_eq!(own.get("database").map(String::as_str), Some("b"), "{}", unit.status());
}

fn secret(unit: &mut Unit, relation: i64, content: &[(&str, &str)]) -> String {
    let content: SimBag =
        content.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    format!("secret:{}", unit.model.add_secret("pg", relation, content, true))
}

#[test]
fn all_that_is_asked_to_be_in_secrets_is_read_from_them() {
    let mut unit = unit(true);
    let relation = unit.relate("database", "pg");
    unit.config_changed(&shows());
    let user = [("username", "u"), ("password", "p"), ("uris", "postgresql://u:p@pg:5432/a")];
    let user = secret(&mut unit, relation, &user);
    let tls = secret(&mut unit, relation, &[("tls", "True"), ("tls-ca", "-----BEGIN CERTIFICATE-----")]);
    unit.remote(
        relation,
        &[("database", "a"), ("endpoints", "pg:5432"), ("secret-user", &user), ("secret-tls", &tls)],
    );
    unit.config_changed(&shows());
    assert_eq!(unit.status(), "active: ");
    let login = GOT.take().unwrap();
    assert_eq!(login.uris.unwrap().expose(), "postgresql://u:p@pg:5432/a");
    assert_eq!((login.tls, login.tls_ca.as_deref()), (Some(true), Some("-----BEGIN CERTIFICATE-----")));
    assert_eq!(login.read_only_uris, None);
}

#[test]
fn what_a_provider_without_secrets_puts_into_the_bag_is_read_too() {
    let mut unit = unit(true);
    let relation = unit.relate("database", "pg");
    unit.config_changed(&shows());
    answers(&mut unit, relation, "a");
    unit.remote(relation, &[("tls", "False"), ("uris", "postgresql://u:p@pg:5432/a")]);
    unit.config_changed(&shows());
    let login = GOT.take().unwrap();
    assert_eq!((login.tls, login.tls_ca), (Some(false), None));
    assert_eq!(login.uris.unwrap().expose(), "postgresql://u:p@pg:5432/a");
}
