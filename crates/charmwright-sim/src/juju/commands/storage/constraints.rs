//! What `storage-add` is told of a store: a pool, a count, a size.

use crate::juju::text::quote::quoted;
use std::collections::BTreeMap;

/// What is said of one store.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Constraints {
    pool: String,
    size: u64,
    /// How many.
    pub(super) count: u64,
}

impl Constraints {
    /// Whether nothing but a count is said.
    pub(super) fn only_count(&self) -> bool {
        self.pool.is_empty() && self.size == 0
    }
}

/// Reads `name` and `name=constraints`.
pub(super) fn parse(arguments: &[String]) -> Result<BTreeMap<String, Constraints>, String> {
    let mut stores = BTreeMap::new();
    for argument in arguments {
        let mut parts = argument.split('=');
        let name = parts.next().unwrap_or_default();
        let said = parts.next();
        if parts.next().is_some() || name.is_empty() {
            return Err(format!("expected \"name=constraints\" or \"name\", got {}", quoted(argument)));
        }
        if stores.contains_key(name) {
            return Err(format!("storage {} specified more than once", quoted(name)));
        }
        let constraints = one(said.unwrap_or("1"))
            .map_err(|error| format!("cannot parse constraints for storage {}: {error}", quoted(name)))?;
        stores.insert(name.to_owned(), constraints);
    }
    Ok(stores)
}

fn one(text: &str) -> Result<Constraints, String> {
    let mut read = Constraints::default();
    for field in text.split(',').filter(|field| !field.is_empty()) {
        if is_pool(field) {
            if !read.pool.is_empty() {
                return Err(format!(
                    "pool name is already set to {}, new value {} not valid",
                    quoted(&read.pool),
                    quoted(field)
                ));
            }
            field.clone_into(&mut read.pool);
        } else if let Some(count) = count(field) {
            let count = count.map_err(|error| format!("cannot parse count: {error}"))?;
            if read.count != 0 {
                return Err(format!(
                    "storage instance count is already set to {}, new value {count} not valid",
                    read.count
                ));
            }
            read.count = count;
        } else if let Some(size) = size(field) {
            let size = size.map_err(|error| format!("cannot parse size: {error}"))?;
            if read.size != 0 {
                return Err(format!(
                    "storage size is already set to {}, new value {size} not valid",
                    read.size
                ));
            }
            read.size = size;
        } else {
            return Err(format!("unrecognized storage constraint {} not valid", quoted(field)));
        }
    }
    if read == Constraints::default() {
        return Err("storage constraints require at least one field to be specified".to_owned());
    }
    read.count = read.count.max(1);
    Ok(read)
}

fn is_pool(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'?'))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A count, unless it is none at all; one that is too big to be read is none.
fn count(text: &str) -> Option<Result<u64, String>> {
    let bad = || Err(format!("count must be greater than zero, got {}", quoted(text)));
    if text.strip_prefix('-').is_some_and(digits) {
        return Some(bad());
    }
    if !digits(text) {
        return None;
    }
    match text.parse() {
        Ok(0) => Some(bad()),
        Ok(count) => Some(Ok(count)),
        Err(_) => None,
    }
}

/// A size in MiB, unless it is none at all.
fn size(text: &str) -> Option<Result<u64, String>> {
    const SUFFIXES: &str = "MGTPEZY";
    let number = text.strip_suffix("iB").or_else(|| text.strip_suffix('B')).unwrap_or(text);
    let suffix = number.chars().next_back()?;
    let power = SUFFIXES.find(suffix)?;
    let number = number.get(..number.len().checked_sub(1)?)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !digits(whole.strip_prefix('-').unwrap_or(whole)) || !digits(fraction) {
        return None;
    }
    // The sign ends the digits that Juju looks for, so all of the text is taken for a suffix.
    if whole.starts_with('-') {
        return Some(Err(format!("expected a non-negative number, got {}", quoted(text))));
    }
    let value: f64 = number.parse().ok()?;
    let mebibytes = (value * 1024_f64.powi(i32::try_from(power).unwrap_or_default())).ceil();
    // A count of MiB beyond 2^64 fits no store: the greatest number stands for it.
    Some(format!("{mebibytes}").parse().or(Ok(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(argument: &str) -> Result<BTreeMap<String, Constraints>, String> {
        parse(&[argument.to_owned()])
    }

    #[test]
    fn counts_pools_and_sizes_are_told_apart() {
        for (argument, pool, size, count) in [
            ("data", "", 0, 1),
            ("data=3", "", 0, 3),
            ("data=ebs", "ebs", 0, 1),
            ("data=ebs,1.5G,2", "ebs", 1536, 2),
            ("data=10MiB", "", 10, 1),
        ] {
            let wanted = Constraints { pool: pool.to_owned(), size, count };
            assert_eq!(read(argument), Ok(BTreeMap::from([("data".to_owned(), wanted)])), "{argument}");
        }
    }

    #[test]
    fn mistakes_are_told_in_jujus_words() {
        for (argument, error) in [
            ("=1", r#"expected "name=constraints" or "name", got "=1""#),
            ("a=1=2", r#"expected "name=constraints" or "name", got "a=1=2""#),
            (
                "a=",
                r#"cannot parse constraints for storage "a": storage constraints require at least one field to be specified"#,
            ),
            (
                "a=0",
                r#"cannot parse constraints for storage "a": cannot parse count: count must be greater than zero, got "0""#,
            ),
            (
                "a=1,2",
                r#"cannot parse constraints for storage "a": storage instance count is already set to 1, new value 2 not valid"#,
            ),
            (
                "a=!",
                r#"cannot parse constraints for storage "a": unrecognized storage constraint "!" not valid"#,
            ),
        ] {
            assert_eq!(read(argument), Err(error.to_owned()), "{argument}");
        }
    }
}
