//! Names that Juju gives, parsed once.

use std::fmt;

/// A text that is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct NameError {
    text: String,
    expected: &'static str,
}

impl NameError {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.to_owned(), expected }
    }
}

/// The name of an application, such as `guestbook`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppName(String);

impl AppName {
    /// Parses an application name.
    ///
    /// # Errors
    ///
    /// If the text is empty or contains anything but lower case letters, digits and hyphens.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::new(text, "an application name such as `guestbook`"))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a unit, such as `guestbook/0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitName {
    application: AppName,
    number: u32,
}

impl UnitName {
    /// Parses a unit name.
    ///
    /// # Errors
    ///
    /// If the text is not an application name, a slash and a number.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::new(text, "a unit name such as `guestbook/0`");
        let (application, number) = text.split_once('/').ok_or_else(wrong)?;
        Ok(Self {
            application: AppName::parse(application).map_err(|_| wrong())?,
            number: number.parse().map_err(|_| wrong())?,
        })
    }

    /// The application that the unit belongs to.
    pub fn application(&self) -> &AppName {
        &self.application
    }

    /// The unit's number within its application.
    pub fn number(&self) -> u32 {
        self.number
    }
}

/// A relation's number, unique in a model and never used again.
///
/// Juju writes it as `endpoint:number`; the endpoint is no part of the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationId(u64);

impl RelationId {
    /// The relation with this number.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// Parses `endpoint:number` or a bare number.
    ///
    /// # Errors
    ///
    /// If what follows the last colon is not a number.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let number = text.rsplit_once(':').map_or(text, |(_, number)| number);
        number.parse().map(Self).map_err(|_| NameError::new(text, "a relation id such as `database:3`"))
    }

    /// The bare number.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// The reference of a secret, as databags carry it: `secret:<id>` or `secret://<model>/<id>`.
///
/// It is not the secret; it opens nothing without a grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretUri(String);

impl SecretUri {
    /// Parses a secret's reference.
    ///
    /// # Errors
    ///
    /// If the last part is not 20 characters of `0-9a-v`, as Juju's ids are.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let bare = text.strip_prefix("secret:").unwrap_or(text);
        let id = bare.rsplit_once('/').map_or(bare, |(_, id)| id);
        let legal = |c: char| c.is_ascii_digit() || ('a'..='v').contains(&c);
        if id.len() == 20 && id.chars().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::new(text, "a secret's reference such as `secret:9m4e2mr0ui3e8a215n4g`"))
        }
    }

    /// The reference as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.application, self.number)
    }
}

impl fmt::Display for RelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for SecretUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_id_is_the_number_after_the_last_colon() {
        assert_eq!(RelationId::parse("database:12"), Ok(RelationId::new(12)));
        assert_eq!(RelationId::parse("a:b:3"), Ok(RelationId::new(3)));
        assert_eq!(RelationId::parse("7"), Ok(RelationId::new(7)));
        assert!(RelationId::parse("database:").is_err());
    }

    #[test]
    fn a_unit_name_needs_both_parts() {
        let unit = UnitName::parse("pg-k8s/10").unwrap();
        assert_eq!((unit.application().as_str(), unit.number()), ("pg-k8s", 10));
        for wrong in ["pg", "pg/", "/0", "pg/x", "Pg/0", "pg/0/1", ""] {
            assert!(UnitName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn secret_references_of_every_form_are_known() {
        let id = "9m4e2mr0ui3e8a215n4g";
        for form in [
            id.to_owned(),
            format!("secret:{id}"),
            format!("secret://model/{id}"),
            format!("secret:model/{id}"),
        ] {
            assert_eq!(SecretUri::parse(&form).unwrap().as_str(), form);
        }
        assert!(SecretUri::parse("secret:short").is_err());
        assert!(SecretUri::parse("secret:9m4e2mr0ui3e8a215n4z").is_err());
    }
}
