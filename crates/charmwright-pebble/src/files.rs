//! The workload's files.

use std::io::{self, Read};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ureq::http::Method;
use ureq::{Body, SendBody};

use crate::client::{Client, Query};
use crate::envelope::{Answer, file_error, protocol};
use crate::error::{Error, FileError};
use crate::file_types::{
    FileContent, FileInfo, ListOptions, MakeDirOptions, MakeDirWire, WriteOptions, WriteWire,
};
use crate::multipart;

/// The file parts of an answer: name and content.
type Parts = Vec<(String, Vec<u8>)>;

const FILES: &str = "/v1/files";
/// A query that is longer is sent; what comes after it goes in another request.
const MAX_QUERY: usize = 16 * 1024;
/// No system has longer paths.
const MAX_PATH: usize = 4096;

impl Client {
    /// The content of a file: `GET /v1/files?action=read`. Symbolic links are followed.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if it cannot be read; see [`Error::is_not_found`]. [`Error::Invalid`] if the path is not absolute
    /// or has a line break.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>, Error> {
        let (path, result) = self
            .read_files(&[path])?
            .pop()
            .ok_or_else(|| protocol("read files", "it names no file".to_owned()))?;
        result.map_err(|error| Error::File { action: "read", path, error })
    }

    /// The contents of several files in one request (in several if the paths are longer than 16 KiB together):
    /// `GET /v1/files?action=read`. The answer has each path once, in the order given.
    ///
    /// # Errors
    ///
    /// What is wrong with one file is told beside its path. [`Error::Invalid`] if a path is not absolute or has a line
    /// break.
    pub fn read_files(&self, paths: &[&str]) -> Result<Vec<FileContent>, Error> {
        let mut files = Vec::new();
        let mut batch: Vec<&str> = Vec::new();
        let start = || Query::default().with("action", "read");
        let mut query = start();
        for (index, path) in paths.iter().enumerate() {
            check_path("read", path)?;
            if paths.get(..index).is_some_and(|before| before.contains(path)) {
                continue;
            }
            query = query.with("path", path);
            batch.push(path);
            if query.len() > MAX_QUERY {
                self.read_batch(&query, &batch, &mut files)?;
                batch.clear();
                query = start();
            }
        }
        if !batch.is_empty() {
            self.read_batch(&query, &batch, &mut files)?;
        }
        Ok(files)
    }

    fn read_batch(&self, query: &Query, paths: &[&str], files: &mut Vec<FileContent>) -> Result<(), Error> {
        let action = "read files";
        let timeout = self.request_timeout();
        let headers = [("Accept", "multipart/form-data")];
        let response = self.send(action, Method::GET, FILES, query, &headers, (), timeout)?;
        let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let (kind, parameters) = multipart::header_value(content_type.unwrap_or_default());
        if kind != "multipart/form-data" {
            self.answer(action, response, timeout)?;
            return Err(protocol(action, "it holds no files".to_owned()));
        }
        let Some((_, boundary)) = parameters.into_iter().find(|(name, _)| name == "boundary") else {
            return Err(protocol(action, "it names no boundary".to_owned()));
        };
        let status = response.status().as_u16();
        let (mut parts, told) = self.read_parts(action, response.into_body(), &boundary, timeout)?;
        let results: Vec<PathResult> = Answer::parse(action, status, &told)?.list(action)?;
        if !results.iter().map(|result| result.path.as_str()).eq(paths.iter().copied()) {
            return Err(protocol(action, "it tells of other files than asked for".to_owned()));
        }
        for PathResult { path, error } in results {
            let content = if let Some(error) = error {
                // A part of it may be there: it failed half-way.
                Err(error.into())
            } else {
                let at = parts.iter().position(|(filename, _)| *filename == path);
                let at = at.ok_or_else(|| protocol(action, format!("it lacks the content of {path:?}")))?;
                Ok(parts.swap_remove(at).1)
            };
            files.push((path, content));
        }
        Ok(())
    }

    /// The files by name, and the JSON that says which of them to believe.
    fn read_parts(
        &self,
        action: &str,
        body: Body,
        boundary: &str,
        timeout: Duration,
    ) -> Result<(Parts, Vec<u8>), Error> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::InvalidData => protocol(action, error.to_string()),
            _ => self.transport_error(action, error.into(), timeout),
        };
        let mut reader = multipart::Reader::new(body.into_reader(), boundary);
        let (mut files, mut told) = (Vec::new(), Vec::new());
        while let Some(part) = reader.next_part().map_err(failed)? {
            match (part.name.as_str(), part.filename) {
                ("files", Some(filename)) => {
                    let mut content = Vec::new();
                    reader.read_content(&mut content).map_err(failed)?;
                    files.push((filename, content));
                }
                ("response", _) => reader.read_content(&mut told).map_err(failed)?,
                _ => {}
            }
        }
        Ok((files, told))
    }

    /// Writes a file: `POST /v1/files` with `write`.
    ///
    /// The file appears as a whole or not at all. It is a new one: a symbolic link is replaced, and mode and owner of an
    /// old file do not stay. A mounted file cannot be written.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if it cannot be written. [`Error::Invalid`] if the path is not absolute or has a line break.
    pub fn write_file(&self, path: &str, content: &[u8], options: &WriteOptions) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Write<'a> {
            action: &'static str,
            files: [At<'a, WriteWire<'a>>; 1],
        }

        check_path("write", path)?;
        let action = format!("write file {path:?}");
        let request = Write { action: "write", files: [At { path, options: options.wire() }] };
        let request = serde_json::to_string(&request)
            .map_err(|error| Error::Invalid { action: action.clone(), message: error.to_string() })?;
        let boundary = multipart::boundary_for(content);
        let head = format!(
            "--{boundary}\r\n\
             Content-Type: application/json\r\n\
             Content-Disposition: form-data; name=\"request\"\r\n\r\n\
             {request}\r\n\
             --{boundary}\r\n\
             Content-Type: application/octet-stream\r\n\
             Content-Disposition: form-data; name=\"files\"; filename={}\r\n\r\n",
            multipart::quoted(path)
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let length = (head.len() + content.len() + tail.len()).to_string();
        let kind = format!("multipart/form-data; boundary={boundary}");
        let headers = [("Content-Type", kind.as_str()), ("Content-Length", length.as_str())];

        let mut body = head.as_bytes().chain(content).chain(tail.as_bytes());
        let body = SendBody::from_reader(&mut body);
        let timeout = self.request_timeout();
        let response = self.send(&action, Method::POST, FILES, &Query::default(), &headers, body, timeout)?;
        one_path(self.answer(&action, response, timeout), "write", path)
    }

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
    match <[PathResult; 1]>::try_from(results) {
        Ok([PathResult { path: told, error }]) if told == path => match error {
            Some(error) => Err(Error::File { action, path: told, error: error.into() }),
            None => Ok(()),
        },
        _ => Err(protocol(&format!("{action} {path:?}"), "it does not tell of this path alone".to_owned())),
    }
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
        Self { kind: kind.into(), message }
    }
}
