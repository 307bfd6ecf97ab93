//! The workload's files.

mod pace;
mod read;
mod write;

use serde::{Deserialize, Serialize};

use crate::client::{Client, Query};
use crate::envelope::{Answer, file_error, protocol};
use crate::error::{Error, FileError};
use crate::file_types::{FileInfo, FileOutcome, ListOptions, MakeDirOptions, MakeDirWire};
use crate::told::kept;

const FILES: &str = "/v1/files";
/// No system has longer paths.
const MAX_PATH: usize = 4096;

impl Client {
    /// What is in a directory, sorted by name, or what a path is: `GET /v1/files?action=list`.
    ///
    /// In a directory a symbolic link is listed as one; the path itself is followed.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if there is no such path or it cannot be read. [`Error::Invalid`] if the path is not absolute.
    pub fn list_files(&self, path: &str, options: &ListOptions) -> Result<Vec<FileInfo>, Error> {
        check_path("list", path)?;
        // With a slash at the end Pebble gets the path wrong that it answers.
        let path = match path.trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        let mut query = Query::default().with("action", "list").with("path", path);
        if options.itself {
            query = query.with("itself", "true");
        }
        if let Some(pattern) = &options.pattern {
            query = query.with("pattern", pattern);
        }
        let action = format!("list files of {path:?}");
        let answer = self.get(&action, FILES, &query).map_err(|error| file_error(error, "list", path))?;
        answer.list(&action)
    }

    /// What a path is, or none if there is no such path: `GET /v1/files?action=list&itself=true`. A symbolic link is
    /// followed.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if that cannot be told, [`Error::Invalid`] if the path is not absolute.
    pub fn file_info(&self, path: &str) -> Result<Option<FileInfo>, Error> {
        match self.list_files(path, &ListOptions::itself()) {
            Ok(files) => Ok(files.into_iter().next()),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a directory: `POST /v1/files` with `make-dirs`.
    ///
    /// With `make_parents` one that is there is left as it is, whatever its mode and owner.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if it cannot be made: without `make_parents` also if it is there. [`Error::Invalid`] if the path is
    /// not absolute.
    pub fn make_dir(&self, path: &str, options: &MakeDirOptions) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Make<'a> {
            action: &'static str,
            dirs: [At<'a, MakeDirWire<'a>>; 1],
        }

        check_path("make", path)?;
        let body = Make { action: "make-dirs", dirs: [At { path, options: options.wire() }] };
        one_path(self.post(&format!("make directory {path:?}"), FILES, &body), "make", path)
    }

    /// Removes a file or directory: `POST /v1/files` with `remove`. A symbolic link is removed itself.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if it cannot be removed. If not `recursive`, that is also if it is not there, or if it is a
    /// directory with something in it. [`Error::Invalid`] if the path is not absolute.
    pub fn remove_path(&self, path: &str, recursive: bool) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Remove<'a> {
            action: &'static str,
            paths: [At<'a, Recursive>; 1],
        }

        #[derive(Serialize)]
        struct Recursive {
            recursive: bool,
        }

        check_path("remove", path)?;
        let body = Remove { action: "remove", paths: [At { path, options: Recursive { recursive } }] };
        one_path(self.post(&format!("remove {path:?}"), FILES, &body), "remove", path)
    }
}

/// A path goes into headers, where a line break would end one.
fn check_path(action: &str, path: &str) -> Result<(), Error> {
    let message = if !path.starts_with('/') {
        "the path is not absolute"
    } else if path.contains(['\r', '\n', '\0']) {
        "the path has a line break or a null character in it"
    } else if path.len() > MAX_PATH {
        "the path is too long"
    } else {
        return Ok(());
    };
    Err(Error::Invalid { action: format!("{action} {path:?}"), message: message.to_owned() })
}

/// Whether the one path that was asked about is well: a good answer may hold a bad result.
fn one_path(answer: Result<Answer, Error>, action: &'static str, path: &str) -> Result<(), Error> {
    let answer = answer.map_err(|error| file_error(error, action, path))?;
    let results: Vec<PathResult> = answer.list(action)?;
    let told = told_of(action, results, &[path])?;
    let failed = |(path, result): FileOutcome| result.map_err(|error| Error::File { action, path, error });
    told.into_iter().try_for_each(failed)
}

/// What is told of each of these paths, which must be told of, in this order.
fn told_of(action: &str, results: Vec<PathResult>, paths: &[&str]) -> Result<Vec<FileOutcome>, Error> {
    if !results.iter().map(|result| result.path.as_str()).eq(paths.iter().copied()) {
        return Err(protocol(action, "it tells of other files than asked for".to_owned()));
    }
    let told =
        |PathResult { path, error }: PathResult| (path, error.map_or(Ok(()), |error| Err(error.into())));
    Ok(results.into_iter().map(told).collect())
}

#[derive(Serialize)]
struct At<'a, T> {
    path: &'a str,
    #[serde(flatten)]
    options: T,
}

#[derive(Deserialize)]
struct PathResult {
    path: String,
    #[serde(default)]
    error: Option<WireFileError>,
}

#[derive(Deserialize)]
struct WireFileError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    kind: String,
}

impl From<WireFileError> for FileError {
    fn from(WireFileError { message, kind }: WireFileError) -> Self {
        Self { kind: kept(kind).into(), message: kept(message) }
    }
}
