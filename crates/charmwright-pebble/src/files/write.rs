//! Files from us to the workload.

use std::collections::{HashSet, VecDeque};
use std::io::{self, Cursor, Read};

use serde::Serialize;

use super::{At, FILES, PathResult, check_path, one_path, told_of};
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
        let deadline = self.deadline(self.request_timeout());
        let (mut content, action) = (content, format!("write file {path:?}"));
        let mut file = Upload { path, options, content: &mut content, length };
        one_path(self.upload(&action, &boundary, std::slice::from_mut(&mut file), deadline), "write", path)
    }

    /// Writes a file with what is read from `content`, to its end: `POST /v1/files` with `write`. It takes little memory,
    /// however large the file, and as long as something goes at least every [`request_timeout`](Self::request_timeout).
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
        let deadline = Deadline::Stall(self.request_timeout());
        let action = format!("write file {path:?}");
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
        let deadline = self.deadline(self.request_timeout());
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
        let mut body = Pieces::default();
        body.0.push_back(Box::new(Cursor::new(head)));
        for file in files {
            let part = format!(
                "\r\n--{boundary}\r\n\
                 Content-Type: application/octet-stream\r\n\
                 Content-Disposition: form-data; name=\"files\"; filename={}\r\n\r\n",
                multipart::quoted(file.path)
            );
            let content = file.length.and_then(|length| usize::try_from(length).ok());
            length = length.zip(content).map(|(all, content)| all + part.len() + content);
            body.0.push_back(Box::new(Cursor::new(part)));
            body.0.push_back(Box::new(&mut *file.content));
        }
        body.0.push_back(Box::new(Cursor::new(tail)));
        let length = length.and_then(|length| u64::try_from(length).ok());
        let headers = [("Content-Type", format!("multipart/form-data; boundary={boundary}"))];
        let body = Body::Reader { reader: &mut body, length };
        let response = self.send(action, Method::Post, FILES, &headers, body, deadline)?;
        self.answer(action, response, deadline)
    }
}

/// One after the other. (`Read::chain` would take a level of the stack for each.)
#[derive(Default)]
struct Pieces<'a>(VecDeque<Box<dyn Read + 'a>>);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(piece) = self.0.front_mut() {
            match piece.read(buffer)? {
                0 if !buffer.is_empty() => drop(self.0.pop_front()),
                read => return Ok(read),
            }
        }
        Ok(0)
    }
}

/// A file on its way.
struct Upload<'a> {
    path: &'a str,
    options: &'a WriteOptions,
    content: &'a mut dyn Read,
    length: Option<u64>,
}
