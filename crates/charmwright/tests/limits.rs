//! The book's table of limits says what the code says: each limit is in the table, with its value and the test that
//! crosses it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The crates that a charm links.
const CRATES: [&str; 8] =
    ["derive", "event", "hookcmds", "jujuc", "pebble", "snapshot", "reconcile", "interfaces"];
/// How the name of a limit ends.
const ENDINGS: [&str; 4] = ["_MAX", "_MIN", "_BUDGET", "_LIMIT"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The limits in the sources: crate and name, with the value.
fn in_the_code() -> BTreeMap<(String, String), u64> {
    let mut limits = BTreeMap::new();
    for name in CRATES {
        let mut files = Vec::new();
        rust_files(&root().join(format!("crates/charmwright-{name}/src")), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let constants = text.lines().filter_map(|line| {
                let rest = line.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
                let rest = rest.trim_start_matches("pub ").strip_prefix("const ")?;
                let (constant, rest) = rest.split_once(": ")?;
                let (_, value) = rest.split_once(" = ")?;
                let is_limit =
                    ENDINGS.iter().any(|ending| constant.ends_with(ending)) && value.ends_with(';');
                is_limit.then(|| (constant.to_owned(), value.trim_end_matches(';').to_owned()))
            });
            for (constant, value) in constants {
                let number = number(&value).unwrap_or_else(|| panic!("{constant} = {value}"));
                let known = limits.insert((name.to_owned(), constant.clone()), number);
                assert!(known.is_none(), "two limits of {name} are named {constant}");
            }
        }
    }
    limits
}

/// What a constant's expression comes to: products, shifts and seconds.
fn number(expression: &str) -> Option<u64> {
    let expression = expression.trim();
    for (unit, seconds) in [("secs", 1), ("mins", 60), ("hours", 3600)] {
        if let Some(count) = expression.strip_prefix(&format!("Duration::from_{unit}(")) {
            return Some(number(count.strip_suffix(')')?)? * seconds);
        }
    }
    if let Some((number_of, bits)) = expression.split_once(" << ") {
        return Some(number(number_of)? << number(bits)?);
    }
    expression.split(" * ").try_fold(1, |product, term| {
        let term = match term {
            "MIB" => 1 << 20,
            "KIB" => 1 << 10,
            digits => digits.replace('_', "").parse::<u64>().ok()?,
        };
        Some(product * term)
    })
}

/// What a value for people comes to: `4 MiB`, `1,000 characters`, `15 s`.
fn value(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_once(' ').unwrap_or((text, ""));
    let factor = match unit {
        "MiB" => 1 << 20,
        "KiB" => 1 << 10,
        "min" => 60,
        "h" => 3600,
        _ => 1,
    };
    Some(digits.replace(',', "").parse::<u64>().ok()? * factor)
}

/// The rows of the page: crate and name, with the value and the test.
fn in_the_book() -> BTreeMap<(String, String), (u64, String)> {
    let page = std::fs::read_to_string(root().join("docs/src/reference/limits.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> =
            line.strip_prefix("| `")?.trim_end_matches('|').split(" | ").map(str::trim).collect();
        let [constant, of, most, _, test] = cells[..] else { return None };
        let (constant, test) = (constant.trim_matches('`').to_owned(), test.trim_matches('`').to_owned());
        let number = value(most).unwrap_or_else(|| panic!("{constant}: {most}"));
        Some(((of.trim_matches('`').to_owned(), constant), (number, test)))
    });
    rows.collect()
}

#[test]
fn the_table_has_every_limit_with_its_value() {
    let book: BTreeMap<_, u64> =
        in_the_book().into_iter().map(|(limit, (value, _))| (limit, value)).collect();
    assert_eq!(book, in_the_code());
}

#[test]
fn each_limit_is_crossed_by_the_test_that_the_table_names() {
    let mut files = Vec::new();
    rust_files(&root().join("crates"), &mut files);
    let sources: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    for ((of, constant), (_, test)) in in_the_book() {
        let function = format!("fn {test}(");
        assert!(sources.iter().any(|source| source.contains(&function)), "{of} {constant}: no test {test}");
    }
}
