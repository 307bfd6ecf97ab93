//! What the tests play with: the programs, and a guestbook that is ready.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use charmwright_pebble::Client;
use charmwright_sim::agent::{Agent, Setup};
use charmwright_sim::model::Bag;
use charmwright_sim::play::{Audience, Play};
use charmwright_sim::pod::Image;
use charmwright_sim::record::Record;
use charmwright_sim::scenario::Expectation;
use charmwright_sim::scenario::{Scenario, Step};

/// The folder of the charm.
pub(crate) fn charm() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A program that is built beside the charm's own. It must be there: a test without it would prove nothing.
fn beside(dispatch: &Path, name: &str) -> PathBuf {
    let program = dispatch.with_file_name(name);
    assert!(program.is_file(), "{} is not built; `cargo xtask test` does that", program.display());
    program
}

/// With the real Pebble in the container.
pub(crate) fn setup(dispatch: &Path) -> Setup {
    Setup { pebble: charmwright_peers::pebble(), ..setup_without_a_pebble(dispatch) }
}

/// As on a machine with neither Go nor Pebble: the simulator's helper program is the container's daemon.
pub(crate) fn setup_without_a_pebble(dispatch: &Path) -> Setup {
    let tool = beside(Path::new(env!("CARGO_BIN_EXE_guestbook")), "charmwright-sim-tool");
    let server = beside(dispatch, "guestbook-server");
    Setup {
        charm: charm().to_owned(),
        dispatch: Some(dispatch.to_owned()),
        images: BTreeMap::from([(
            "guestbook".to_owned(),
            Image::default().with_file("/usr/local/bin/guestbook-server", server),
        )]),
        pebble: tool.clone(),
        tool,
        model: "dev".to_owned(),
        leader: true,
        ..Setup::default()
    }
}

/// The charm as the tests build it.
pub(crate) fn dispatch() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_guestbook"))
}

/// The remotes of the demo.
pub(crate) fn remotes() -> Scenario {
    let text = std::fs::read_to_string(charm().join("scenarios/demo.yaml")).unwrap();
    Scenario { steps: Vec::new(), ..Scenario::parse(&text).unwrap() }
}

/// Keeps every hook's record, and fails the test at the first unmet expectation.
#[derive(Default)]
pub(crate) struct Records(pub(crate) Vec<Record>);

impl Audience for Records {
    fn change(&mut self, _: &Step) {}

    fn waiting(&mut self) {}

    fn hook(&mut self, _: usize, record: &Record) {
        self.0.push(record.clone());
    }

    fn met(&mut self, _: &Expectation) {}

    fn unmet(&mut self, expectation: &Expectation, why: &str) {
        panic!("expected {expectation}\nbut {why}\nafter {:#?}", self.0.last());
    }
}

/// A play with steps in the words of a scenario file.
pub(crate) struct Stage {
    pub(crate) play: Play,
    pub(crate) records: Records,
}

impl Stage {
    pub(crate) fn new(setup: &Setup) -> Self {
        Self { play: Play::new(&remotes(), setup).unwrap(), records: Records::default() }
    }

    /// A unit that is active, related to a database and to Prometheus.
    pub(crate) fn ready() -> Self {
        let mut stage = Self::new(&setup(&dispatch()));
        stage.does(
            "[deploy, {integrate: {endpoint: database, with: pg}}, {integrate: {endpoint: metrics-endpoint, with: prometheus}},
              {expect: {status: active}}, {expect: {http: {port: 8080, path: /health, status: 200}}}]",
        );
        stage
    }

    /// Plays steps; every expectation must be met. Returns the hooks that ran.
    pub(crate) fn does(&mut self, steps: &str) -> Vec<Record> {
        let scenario = Scenario::parse(&format!("steps: {steps}")).unwrap();
        self.records.0.clear();
        assert!(self.play.run(&scenario, &mut self.records).unwrap());
        self.records.0.clone()
    }

    pub(crate) fn agent(&mut self) -> &mut Agent {
        self.play.agent()
    }

    pub(crate) fn status(&mut self) -> String {
        let status = self.agent().model().status();
        format!("{}: {}", status.status, status.message)
    }

    /// Everything that a killed hook must not change in the end.
    pub(crate) fn end_state(&mut self) -> EndState {
        let client = Client::new(self.agent().pod().unwrap().pebble_socket("guestbook"));
        let port = self.agent().model().options()["server-port"].clone();
        let page = self.agent().pod().unwrap().http_get(&format!("http://127.0.0.1:{port}/")).unwrap().body;
        let model = self.agent().model();
        EndState {
            status: format!("{}: {}", model.status().status, model.status().message),
            ports: model.ports().into_iter().collect(),
            bags: model.relations().iter().map(|one| model.own_bag(one.id)).collect(),
            plan: format!("{:#?}", client.plan().unwrap()),
            record: client.plan().unwrap().services["charmwright-started"].environment.clone(),
            services: client
                .all_services()
                .unwrap()
                .iter()
                .map(|one| format!("{} {}", one.name, one.current))
                .collect(),
            page,
        }
    }
}

#[derive(Debug, PartialEq)]
pub(crate) struct EndState {
    status: String,
    ports: Vec<String>,
    bags: Vec<Bag>,
    plan: String,
    record: Bag,
    services: Vec<String>,
    page: String,
}
