//! Files from the workload to us.

use std::io::{self, Read, Write};

use super::{FILES, PathResult, check_path, told_of};
use crate::client::{Client, Deadline, Query};
use crate::envelope::{Answer, protocol};
use crate::error::Error;
use crate::file_types::{FileContent, FileOutcome};
use crate::multipart;
use crate::transport::{Body, Method};

/// The parts of an answer: multipart, from the daemon.
type Parts = multipart::Reader<Box<dyn Read + Send>>;

/// A query that is longer is sent; what comes after it goes in another request.
const MAX_QUERY: usize = 16 * 1024;

impl Client {
    /// The content of a file: `GET /v1/files?action=read`. Symbolic links are followed.
    ///
    /// For a large one see [`read_file_to`](Self::read_file_to).
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

    /// Writes the content of a file to `to` as it comes, and returns how many bytes it has: `GET /v1/files?action=read`.
    /// It takes little memory, however large the file, and as long as something comes at least every
    /// [`request_timeout`](Self::request_timeout).
    ///
    /// # Errors
    ///
    /// As for [`read_file`](Self::read_file), and [`Error::Local`] if `to` does not take it. A part of the file may have
    /// been written by then.
    pub fn read_file_to(&self, path: &str, to: &mut dyn Write) -> Result<u64, Error> {
        check_path("read", path)?;
        let action = "read files";
        let query = Query::default().with("action", "read").with("path", path);
        let deadline = Deadline::Stall(self.request_timeout());
        let mut sink = Sink { to, written: 0, failed: None };
        let taken =
            self.read_parts(action, &query, &[path], deadline, &mut |_, parts| parts.copy_content(&mut sink));
        if let Some(source) = sink.failed {
            return Err(Error::Local { action: format!("read {path:?}"), source });
        }
        match taken?.pop() {
            Some((path, Err(error))) => Err(Error::File { action: "read", path, error }),
            _ => Ok(sink.written),
        }
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
        let deadline = self.deadline(self.request_timeout());
        let mut contents: Vec<(String, Vec<u8>)> = Vec::new();
        let told = self.read_parts(action, query, paths, deadline, &mut |filename, parts| {
            let mut content = Vec::new();
            parts.copy_content(&mut content)?;
            contents.push((filename.to_owned(), content));
            Ok(())
        })?;
        for (path, result) in told {
            // A part of one that failed half-way may be there.
            let content = result.map(|()| {
                let at = contents.iter().position(|(filename, _)| *filename == path);
                at.map(|at| contents.swap_remove(at).1).unwrap_or_default()
            });
            files.push((path, content));
        }
        Ok(())
    }

    /// Gives each file that comes to `take`, and returns what is told of all in the end: which of them to believe.
    fn read_parts(
        &self,
        action: &str,
        query: &Query,
        paths: &[&str],
        deadline: Deadline<'_>,
        take: &mut dyn FnMut(&str, &mut Parts) -> io::Result<()>,
    ) -> Result<Vec<FileOutcome>, Error> {
        let headers = [("Accept", "multipart/form-data".to_owned())];
        let target = format!("{FILES}{query}");
        let response = self.send(action, Method::Get, &target, &headers, Body::Empty, deadline)?;
        let (kind, parameters) = multipart::header_value(&response.content_type);
        if kind != "multipart/form-data" {
            self.answer(action, response, deadline)?;
            return Err(protocol(action, "it holds no files".to_owned()));
        }
        let Some((_, boundary)) = parameters.into_iter().find(|(name, _)| name == "boundary") else {
            return Err(protocol(action, "it names no boundary".to_owned()));
        };
        let failed = |error: io::Error| self.read_error(action, error, deadline);
        let mut reader = multipart::Reader::new(response.body, &boundary);
        let (mut told, mut seen) = (Vec::new(), Vec::new());
        while let Some(part) = reader.next_part().map_err(failed)? {
            match (part.name.as_str(), part.filename) {
                ("files", Some(filename)) if paths.contains(&filename.as_str()) => {
                    take(&filename, &mut reader).map_err(failed)?;
                    seen.push(filename);
                }
                ("response", _) => reader.copy_content(&mut told).map_err(failed)?,
                _ => {}
            }
        }
        let results: Vec<PathResult> = Answer::parse(action, response.status, &told)?.list(action)?;
        let told = told_of(action, results, paths)?;
        match told.iter().find(|(path, result)| result.is_ok() && !seen.contains(path)) {
            Some((path, _)) => Err(protocol(action, format!("it lacks the content of {path:?}"))),
            None => Ok(told),
        }
    }
}

/// Where a file goes, and why it could not: an error of ours is not one of the connection.
struct Sink<'a> {
    to: &'a mut dyn Write,
    written: u64,
    failed: Option<io::Error>,
}

impl Write for Sink<'_> {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        match self.to.write_all(content) {
            Ok(()) => {
                self.written += u64::try_from(content.len()).unwrap_or_default();
                Ok(content.len())
            }
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
