//! What one run of a check does.

use charmwright_pebble::{Check, Command, ExecCheck, Layer};

use super::timeout;
use crate::accounts::{Accounts, credentials};
use crate::files::OwnerSpec;
use crate::host::{CheckFailure, CheckKind, CheckRun, Host, Spawn};
use crate::settings::Settings;

/// The check with what its service gives it.
pub(super) fn with_context(plan: &Layer, check: &Check) -> Check {
    let mut check = check.clone();
    if let Some(exec) = &mut check.exec
        && let Some(service) = plan.services.get(&exec.service_context)
    {
        let mut environment = service.environment.clone();
        environment.extend(std::mem::take(&mut exec.environment));
        exec.environment = environment;
        exec.user_id = exec.user_id.or(service.user_id);
        exec.group_id = exec.group_id.or(service.group_id);
        for (own, given) in [
            (&mut exec.user, &service.user),
            (&mut exec.group, &service.group),
            (&mut exec.working_dir, &service.working_dir),
        ] {
            if own.is_empty() {
                given.clone_into(own);
            }
        }
    }
    check
}

/// What a run of this check does.
pub(super) fn of(
    settings: &Settings,
    name: &str,
    check: &Check,
    host: &dyn Host,
) -> Result<CheckRun, CheckFailure> {
    let kind = if let Some(http) = &check.http {
        CheckKind::Http { url: http.url.clone(), headers: http.headers.clone() }
    } else if let Some(tcp) = &check.tcp {
        let host = if tcp.host.is_empty() { "localhost" } else { &tcp.host };
        CheckKind::Tcp { port: tcp.port, host: host.to_owned() }
    } else {
        let exec = check.exec.clone().unwrap_or_default();
        let spawn = spawn(settings, &exec, host);
        CheckKind::Exec(spawn.map_err(|message| CheckFailure { message, details: String::new() })?)
    };
    Ok(CheckRun { check: name.to_owned(), timeout: timeout(check), kind })
}

fn spawn(settings: &Settings, exec: &ExecCheck, host: &dyn Host) -> Result<Spawn, String> {
    let command = Command::words(&exec.command).map_err(|error| format!("cannot parse command: {error}"))?;
    let owner = OwnerSpec {
        user_id: exec.user_id.map(Into::into),
        user: exec.user.clone(),
        group_id: exec.group_id.map(Into::into),
        group: exec.group.clone(),
    };
    let mut environment = settings.environment.clone();
    environment.extend(exec.environment.clone());
    let accounts: &dyn Accounts = host;
    Ok(Spawn {
        service: String::new(),
        command,
        environment,
        credentials: credentials(accounts, &owner)?,
        working_dir: exec.working_dir.clone(),
    })
}
