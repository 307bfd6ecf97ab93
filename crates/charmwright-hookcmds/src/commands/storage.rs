//! Storage.

use std::num::NonZeroU32;
use std::path::PathBuf;

use charmwright_event::{StorageId, StorageInstance, StorageKind, StorageName};
use serde::Deserialize;

use super::HookCommands;
use crate::error::Error;

impl HookCommands {
    /// `storage-list`: the storage instances of this unit, of one storage or of all. What this hook has added is
    /// not among them.
    ///
    /// # Errors
    ///
    /// If the command fails or answers what are no ids. A storage that is not declared has no instances.
    pub fn storage_list(&self, storage: Option<&StorageName>) -> Result<Vec<StorageId>, Error> {
        let args = storage.map(StorageName::as_str);
        let args: Vec<&str> = args.into_iter().collect();
        self.read_names("storage-list", &args, "a list of storage ids", StorageId::parse)
    }

    /// `storage-get`: what and where an instance is.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotReady`](crate::ErrorKind::NotReady) if it is not provisioned yet,
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if this unit has no such instance.
    pub fn storage_get(&self, storage: &StorageId) -> Result<StorageInstance, Error> {
        #[derive(Deserialize)]
        struct Answer {
            kind: String,
            location: PathBuf,
        }
        let (command, expected) = ("storage-get", "an object with a storage's kind and location");
        let answer: Answer = self.read(command, &["-s", &storage.to_string()], expected)?;
        let kind = StorageKind::parse(&answer.kind).map_err(|_| Error::Answer { command, expected })?;
        Ok(StorageInstance { id: storage.clone(), kind, location: answer.location })
    }

    /// `storage-add`: asks for more instances of a storage. Takes effect when the hook succeeds; they come with
    /// `storage-attached`.
    ///
    /// What fails at the end of the hook, and with it the hook: the storage is not declared, or may not have so
    /// many instances.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn storage_add(&self, storage: &StorageName, count: NonZeroU32) -> Result<(), Error> {
        self.write("storage-add", &[&format!("{storage}={count}")])
    }
}
