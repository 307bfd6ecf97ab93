//! How the agent hears of the world: Juju's watchers.
//!
//! Each source remembers what it told last and tells the difference, so that changes between two tellings are one.

mod hash;
mod secrets;
mod world;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::backoff::Backoff;
use super::pebble::{Listener, Pebbles, Sound};
use super::remote::Remote;
use crate::juju::controller::{Bag, Controller, NetworkInfo, Relation, Shared, Storage};

use self::secrets::SecretsHeard;

/// Something that the agent has not heard of yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// The unit itself: its life, and how a failed hook is resolved.
    Unit,
    /// The application: its charm.
    Application,
    /// The options.
    Config,
    /// Whether the application is trusted.
    Trust,
    /// The unit's addresses.
    Addresses,
    /// Which relations there are.
    Relations,
    /// The other side of a relation.
    RelationUnits(i64),
    /// Which storage there is.
    Storage,
    /// One storage.
    StorageAttachment(String),
    /// The leader's settings.
    LeaderSettings,
    /// The actions.
    Actions,
    /// Whether the unit leads.
    Leadership,
    /// The secrets that the unit reads.
    ConsumedSecrets,
    /// The revisions of its own secrets that nobody reads any more.
    ObsoleteRevisions,
    /// The revisions of its own secrets that were deleted.
    DeletedRevisions,
    /// When its own secrets are to be rotated.
    Rotations,
    /// When its own secrets expire.
    Expiries,
    /// A Pebble.
    Pebble(Sound),
}

/// What the agent hears with, in one life.
#[derive(Debug, Clone, PartialEq)]
pub struct Ears {
    /// What it has heard.
    pub remote: Remote,
    /// What asks the Pebbles.
    pub listener: Listener,
    /// The timer of failed hooks.
    pub backoff: Backoff,
    /// The scripts of juju-exec that wait, by number.
    pub scripts: BTreeMap<u64, String>,
    next_script: u64,
    /// Whether it has heard something since the rules were looked at.
    pub woken: bool,
    /// The secrets that the unit owns.
    pub(super) secrets: SecretsHeard,
    /// The version of the charm that the pod was made for; none on machines.
    pub enforced: Option<i64>,
    heard: Shared<Heard>,
    /// The controller's revision when there was nothing more to hear.
    silent_at: Option<u64>,
}

/// What each source told last.
#[derive(Debug, Clone, PartialEq, Default)]
struct Heard {
    unit: (String, String, String, String),
    application: (String, String, bool, i64),
    config: (String, Map<String, Value>),
    trust: bool,
    addresses: (String, BTreeMap<String, NetworkInfo>),
    relations: BTreeMap<i64, (String, bool)>,
    units: BTreeMap<i64, Option<Shared<Relation>>>,
    storage: BTreeMap<String, String>,
    attachments: BTreeMap<String, Option<Storage>>,
    leader_settings: Option<Bag>,
    actions: BTreeMap<String, bool>,
    consumed: BTreeMap<String, i64>,
}

impl Ears {
    /// The agent starts: what asks the Pebbles begins, nothing else was heard yet.
    pub fn new<'a>(
        containers: impl IntoIterator<Item = &'a String>,
        enforced: Option<i64>,
        now: Timestamp,
    ) -> Self {
        Self {
            remote: Remote::default(),
            listener: Listener::new(containers, now),
            backoff: Backoff::default(),
            scripts: BTreeMap::new(),
            next_script: 0,
            woken: false,
            secrets: SecretsHeard::default(),
            enforced,
            heard: Shared::default(),
            silent_at: None,
        }
    }

    /// All watchers are started anew. Events of Pebble that are not done stay; scripts that wait are forgotten.
    pub fn restart(&mut self, controller: &mut Controller, now: Timestamp) {
        self.remote =
            Remote { workload: self.listener.events.keys().copied().collect(), ..Remote::default() };
        self.heard = Shared::default();
        self.secrets = SecretsHeard::default();
        self.silent_at = None;
        for source in [
            Source::Unit,
            Source::Application,
            Source::Config,
            Source::Trust,
            Source::Addresses,
            Source::ConsumedSecrets,
            Source::Relations,
            Source::Storage,
            Source::LeaderSettings,
            Source::Actions,
            Source::Leadership,
        ] {
            self.hear(&source, controller, &Pebbles::default(), now);
        }
        self.woken = true;
    }

    /// What there is to hear.
    pub fn pending(&self, controller: &Controller, pebbles: &Pebbles) -> Vec<Source> {
        let sounds = self.listener.sounds(pebbles).into_iter().map(Source::Pebble);
        if self.silent_at == Some(controller.revision()) {
            return sounds.collect();
        }
        let mut sources = Vec::new();
        self.changed(controller.model(), &mut sources);
        self.secrets.changed(controller.model(), &mut sources);
        sources.extend(sounds);
        sources
    }

    /// Notes that nothing is left to hear at this revision of the controller.
    pub fn note_silence(&mut self, controller: &Controller) {
        self.silent_at = Some(controller.revision());
    }

    /// Hears of one thing.
    pub fn hear(&mut self, source: &Source, controller: &mut Controller, pebbles: &Pebbles, now: Timestamp) {
        match source {
            Source::Pebble(sound) => {
                if let Some(event) = self.listener.hear(sound, pebbles, now) {
                    self.remote.workload.push(event);
                }
            }
            Source::ObsoleteRevisions | Source::DeletedRevisions | Source::Rotations | Source::Expiries => {
                self.secrets.hear(source, controller.model(), &mut self.remote, now);
                // What was due already is told at once.
                self.secrets.fire(&mut self.remote, now);
            }
            Source::ConsumedSecrets => self.hear_consumed(controller),
            Source::Leadership => {
                self.remote.leader = controller.model().leader;
                self.remote.rotations.clear();
                self.remote.expired.clear();
                self.secrets.restart(controller.model(), self.remote.leader);
            }
            source => self.hear_world(source, controller),
        }
        self.woken = true;
    }

    /// Hears of everything, in the order of the sources.
    pub fn hear_all(&mut self, controller: &mut Controller, pebbles: &Pebbles, now: Timestamp) {
        loop {
            self.listener.listen(pebbles, now);
            let mut pending = self.pending(controller, pebbles);
            // Which of several Pebbles is heard first is left to chance, and so to a choice.
            let of_pebble = |source: &Source| matches!(source, Source::Pebble(_));
            if pending.iter().filter(|source| of_pebble(source)).count() > 1 {
                pending.retain(|source| !of_pebble(source));
            }
            if pending.is_empty() {
                return self.note_silence(controller);
            }
            for source in pending {
                self.hear(&source, controller, pebbles, now);
            }
        }
    }

    /// When a timer fires next.
    pub fn next_timer(&self) -> Option<Timestamp> {
        [self.listener.next_timer(), self.backoff.at(), self.secrets.next_timer()].into_iter().flatten().min()
    }

    /// Fires the timers that are due.
    pub fn fire(&mut self, now: Timestamp) {
        self.listener.fire(now);
        if self.backoff.fire(now) {
            self.remote.retry_hook += 1;
            self.woken = true;
        }
        self.woken |= self.secrets.fire(&mut self.remote, now);
    }

    /// A script of juju-exec is handed in.
    pub fn add_script(&mut self, script: &str) -> u64 {
        let id = self.next_script;
        self.next_script += 1;
        self.scripts.insert(id, script.to_owned());
        self.remote.commands.push(id);
        self.woken = true;
        id
    }

    /// The time for update-status has come.
    pub fn tick(&mut self) {
        self.remote.update_status += 1;
        self.woken = true;
    }

    /// The agent is told to end.
    pub fn shut_down(&mut self) {
        self.remote.shutdown = true;
        self.woken = true;
    }
}
