use std::fmt;

use super::grammar;
use super::{ModelUuid, NameError, from_text, text_name};

text_name!(
    /// The bare id of a secret, as `secret-ids` lists it.
    SecretId,
    "a secret's id such as `9m4e2mr0ui3e8a215n4g`",
    grammar::is_secret_id
);

/// The reference of a secret, as databags carry it: `secret:<id>` or, with its model, `secret://<model>/<id>`.
///
/// It is not the secret; it opens nothing without a grant. A bare id and `secret:<model>/<id>` are read too, and
/// printed in one of the two forms above. A reference without a model means the reader's own: use
/// [`SecretUri::names_same`] where the two forms may meet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretUri {
    id: SecretId,
    model: Option<ModelUuid>,
    text: String,
}

impl SecretUri {
    /// Parses a secret's reference.
    ///
    /// # Errors
    ///
    /// If the id in it is not 20 characters of `0-9a-v` that end in `0` or `g`, as all of Juju's do, or the model
    /// is not a UUID.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::new(text, "a secret's reference such as `secret:9m4e2mr0ui3e8a215n4g`");
        let (bare, needs_model) = match text.strip_prefix("secret:") {
            None => (text, false),
            Some(rest) => rest.strip_prefix("//").map_or((rest, false), |rest| (rest, true)),
        };
        let (model, id) = match bare.rsplit_once('/') {
            Some((model, id)) => (Some(ModelUuid::parse(model).map_err(|_| wrong())?), id),
            None if needs_model => return Err(wrong()),
            None => (None, bare),
        };
        Ok(Self::new(SecretId::parse(id).map_err(|_| wrong())?, model))
    }

    /// The reference of a secret with this id, in this model or in the reader's own.
    pub fn new(id: SecretId, model: Option<ModelUuid>) -> Self {
        let text = match &model {
            Some(model) => format!("secret://{model}/{id}"),
            None => format!("secret:{id}"),
        };
        Self { id, model, text }
    }

    /// The reference as Juju prints it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The secret's id.
    pub fn id(&self) -> &SecretId {
        &self.id
    }

    /// The model that the secret is in, where the reference says it.
    pub fn model(&self) -> Option<&ModelUuid> {
        self.model.as_ref()
    }

    /// Whether both name one secret, for a reader in the model `home`.
    ///
    /// ```
    /// use charmwright_event::{ModelUuid, SecretUri};
    ///
    /// let home = ModelUuid::parse("11111111-2222-4333-8444-555555555555")?;
    /// let short = SecretUri::parse("secret:9m4e2mr0ui3e8a215n4g")?;
    /// let long = SecretUri::parse("secret://11111111-2222-4333-8444-555555555555/9m4e2mr0ui3e8a215n4g")?;
    /// assert_ne!(short, long);
    /// assert!(short.names_same(&long, Some(&home)));
    /// # Ok::<(), charmwright_event::NameError>(())
    /// ```
    pub fn names_same(&self, other: &Self, home: Option<&ModelUuid>) -> bool {
        self.id == other.id && self.model.as_ref().or(home) == other.model.as_ref().or(home)
    }
}

impl fmt::Display for SecretUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<SecretId> for SecretUri {
    fn from(id: SecretId) -> Self {
        Self::new(id, None)
    }
}

from_text!(SecretUri);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_references_of_every_form_are_known() {
        let id = "9m4e2mr0ui3e8a215n4g";
        let model = "11111111-2222-4333-8444-555555555555";
        for (form, printed) in [
            (id.to_owned(), format!("secret:{id}")),
            (format!("secret:{id}"), format!("secret:{id}")),
            (format!("secret://{model}/{id}"), format!("secret://{model}/{id}")),
            (format!("secret:{model}/{id}"), format!("secret://{model}/{id}")),
        ] {
            let uri = SecretUri::parse(&form).unwrap();
            assert_eq!((uri.id().as_str(), uri.as_str()), (id, printed.as_str()), "{form}");
        }
    }

    #[test]
    fn what_juju_refuses_is_refused_before_juju_sees_it() {
        for wrong in [
            "",
            "secret:",
            "secret:short",
            "secret:9m4e2mr0ui3e8a215n4z",
            "secret:9m4e2mr0ui3e8a215n4h",
            "secret://9m4e2mr0ui3e8a215n4g",
            "secret://model/9m4e2mr0ui3e8a215n4g",
            "SECRET:9m4e2mr0ui3e8a215n4g",
        ] {
            assert!(SecretUri::parse(wrong).is_err(), "{wrong}");
        }
    }
}
