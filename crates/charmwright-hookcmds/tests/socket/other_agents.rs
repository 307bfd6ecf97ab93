//! Agents that answer, refuse, die and talk nonsense.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use charmwright_hookcmds::{AgentSocket, Call, Reply, SocketError, Transport, TransportError};
use charmwright_jujuc::{Request, Response, STDIN_DEMAND, listen, serve};
use tempfile::TempDir;

/// The other way: remembers what went it, and answers all alike.
#[derive(Debug, Clone, Default)]
struct Otherwise(Arc<Mutex<Vec<Call>>>);

impl Transport for Otherwise {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        self.0.lock().unwrap().push(call.clone());
        Ok(Reply::success("otherwise"))
    }
}

impl Otherwise {
    /// The commands that went this way, but for what was logged.
    fn commands(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().iter().map(|call| call.command).filter(|it| *it != "juju-log").collect()
    }

    fn logged(&self) -> Vec<String> {
        let calls = self.0.lock().unwrap();
        calls.iter().filter(|call| call.command == "juju-log").map(|call| call.args[3].clone()).collect()
    }
}

/// An agent whose one connection is served by `talk`.
struct Agent {
    folder: TempDir,
    thread: thread::JoinHandle<()>,
}

impl Agent {
    fn new(talk: impl FnOnce(UnixStream) + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = listen(folder.path().join("socket").to_str().unwrap()).unwrap();
        let thread = thread::spawn(move || talk(listener.accept().unwrap().0));
        Self { folder, thread }
    }

    /// One that answers so many requests, the trial among them, and then closes the connection in the middle of the
    /// next, once it is read.
    fn dying_after(answers: usize, answer: fn(&Request) -> Response) -> Self {
        Self::new(move |stream| {
            let (mut left, closing) = (answers, stream.try_clone().unwrap());
            let _cut = serve(stream, |request| {
                if left == 0 {
                    closing.shutdown(std::net::Shutdown::Both).unwrap();
                }
                left = left.saturating_sub(1);
                Ok(answer(&request))
            });
        })
    }

    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "JUJU_CONTEXT_ID" => Some("app/0-run-1".into()),
            "JUJU_AGENT_SOCKET_ADDRESS" => Some(self.folder.path().join("socket").display().to_string()),
            "JUJU_AGENT_SOCKET_NETWORK" => Some("unix".into()),
            _ => None,
        }
    }

    fn open(&self) -> (AgentSocket, Otherwise) {
        let otherwise = Otherwise::default();
        (AgentSocket::open(|name| self.variable(name), otherwise.clone()).unwrap(), otherwise)
    }
}

/// An agent that prints the command's name.
fn name(request: &Request) -> Response {
    Response { stdout: request.command.clone().into(), ..Response::default() }
}

fn call(command: &'static str) -> Call {
    Call { command, args: vec!["an-argument".into()], stdin: None }
}

fn stdout(reply: Result<Reply, TransportError>) -> String {
    String::from_utf8(reply.unwrap().stdout).unwrap()
}

#[test]
fn one_connection_carries_all_and_is_closed_with_the_transport() {
    let agent = Agent::new(|stream| serve(stream, |request| Ok(name(&request))).unwrap());
    let (socket, otherwise) = agent.open();
    assert_eq!(stdout(socket.call(&call("config-get"))), "config-get");
    assert_eq!(stdout(socket.call(&call("relation-set"))), "relation-set");
    drop(socket);
    agent.thread.join().unwrap();
    assert!(otherwise.0.lock().unwrap().is_empty());
}

#[test]
fn what_the_command_is_given_arrives() {
    let agent =
        Agent::new(|stream| {
            let answer = |request: Request| {
                let here = request.dir == std::env::current_dir().unwrap();
                let what = format!("{} {here} {:?} {:?}", request.context_id, request.args, request.stdin);
                Ok(Response { code: 7, stdout: what.into(), stderr: b"ERROR no\xff\n".into() })
            };
            let mut is_trial = true;
            let _end = serve(stream, |request| {
                if std::mem::take(&mut is_trial) { Ok(name(&request)) } else { answer(request) }
            });
        });
    let (socket, _) = agent.open();
    let reply = socket.call(&Call { stdin: Some("{}".into()), ..call("relation-set") }).unwrap();
    assert_eq!((reply.code, reply.stderr.as_str()), (7, "ERROR no\u{fffd}\n"));
    let text = String::from_utf8(reply.stdout).unwrap();
    assert_eq!(text, "app/0-run-1 true [\"an-argument\"] Some([123, 125])");
}

#[test]
fn a_read_of_which_the_answer_is_lost_is_repeated_otherwise_and_all_after_it_goes_there() {
    let agent = Agent::dying_after(2, name);
    let (socket, otherwise) = agent.open();
    assert_eq!(stdout(socket.call(&call("config-get"))), "config-get");
    assert_eq!(stdout(socket.call(&call("secret-get"))), "otherwise");
    assert_eq!(stdout(socket.call(&call("relation-set"))), "otherwise");
    assert_eq!(otherwise.commands(), ["secret-get", "relation-set"]);
    let expected = "Hook commands run as processes, not over the agent's socket: ";
    assert!(otherwise.logged().len() == 1 && otherwise.logged()[0].starts_with(expected));
}

#[test]
fn a_write_of_which_the_answer_is_lost_is_an_error_and_is_not_repeated() {
    let agent = Agent::dying_after(1, name);
    let (socket, otherwise) = agent.open();
    let error = socket.call(&call("action-log")).unwrap_err();
    assert_eq!(error.to_string(), "cannot run action-log");
    assert_eq!(
        error.source.to_string(),
        "the connection to the agent broke after this was sent, so it may have taken effect"
    );
    assert!(otherwise.commands().is_empty());
    assert_eq!(stdout(socket.call(&call("action-log"))), "otherwise");
}

#[test]
fn a_write_that_the_agent_refused_before_it_ran_goes_otherwise() {
    let agent = Agent::new(|stream| {
        let mut is_trial = true;
        let _end = serve(stream, |request| {
            if std::mem::take(&mut is_trial) {
                Ok(name(&request))
            } else {
                Err("bad request: speak another".into())
            }
        });
    });
    let (socket, otherwise) = agent.open();
    assert_eq!(stdout(socket.call(&call("relation-set"))), "otherwise");
    assert_eq!(otherwise.commands(), ["relation-set"]);
    assert!(otherwise.logged()[0].ends_with("the agent refused: bad request: speak another"));
}

#[test]
fn a_command_that_this_juju_lacks_answers_as_by_process_and_is_no_surprise() {
    let agent = Agent::new(|stream| {
        let _end = serve(stream, |request| match request.command.as_str() {
            "is-leader" => Ok(name(&request)),
            other => Err(format!("bad request: unknown command: {other}")),
        });
    });
    let (socket, otherwise) = agent.open();
    let lacking = Reply::failure(1, "bad request: unknown command: credential-get");
    assert!(socket.call(&call("credential-get")).unwrap() == lacking);
    let replies: Vec<_> =
        socket.calls(&[call("credential-get"), call("is-leader")]).into_iter().map(Result::unwrap).collect();
    assert!(replies == [lacking, Reply::success("is-leader")]);
    assert!(otherwise.0.lock().unwrap().is_empty());
}

#[test]
fn a_command_that_reads_input_and_has_none_reads_its_end() {
    let agent = Agent::new(|stream| {
        let _end = serve(stream, |request| match (request.command.as_str(), &request.stdin) {
            ("is-leader", _) => Ok(name(&request)),
            (_, None) => Err(STDIN_DEMAND.into()),
            (_, Some(text)) => Ok(Response { stdout: format!("{text:?}").into(), ..Response::default() }),
        });
    });
    let (socket, _) = agent.open();
    assert_eq!(stdout(socket.call(&call("relation-set"))), "[]");
}

#[test]
fn reads_together_are_answered_in_order_though_the_agent_dies_among_them() {
    let names = ["config-get", "relation-get", "relation-list", "status-get", "goal-state", "network-get"];
    let agent = Agent::dying_after(4, name);
    let (socket, otherwise) = agent.open();
    let answers: Vec<_> = socket.calls(&names.map(call)).into_iter().map(stdout).collect();
    assert_eq!(
        answers,
        ["config-get", "relation-get", "relation-list", "otherwise", "otherwise", "otherwise"]
    );
    assert_eq!(otherwise.commands(), names[3..]);
    assert_eq!(otherwise.logged().len(), 1);
}

#[test]
fn writes_are_never_sent_together() {
    let agent = Agent::dying_after(1, name);
    let (socket, otherwise) = agent.open();
    let results = socket.calls(&[call("config-get"), call("relation-set"), call("config-get")]);
    // The first is a read and is repeated; from then on all goes otherwise, so the write is run once.
    assert_eq!(results.into_iter().map(stdout).collect::<Vec<_>>(), ["otherwise"; 3]);
    assert_eq!(otherwise.commands(), ["config-get", "relation-set", "config-get"]);
}

fn soon(_: &str) -> Duration {
    Duration::from_millis(50)
}

/// An agent that answers so many requests, and then none until the connection is closed.
fn silent_after(answers: usize) -> Agent {
    Agent::new(move |stream| {
        let (mut left, waiting) = (answers, stream.try_clone().unwrap());
        let _end = serve(stream, |request| {
            while left == 0 && (&waiting).read(&mut [0; 64]).unwrap_or(0) > 0 {}
            left = left.saturating_sub(1);
            Ok(name(&request))
        });
    })
}

#[test]
fn a_read_that_is_not_answered_in_time_is_repeated_otherwise() {
    let agent = silent_after(1);
    let otherwise = Otherwise::default();
    let socket = AgentSocket::open_within(soon, |name| agent.variable(name), otherwise.clone()).unwrap();
    assert_eq!(stdout(socket.call(&call("config-get"))), "otherwise");
    let expected = "the agent does not answer in time";
    assert!(otherwise.logged()[0].ends_with(expected), "{:?}", otherwise.logged());
    agent.thread.join().unwrap();
}

#[test]
fn reads_together_that_are_not_answered_in_time_are_repeated_otherwise() {
    // The time for each of them comes on top, so one second.
    let agent = silent_after(1);
    let otherwise = Otherwise::default();
    let socket = AgentSocket::open_within(soon, |name| agent.variable(name), otherwise.clone()).unwrap();
    assert_eq!(stdout(socket.calls(&[call("config-get")]).remove(0)), "otherwise");
    agent.thread.join().unwrap();
}

#[test]
fn a_write_that_is_not_answered_in_time_may_have_taken_effect_and_is_not_repeated() {
    let agent = silent_after(1);
    let otherwise = Otherwise::default();
    let socket = AgentSocket::open_within(soon, |name| agent.variable(name), otherwise.clone()).unwrap();
    let error = socket.call(&call("status-set")).unwrap_err();
    assert_eq!(error.source.kind(), std::io::ErrorKind::TimedOut);
    let told = error.source.to_string();
    assert!(told.starts_with("no answer of the agent after 0.05 s, so it may have taken effect"), "{told}");
    assert!(otherwise.commands().is_empty());
    agent.thread.join().unwrap();
}

#[test]
fn an_agent_that_takes_no_connection_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = listen(path.to_str().unwrap()).unwrap();
    let variable = |name: &str| match name {
        "JUJU_AGENT_SOCKET_ADDRESS" => Some(path.display().to_string()),
        "JUJU_AGENT_SOCKET_NETWORK" => Some("unix".to_owned()),
        _ => Some("app/0-run-1".to_owned()),
    };
    // Nobody accepts: those that fit into the queue wait for an answer, the next one for its place.
    let mut waiting = Vec::new();
    let error = loop {
        match charmwright_jujuc::Client::connect_within(path.to_str().unwrap(), soon("")) {
            Ok(client) => waiting.push(client),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    let error = AgentSocket::open_within(soon, variable, Otherwise::default()).unwrap_err();
    assert!(matches!(error, SocketError::Connect(_)), "{error}");
}

#[test]
fn an_answer_that_is_too_large_goes_otherwise_and_so_does_one_of_many_that_are_together() {
    fn large(request: &Request) -> Response {
        let bytes = if request.command == "config-get" { 5_000_000 } else { 1_500_000 };
        let bytes = if request.command == "is-leader" { 1 } else { bytes };
        Response { stdout: vec![b'x'; bytes], ..Response::default() }
    }
    for commands in [vec!["config-get"], vec!["relation-get"; 4]] {
        let agent = Agent::new(|stream| drop(serve(stream, |request| Ok(large(&request)))));
        let (socket, otherwise) = agent.open();
        let calls: Vec<_> = commands.iter().map(|command| call(command)).collect();
        let replies = socket.calls(&calls);
        assert!(replies.len() == calls.len() && replies.iter().all(Result::is_ok));
        assert!(replies.iter().flatten().map(|reply| reply.stdout.len()).sum::<usize>() < 5_000_000);
        assert_eq!(stdout(replies.into_iter().next_back().unwrap()), "otherwise");
        assert!(!otherwise.commands().is_empty());
    }
}

#[test]
fn an_agent_that_speaks_something_else_is_not_used() {
    let agent = Agent::new(|mut stream| {
        let mut some = [0; 16];
        stream.read_exact(&mut some).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let error = AgentSocket::open(|name| agent.variable(name), Otherwise::default()).unwrap_err();
    assert!(matches!(&error, SocketError::Probe(_)), "{error}");

    let agent = Agent::new(|stream| {
        let _end = serve(stream, |_| Ok(Response { code: 2, ..Response::default() }));
    });
    let error = AgentSocket::open(|name| agent.variable(name), Otherwise::default()).unwrap_err();
    assert_eq!(error.to_string(), "the agent does not answer as expected: exit code 2");
}

#[test]
fn what_the_environment_lacks_is_said() {
    let agent = Agent::new(|_| ());
    for missing in ["JUJU_CONTEXT_ID", "JUJU_AGENT_SOCKET_ADDRESS", "JUJU_AGENT_SOCKET_NETWORK"] {
        let without = |name: &str| agent.variable(name).filter(|_| name != missing);
        let error = AgentSocket::open(without, Otherwise::default()).unwrap_err();
        assert_eq!(error.to_string(), format!("{missing} is not set"));
    }
    let tcp = |name: &str| match name {
        "JUJU_AGENT_SOCKET_NETWORK" => Some("tcp".to_owned()),
        _ => agent.variable(name),
    };
    assert!(matches!(AgentSocket::open(tcp, Otherwise::default()), Err(SocketError::Network)));
    let nowhere = |name: &str| match name {
        "JUJU_AGENT_SOCKET_ADDRESS" => Some("/nowhere/socket".to_owned()),
        _ => agent.variable(name),
    };
    assert!(matches!(AgentSocket::open(nowhere, Otherwise::default()), Err(SocketError::Connect(_))));
}
