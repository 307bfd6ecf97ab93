//! Files, to and fro.

use std::io::{self, Read, Write};

use charmwright_pebble::multipart;

use super::body::{Reading, Writing};
use crate::files::{self, FileError, FileOutcome, WriteRequest};
use crate::real::{RealFiles, of_file};
use crate::request::Response;

/// What is between the parts of an answer: nobody guesses it.
pub(crate) fn boundary() -> String {
    (0..60).map(|_| fastrand::digit(16)).collect()
}

/// Sends the contents of files, and what became of each.
pub(crate) fn send(paths: &[String], boundary: &str, mut to: Writing) {
    // A client that goes away is told no more.
    let _ = send_all(paths, boundary, &mut to);
}

fn send_all(paths: &[String], boundary: &str, to: &mut Writing) -> io::Result<()> {
    let files = RealFiles::default();
    let mut outcomes: Vec<FileOutcome> = Vec::new();
    for path in paths {
        let outcome = match files::open(&files, path) {
            Ok(mut file) => {
                write!(
                    to,
                    "--{boundary}\r\nContent-Disposition: form-data; name=\"files\"; filename={}\r\n\
                     Content-Type: application/octet-stream\r\n\r\n",
                    multipart::quoted(path)
                )?;
                let sent = copy(&mut file, to, path)?;
                to.write_all(b"\r\n")?;
                sent
            }
            Err(error) => Err(error),
        };
        outcomes.push((path.clone(), outcome));
    }
    write!(
        to,
        "--{boundary}\r\nContent-Disposition: form-data; name=\"response\"\r\n\
         Content-Type: application/json\r\n\r\n"
    )?;
    to.write_all(&files::read_answer(&outcomes))?;
    write!(to, "\r\n--{boundary}--\r\n")?;
    to.flush()
}

/// An error of the file is told, one of the client ends it all.
fn copy(file: &mut dyn Read, to: &mut Writing, path: &str) -> io::Result<Result<(), FileError>> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(Ok(())),
            Ok(length) => to.write_all(chunk.get(..length).unwrap_or_default())?,
            Err(error) => return Ok(Err(of_file("read", path, &error))),
        }
    }
}

/// How much of a request is read after what it says has been understood, so that its connection can go on.
const REST: u64 = 256 * 1024;

/// Writes the files of a request as they come.
pub(crate) fn receive(request: WriteRequest, mut body: Reading) -> Response {
    let answer = write(request, &mut body);
    // A client that has gone misses nothing.
    let _ = io::copy(&mut body.take(REST), &mut io::sink());
    answer
}

fn write(mut request: WriteRequest, body: &mut Reading) -> Response {
    let mut parts = multipart::Reader::new(body, &request.boundary);
    let mut metadata = Vec::new();
    let Ok(Some(first)) = parts.next_part() else {
        return WriteRequest::no_metadata("multipart: NextPart: EOF");
    };
    if parts.copy_content(&mut metadata).is_err() {
        return WriteRequest::no_metadata("unexpected EOF");
    }
    if let Err(answer) = request.begin(&first.name, &metadata) {
        return answer;
    }
    loop {
        let part = match parts.next_part() {
            Ok(Some(part)) => part,
            Ok(None) => return request.finish(),
            Err(_) => return request.broken("multipart: NextPart: EOF"),
        };
        let file = match request.part(&part.name, part.filename.as_deref().unwrap_or_default()) {
            Ok(file) => file,
            Err(answer) => return answer,
        };
        let mut content = Content { parts: &mut parts, failed: false };
        let outcome = files::write_file(&mut RealFiles::default(), &file, &mut content);
        if content.failed {
            return request.broken("unexpected EOF");
        }
        request.wrote(&file.path, outcome);
    }
}

/// What comes of a file, and whether it ended early.
struct Content<'a, 'b> {
    parts: &'a mut multipart::Reader<&'b mut Reading>,
    failed: bool,
}

impl Read for Content<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.parts.read(buffer).inspect_err(|_| self.failed = true)
    }
}
