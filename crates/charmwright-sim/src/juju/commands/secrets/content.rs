//! What is put into a secret: from arguments and from files.

use super::super::settings_file::agents_file;
use crate::juju::bytes;
use crate::juju::controller::Bag;
use crate::juju::text::files::clean;
use crate::juju::text::quote::quoted;
use crate::juju::text::yaml;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::path::Path;

/// The most bytes of one value, and of all, in base64; and of a file that they are from.
const LIMIT: usize = 1_000_000;

/// Values by key, before they are encoded.
type Raw = BTreeMap<Vec<u8>, Vec<u8>>;

/// Reads `key=value`, `key#base64=value` and `key#file=path`.
pub(super) fn of_arguments(arguments: &[String]) -> Result<Bag, String> {
    let mut raw = Raw::new();
    for argument in arguments {
        // What pads base64 is no separator.
        let bare = argument.trim_end_matches('=');
        let pair = bare.find('=').filter(|at| *at > 0).and_then(|at| {
            let (key, value) = argument.split_at_checked(at)?;
            Some((key, value.get(1..)?))
        });
        let Some((key, value)) = pair else {
            return Err(format!("key value {} not valid", quoted(argument)));
        };
        let (key, value) = match key.strip_suffix("#file") {
            Some(key) => {
                check_size(value)?;
                let content = agents_file(value)
                    .map_err(|error| format!("reading content for secret key {}: {error}", quoted(key)))?;
                (key, content)
            }
            None => (key, bytes::of(value)),
        };
        raw.insert(bytes::of(key), value);
    }
    encoded(raw)
}

/// Reads a file of keys and values in JSON or YAML.
pub(super) fn of_file(path: &str) -> Result<Bag, String> {
    check_size(path)?;
    let path = clean(Path::new(path));
    let content = agents_file(&path.to_string_lossy())?;
    let json: Result<Option<BTreeMap<String, Option<String>>>, _> = serde_json::from_slice(&content);
    let raw = match json {
        Ok(read) => read
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.into_bytes(), value.unwrap_or_default().into_bytes()))
            .collect(),
        Err(_) => yaml::texts(&content, yaml::Target::Secret)?,
    };
    encoded(raw)
}

fn check_size(path: &str) -> Result<(), String> {
    let path = clean(Path::new(path));
    match std::fs::metadata(&path) {
        Ok(found) if found.len() > LIMIT as u64 => Err(format!(
            "secret content in file {} too large: {} bytes",
            quoted(&path.to_string_lossy()),
            found.len()
        )),
        // What cannot be looked at cannot be read, and then that is told.
        _ => Ok(()),
    }
}

fn encoded(raw: Raw) -> Result<Bag, String> {
    let mut bag = Bag::new();
    let mut size = 0_usize;
    for (key, value) in raw {
        let key = String::from_utf8_lossy(&key);
        let (key, value) = match key.strip_suffix("#base64") {
            Some(key) => (key, String::from_utf8_lossy(&value).into_owned()),
            None => (&*key, STANDARD.encode(value)),
        };
        if !is_key(key) {
            return Err(format!("key {} not valid", quoted(key)));
        }
        if value.len() > LIMIT {
            return Err(format!(
                "base64 encoded secret content for key {} too large: {} bytes",
                quoted(key),
                value.len()
            ));
        }
        size = size.saturating_add(value.len());
        bag.insert(key.to_owned(), value);
    }
    if size > LIMIT {
        return Err(format!("base64 encoded secret content too large: {size} bytes"));
    }
    Ok(bag)
}

/// Three characters at least, from a letter on; hyphens stand alone and never at the end.
fn is_key(key: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.split('-').all(|word| !word.is_empty() && word.bytes().all(plain))
        && key.bytes().filter(|byte| *byte != b'-').count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Bag, String> {
        of_arguments(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn values_are_encoded_unless_they_are_already() {
        let bag = read(&["abc=x", "def#base64=eHk=", "ghi=a=b="]).unwrap();
        let wanted = [("abc", "eA=="), ("def", "eHk="), ("ghi", "YT1iPQ==")];
        assert!(bag.iter().map(|(key, value)| (key.as_str(), value.as_str())).eq(wanted), "{bag:?}");
    }

    #[test]
    fn a_value_may_come_from_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("value");
        std::fs::write(&path, b"xy").unwrap();
        let bag = read(&[&format!("abc#file={}", path.display())]).unwrap();
        assert_eq!(bag, Bag::from([("abc".to_owned(), "eHk=".to_owned())]));
        std::fs::write(&path, b"abc: 42\nnull-byte: \"\\0\"\n").unwrap();
        let bag = of_file(&path.to_string_lossy()).unwrap();
        assert_eq!(
            bag,
            Bag::from([("abc".to_owned(), "NDI=".to_owned()), ("null-byte".to_owned(), "AA==".to_owned())])
        );
    }

    #[test]
    fn mistakes_are_told_in_jujus_words() {
        for (argument, error) in [
            ("abc", r#"key value "abc" not valid"#),
            ("abc=", r#"key value "abc=" not valid"#),
            ("=x", r#"key value "=x" not valid"#),
            ("ab=x", r#"key "ab" not valid"#),
            ("Abc=x", r#"key "Abc" not valid"#),
            ("a--bc=x", r#"key "a--bc" not valid"#),
            (
                "abc#file=/missing",
                r#"reading content for secret key "abc": open /missing: no such file or directory"#,
            ),
        ] {
            assert_eq!(read(&[argument]), Err(error.to_owned()), "{argument}");
        }
        let long = format!("abc={}", "x".repeat(1_000_000));
        assert_eq!(
            read(&[&long]),
            Err(r#"base64 encoded secret content for key "abc" too large: 1333336 bytes"#.to_owned())
        );
    }
}
