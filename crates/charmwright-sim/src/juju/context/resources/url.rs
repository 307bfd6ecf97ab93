//! The URL of a resource, as Go's library makes one of its name: a name may be anything, and much of it means something
//! in a URL.

use std::fmt;

use crate::juju::bytes;
use crate::juju::controller::quoted;

/// A URL of the controller. Its text is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// The path, with nothing escaped.
    pub path: String,
    query: String,
}

/// The URL of a unit's resource, or why the name leads to none.
pub(super) fn of_resource(unit_tag: &str, name: &str) -> Result<Url, String> {
    let asked = format!("/resources/{name}");
    let invalid = |why: String| format!("parse {}: {why}", quoted(&asked));
    if asked.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(invalid("net/url: invalid control character in URL".to_owned()));
    }
    let (whole, fragment) = asked.split_once('#').unwrap_or((&asked, ""));
    let (path, query) = whole.split_once('?').unwrap_or((whole, ""));
    let path = unescaped(path).map_err(invalid)?;
    unescaped(fragment).map_err(invalid)?;
    Ok(Url { path: clean(&format!("/units/{unit_tag}/{path}")), query: query.to_owned() })
}

/// Takes `%` and two digits for the byte that they name.
fn unescaped(text: &str) -> Result<String, String> {
    let mut plain = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            plain.push(*first);
            rest = after;
            continue;
        }
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let all_digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(byte) = all_digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
            let shown = rest.get(..3).unwrap_or(rest);
            return Err(format!("invalid URL escape {}", quoted(&bytes::kept(shown))));
        };
        plain.push(byte);
        rest = after.get(2..).unwrap_or_default();
    }
    Ok(bytes::kept(&plain))
}

/// A path without empty parts, `.` and `..`.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("http://controller.invalid")?;
        for byte in bytes::of(&self.path) {
            if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) {
                write!(f, "{}", char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        if self.query.is_empty() { Ok(()) } else { write!(f, "?{}", self.query) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_the_url_that_go_makes_of_it() {
        for (name, url, path) in [
            ("a b\"", "/resources/a%20b%22", "/resources/a b\""),
            ("def#x", "/resources/def", "/resources/def"),
            ("q?x=y#z", "/resources/q?x=y", "/resources/q"),
            ("..", "", ""),
            ("a//b/", "/resources/a/b", "/resources/a/b"),
            ("a%2Fb", "/resources/a/b", "/resources/a/b"),
            ("é(x)*!", "/resources/%C3%A9%28x%29%2A%21", "/resources/é(x)*!"),
        ] {
            let made = of_resource("unit-app-0", name).unwrap();
            assert_eq!(made.to_string(), format!("http://controller.invalid/units/unit-app-0{url}"));
            assert_eq!(made.path, format!("/units/unit-app-0{path}"));
        }
        for (name, refused) in [
            ("a%zz", r#"parse "/resources/a%zz": invalid URL escape "%zz""#),
            ("a%2", r#"parse "/resources/a%2": invalid URL escape "%2""#),
            ("a\t", r#"parse "/resources/a\t": net/url: invalid control character in URL"#),
        ] {
            assert_eq!(of_resource("unit-app-0", name).unwrap_err(), refused);
        }
    }
}
