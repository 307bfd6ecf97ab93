//! Why services do not run, and why checks cannot: as far as Pebble's changes tell.

use std::collections::BTreeMap;

use charmwright_pebble::{
    Change, ChangeId, ChangeStatus, ChangesIn, CheckInfo, CheckStatus, Client, Error, Layer, ServiceInfo,
    ServiceStatus, Startup, Task,
};

use crate::snapshot::{Ended, Lasting};

/// What Pebble says of a process that ended well within its first second, which it calls a failure to start.
const QUICK_AND_WELL: &str = "exited quickly with code 0";

/// Why each service ended that was to run, or has run, and does not.
///
/// A container in which all is well costs no request.
pub(super) fn of_services(
    client: &Client,
    plan: &Layer,
    services: &[ServiceInfo],
) -> Result<BTreeMap<String, Ended>, Error> {
    let mut ended = BTreeMap::new();
    for info in services {
        let is_down = matches!(info.current, ServiceStatus::Inactive | ServiceStatus::Error);
        let entry = plan.services.get(&info.name);
        let enabled = entry.is_some_and(|entry| entry.startup == Some(Startup::Enabled));
        if is_down && (enabled || info.current_since.is_some()) {
            let changes = client.changes(ChangesIn::All, Some(&info.name))?;
            ended.extend(last(&changes, info).map(|last| (info.name.clone(), last)));
        }
    }
    Ok(ended)
}

/// The last thing that happened to a service by somebody's order. Pebble names the service in a task's summary only.
fn last(changes: &[Change], info: &ServiceInfo) -> Option<Ended> {
    let quoted = format!("{:?}", info.name);
    let about = |task: &&Task| task.summary.contains(&quoted);
    let found = changes.iter().rev().find_map(|change| {
        let task = change.tasks.iter().rev().find(about)?;
        Some((change, task))
    });
    let (change, task) = found?;
    match (task.kind.as_str(), &task.status) {
        ("stop", _) => Some(Ended::Stopped),
        ("start", ChangeStatus::Error) => Some(failure(change, &quoted)),
        ("start", ChangeStatus::Done) if info.current == ServiceStatus::Error => {
            Some(Ended::Failed { cause: "it exited with an error".to_owned(), lasting: None })
        }
        ("start", ChangeStatus::Done) => Some(Ended::Well),
        _ => None,
    }
}

/// What went wrong with one of the services of a change: `- Start service "web" (why)`.
fn failure(change: &Change, quoted: &str) -> Ended {
    let text = change.err.as_deref().unwrap_or_default();
    let about = text.lines().skip_while(|line| !line.contains(quoted)).enumerate();
    let lines = about.take_while(|(at, line)| *at == 0 || !line.starts_with("- ")).map(|(_, line)| line);
    let own = lines.collect::<Vec<_>>().join(" ");
    let cause = own.split_once('(').map_or(own.as_str(), |(_, why)| why.trim_end().trim_end_matches(')'));
    // That it is a start which failed is said by whoever tells the cause.
    let cause = ["cannot start service: ", "service start attempt: "]
        .iter()
        .fold(cause, |cause, prefix| cause.strip_prefix(prefix).unwrap_or(cause));
    if cause.contains(QUICK_AND_WELL) {
        return Ended::Well;
    }
    Ended::Failed { cause: cause.to_owned(), lasting: Lasting::in_text(cause) }
}

/// Why each check that is down cannot even begin. The rest of what Pebble notes of a check may hold anything that a
/// command printed, so nothing else of that text is kept.
pub(super) fn of_checks(client: &Client, checks: &[CheckInfo]) -> Result<BTreeMap<String, Lasting>, Error> {
    let mut unable = BTreeMap::new();
    for check in checks.iter().filter(|check| check.status == CheckStatus::Down) {
        let noted = match &check.change_id {
            Some(id) => noted_by(client, id, &check.name)?,
            None => None,
        };
        // A command that runs can print such words too: only Go's own error, at its place in the line, counts.
        let error = noted.as_deref().and_then(|line| line.split_once(" ERROR ")).map(|(_, error)| error);
        let begins = |error: &&str| ["fork/exec ", "exec: ", "user: "].iter().any(|go| error.starts_with(go));
        let reason = error.filter(begins).and_then(|error| error.lines().next());
        unable.extend(reason.and_then(Lasting::in_text).map(|lasting| (check.name.clone(), lasting)));
    }
    Ok(unable)
}

/// What was noted last of a check: by its change, or, when that has only just begun, by the one before.
fn noted_by(client: &Client, id: &ChangeId, check: &str) -> Result<Option<String>, Error> {
    let last = |change: &Change| change.tasks.iter().rev().find_map(|task| task.log.last().cloned());
    match client.change(id) {
        Ok(change) if last(&change).is_some() => return Ok(last(&change)),
        // It has just begun; or the check has recovered, or was replaced, since it was listed.
        Ok(_) | Err(Error::Api { status: 404, .. }) => {}
        Err(error) => return Err(error),
    }
    let quoted = format!("{check:?}");
    let ended = client.changes(ChangesIn::Past, None)?;
    Ok(ended
        .iter()
        .rev()
        .filter(|change| change.kind == "perform-check" && change.summary.contains(&quoted))
        .find_map(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(current: &str) -> ServiceInfo {
        let info = serde_json::json!({"name": "web", "startup": "enabled", "current": current});
        serde_json::from_value(info).unwrap()
    }

    fn change(kind: &str, status: &str, err: &str) -> Change {
        let task = serde_json::json!({"id": "1", "kind": kind, "summary": "Start service \"web\"", "status": status});
        let change = serde_json::json!({"id": "7", "status": status, "err": err, "tasks": [task]});
        serde_json::from_value(change).unwrap()
    }

    fn failed(err: &str) -> Option<Ended> {
        last(&[change("start", "Error", err)], &info("inactive"))
    }

    #[test]
    fn a_service_is_told_from_its_neighbours_in_a_change_that_failed() {
        let text = "cannot perform the following tasks:\n\
            - Start service \"other\" (service start attempt: exited quickly with code 3, will restart)\n\
            - Start service \"web\" (fork/exec /bin/web: no such file or directory)";
        assert_eq!(
            failed(text),
            Some(Ended::Failed {
                cause: "fork/exec /bin/web: no such file or directory".to_owned(),
                lasting: Some(Lasting::NotFound)
            })
        );
    }

    #[test]
    fn a_job_that_ends_well_has_not_failed_however_short_it_is() {
        let quick = "cannot perform the following tasks:\n\
            - Start service \"web\" (service start attempt: exited quickly with code 0, will ignore)";
        assert_eq!(failed(quick), Some(Ended::Well));
        assert_eq!(last(&[change("start", "Done", "")], &info("inactive")), Some(Ended::Well));
        assert!(matches!(
            last(&[change("start", "Done", "")], &info("error")),
            Some(Ended::Failed { lasting: None, .. })
        ));
    }

    #[test]
    fn what_somebody_did_last_counts() {
        let changes = [change("start", "Done", ""), change("stop", "Done", "")];
        assert_eq!(last(&changes, &info("inactive")), Some(Ended::Stopped));
        assert_eq!(last(&[], &info("inactive")), None);
        assert_eq!(last(&[change("start", "Hold", "")], &info("inactive")), None);
    }
}
