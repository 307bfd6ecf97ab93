//! A pod to test with, and a plain client for Pebble.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use charmwright_sim::pod::{Image, Observer, PebbleRequest, Pod};
use serde_json::{Value, json};

pub(crate) const TOOL: &str = env!("CARGO_BIN_EXE_charmwright-sim-tool");
/// Where the containers have the tool, whose `http-serve` is their workload.
pub(crate) const SERVER: &str = "/opt/bin/charmwright-sim-tool";
/// Pebble wants at least 32 characters.
const BOUNDARY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The real daemon.
pub(crate) use charmwright_peers::pebble;

/// A pod and its folder, which goes after it.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) pod: Pod,
    pub(crate) work: tempfile::TempDir,
}

impl Unit {
    /// A pod with the containers `web` and `db`, of which `web` runs.
    pub(crate) fn start(observer: &Arc<impl Observer + 'static>) -> Self {
        let work = tempfile::Builder::new().prefix("cw-").tempdir().unwrap();
        let mut pod = Pod::start(work.path(), Path::new(TOOL)).unwrap();
        let image = Image::default().with_file(SERVER, TOOL);
        for name in ["web", "db"] {
            pod.add_container(name, &image, &pebble(), observer.clone()).unwrap();
        }
        pod.start_pebble("web").unwrap();
        Self { pod, work }
    }

    /// A connection as the charm makes it.
    pub(crate) fn charm(&self) -> Client {
        Client::connect(&self.pod.charm_socket("web"))
    }

    /// A connection past the proxy.
    pub(crate) fn direct(&self) -> Client {
        Client::connect(&self.pod.pebble_socket("web"))
    }

    /// What a script prints that runs as the charm does.
    pub(crate) fn script(&self, script: &str) -> String {
        let mut command = self.pod.command(Path::new("/bin/sh"), self.work.path());
        let output = command.args(["-c", script]).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The pod's network namespace, which keeps its number while this is open.
    pub(crate) fn network(&self) -> File {
        let mut command = self.pod.command(Path::new("/bin/sh"), Path::new("/"));
        command.args(["-c", "echo in; read end"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let network = File::open(format!("/proc/{}/ns/net", child.id())).unwrap();
        drop(child.stdin.take());
        child.wait().unwrap();
        network
    }
}

/// The processes in a network namespace, and their programs.
fn processes_in(network: &File) -> Vec<(String, PathBuf)> {
    let inode = network.metadata().unwrap().ino();
    let inside =
        |process: &PathBuf| fs::metadata(process.join("ns/net")).is_ok_and(|found| found.ino() == inode);
    let name =
        |process: &PathBuf| fs::read_to_string(process.join("comm")).unwrap_or_default().trim().to_owned();
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    processes.filter(inside).map(|process| (name(&process), process)).collect()
}

/// The programs that run in a network namespace, in order.
pub(crate) fn programs_in(network: &File) -> Vec<String> {
    let mut names: Vec<String> = processes_in(network).into_iter().map(|(name, _)| name).collect();
    names.sort();
    names
}

/// The process that runs a program in a network namespace.
pub(crate) fn pid_of(program: &str, network: &File) -> String {
    let found = processes_in(network).into_iter().find(|(name, _)| name == program).unwrap();
    found.1.file_name().unwrap().to_str().unwrap().to_owned()
}

/// `kill -9`.
pub(crate) fn kill(pid: &str) {
    let status = Command::new("/bin/sh").args(["-c", &format!("kill -9 {pid}")]).status().unwrap();
    assert!(status.success());
}

/// Asks again until there is an answer.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what} takes too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A connection to Pebble that is kept open.
#[derive(Debug)]
pub(crate) struct Client(BufReader<UnixStream>);

impl Client {
    pub(crate) fn connect(path: &Path) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn get(&mut self, target: &str) -> Vec<u8> {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        self.answer()
    }

    pub(crate) fn post(&mut self, target: &str, body: &Value) -> Value {
        self.send_body(target, "application/json", body.to_string().as_bytes(), None);
        serde_json::from_slice(&self.answer()).unwrap()
    }

    /// Sends a request, in chunks of that size if one is given.
    pub(crate) fn send_body(&mut self, target: &str, kind: &str, body: &[u8], chunk: Option<usize>) {
        let framing = match chunk {
            Some(_) => "Transfer-Encoding: chunked".to_owned(),
            None => format!("Content-Length: {}", body.len()),
        };
        let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n");
        self.send(head.as_bytes());
        let Some(size) = chunk else { return self.send(body) };
        for part in body.chunks(size) {
            self.send(format!("{:x}\r\n", part.len()).as_bytes());
            self.send(part);
            self.send(b"\r\n");
        }
        self.send(b"0\r\n\r\n");
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// Everything until the connection ends.
    pub(crate) fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        rest
    }

    /// The body of the next answer, which must be good.
    pub(crate) fn answer(&mut self) -> Vec<u8> {
        let status = self.line();
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line().to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(("transfer-encoding", _)) => chunked = true,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = Vec::new();
        if !chunked {
            self.take(length, &mut body);
            assert!(status.starts_with("HTTP/1.1 20"), "{status}: {}", String::from_utf8_lossy(&body));
            return body;
        }
        loop {
            let size = usize::from_str_radix(&self.line(), 16).unwrap();
            self.take(size, &mut body);
            assert_eq!(self.line(), "");
            if size == 0 {
                return body;
            }
        }
    }

    fn take(&mut self, length: usize, body: &mut Vec<u8>) {
        let start = body.len();
        body.resize(start + length, 0);
        self.0.read_exact(&mut body[start..]).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Writes a file; the answer is Pebble's error, if any.
    pub(crate) fn push(&mut self, path: &str, content: &[u8], chunk: Option<usize>) -> Value {
        let request = json!({ "action": "write", "files": [{ "path": path, "make-dirs": true }] });
        let mut body = format!(
            "--{BOUNDARY}\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n\
             {request}\r\n--{BOUNDARY}\r\nContent-Type: application/octet-stream\r\n\
             Content-Disposition: form-data; name=\"files\"; filename=\"{path}\"\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        self.send_body("/v1/files", &format!("multipart/form-data; boundary={BOUNDARY}"), &body, chunk);
        let answer: Value = serde_json::from_slice(&self.answer()).unwrap();
        answer["result"][0]["error"].clone()
    }

    /// Reads a file.
    pub(crate) fn pull(&mut self, path: &str) -> Vec<u8> {
        let head = format!("GET /v1/files?action=read&path={path} HTTP/1.1\r\nHost: x");
        self.send(format!("{head}\r\nAccept: multipart/form-data\r\n\r\n").as_bytes());
        let answer = self.answer();
        // Its first part is the file.
        let start = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let boundary = answer.windows(2).position(|two| two == b"\r\n").unwrap();
        let mark = [b"\r\n", &answer[..boundary]].concat();
        let length = answer[start..].windows(mark.len()).position(|end| end == mark).unwrap();
        answer[start..start + length].to_vec()
    }

    /// Starts a service and waits until it has.
    pub(crate) fn serve(&mut self, command: &str) {
        let layer = json!({ "services": { "s": { "override": "replace", "startup": "enabled", "command": command } } });
        let add = json!({ "action": "add", "combine": true, "label": "test", "format": "yaml",
            "layer": layer.to_string() });
        self.post("/v1/layers", &add);
        let change = self.post("/v1/services", &json!({ "action": "replan" }))["change"].clone();
        let done = self.get(&format!("/v1/changes/{}/wait?timeout=10s", change.as_str().unwrap()));
        let done: Value = serde_json::from_slice(&done).unwrap();
        assert_eq!(done["result"]["status"], "Done", "{done}");
    }
}

/// Notes what it is told.
#[derive(Debug, Default)]
pub(crate) struct Notes(pub(crate) Mutex<Vec<String>>);

impl Observer for Notes {
    fn before(&self, request: &PebbleRequest) {
        let PebbleRequest { container, method, path_and_query, .. } = request;
        self.0.lock().unwrap().push(format!("before {container} {method} {path_and_query}"));
    }

    fn after(&self, request: &PebbleRequest) {
        let PebbleRequest { container, method, path_and_query, .. } = request;
        self.0.lock().unwrap().push(format!("after {container} {method} {path_and_query}"));
    }
}

/// A command's output lines until one starts with `mark`; what comes after that.
pub(crate) fn line_after(command: &mut Command, mark: &str) -> (std::process::Child, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        if let Some((_, rest)) = line.split_once(mark) {
            return (child, rest.to_owned());
        }
    }
    panic!("it ended without a line with {mark}: {:?}", child.wait());
}
