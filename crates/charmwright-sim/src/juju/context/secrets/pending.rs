//! The changes to secrets that a run asks for, until they are written.

use std::collections::{BTreeMap, BTreeSet};

use super::scope_of;
use crate::juju::context::{
    AccessInfo, Failure, FailureKind, Owner, SecretAccess, SecretMetadata, SecretValue,
};
use crate::juju::controller::{
    SecretCreate, SecretDelete, SecretGrant, SecretUpsert, SecretUri, UpdatedSecret, application_of, quoted,
    tag_of,
};

/// What is stored, and what is to be changed, by the secrets' ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::juju::context) struct PendingSecrets {
    pub stored: Option<BTreeMap<String, SecretMetadata>>,
    pub creates: BTreeMap<String, SecretCreate>,
    pub updates: BTreeMap<String, UpdatedSecret>,
    pub deletes: BTreeMap<String, SecretDelete>,
    /// By secret and by relation: the last of each is kept.
    grants: BTreeMap<String, BTreeMap<String, PendingGrant>>,
    revokes: BTreeMap<String, Vec<PendingGrant>>,
    pub track_latest: BTreeSet<String>,
}

/// A grant that is to be made or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::juju::context) struct PendingGrant {
    uri: SecretUri,
    access: SecretAccess,
    role: &'static str,
}

impl PendingGrant {
    pub(super) fn new(uri: &SecretUri, access: SecretAccess, role: &'static str) -> Self {
        Self { uri: uri.clone(), access, role }
    }

    pub(super) fn role(&self) -> &'static str {
        self.role
    }

    pub(super) fn subject_tag(&self) -> String {
        let subject = self.access.unit.as_ref().or(self.access.application.as_ref());
        subject.map(|name| tag_of(name)).unwrap_or_default()
    }

    pub(super) fn scope_tag(&self) -> String {
        self.access.relation_key.as_deref().map_or_else(|| self.subject_tag(), scope_of)
    }

    fn to_args(&self) -> SecretGrant {
        SecretGrant {
            uri: self.uri.clone(),
            scope_tag: self.scope_tag(),
            subject_tag: self.subject_tag(),
            role: self.role.to_owned(),
        }
    }
}

impl SecretUpsert {
    /// Takes what is set in a later change.
    fn take(&mut self, later: Self) {
        let Self { rotate_policy, expire_time, description, label, content } = later;
        self.rotate_policy = rotate_policy.or(self.rotate_policy.take());
        self.expire_time = expire_time.or(self.expire_time);
        self.description = description.or(self.description.take());
        self.label = label.or(self.label.take());
        if !content.data.is_empty() {
            self.content = content;
        }
    }
}

impl PendingSecrets {
    /// Whether content is to be stored or removed.
    pub(in crate::juju::context) fn have_content(&self) -> bool {
        !(self.creates.is_empty() && self.updates.is_empty() && self.deletes.is_empty())
    }

    pub(super) fn create(&mut self, create: SecretCreate) -> Result<(), Failure> {
        self.deletes.remove(&create.uri.id);
        if let Some(label) = &create.upsert.label
            && self.creates.values().any(|other| other.upsert.label.as_ref() == Some(label))
        {
            let message = format!("secret with label {} already exists", quoted(label));
            return Err(Failure::of_kind(FailureKind::AlreadyExists, message));
        }
        self.creates.insert(create.uri.id.clone(), create);
        Ok(())
    }

    pub(super) fn update(&mut self, update: UpdatedSecret) {
        let id = &update.uri.id;
        self.deletes.remove(id);
        if let Some(create) = self.creates.get_mut(id) {
            create.upsert.take(update.upsert);
        } else if let Some(known) = self.updates.get_mut(id) {
            known.upsert.take(update.upsert);
        } else {
            self.updates.insert(id.clone(), update);
        }
    }

    pub(super) fn remove(&mut self, uri: &SecretUri, revision: Option<i64>) {
        let id = &uri.id;
        self.creates.remove(id);
        self.updates.remove(id);
        self.grants.remove(id);
        self.revokes.remove(id);
        self.track_latest.remove(id);
        let first = || SecretDelete { uri: uri.clone(), revisions: revision.into_iter().collect() };
        match (self.deletes.get_mut(id), revision) {
            (None, _) => {
                self.deletes.insert(id.clone(), first());
            }
            // Once all is to be removed, it stays so.
            (Some(delete), _) if delete.revisions.is_empty() => {}
            (Some(delete), Some(revision)) => delete.revisions.push(revision),
            (Some(delete), None) => delete.revisions.clear(),
        }
    }

    pub(super) fn grant(&mut self, grant: PendingGrant) {
        let relation = grant.access.relation_key.clone().unwrap_or_default();
        self.grants.entry(grant.uri.id.clone()).or_default().insert(relation, grant);
    }

    pub(super) fn revoke(&mut self, revoke: PendingGrant) {
        let revokes = self.revokes.entry(revoke.uri.id.clone()).or_default();
        // What is taken from an application is taken from its units too.
        let unit_app = revoke.access.unit.as_deref().map(application_of);
        let covered = |known: &PendingGrant| {
            let same =
                known.uri.id == revoke.uri.id && known.access == revoke.access && known.role == revoke.role;
            same || (unit_app.is_some() && known.access.application.as_deref() == unit_app)
        };
        if !revokes.iter().any(covered) {
            revokes.push(revoke);
        }
    }

    /// The content that a secret is going to have. A label that is given becomes the secret's.
    pub(super) fn pending_value(
        &mut self,
        uri: Option<&SecretUri>,
        label: &str,
        refresh: bool,
        peek: bool,
    ) -> Option<SecretValue> {
        let is_uri = |known: &SecretUri| uri.is_some_and(|uri| uri.id == known.id);
        let is_label = |known: &Option<String>| !label.is_empty() && known.as_deref() == Some(label);
        for create in self.creates.values_mut() {
            if is_uri(&create.uri) {
                if !label.is_empty() {
                    create.upsert.label = Some(label.to_owned());
                }
                return Some(SecretValue(create.upsert.content.data.clone()));
            }
            if is_label(&create.upsert.label) {
                return Some(SecretValue(create.upsert.content.data.clone()));
            }
        }
        if !refresh && !peek {
            return None;
        }
        for update in self.updates.values_mut() {
            let by_uri = is_uri(&update.uri);
            if !by_uri && !is_label(&update.upsert.label) {
                continue;
            }
            if by_uri && !label.is_empty() {
                update.upsert.label = Some(label.to_owned());
            }
            if refresh {
                self.track_latest.insert(update.uri.id.clone());
            }
            let data = &update.upsert.content.data;
            return (!data.is_empty()).then(|| SecretValue(data.clone()));
        }
        None
    }

    /// What is stored, with what is to be changed.
    pub(super) fn merged(&self) -> BTreeMap<String, SecretMetadata> {
        let mut merged: BTreeMap<String, SecretMetadata> =
            self.creates.values().map(|create| (create.uri.id.clone(), created(create))).collect();
        for (id, stored) in self.stored.iter().flatten() {
            if self.deletes.contains_key(id) {
                continue;
            }
            let mut stored = stored.clone();
            if let Some(UpdatedSecret { upsert, .. }) = self.updates.get(id) {
                for (target, set) in [
                    (&mut stored.label, &upsert.label),
                    (&mut stored.description, &upsert.description),
                    (&mut stored.rotate, &upsert.rotate_policy),
                ] {
                    if let Some(set) = set {
                        set.clone_into(target);
                    }
                }
                stored.latest_expire = upsert.expire_time.or(stored.latest_expire);
                upsert.content.checksum.clone_into(&mut stored.latest_checksum);
            }
            merged.insert(id.clone(), stored);
        }
        merged
    }

    /// The grants to be made, in the order of secrets and relations.
    pub(in crate::juju::context) fn grants(&self) -> Vec<SecretGrant> {
        self.grants.values().flat_map(BTreeMap::values).map(PendingGrant::to_args).collect()
    }

    /// The grants to be taken back, in the order of secrets.
    pub(in crate::juju::context) fn revokes(&self) -> Vec<SecretGrant> {
        self.revokes.values().flatten().map(PendingGrant::to_args).collect()
    }
}

fn created(create: &SecretCreate) -> SecretMetadata {
    let set = &create.upsert;
    let owner = create.owner_tag.strip_prefix("application-").map_or_else(
        || {
            let unit = create.owner_tag.strip_prefix("unit-").unwrap_or(&create.owner_tag);
            Owner::Unit(
                unit.rsplit_once('-').map_or_else(String::new, |(app, number)| format!("{app}/{number}")),
            )
        },
        |app| Owner::Application(app.to_owned()),
    );
    SecretMetadata {
        owner,
        description: set.description.clone().unwrap_or_default(),
        label: set.label.clone().unwrap_or_default(),
        rotate: set.rotate_policy.clone().unwrap_or_default(),
        latest_revision: 1,
        latest_expire: set.expire_time,
        latest_checksum: set.content.checksum.clone(),
        next_rotate: None,
        access: Vec::<AccessInfo>::new(),
    }
}
