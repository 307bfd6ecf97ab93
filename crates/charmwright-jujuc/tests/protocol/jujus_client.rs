//! Juju's own client, `jujuc`, against our server.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use charmwright_jujuc::{Request, Response, STDIN_DEMAND, listen, serve};
use tempfile::TempDir;

use charmwright_peers::juju;

/// A folder with the agent's socket and the command `tool`, which is Juju's client.
struct Agent {
    folder: TempDir,
    requests: Receiver<Request>,
}

impl Agent {
    /// An agent that answers every request with `handler`.
    fn new(handler: impl Fn(&Request) -> Result<Response, String> + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        symlink(juju("jujuc"), folder.path().join("tool")).unwrap();
        let listener: UnixListener = listen(folder.path().join("socket").to_str().unwrap()).unwrap();
        let (sender, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that ends in the middle of a reply is what some tests want.
                let _closed = serve(stream.unwrap(), |request| {
                    let result = handler(&request);
                    sender.send(request).unwrap();
                    result
                });
            }
        });
        Self { folder, requests }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.folder.path().join("tool"));
        command
            .env_clear()
            .env("JUJU_CONTEXT_ID", "app/0-run-1")
            .env("JUJU_AGENT_SOCKET_ADDRESS", self.folder.path().join("socket"))
            .env("JUJU_AGENT_SOCKET_NETWORK", "unix")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    fn folder(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }
}

fn run(command: &mut Command, stdin: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(stdin).unwrap());
        child.wait_with_output().unwrap()
    })
}

#[test]
fn its_request_arrives_whole() {
    let agent = Agent::new(|_| Ok(Response::default()));
    let odd = std::ffi::OsStr::from_bytes(b"\xff\n\xe2\x82");
    let output =
        agent.command().args(["--format=json", "", "-"]).arg(odd).env("JUJU_AGENT_TOKEN", "t").output();
    assert!(output.unwrap().status.success());
    let request = Request {
        context_id: "app/0-run-1".into(),
        dir: agent.folder(),
        command: "tool".into(),
        args: vec!["--format=json".into(), "".into(), "-".into(), odd.into()],
        stdin: None,
        token: "t".into(),
    };
    assert!(agent.requests.recv().unwrap() == request);
}

#[test]
fn it_prints_what_it_is_answered_and_exits_with_the_code() {
    let agent = Agent::new(|request| {
        let code = request.args[0].to_str().unwrap().parse().unwrap();
        Ok(Response { code, stdout: b"to \xff out".into(), stderr: b"to err\n".into() })
    });
    for code in [0, 1, 2, 3, 127, 255] {
        let output = agent.command().arg(code.to_string()).output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"to \xff out"[..], &b"to err\n"[..]));
    }
}

#[test]
fn it_prints_a_refusal_as_an_error() {
    let agent = Agent::new(|request| Err(format!("bad request: unknown command: {}", request.command)));
    let output = agent.command().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stderr, b"ERROR bad request: unknown command: tool\n");
    assert!(output.stdout.is_empty());
}

#[test]
fn it_brings_its_standard_input_when_asked() {
    let agent = Agent::new(|request| match &request.stdin {
        None => Err(STDIN_DEMAND.into()),
        Some(text) => Ok(Response { stdout: text.clone(), ..Response::default() }),
    });
    for text in [&b""[..], b"{}", &vec![b'x'; 1 << 20]] {
        let output = run(&mut agent.command(), text);
        assert!(output.status.success() && output.stdout == text, "{} bytes", text.len());
        assert!(agent.requests.recv().unwrap().stdin.is_none());
        assert!(agent.requests.recv().unwrap().stdin.as_deref() == Some(text));
    }
}

#[test]
fn it_takes_large_output() {
    let agent = Agent::new(|_| {
        Ok(Response { code: 0, stdout: vec![b'o'; 1 << 20], stderr: vec![b'e'; (1 << 20) + 1] })
    });
    let output = agent.command().output().unwrap();
    assert_eq!((output.stdout.len(), output.stderr.len()), (1 << 20, (1 << 20) + 1));
}

#[test]
fn it_works_call_after_call() {
    let agent = Agent::new(|_| Ok(Response::default()));
    for _ in 0..50 {
        assert!(agent.command().output().unwrap().status.success());
    }
    assert_eq!(agent.requests.try_iter().count(), 50);
}

#[test]
fn it_says_what_is_missing_in_its_environment() {
    let agent = Agent::new(|_| Ok(Response::default()));
    for name in ["JUJU_CONTEXT_ID", "JUJU_AGENT_SOCKET_ADDRESS", "JUJU_AGENT_SOCKET_NETWORK"] {
        let output = agent.command().env_remove(name).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), format!("ERROR {name} not set\n"));
    }
}
