//! What the public methods promise by not being there.

use charmwright::interfaces::postgresql_client::PostgresqlClient;
use charmwright::{Container, Requires};

/// The names of the public functions in all `impl` blocks of a type, without those of traits.
fn methods(source: &str, of: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in source.lines() {
        if line.starts_with("impl") {
            let head = line.split(" {").next().unwrap_or_default();
            let name = head.rsplit([' ', '>']).next().unwrap_or_default();
            inside = !line.contains(" for ") && (head.contains(&format!(" {of}<")) || name == of);
        }
        let function = line.strip_prefix("    pub fn ").or_else(|| line.strip_prefix("    pub const fn "));
        if let Some(function) = function.filter(|_| inside) {
            names.push(function.split(['(', '<']).next().unwrap_or_default().to_owned());
        }
    }
    names
}

const READINESS: &str = include_str!("../../../charmwright-snapshot/src/readiness.rs");
const REQUIRES: &str = include_str!("../../../charmwright-snapshot/src/requires.rs");
const PROVIDES: &str = include_str!("../../../charmwright-snapshot/src/provides.rs");

#[test]
fn a_wait_is_made_by_no_public_function_of_its_own_type() {
    assert_eq!(methods(READINESS, "NotYet"), ["severity", "subject", "cause", "remedy", "waker"]);
    assert_eq!(methods(READINESS, "Waker"), ["kind", "datum", "certainty", "losses", "explain"]);
}

#[test]
fn an_answer_is_reachable_by_asking_only() {
    let methods = methods(REQUIRES, "Requires");
    assert_eq!(methods, ["absent", "pending", "answered", "ask", "not_yet"]);
}

#[test]
fn an_endpoint_that_is_offered_to_is_not_asked() {
    assert_eq!(methods(PROVIDES, "Provides"), ["empty", "offer"]);
}

#[test]
fn the_fields_of_a_wait_and_of_an_endpoint_are_private() {
    for (source, of) in
        [(READINESS, "NotYet"), (READINESS, "Waker"), (REQUIRES, "Requires"), (PROVIDES, "Provides")]
    {
        let body = source.split(&format!("pub struct {of}")).nth(1).unwrap().split("\n}").next().unwrap();
        assert!(!body.contains("pub "), "{of}: {body}");
    }
}

#[test]
fn every_wait_that_an_input_makes_has_a_waker() {
    for cause in [
        Container::unreachable("web").not_yet("x"),
        Container::fresh("web").not_yet("x"),
        Requires::<PostgresqlClient>::absent("db").not_yet("x"),
        Requires::<PostgresqlClient>::pending("db").not_yet("x"),
    ] {
        assert!(cause.to_string().contains("(woken by "), "{cause}");
    }
}
