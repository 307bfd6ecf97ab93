//! How much memory a whole hook takes at most, whatever a container's Pebble or another application says.
//!
//! One test, since the memory that is measured is that of the whole program.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use charmwright::event::Context;
use charmwright::hookcmds::{
    Call, HookCommands, Reply, Transport as Commands, TransportError as CommandError,
};
use charmwright::interfaces::postgresql_client::{Database, PostgresqlClient};
use charmwright::pebble::Client;
use charmwright::pebble::limits::ANSWER_BYTES_MAX;
use charmwright::pebble::transport::{Channel, Request, Response, Transport, TransportError};
use charmwright::prelude::*;
use charmwright::{Pebbles, World};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MOST: usize = 16 << 20;

#[derive(Debug, Inputs)]
struct Inputs {
    #[container("work")]
    work: Container,
    #[container("side")]
    side: Container,
    #[file("work", "/srv/list")]
    list: ContainerFile,
    #[requires("first")]
    first: Requires<PostgresqlClient>,
}

fn reconcile(inputs: &Inputs, desired: &Desired) -> Result<(), NotYet> {
    let login = desired.request(&inputs.first, Database::named("one"));
    let service = || Service::new("/bin/web").startup(Startup::Enabled);
    let list = inputs.list.text().map(str::len);
    let web = desired.container(&inputs.work).layer(Layer::new().service("web", service()));
    let side = desired.container(&inputs.side).layer(Layer::new().service("side", service()));
    let (_, _) = (login?, list?);
    web.and(side)
}

/// A Pebble that answers each question with this.
#[derive(Debug)]
struct Says(String, String);

impl Transport for Says {
    fn socket(&self) -> &Path {
        Path::new("/nowhere")
    }

    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let of_plan = request.target.starts_with("/v1/plan");
        let body: Box<dyn Read + Send> =
            Box::new(Cursor::new(if of_plan { self.0.clone() } else { self.1.clone() }));
        Ok(Response::new(200, "application/json", body))
    }

    fn open(&self, _: &str, _: Duration) -> Result<Channel, TransportError> {
        Err(TransportError::Timeout)
    }
}

/// A Juju in which the other side of the relation has this databag.
#[derive(Debug)]
struct Juju(String);

impl Commands for Juju {
    fn call(&self, call: &Call) -> Result<Reply, CommandError> {
        let args = call.args.join(" ");
        Ok(match call.command {
            "relation-ids" => Reply::success(r#"["first:1"]"#),
            "relation-get" if args.ends_with("app") => Reply::success(r#"{"database": "one"}"#),
            "relation-get" => Reply::success(self.0.clone()),
            "relation-list" if args.contains("--app") => Reply::success("\"pg\""),
            "relation-list" | "opened-ports" => Reply::success("[]"),
            "is-leader" => Reply::success("true"),
            "status-get" => Reply::success(r#"{"status": "unknown", "message": ""}"#),
            _ => Reply::success("{}"),
        })
    }
}

/// Runs a hook, and returns the most memory that it took, without what the other sides hold.
fn measure(name: &str, pebble: Says, juju: Juju) {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("JUJU_UNIT_NAME", "app/0"),
        ("JUJU_MODEL_NAME", "dev"),
        ("JUJU_CHARM_DIR", folder.path().to_str().unwrap()),
        ("JUJU_DISPATCH_PATH", "hooks/update-status"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let context = Context::from_variables(variables).unwrap();
    let transport: Arc<dyn Transport> = Arc::new(pebble);
    let pebbles = Pebbles::new(move |_| Client::over(Arc::clone(&transport)));
    let world = World { juju: HookCommands::new(juju), pebbles, pause: |_| {} };
    let charm = charm(reconcile);
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = charm.run(&context, &world);
    let peak = MEMORY.peak_usage().saturating_sub(before);
    println!("{:6} KiB  {name}: {:?}", peak >> 10, result.err().map(|error| error.to_string()));
    assert!(peak <= MOST, "{name} took {} KiB", peak >> 10);
}

/// As often as fits into the bytes of an answer.
fn full(begin: &str, again: &str, end: &str) -> String {
    let most = usize::try_from(ANSWER_BYTES_MAX).unwrap() - begin.len() - end.len();
    format!("{begin}{}{end}", again.repeat(most / again.len()))
}

fn plan(yaml: &str) -> String {
    serde_json::json!({"type": "sync", "result": yaml}).to_string()
}

#[test]
fn a_hook_takes_no_more_than_sixteen_mebibytes_whatever_it_is_told() {
    let nothing = || r#"{"type":"sync","result":[]}"#.to_owned();
    let empty = || Juju("{}".to_owned());
    let services = |count: usize| {
        let entries: String = (0..count)
            .fold(String::new(), |all, at| all + &format!("  s{at}: {{override: replace, command: x}}\n"));
        plan(&format!("services:\n{entries}"))
    };
    for count in [10, 1_000, 1_300, 4_000, 20_000] {
        measure(&format!("a plan of {count} services"), Says(services(count), nothing()), empty());
    }
    let long = plan(&format!("services: {{web: {{override: replace, command: {}}}}}", "x".repeat(1_000_000)));
    measure("a plan with a long command", Says(long, nothing()), empty());
    let started = |key: &str, count: usize| {
        let entries: String = (0..count).fold(String::new(), |all, at| all + &format!(" {key}{at}: d,"));
        plan(&format!(
            "services: {{charmwright-started: {{override: replace, command: x, environment: {{{entries}}}}}}}"
        ))
    };
    for count in [1_000, 4_000, 50_000] {
        measure(
            &format!("a record of {count} services"),
            Says(started("service/s", count), nothing()),
            empty(),
        );
    }
    let lists = [
        r#"{"name":"a","startup":"enabled","current":"inactive"}"#,
        r#"{"name":"a","status":"down","threshold":1,"change-id":"1"}"#,
        r#"{"id":"1","status":"Error","ready":true,"tasks":[{"id":"1","log":["a"]}]}"#,
        "{}",
    ];
    for item in lists {
        let list = full(r#"{"type":"sync","result":["#, &format!("{item},"), &format!("{item}]}}"));
        measure(&format!("lists of {item}"), Says(services(1_000), list), empty());
    }
    for (name, value) in
        [("one long value", 3 << 20), ("a value beyond the bound", 5 << 20), ("ten megabytes", 10_000_000)]
    {
        let bag = format!(r#"{{"endpoints": "{}"}}"#, "x".repeat(value));
        measure(name, Says(plan("services: {}"), nothing()), Juju(bag));
    }
    for count in [1_000, 10_000, 200_000] {
        let entries: Vec<String> = (0..count).map(|at| format!("\"k{at}\":\"\"")).collect();
        let bag = format!("{{{}}}", entries.join(","));
        measure(&format!("{count} tiny keys"), Says(plan("services: {}"), nothing()), Juju(bag));
    }
}
