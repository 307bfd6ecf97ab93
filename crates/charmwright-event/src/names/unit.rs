use std::fmt;

use super::grammar;
use super::{NameError, from_text, text_name};

text_name!(
    /// The name of an application, such as `guestbook`.
    AppName,
    "an application name such as `guestbook`",
    grammar::is_plain_name
);

text_name!(
    /// The id of a run of an action, such as `42`.
    ActionId,
    "the id of an action's run such as `42`",
    grammar::is_action_id
);

/// The name of a unit, such as `guestbook/0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitName {
    application: AppName,
    number: u32,
}

impl UnitName {
    /// The unit of `application` with this number.
    pub fn new(application: AppName, number: u32) -> Self {
        Self { application, number }
    }

    /// Parses a unit name.
    ///
    /// # Errors
    ///
    /// If the text is not an application name, a slash and a number.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::new(text, "a unit name such as `guestbook/0`");
        let (application, number) = grammar::numbered(text).ok_or_else(wrong)?;
        Ok(Self { application: AppName::parse(application).map_err(|_| wrong())?, number })
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

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.application, self.number)
    }
}

from_text!(UnitName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_name_needs_both_parts() {
        let unit = UnitName::parse("pg-k8s/10").unwrap();
        assert_eq!((unit.application().as_str(), unit.number()), ("pg-k8s", 10));
        assert_eq!(unit.to_string(), "pg-k8s/10");
        for wrong in ["pg", "pg/", "/0", "pg/x", "Pg/0", "pg/0/1", "pg/+1", "pg/01", "pg/99999999999", ""] {
            assert!(UnitName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_error_shows_the_beginning_of_a_long_text() {
        let error = AppName::parse(&"Ä".repeat(100_000)).unwrap_err().to_string();
        assert!(error.len() < 400, "{} bytes", error.len());
        assert!(error.ends_with("…` is not an application name such as `guestbook`"));
    }
}
