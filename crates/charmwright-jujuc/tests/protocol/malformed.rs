//! Gob that Juju does not send: what later versions may, and what nobody should. All but what is made up here was
//! written by Go's own encoder.

use charmwright_jujuc::{CallError, Client, Malformed, Response, ServeError, serve, serve_limited};

use crate::support::{Script, bytes, request};

/// The response header, defined, and with nothing but the method in it.
const HEADER: &str =
    "397f03010108526573706f6e736501ff80000103010d536572766963654d6574686f64010c00010353657101
    060001054572726f72010c0000000fff80010a4a756a75632e4d61696e00";

fn reply(body: &str) -> Result<Response, CallError> {
    Client::new(Script::new(bytes(&[HEADER, body].concat()))).call(&request("x", &[]))
}

fn malformed(body: &str) -> Malformed {
    match reply(body) {
        Err(CallError::Malformed(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn fields_that_are_not_known_are_passed_over_whatever_they_are() {
    // Maps of lists, interfaces with and without content, a complex number, a time, an array, structs that hold
    // themselves, and after all of them the code and the output.
    let rich = "ff9aff81030101045269636801ff8200010e010646757475726501ff86000103416e7901100001044e6f6e6501
        10000105466c6f61740108000107436f6d706c6578010e0001045768656e01ff8800010354776f01ff8a000105496e6e65
        7201ff8c00010350747201ff8c0001035965730102000103526177010a0001044c69737401ff90000104436f6465010400
        01065374646f7574010a000000
        21ff85040101106d61705b737472696e675d5b5d696e7401ff8600010c01ff840000 0cff83020102ff84000104000010
        ff870501010454696d6501ff88000000 17ff89010101075b325d75696e7401ff8a00010601040000
        20ff8b03010105496e6e657201ff8c000102010141010c0001014201ff8e000000
        1bff8d0201010c5b5d6d61696e2e496e6e657201ff8e0001ff8c0000
        1cff8f0201010e5b5d696e74657266616365207b7d01ff900001100000
        72ff8201020179000178030203fe02580103696e740402000602fef83f01fef03f40010f010000000e7791f70500000006
        ffff010200090101016101020101620000000101016101020101620000000101010172010303696e740402000206737472
        696e670c0300017400010e01036f757400";
    let reply = reply(rich).unwrap();
    assert_eq!((reply.code, &reply.stdout[..], &reply.stderr[..]), (7, &b"out"[..], &b""[..]));
}

#[test]
fn an_interface_that_brings_its_own_types_is_refused() {
    let interface = "2fff91030101054b6e6f776e01ff920001030104436f64650104000103416e7901100001065374646f7574
        010a00000030ff92010e010a6d61696e2e496e6e6572ff8b03010105496e6e657201ff8c000102010141010c0001014201
        ff8e0000001bff8d0201010c5b5d6d61696e2e496e6e657201ff8e0001ff8c000014ff8c0b010161010201016200000001
        036f757400";
    assert_eq!(malformed(interface), Malformed::WrongType("an interface of a known type"));
}

#[test]
fn a_field_of_another_type_is_refused() {
    for (body, expected) in [
        ("15ff93030102ff940001010104436f6465010c00000006ff9401013700", "a signed number"),
        ("15ff95030102ff960001010104436f6465010600000005ff96010700", "a signed number"),
        ("17ff99030102ff9a00010101065374646f7574010c00000006ff9a01017800", "bytes"),
        ("0304000e", "a struct"),
    ] {
        assert_eq!(malformed(body), Malformed::WrongType(expected));
    }
    let code_of_41_bits = "15ff97030102ff980001010104436f646501040000000bff9801fa02000000000000";
    assert_eq!(malformed(code_of_41_bits), Malformed::Range);
}

#[test]
fn fields_that_are_missing_are_zero() {
    let body = "20ff9b030102ff9c00010201065374646f7574010a0001044b6f6465010400000008ff9c010178010600";
    assert!(reply(body).unwrap() == Response { code: 0, stdout: b"x".into(), stderr: vec![] });
}

#[test]
fn what_is_no_gob_is_refused() {
    for (body, error) in [
        ("03ff8400", Malformed::UnknownType(66)),
        ("09ff8000", Malformed::Truncated),
        ("04ff800000", Malformed::Surplus),
        ("03ff8009", Malformed::UnknownField),
        ("00", Malformed::Truncated),
        ("80", Malformed::Number(128)),
        ("f7010101010101010101", Malformed::Number(9)),
        ("f8ffffffffffffffff", Malformed::TooLong { bytes: u64::MAX, limit: 64 << 20 }),
        // The header's type once more; one that defines nothing; one of gob's own.
        ("097f030102ff80000000", Malformed::DefinedTwice(64)),
        ("03ff8100", Malformed::EmptyDefinition),
        ("020100", Malformed::DefinedTwice(1)),
        // A text that says it is longer than its message.
        ("06ff80017f6a6a", Malformed::Truncated),
    ] {
        assert_eq!(malformed(body), error, "{body}");
    }
}

#[test]
fn a_type_that_holds_itself_is_read_only_so_deep() {
    // struct { A T }, where T is itself: a value is as many steps down as it says.
    let definition = "13ff81030102ff8200010101014101ff82000000";
    let value = |depth: usize| {
        let (ones, zeros) = ("01".repeat(depth), "00".repeat(depth + 1));
        format!("{definition}fe{:04x}ff82{ones}{zeros}", 2 * depth + 3)
    };
    assert_eq!(reply(&value(20)).unwrap().code, 0);
    assert_eq!(malformed(&value(20_000)), Malformed::TooDeep);
}

#[test]
fn the_length_of_messages_is_a_setting() {
    let mut client = Client::new(Script::new([])).message_bytes_max(2_000);
    let long = request("juju-log", &[&"x".repeat(2_000)]);
    let error = client.call(&long).unwrap_err();
    assert!(matches!(error, CallError::TooLong { limit: 2_000, .. }) && error.has_not_run());
    assert!(client.stream().heard.is_empty());

    let mut client = Client::new(Script::new([]));
    client.call(&long).unwrap_err();
    let error = serve_limited(&mut Script::new(&client.stream().heard[..]), 2_000, |_| unreachable!());
    assert!(matches!(error, Err(ServeError::Malformed(Malformed::TooLong { limit: 2_000, .. }))));
}

#[test]
fn a_promise_of_much_takes_no_memory() {
    // 64 MiB are announced, four bytes come: what is allocated goes by the latter.
    let error = serve(&mut Script::new(bytes("fc04000000 01020304")), |_| unreachable!());
    assert!(matches!(error, Err(ServeError::Malformed(Malformed::Truncated))));
}

#[test]
fn there_is_one_method() {
    let ask = |method: &str| {
        let mut script = Vec::new();
        script.extend(bytes(
            "2e7f030101075265717565737401ff80000102010d536572766963654d6574686f64010c0001035365710106000000",
        ));
        script.extend([u8::try_from(method.len() + 5).unwrap(), 0xff, 0x80, 1]);
        script.push(u8::try_from(method.len()).unwrap());
        script.extend(method.as_bytes());
        script.push(0);
        // The body is passed over, whatever it is.
        script.extend(bytes("0aff83030102ff8400000003ff8400"));
        let mut agent = Script::new(script);
        serve(&mut agent, |_| unreachable!()).unwrap();
        let error = Client::new(Script::new(agent.heard)).call(&request("x", &[])).unwrap_err();
        assert!(error.has_not_run());
        error.to_string()
    };
    assert_eq!(ask("Main"), "the agent refused: rpc: service/method request ill-formed: Main");
    assert_eq!(ask("Jujuc.Other"), "the agent refused: rpc: can't find method Jujuc.Other");
    assert_eq!(ask("Other.Main"), "the agent refused: rpc: can't find service Other.Main");
}
