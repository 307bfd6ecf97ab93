//! Secrets: who may see and change which, and what each consumer tracks.

mod change;
mod content;
mod labels;

use serde_json::json;

use super::{ApiError, Bag, Controller, Model, Secret, SecretUri, Time, nothing, quoted, tag_of};

pub(super) use self::change::{CommitSecrets, next_rotation};
pub use self::content::checksum;

/// A secret, as its owner's agent lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct SecretListed {
    /// The id.
    pub id: String,
    /// The owner's name, or `model`.
    pub owner: String,
    /// The description.
    pub description: String,
    /// The label.
    pub label: String,
    /// How often it is rotated.
    pub rotate: String,
    /// When it is to be rotated next.
    pub next_rotate: Option<Time>,
    /// The newest revision.
    pub latest: i64,
    /// Its checksum.
    pub checksum: String,
    /// When it expires.
    pub expire: Option<Time>,
    /// Who may read it: the tag of who, the tag of what it holds for, the role.
    pub access: Vec<(String, String, String)>,
}

/// A request for a secret's content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContentRequest {
    /// The secret, if it is not found by its label.
    pub uri: Option<SecretUri>,
    /// The label, or the one that the secret is to have.
    pub label: String,
    /// Whether the newest revision is tracked from now on.
    pub refresh: bool,
    /// Whether the newest revision is looked at.
    pub peek: bool,
}

fn no_secret(uri: &SecretUri) -> ApiError {
    ApiError::not_found(format!("secret {}", quoted(&uri.to_string())))
}

fn no_revision(id: &str, revision: i64) -> ApiError {
    ApiError::not_found(format!("secret revision \"{id}/{revision}\""))
}

impl Model {
    /// A secret by its id.
    pub fn secret(&self, id: &str) -> Option<&Secret> {
        self.secrets().iter().find(|secret| secret.id == id).map(|secret| &**secret)
    }

    /// A secret by its URI in the short form, `secret:` and the id.
    pub fn secret_at(&self, uri: &str) -> Option<&Secret> {
        self.secret(uri.strip_prefix("secret:").unwrap_or(uri))
    }

    fn secret_mut(&mut self, id: &str) -> Option<&mut Secret> {
        self.secrets_mut().iter_mut().find(|secret| secret.id == id).map(|secret| &mut **secret)
    }

    /// Whether the unit or its application owns it.
    pub(super) fn owns(&self, secret: &Secret) -> bool {
        secret.owner == self.unit || secret.owner == self.app()
    }

    /// Whether the unit may read it: it owns it, or it was granted.
    pub(super) fn may_read(&self, secret: &Secret) -> bool {
        let granted = secret.grants.as_deref().unwrap_or_default();
        self.owns(secret)
            || granted.iter().any(|grant| grant.subject == self.unit || grant.subject == self.app())
    }
}

impl Controller {
    /// A secret that the unit may change: its own, or its application's if it is the leader.
    fn manageable(&self, uri: &SecretUri) -> Result<&Secret, ApiError> {
        let secret = self.model.secret(&uri.id).ok_or_else(|| no_secret(uri))?;
        if secret.owner == self.model.unit {
            return Ok(secret);
        }
        if secret.owner == self.model.app() {
            self.leader()?;
            return Ok(secret);
        }
        Err(ApiError::denied())
    }

    /// Makes the URI of a new secret.
    ///
    /// # Errors
    ///
    /// The controller does not make one.
    pub fn create_secret_uri(&mut self) -> Result<SecretUri, ApiError> {
        self.answer(
            "SecretsManager.CreateSecretURIs",
            |_| json!({"count": 1}),
            |this| {
                let mut uri = SecretUri::numbered(&this.model.uuid, this.next_secret);
                this.next_secret = this.next_secret.wrapping_add(1);
                while this.model.secret(&uri.id).is_some() {
                    uri = SecretUri::numbered(&this.model.uuid, this.next_secret);
                    this.next_secret = this.next_secret.wrapping_add(1);
                }
                Ok(uri)
            },
        )
    }

    /// Says where the content of secrets is to be stored: with the controller itself.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn secret_backend(&mut self) -> Result<(), ApiError> {
        self.answer(
            "SecretsManager.GetSecretBackendConfigs",
            |_| json!({"for-drain": false, "backend-ids": null}),
            |_| Ok(()),
        )
    }

    /// The secrets that the unit manages; those of the application only if it is the leader.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn secret_metadata(&mut self) -> Result<Vec<SecretListed>, ApiError> {
        self.answer("SecretsManager.GetSecretMetadata", nothing, |this| {
            let model = &this.model;
            let managed = |secret: &&Secret| {
                secret.owner == model.unit || (secret.owner == model.app() && model.leader)
            };
            Ok(model.secrets().iter().map(|secret| &**secret).filter(managed).map(listed).collect())
        })
    }

    /// The revisions of a secret that there still are.
    ///
    /// # Errors
    ///
    /// There is no such secret, or the unit does not manage it.
    pub fn owned_secret_revisions(&mut self, uri: &SecretUri) -> Result<Vec<i64>, ApiError> {
        self.answer(
            "SecretsManager.OwnedSecretRevisions",
            |model| json!({"entity": {"tag": model.unit_tag()}, "secret-uris": [uri.to_string()]}),
            |this| {
                let secret = this.manageable(uri)?;
                Ok(secret.revisions.iter().flatten().map(|revision| revision.number).collect())
            },
        )
    }

    /// Looks where the content of a revision is that is to be removed. The outer error is that of the request, the
    /// inner one that of the revision.
    ///
    /// # Errors
    ///
    /// There is no such secret, or the unit does not manage it.
    pub fn secret_revision_content(
        &mut self,
        uri: &SecretUri,
        revision: i64,
    ) -> Result<Result<Bag, ApiError>, ApiError> {
        let found = match self.manageable(uri) {
            Err(error) => Err(error),
            Ok(secret) => Ok(match secret.revision(revision) {
                Some(revision) => Ok(revision.encoded()),
                None => Err(no_revision(&uri.id, revision)),
            }),
        };
        let args = json!({"uri": uri.to_string(), "revisions": [revision], "pending-delete": true});
        let error = found.as_ref().map_or_else(Some, |inner| inner.as_ref().err());
        self.record("SecretsManager.GetSecretRevisionContentInfo", Some(args), error);
        found
    }

    /// A secret's content. It may set the secret's label and the revision that the unit tracks, at once.
    ///
    /// # Errors
    ///
    /// There is no such secret, the unit may not read it, or the label is taken.
    pub fn secret_content(&mut self, request: &ContentRequest) -> Result<Bag, ApiError> {
        self.answer(
            "SecretsManager.GetSecretContentInfo",
            |_| {
                let mut arg =
                    json!({"uri": request.uri.as_ref().map(SecretUri::to_string).unwrap_or_default()});
                if !request.label.is_empty() {
                    arg["label"] = request.label.clone().into();
                }
                for (key, set) in [("refresh", request.refresh), ("peek", request.peek)] {
                    if set {
                        arg[key] = true.into();
                    }
                }
                json!({"args": [arg]})
            },
            |this| this.read_content(request),
        )
    }
}

fn listed(secret: &Secret) -> SecretListed {
    let access = |grant: &super::Grant| (tag_of(&grant.subject), grant.scope.clone(), grant.role.clone());
    SecretListed {
        id: secret.id.clone(),
        owner: secret.owner.clone(),
        description: secret.description.clone(),
        label: secret.label.clone(),
        rotate: if secret.rotate.is_empty() { "never".to_owned() } else { secret.rotate.clone() },
        next_rotate: secret.next_rotate,
        latest: secret.latest,
        checksum: secret.latest_checksum(),
        expire: secret.expire,
        access: secret.grants.iter().flatten().map(access).collect(),
    }
}
