//! What the tests share.

use std::time::Duration;

use charmwright_pebble::{Change, ChangeId, Client, Error, Layer, Service};
use charmwright_sim_pebble::in_process::{InProcess, MemoryFiles, Program, Script};
use charmwright_sim_pebble::{Request, Settings};
use serde_json::Value;

/// Longer than anything takes.
pub(crate) const LONG: Duration = Duration::from_mins(5);

pub(crate) fn second(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A daemon of a version, whose programs do this.
pub(crate) fn pebble_of(version: &str, programs: &[(&str, Program)]) -> (InProcess, Client) {
    let mut script = Script::new();
    for (command, program) in programs {
        script.program(command, program.clone());
    }
    let settings = Settings { version: version.to_owned(), ..Settings::default() };
    let pebble = InProcess::start(settings, script, MemoryFiles::default()).unwrap();
    let client = pebble.client();
    (pebble, client)
}

pub(crate) fn pebble(programs: &[(&str, Program)]) -> (InProcess, Client) {
    pebble_of("1.26.0", programs)
}

pub(crate) fn one(service: Service) -> Layer {
    Layer::new().service("web", service)
}

pub(crate) fn wait(client: &Client, change: Result<ChangeId, Error>) -> Change {
    client.wait_change(&change.unwrap(), LONG).unwrap()
}

pub(crate) fn done(client: &Client, change: Result<ChangeId, Error>) -> Change {
    wait(client, change).into_result().unwrap()
}

pub(crate) fn current(client: &Client, service: &str) -> String {
    client.services(&[service]).unwrap().pop().unwrap().current.to_string()
}

/// The answer to a request as it is: its status, and its body.
pub(crate) fn json(pebble: &InProcess, request: &Request) -> (u16, Value) {
    let response = pebble.request(request).unwrap();
    (response.status, serde_json::from_slice(&response.body).unwrap())
}

pub(crate) fn get(pebble: &InProcess, target: &str) -> (u16, Value) {
    json(pebble, &Request::get(target))
}

pub(crate) fn post(pebble: &InProcess, target: &str, body: &Value) -> (u16, Value) {
    json(pebble, &Request::post(target, body.to_string()))
}

/// The message of an error, with its status.
pub(crate) fn refused((status, body): (u16, Value)) -> (u16, String) {
    assert_eq!(body["type"], "error", "{body}");
    (status, body["result"]["message"].as_str().unwrap().to_owned())
}
