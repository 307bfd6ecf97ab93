//! What this unit wrote last, and what it learnt that cannot change.
//!
//! A hint, never the truth. If the hint agrees with what is wanted, the output is read and compared; if it
//! differs, the output is written without being read, because a write is due anyway. So every output of ours
//! costs one hook command, and a wrong hint costs at most one needless command, never a wrong result. The file
//! is saved *before* anything is written: a hook that dies, or a commit that Juju refuses, leaves a hint that
//! agrees with what is wanted, and the next hook compares.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use charmwright_event::{AppName, RelationId};
use charmwright_hookcmds::{Bag, OpenedPort, Status};
use serde::{Deserialize, Serialize};

/// The file's name in the charm's folder.
const FILE: &str = ".charmwright.json";
/// Bags with more text than this are not remembered but read.
const BAG_BYTES_MAX: usize = 64 * 1024;

/// What this unit wrote last, and what it learnt that cannot change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    leader: Option<bool>,
    apps: BTreeMap<u64, String>,
    bags: BTreeMap<u64, Bag>,
    ports: Option<Vec<String>>,
    status: Option<Status>,
}

impl Memory {
    /// Reads the memory of the charm in `charm_dir`; empty if there is none or it cannot be understood.
    pub fn load(charm_dir: &Path) -> Self {
        let text = std::fs::read(charm_dir.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes the memory, readable by its owner only, in one step.
    ///
    /// # Errors
    ///
    /// If the file cannot be written. The charm then works as without a memory.
    pub fn save(&self, charm_dir: &Path) -> io::Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;

        let temporary = charm_dir.join(format!("{FILE}.new"));
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        drop(file);
        std::fs::rename(temporary, charm_dir.join(FILE))
    }

    /// Removes the file: what was remembered may have led to wrong writes.
    pub fn forget(charm_dir: &Path) {
        // Absent is as good as removed, and anything else shows at the next save.
        let _ = std::fs::remove_file(charm_dir.join(FILE));
    }

    pub(crate) fn leader(&self) -> Option<bool> {
        self.leader
    }

    pub(crate) fn set_leader(&mut self, leader: bool) {
        self.leader = Some(leader);
        if !leader {
            self.bags.clear();
        }
    }

    pub(crate) fn app(&self, relation: RelationId) -> Option<AppName> {
        self.apps.get(&relation.number()).and_then(|app| AppName::parse(app).ok())
    }

    pub(crate) fn set_app(&mut self, relation: RelationId, app: &AppName) {
        self.apps.insert(relation.number(), app.to_string());
    }

    /// Drops what is known of relations that are gone.
    pub(crate) fn keep_relations(&mut self, alive: &[RelationId]) {
        let alive = |id: &u64| alive.contains(&RelationId::new(*id));
        self.apps.retain(|id, _| alive(id));
        self.bags.retain(|id, _| alive(id));
    }

    /// What we last wrote into our application's bag.
    pub(crate) fn bag(&self, relation: RelationId) -> Option<&Bag> {
        self.bags.get(&relation.number())
    }

    pub(crate) fn written_relations(&self) -> Vec<RelationId> {
        let written = self.bags.iter().filter(|(_, bag)| !bag.is_empty());
        written.map(|(id, _)| RelationId::new(*id)).collect()
    }

    /// Remembers what is about to be written into our application's bag, or that nothing is known of it.
    pub(crate) fn set_bag(&mut self, relation: RelationId, bag: Option<&Bag>) {
        let size = |bag: &Bag| bag.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        match bag.filter(|bag| size(bag) <= BAG_BYTES_MAX) {
            Some(bag) => self.bags.insert(relation.number(), bag.clone()),
            None => self.bags.remove(&relation.number()),
        };
    }

    /// The ports that we last wanted open.
    pub(crate) fn ports(&self) -> Option<Vec<OpenedPort>> {
        Some(self.ports.as_ref()?.iter().filter_map(|port| OpenedPort::parse(port)).collect())
    }

    /// Remembers the ports that are about to be the open ones.
    pub(crate) fn set_ports<'a>(&mut self, ports: impl IntoIterator<Item = &'a OpenedPort>) {
        self.ports = Some(ports.into_iter().map(ToString::to_string).collect());
    }

    /// The status that we last set.
    pub(crate) fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// Remembers the status that is about to be set.
    pub(crate) fn set_status(&mut self, status: &Status) {
        self.status = Some(status.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_as_it_was_saved_and_only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::default();
        memory.set_app(RelationId::new(3), &AppName::parse("pg").unwrap());
        memory.set_ports(&[OpenedPort::tcp(80)]);
        memory.set_status(&Status::active());
        memory.save(folder.path()).unwrap();
        assert_eq!(Memory::load(folder.path()), memory);
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), b"{\"leader\": 7").unwrap();
        assert_eq!(Memory::load(folder.path()), Memory::default());
    }

    #[test]
    fn who_no_longer_leads_knows_nothing_of_the_applications_bags() {
        let mut memory = Memory::default();
        memory.set_bag(RelationId::new(1), Some(&Bag::new()));
        memory.set_leader(false);
        assert_eq!(memory.bag(RelationId::new(1)), None);
    }

    #[test]
    fn a_large_bag_is_not_remembered() {
        let mut memory = Memory::default();
        let bag = Bag::from([("k".to_owned(), "v".repeat(BAG_BYTES_MAX))]);
        memory.set_bag(RelationId::new(1), Some(&bag));
        assert_eq!(memory.bag(RelationId::new(1)), None);
    }
}
