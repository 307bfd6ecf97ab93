//! What the daemons of a pod have noted since they were asked last: notices of the workloads, and what checks have seen.

use std::collections::BTreeMap;

use charmwright_pebble::{ChangeId, ChangeStatus, Client, Error, Notice, NoticeKind, NoticesOptions};

use crate::juju::controller::{Change, PebbleChange};
use crate::juju::version::JujuVersion;
use crate::pod::Pod;

/// Listens to the daemons of a pod.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    ears: BTreeMap<String, Ears>,
}

/// What listens to one daemon.
#[derive(Debug)]
struct Ears {
    client: Client,
    /// When the last notice that was heard was last repeated, as the daemon tells it.
    after: Option<String>,
}

impl Notices {
    /// What is new in the containers that run, in the order that each daemon noted it: for the agent to be told of.
    ///
    /// That is what Juju 3.6 makes an event of: the notices of root and of nobody.
    pub(crate) fn new_ones(&mut self, pod: Option<&Pod>, juju: JujuVersion) -> Vec<Change> {
        let Some(pod) = pod.filter(|_| juju >= JujuVersion::V3_6) else { return Vec::new() };
        let mut news = Vec::new();
        for name in pod.running_containers() {
            let new = || Ears { client: pod.pebble_client(name), after: None };
            let ears = self.ears.entry(name.to_owned()).or_insert_with(new);
            // A daemon that does not answer is asked again the next time.
            let _ = ears.listen(name, &mut news);
        }
        news
    }
}

impl Ears {
    fn listen(&mut self, container: &str, news: &mut Vec<Change>) -> Result<(), Error> {
        let mut options = NoticesOptions::default().types([NoticeKind::Custom, NoticeKind::ChangeUpdate]);
        if let Some(after) = &self.after {
            options = options.after(after);
        }
        for notice in self.client.notices(&options)? {
            let told = told(&self.client, &notice)?;
            let container = container.to_owned();
            news.extend(told.map(|told| PebbleChange { container, ..told }.into()));
            self.after = Some(notice.last_repeated);
        }
        Ok(())
    }
}

/// What the agent makes of a notice; `None` if nothing.
fn told(client: &Client, notice: &Notice) -> Result<Option<PebbleChange>, Error> {
    let nothing = PebbleChange::default;
    if notice.kind == NoticeKind::Custom {
        let (notice, notice_id) = (notice.key.clone(), notice.id.to_string());
        return Ok(Some(PebbleChange { notice, notice_id, ..nothing() }));
    }
    let data = |key: &str| notice.last_data.get(key).cloned().unwrap_or_default();
    let kind = data("kind");
    let ends_as = match kind.as_str() {
        "perform-check" => ChangeStatus::Error,
        "recover-check" => ChangeStatus::Done,
        _ => return Ok(None),
    };
    // Pebble forgets changes; one that is gone has ended as those of its kind do.
    let status = match ChangeId::new(notice.key.as_str()).map(|id| client.change(&id)) {
        Some(Ok(change)) => change.status,
        Some(Err(Error::Api { status: 404, .. })) | None => ends_as.clone(),
        Some(Err(error)) => return Err(error),
    };
    let check = data("check-name");
    Ok((status == ends_as).then(|| match ends_as {
        ChangeStatus::Error => PebbleChange { check_failed: check, ..nothing() },
        _ => PebbleChange { check_recovered: check, ..nothing() },
    }))
}
