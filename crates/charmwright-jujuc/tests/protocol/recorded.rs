//! Conversations that were recorded: what Juju says is read, and what we say is what Juju says.

use crate::support::{Script, bytes, request};
use charmwright_jujuc::{Client, Request, Response, STDIN_DEMAND, serve};

/// Four calls on one connection, by a Go program with Juju's structs as they were before the token.
const GO_ASKS: [&str; 4] = [
    "2fff81030101075265717565737401ff82000102010d536572766963654d6574686f64010c00010353657101060000
     000fff82010a4a756a75632e4d61696e00
     5cff83030101075265717565737401ff840001060109436f6e746578744964010c000103446972010c00010b436f6d
     6d616e644e616d65010c0001044172677301ff86000108537464696e5365740102000105537464696e010a000000
     16ff85020101085b5d737472696e6701ff8600010c0000
     2aff840107752f302d782d3101012f010969732d6c656164657201010d2d2d666f726d61743d6a736f6e00",
    "11ff82010a4a756a75632e4d61696e010100 14ff840107752f302d782d3101012f010362616400",
    "11ff82010a4a756a75632e4d61696e010200
     28ff840107752f302d782d3101012f010c72656c6174696f6e2d7365740102062d2d66696c65012d00",
    "11ff82010a4a756a75632e4d61696e010300
     2eff840107752f302d782d3101012f010c72656c6174696f6e2d7365740102062d2d66696c65012d010101027b7d00",
];
const GO_ANSWERS: [&str; 4] = [
    "3aff8703010108526573706f6e736501ff88000103010d536572766963654d6574686f64010c0001035365710106000105
     4572726f72010c0000000fff88010a4a756a75632e4d61696e00
     39ff890301010c45786563526573706f6e736501ff8a0001030104436f646501040001065374646f7574010a0001065374
     64657272010a000000 0aff8a0205747275650a00",
    "11ff88010a4a756a75632e4d61696e010100 12ff8a0104020b4552524f52206e6f70650a00",
    "3aff88010a4a756a75632e4d61696e01020127686f6f6b20746f6f6c20726571756972657320737464696e2c206e6f6e65
     20737570706c69656400 0aff8b030102ff8c000000 03ff8c00",
    "11ff88010a4a756a75632e4d61696e010300 0aff8a0205747275650a00",
];

/// The client of Juju 3.6.11: `relation-set --file -`, without and then with its input.
const JUJU_ASKS: [&str; 2] = [
    "2e7f030101075265717565737401ff80000102010d536572766963654d6574686f64010c0001035365710106000000
     0fff80010a4a756a75632e4d61696e00
     66ff81030101075265717565737401ff820001070109436f6e746578744964010c000103446972010c00010b436f6d
     6d616e644e616d65010c0001044172677301ff84000108537464696e5365740102000105537464696e010a00010554
     6f6b656e010c000000
     16ff83020101085b5d737472696e6701ff8400010c0000
     28ff820107752f302d782d3101012f010c72656c6174696f6e2d7365740102062d2d66696c65012d00",
    "11ff80010a4a756a75632e4d61696e010100
     2eff820107752f302d782d3101012f010c72656c6174696f6e2d7365740102062d2d66696c65012d010101027b7d00",
];

/// The server of Juju 3.6.11: `is-leader --format=json`, `bad`, `is-leader --x`.
const JUJU_ANSWERS: [&str; 3] = [
    "397f03010108526573706f6e736501ff80000103010d536572766963654d6574686f64010c0001035365710106000105
     4572726f72010c000000 0fff80010a4a756a75632e4d61696e00
     39ff810301010c45786563526573706f6e736501ff820001030104436f646501040001065374646f7574010a0001065374
     64657272010a000000 0aff820205747275650a00",
    "34ff80010a4a756a75632e4d61696e0101012162616420726571756573743a20756e6b6e6f776e20636f6d6d616e643a
     20626164000aff83030102ff8400000003ff8400",
    "11ff80010a4a756a75632e4d61696e010200
     31ff820104022a4552524f52206f7074696f6e2070726f766964656420627574206e6f7420646566696e65643a202d780a00",
];

fn output(code: i32, stdout: &str, stderr: &str) -> Response {
    Response { code, stdout: stdout.into(), stderr: stderr.into() }
}

/// What the server makes of `asks`, and what it answers with `answers`.
fn served(asks: &[&str], answers: Vec<Result<Response, String>>) -> (Vec<Request>, Vec<u8>) {
    let (mut answers, mut heard) = (answers.into_iter(), Vec::new());
    let mut script = Script::new(bytes(&asks.concat()));
    serve(&mut script, |request| {
        heard.push(request);
        answers.next().unwrap()
    })
    .unwrap();
    (heard, script.heard)
}

#[test]
fn the_server_reads_every_request_of_the_go_program() {
    let stdin = Request { stdin: Some(b"{}".into()), ..request("relation-set", &["--file", "-"]) };
    let (heard, _) = served(&GO_ASKS, vec![Ok(Response::default()); 4]);
    assert!(
        heard
            == [
                request("is-leader", &["--format=json"]),
                request("bad", &[]),
                request("relation-set", &["--file", "-"]),
                stdin
            ]
    );
}

#[test]
fn the_client_reads_every_answer_of_the_go_program() {
    let mut client = Client::new(Script::new(bytes(&GO_ANSWERS.concat())));
    assert!(client.call(&request("is-leader", &[])).unwrap() == output(0, "true\n", ""));
    assert!(client.call(&request("bad", &[])).unwrap() == output(2, "", "ERROR nope\n"));
    // The third answer asks for standard input, the fourth is to the call that brings it.
    let response = client.call_with_stdin(&request("relation-set", &["--file", "-"]), || Ok(b"{}".into()));
    assert!(response.unwrap() == output(0, "true\n", ""));
}

#[test]
fn the_client_asks_byte_for_byte_as_the_client_of_juju() {
    let (_, answers) = served(&JUJU_ASKS, vec![Err(STDIN_DEMAND.into()), Ok(Response::default())]);
    let mut client = Client::new(Script::new(answers));
    client.call_with_stdin(&request("relation-set", &["--file", "-"]), || Ok(b"{}".into())).unwrap();
    assert_eq!(client.stream().heard, bytes(&JUJU_ASKS.concat()));
}

#[test]
fn the_server_answers_byte_for_byte_as_the_server_of_juju() {
    let refused = Err("bad request: unknown command: bad".to_owned());
    let wrong = output(2, "", "ERROR option provided but not defined: -x\n");
    let (_, said) = served(&GO_ASKS[..3], vec![Ok(output(0, "true\n", "")), refused, Ok(wrong)]);
    assert_eq!(said, bytes(&JUJU_ANSWERS.concat()));
}

#[test]
fn the_server_reads_what_the_client_of_juju_asks() {
    let (heard, _) = served(&JUJU_ASKS, vec![Err(STDIN_DEMAND.into()), Ok(Response::default())]);
    let first = request("relation-set", &["--file", "-"]);
    let second = Request { stdin: Some(b"{}".into()), ..first.clone() };
    assert!(heard == [first, second]);
}

#[test]
fn the_client_reads_what_the_server_of_juju_answers() {
    let mut client = Client::new(Script::new(bytes(&JUJU_ANSWERS.concat())));
    assert!(client.call(&request("is-leader", &[])).unwrap() == output(0, "true\n", ""));
    let error = client.call(&request("bad", &[])).unwrap_err();
    assert_eq!(error.to_string(), "the agent refused: bad request: unknown command: bad");
    assert!(error.has_not_run());
    assert_eq!(client.call(&request("is-leader", &["--x"])).unwrap().code, 2);
}
