//! Storage.

use serde_json::json;

use super::{AddStorage, ApiError, Controller, Model, Storage, quoted, this_unit};

/// One storage instance, as the unit's agent sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// `filesystem` or `block`.
    pub kind: &'static str,
    /// Where it is.
    pub location: String,
}

fn storage_name(id: &str) -> &str {
    id.split_once('/').map_or(id, |(name, _)| name)
}

impl Controller {
    /// The ids of the unit's storage.
    ///
    /// # Errors
    ///
    /// The controller cannot say.
    pub fn unit_storage_attachments(&mut self) -> Result<Vec<String>, ApiError> {
        self.answer("Uniter.UnitStorageAttachments", this_unit, |this| {
            Ok(this.model.storage().iter().map(|storage| storage.id.clone()).collect())
        })
    }

    /// One storage instance of the unit.
    ///
    /// # Errors
    ///
    /// There is none of that id, or it is not there yet.
    pub fn storage_attachment(&mut self, id: &str) -> Result<Attachment, ApiError> {
        self.answer(
            "Uniter.StorageAttachments",
            |model| {
                let tag = format!("storage-{}", id.replace('/', "-"));
                json!({"ids": [{"storage-tag": tag, "unit-tag": model.unit_tag()}]})
            },
            |this| {
                let Some(storage) = this.model.storage().iter().find(|storage| storage.id == id) else {
                    return Err(ApiError::not_found(format!("storage attachment {id}:{}", this.model.unit)));
                };
                if storage.unprovisioned {
                    return Err(ApiError::not_provisioned(format!("filesystem for storage {}", quoted(id))));
                }
                let kind = if storage.kind == "block" { "block" } else { "filesystem" };
                Ok(Attachment { kind, location: storage.location.clone() })
            },
        )
    }
}

impl Model {
    /// How many instances are to be added, if they may be.
    pub(super) fn check_storage_add(&self, add: &AddStorage) -> Result<u64, ApiError> {
        let limit = self
            .storage_limits
            .get(&add.name)
            .ok_or_else(|| ApiError::not_found(format!("storage {}", quoted(&add.name))))?;
        let Some(count) = add.storage.count.filter(|count| *count > 0) else {
            return Err(ApiError::new("count must be specified"));
        };
        let have = self.storage().iter().filter(|storage| storage_name(&storage.id) == add.name).count();
        let total = u64::try_from(have).unwrap_or(u64::MAX).saturating_add(count);
        if u64::try_from(limit.max).is_ok_and(|max| total > max) {
            let plural = if count == 1 { "" } else { "s" };
            return Err(ApiError::new(format!(
                "attaching {count} storage instance{plural} brings the total to {total}, exceeding the maximum of {}",
                limit.max
            )));
        }
        Ok(count)
    }

    /// Adds instances that are not there yet.
    pub(super) fn add_storage(&mut self, name: &str, count: u64) {
        let last_digit =
            |storage: &Storage| storage.id.chars().next_back().and_then(|digit| digit.to_digit(10));
        let next = self
            .storage()
            .iter()
            .filter_map(last_digit)
            .max()
            .map_or(0, |last| u64::from(last).saturating_add(1));
        let storage = self.storage.get_or_insert_default();
        for number in (next..).zip(0..count).map(|(number, _)| number) {
            storage.push(Storage {
                id: format!("{name}/{number}"),
                kind: "filesystem".to_owned(),
                unprovisioned: true,
                ..Storage::default()
            });
        }
    }
}
