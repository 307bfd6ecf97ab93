//! The secret part of a commit. What was done before a failure stays done.

use jiff::Timestamp;
use jiff::{ToSpan as _, tz::TimeZone};

use super::labels::LabelTaken;
use super::no_secret;
use crate::juju::controller::commit::{
    Changes, SecretCreate, SecretDelete, SecretGrant, SecretUpsert, UpdatedSecret,
};
use crate::juju::controller::names::name_of;
use crate::juju::controller::{ApiError, Controller, Grant, Revision, Secret, SecretUri, Time, quoted};

/// The secret part of a commit.
pub(in crate::juju::controller) trait CommitSecrets {
    /// Creates, updates, moves what is tracked, grants, revokes, removes, in this order.
    fn commit_secrets(&mut self, changes: &Changes) -> Result<(), ApiError>;
}

/// Why a secret was not changed.
enum Refused {
    Label(LabelTaken),
    Other(ApiError),
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<LabelTaken> for Refused {
    fn from(taken: LabelTaken) -> Self {
        Self::Label(taken)
    }
}

impl Refused {
    fn told(self, label: Option<&str>) -> ApiError {
        match (self, label) {
            (Self::Label(_), Some(label)) => {
                ApiError::already_exists(format!("secret with label {}", quoted(label)))
            }
            (Self::Label(taken), None) => ApiError::new(taken.to_string()),
            (Self::Other(error), _) => error,
        }
    }
}

/// All of them are tried; if any fails, all failures are told in one.
fn each<T>(
    items: &[T],
    what: &str,
    mut change: impl FnMut(&T) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let failures: Vec<ApiError> = items.iter().filter_map(|item| change(item).err()).collect();
    match failures.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone().while_doing(what)),
        many => {
            let texts: Vec<&str> = many.iter().map(|error| error.message.as_str()).collect();
            Err(ApiError::new(texts.join("\n")).while_doing(what))
        }
    }
}

impl CommitSecrets for Controller {
    fn commit_secrets(&mut self, changes: &Changes) -> Result<(), ApiError> {
        each(&changes.secret_creates, "creating secrets", |create| {
            self.create(create).map_err(|refused| refused.told(create.upsert.label.as_deref()))
        })
        .map_err(|error| ApiError::new(error.message))?;
        each(&changes.secret_updates, "updating secrets", |update| {
            self.update_secret(update).map_err(|refused| refused.told(update.upsert.label.as_deref()))
        })?;
        each(&changes.track_latest, "updating secret tracked revisions", |id| {
            let uri: SecretUri = id.parse().map_err(|_| ApiError::denied())?;
            let unit = self.model.unit.clone();
            let secret = self.model.secret_mut(&uri.id).ok_or_else(|| no_secret(&uri))?;
            secret.consume(&unit, true, false, None);
            Ok(())
        })?;
        each(&changes.secret_grants, "granting secrets access", |grant| self.change_access(grant, true))?;
        each(&changes.secret_revokes, "revoking secrets access", |grant| self.change_access(grant, false))?;
        each(&changes.secret_deletes, "removing secrets", |delete| match self.delete(delete) {
            Err(error) if error.code == "not found" => Ok(()),
            result => result,
        })
    }
}

impl Controller {
    fn create(&mut self, create: &SecretCreate) -> Result<(), Refused> {
        if create.upsert.content.data.is_empty() {
            return Err(ApiError::not_valid("empty secret value").into());
        }
        let owner = name_of(&create.owner_tag).ok_or_else(ApiError::denied)?;
        if owner == self.model.app() {
            self.leader()?;
        } else if owner != self.model.unit {
            return Err(ApiError::denied().into());
        }
        if let Some(label) = &create.upsert.label {
            self.check_owner_label(&owner, label)?;
        }
        let mut secret = Secret { id: create.uri.id.clone(), owner, ..Secret::default() };
        secret.next_rotate =
            create.upsert.rotate_policy.as_deref().and_then(|policy| next_rotation(policy, self.now));
        secret.apply(&create.upsert);
        self.model.secrets.get_or_insert_default().push(secret.into());
        Ok(())
    }

    fn update_secret(&mut self, update: &UpdatedSecret) -> Result<(), Refused> {
        let changes = &update.upsert;
        let nothing = changes.rotate_policy.is_none()
            && changes.description.is_none()
            && changes.expire_time.is_none()
            && changes.label.is_none()
            && changes.content.data.is_empty();
        if nothing {
            return Err(ApiError::new("at least one attribute to update must be specified").into());
        }
        let secret = self.manageable(&update.uri)?;
        if let Some(label) = changes.label.as_deref().filter(|label| *label != secret.label) {
            self.check_owner_label(&secret.owner, label)?;
        }
        let now = self.now;
        let secret = self.model.secret_mut(&update.uri.id).ok_or_else(|| no_secret(&update.uri))?;
        if !will_rotate(&secret.rotate)
            && let Some(policy) = changes.rotate_policy.as_deref().filter(|policy| will_rotate(policy))
        {
            secret.next_rotate = next_rotation(policy, now);
        }
        secret.apply(changes);
        Ok(())
    }

    fn change_access(&mut self, change: &SecretGrant, grant: bool) -> Result<(), ApiError> {
        self.manageable(&change.uri)?;
        let doing = |subject: &str| {
            format!("cannot change access to {} for {}", quoted(&change.uri.to_string()), quoted(subject))
        };
        let scope =
            self.model.relation_of_tag(&change.scope_tag).and_then(|at| self.model.relations().get(at));
        if grant && scope.is_some_and(|relation| relation.life != "alive") {
            let message = format!(
                "cannot grant access to secret in scope of {} which is not alive",
                quoted(&change.scope_tag)
            );
            return Err(ApiError::new(message).while_doing(doing(&change.subject_tag)));
        }
        let subject = name_of(&change.subject_tag)
            .ok_or_else(|| ApiError::new(format!("{} is not a valid tag", quoted(&change.subject_tag))))?;
        let secret = self.model.secret_mut(&change.uri.id).ok_or_else(|| no_secret(&change.uri))?;
        let grants = secret.grants.get_or_insert_default();
        if grant && grants.iter().any(|have| have.subject == subject && have.scope != change.scope_tag) {
            return Err(ApiError::new("cannot change secret permission scope")
                .while_doing(doing(&change.subject_tag)));
        }
        grants.retain(|have| have.subject != subject);
        if grant {
            grants.push(Grant { subject, scope: change.scope_tag.clone(), role: change.role.clone() });
        }
        Ok(())
    }

    fn delete(&mut self, delete: &SecretDelete) -> Result<(), ApiError> {
        self.manageable(&delete.uri)?;
        let secret = self.model.secret_mut(&delete.uri.id).ok_or_else(|| no_secret(&delete.uri))?;
        if !delete.revisions.is_empty() {
            let mut kept = secret.revisions.clone().unwrap_or_default();
            kept.retain(|revision| !delete.revisions.contains(&revision.number));
            if !kept.is_empty() {
                secret.revisions = Some(kept);
                return Ok(());
            }
        }
        self.model.secrets.get_or_insert_default().retain(|other| other.id != delete.uri.id);
        Ok(())
    }
}

impl Secret {
    /// Takes what is set. New content without an expiry clears the expiry.
    fn apply(&mut self, changes: &SecretUpsert) {
        if let Some(description) = &changes.description {
            description.clone_into(&mut self.description);
        }
        if let Some(label) = &changes.label {
            label.clone_into(&mut self.label);
        }
        if let Some(policy) = &changes.rotate_policy {
            let named = if policy.is_empty() { "never" } else { policy };
            named.clone_into(&mut self.rotate);
            if !will_rotate(policy) {
                self.next_rotate = None;
            }
        }
        let has_content = !changes.content.data.is_empty();
        if changes.expire_time.is_some() || has_content {
            self.expire = changes.expire_time.map(Time::rounded);
        }
        if has_content {
            self.latest = self.latest.saturating_add(1);
            changes.content.checksum.clone_into(&mut self.checksum);
            let revision = Revision::from_encoded(self.latest, &changes.content.data);
            self.revisions.get_or_insert_default().push(revision);
            for consumer in self.consumers.values_mut() {
                consumer.latest = self.latest;
            }
        }
    }
}

fn will_rotate(policy: &str) -> bool {
    !policy.is_empty() && policy != "never"
}

pub(in crate::juju::controller) fn next_rotation(policy: &str, now: Timestamp) -> Option<Time> {
    let span = match policy {
        "hourly" => 1.hour(),
        "daily" => 1.day(),
        "weekly" => 7.days(),
        "monthly" => 1.month(),
        "quarterly" => 3.months(),
        "yearly" => 1.year(),
        _ => return None,
    };
    let next = now.to_zoned(TimeZone::UTC).checked_add(span).ok()?;
    Some(Time::utc(next.timestamp()))
}
