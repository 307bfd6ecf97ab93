//! Logs: what services wrote.

use std::time::Duration;

use charmwright_pebble::{Error, Layer, Lines, LogsOptions, Service};
use serde_json::Value;

use crate::daemon::{Daemon, PATIENCE};
use crate::programs::{Program, runs};
use crate::target::Target;

cases! {
    a_line_is_told_with_service_and_time;
    the_last_thirty_are_told_if_nobody_says_how_many;
    as_many_are_told_as_are_asked_for;
    lines_of_several_services_are_in_the_order_of_time;
    what_is_unknown_or_never_ran_wrote_nothing;
    lines_outlive_a_restart_of_the_service;
    what_services_write_as_errors_is_told_too: Processes = "it has a shell write there";
    a_long_line_comes_in_pieces: Processes = "it has a shell write it";
    the_oldest_lines_are_forgotten: Processes = "it has a shell write them";
    a_last_line_without_a_line_break_is_told: Processes = "it has a shell write it";
    markup_is_not_escaped: Socket = "it looks at the text itself", Processes = "it has a shell write it";
    the_answer_is_a_line_of_json_each: Socket = "it looks at the answer itself";
    a_number_that_makes_no_sense_is_refused: Socket = "the client writes none";
    new_lines_are_followed: Clock = "one waits while another writes";
    lines_from_before_come_first_if_asked_for;
    only_the_named_services_are_followed;
    a_service_that_starts_later_is_not_followed;
    nothing_new_is_a_timeout;
    what_follows_ends_with_the_daemon: Daemon = "it kills it";
}

fn start(daemon: &Daemon, name: &str, program: &Program) {
    let layer = Layer::new().service(name, daemon.service(program));
    daemon.client.add_layer("app", &layer).unwrap();
    daemon.done(daemon.client.start(&[name]));
}

fn shell(daemon: &Daemon, script: &str) {
    let service = Service::new(format!("/bin/sh -c {}", crate::programs::quoted(script)));
    daemon.client.add_layer("app", &Layer::new().service("web", service)).unwrap();
    daemon.done(daemon.client.start(&["web"]));
}

fn messages(daemon: &Daemon, options: &LogsOptions) -> Vec<String> {
    daemon.client.logs(options).unwrap().into_iter().map(|entry| entry.message).collect()
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn a_line_is_told_with_service_and_time(target: &Target) {
    let daemon = target.start();
    start(&daemon, "web", &runs().writes(["hello \u{1f600} \"q\" \\ \t.", "", " second"]));
    let lines = daemon.client.logs(&LogsOptions::of(["web"])).unwrap();
    assert_eq!(
        lines.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(),
        ["hello \u{1f600} \"q\" \\ \t.", "", " second"]
    );
    assert!(lines.iter().all(|line| line.service == "web" && daemon.nanoseconds(&line.time) > 0));
}

fn the_last_thirty_are_told_if_nobody_says_how_many(target: &Target) {
    let daemon = target.start();
    start(&daemon, "web", &runs().writes(numbers(0..40)));
    assert_eq!(messages(&daemon, &LogsOptions::default()), numbers(10..40));
}

fn as_many_are_told_as_are_asked_for(target: &Target) {
    let daemon = target.start();
    start(&daemon, "web", &runs().writes(numbers(0..40)));
    let last = |lines| messages(&daemon, &LogsOptions::default().lines(lines));
    assert_eq!(last(Lines::All), numbers(0..40));
    assert_eq!(last(Lines::Last(100)), numbers(0..40));
    assert_eq!(last(Lines::Last(3)), numbers(37..40));
    assert_eq!(last(Lines::Last(0)), [""; 0]);
}

fn lines_of_several_services_are_in_the_order_of_time(target: &Target) {
    let daemon = target.start();
    for (name, line) in [("b", "1"), ("a", "2"), ("c", "3")] {
        start(&daemon, name, &runs().writes([line]));
    }
    assert_eq!(messages(&daemon, &LogsOptions::default()), ["1", "2", "3"]);
    assert_eq!(messages(&daemon, &LogsOptions::default().lines(Lines::Last(2))), ["2", "3"]);
    assert_eq!(messages(&daemon, &LogsOptions::of(["c", "b"])), ["1", "3"]);
}

fn what_is_unknown_or_never_ran_wrote_nothing(target: &Target) {
    let daemon = target.start();
    let layer = Layer::new().service("idle", daemon.service(&runs()));
    daemon.client.add_layer("idle", &layer).unwrap();
    start(&daemon, "web", &runs().writes(["hello"]));
    assert_eq!(messages(&daemon, &LogsOptions::of(["unknown"])), [""; 0]);
    assert_eq!(messages(&daemon, &LogsOptions::of(["idle"])), [""; 0]);
    assert_eq!(messages(&daemon, &LogsOptions::of(["unknown", "web"])), ["hello"]);
}

fn lines_outlive_a_restart_of_the_service(target: &Target) {
    let daemon = target.start();
    start(&daemon, "web", &runs().writes(["hello"]));
    daemon.done(daemon.client.restart(&["web"]));
    assert_eq!(messages(&daemon, &LogsOptions::of(["web"])), ["hello", "hello"]);
    daemon.done(daemon.client.stop(&["web"]));
    assert_eq!(messages(&daemon, &LogsOptions::of(["web"])), ["hello", "hello"]);
}

fn what_services_write_as_errors_is_told_too(target: &Target) {
    let daemon = target.start();
    shell(&daemon, "echo one; echo two >&2; echo three; exec sleep 300");
    assert_eq!(messages(&daemon, &LogsOptions::of(["web"])), ["one", "two", "three"]);
}

fn a_long_line_comes_in_pieces(target: &Target) {
    let daemon = target.start();
    shell(&daemon, "printf '%010000d\\n' 7; echo next; exec sleep 300");
    let lines = messages(&daemon, &LogsOptions::of(["web"]));
    let (next, pieces) = lines.split_last().unwrap();
    assert_eq!(next, "next");
    assert!(pieces.len() >= 3 && pieces.iter().all(|piece| piece.len() <= 4096), "{}", pieces.len());
    let whole = pieces.concat();
    assert!(whole.len() == 10_000 && whole.ends_with("07"), "{}", whole.len());
}

fn the_oldest_lines_are_forgotten(target: &Target) {
    let daemon = target.start();
    // 150 KiB, of which 100 KiB are kept.
    shell(&daemon, "for a in $(seq 150); do printf '%01023d\\n' $a; done; exec sleep 300");
    let lines = messages(&daemon, &LogsOptions::of(["web"]));
    assert!((80..=100).contains(&lines.len()), "{}", lines.len());
    assert!(lines.last().unwrap().ends_with("0150"));
}

fn a_last_line_without_a_line_break_is_told(target: &Target) {
    let daemon = target.start();
    shell(&daemon, "printf 'no end'; exec sleep 300");
    assert_eq!(messages(&daemon, &LogsOptions::of(["web"])), ["no end"]);
}

fn markup_is_not_escaped(target: &Target) {
    let daemon = target.start();
    shell(&daemon, "echo '<b>&'; exec sleep 300");
    let answer = daemon.raw().get("/v1/logs");
    assert!(answer.text().contains(r#""message":"<b>&""#), "{}", answer.text());
}

fn the_answer_is_a_line_of_json_each(target: &Target) {
    let daemon = target.start();
    start(&daemon, "web", &runs().writes(["one", "two"]));
    let answer = daemon.raw().get("/v1/logs");
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/x-ndjson"));
    assert!(answer.is_chunked() && answer.text().ends_with('\n'), "{answer:?}");
    for (line, message) in answer.text().lines().zip(["one", "two"]) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!((line["service"].as_str(), line["message"].as_str()), (Some("web"), Some(message)));
        // With milliseconds at most, in UTC.
        let time = line["time"].as_str().unwrap();
        assert!(time.len() <= "2026-01-01T00:00:00.000Z".len() && time.ends_with('Z'), "{time}");
    }
}

fn a_number_that_makes_no_sense_is_refused(target: &Target) {
    let daemon = target.start();
    for query in ["n=-2", "n=x", "n=1.5", "follow=yes", "follow=1"] {
        assert_eq!(daemon.raw().get(&format!("/v1/logs?{query}")).status, 400, "{query}");
    }
    assert_eq!(daemon.raw().get("/v1/logs?n=&follow=false").status, 200);
}

fn new_lines_are_followed(target: &Target) {
    let daemon = target.start();
    start(&daemon, "web", &runs().writes(["first", "second"]));
    std::thread::scope(|scope| {
        let client = daemon.client.clone();
        let follower = scope.spawn(move || {
            let stream = client.follow_logs(&LogsOptions::default(), PATIENCE).unwrap();
            stream.take(2).map(|entry| entry.unwrap().message).collect::<Vec<_>>()
        });
        // Nothing tells when the daemon has the request in its hands, so the service goes on writing.
        daemon.poll("the follower to hear of it", || {
            daemon.done(daemon.client.restart(&["web"]));
            follower.is_finished()
        });
        let mut lines = follower.join().unwrap();
        lines.sort();
        assert_eq!(lines, ["first", "second"]);
    });
}

fn lines_from_before_come_first_if_asked_for(target: &Target) {
    let daemon = target.start();
    start(&daemon, "web", &runs().writes(numbers(0..5)));
    let last = LogsOptions::default().lines(Lines::Last(2));
    let mut stream = daemon.client.follow_logs(&last, PATIENCE).unwrap();
    let mut next = || stream.next().unwrap().unwrap().message;
    assert_eq!((next(), next()), ("3".to_owned(), "4".to_owned()));
    daemon.done(daemon.client.restart(&["web"]));
    assert_eq!((0..5).map(|_| next()).collect::<Vec<_>>(), numbers(0..5));
}

fn only_the_named_services_are_followed(target: &Target) {
    let daemon = target.start();
    start(&daemon, "a", &runs().writes(["of a"]));
    start(&daemon, "b", &runs().writes(["of b"]));
    let mut stream = daemon.client.follow_logs(&LogsOptions::of(["b"]), PATIENCE).unwrap();
    let mut next = || stream.next().unwrap().unwrap().message;
    assert_eq!(next(), "of b");
    daemon.done(daemon.client.restart(&["a"]));
    daemon.done(daemon.client.restart(&["b"]));
    assert_eq!(next(), "of b");
}

fn a_service_that_starts_later_is_not_followed(target: &Target) {
    let daemon = target.start();
    start(&daemon, "early", &runs().writes(["early"]));
    let all = LogsOptions::default().lines(Lines::All);
    let mut stream = daemon.client.follow_logs(&all, PATIENCE).unwrap();
    let mut next = || stream.next().unwrap().unwrap().message;
    assert_eq!(next(), "early");
    start(&daemon, "late", &runs().writes(["late"]));
    daemon.done(daemon.client.restart(&["early"]));
    assert_eq!(next(), "early");
    assert_eq!(messages(&daemon, &all), ["early", "late", "early"]);
}

fn nothing_new_is_a_timeout(target: &Target) {
    let daemon = target.start();
    start(&daemon, "web", &runs().writes(["hello"]));
    let limit = Duration::from_millis(300);
    let error = daemon.client.follow_logs(&LogsOptions::default(), limit).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    let mut stream = daemon.client.follow_logs(&LogsOptions::of(["web"]), limit).unwrap();
    assert_eq!(stream.next().unwrap().unwrap().message, "hello");
    assert!(matches!(stream.next(), Some(Err(Error::Timeout { .. }))));
    assert!(stream.next().is_none());
}

fn what_follows_ends_with_the_daemon(target: &Target) {
    let mut daemon = target.start();
    start(&daemon, "web", &runs().writes(["hello"]));
    let mut stream = daemon.client.follow_logs(&LogsOptions::of(["web"]), PATIENCE).unwrap();
    assert_eq!(stream.next().unwrap().unwrap().message, "hello");
    daemon.crash();
    assert!(stream.next().is_none());
}
