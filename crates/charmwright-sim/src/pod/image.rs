//! What is in a container before anything runs in it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::error::PodError;
use super::layout::{ETC_BOUND, FROM_HOST};

/// The files of a container, beside the programs and libraries of the host, which every container has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Image {
    /// Path in the container → file on the host, which is copied with its mode at each start.
    pub files: BTreeMap<PathBuf, PathBuf>,
}

impl Image {
    /// With a copy of the host's file `host` at the path `inside`, such as `/opt/app/server`.
    #[must_use]
    pub fn with_file(mut self, inside: impl Into<PathBuf>, host: impl Into<PathBuf>) -> Self {
        self.files.insert(inside.into(), host.into());
        self
    }
}

/// The path of a file below a container's root.
pub(super) fn below_root(inside: &Path) -> Result<PathBuf, PodError> {
    let refuse = |reason| PodError::ImageFile { path: inside.to_owned(), reason };
    let mut parts = inside.components();
    if parts.next() != Some(Component::RootDir) {
        return Err(refuse("the path is not absolute"));
    }
    let relative = parts.as_path();
    if relative.as_os_str().is_empty() || parts.any(|part| !matches!(part, Component::Normal(_))) {
        return Err(refuse("the path is not the plain path of a file"));
    }
    if ["/proc", "/dev", "/charm"].iter().any(|system| inside.starts_with(system)) {
        return Err(refuse("that folder belongs to the simulation"));
    }
    let in_usr = inside.starts_with("/usr") && !inside.starts_with("/usr/local");
    if in_usr || FROM_HOST.iter().chain(ETC_BOUND).any(|host| inside.starts_with(host)) {
        return Err(refuse("that folder is the host's, read-only"));
    }
    Ok(relative.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_files_may_go() {
        let reason = |path: &str| match below_root(Path::new(path)) {
            Ok(path) => path.display().to_string(),
            Err(PodError::ImageFile { reason, .. }) => reason.to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(reason("/opt/app/server"), "opt/app/server");
        assert_eq!(reason("/usr/local/bin/x"), "usr/local/bin/x");
        assert_eq!(reason("/app/x"), "app/x");
        assert_eq!(reason("opt/x"), "the path is not absolute");
        assert_eq!(reason("/"), "the path is not the plain path of a file");
        assert_eq!(reason("/opt/../usr/bin/x"), "the path is not the plain path of a file");
        for path in ["/usr/bin/x", "/usr/x", "/bin/sh", "/lib64/x", "/sys/x", "/etc/ssl/certs/x"] {
            assert_eq!(reason(path), "that folder is the host's, read-only", "{path}");
        }
        assert_eq!(reason("/charm/bin/pebble"), "that folder belongs to the simulation");
    }
}
