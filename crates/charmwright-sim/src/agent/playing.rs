//! Runs the charm of a play: as a process, in its pod if it has one, and with everything that it does noted.

use std::path::{Path, PathBuf};

use super::once::{Ran, watched};
use crate::charm;
use crate::juju::context::{Agent, CommandInfo, HookInfo};
use crate::juju::controller::Endpoints;
use crate::juju::environment::Host;
use crate::juju::run::{Conditions, Outcome, Processes, plain_command};
use crate::juju::worker::{Hearing, Runner};
use crate::pod::Pod;
use crate::watch::Watch;

/// Runs the charm of a play.
pub(super) struct Playing<'a> {
    pub(super) pod: Option<&'a Pod>,
    pub(super) watch: &'a Watch,
    pub(super) host: &'a Host,
    /// Where the charm's files come from.
    pub(super) source: &'a Source,
    /// What was run last.
    pub(super) ran: Option<Ran>,
}

/// Where a charm's files come from.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    /// Its folder.
    pub(super) charm: PathBuf,
    /// Its program, if that is not in the folder.
    pub(super) dispatch: Option<PathBuf>,
}

impl Playing<'_> {
    fn run(
        &mut self,
        agent: &mut Agent,
        hearing: &Hearing<'_>,
        name: String,
        run: impl FnOnce(
            Conditions<'_>,
            &mut Agent,
            &mut Processes<&mut dyn FnMut(&Path, &Path) -> std::process::Command>,
        ) -> Outcome,
    ) -> Outcome {
        let now = *hearing.now;
        let socket = agent.paths.socket.clone();
        let pod = self.pod;
        let mut command = |file: &Path, dir: &Path| match pod {
            Some(pod) => pod.command(file, dir),
            None => plain_command(file, dir),
        };
        let command: &mut dyn FnMut(&Path, &Path) -> std::process::Command = &mut command;
        let mut processes = Processes::new(&socket, command);
        let conditions = Conditions { observer: self.watch, clock: &now, ..Conditions::on(self.host) };
        let (ran, outcome) = watched(agent, self.watch, name, |agent| run(conditions, agent, &mut processes));
        self.ran = Some(ran);
        outcome
    }
}

impl Runner for Playing<'_> {
    fn hook(&mut self, agent: &mut Agent, hearing: Hearing<'_>, hook: &HookInfo) -> Outcome {
        let name = agent.hook_name(hook);
        self.run(agent, &hearing, name, |conditions, agent, charm| conditions.known_hook(agent, hook, charm))
    }

    fn action(&mut self, agent: &mut Agent, hearing: Hearing<'_>, id: &str) -> Outcome {
        let name = agent.controller.model().actions.get(id).map(|run| run.name.clone()).unwrap_or_default();
        self.run(agent, &hearing, name, |conditions, agent, charm| conditions.begun_action(agent, id, charm))
    }

    fn script(&mut self, agent: &mut Agent, hearing: Hearing<'_>, script: &str) -> Outcome {
        let name = "juju-exec".to_owned();
        self.run(agent, &hearing, name, |conditions, agent, charm| {
            conditions.exec(agent, &CommandInfo::default(), script, charm)
        })
    }

    fn deploy(&mut self, agent: &mut Agent, _: &str) -> Result<Option<Endpoints>, String> {
        let Source { charm, dispatch } = self.source;
        charm::install(charm, dispatch.as_deref(), &agent.paths.charm).map_err(|error| error.to_string())?;
        Ok(None)
    }

    fn replace_pod(&mut self, agent: &mut Agent) -> Result<(), String> {
        match std::fs::remove_dir_all(&agent.paths.charm) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        }
    }
}
