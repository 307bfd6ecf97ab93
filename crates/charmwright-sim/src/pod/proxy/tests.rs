//! The proxy between a client and a daemon that are both ours.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use super::*;
use crate::pod::observer::PebbleRequest;

/// Notes what it is told, and drops the client when told of `/killed`.
#[derive(Debug, Default)]
struct Notes {
    seen: Mutex<Vec<String>>,
    victim: Mutex<Option<UnixStream>>,
}

impl Notes {
    fn note(&self, when: &str, request: &PebbleRequest) {
        self.seen.lock().unwrap().push(format!("{when} {} {}", request.method, request.path_and_query));
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

impl Observer for Notes {
    fn before(&self, request: &PebbleRequest) {
        self.note("before", request);
        if request.path_and_query == "/killed" {
            drop(self.victim.lock().unwrap().take());
        }
    }

    fn after(&self, request: &PebbleRequest) {
        self.note("after", request);
    }
}

struct Setting {
    notes: Arc<Notes>,
    listener: UnixListener,
    proxy: Option<Proxy>,
    folder: tempfile::TempDir,
}

impl Setting {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("daemon")).unwrap();
        let notes = Arc::new(Notes::default());
        let observer = Arc::clone(&notes) as Arc<dyn Observer>;
        let (front, back) = (folder.path().join("front"), folder.path().join("daemon"));
        let proxy = Some(Proxy::start("web", &front, &back, observer).unwrap());
        Self { notes, listener, proxy, folder }
    }

    /// A connection, seen from both ends.
    fn connect(&self) -> (UnixStream, UnixStream) {
        let client = UnixStream::connect(self.folder.path().join("front")).unwrap();
        (client, self.listener.accept().unwrap().0)
    }
}

fn send(mut stream: &UnixStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
}

#[track_caller]
fn expect(mut stream: &UnixStream, text: &str) {
    let mut bytes = vec![0; text.len()];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), text);
}

#[track_caller]
fn expect_end(mut stream: &UnixStream) {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(String::from_utf8(rest).unwrap(), "");
}

const GET: &str = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn requests_that_come_at_once_go_one_by_one() {
    let setting = Setting::new();
    let (client, daemon) = setting.connect();
    let head = "HEAD /b HTTP/1.1\r\nHost: x\r\n\r\n";
    let post = "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    send(&client, &format!("{GET}{head}{post}"));
    expect(&daemon, GET);
    assert_eq!(setting.notes.take(), ["before GET /a"]);
    send(&daemon, OK);
    expect(&client, OK);
    expect(&daemon, head);
    assert_eq!(setting.notes.take(), ["after GET /a", "before HEAD /b"]);
    let empty = "HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n";
    send(&daemon, empty);
    expect(&client, empty);
    expect(&daemon, post);
    let done = "HTTP/1.1 204 No Content\r\n\r\n";
    send(&daemon, done);
    expect(&client, done);
    assert_eq!(setting.notes.take(), ["after HEAD /b", "before POST /c", "after POST /c"]);
    drop(client);
    expect_end(&daemon);
}

#[test]
fn an_answer_flows_while_it_goes_on() {
    let setting = Setting::new();
    let (client, daemon) = setting.connect();
    send(&client, GET);
    expect(&daemon, GET);
    let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for part in [start, "3\r\nabc\r\n", "2\r\nde", "\r\n"] {
        send(&daemon, part);
        expect(&client, part);
    }
    assert_eq!(setting.notes.take(), ["before GET /a"]);
    send(&daemon, "0\r\n\r\n");
    expect(&client, "0\r\n\r\n");
    assert_eq!(setting.notes.take(), ["after GET /a"]);
}

#[test]
fn interim_answers_and_upgrades() {
    let setting = Setting::new();
    let (client, daemon) = setting.connect();
    let expects = "POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    send(&client, expects);
    expect(&daemon, expects);
    let go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    send(&daemon, go_on);
    expect(&client, go_on);
    send(&client, "hi");
    expect(&daemon, "hi");
    send(&daemon, OK);
    expect(&client, OK);
    let upgrade = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    send(&client, upgrade);
    expect(&daemon, upgrade);
    let switch = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    send(&daemon, switch);
    expect(&client, switch);
    let all = ["before POST /a", "after POST /a", "before GET /ws", "after GET /ws"];
    assert_eq!(setting.notes.take(), all);
    for raw in [GET, "\u{1}\u{2}"] {
        send(&client, raw);
        expect(&daemon, raw);
        send(&daemon, raw);
        expect(&client, raw);
    }
    assert!(setting.notes.take().is_empty());
}

#[test]
fn a_refused_upgrade_is_an_answer() {
    let setting = Setting::new();
    let (client, daemon) = setting.connect();
    let upgrade = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    send(&client, upgrade);
    expect(&daemon, upgrade);
    let refused = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    send(&daemon, refused);
    expect(&client, refused);
    send(&client, GET);
    expect(&daemon, GET);
    send(&daemon, OK);
    expect(&client, OK);
    assert_eq!(setting.notes.take().last().unwrap(), "after GET /a");
}

#[test]
fn what_is_no_http_passes_unseen() {
    let setting = Setting::new();
    let (client, daemon) = setting.connect();
    send(&client, "hello, are you there?\r\n");
    expect(&daemon, "hello, are you there?\r\n");
    send(&daemon, "yes");
    expect(&client, "yes");
    assert!(setting.notes.take().is_empty());
}

#[test]
fn the_end_of_one_side_is_the_end_of_the_other() {
    let setting = Setting::new();
    let (client, daemon) = setting.connect();
    send(&client, GET);
    expect(&daemon, GET);
    send(&daemon, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nha");
    drop(daemon);
    expect(&client, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nha");
    expect_end(&client);
    assert_eq!(setting.notes.take(), ["before GET /a"]);

    // A client that has said all still gets its answer, and one that goes away is missed.
    let (client, daemon) = setting.connect();
    send(&client, GET);
    client.shutdown(Shutdown::Write).unwrap();
    expect(&daemon, GET);
    expect_end(&daemon);
    let until_close = "HTTP/1.0 200 OK\r\n\r\nall";
    send(&daemon, until_close);
    drop(daemon);
    expect(&client, until_close);
    expect_end(&client);
    assert_eq!(setting.notes.take(), ["before GET /a", "after GET /a"]);
}

#[test]
fn the_request_of_a_client_that_dies_before_it_is_never_seen() {
    let setting = Setting::new();
    let (client, daemon) = setting.connect();
    *setting.notes.victim.lock().unwrap() = Some(client.try_clone().unwrap());
    send(&client, "POST /killed HTTP/1.1\r\nContent-Length: 2\r\n\r");
    drop(client);
    // The observer holds the last handle of the client now, and is told when this byte arrives.
    send(setting.notes.victim.lock().unwrap().as_ref().unwrap(), "\n");
    expect_end(&daemon);
    assert_eq!(setting.notes.take(), ["before POST /killed"]);
}

/// Blocks the observer until the test says so.
#[derive(Debug)]
struct Gate(Sender<()>, Mutex<Receiver<()>>);

impl Observer for Gate {
    fn before(&self, _: &PebbleRequest) {}

    fn after(&self, _: &PebbleRequest) {
        self.0.send(()).unwrap();
        self.1.lock().unwrap().recv().unwrap();
    }
}

#[test]
fn the_client_waits_for_the_observer() {
    let mut setting = Setting::new();
    let ((told, tells), (open, gate)) = (channel(), channel());
    let (front, back) = (setting.folder.path().join("front"), setting.folder.path().join("daemon"));
    drop(setting.proxy.take());
    let observer = Arc::new(Gate(told, Mutex::new(gate)));
    setting.proxy = Some(Proxy::start("web", &front, &back, observer).unwrap());
    let (client, daemon) = setting.connect();
    send(&client, GET);
    expect(&daemon, GET);
    send(&daemon, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
    expect(&client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
    send(&daemon, "k");
    tells.recv().unwrap();
    client.set_nonblocking(true).unwrap();
    let early = (&client).read(&mut [0]).unwrap_err();
    assert_eq!(early.kind(), io::ErrorKind::WouldBlock);
    client.set_nonblocking(false).unwrap();
    open.send(()).unwrap();
    expect(&client, "k");
}

#[test]
fn dropping_it_ends_everything() {
    let mut setting = Setting::new();
    let (idle, _daemon) = setting.connect();
    let (waiting, daemon) = setting.connect();
    send(&waiting, GET);
    expect(&daemon, GET);
    drop(setting.proxy.take());
    expect_end(&idle);
    expect_end(&waiting);
    expect_end(&daemon);
    assert!(!setting.folder.path().join("front").exists());
}
