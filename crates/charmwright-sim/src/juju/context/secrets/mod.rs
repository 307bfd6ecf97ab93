//! Secrets: what the unit reads, and what it wants changed.

mod pending;

use std::collections::BTreeMap;

use super::{AccessInfo, Failure, Owner, Run, SecretAccess, SecretMetadata, SecretUpdate, SecretValue};
use crate::juju::bytes::lossy;
use crate::juju::controller::{
    ContentRequest, SecretContent, SecretCreate, SecretListed, SecretUpsert, SecretUri, UpdatedSecret,
    checksum, quoted, relation_tag,
};

pub(super) use self::pending::{PendingGrant, PendingSecrets};

fn metadata(model_uuid: &str, listed: SecretListed) -> SecretMetadata {
    let owner = match listed.owner.as_str() {
        "model" => Owner::Model(model_uuid.to_owned()),
        name => Owner::named(name),
    };
    let access = |(target, scope, role)| AccessInfo { target, scope, role };
    SecretMetadata {
        owner,
        description: listed.description,
        label: listed.label,
        rotate: listed.rotate,
        latest_revision: listed.latest,
        latest_expire: listed.expire,
        latest_checksum: listed.checksum,
        next_rotate: listed.next_rotate,
        access: listed.access.into_iter().map(access).collect(),
    }
}

fn upsert(update: SecretUpdate, content: SecretContent) -> SecretUpsert {
    SecretUpsert {
        rotate_policy: update.rotate,
        expire_time: update.expire,
        description: update.description,
        label: update.label,
        content,
    }
}

impl Run<'_> {
    fn stored_secrets(&mut self) -> Result<&BTreeMap<String, SecretMetadata>, Failure> {
        if self.context.secrets.stored.is_none() {
            let listed = self.controller().secret_metadata().map_err(Failure::from)?;
            let uuid = self.agent.controller.model().uuid.clone();
            let stored = listed.into_iter().map(|one| (one.id.clone(), metadata(&uuid, one)));
            self.context.secrets.stored = Some(stored.collect());
        }
        Ok(self.context.secrets.stored.get_or_insert_default())
    }

    /// What the unit knows of a stored secret, once it has made sure that it may change it.
    fn changeable(&mut self, uri: &SecretUri) -> Result<Option<SecretMetadata>, Failure> {
        let stored = self.stored_secrets()?.get(&uri.id).cloned();
        if stored.as_ref().is_some_and(|stored| matches!(stored.owner, Owner::Application(_))) {
            self.must_lead()?;
        }
        Ok(stored)
    }

    /// The secrets that the unit manages, with what this run has changed.
    ///
    /// # Errors
    ///
    /// The controller does not answer.
    pub fn secret_metadata(&mut self) -> Result<BTreeMap<String, SecretMetadata>, Failure> {
        self.stored_secrets()?;
        Ok(self.context.secrets.merged())
    }

    /// A secret's content. It may set the secret's label and the revision that the unit tracks, at once.
    ///
    /// # Errors
    ///
    /// There is no such secret, or the unit may not read it.
    pub fn get_secret(
        &mut self,
        uri: Option<&SecretUri>,
        label: &str,
        refresh: bool,
        peek: bool,
    ) -> Result<SecretValue, Failure> {
        if uri.is_none() && label.is_empty() {
            return Err(Failure::not_valid("empty URI and label"));
        }
        if uri.is_some()
            && let Some(value) = self.context.secrets.pending_value(uri, label, refresh, peek)
        {
            return Ok(value);
        }
        if !label.is_empty()
            && let Some(value) = self.context.secrets.pending_value(None, label, refresh, peek)
        {
            return Ok(value);
        }
        let mut request = ContentRequest { uri: uri.cloned(), label: lossy(label), refresh, peek };
        if uri.is_none()
            && let Some(owned) = self.owned_by_label(label)?
        {
            request.uri = Some(owned);
            request.label.clear();
        }
        let data = self.controller().secret_content(&request).map_err(Failure::restored)?;
        if data.is_empty() {
            return Err(Failure::not_valid("empty secret value"));
        }
        Ok(SecretValue(data))
    }

    fn owned_by_label(&mut self, label: &str) -> Result<Option<SecretUri>, Failure> {
        let unit = self.unit_name().to_owned();
        let metadata = self.secret_metadata()?;
        let owned = metadata.iter().find(|(_, known)| known.label == label && known.owner.id() == unit);
        if let Some((id, _)) = owned {
            return Ok(Some(SecretUri::of_id(id.clone())));
        }
        let pending = &self.context.secrets;
        let created = pending.creates.values().find(|create| create.upsert.label.as_deref() == Some(label));
        let updated = pending.updates.values().find(|update| update.upsert.label.as_deref() == Some(label));
        Ok(created.map(|create| create.uri.clone()).or_else(|| updated.map(|update| update.uri.clone())))
    }

    /// Notes a new secret. Its URI is made at once.
    ///
    /// # Errors
    ///
    /// It is the application's and the unit is not the leader, or its label is one of another new secret.
    pub fn create_secret(&mut self, owner: &Owner, update: SecretUpdate) -> Result<SecretUri, Failure> {
        if matches!(owner, Owner::Application(_)) {
            self.must_lead()?;
        }
        let Some(value) = update.value.clone().filter(|value| !value.is_empty()) else {
            return Err(Failure::not_valid("empty secrte content"));
        };
        let content = SecretContent { checksum: checksum(value.encoded()), data: value.0 };
        let uri = self.controller().create_secret_uri().map_err(Failure::from)?;
        self.context.secrets.create(SecretCreate {
            upsert: upsert(update, content),
            uri: uri.clone(),
            owner_tag: owner.to_string(),
        })?;
        Ok(uri)
    }

    /// Notes a change to a secret. A content that is the stored one is none.
    ///
    /// # Errors
    ///
    /// It is the application's and the unit is not the leader.
    pub fn update_secret(&mut self, uri: &SecretUri, update: SecretUpdate) -> Result<(), Failure> {
        let stored = self.changeable(uri)?;
        let mut content = SecretContent::default();
        if let Some(value) = update.value.clone().filter(|value| !value.is_empty()) {
            let checksum = checksum(value.encoded());
            if stored.is_none_or(|stored| stored.latest_checksum != checksum) {
                content = SecretContent { data: value.0, checksum };
            }
        }
        let changes = upsert(update, content);
        if changes != SecretUpsert::default() {
            self.context.secrets.update(UpdatedSecret { upsert: changes, uri: uri.clone() });
        }
        Ok(())
    }

    /// Notes that a secret is to be removed, or one revision of it.
    ///
    /// # Errors
    ///
    /// It is the application's and the unit is not the leader.
    pub fn remove_secret(&mut self, uri: &SecretUri, revision: Option<i64>) -> Result<(), Failure> {
        self.changeable(uri)?;
        self.context.secrets.remove(uri, revision);
        Ok(())
    }

    /// Notes a grant.
    ///
    /// # Errors
    ///
    /// The unit does not manage the secret, or its application's units were granted it one by one.
    pub fn grant_secret(&mut self, uri: &SecretUri, access: SecretAccess) -> Result<(), Failure> {
        let metadata = self.secret_metadata()?.remove(&uri.id);
        let metadata = metadata.ok_or_else(|| Failure::not_found(format!("secret {}", quoted(&uri.id))))?;
        if matches!(metadata.owner, Owner::Application(_)) {
            self.must_lead()?;
        }
        let grant = PendingGrant::new(uri, access, "view");
        let scope = grant.scope_tag();
        let subject = grant.subject_tag();
        for known in &metadata.access {
            if known.scope != scope || known.role != grant.role() {
                continue;
            }
            if known.target == subject || known.target.starts_with("application-") {
                return Ok(());
            }
            if subject.starts_with("application-") {
                return Err(Failure::of_kind(
                    super::FailureKind::NotValid,
                    "any unit level grants need to be revoked before granting access to the corresponding application",
                ));
            }
        }
        self.context.secrets.grant(grant);
        Ok(())
    }

    /// Notes that a grant is taken back.
    ///
    /// # Errors
    ///
    /// The secret is the application's and the unit is not the leader.
    pub fn revoke_secret(&mut self, uri: &SecretUri, access: SecretAccess) -> Result<(), Failure> {
        self.changeable(uri)?;
        self.context.secrets.revoke(PendingGrant::new(uri, access, ""));
        Ok(())
    }
}

/// The tag that a grant for a relation holds for.
fn scope_of(relation_key: &str) -> String {
    relation_tag(relation_key)
}
