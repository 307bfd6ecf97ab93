//! Calls that are sent before the replies of earlier ones came.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;

use charmwright_jujuc::{CallError, Client, Request, Response, listen, serve};
use nix::fcntl::{F_GETFD, FdFlag, fcntl};

use crate::support::{Script, request};

fn echo(request: Request) -> Result<Response, String> {
    match request.command.as_str() {
        "refuse" => Err("bad request: unknown command: refuse".into()),
        _ => Ok(Response {
            stdout: request.args.into_iter().next().unwrap().into_encoded_bytes(),
            ..Response::default()
        }),
    }
}

#[test]
fn results_come_in_the_order_of_the_calls_and_a_refusal_spoils_no_other() {
    let (here, there) = UnixStream::pair().unwrap();
    let agent = thread::spawn(|| serve(there, echo));
    let requests: Vec<_> = (0..500)
        .map(|number| request(if number % 7 == 3 { "refuse" } else { "echo" }, &[&number.to_string()]))
        .collect();
    let mut client = Client::new(here);
    let results = client.calls(&requests);
    drop(client);
    agent.join().unwrap().unwrap();
    assert_eq!(results.len(), 500);
    for (number, result) in results.into_iter().enumerate() {
        match result {
            Ok(response) => assert_eq!(response.stdout, number.to_string().as_bytes()),
            Err(error) => assert!(number % 7 == 3 && matches!(error, CallError::Refused(_)), "{error}"),
        }
    }
}

#[test]
fn large_requests_and_replies_do_not_stop_each_other() {
    let (here, there) = UnixStream::pair().unwrap();
    let agent = thread::spawn(|| serve(there, echo));
    let large = "x".repeat(1 << 20);
    let mut client = Client::new(here);
    for result in client.calls(&vec![request("echo", &[&large]); 8]) {
        assert_eq!(result.unwrap().stdout.len(), large.len());
    }
    drop(client);
    agent.join().unwrap().unwrap();
}

/// What the server says to one call, with other numbers in the place of its own. The definitions come once.
fn replies(numbers: &[u8]) -> Vec<u8> {
    let mut client = Client::new(Script::new([]));
    client.call(&request("echo", &["a"])).unwrap_err();
    let mut agent = Script::new(&client.stream().heard[..]);
    serve(&mut agent, echo).unwrap();
    let header = b"\x0f\xff\x80\x01\x0aJujuc.Main\0";
    let start = agent.heard.windows(header.len()).position(|part| part == header).unwrap();
    let (definition, rest) = agent.heard.split_at(start);
    let (_, body) = rest.split_at(header.len());
    let definition_of_body = body.len() - 7;
    let mut replies = definition.to_vec();
    for (place, &number) in numbers.iter().enumerate() {
        replies.extend(b"\x11\xff\x80\x01\x0aJujuc.Main\x01");
        replies.extend([number, 0]);
        replies.extend(if place == 0 { &body[..definition_of_body] } else { &[] });
        replies.extend([6, 0xff, 0x82, 2, 1, b'0' + number, 0]);
    }
    replies
}

#[test]
fn replies_may_come_in_any_order() {
    let results = Client::new(Script::new(replies(&[2, 0, 1]))).calls(&vec![request("echo", &[]); 3]);
    let stdout: Vec<_> = results.into_iter().map(|result| result.unwrap().stdout).collect();
    assert_eq!(stdout, [b"0", b"1", b"2"]);
}

#[test]
fn after_a_break_every_call_has_a_result_that_says_whether_it_can_have_run() {
    let (here, mut there) = UnixStream::pair().unwrap();
    let agent = thread::spawn(move || {
        let mut some = [0; 100];
        there.read_exact(&mut some).unwrap();
        there.write_all(b"\x03\x02\x00\x00").unwrap();
    });
    let mut client = Client::new(here);
    let results = client.calls(&vec![request("echo", &["a"]); 100]);
    agent.join().unwrap();
    assert_eq!(results.len(), 100);
    assert!(results.iter().all(Result::is_err));
    assert!(results.iter().any(|result| !result.as_ref().unwrap_err().has_not_run()));
    let error = client.call(&request("echo", &["a"])).unwrap_err();
    assert!(matches!(error, CallError::Broken) && error.has_not_run());
}

#[test]
fn a_reply_to_no_call_breaks_the_connection() {
    let mut client = Client::new(Script::new(replies(&[5])));
    let error = client.call(&request("echo", &["a"])).unwrap_err();
    assert!(matches!(error, CallError::Unasked { sequence: 5 }), "{error}");
    assert!(matches!(client.call(&request("echo", &["a"])), Err(CallError::Broken)));
}

#[test]
fn the_connection_is_not_passed_on_to_other_processes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.socket");
    let path = path.to_str().unwrap();
    let name = format!("@charmwright-jujuc-{}", std::process::id());
    for address in [path, &name] {
        let listener = listen(address).unwrap();
        let client = Client::connect(address).unwrap();
        let (there, _) = listener.accept().unwrap();
        for stream in [client.stream(), &there] {
            let flags = FdFlag::from_bits_retain(fcntl(stream.as_fd(), F_GETFD).unwrap());
            assert!(flags.contains(FdFlag::FD_CLOEXEC), "{address}");
        }
    }
}
