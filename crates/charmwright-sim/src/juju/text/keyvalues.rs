//! `key=value` arguments.

use super::quote::quoted;
use std::collections::BTreeMap;

/// Reads arguments of the form `key=value`. Blanks around key and value are cut off, empty arguments are passed over.
///
/// # Errors
///
/// Juju's text, for an argument of another form or a key that comes twice.
pub fn parse<Argument: AsRef<str>>(arguments: &[Argument]) -> Result<BTreeMap<String, String>, String> {
    let mut read = BTreeMap::new();
    for argument in arguments.iter().map(AsRef::as_ref).filter(|argument| !argument.is_empty()) {
        let Some((key, value)) = argument.split_once('=') else {
            return Err(format!("expected \"key=value\", got {}", quoted(argument)));
        };
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() {
            return Err(format!("expected \"key=value\", got \"{key}={value}\""));
        }
        if read.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("key {} specified more than once", quoted(key)));
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_split_at_the_first_sign_and_trimmed() {
        let read = parse(&["a=1=2", "", " b = x ", "c="]).unwrap();
        let wanted = [("a", "1=2"), ("b", "x"), ("c", "")];
        assert!(read.iter().map(|(key, value)| (key.as_str(), value.as_str())).eq(wanted));
    }

    #[test]
    fn what_is_no_pair_is_refused_with_jujus_text() {
        for (arguments, error) in [
            (&["a"][..], r#"expected "key=value", got "a""#),
            (&["=x"][..], r#"expected "key=value", got "=x""#),
            (&["a=1", "a=2"][..], r#"key "a" specified more than once"#),
        ] {
            assert_eq!(parse(arguments).unwrap_err(), error);
        }
    }
}
