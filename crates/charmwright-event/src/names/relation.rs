use std::fmt;

use super::grammar;
use super::{NameError, from_text, text_name};

text_name!(
    /// The name of one of our endpoints, such as `database`.
    EndpointName,
    "the name of an endpoint such as `database`",
    grammar::is_endpoint
);

/// A relation's number, unique in a model and never used again.
///
/// Juju writes it as `endpoint:number`; the endpoint is no part of the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationId(u64);

impl RelationId {
    /// The relation with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Parses `endpoint:number` or a bare number.
    ///
    /// # Errors
    ///
    /// If what follows the last colon is not a number.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let number = text.rsplit_once(':').map_or(text, |(_, number)| number);
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { number.parse().ok() } else { None };
        number.map(Self).ok_or_else(|| NameError::new(text, "a relation id such as `database:3`"))
    }

    /// The bare number.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

from_text!(RelationId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_id_is_the_number_after_the_last_colon() {
        assert_eq!(RelationId::parse("database:12"), Ok(RelationId::new(12)));
        assert_eq!(RelationId::parse("a:b:3"), Ok(RelationId::new(3)));
        assert_eq!(RelationId::parse("7"), Ok(RelationId::new(7)));
        for wrong in ["database:", "database", "db:+3", "db:-1", "db: 3", "", "99999999999999999999"] {
            assert!(RelationId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
