//! What the client makes of answers that a real daemon gives rarely, or never.

#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests")]

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use charmwright_pebble::{
    ChangeId, ChangeStatus, Client, Error, FileErrorKind, Layer, ListOptions, MakeDirOptions, WriteOptions,
};
use tempfile::TempDir;

/// Gives one answer a connection, and returns the requests that it got.
struct Server {
    client: Client,
    thread: JoinHandle<Vec<String>>,
    _dir: TempDir,
}

impl Server {
    fn new<A: Into<Vec<u8>>>(answers: impl IntoIterator<Item = A>) -> Self {
        let answers: Vec<Vec<u8>> = answers.into_iter().map(Into::into).collect();
        Self::with(move |listener| {
            answers
                .iter()
                .map(|answer| {
                    let (mut stream, _) = listener.accept().unwrap();
                    let request = read_request(&mut stream);
                    stream.write_all(answer).unwrap();
                    request
                })
                .collect()
        })
    }

    fn with(serve: impl FnOnce(UnixListener) -> Vec<String> + Send + 'static) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let thread = std::thread::spawn(|| serve(listener));
        Self { client: Client::new(path), thread, _dir: dir }
    }

    fn requests(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

fn read_request(stream: &mut UnixStream) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    request.extend(body);
    String::from_utf8_lossy(&request).into_owned()
}

/// Ends a head. The server leaves after each answer and says so: a client may find a connection still open that is gone
/// when it writes.
const LEAVES: &str = "Connection: close\r\n\r\n";

fn json(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{LEAVES}{body}"
    )
}

const INFO: &str = r#"{"type":"sync","status-code":200,"result":{"version":"v9","boot-id":"b"}}"#;
const DONE: &str = r#"{"type":"sync","result":{"id":"7","status":"Done","ready":true}}"#;
const GATEWAY: &str = r#"{"type":"error","result":{"message":"timed out waiting for change after 1ms"}}"#;

fn change() -> ChangeId {
    ChangeId::new("7").unwrap()
}

#[test]
fn a_plain_and_a_chunked_answer_are_the_same() {
    let mut chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
    for piece in INFO.as_bytes().chunks(7) {
        write!(chunked, "{:x}\r\n{}\r\n", piece.len(), String::from_utf8_lossy(piece)).unwrap();
    }
    chunked.push_str("0\r\n\r\n");
    let server = Server::new([json(200, INFO), chunked]);
    let info = server.client.system_info().unwrap();
    assert_eq!((info.version.as_str(), info.boot_id.as_str()), ("v9", "b"));
    assert_eq!(server.client.system_info().unwrap(), info);
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /v1/system-info HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].to_ascii_lowercase().contains("\r\nhost: localhost\r\n"), "{}", requests[0]);
}

#[test]
fn an_answer_that_ends_early_is_unreachable_wherever_it_ends() {
    let plain = json(200, INFO);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{INFO}\r\n0\r\n\r\n",
        INFO.len()
    );
    // The last four bytes of a chunked answer end it: without the last two it is understood all the same.
    let ends = (0..plain.len()).map(|end| plain[..end].to_owned());
    let ends: Vec<String> = ends.chain((0..chunked.len() - 4).map(|end| chunked[..end].to_owned())).collect();
    let server = Server::new(ends.clone());
    for end in ends {
        let error = server.client.system_info().unwrap_err();
        assert!(error.is_unreachable(), "after {end:?}: {error}");
        assert!(error.to_string().contains(server.client.socket().to_str().unwrap()), "{error}");
    }
    // One request each: what failed was not sent again.
    server.requests();
}

#[test]
fn a_reset_is_unreachable() {
    let server = Server::with(|listener| {
        // What is not read when a connection closes resets it.
        drop(listener.accept().unwrap());
        Vec::new()
    });
    assert!(server.client.replan().unwrap_err().is_unreachable());
    server.requests();
}

#[test]
fn nobody_there_is_unreachable() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    assert!(Client::new(&path).system_info().unwrap_err().is_unreachable());
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    assert!(Client::new(&path).system_info().unwrap_err().is_unreachable());
    assert!(Client::new(path.join("below/a/file")).system_info().unwrap_err().is_unreachable());
}

#[test]
fn what_is_not_pebble_is_a_protocol_error() {
    let text = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n{LEAVES}nope\n");
    let redirect = format!("HTTP/1.1 301 Moved\r\nLocation: /v1/elsewhere\r\nContent-Length: 0\r\n{LEAVES}");
    let half = json(200, r#"{"type":"sync","result":{"#);
    let server = Server::new([&text, &redirect, &half, "SSH-2.0-OpenSSH_9.6\r\n\r\n"]);
    for told in ["nope", "301", "ends too early", ""] {
        let error = server.client.system_info().unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
        assert!(error.to_string().contains(told), "{error}");
    }
    server.requests();
}

#[test]
fn a_server_that_says_nothing_is_a_timeout() {
    let server = Server::with(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        // Ends when the client gives up.
        let mut request = Vec::new();
        let _ = stream.read_to_end(&mut request);
        Vec::new()
    });
    let client = server.client.clone().with_request_timeout(Duration::from_millis(50));
    let error = client.system_info().unwrap_err();
    assert!(matches!(error, Error::Timeout { after, .. } if after == Duration::from_millis(50)), "{error:?}");
    server.requests();
}

#[test]
fn null_lists_are_empty() {
    let null = json(200, r#"{"type":"sync","result":null}"#);
    let server = Server::new([null.as_str(), &null]);
    assert_eq!(server.client.all_services().unwrap(), []);
    assert_eq!(server.client.checks(&["a b", "c"]).unwrap(), []);
    assert!(server.requests()[1].starts_with("GET /v1/checks?names=a%20b&names=c HTTP/1.1\r\n"));
}

#[test]
fn waiting_goes_on_until_the_change_ends() {
    let server = Server::new([json(504, GATEWAY), json(504, GATEWAY), json(200, DONE)]);
    let change = server.client.wait_change(&change(), Duration::from_secs(20)).unwrap();
    assert_eq!(change.status, ChangeStatus::Done);
    for request in server.requests() {
        assert!(request.starts_with("GET /v1/changes/7/wait?timeout="), "{request}");
        assert!(!request.contains("timeout=0s"), "{request}");
    }
}

#[test]
fn waiting_ends_at_its_own_deadline() {
    let server = Server::with(|listener| {
        let mut requests = Vec::new();
        // An impatient daemon: it says at once that the change has not ended.
        loop {
            let (mut stream, _) = listener.accept().unwrap();
            let request = read_request(&mut stream);
            if request.contains("system-info") {
                return requests;
            }
            let _ = stream.write_all(json(504, GATEWAY).as_bytes());
            requests.push(request);
        }
    });
    let (started, timeout) = (Instant::now(), Duration::from_millis(200));
    let error = server.client.wait_change(&change(), timeout).unwrap_err();
    assert!(matches!(error, Error::Timeout { after, .. } if after == timeout), "{error:?}");
    assert!(started.elapsed() >= timeout);
    let _ = server.client.system_info();
    assert!(server.requests().len() > 1);
}

#[test]
fn a_daemon_that_leaves_while_we_wait_is_unreachable() {
    let server = Server::new([""]);
    let error = server.client.wait_change(&change(), Duration::from_secs(20)).unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    server.requests();
}

#[test]
fn an_upload_that_is_refused_early_tells_why() {
    let denied = r#"{"type":"error","result":{"message":"access denied","kind":"login-required"}}"#;
    let server = Server::with(move |listener| {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(json(401, denied).as_bytes()).unwrap();
        Vec::new()
    });
    let content = vec![b'x'; 4 << 20];
    let error = server.client.write_file("/a", &content, &WriteOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error:?}");
    server.requests();
}

#[test]
fn any_number_of_files_goes_in_one_request() {
    const FILES: usize = 50_000;
    let server = Server::new([json(400, r#"{"type":"error","result":{"message":"that is a lot"}}"#)]);
    let paths: Vec<String> = (0..FILES).map(|number| format!("/{number}")).collect();
    let options = WriteOptions::default();
    let files: Vec<(&str, &[u8], &WriteOptions)> =
        paths.iter().map(|path| (path.as_str(), b"x".as_slice(), &options)).collect();
    let error = server.client.write_files(&files).unwrap_err();
    assert!(error.to_string().contains("that is a lot"), "{error}");
    let body = server.requests().remove(0);
    assert_eq!(body.matches("filename=").count(), FILES);
}

fn multipart(content_type: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{LEAVES}{body}")
}

#[test]
fn a_truncated_file_is_not_believed() {
    let body = "--B\r\ncontent-disposition: form-data; name=\"files\"; filename=\"/a\"\r\n\r\nhalf\r\n\
        --B\r\nContent-Disposition: form-data; name=\"response\"\r\n\r\n\
        {\"type\":\"sync\",\"result\":[{\"path\":\"/a\",\"error\":{\"message\":\"read /a: i/o error\",\"kind\":\"new-kind\"}}]}\n\r\n--B--\r\n";
    let server = Server::new([
        multipart("multipart/form-data; boundary=\"B\"", body),
        multipart("multipart/form-data; boundary=B", &body[..60]),
        multipart("multipart/form-data", body),
        multipart("multipart/form-data; boundary=B", &body.replace("\"/a\"", "\"/b\"")),
        json(400, r#"{"type":"error","result":{"message":"bad"}}"#),
    ]);
    let Err(Error::File { error, .. }) = server.client.read_file("/a") else { panic!("a file error") };
    assert_eq!(error.kind, FileErrorKind::Other("new-kind".to_owned()));
    for _ in 0..3 {
        let error = server.client.read_file("/a").unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
    }
    assert!(matches!(server.client.read_file("/a"), Err(Error::Api { status: 400, .. })));
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /v1/files?action=read&path=/a HTTP/1.1\r\n"));
    assert!(requests[0].to_ascii_lowercase().contains("\r\naccept: multipart/form-data\r\n"));
}

#[test]
fn a_path_that_cannot_be_sent_is_not_sent() {
    let client = Client::new("/nowhere/s");
    let long = format!("/{}", "\u{e9}".repeat(2048));
    for path in ["", "a", "/a\nb", "/a\rb", "/a\0", &long] {
        let results = [
            client.read_file(path).map(drop),
            client.write_file(path, b"", &WriteOptions::default()),
            client.list_files(path, &ListOptions::default()).map(drop),
            client.make_dir(path, &MakeDirOptions::default()),
            client.remove_path(path, true),
        ];
        for result in results {
            assert!(matches!(result, Err(Error::Invalid { .. })), "{path:?}: {result:?}");
        }
    }
    assert_eq!(client.read_files(&[]).unwrap(), []);
    assert!(matches!(client.services(&[&"x".repeat(40_000)]), Err(Error::Invalid { .. })));
    for label in ["", "pebble-x"] {
        assert!(matches!(client.add_layer(label, &Layer::new()), Err(Error::Invalid { .. })));
    }
}
