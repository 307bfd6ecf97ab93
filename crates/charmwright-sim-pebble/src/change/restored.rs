//! Changes of an earlier daemon.

use std::collections::BTreeMap;

use super::{Change, Ledger, Status};
use crate::time::Time;

impl Change {
    /// A change as an earlier daemon left it.
    pub(crate) fn restored(
        (id, kind, summary): (u64, String, String),
        own_status: Option<Status>,
        tasks: Vec<u64>,
        (spawned, ready): (Time, Option<Time>),
        (services, notice_data): (Vec<String>, BTreeMap<String, String>),
    ) -> Self {
        Self {
            id,
            kind,
            summary,
            own_status,
            tasks,
            spawned,
            ready,
            services,
            notice_data,
            observed: None,
            recorded: None,
        }
    }
}

impl Ledger {
    /// Takes over a change of an earlier daemon, with nothing to be told of it.
    pub(crate) fn restore(&mut self, change: Change) {
        let id = change.id;
        self.changes.insert(id, change);
        self.observe(id);
    }
}
