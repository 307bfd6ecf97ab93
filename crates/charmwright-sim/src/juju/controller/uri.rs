//! The URIs of secrets.

use std::fmt;
use std::str::FromStr;

/// A secret: its id, and the model that it is in if the URI says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretUri {
    /// The UUID of the model, or `""`.
    pub source: String,
    /// The 20 characters of the id.
    pub id: String,
}

/// A text that is no URI of a secret, in Juju's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} not valid")]
pub struct InvalidUri(String);

impl SecretUri {
    /// The secret of an id, wherever it is.
    pub fn of_id(id: impl Into<String>) -> Self {
        Self { source: String::new(), id: id.into() }
    }

    /// The secret of a number: new secrets are numbered, and an id is the number in base 32.
    pub(crate) fn numbered(source: &str, number: u64) -> Self {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
        let mut id = vec![b'0'; 20];
        id[0] = b'c';
        let mut rest = number;
        // The last character carries a single bit, so counting begins before it.
        for place in (1..19).rev() {
            id[place] = DIGITS[usize::try_from(rest % 32).unwrap_or(0)];
            rest /= 32;
        }
        Self { source: source.to_owned(), id: String::from_utf8_lossy(&id).into_owned() }
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

/// Whether a text has the shape of ids: 20 characters in base 32, of which the last carries one bit.
pub fn is_id(text: &str) -> bool {
    text.len() == 20
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'))
        && text.ends_with(['0', 'g'])
}

impl FromStr for SecretUri {
    type Err = InvalidUri;

    fn from_str(text: &str) -> Result<Self, InvalidUri> {
        let not_valid = || InvalidUri(format!("secret URI {}", super::quoted(text)));
        let rest = match text.split_once(':') {
            Some(("secret", rest)) => rest,
            Some((scheme, _)) if is_scheme(scheme) => {
                return Err(InvalidUri(format!(
                    "secret URI scheme {}",
                    super::quoted(&scheme.to_ascii_lowercase())
                )));
            }
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("secret") => rest,
            _ => text,
        };
        let (host, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
            None => ("", rest),
        };
        if !host.is_empty() && !is_uuid(host) {
            return Err(InvalidUri(format!("host controller UUID {}", super::quoted(host))));
        }
        let path = path.trim_start_matches('/');
        let (source, id) = path.split_once('/').unwrap_or((host, path));
        if !is_id(id) || (!source.is_empty() && !is_uuid(source)) {
            return Err(not_valid());
        }
        Ok(Self { source: source.to_owned(), id: id.to_owned() })
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !text.eq_ignore_ascii_case("secret")
}

impl fmt::Display for SecretUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source.is_empty() {
            write!(f, "secret:{}", self.id)
        } else {
            write!(f, "secret://{}/{}", self.source, self.id)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "9m4e2mr0ui3e8a215n40";
    const MODEL: &str = "deadbeef-0bad-400d-8000-4b1d0d06f00d";

    #[test]
    fn a_secret_is_named_by_its_id_with_or_without_its_model() {
        for (text, written) in [
            (ID.to_owned(), format!("secret:{ID}")),
            (format!("secret:{ID}"), format!("secret:{ID}")),
            (format!("secret:/{ID}"), format!("secret:{ID}")),
            (format!("secret://{MODEL}/{ID}"), format!("secret://{MODEL}/{ID}")),
            (format!("secret:{MODEL}/{ID}"), format!("secret://{MODEL}/{ID}")),
            (format!("{MODEL}/{ID}"), format!("secret://{MODEL}/{ID}")),
        ] {
            assert_eq!(text.parse::<SecretUri>().unwrap().to_string(), written, "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_in_jujus_words() {
        for (text, error) in [
            ("", r#"secret URI "" not valid"#),
            ("9m4e2mr0ui3e8a215n4z", r#"secret URI "9m4e2mr0ui3e8a215n4z" not valid"#),
            ("9m4e2mr0ui3e8a215n41", r#"secret URI "9m4e2mr0ui3e8a215n41" not valid"#),
            ("http:9m4e2mr0ui3e8a215n40", r#"secret URI scheme "http" not valid"#),
            ("secret://host/9m4e2mr0ui3e8a215n40", r#"host controller UUID "host" not valid"#),
        ] {
            assert_eq!(text.parse::<SecretUri>().unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn new_ids_differ_and_are_ids() {
        let ids: Vec<String> = (0..100).map(|number| SecretUri::numbered(MODEL, number).id).collect();
        assert!(ids.iter().all(|id| is_id(id)));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
