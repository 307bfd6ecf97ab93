//! What this unit wrote last, and what it learnt that cannot change.
//!
//! A hint, never the truth: it decides what to read, and spares hook commands. What agrees with what is wanted is
//! read and compared. What differs is due to be written anyway, so it is written without being read: the
//! difference, if the hint was seen to be true since it was written; all of it, if not. The file is saved *before*
//! anything is written, so a hook that dies, or a commit that Juju refuses, leaves a hint that was not seen to be
//! true.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use charmwright_event::{AppName, RelationId};
use charmwright_hookcmds::{Bag, OpenedPort, Status};
use serde::{Deserialize, Serialize};

use crate::memory_file::{self, FILE_BYTES_MAX};

/// Bags with more text than this are not remembered but read.
const BAG_BYTES_MAX: usize = 64 * 1024;

/// What this unit wrote last, and what it learnt that cannot change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    leader: Option<bool>,
    apps: BTreeMap<u64, String>,
    peers: BTreeMap<String, u64>,
    bags: BTreeMap<u64, WrittenBag>,
    ports: Option<WrittenPorts>,
    status: Option<Status>,
    leaving: bool,
}

/// What was written into a bag of ours.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct WrittenBag {
    /// What should be in it.
    pub(crate) bag: Bag,
    /// Whether it was seen in it.
    pub(crate) seen: bool,
    /// If it was not: every key that may be in it.
    pub(crate) keys: BTreeSet<String>,
    /// Nothing was ever in it before: whoever has read this in it has read this very write.
    pub(crate) first: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct WrittenPorts {
    ports: Vec<String>,
    seen: bool,
}

impl Memory {
    /// Reads the memory of the charm in `charm_dir`; empty if there is none or it cannot be understood. What is not
    /// a file of this user's own, that others cannot change, of at most 512 KiB, is none.
    pub fn load(charm_dir: &Path) -> Self {
        let text = memory_file::read(charm_dir).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes the memory, readable by its owner only, in one step. Bags for which the file has no room are left out:
    /// they will be read.
    ///
    /// # Errors
    ///
    /// If the file cannot be written. The charm then works as without a memory.
    pub fn save(&self, charm_dir: &Path) -> io::Result<()> {
        let text = self.text().or_else(|_| Self { bags: BTreeMap::new(), ..self.clone() }.text())?;
        memory_file::write(charm_dir, &text)
    }

    /// The file's text, if it is not too long.
    fn text(&self) -> io::Result<Vec<u8>> {
        let mut text = Bounded(Vec::new());
        serde_json::to_writer(&mut text, self)?;
        Ok(text.0)
    }

    /// Removes the file, for a memory that cannot be saved: an old one would lie.
    ///
    /// # Errors
    ///
    /// If it is there, would be read, and cannot be removed.
    pub fn forget(charm_dir: &Path) -> io::Result<()> {
        memory_file::remove(charm_dir)
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

    /// The relation of a peer endpoint, which there is as long as the application.
    pub(crate) fn peer_relation(&self, endpoint: &str) -> Option<RelationId> {
        self.peers.get(endpoint).map(|id| RelationId::new(*id))
    }

    pub(crate) fn set_peer_relation(&mut self, endpoint: &str, relation: RelationId) {
        self.peers.insert(endpoint.to_owned(), relation.number());
    }

    /// Drops what is known of relations that are gone.
    pub(crate) fn keep_relations(&mut self, alive: &[RelationId]) {
        let alive = |id: &u64| alive.contains(&RelationId::new(*id));
        self.apps.retain(|id, _| alive(id));
        self.peers.retain(|_, id| alive(id));
        self.bags.retain(|id, _| alive(id));
    }

    /// Whether Juju has said that this unit is being removed.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving
    }

    pub(crate) fn set_leaving(&mut self, leaving: bool) {
        self.leaving = leaving;
    }

    /// What we last wrote into our application's bag.
    pub(crate) fn bag(&self, relation: RelationId) -> Option<&WrittenBag> {
        self.bags.get(&relation.number())
    }

    pub(crate) fn written_relations(&self) -> Vec<RelationId> {
        let written =
            self.bags.iter().filter(|(_, written)| !written.bag.is_empty() || !written.keys.is_empty());
        written.map(|(id, _)| RelationId::new(*id)).collect()
    }

    /// Remembers what was seen in our application's bag.
    pub(crate) fn saw_bag(&mut self, relation: RelationId, bag: &Bag) {
        self.set_bag(relation, WrittenBag { bag: bag.clone(), seen: true, ..WrittenBag::default() });
    }

    /// Remembers what is about to be written into our application's bag.
    pub(crate) fn will_write_bag(&mut self, relation: RelationId, bag: &Bag) {
        let before = self.bags.remove(&relation.number()).unwrap_or_default();
        let first = before.bag.is_empty() && before.keys.is_empty();
        let keys = before.keys.into_iter().chain(before.bag.into_keys()).chain(bag.keys().cloned());
        self.set_bag(relation, WrittenBag { bag: bag.clone(), seen: false, keys: keys.collect(), first });
    }

    fn set_bag(&mut self, relation: RelationId, written: WrittenBag) {
        let size: usize = written.bag.iter().map(|(key, value)| key.len() + value.len()).sum();
        if size <= BAG_BYTES_MAX {
            self.bags.insert(relation.number(), written);
        } else {
            self.bags.remove(&relation.number());
        }
    }

    /// The ports that we last wanted open, and whether they were seen to be.
    pub(crate) fn ports(&self) -> Option<(BTreeSet<OpenedPort>, bool)> {
        let written = self.ports.as_ref()?;
        Some((written.ports.iter().filter_map(|port| OpenedPort::parse(port)).collect(), written.seen))
    }

    /// Remembers which ports are open, or are about to be.
    pub(crate) fn set_ports(&mut self, ports: &BTreeSet<OpenedPort>, seen: bool) {
        self.ports = Some(WrittenPorts { ports: ports.iter().map(ToString::to_string).collect(), seen });
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

/// A text that fails when it is longer than the file may be, before it takes more memory.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len().saturating_add(bytes.len()) > FILE_BYTES_MAX {
            let told = format!("the memory has more than {FILE_BYTES_MAX} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, told));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory_file::FILE;

    #[test]
    fn bags_for_which_the_file_has_no_room_are_left_out_and_the_rest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::default();
        memory.set_leader(true);
        let bag = Bag::from([("k".to_owned(), "v".repeat(BAG_BYTES_MAX - 1))]);
        let bags = u64::try_from(FILE_BYTES_MAX / BAG_BYTES_MAX).unwrap();
        for id in 0..bags - 1 {
            memory.saw_bag(RelationId::new(id), &bag);
        }
        memory.save(folder.path()).unwrap();
        assert_eq!(Memory::load(folder.path()), memory);
        memory.saw_bag(RelationId::new(bags), &bag);
        memory.save(folder.path()).unwrap();
        let loaded = Memory::load(folder.path());
        assert_eq!((loaded.leader(), loaded.bag(RelationId::new(0))), (Some(true), None));
    }

    #[test]
    fn a_memory_that_is_too_large_even_without_bags_is_not_saved() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::default();
        memory.set_peer_relation(&"e".repeat(FILE_BYTES_MAX), RelationId::new(1));
        let error = memory.save(folder.path()).unwrap_err();
        assert!(error.to_string().contains("more than 524288 bytes"), "{error}");
    }

    #[test]
    fn it_comes_back_as_it_was_saved_and_only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::default();
        memory.set_app(RelationId::new(3), &AppName::parse("pg").unwrap());
        memory.set_ports(&BTreeSet::from([OpenedPort::tcp(80)]), true);
        memory.set_status(&Status::active());
        memory.save(folder.path()).unwrap();
        assert_eq!(Memory::load(folder.path()), memory);
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_saved_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        Memory::default().save(folder.path()).unwrap();
        // A folder stands where the new file would be written.
        std::fs::create_dir(folder.path().join(format!("{FILE}.new"))).unwrap();
        assert!(Memory::default().save(folder.path()).is_err());
        Memory::forget(folder.path()).unwrap();
        assert!(!folder.path().join(FILE).exists());
        Memory::forget(folder.path()).unwrap();
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
        memory.saw_bag(RelationId::new(1), &Bag::new());
        memory.set_leader(false);
        assert_eq!(memory.bag(RelationId::new(1)), None);
    }

    #[test]
    fn a_large_bag_is_not_remembered() {
        let mut memory = Memory::default();
        let bag = Bag::from([("k".to_owned(), "v".repeat(BAG_BYTES_MAX))]);
        memory.will_write_bag(RelationId::new(1), &bag);
        assert_eq!(memory.bag(RelationId::new(1)), None);
    }

    #[test]
    fn until_it_is_seen_a_bag_may_hold_the_keys_of_all_that_was_written() {
        let mut memory = Memory::default();
        let (id, one, two) = (
            RelationId::new(1),
            Bag::from([("a".into(), "1".into())]),
            Bag::from([("b".into(), "2".into())]),
        );
        memory.saw_bag(id, &one);
        memory.will_write_bag(id, &two);
        memory.will_write_bag(id, &Bag::new());
        assert_eq!(memory.bag(id).unwrap().keys, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
        memory.saw_bag(id, &two);
        assert!(memory.bag(id).unwrap().keys.is_empty());
    }

    #[test]
    fn only_the_first_text_in_a_bag_is_told_apart_by_whoever_has_read_it() {
        let mut memory = Memory::default();
        let (id, bag) = (RelationId::new(1), Bag::from([("a".into(), "1".into())]));
        memory.saw_bag(id, &Bag::new());
        memory.will_write_bag(id, &bag);
        assert!(memory.bag(id).unwrap().first);
        // It goes and comes back: what has been read may be the first of the two.
        memory.will_write_bag(id, &Bag::new());
        memory.will_write_bag(id, &bag);
        assert!(!memory.bag(id).unwrap().first);
    }

    #[test]
    fn a_peer_relation_is_remembered_as_long_as_it_is_there() {
        let mut memory = Memory::default();
        memory.set_peer_relation("cluster", RelationId::new(4));
        memory.keep_relations(&[RelationId::new(4)]);
        assert_eq!(memory.peer_relation("cluster"), Some(RelationId::new(4)));
        memory.keep_relations(&[]);
        assert_eq!(memory.peer_relation("cluster"), None);
    }
}
