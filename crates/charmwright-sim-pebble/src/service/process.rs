//! What the process of a service is started with.

use charmwright_pebble::{Command, Service, Workload};

use crate::accounts::{Accounts, credentials};
use crate::files::OwnerSpec;
use crate::host::{AccountKey, Host, Spawn};
use crate::pebble::Pebble;
use crate::settings::Settings;

use super::State;
use crate::host::ProcessId;
use crate::timers::Timer;

impl Pebble {
    /// Starts the process of a service, whatever its state.
    pub(super) fn start_process(&mut self, name: &str, host: &mut dyn Host) -> Result<(), String> {
        let Some(data) = self.services.get(name) else {
            return Err(format!("cannot find service {} in plan", crate::text::quoted(name)));
        };
        let spawn = spawn(&self.settings, name, &data.config, data.workload.as_ref(), host)?;
        self.last_process += 1;
        let process = ProcessId(self.last_process);
        host.spawn(process, &spawn).map_err(|error| format!("cannot start service: {error}"))?;
        self.processes.insert(process, name.to_owned());
        if let Some(data) = self.services.get_mut(name) {
            data.process = Some(process);
            data.starts += 1;
            let limit = data.backoff_limit();
            self.timers.cancel(&Timer::BackoffReset(name.to_owned()));
            self.timers.set(self.now.after(limit), Timer::BackoffReset(name.to_owned()));
        }
        Ok(())
    }

    pub(super) fn enter(&mut self, name: &str, state: State) {
        let now = self.now;
        if let Some(data) = self.services.get_mut(name) {
            data.enter(now, state);
        }
    }
}

fn spawn(
    settings: &Settings,
    name: &str,
    service: &Service,
    workload: Option<&Workload>,
    host: &dyn Host,
) -> Result<Spawn, String> {
    let command = Command::parse(&service.command).map_err(|error| error.to_string())?.all();
    let mut own = workload.map(|workload| workload.environment.clone()).unwrap_or_default();
    own.extend(service.environment.clone());
    let mut owner = OwnerSpec::default();
    if let Some(workload) = workload {
        owner = OwnerSpec {
            user_id: workload.user_id.map(Into::into),
            user: workload.user.clone(),
            group_id: workload.group_id.map(Into::into),
            group: workload.group.clone(),
        };
    }
    owner.user_id = service.user_id.map(Into::into).or(owner.user_id);
    owner.group_id = service.group_id.map(Into::into).or(owner.group_id);
    for (above, below) in [(&service.user, &mut owner.user), (&service.group, &mut owner.group)] {
        if !above.is_empty() {
            above.clone_into(below);
        }
    }
    let accounts: &dyn Accounts = host;
    let credentials = credentials(accounts, &owner)?;
    if let Some(user) = credentials.and_then(|credentials| host.user(&AccountKey::Id(credentials.user))) {
        for (variable, value) in [("HOME", user.home), ("USER", user.name)] {
            let old = own.entry(variable.to_owned()).or_default();
            if old.is_empty() {
                *old = value;
            }
        }
    }
    let mut environment = settings.environment.clone();
    environment.extend(own);
    Ok(Spawn {
        service: name.to_owned(),
        command,
        environment,
        credentials,
        working_dir: service.working_dir.clone(),
    })
}
