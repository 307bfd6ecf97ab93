//! What the agents that others drive by lines of JSON have in common.

use std::fs;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf, absolute};

/// An agent that cannot start, or not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its folders could not be laid out.
    #[error("cannot lay out {}", path.display())]
    Layout {
        /// The folder or link.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The requests could not be read, or the answers not be written.
    #[error("cannot talk to whoever asks")]
    Talk(#[from] io::Error),
}

impl ServeError {
    pub(super) fn layout(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Layout { path, source }
    }
}

/// An agent's own folder. One that nobody has named is temporary, and goes with the agent.
#[derive(Debug)]
pub(super) struct WorkFolder {
    path: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl WorkFolder {
    pub(super) fn make(named: Option<&Path>) -> Result<Self, ServeError> {
        let (path, temporary) = if let Some(named) = named {
            (named.to_owned(), None)
        } else {
            let made = tempfile::Builder::new().prefix("cw-").tempdir();
            let made = made.map_err(ServeError::layout(&std::env::temp_dir()))?;
            (made.path().to_owned(), Some(made))
        };
        let path = absolute(&path).map_err(ServeError::layout(&path))?;
        fs::create_dir_all(&path).map_err(ServeError::layout(&path))?;
        Ok(Self { path, _temporary: temporary })
    }
}

impl Deref for WorkFolder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}
