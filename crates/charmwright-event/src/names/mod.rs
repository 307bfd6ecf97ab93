//! Names that Juju gives, parsed once.

mod grammar;
mod model;
mod relation;
mod secret;
mod storage;
mod unit;
mod workload;

pub use model::{Base, MachineId, ModelUuid};
pub use relation::{EndpointName, RelationId};
pub use secret::{SecretId, SecretUri};
pub use storage::{StorageId, StorageName};
pub use unit::{ActionId, AppName, UnitName};
pub use workload::ContainerName;

/// A text that is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct NameError {
    text: String,
    expected: &'static str,
}

impl NameError {
    /// The longest part of a wrong text that is shown.
    const SHOWN_CHARACTERS_MAX: usize = 120;

    pub(crate) fn new(text: &str, expected: &'static str) -> Self {
        let mut text: String = text.to_owned();
        if let Some((end, _)) = text.char_indices().nth(Self::SHOWN_CHARACTERS_MAX) {
            text.truncate(end);
            text.push('…');
        }
        Self { text, expected }
    }
}

/// A name that is a text of a certain form: parsing, reading and printing.
macro_rules! text_name {
    ($(#[$about:meta])* $name:ident, $expected:literal, $legal:path) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Parses it.
            ///
            /// # Errors
            ///
            #[doc = concat!("If the text is not ", $expected, ".")]
            pub fn parse(text: &str) -> Result<Self, $crate::NameError> {
                if $legal(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($crate::NameError::new(text, $expected))
                }
            }

            /// It as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        $crate::names::from_text!($name);
    };
}

/// `str::parse` for a type that has `parse`.
macro_rules! from_text {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = $crate::NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
    };
}

use {from_text, text_name};
