//! Files that are read where the answer comes in pieces, cut anywhere, or not to its end.

#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests")]

use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use charmwright_pebble::transport::{Body, Channel, Request, Response, Transport, TransportError};
use charmwright_pebble::{Client, Error, FileContent, WriteOptions};

const BOUNDARY: &str = "7d2b8f0a";

/// Gives the same answer to each request, in pieces: the first ends here, each other has at most so many bytes.
#[derive(Clone, Debug)]
struct Answers {
    content_type: String,
    body: Vec<u8>,
    cut: usize,
    step: usize,
}

struct Pieces {
    body: Cursor<Vec<u8>>,
    cut: u64,
    step: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let to_cut = self.cut.saturating_sub(self.body.position());
        let most = if to_cut == 0 { self.step } else { usize::try_from(to_cut).unwrap() };
        let length = buffer.len().min(most);
        self.body.read(&mut buffer[..length])
    }
}

impl Transport for Answers {
    fn socket(&self) -> &Path {
        Path::new("/nowhere")
    }

    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        if let Body::Reader { reader, .. } = request.body {
            io::copy(reader, &mut io::sink()).map_err(TransportError::Source)?;
        }
        let (body, cut) = (Cursor::new(self.body.clone()), self.cut.try_into().unwrap());
        let body = Pieces { body, cut, step: self.step };
        Ok(Response::new(200, self.content_type.clone(), Box::new(body)))
    }

    fn open(&self, _path: &str, _timeout: Duration) -> Result<Channel, TransportError> {
        Err(TransportError::Timeout)
    }
}

/// Contents that are hard to tell from what is around them.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("/empty", Vec::new()),
        ("/lines", b"\r\n\r\n--\r\n".to_vec()),
        ("/a \"b\" \\c", format!("\r\n--{BOUNDARY}x\r\n--{BOUNDARY}-").into_bytes()),
        ("/\u{e9}", format!("--{BOUNDARY}--\r\n\r\n--{}", &BOUNDARY[..7]).into_bytes()),
        ("/bytes", (0..=255).collect()),
    ]
}

fn told(contents: &[(&str, Vec<u8>)]) -> String {
    let told: Vec<_> = contents.iter().map(|(path, _)| serde_json::json!({"path": path})).collect();
    serde_json::json!({"type": "sync", "status-code": 200, "result": told}).to_string()
}

fn form(contents: &[(&str, Vec<u8>)], told: &str) -> Vec<u8> {
    let mut form = Vec::new();
    for (path, content) in contents {
        let name = path.replace('\\', r"\\").replace('"', r#"\""#);
        form.extend_from_slice(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
            )
            .as_bytes(),
        );
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    let end = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"response\"\r\n\
         Content-Type: application/json\r\n\r\n{told}\n\r\n--{BOUNDARY}--\r\n"
    );
    form.extend_from_slice(end.as_bytes());
    form
}

fn answers(body: Vec<u8>) -> Answers {
    let (cut, step) = (body.len(), usize::MAX);
    Answers { content_type: format!("multipart/form-data; boundary={BOUNDARY}"), body, cut, step }
}

fn client(answers: Answers) -> Client {
    Client::over(Arc::new(answers))
}

fn read(answers: Answers, contents: &[(&str, Vec<u8>)]) -> Result<Vec<FileContent>, Error> {
    let paths: Vec<&str> = contents.iter().map(|(path, _)| *path).collect();
    client(answers).read_files(&paths)
}

#[test]
fn files_are_read_wherever_the_answer_is_cut() {
    let contents = contents();
    let expected: Vec<FileContent> =
        contents.iter().map(|(path, content)| ((*path).to_owned(), Ok(content.clone()))).collect();
    let whole = answers(form(&contents, &told(&contents)));
    for cut in 0..whole.body.len() {
        let read = read(Answers { cut, ..whole.clone() }, &contents).unwrap();
        assert_eq!(read, expected, "cut at {cut}");
    }
    for step in [1, 2, 3, 7] {
        let read = read(Answers { cut: 0, step, ..whole.clone() }, &contents).unwrap();
        assert_eq!(read, expected, "{step} a read");
    }
}

#[test]
fn a_file_is_streamed_wherever_the_answer_is_cut() {
    for (path, content) in contents() {
        let one = [(path, content)];
        let whole = answers(form(&one, &told(&one)));
        for cut in 0..whole.body.len() {
            let mut to = Vec::new();
            let client = client(Answers { cut, ..whole.clone() });
            let length = client.read_file_to(path, &mut to).unwrap();
            assert_eq!((&to, length), (&one[0].1, u64::try_from(to.len()).unwrap()), "{path} cut at {cut}");
        }
    }
}

#[test]
fn an_answer_that_ends_early_is_none() {
    let contents = contents();
    let whole = form(&contents, &told(&contents));
    // All but the last line break, which says nothing.
    for length in 0..whole.len() - 2 {
        let error = read(answers(whole[..length].to_vec()), &contents).unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{length}: {error:?}");
    }
    read(answers(whole[..whole.len() - 2].to_vec()), &contents).unwrap();
}

#[test]
fn what_is_told_last_is_what_counts() {
    let contents = vec![("/a", b"a part".to_vec()), ("/b", b"b".to_vec())];
    let failed = r#"{"type":"sync","result":[
        {"path":"/a","error":{"message":"read /a: input/output error","kind":"generic-file-error"}},
        {"path":"/b"}]}"#;
    let read_them = read(answers(form(&contents, failed)), &contents).unwrap();
    assert_eq!(read_them[0].1.as_ref().unwrap_err().message, "read /a: input/output error");
    assert_eq!(read_them[1].1.as_deref(), Ok(&b"b"[..]));
    // Of other files than asked for, of fewer, and of one without content.
    for (parts, told) in [
        (&contents[..], r#"{"type":"sync","result":[{"path":"/b"},{"path":"/a"}]}"#),
        (&contents[..], r#"{"type":"sync","result":[{"path":"/a"}]}"#),
        (&contents[..], r#"{"type":"sync","result":null}"#),
        (&contents[..], r#"{"type":"sync"}"#),
        (&contents[..], "no JSON"),
        (&contents[..1], r#"{"type":"sync","result":[{"path":"/a"},{"path":"/b"}]}"#),
    ] {
        let error = read(answers(form(parts, told)), &contents).unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{told}: {error:?}");
    }
}

#[test]
fn a_form_without_a_boundary_is_none() {
    let contents = vec![("/a", b"a".to_vec())];
    let whole = answers(form(&contents, &told(&contents)));
    for (content_type, is_good) in [
        (format!("multipart/form-data; boundary=\"{BOUNDARY}\""), true),
        (format!("Multipart/Form-Data ;charset=x; Boundary={BOUNDARY}"), true),
        ("multipart/form-data; boundary=another".to_owned(), false),
        ("multipart/form-data".to_owned(), false),
        (format!("multipart/mixed; boundary={BOUNDARY}"), false),
        ("application/octet-stream".to_owned(), false),
        (String::new(), false),
    ] {
        let read = read(Answers { content_type: content_type.clone(), ..whole.clone() }, &contents);
        assert_eq!(read.is_ok(), is_good, "{content_type}: {read:?}");
        assert!(is_good || matches!(read, Err(Error::Protocol { .. })), "{read:?}");
    }
}

#[test]
fn what_is_sent_and_cannot_be_read_is_our_fault() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("no disk"))
        }
    }
    let client = client(Answers {
        content_type: "application/json".to_owned(),
        ..answers(br#"{"type":"sync","result":[{"path":"/a"}]}"#.to_vec())
    });
    let error = client.write_file_from("/a", &mut Broken, &WriteOptions::default()).unwrap_err();
    let Error::Local { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source.to_string(), "no disk");
    client.write_file_from("/a", &mut &b"x"[..], &WriteOptions::default()).unwrap();
}
