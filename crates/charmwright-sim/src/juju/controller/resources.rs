//! Resources, which are files on the disk.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::{ApiError, Controller, quoted};

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceInfo {
    /// The name of its file.
    pub file_name: String,
}

impl Controller {
    /// The file behind the path of a resource, as it is asked for by HTTP. `None`: there is none.
    pub fn resource_file(&mut self, path: &str) -> Option<PathBuf> {
        self.record("HTTP.GET", Some(path.into()), None);
        let file = PathBuf::from(self.model.resources.get(last_part(path))?);
        fs::File::open(&file).is_ok().then_some(file)
    }

    /// What is known of a resource.
    ///
    /// # Errors
    ///
    /// There is no such resource.
    pub fn resource_info(&mut self, name: &str) -> Result<ResourceInfo, ApiError> {
        let missing = || ApiError::not_found(format!("resource {}", quoted(name)));
        let found = self.model.resources.get(name).map(|file| {
            let file_name = file.rsplit_once('/').map_or(file.as_str(), |(_, name)| name).to_owned();
            ResourceInfo { file_name }
        });
        // The error is that of one resource, deep in the answer.
        self.record("ResourcesHookContext.GetResourceInfo", Some(json!({"resource-names": [name]})), None);
        found.ok_or_else(missing)
    }
}

/// The last part of a path, which is the resource's name.
pub(crate) fn last_part(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, last)| last)
}
