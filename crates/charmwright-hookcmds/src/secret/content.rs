use std::collections::BTreeMap;
use std::fmt;

use super::base64;
use crate::sensitive::Sensitive;

/// The most that one value, and all values together, may have when Juju writes them in base 64.
const ENCODED_BYTES_MAX: usize = 1_000_000;

/// Why something cannot be in a secret. It names keys and sizes, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretContentError {
    /// The key has another form than Juju's.
    #[error(
        "the key `{0}` of a secret must have at least 3 lower case letters, digits and single inner hyphens, and begin with a letter"
    )]
    Key(String),
    /// The value is too large.
    #[error("the value of `{key}` has {encoded} bytes in base 64, and {ENCODED_BYTES_MAX} is the most")]
    Value {
        /// The key.
        key: String,
        /// How large it is.
        encoded: usize,
    },
    /// All values together are too large.
    #[error("all values have {0} bytes in base 64, and {ENCODED_BYTES_MAX} is the most")]
    Whole(usize),
}

/// What is in a secret that this unit makes: keys with values of any bytes, empty ones too.
///
/// What Juju would refuse cannot be put in. Its `Debug` shows the keys only.
///
/// ```
/// use charmwright_hookcmds::{SecretContent, Sensitive};
///
/// let mut content = SecretContent::default();
/// content.insert("user-name", &Sensitive::new("guestbook"))?;
/// content.insert_bytes("private-key", vec![0, 159, 146, 150])?;
/// assert_eq!(format!("{content:?}"), r#"{"private-key": <redacted>, "user-name": <redacted>}"#);
/// # Ok::<(), charmwright_hookcmds::SecretContentError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SecretContent {
    values: BTreeMap<String, Vec<u8>>,
}

impl SecretContent {
    /// Adds a text, or replaces it.
    ///
    /// # Errors
    ///
    /// If the key is not one of Juju's form, or the value is too large, alone or with the others.
    pub fn insert(&mut self, key: &str, value: &Sensitive) -> Result<(), SecretContentError> {
        self.insert_bytes(key, value.expose().as_bytes().to_vec())
    }

    /// Adds bytes, or replaces them. What is not UTF-8 can be read whole by
    /// [`secret_get_bytes`](crate::HookCommands::secret_get_bytes) only.
    ///
    /// # Errors
    ///
    /// As for [`insert`](Self::insert).
    pub fn insert_bytes(&mut self, key: &str, value: Vec<u8>) -> Result<(), SecretContentError> {
        if !is_key(key) {
            return Err(SecretContentError::Key(key.chars().take(40).collect()));
        }
        let encoded = base64::encoded_length(value.len());
        if encoded > ENCODED_BYTES_MAX {
            return Err(SecretContentError::Value { key: key.to_owned(), encoded });
        }
        let others = self.values.iter().filter(|(other, _)| *other != key);
        let others = others.map(|(_, value)| base64::encoded_length(value.len()));
        let whole = others.fold(encoded, usize::saturating_add);
        if whole > ENCODED_BYTES_MAX {
            return Err(SecretContentError::Whole(whole));
        }
        self.values.insert(key.to_owned(), value);
        Ok(())
    }

    /// Whether nothing is in it. Juju refuses such a secret.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.values.iter().map(|(key, value)| (key.as_str(), value.as_slice()))
    }
}

impl TryFrom<&BTreeMap<String, Sensitive>> for SecretContent {
    type Error = SecretContentError;

    fn try_from(values: &BTreeMap<String, Sensitive>) -> Result<Self, Self::Error> {
        let mut content = Self::default();
        for (key, value) in values {
            content.insert(key, value)?;
        }
        Ok(content)
    }
}

impl fmt::Debug for SecretContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.values.keys().map(|key| (key, format_args!("<redacted>")))).finish()
    }
}

/// Juju asks for a letter and at least two more characters, each with at most one hyphen before it.
fn is_key(key: &str) -> bool {
    let legal = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.split('-').all(legal)
        && key.bytes().filter(|byte| *byte != b'-').count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_jujus_form() {
        for key in ["abc", "a-bc", "a-b-c", "user-name", "k12", "a1-2"] {
            assert!(is_key(key), "{key}");
        }
        for key in ["", "ab", "a-b", "1bc", "-abc", "abc-", "a--bc", "Abc", "a_bc", "abc#base64", "äbc"] {
            assert!(!is_key(key), "{key}");
            let error = SecretContent::default().insert(key, &Sensitive::new("hunter2")).unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn sizes_count_in_base_64() {
        let mut content = SecretContent::default();
        content.insert_bytes("largest", vec![0; 750_000]).unwrap();
        content.insert_bytes("largest", vec![1; 750_000]).unwrap();
        content.insert_bytes("empty", Vec::new()).unwrap();
        assert_eq!(content.insert_bytes("one", vec![0]), Err(SecretContentError::Whole(1_000_004)));
        assert_eq!(
            SecretContent::default().insert_bytes("one", vec![0; 750_001]),
            Err(SecretContentError::Value { key: "one".to_owned(), encoded: 1_000_004 })
        );
        assert_eq!(content.keys().collect::<Vec<_>>(), ["empty", "largest"]);
    }
}
