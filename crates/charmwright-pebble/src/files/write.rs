//! Files from us to the workload.

use std::collections::{HashSet, VecDeque};
use std::io::{self, Cursor, Read};

use serde::Serialize;

use super::pace::Pace;
use super::{At, FILES, PathResult, check_path, one_path, told_of};
use crate::budget::Charge;
use crate::client::{Client, Deadline};
use crate::envelope::Answer;
use crate::error::Error;
use crate::file_types::{FileOutcome, WriteOptions, WriteWire};
use crate::multipart;
use crate::transport::{Body, Method};

impl Client {
    /// Writes a file: `POST /v1/files` with `write`.
    ///
    /// The file appears as a whole or not at all. It is a new one: a symbolic link is replaced, and mode and owner of an
    /// old file do not stay. A mounted file cannot be written.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if it cannot be written. [`Error::Invalid`] if the path is not absolute or has a line break.
    pub fn write_file(&self, path: &str, content: &[u8], options: &WriteOptions) -> Result<(), Error> {
        let length = u64::try_from(content.len()).ok();
        let boundary = multipart::boundary_for(content);
        let (mut content, action) = (content, format!("write file {path:?}"));
        let charge = Charge::begin(self, &action, self.request_timeout())?;
        let deadline = charge.deadline();
        let mut file = Upload { path, options, content: &mut content, length };
        one_path(self.upload(&action, &boundary, std::slice::from_mut(&mut file), deadline), "write", path)
    }

    /// Writes a file with what is read from `content`, to its end: `POST /v1/files` with `write`. It takes little memory,
    /// however large the file, and as long as something goes at least every [`request_timeout`](Self::request_timeout), at a
    /// [pace](crate::limits::STREAM_BYTES_PER_SECOND_MIN). What `content` itself takes to be read does not count.
    ///
    /// # Errors
    ///
    /// As for [`write_file`](Self::write_file), and [`Error::Local`] if `content` cannot be read; nothing is written then.
    pub fn write_file_from(
        &self,
        path: &str,
        content: &mut dyn Read,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let action = format!("write file {path:?}");
        let stall = Charge::begin(self, &action, self.request_timeout())?.timeout();
        let deadline = Deadline::Stall(stall);
        let mut file = Upload { path, options, content, length: None };
        let boundary = multipart::random_boundary();
        one_path(self.upload(&action, &boundary, std::slice::from_mut(&mut file), deadline), "write", path)
    }

    /// Writes several files in one request: `POST /v1/files` with `write`. Each appears as a whole or not at all, and what
    /// becomes of one is not the others' concern.
    ///
    /// # Errors
    ///
    /// What is wrong with one file is told beside its path. [`Error::Invalid`] if a path is not absolute or has a line
    /// break, or comes twice.
    pub fn write_files(&self, files: &[(&str, &[u8], &WriteOptions)]) -> Result<Vec<FileOutcome>, Error> {
        let action = format!("write {} files", files.len());
        let paths: Vec<&str> = files.iter().map(|(path, ..)| *path).collect();
        let mut known = HashSet::new();
        if let Some(twice) = paths.iter().find(|path| !known.insert(**path)) {
            return Err(Error::Invalid { action, message: format!("{twice:?} comes twice") });
        }
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let mut contents: Vec<&[u8]> = files.iter().map(|(_, content, _)| *content).collect();
        let boundary = multipart::boundary_for_all(&contents);
        let mut uploads: Vec<Upload<'_>> = files
            .iter()
            .zip(&mut contents)
            .map(|((path, _, options), content)| {
                let length = u64::try_from(content.len()).ok();
                Upload { path, options, content, length }
            })
            .collect();
        let charge = Charge::begin(self, &action, self.request_timeout())?;
        let deadline = charge.deadline();
        let answer = self.upload(&action, &boundary, &mut uploads, deadline)?;
        told_of(&action, answer.list::<PathResult>(&action)?, &paths)
    }

    fn upload(
        &self,
        action: &str,
        boundary: &str,
        files: &mut [Upload<'_>],
        deadline: Deadline<'_>,
    ) -> Result<Answer, Error> {
        #[derive(Serialize)]
        struct Write<'a> {
            action: &'static str,
            files: Vec<At<'a, WriteWire<'a>>>,
        }

        for file in files.iter() {
            check_path("write", file.path)?;
        }
        let wires = files.iter().map(|file| At { path: file.path, options: file.options.wire() }).collect();
        let request = serde_json::to_string(&Write { action: "write", files: wires })
            .map_err(|error| Error::Invalid { action: action.to_owned(), message: error.to_string() })?;
        let head = format!(
            "--{boundary}\r\n\
             Content-Type: application/json\r\n\
             Content-Disposition: form-data; name=\"request\"\r\n\r\n\
             {request}"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let mut length = Some(head.len() + tail.len());
        let pace = match deadline {
            Deadline::Whole { .. } => None,
            Deadline::Stall(stall) => Some(Pace::new(self.transport(), stall)),
        };
        let mut body = Pieces { queue: VecDeque::new(), pace, last: 0, is_slow: false };
        body.queue.push_back(Box::new(Cursor::new(head)));
        for file in files {
            let part = format!(
                "\r\n--{boundary}\r\n\
                 Content-Type: application/octet-stream\r\n\
                 Content-Disposition: form-data; name=\"files\"; filename={}\r\n\r\n",
                multipart::quoted(file.path)
            );
            let content = file.length.and_then(|length| usize::try_from(length).ok());
            length = length.zip(content).map(|(all, content)| all + part.len() + content);
            body.queue.push_back(Box::new(Cursor::new(part)));
            body.queue.push_back(Box::new(&mut *file.content));
        }
        body.queue.push_back(Box::new(Cursor::new(tail)));
        let length = length.and_then(|length| u64::try_from(length).ok());
        let headers = [("Content-Type", format!("multipart/form-data; boundary={boundary}"))];
        let sent = {
            let body = Body::Reader { reader: &mut body, length };
            self.send(action, Method::Post, FILES, &headers, body, deadline)
        };
        if body.is_slow {
            return Err(deadline.error(action));
        }
        self.answer(action, sent?, deadline)
    }
}

/// One after the other. (`Read::chain` would take a level of the stack for each.)
struct Pieces<'a> {
    queue: VecDeque<Box<dyn Read + 'a>>,
    pace: Option<Pace<'a>>,
    /// What was read last: it has been sent when more is read.
    last: usize,
    /// The daemon took too little of it.
    is_slow: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let queue = &mut self.queue;
        let mut next = || -> io::Result<usize> {
            while let Some(piece) = queue.front_mut() {
                match piece.read(buffer)? {
                    0 if !buffer.is_empty() => drop(queue.pop_front()),
                    read => return Ok(read),
                }
            }
            Ok(0)
        };
        let read = match &mut self.pace {
            None => next()?,
            Some(pace) => {
                let passed = pace.pass(self.last);
                self.is_slow = passed.is_err();
                passed?;
                pace.without(next)?
            }
        };
        self.last = read;
        Ok(read)
    }
}

/// A file on its way.
struct Upload<'a> {
    path: &'a str,
    options: &'a WriteOptions,
    content: &'a mut dyn Read,
    length: Option<u64>,
}
