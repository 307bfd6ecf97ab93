//! A daemon that says what it likes.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use charmwright_pebble::Client;
use tempfile::TempDir;

/// What is said, until the client leaves.
#[derive(Clone)]
pub(crate) struct Say {
    begin: Vec<u8>,
    then: Then,
}

#[derive(Clone)]
enum Then {
    Leave,
    Silence,
    Endless(Vec<u8>, Duration),
}

impl Say {
    pub(crate) fn bytes(begin: impl Into<Vec<u8>>) -> Self {
        Self { begin: begin.into(), then: Then::Leave }
    }

    /// A whole answer.
    pub(crate) fn all(answer: &str) -> Self {
        Self::bytes(answer)
    }

    /// The client has to leave.
    pub(crate) fn nothing() -> Self {
        Self { then: Then::Silence, ..Self::bytes("") }
    }

    /// The head of an answer that ends with the connection.
    pub(crate) fn head(content_type: &str) -> Self {
        Self::bytes(format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n"))
    }

    pub(crate) fn then(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.begin.extend_from_slice(bytes.as_ref());
        self
    }

    /// The same again and again.
    pub(crate) fn endless(self, bytes: &[u8]) -> Self {
        Self { then: Then::Endless(bytes.repeat(1 + 8192 / bytes.len()), Duration::ZERO), ..self }
    }

    /// The same again and again, with time in between.
    pub(crate) fn drip(self, bytes: &[u8], pause: Duration) -> Self {
        Self { then: Then::Endless(bytes.to_vec(), pause), ..self }
    }

    fn to(&self, stream: &mut UnixStream) -> io::Result<()> {
        stream.write_all(&self.begin)?;
        match &self.then {
            Then::Leave => Ok(()),
            Then::Silence => stream.read_to_end(&mut Vec::new()).map(drop),
            Then::Endless(bytes, pause) => loop {
                stream.write_all(bytes)?;
                std::thread::sleep(*pause);
            },
        }
    }
}

/// Answers each request as it is told to.
pub(crate) struct Daemon {
    client: Client,
    requests: Arc<Mutex<Vec<String>>>,
    _dir: TempDir,
}

impl Daemon {
    pub(crate) fn new(answer: impl Fn(&str) -> Say + Send + Sync + 'static) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let (requests, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let heard = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, heard) = (Arc::clone(&answer), Arc::clone(&heard));
                let mut stream = stream.unwrap();
                std::thread::spawn(move || {
                    let request = read_request(&mut stream);
                    let say = answer(&request);
                    heard.lock().unwrap().push(request);
                    // A client that leaves is what is waited for.
                    let _ = say.to(&mut stream);
                });
            }
        });
        Self { client: Client::new(path), requests, _dir: dir }
    }

    /// One that has these files, of so many bytes.
    pub(crate) fn with_files(files: &[(&str, u64)]) -> Self {
        let files: Vec<(String, u64)> =
            files.iter().map(|(path, bytes)| ((*path).to_owned(), *bytes)).collect();
        Self::new(move |request| {
            let target = request.split(' ').nth(1).unwrap();
            let asked: Vec<&str> = target.split('&').filter_map(|part| part.strip_prefix("path=")).collect();
            let mut say = Say::head("multipart/form-data; boundary=B");
            for path in &asked {
                let (_, bytes) = files.iter().find(|(known, _)| known == path).unwrap();
                say = say.then(part(path));
                if *bytes > 64 << 20 {
                    return say.endless(b"x");
                }
                let content = vec![b'x'; usize::try_from(*bytes).unwrap()];
                say = say.then(content).then("\r\n");
            }
            say.then(response(&asked))
        })
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Those that came so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn part(path: &str) -> String {
    format!("--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{path}\"\r\n\r\n")
}

fn response(paths: &[&str]) -> String {
    let told: Vec<String> = paths.iter().map(|path| format!("{{\"path\":\"{path}\"}}")).collect();
    format!(
        "--B\r\nContent-Disposition: form-data; name=\"response\"\r\n\r\n{{\"type\":\"sync\",\"result\":[{}]}}\r\n--B--\r\n",
        told.join(",")
    )
}

/// Files as a daemon sends them.
pub(crate) fn form(files: &[(&str, &[u8])]) -> String {
    let mut form = String::new();
    for (path, content) in files {
        write!(form, "{}{}\r\n", part(path), String::from_utf8_lossy(content)).unwrap();
    }
    form + &response(&files.iter().map(|(path, _)| *path).collect::<Vec<_>>())
}

/// A good answer.
pub(crate) fn json(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn read_request(stream: &mut UnixStream) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    let _ = stream.read_exact(&mut body);
    request.extend(body);
    String::from_utf8_lossy(&request).into_owned()
}
