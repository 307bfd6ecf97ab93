//! What each step of a scenario does to the unit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use charmwright_pebble::{Client, CustomNotice};
use jiff::SignedDuration;

use super::{Agent, AgentError, Setup};
use crate::charm::Declared;
use crate::model::Model;
use crate::play::{Actor, PlayError};
use crate::pod::{Observer, Pod, PodError};
use crate::record::{ActionResult, Record};
use crate::scenario::{CrashAt, NoticeOf, Scenario, ServiceOf, Step, Substrate};

/// So many seconds.
pub(crate) fn span(seconds: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX)
}

impl Setup {
    /// With what a scenario says of the unit.
    #[must_use]
    pub fn of(&self, scenario: &Scenario) -> Self {
        Self {
            model: scenario.model.clone(),
            leader: scenario.leader,
            machine: scenario.substrate == Substrate::Machine,
            remotes: scenario.remotes.clone(),
            ..self.clone()
        }
    }

    /// The pod with all containers of a charm, none of which runs yet; `None` if it declares none. `tool` has its own
    /// name; `observer` is told of the requests to a daemon, whose socket it is given.
    pub(crate) fn pod<O: Observer + 'static>(
        &self,
        declared: &Declared,
        work: &Path,
        tool: &Path,
        observer: impl Fn(PathBuf) -> Arc<O>,
    ) -> Result<Option<Pod>, PodError> {
        if declared.containers.is_empty() {
            return Ok(None);
        }
        let mut pod = Pod::start(work, tool)?;
        for name in declared.containers.keys() {
            let image = self.images.get(name).cloned().unwrap_or_default();
            let observer = observer(pod.pebble_socket(name));
            pod.add_container(name, &image, &self.pebble, observer)?;
        }
        Ok(Some(pod))
    }
}

/// A client of a container's daemon.
fn client(pod: Option<&Pod>, container: &str) -> Result<Client, AgentError> {
    let unknown = || AgentError::Unknown { what: "container", name: container.to_owned() };
    Ok(Client::new(pod.ok_or_else(unknown)?.pebble_socket(container)))
}

/// Kills a service's process.
pub(crate) fn kill(pod: Option<&Pod>, of: &ServiceOf) -> Result<(), PlayError> {
    let ServiceOf { container, service } = of;
    client(pod, container)?.signal("SIGKILL", &[service]).map_err(|source| PlayError::Kill {
        container: container.to_owned(),
        service: service.to_owned(),
        source: Box::new(source),
    })
}

/// Records a notice, as a workload does.
pub(crate) fn notify(pod: Option<&Pod>, of: &NoticeOf) -> Result<(), PlayError> {
    let NoticeOf { container, key } = of;
    let noted = client(pod, container)?.notify(&CustomNotice::new(key));
    noted.map(drop).map_err(|source| PlayError::Notify {
        container: container.to_owned(),
        key: key.to_owned(),
        source: Box::new(source),
    })
}

impl Actor for Agent {
    fn perform(&mut self, step: &Step) -> Result<(), PlayError> {
        match step {
            Step::Say(_) | Step::Expect(_) | Step::Deploy => {}
            Step::Config(values) => self.set_config(values)?,
            Step::Integrate(between) => self.integrate(&between.endpoint, &between.with)?,
            Step::RemoveRelation(between) => self.remove_relation(&between.endpoint, &between.with)?,
            Step::Remotes(remotes) => {
                for (app, remote) in remotes {
                    self.set_remote(app, remote.clone());
                }
            }
            Step::Action(action) => self.run_action(&action.name, &action.params)?,
            Step::KillWorkload(service) => kill(self.pod.as_ref(), service)?,
            Step::Notice(notice) => notify(self.pod.as_ref(), notice)?,
            Step::RestartPebble(container) => self.restart_pebble(container)?,
            Step::StopPebble(container) => self.stop_pebble(container)?,
            Step::StartPebble(container) => self.start_pebble(container)?,
            Step::Leader(leader) => self.set_leader(*leader),
            Step::UpdateStatus => self.tick(),
            Step::UpgradeCharm => self.refresh(false)?,
            Step::Hook(name) => self.custom_hook(name),
            Step::RemoveUnit => self.remove_unit(),
            Step::Refresh(refresh) => self.refresh(refresh.force)?,
            Step::Exec(script) => self.exec(script)?,
            Step::Pass(seconds) => self.pass(span(*seconds)),
            Step::Hold(hook) => self.hold(hook),
            Step::Release(hook) => self.release(hook),
            Step::Crash => self.crash()?,
            Step::CrashAt(CrashAt { method, matching, after }) => self.crash_at(method, matching, *after),
            Step::RestartAgent => self.restart(false)?,
            Step::Reboot => self.restart(true)?,
            Step::NewPod => self.replace_pod()?,
            step => {
                if let Some(change) = self.world.change_of(step)? {
                    self.apply(&[change])?;
                }
            }
        }
        Ok(())
    }

    fn next_hook(&mut self) -> Result<Option<Record>, PlayError> {
        Ok(self.step()?)
    }

    fn hear(&mut self) -> Result<bool, PlayError> {
        Ok(self.hear_pebbles()?)
    }

    fn take_remarks(&mut self) -> Vec<String> {
        self.remarks()
    }

    fn model(&self) -> &Model {
        Self::model(self)
    }

    fn pod(&self) -> Option<&Pod> {
        Self::pod(self)
    }

    fn action(&self) -> Option<&ActionResult> {
        Self::action(self)
    }
}
