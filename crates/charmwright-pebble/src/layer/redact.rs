//! Debug output that shows what is there and not what it says.

use std::collections::BTreeMap;
use std::fmt;

/// The keys of a map, without the values: they may be secrets.
pub(crate) struct Keys<'a>(pub(crate) &'a BTreeMap<String, String>);

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.keys().map(|key| (key, Redacted))).finish()
    }
}

struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// A URL without the user and password in it.
pub(super) struct Url<'a>(pub(super) &'a str);

impl fmt::Debug for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").map_or(("", self.0), |(_, rest)| {
            (self.0.get(..self.0.len() - rest.len()).unwrap_or_default(), rest)
        });
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match authority.rfind('@') {
            Some(at) => {
                write!(f, "\"{scheme}<redacted>{}\"", rest.get(at..).unwrap_or_default().escape_debug())
            }
            None => fmt::Debug::fmt(self.0, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_loses_its_password() {
        assert_eq!(format!("{:?}", Url("http://me:pw@host/p@th")), "\"http://<redacted>@host/p@th\"");
        assert_eq!(format!("{:?}", Url("http://host/p@th")), "\"http://host/p@th\"");
        assert_eq!(format!("{:?}", Url("")), "\"\"");
    }
}
