//! A unit whose charm runs within the test, on the simulator's hook commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use charmwright::{Charm, DriveError, World};
use charmwright_event::Context;
use charmwright_hookcmds::{Call, HookCommands, Reply, Transport, TransportError};
use charmwright_sim::charm::Declared;
use charmwright_sim::events::Hook;
use charmwright_sim::hook::{Commands, Place, Record, Shared, run_function};
use charmwright_sim::model::{Bag, Model};

pub(crate) struct Unit {
    pub(crate) shared: Shared,
    /// Where the sockets of its containers are.
    pub(crate) containers: PathBuf,
    place: Place,
    hooks: u64,
    _work: tempfile::TempDir,
}

/// Takes hook commands to the simulator, without a process.
#[derive(Debug)]
struct InProcess(std::sync::mpsc::Sender<Asked>);

type Asked = (Call, std::sync::mpsc::Sender<Reply>);

impl Transport for InProcess {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        let (answer, answered) = std::sync::mpsc::channel();
        self.0.send((call.clone(), answer)).unwrap();
        Ok(answered.recv().unwrap())
    }
}

impl Unit {
    pub(crate) fn new(leader: bool) -> Self {
        let declared =
            Declared::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/driver"))).unwrap();
        let work = tempfile::tempdir().unwrap();
        let place = Place {
            charm: work.path().to_owned(),
            tools: work.path().to_owned(),
            socket: work.path().join("agent.socket"),
            path: String::new(),
        };
        Self {
            containers: work.path().to_owned(),
            shared: Shared::new(Model::new(declared, "dev", leader)),
            place,
            hooks: 0,
            _work: work,
        }
    }

    /// Adds a relation whose `relation-created` has run.
    pub(crate) fn relate(&self, endpoint: &str, app: &str) -> u64 {
        let model = &mut self.shared.lock().model;
        let id = model.relate(endpoint, app, false, []);
        model.relations.get_mut(&id).unwrap().told.created = true;
        id
    }

    pub(crate) fn remote(&self, relation: u64, bag: &[(&str, &str)]) {
        let bag: Bag = bag.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.shared.lock().model.relations.get_mut(&relation).unwrap().remote_app.merge(&bag);
    }

    pub(crate) fn own_bag(&self, relation: u64) -> BTreeMap<String, String> {
        self.shared.lock().model.relations[&relation].local_app.clone()
    }

    pub(crate) fn status(&self) -> String {
        let status = self.shared.lock().model.status.clone();
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
        self.hooks += 1;
        let mut failed = None;
        let ended = run_function(&self.shared, hook, &self.place, self.hooks, |variables, commands| {
            let context = Context::from_variables(variables).unwrap();
            served(commands, |juju| {
                let world = World { juju, containers: self.containers.clone(), pause: |_| {} };
                failed = charm.run(&context, &world).err();
                u8::from(failed.is_some())
            })
        });
        failed.map_or(Ok(ended.record), Err)
    }

    pub(crate) fn config_changed<I: charmwright::__private::Inputs + 'static>(
        &mut self,
        charm: &Charm<I>,
    ) -> Record {
        self.run(charm, &Hook::Unit("config-changed"))
    }
}

/// Runs `charm` on a thread of its own, and the commands that it asks for on this one.
fn served(commands: &Commands<'_>, charm: impl FnOnce(HookCommands) -> u8) -> u8 {
    let (ask, asked) = std::sync::mpsc::channel::<Asked>();
    let juju = HookCommands::new(InProcess(ask));
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for (call, answer) in asked {
                let args = std::iter::once(call.command.to_owned()).chain(call.args).collect();
                let reply = commands.call(args, call.stdin.as_deref());
                let stdout = reply.stdout.into_bytes();
                // The charm has gone if nobody listens.
                let _ = answer.send(Reply { code: reply.code, stdout, stderr: reply.stderr });
            }
        });
        charm(juju)
    })
}
