use std::fmt;

use super::grammar;
use super::{NameError, from_text, text_name};

text_name!(
    /// The name of a storage that the charm declares, such as `data`.
    StorageName,
    "the name of a storage such as `data`",
    grammar::is_plain_name
);

/// One instance of a storage, such as `data/0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageId {
    name: StorageName,
    number: u32,
}

impl StorageId {
    /// Parses the id of a storage instance.
    ///
    /// # Errors
    ///
    /// If the text is not a storage's name, a slash and a number.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::new(text, "the id of a storage such as `data/0`");
        let (name, number) = grammar::numbered(text).ok_or_else(wrong)?;
        Ok(Self { name: StorageName::parse(name).map_err(|_| wrong())?, number })
    }

    /// The storage that it is an instance of.
    pub fn name(&self) -> &StorageName {
        &self.name
    }

    /// Its number, unique in the model.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl fmt::Display for StorageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.number)
    }
}

from_text!(StorageId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storage_id_prints_as_it_was_read() {
        assert_eq!(StorageId::parse("data/3").unwrap().to_string(), "data/3");
        for wrong in ["data", "data/", "/1", "data/x", "data/0/1", "da_ta/0"] {
            assert!(StorageId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
