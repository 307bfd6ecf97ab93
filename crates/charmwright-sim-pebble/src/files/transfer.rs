//! The contents of files, to and fro as multipart.

use std::io::{self, Read, Write};

use charmwright_pebble::multipart;

use super::{FileError, FileOutcome, Files, WriteRequest, answer};
use crate::request::Response;

/// Sends the contents of files, and what became of each.
///
/// # Errors
///
/// Only those of the client: that of a file is in the answer.
pub(crate) fn send(
    files: &dyn Files,
    paths: &[String],
    boundary: &str,
    to: &mut dyn Write,
) -> io::Result<()> {
    let mut outcomes: Vec<FileOutcome> = Vec::new();
    for path in paths {
        let outcome = match answer::open(files, path) {
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
    to.write_all(&answer::read_answer(&outcomes))?;
    write!(to, "\r\n--{boundary}--\r\n")?;
    to.flush()
}

/// An error of the file is told, one of the client ends it all.
fn copy(file: &mut dyn Read, to: &mut dyn Write, path: &str) -> io::Result<Result<(), FileError>> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(Ok(())),
            Ok(length) => to.write_all(chunk.get(..length).unwrap_or_default())?,
            Err(error) => return Ok(Err(FileError::of("read", path, &error))),
        }
    }
}

/// Writes the files of a request as they come.
pub(crate) fn receive(files: &mut dyn Files, mut request: WriteRequest, body: &mut dyn Read) -> Response {
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
        let outcome = answer::write_file(files, &file, &mut content);
        if content.failed {
            return request.broken("unexpected EOF");
        }
        request.wrote(&file.path, outcome);
    }
}

/// What comes of a file, and whether it ended early.
struct Content<'a, 'b> {
    parts: &'a mut multipart::Reader<&'b mut dyn Read>,
    failed: bool,
}

impl Read for Content<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.parts.read(buffer).inspect_err(|_| self.failed = true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_process::MemoryFiles;

    const BODY: &str = "--b\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n\
                        {\"action\":\"write\",\"files\":[{\"path\":\"/a\\\"b\"}]}\r\n--b\r\nContent-Type: x\r\n\
                        Content-Disposition: form-data; name=\"files\"; filename=\"/a\\\"b\"\r\n\r\n\
                        --b\r\n-\r\n--b--\r\n";

    fn receive_all(files: &mut MemoryFiles, body: &str) -> Response {
        receive(files, WriteRequest::new("b"), &mut body.as_bytes())
    }

    #[test]
    fn what_looks_like_a_boundary_is_content() {
        let mut files = MemoryFiles::default();
        assert_eq!(receive_all(&mut files, BODY).status, 200);
        let mut content = Vec::new();
        files.open("/a\"b").unwrap().read_to_end(&mut content).unwrap();
        assert_eq!(content, b"--b\r\n-");
    }

    #[test]
    fn a_request_that_ends_early_writes_nothing_wherever_it_ends() {
        // The last boundary is understood without the line break after it.
        for end in 0..BODY.len() - "\r\n".len() {
            let mut files = MemoryFiles::default();
            assert_eq!(receive_all(&mut files, &BODY[..end]).status, 400, "after {end} bytes");
            assert!(files.stat("/a\"b").is_err(), "after {end} bytes");
        }
    }
}
