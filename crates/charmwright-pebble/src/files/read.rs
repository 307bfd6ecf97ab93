//! Files from the workload to us.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use super::pace::{Pace, Paced};
use super::{FILES, PathResult, check_path, told_of};
use crate::budget::Charge;
use crate::client::{Client, Deadline, Query};
use crate::envelope::{Answer, protocol};
use crate::error::{Error, FileError};
use crate::file_types::{FileContent, FileOutcome};
use crate::limits::{ANSWER_BYTES_MAX, FILES_BYTES_MAX};
use crate::multipart;
use crate::transport::{Body, Method};

/// The parts of an answer: multipart, from the daemon.
type Parts<'a> = multipart::Reader<Box<dyn io::Read + 'a>>;

/// A query that is longer is sent; what comes after it goes in another request.
const MAX_QUERY: usize = 16 * 1024;

const ACTION: &str = "read files";

impl Client {
    /// The content of a file of at most [`FILES_BYTES_MAX`]: `GET /v1/files?action=read`. Symbolic links are followed.
    ///
    /// For a larger one see [`read_files_within`](Self::read_files_within) and [`read_file_to`](Self::read_file_to).
    ///
    /// # Errors
    ///
    /// [`Error::File`] if it cannot be read; see [`Error::is_not_found`]. [`Error::Invalid`] if the path is not absolute
    /// or has a line break.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>, Error> {
        let (path, result) =
            self.read_files(&[path])?.pop().ok_or_else(|| protocol(ACTION, "it names no file".to_owned()))?;
        result.map_err(|error| Error::File { action: "read", path, error })
    }

    /// Writes the content of a file to `to` as it comes, and returns how many bytes it has: `GET /v1/files?action=read`.
    /// It takes little memory, however large the file, and as long as something comes at least every
    /// [`request_timeout`](Self::request_timeout), at a [pace](crate::limits::STREAM_BYTES_PER_SECOND_MIN).
    ///
    /// # Errors
    ///
    /// As for [`read_file`](Self::read_file), but for the size, and [`Error::Local`] if `to` does not take it. A part of
    /// the file may have been written by then.
    pub fn read_file_to(&self, path: &str, to: &mut dyn Write) -> Result<u64, Error> {
        check_path("read", path)?;
        let query = Query::default().with("action", "read").with("path", path);
        // Not what comes is charged, but how long it is until something does.
        let charge = Charge::begin(self, ACTION, self.request_timeout())?;
        let deadline = Deadline::Stall(charge.timeout());
        let mut charge = Some(charge);
        let mut sink = Sink { to, written: 0, failed: None };
        let taken = self.read_parts(&query, &[path], deadline, &mut |_, parts| {
            drop(charge.take());
            parts.copy_content(&mut sink)?;
            Ok(Taken::Whole)
        });
        if let Some(source) = sink.failed {
            return Err(Error::Local { action: format!("read {path:?}"), source });
        }
        match taken? {
            Read::All(mut told) => match told.pop() {
                Some((path, Err(error))) => Err(Error::File { action: "read", path, error }),
                _ => Ok(sink.written),
            },
            Read::UpTo(path) => Err(protocol(ACTION, format!("{path:?} has no end"))),
        }
    }

    /// The contents of several files in one request (in several if the paths are longer than 16 KiB together):
    /// `GET /v1/files?action=read`. The answer has each path once, in the order given.
    ///
    /// Together they may have [`FILES_BYTES_MAX`]: the one that goes beyond that is told of as
    /// [`TooLarge`](crate::FileErrorKind::TooLarge), and those that still fit are read. For larger ones see
    /// [`read_files_within`](Self::read_files_within) and [`read_file_to`](Self::read_file_to).
    ///
    /// # Errors
    ///
    /// What is wrong with one file is told beside its path. [`Error::Invalid`] if a path is not absolute or has a line
    /// break.
    pub fn read_files(&self, paths: &[&str]) -> Result<Vec<FileContent>, Error> {
        let files: Vec<(&str, u64)> = paths.iter().map(|path| (*path, FILES_BYTES_MAX)).collect();
        self.read_all(&files, FILES_BYTES_MAX)
    }

    /// The same, each file to so many bytes at most. One that is longer is told of as
    /// [`TooLarge`](crate::FileErrorKind::TooLarge); it is read no further than its bound, and the others are asked for
    /// again without it. Of a path that comes twice the first bound counts.
    ///
    /// It takes as much memory as the files have that are within their bounds, and at most as much again for the largest
    /// of them. All of it, requests for the rest included, takes one [`request_timeout`](Self::request_timeout).
    ///
    /// # Errors
    ///
    /// As for [`read_files`](Self::read_files).
    pub fn read_files_within(&self, files: &[(&str, u64)]) -> Result<Vec<FileContent>, Error> {
        self.read_all(files, u64::MAX)
    }

    /// `most` is for all of them together.
    fn read_all(&self, files: &[(&str, u64)], most: u64) -> Result<Vec<FileContent>, Error> {
        let (mut read, mut left) = (Vec::new(), most);
        let mut batch: Vec<(&str, u64)> = Vec::new();
        let (mut length, mut known) = (0, HashSet::new());
        for (path, _) in files {
            check_path("read", path)?;
        }
        if files.is_empty() {
            return Ok(read);
        }
        let charge = Charge::begin(self, ACTION, self.request_timeout())?;
        for (path, bytes_max) in files.iter().filter(|(path, _)| known.insert(*path)) {
            batch.push((path, *bytes_max));
            length += query(&[path]).len();
            if length > MAX_QUERY {
                self.read_batch(&batch, &mut left, charge.deadline(), &mut read)?;
                batch.clear();
                length = 0;
            }
        }
        if !batch.is_empty() {
            self.read_batch(&batch, &mut left, charge.deadline(), &mut read)?;
        }
        Ok(read)
    }

    /// Asks for them again without those that are too large, until all others have come.
    fn read_batch(
        &self,
        files: &[(&str, u64)],
        left: &mut u64,
        deadline: Deadline<'_>,
        read: &mut Vec<FileContent>,
    ) -> Result<(), Error> {
        let bounds: HashMap<&str, u64> = files.iter().copied().collect();
        let mut too_large: HashMap<&str, u64> = HashMap::new();
        let contents = loop {
            let paths: Vec<&str> =
                files.iter().map(|(path, _)| *path).filter(|path| !too_large.contains_key(path)).collect();
            if paths.is_empty() {
                break HashMap::new();
            }
            let (mut contents, mut taken, mut bound) = (HashMap::new(), 0, 0);
            let told = self.read_parts(&query(&paths), &paths, deadline, &mut |path, parts| {
                bound = bounds.get(path).copied().unwrap_or_default().min(*left - taken);
                let Some(content) = parts.content_within(bound)? else { return Ok(Taken::TooLarge) };
                taken += u64::try_from(content.len()).unwrap_or(u64::MAX);
                contents.insert(path.to_owned(), content);
                Ok(Taken::Whole)
            })?;
            match told {
                Read::UpTo(path) => {
                    let known = bounds.get_key_value(path.as_str());
                    too_large.extend(known.map(|(path, _)| (*path, bound)));
                }
                Read::All(told) => {
                    *left -= taken;
                    // A part of one that failed half-way may be there.
                    break told
                        .into_iter()
                        .map(|(path, told)| {
                            let content = contents.remove(&path).unwrap_or_default();
                            (path, told.map(|()| content))
                        })
                        .collect();
                }
            }
        };
        let mut contents = contents;
        read.extend(files.iter().filter_map(|(path, _)| {
            let content = match too_large.get(path) {
                Some(bytes_max) => Err(FileError::too_large(*bytes_max)),
                None => contents.remove(*path)?,
            };
            Some(((*path).to_owned(), content))
        }));
        Ok(())
    }

    /// Gives each file that comes to `take`, and returns what is told of all in the end: which of them to believe.
    fn read_parts(
        &self,
        query: &Query,
        paths: &[&str],
        deadline: Deadline<'_>,
        take: &mut dyn FnMut(&str, &mut Parts<'_>) -> io::Result<Taken>,
    ) -> Result<Read, Error> {
        let headers = [("Accept", "multipart/form-data".to_owned())];
        let target = format!("{FILES}{query}");
        let response = self.send(ACTION, Method::Get, &target, &headers, Body::Empty, deadline)?;
        let (kind, parameters) = multipart::header_value(&response.content_type);
        if kind != "multipart/form-data" {
            self.answer(ACTION, response, deadline)?;
            return Err(protocol(ACTION, "it holds no files".to_owned()));
        }
        let Some((_, boundary)) = parameters.into_iter().find(|(name, _)| name == "boundary") else {
            return Err(protocol(ACTION, "it names no boundary".to_owned()));
        };
        let failed = |error: io::Error| self.read_error(ACTION, error, deadline);
        let body: Box<dyn io::Read + '_> = match deadline {
            Deadline::Whole { .. } => response.body,
            Deadline::Stall(stall) => {
                Box::new(Paced { from: response.body, pace: Pace::new(self.transport(), stall) })
            }
        };
        let mut reader = multipart::Reader::new(body, &boundary);
        let (mut told, mut seen) = (None, HashSet::new());
        while let Some(part) = reader.next_part().map_err(failed)? {
            match (part.name.as_str(), part.filename) {
                ("files", Some(filename)) if paths.contains(&filename.as_str()) => {
                    if seen.contains(&filename) {
                        return Err(protocol(ACTION, format!("it has {filename:?} twice")));
                    }
                    if let Taken::TooLarge = take(&filename, &mut reader).map_err(failed)? {
                        return Ok(Read::UpTo(filename));
                    }
                    seen.insert(filename);
                }
                ("response", _) if told.is_none() => {
                    let content = reader.content_within(ANSWER_BYTES_MAX).map_err(failed)?;
                    told = Some(content.ok_or_else(|| Error::too_many_bytes(ACTION, ANSWER_BYTES_MAX))?);
                }
                _ => {}
            }
        }
        let told = told.unwrap_or_default();
        let results: Vec<PathResult> = Answer::parse(ACTION, response.status, &told)?.list(ACTION)?;
        let told = told_of(ACTION, results, paths)?;
        match told.iter().find(|(path, result)| result.is_ok() && !seen.contains(path)) {
            Some((path, _)) => Err(protocol(ACTION, format!("it lacks the content of {path:?}"))),
            None => Ok(Read::All(told)),
        }
    }
}

fn query(paths: &[&str]) -> Query {
    paths.iter().fold(Query::default().with("action", "read"), |query, path| query.with("path", path))
}

/// How much of a part was taken.
enum Taken {
    Whole,
    TooLarge,
}

/// What came of a request.
enum Read {
    /// What is told of each file.
    All(Vec<FileOutcome>),
    /// The connection was left at this one, which is too large.
    UpTo(String),
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
