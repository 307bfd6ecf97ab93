//! The book's page about the order of events, and about their losses, is made from the code's tables.
//!
//! `CHARMWRIGHT_WRITE_PAGES=1 cargo test -p charmwright-event --test order` writes the tables anew.

#![expect(clippy::unwrap_used, reason = "test")]

use std::fmt::Write as _;
use std::{env, fs};

use charmwright_event::{Certainty, Datum, EventKind, ORDER, RELATION_ORDER};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/reference/which-event-comes-when.md");

/// The page with this table between the two comments that bear its name.
fn with_table(page: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: from the code -->\n"), format!("<!-- {name}: end -->"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}\n{table}\n{end}{after}")
}

fn code(kind: EventKind) -> String {
    match kind {
        EventKind::Action => "an action".to_owned(),
        kind => format!("`{kind}`"),
    }
}

fn list(kinds: &[EventKind]) -> String {
    kinds.iter().copied().map(code).collect::<Vec<_>>().join(", ")
}

fn order() -> String {
    let mut table =
        "| # | events | order within | when, and what belongs to it |\n|---|---|---|---|\n".to_owned();
    for rule in ORDER {
        let events = match (rule.kinds, rule.step) {
            ([], step) => format!("*{step}*"),
            (kinds, "") => list(kinds),
            (kinds, step) => format!("{}; *{step}*", list(kinds)),
        };
        writeln!(table, "| {} | {events} | {} | {} |", rule.number, rule.within, rule.condition).unwrap();
    }
    table
}

fn inside_a_relation() -> String {
    let mut table = "| # | event | when |\n|---|---|---|\n".to_owned();
    for ((kind, when), number) in RELATION_ORDER.iter().zip(1..) {
        writeln!(table, "| {number} | {} | {when} |", code(*kind)).unwrap();
    }
    table
}

fn losses() -> String {
    let mut table = "| event | is lost when | what comes next | row |\n|---|---|---|---|\n".to_owned();
    for kind in EventKind::ALL {
        for loss in kind.losses() {
            let row = loss.row.map_or("–".to_owned(), |row| row.to_string());
            writeln!(table, "| {} | {} | {} | {row} |", code(kind), loss.when, loss.then).unwrap();
        }
    }
    table
}

fn wakers() -> String {
    let mut table = "| waits for | woken by | if that is lost, by |\n|---|---|---|\n".to_owned();
    for datum in Datum::ALL {
        let Some(first) = datum.wakers().next().filter(|waker| waker.certainty != Certainty::Sure) else {
            continue;
        };
        let mut instead: Vec<EventKind> = Vec::new();
        for kind in first.kind.losses_of(datum).flat_map(|loss| loss.instead) {
            if !instead.contains(kind) && *kind != EventKind::UpdateStatus {
                instead.push(*kind);
            }
        }
        let tick = datum.wakers().any(|waker| waker.kind == EventKind::UpdateStatus);
        let instead = match first.kind {
            EventKind::UpdateStatus => "any other event".to_owned(),
            _ if !tick && instead.is_empty() => "nothing".to_owned(),
            _ => list(&[instead.as_slice(), if tick { &[EventKind::UpdateStatus] } else { &[] }].concat()),
        };
        writeln!(table, "| `{datum:?}` | {} | {instead} |", code(first.kind)).unwrap();
    }
    table
}

#[test]
fn the_page_is_made_from_the_tables() {
    let page = fs::read_to_string(PAGE).unwrap();
    let mut made = page.clone();
    for (name, table) in [
        ("order", order()),
        ("inside a relation", inside_a_relation()),
        ("losses", losses()),
        ("wakers", wakers()),
    ] {
        made = with_table(&made, name, &table);
    }
    if env::var_os("CHARMWRIGHT_WRITE_PAGES").is_some() {
        fs::write(PAGE, &made).unwrap();
    } else {
        assert!(page == made, "the page differs from the tables: run with CHARMWRIGHT_WRITE_PAGES=1\n{made}");
    }
}
