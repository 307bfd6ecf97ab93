//! What holds for anything that is said.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::thread;

use charmwright_jujuc::{Client, Request, Response, serve};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::support::Script;

fn any_request() -> impl Strategy<Value = Request> {
    let text = || vec(any::<u8>(), 0..200);
    (".*", text(), ".*", vec(text(), 0..20), option::of(text()), ".*").prop_map(
        |(context_id, dir, command, args, stdin, token)| Request {
            context_id,
            dir: OsString::from_vec(dir).into(),
            command,
            args: args.into_iter().map(OsString::from_vec).collect(),
            stdin,
            token,
        },
    )
}

fn any_result() -> impl Strategy<Value = Result<Response, String>> {
    let text = || vec(any::<u8>(), 0..200);
    prop_oneof![
        (any::<i32>(), text(), text()).prop_map(|(code, stdout, stderr)| Ok(Response {
            code,
            stdout,
            stderr
        })),
        ".+".prop_map(Err)
    ]
}

fn converse(said: &[(Request, Result<Response, String>)]) {
    let (here, there) = UnixStream::pair().unwrap();
    let (mut results, mut heard) = (said.iter().map(|(_, result)| result.clone()), Vec::new());
    let asked: Vec<_> = said.iter().map(|(request, _)| request.clone()).collect();
    let replies = thread::scope(|scope| {
        let agent = scope.spawn(|| {
            serve(there, |request| {
                heard.push(request);
                results.next().unwrap()
            })
        });
        let mut client = Client::new(here);
        let replies: Vec<_> = asked.iter().map(|request| client.call(request)).collect();
        drop(client);
        agent.join().unwrap().unwrap();
        replies
    });
    assert!(heard == asked);
    for (reply, (_, result)) in replies.into_iter().zip(said) {
        match result {
            Ok(response) => assert!(reply.unwrap() == *response),
            Err(text) => {
                assert_eq!(reply.unwrap_err().to_string(), format!("the agent refused: {text}"));
            }
        }
    }
}

/// The bytes of one call, of both sides.
fn bytes_of((request, result): &(Request, Result<Response, String>)) -> (Vec<u8>, Vec<u8>) {
    let mut client = Client::new(Script::new([]));
    client.call(request).unwrap_err();
    let asked = client.stream().heard.clone();
    let mut agent = Script::new(&asked[..]);
    serve(&mut agent, |_| result.clone()).unwrap();
    (asked, agent.heard)
}

/// Asks until the replies end, whatever they are.
fn ask_all(replies: &[u8]) {
    let mut client = Client::new(Script::new(replies));
    while client.call(&Request::default()).is_ok() {}
}

proptest! {
    #[test]
    fn what_is_said_is_heard(said in vec((any_request(), any_result()), 0..5)) {
        converse(&said);
    }

    #[test]
    fn any_bytes_are_an_error_or_an_answer_and_never_a_panic(bytes in vec(any::<u8>(), 0..500)) {
        let _any = serve(&mut Script::new(&bytes[..]), |_| Ok(Response::default()));
        ask_all(&bytes);
    }

    #[test]
    fn a_conversation_cut_anywhere_is_never_a_panic(said in (any_request(), any_result())) {
        let (requests, replies) = bytes_of(&said);
        for end in 0..requests.len() {
            let mut heard = 0;
            let result = serve(&mut Script::new(&requests[..end]), |_| { heard += 1; Ok(Response::default()) });
            prop_assert_eq!(heard, 0);
            prop_assert_eq!(result.is_ok(), end == 0);
        }
        for end in 0..replies.len() {
            let error = Client::new(Script::new(&replies[..end])).call(&Request::default()).unwrap_err();
            prop_assert!(!error.has_not_run(), "{error:?}");
        }
    }

    #[test]
    fn a_conversation_with_one_byte_changed_is_never_a_panic(
        said in (any_request(), any_result()), place: prop::sample::Index, byte: u8,
    ) {
        let (mut requests, mut replies) = bytes_of(&said);
        *place.get_mut(&mut requests[..]) = byte;
        *place.get_mut(&mut replies[..]) = byte;
        let _any = serve(&mut Script::new(requests), |_| Ok(Response::default()));
        ask_all(&replies);
    }
}
