//! The book's page about events says what the code says.

#![expect(clippy::unwrap_used, reason = "test")]

use std::any::type_name;
use std::collections::BTreeMap;
use std::fs;

use charmwright_event::typed::{self, TypedEvent};
use charmwright_event::{Certainty, Datum, EventKind, Goal, JujuVersion, Prefix};

const PAGE: &str = "../../docs/src/reference/events.md";

/// The rows of a section's table, down to the next heading.
fn rows(page: &str, section: &str) -> Vec<String> {
    let after = page.split_once(&format!("\n## {section}\n")).unwrap().1;
    let section = after.split("\n#").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with("| `"));
    lines.map(str::to_owned).collect()
}

/// Compares the rows of a section with what the code says: a row's first cell, and how the row ends. Between the two
/// the page may say more.
fn compare(section: &str, wanted: &[(String, String)]) {
    let page = fs::read_to_string(format!("{}/{PAGE}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let rows = rows(&page, section);
    let told: Vec<String> = wanted.iter().map(|(first, rest)| format!("| {first} | … {rest}")).collect();
    assert_eq!(rows.len(), wanted.len(), "`{section}` should have these rows:\n{}", told.join("\n"));
    for (row, (first, rest)) in rows.iter().zip(wanted) {
        let agrees = row.starts_with(&format!("| {first} |")) && row.ends_with(&format!("| {rest}"));
        assert!(agrees, "`{section}` says\n{row}\nand the code\n| {first} | … {rest}");
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn hook(kind: EventKind) -> String {
    match (kind, kind.prefix()) {
        (EventKind::Action, _) => "the action's name".to_owned(),
        (EventKind::Other, _) => "any other".to_owned(),
        (_, None) => code(kind.as_str()),
        (_, Some(Prefix::Endpoint)) => code(&kind.hook_name("ENDPOINT")),
        (_, Some(Prefix::Storage)) => code(&kind.hook_name("STORAGE")),
        (_, Some(Prefix::Container)) => code(&kind.hook_name("CONTAINER")),
    }
}

fn jujus(kind: EventKind) -> String {
    let known = [
        "2.9", "3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.6.1", "3.6.10", "3.6.11", "3.6.24", "4.0",
    ];
    let has = |text: &&str| {
        let patch = if text.matches('.').count() == 1 { ".0" } else { "" };
        kind.exists_in(&JujuVersion::parse(&format!("{text}{patch}")).unwrap())
    };
    let (first, last) = (known.iter().position(&has), known.iter().rposition(&has));
    let (first, last) = (first.unwrap(), last.unwrap());
    assert!(known[first..=last].iter().all(has), "{kind} comes and goes once");
    match (first, last, known[last]) {
        (0, 12, _) => "all".to_owned(),
        (_, 12, _) => format!("from {}", known[first]),
        (0, _, "3.6.24") => "up to 3.6".to_owned(),
        (0, _, last) => format!("up to {last}"),
        _ => format!("{} to {}", known[first], known[last]),
    }
}

fn goal(kind: EventKind) -> &'static str {
    match kind.goal() {
        Goal::Reconcile => "`reconcile`",
        Goal::TearDown => "`teardown`",
        Goal::Act => "the action",
        Goal::Nothing => "nothing",
    }
}

/// The rule of each kind, by the name of its marker.
fn rules() -> BTreeMap<EventKind, &'static str> {
    fn rule<E: TypedEvent>() -> (EventKind, &'static str) {
        (E::KIND, type_name::<E::Rule>().rsplit("::").next().unwrap())
    }
    macro_rules! rules {
        ($($name:ident)*) => { BTreeMap::from([$(rule::<typed::$name>()),*]) };
    }
    rules! {
        Install Start ConfigChanged UpgradeCharm LeaderElected LeaderSettingsChanged UpdateStatus Stop Remove
        RelationCreated RelationJoined RelationChanged RelationDeparted RelationBroken StorageAttached StorageDetaching
        SecretChanged SecretRotate SecretExpired SecretRemove PebbleReady PebbleCustomNotice PebbleCheckFailed
        PebbleCheckRecovered PreSeriesUpgrade PostSeriesUpgrade CollectMetrics MeterStatusChanged Action Other
    }
}

#[test]
fn the_page_has_every_kind() {
    let rules = rules();
    let wanted = EventKind::ALL.map(|kind| {
        let deferred = if rules[&kind] == "MayWait" { "yes" } else { "no" };
        let rest = format!("{} | {} | {} | {deferred} |", hook(kind), jujus(kind), goal(kind));
        (code(&format!("{kind:?}")), rest)
    });
    compare("The kinds", &wanted);
}

#[test]
fn the_page_says_why_an_event_may_not_be_deferred() {
    let refused = rules().into_iter().filter(|(_, rule)| *rule != "MayWait");
    let mut wanted: Vec<_> =
        refused.map(|(kind, rule)| (code(&format!("{kind:?}")), code(rule) + " |")).collect();
    let (every, rule) = ("EveryRun", type_name::<<typed::EveryRun as TypedEvent>::Rule>());
    wanted.push((code(every), code(rule.rsplit("::").next().unwrap()) + " |"));
    compare("What may be deferred", &wanted);
}

/// The three cells of what is sure, what can be lost, and what may not come.
fn cells(of: impl Fn(Certainty) -> Vec<String>) -> String {
    let cell = |certainty| {
        let names = of(certainty);
        if names.is_empty() { "–".to_owned() } else { names.join(", ") }
    };
    let [sure, lost, never] = [Certainty::Sure, Certainty::CanBeLost, Certainty::MayNotCome].map(cell);
    format!("{sure} | {lost} | {never} |")
}

#[test]
fn the_page_says_what_each_kind_announces() {
    let wanted = EventKind::ALL.map(|kind| {
        let all = kind.changes().len() + 1 == Datum::ALL.len();
        let rest = cells(|certainty| {
            let changes = kind.changes().iter().filter(|change| change.certainty == certainty);
            let names: Vec<_> = changes.map(|change| code(&format!("{:?}", change.datum))).collect();
            if all && !names.is_empty() { vec!["all but `ActionRequest`".to_owned()] } else { names }
        });
        (code(&format!("{kind:?}")), rest)
    });
    compare("What an event announces", &wanted);
}

#[test]
fn the_page_says_what_to_wait_for() {
    let wanted = Datum::ALL.map(|datum| {
        let rest = cells(|certainty| {
            let wakers = datum.wakers().filter(|waker| waker.certainty == certainty);
            wakers.map(|waker| code(waker.kind.as_str())).collect()
        });
        (code(&format!("{datum:?}")), rest)
    });
    compare("What to wait for", &wanted);
}
