//! A daemon that gives too much, too slowly, or without an end.

#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod hostile;

use std::time::{Duration, Instant};

use charmwright_pebble::limits::{ANSWER_BYTES_MAX, FILES_BYTES_MAX, LOG_LINE_BYTES_MAX, LOG_LINES_MAX};
use charmwright_pebble::{Client, Error, FileErrorKind, LogsOptions, WriteOptions};

use self::hostile::{Daemon, Say, form, json};

type Ask = fn(&Client) -> Result<(), Error>;

fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap()
}

#[test]
fn a_file_that_is_longer_than_its_bound_is_told_and_the_others_are_read() {
    let daemon =
        Daemon::with_files(&[("/a", 10), ("/endless", u64::MAX), ("/b", 20), ("/long", 31), ("/c", 30)]);
    let client = daemon.client();
    let files = [("/a", 10), ("/endless", 5), ("/b", 100), ("/a", 1), ("/long", 30), ("/c", 30)];
    let read = client.read_files_within(&files).unwrap();
    let told: Vec<_> =
        read.iter().map(|(path, result)| (path.as_str(), result.as_ref().map(Vec::len))).collect();
    let too_large = |index: usize| read[index].1.as_ref().unwrap_err();
    assert_eq!(
        told,
        [
            ("/a", Ok(10)),
            ("/endless", Err(too_large(1))),
            ("/b", Ok(20)),
            ("/long", Err(too_large(3))),
            ("/c", Ok(30)),
        ]
    );
    for (index, bound) in [(1, "5 bytes"), (3, "30 bytes")] {
        assert_eq!(too_large(index).kind, FileErrorKind::TooLarge);
        assert!(too_large(index).to_string().contains(bound), "{}", too_large(index));
    }
    // One for each that was too large, and one for the rest.
    assert_eq!(daemon.requests().len(), 3);
}

#[test]
fn files_without_a_bound_of_their_own_have_one_together() {
    let daemon = Daemon::with_files(&[
        ("/most", FILES_BYTES_MAX - 1),
        ("/two", 2),
        ("/one", 1),
        ("/endless", u64::MAX),
    ]);
    let client = daemon.client();
    assert_eq!(client.read_file("/most").unwrap().len(), length(FILES_BYTES_MAX - 1));
    let error = client.read_file("/endless").unwrap_err();
    assert!(
        matches!(&error, Error::File { error, .. } if error.kind == FileErrorKind::TooLarge),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "cannot read \"/endless\": it has more than 4194304 bytes, the most that is read of it"
    );
    let read = client.read_files(&["/most", "/two", "/one"]).unwrap();
    let is_there: Vec<_> = read.iter().map(|(path, result)| (path.as_str(), result.is_ok())).collect();
    assert_eq!(is_there, [("/most", true), ("/two", false), ("/one", true)]);
}

#[test]
fn a_streamed_file_has_no_bound() {
    let daemon = Daemon::with_files(&[("/large", FILES_BYTES_MAX * 3)]);
    let read = daemon.client().read_file_to("/large", &mut std::io::sink()).unwrap();
    assert_eq!(read, FILES_BYTES_MAX * 3);
}

#[test]
fn a_file_that_comes_again_and_again_is_no_answer() {
    let mut body = form(&[("/a", b"x")]).into_bytes();
    let end = body.len() - "--B--\r\n".len();
    body.truncate(end);
    let again = body.clone();
    body.extend(again);
    let say = Say::head("multipart/form-data; boundary=B").then(body);
    let error = Daemon::new(move |_| say.clone()).client().read_files_within(&[("/a", 1)]).unwrap_err();
    assert!(error.to_string().contains("twice"), "{error}");
}

#[test]
fn an_answer_without_an_end_is_left() {
    let part = "--B\r\nContent-Disposition: form-data; name=\"response\"\r\n\r\n";
    let form = "multipart/form-data; boundary=B";
    let asks: [(&str, &str, Ask, &str); 6] = [
        ("application/json", "{\"a\":\"", |client| client.system_info().map(drop), "1048576 bytes"),
        (
            "application/json",
            "{\"type\":\"error\",\"a\":\"",
            |client| client.replan().map(drop),
            "1048576 bytes",
        ),
        ("application/json", "{\"a\":\"", |client| client.read_file("/a").map(drop), "1048576 bytes"),
        ("text/plain; version=0.0.4", "#", |client| client.metrics().map(drop), "262144 bytes"),
        (form, part, |client| client.read_file("/a").map(drop), "1048576 bytes"),
        ("application/x-ndjson", "{", |client| client.logs(&LogsOptions::default()).map(drop), "65536 bytes"),
    ];
    for (content_type, begin, ask, told) in asks {
        let daemon = Daemon::new(move |_| Say::head(content_type).then(begin).endless(b"x"));
        let error = ask(&daemon.client()).unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{content_type}: {error:?}");
        assert!(error.to_string().contains(&format!("more than {told}")), "{error}");
    }
}

#[test]
fn an_answer_of_exactly_the_most_is_read_and_one_byte_more_is_not() {
    let answer = |bytes: usize| {
        let body = r#"{"type":"sync","result":{"version":""}}"#;
        let version = "x".repeat(bytes - body.len());
        Daemon::new(move |_| Say::all(&json(&body.replace("\"\"", &format!("\"{version}\"")))))
    };
    let most = length(ANSWER_BYTES_MAX);
    answer(most).client().system_info().unwrap();
    let error = answer(most + 1).client().system_info().unwrap_err();
    assert!(matches!(error, Error::TooLarge { most: ANSWER_BYTES_MAX, .. }), "{error:?}");
}

#[test]
fn headers_without_an_end_are_left() {
    for begin in [
        "HTTP/1.1 200 OK\r\nX: ",
        "HTTP/1.1 200 ",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    ] {
        let daemon = Daemon::new(move |_| Say::bytes(begin).endless(b"0"));
        let client = daemon.client().with_request_timeout(Duration::from_secs(20));
        let started = Instant::now();
        let error = client.system_info().unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(10), "{begin:?}: {error:?}");
    }
}

#[test]
fn a_part_whose_headers_have_no_end_is_left() {
    let daemon =
        Daemon::new(|_| Say::head("multipart/form-data; boundary=B").then("--B\r\nX: ").endless(b"x"));
    let error = daemon.client().read_file("/a").unwrap_err();
    assert!(error.to_string().contains("have no end"), "{error}");
}

#[test]
fn a_log_ends_at_a_number_of_lines() {
    let daemon = Daemon::new(|_| Say::head("application/x-ndjson").endless(b"{}\n"));
    let client = daemon.client();
    let error = client.logs(&LogsOptions::default()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { most: LOG_LINES_MAX, unit: "lines", .. }), "{error:?}");
    // Whoever follows takes one after the other.
    let mut followed = client.follow_logs(&LogsOptions::default(), Duration::from_secs(20)).unwrap();
    let taken = followed.by_ref().take(length(LOG_LINES_MAX) * 2).flatten().count();
    assert_eq!(taken, length(LOG_LINES_MAX) * 2);
}

#[test]
fn a_followed_line_that_has_no_end_is_left() {
    let long = Daemon::new(|_| Say::head("application/x-ndjson").then("{}\n").endless(b"x"));
    let slow =
        Daemon::new(|_| Say::head("application/x-ndjson").then("{}\n").drip(b"x", Duration::from_millis(5)));
    let follow = |daemon: &Daemon| {
        let mut lines =
            daemon.client().follow_logs(&LogsOptions::default(), Duration::from_millis(200)).unwrap();
        lines.next().unwrap().unwrap();
        lines.next().unwrap().unwrap_err()
    };
    let error = follow(&long);
    assert!(matches!(error, Error::TooLarge { most: LOG_LINE_BYTES_MAX, .. }), "{error:?}");
    let error = follow(&slow);
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[test]
fn a_text_of_the_daemon_is_one_line_of_some_length() {
    let long = "x".repeat(10_000);
    let message = format!("no\0 such\u{202e} file\nor {long}");
    let told = serde_json::json!({"type": "error", "result": {"message": message, "kind": long}}).to_string();
    let denied = json(&told).replacen("200", "401", 1);
    for answer in [json(&told), denied] {
        let daemon = Daemon::new(move |_| Say::all(&answer));
        let error = daemon.client().replan().unwrap_err();
        assert!(error.to_string().contains("no\u{fffd} such\u{fffd} file; or xxx"), "{error}");
        assert!(error.to_string().len() < 1_300 && error.kind().unwrap().len() < 1_100, "{error:?}");
    }
}

#[test]
fn blanks_without_an_end_after_a_boundary_are_content() {
    let begin = "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"/a\"\r\n\r\nx\r\n--B";
    let daemon =
        Daemon::new(move |_| Say::head("multipart/form-data; boundary=B").then(begin).endless(b"    "));
    let read = daemon.client().read_files_within(&[("/a", 1_000_000)]).unwrap();
    assert_eq!(read[0].1.as_ref().unwrap_err().kind, FileErrorKind::TooLarge);
}

#[test]
fn a_budget_ends_many_requests_together() {
    let daemon = Daemon::new(|_| Say::nothing());
    let budget = Duration::from_millis(300);
    let client = daemon.client().with_budget(budget);
    let begin = Instant::now();
    let mut asked = 0;
    for _ in 0..20 {
        let client = client.clone();
        let errors = [
            client.system_info().unwrap_err(),
            client.read_file("/a").unwrap_err(),
            client.read_file_to("/a", &mut std::io::sink()).unwrap_err(),
            client.write_file("/a", b"", &WriteOptions::default()).unwrap_err(),
            client.write_file_from("/a", &mut &b"x"[..], &WriteOptions::default()).unwrap_err(),
            client.all_services().unwrap_err(),
            client.metrics().unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
            asked += 1;
        }
    }
    assert_eq!(asked, 140);
    assert!(begin.elapsed() < budget * 4, "{:?}", begin.elapsed());
    assert_eq!(client.budget_left(), Some(Duration::ZERO));
    assert_eq!(daemon.requests().len(), 1, "what is over is not sent");
}

#[test]
fn what_waits_for_the_daemon_to_work_costs_nothing_of_the_budget() {
    let daemon = Daemon::new(|request| {
        if request.contains("/wait?") {
            return Say::nothing();
        }
        Say::all(&json(r#"{"type":"sync","result":{"version":"v1.26.0","boot-id":"b"}}"#))
    });
    let client = daemon.client().with_budget(Duration::from_millis(100));
    let change = charmwright_pebble::ChangeId::new("7").unwrap();
    let begin = Instant::now();
    let error = client.wait_change(&change, Duration::from_millis(300)).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert!(begin.elapsed() >= Duration::from_millis(300));
    client.system_info().unwrap();
    assert!(client.budget_left().unwrap() > Duration::ZERO);
}

#[test]
fn a_body_that_drips_ends_at_the_whole_deadline() {
    let timeout = Duration::from_millis(200);
    let drip = |begin: &'static str, content_type: &'static str| {
        Daemon::new(move |_| Say::head(content_type).then(begin).drip(b"x", Duration::from_millis(5)))
    };
    let file = "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"/a\"\r\n\r\n";
    let form = "multipart/form-data; boundary=B";
    let late = |result: Result<(), Error>, begin: Instant| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        assert!(begin.elapsed() < timeout * 10, "{:?}", begin.elapsed());
    };
    let client = |daemon: &Daemon| daemon.client().with_request_timeout(timeout);
    let asks: [(&str, &str, Ask); 5] = [
        ("{\"type\":\"sync\",\"result\":\"", "application/json", |client| client.system_info().map(drop)),
        (file, form, |client| client.read_file("/a").map(drop)),
        (file, form, |client| client.read_file_to("/a", &mut std::io::sink()).map(drop)),
        ("--B\r\nX: ", form, |client| client.read_file_to("/a", &mut std::io::sink()).map(drop)),
        ("#", "text/plain", |client| client.metrics().map(drop)),
    ];
    for (begin, content_type, ask) in asks {
        let daemon = drip(begin, content_type);
        late(ask(&client(&daemon)), Instant::now());
    }
    // The headers, too.
    let daemon = Daemon::new(|_| Say::bytes("HTTP/1.1 200 OK\r\nX: ").drip(b"x", Duration::from_millis(5)));
    late(client(&daemon).read_file_to("/a", &mut std::io::sink()).map(drop), Instant::now());
    late(client(&daemon).system_info().map(drop), Instant::now());
}
