//! A unit whose charm runs within the test, on the simulator's hook commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use charmwright::pebble::Client;
use charmwright::{Charm, DriveError, Pebbles, World};
use charmwright_event::Context;
use charmwright_hookcmds::{Call, HookCommands, Reply, Transport, TransportError};
use charmwright_sim::agent::run;
use charmwright_sim::charm::{Declared, describe};
use charmwright_sim::events::Hook;
use charmwright_sim::juju::commands;
use charmwright_sim::juju::context::Paths;
use charmwright_sim::juju::environment::Host;
use charmwright_sim::juju::run::{Answer, Function, Session};
use charmwright_sim::juju::version::JujuVersion;
use charmwright_sim::model::{Bag, Model};
use charmwright_sim::record::Record;
use charmwright_sim::watch::Watch;

pub(crate) struct Unit {
    pub(crate) model: Model,
    /// Where the sockets of its containers are.
    pub(crate) containers: PathBuf,
    /// What leads to the Pebbles of these containers instead of a socket.
    pub(crate) pebbles: BTreeMap<String, Client>,
    /// Answers in Juju's place.
    pub(crate) meddle: Option<Meddle>,
    /// Whether the unit is being removed.
    pub(crate) goes: bool,
    watch: Watch,
    _work: tempfile::TempDir,
}

/// Takes hook commands to the simulator, without a process.
#[derive(Debug)]
struct InProcess(std::sync::mpsc::Sender<Asked>, Option<Meddle>);

/// What a hook command answers, if it does not answer what Juju does.
pub(crate) type Meddle = fn(&Call) -> Option<Reply>;

type Asked = (Call, std::sync::mpsc::Sender<Reply>);

impl Transport for InProcess {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        if let Some(answer) = self.1.and_then(|meddle| meddle(call)) {
            return Ok(answer);
        }
        let (answer, answered) = std::sync::mpsc::channel();
        self.0.send((call.clone(), answer)).unwrap();
        Ok(answered.recv().unwrap())
    }
}

impl Unit {
    pub(crate) fn new(leader: bool) -> Self {
        Self::of(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/driver")), leader)
    }

    /// A unit of the charm that the charmcraft.yaml in `folder` describes.
    pub(crate) fn of(folder: &Path, leader: bool) -> Self {
        let work = tempfile::tempdir().unwrap();
        describe(folder, work.path()).unwrap();
        let at = work.path().to_owned();
        let socket = at.join("agent.socket");
        let paths = Paths { tools: at.clone(), base: at.clone(), charm: at.clone(), socket };
        let declared = Declared::read(folder).unwrap();
        let model = Model::new(declared, "dev", leader, false, JujuVersion::default(), paths).unwrap();
        Self {
            model,
            containers: at,
            pebbles: BTreeMap::new(),
            meddle: None,
            goes: false,
            watch: Watch::default(),
            _work: work,
        }
    }

    /// Adds a relation whose `relation-created` has run.
    pub(crate) fn relate(&mut self, endpoint: &str, app: &str) -> i64 {
        self.model.relate(endpoint, app, [])
    }

    /// Adds a relation whose other side has these units, which have joined.
    pub(crate) fn relate_with(&mut self, endpoint: &str, app: &str, units: &[&str]) -> i64 {
        let units: Vec<String> = units.iter().map(|unit| (*unit).to_owned()).collect();
        let id = self.model.relate(endpoint, app, units.clone());
        self.model.relation_mut(id).unwrap().members = Some(units);
        id
    }

    pub(crate) fn remote(&mut self, relation: i64, bag: &[(&str, &str)]) {
        let bag: Bag = bag.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.model.write_remote(relation, &bag);
    }

    pub(crate) fn remote_unit(&mut self, relation: i64, unit: &str, bag: &[(&str, &str)]) {
        let relation = self.model.relation_mut(relation).unwrap();
        *relation.unit_versions.entry(unit.to_owned()).or_default() += 1;
        let units = relation.units.get_or_insert_default();
        let of_unit = units.get_mut(unit).unwrap().get_or_insert_default();
        of_unit.extend(bag.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    }

    pub(crate) fn own_bag(&self, relation: i64) -> Bag {
        self.model.own_bag(relation)
    }

    pub(crate) fn status(&self) -> String {
        let status = self.model.status();
        format!("{}: {}", status.status, status.message)
    }

    /// Runs a hook; it must succeed.
    pub(crate) fn run<I: charmwright::__private::Inputs + 'static>(
        &mut self,
        charm: &Charm<I>,
        hook: &Hook,
    ) -> Record {
        self.try_run(charm, hook).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs a hook, which may fail.
    pub(crate) fn try_run<I: charmwright::__private::Inputs + 'static>(
        &mut self,
        charm: &Charm<I>,
        hook: &Hook,
    ) -> Result<Record, DriveError> {
        let mut failed = None;
        let (containers, simulated) = (self.containers.clone(), self.pebbles.clone());
        let meddle = self.meddle;
        let mut function = Function(|variables: &[(String, String)], session: &Session<'_>| {
            let context = Context::from_variables(variables.iter().cloned()).unwrap();
            served(session, meddle, |juju| {
                let (folder, simulated) = (containers.clone(), simulated.clone());
                let at_socket = move |name: &str| Client::new(folder.join(name).join("pebble.socket"));
                let connect =
                    move |name: &str| simulated.get(name).cloned().unwrap_or_else(|| at_socket(name));
                let pebbles = Pebbles::new(connect);
                let world = World { juju, pebbles, pause: |_| {} };
                failed = charm.run(&context, &world).err();
                u8::from(failed.is_some())
            })
        });
        let ran = run(&mut self.model, &self.watch, &Host::this(), hook, self.goes, &mut function);
        failed.map_or(Ok(ran.record), Err)
    }

    pub(crate) fn config_changed<I: charmwright::__private::Inputs + 'static>(
        &mut self,
        charm: &Charm<I>,
    ) -> Record {
        self.run(charm, &Hook::Unit("config-changed"))
    }
}

/// The answer of a hook command.
pub(crate) fn answer(code: i32, stdout: &str, stderr: &str) -> Reply {
    Reply { code, stdout: stdout.into(), stderr: stderr.to_owned() }
}

/// Runs `charm` on this thread, and the commands that it asks for on one of their own.
fn served(session: &Session<'_>, meddle: Option<Meddle>, charm: impl FnOnce(HookCommands) -> u8) -> u8 {
    let (ask, asked) = std::sync::mpsc::channel::<Asked>();
    let juju = HookCommands::new(InProcess(ask, meddle));
    let dir = std::env::temp_dir();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for (call, answer) in asked {
                let stdin = call.stdin.map(String::into_bytes);
                let call = commands::Call {
                    name: call.command.to_owned(),
                    args: call.args,
                    dir: dir.clone(),
                    stdin,
                };
                let Answer::Ran(reply) = session.call(&call) else { panic!("{} was not run", call.name) };
                let stderr = String::from_utf8(reply.stderr).unwrap();
                // The charm has gone if nobody listens.
                let _ = answer.send(Reply { code: reply.code, stdout: reply.stdout, stderr });
            }
        });
        charm(juju)
    })
}
