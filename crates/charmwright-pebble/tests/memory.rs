//! How much memory an answer takes at most, whatever a daemon says within the limits or beyond them.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "the helpers belong to the tests")]

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use charmwright_pebble::limits::{
    ANSWER_BYTES_MAX, ANSWER_OBJECTS_MAX, ANSWER_VALUES_MAX, FILES_BYTES_MAX, LOG_LINES_MAX, PLAN_VALUES_MAX,
};
use charmwright_pebble::transport::{
    Channel, Cut, Frame, Message, Receiver, Request, Response, Sender, Transport, TransportError,
};
use charmwright_pebble::{ChangesIn, Client, Error, Exec, ListOptions, LogsOptions, NoticesOptions, Sample};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MOST: usize = 16 * 1024 * 1024;

/// A text that is made while it is read: it takes no memory itself.
#[derive(Clone, Debug, Default)]
struct Text {
    begin: String,
    again: String,
    times: u64,
    end: String,
    at: u64,
}

impl Text {
    fn new(begin: &str, again: &str, times: u64, end: &str) -> Self {
        Self { begin: begin.to_owned(), again: again.to_owned(), times, end: end.to_owned(), at: 0 }
    }

    /// As often as fits into the bytes of an answer.
    fn full(begin: &str, again: &str, end: &str) -> Self {
        let left = ANSWER_BYTES_MAX - bytes(begin) - bytes(end);
        Self::new(begin, again, left / bytes(again), end)
    }
}

fn length(bytes: u64) -> usize {
    bytes.try_into().unwrap()
}

fn bytes(text: &str) -> u64 {
    text.len().try_into().unwrap()
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (begin, again) = (bytes(&self.begin), bytes(&self.again));
        let middle = again * self.times;
        let (text, at) = if self.at < begin {
            (&self.begin, self.at)
        } else if self.at < begin + middle {
            (&self.again, (self.at - begin) % again)
        } else {
            (&self.end, (self.at - begin - middle).min(bytes(&self.end)))
        };
        let read = (&text.as_bytes()[usize::try_from(at).unwrap()..]).read(buffer)?;
        self.at += u64::try_from(read).unwrap();
        Ok(read)
    }
}

#[derive(Debug)]
struct Says(&'static str, Text);

impl Transport for Says {
    fn socket(&self) -> &Path {
        Path::new("/nowhere")
    }

    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let text = match request.target {
            "/v1/exec" => Text::new(r#"{"type":"async","change":"1","result":{"task-id":"1"}}"#, "", 0, ""),
            _ => self.1.clone(),
        };
        Ok(Response::new(200, self.0, Box::new(text)))
    }

    fn open(&self, _path: &str, _timeout: Duration) -> Result<Channel, TransportError> {
        Ok(Channel::new(Box::new(Stream), Box::new(Stream), Box::new(Stream)))
    }
}

/// A stream of a command that writes without an end.
#[derive(Debug)]
struct Stream;

impl Sender for Stream {
    fn send(&mut self, _frame: Frame<'_>, _timeout: Option<Duration>) -> io::Result<()> {
        Ok(())
    }
}

impl Receiver for Stream {
    fn receive(&mut self, _timeout: Option<Duration>) -> io::Result<Option<Message>> {
        Ok(Some(Message::Data(vec![b'x'; 100_000])))
    }
}

impl Cut for Stream {
    fn cut(&self) {}
}

/// Asks, and tells what came of it and how much memory that took.
fn measure<T>(
    name: &str,
    content_type: &'static str,
    text: Text,
    ask: impl FnOnce(&Client) -> Result<T, Error>,
) -> Option<Error> {
    let client = Client::over(Arc::new(Says(content_type, text)));
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = ask(&client);
    let peak = MEMORY.peak_usage().saturating_sub(before);
    println!(
        "{:7.2} MiB  {name}: {}",
        peak_mib(peak),
        result.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned())
    );
    assert!(peak <= MOST, "{name} took {:.2} MiB", peak_mib(peak));
    result.err()
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn peak_mib(bytes: usize) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

/// One test: what is measured is the whole program's.
#[test]
fn no_answer_takes_more_than_sixteen_mebibytes() {
    answers();
    plans();
    others();
}

fn answers() {
    let json = "application/json";
    let list = |item: &str, times: u64| {
        Text::new(r#"{"type":"sync","result":["#, &format!("{item},"), times, &format!("{item}]}}"))
    };
    let most = ANSWER_OBJECTS_MAX - 2;
    let change = |tasks: &str| format!(r#"{{"id":"1","status":"Do","tasks":[{tasks}]}}"#);
    let task = r#"{"id":"","status":"Do","data":{"":0}}"#;
    let result =
        measure("changes", json, list(&change(""), most), |client| client.changes(ChangesIn::All, None));
    assert!(result.is_none(), "{result:?}");
    measure(
        "changes with data",
        json,
        list(r#"{"id":"1","status":"Do","data":{"":0}}"#, most / 2 - 2),
        |client| client.changes(ChangesIn::All, None),
    );
    measure("tasks", json, list(&change(&vec![task; 40].join(",")), most / 81 - 1), |client| {
        client.changes(ChangesIn::All, None)
    });
    let nested = r#"{"id":"1","status":"Do","data":{"":[{"":0},{"":0},{"":0},{"":0},{"":0},{"":0}]}}"#;
    measure("values", json, list(nested, most / 8 - 1), |client| client.changes(ChangesIn::All, None));
    for (name, item, times) in
        [("numbers", "0", ANSWER_VALUES_MAX - 100), ("lists", "[]", ANSWER_VALUES_MAX / 2 - 100)]
    {
        let text = Text::new(
            r#"{"type":"sync","result":[{"id":"1","status":"Do","data":{"":["#,
            &format!("{item},"),
            times,
            "0]}}]}",
        );
        let result = measure(name, json, text, |client| client.changes(ChangesIn::All, None));
        assert!(result.is_none(), "{result:?}");
    }
    let id = r#"{"type":"sync","result":[{"id":"1","status":"Do","tasks":[{"id":"","status":"Do","log":["#;
    measure("log entries", json, Text::new(id, "\"\",", ANSWER_VALUES_MAX - 100, "\"\"]}]}]}"), |client| {
        client.changes(ChangesIn::All, None)
    });
    let notice = r#"{"id":"1","type":"a","key":"a","first-occurred":"a","last-occurred":"a","last-repeated":"a","occurrences":1}"#;
    measure("notices", json, list(notice, most), |client| client.notices(&NoticesOptions::default()));
    measure("files", json, list(r#"{"path":"a","name":"a","type":"a"}"#, most), |client| {
        client.list_files("/", &ListOptions::default())
    });
    measure(
        "services",
        json,
        list(r#"{"name":"a","startup":"a","current":"a"}"#, most),
        Client::all_services,
    );
    measure("checks", json, list(r#"{"name":"a","status":"a"}"#, most), Client::all_checks);
    let error = measure("objects", json, list("{}", most + 10), Client::all_checks);
    assert!(matches!(error, Some(Error::TooLarge { most: ANSWER_OBJECTS_MAX, .. })), "{error:?}");
    let error = measure("values", json, list("0", ANSWER_VALUES_MAX), Client::all_checks);
    assert!(matches!(error, Some(Error::TooLarge { most: ANSWER_VALUES_MAX, .. })), "{error:?}");
    let text = Text::full(r#"{"type":"error","result":{"message":""#, r"\n", "\"}}");
    measure("a message", json, text, Client::replan);
    let text = Text::full(r#"{"type":"sync","result":[{"id":"1","status":"Do","err":""#, r"\n", "\"}]}");
    measure("an error of a change", json, text, |client| {
        client.changes(ChangesIn::All, None)?.pop().unwrap().into_result()
    });
}

fn plans() {
    let json = "application/json";
    let plan = |section: &str, entry: &str, values: u64| {
        let begin = format!(r#"{{"type":"sync","result":"{section}: {{"#);
        Text::new(&begin, &format!("{entry},"), (PLAN_VALUES_MAX - 10) / values, "}\"}")
    };
    // A key that comes twice is no plan, so each has another name: names are counted in the text by itself.
    for (name, section, entry, values) in [
        ("services", "services", "#: {}", 2),
        ("services with maps", "services", "#: {environment: {a: b}, on-check-failure: {a: b}}", 10),
        ("services with lists", "services", "#: {after: [a], before: [a], requires: [a]}", 11),
        ("checks", "checks", "#: {http: {headers: {a: b}}}", 8),
        (
            "checks with commands",
            "checks",
            "#: {exec: {environment: {a: b}}, http: {headers: {a: b}}, tcp: {}}",
            16,
        ),
        ("log targets", "log-targets", "#: {labels: {a: b}}", 6),
        ("workloads", "workloads", "#: {environment: {a: b}}", 6),
    ] {
        for times in [(PLAN_VALUES_MAX - 10) / values, PLAN_VALUES_MAX / values + 10] {
            let entries: Vec<String> =
                (0..times).map(|number| entry.replace('#', &format!("a{number}"))).collect();
            let body = format!(r#"{{"type":"sync","result":"{section}: {{{}}}"}}"#, entries.join(","));
            drop(entries);
            let is_too_many = times > PLAN_VALUES_MAX / values;
            let error = measure(name, json, Text::new(&body, "", 0, ""), Client::plan);
            assert_eq!(error.is_some(), is_too_many, "{name}: {error:?}");
            let is_bound = |error: &Error| matches!(error, Error::TooLarge { most: PLAN_VALUES_MAX, .. });
            assert!(error.is_none_or(|error| is_bound(&error)), "{name}");
        }
    }
    measure("a text", json, Text::full(r#"{"type":"sync","result":"summary: '"#, "x", "'\"}"), Client::plan);
    measure(
        "a text of lines",
        json,
        Text::full(r#"{"type":"sync","result":"summary: |\n"#, r"  x\n", "\"}"),
        Client::plan,
    );
    measure(
        "an escaped text",
        json,
        Text::full(r#"{"type":"sync","result":"summary: \""#, r"\\n", "\\\"\"}"),
        Client::plan,
    );
    measure("comments", json, Text::full(r#"{"type":"sync","result":""#, r"# x\n", "\"}"), Client::plan);
    measure("depth", json, Text::full(r#"{"type":"sync","result":"services: "#, "[", "\"}"), Client::plan);
    measure(
        "lists",
        json,
        Text::full(r#"{"type":"sync","result":"services: ["#, "[],", "]\"}"),
        Client::plan,
    );
    measure("dashes", json, Text::full(r#"{"type":"sync","result":""#, "- ", "\"}"), Client::plan);
    measure("lines", json, Text::full(r#"{"type":"sync","result":""#, r"\n", "\"}"), Client::plan);
    measure("documents", json, Text::full(r#"{"type":"sync","result":""#, r"---\n", "\"}"), Client::plan);
    measure("repeated keys", json, plan("services", "a: {}", 2), Client::plan);
    let error = measure(
        "anchors",
        json,
        Text::full(r#"{"type":"sync","result":"a: &a [x,x]\nservices: ["#, "*a,", "]\"}"),
        Client::plan,
    );
    assert!(error.is_some(), "no plan has an anchor");
}

fn others() {
    let logs = "application/x-ndjson";
    let error = measure("lines", logs, Text::new("", "{}\n", LOG_LINES_MAX, ""), |client| {
        client.logs(&LogsOptions::default())
    });
    assert!(error.is_none(), "{error:?}");
    let line = format!("{{\"message\":\"{}\"}}\n", "x".repeat(60_000));
    measure("long lines", logs, Text::new("", &line, 1000, ""), |client| {
        client.logs(&LogsOptions::default())
    });
    measure("metrics", "text/plain", Text::new("", "a 1\n", 64 * 1024, ""), |client| {
        client.metrics().map(|text| Sample::parse(&text))
    });
    let form = "multipart/form-data; boundary=B";
    let part = "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"/a\"\r\n\r\n";
    let told = "\r\n--B\r\nContent-Disposition: form-data; name=\"response\"\r\n\r\n{\"type\":\"sync\",\"result\":[{\"path\":\"/a\"}]}\r\n--B--\r\n";
    for bytes in [FILES_BYTES_MAX, FILES_BYTES_MAX + 1, FILES_BYTES_MAX * 100] {
        let error = measure(
            "a file",
            form,
            Text::new(
                &format!("{part}{}", "x".repeat(length(bytes % 1024))),
                &"x".repeat(1024),
                bytes / 1024,
                told,
            ),
            |client| client.read_file("/a"),
        );
        assert_eq!(error.is_some(), bytes > FILES_BYTES_MAX, "{error:?}");
    }
    measure("a streamed file", form, Text::new(part, &"0123456789".repeat(1000), 10_000, told), |client| {
        client.read_file_to("/a", &mut io::sink())
    });
    let head = format!("--B\r\n{}", "a: b;".repeat(12_000));
    measure("headers of a part", form, Text::new(&head, &"x".repeat(1024), 100_000, ""), |client| {
        client.read_file("/a")
    });
    let error = measure("output", "application/json", Text::default(), |client| {
        client.exec_output(&Exec::new(["x"]), b"", Duration::from_mins(1))
    });
    assert!(matches!(error, Some(Error::TooLarge { what: "the output", .. })), "{error:?}");
}
