//! Storage, which is looked at once.

use std::collections::BTreeMap;

use super::{Failure, Run, StorageAttachment, StorageConstraints};

impl Run<'_> {
    /// The ids of the unit's storage.
    ///
    /// # Errors
    ///
    /// The controller does not answer.
    pub fn storage_tags(&mut self) -> Result<Vec<String>, Failure> {
        if let Some(ids) = &self.context.storage_ids {
            return Ok(ids.clone());
        }
        let ids = self.controller().unit_storage_attachments().map_err(Failure::from)?;
        self.context.storage_ids = Some(ids.clone());
        Ok(ids)
    }

    /// One storage instance.
    ///
    /// # Errors
    ///
    /// There is none of that id, or it is not there yet.
    pub fn storage(&mut self, id: &str) -> Result<StorageAttachment, Failure> {
        if let Some(storage) = self.context.storage.get(id) {
            return Ok(storage.clone());
        }
        let attachment = self.controller().storage_attachment(id).map_err(Failure::restored)?;
        let storage = StorageAttachment {
            id: id.to_owned(),
            kind: attachment.kind.to_owned(),
            location: attachment.location,
        };
        self.context.storage.insert(id.to_owned(), storage.clone());
        Ok(storage)
    }

    /// The storage that the hook is about.
    ///
    /// # Errors
    ///
    /// It is about none, or that is not there yet.
    pub fn hook_storage(&mut self) -> Result<StorageAttachment, Failure> {
        if !self.context.hook.is_storage() {
            return Err(Failure::of_kind(super::FailureKind::NotFound, "not found"));
        }
        let id = self.context.hook.storage_id.clone();
        self.storage(&id)
    }

    /// Notes that storage is to be added.
    ///
    /// # Errors
    ///
    /// None: what is wrong with it is told at the end.
    pub fn add_unit_storage(&mut self, storage: BTreeMap<String, StorageConstraints>) -> Result<(), Failure> {
        for (name, constraints) in storage {
            self.context.storage_adds.entry(name).or_default().push(constraints);
        }
        Ok(())
    }
}
