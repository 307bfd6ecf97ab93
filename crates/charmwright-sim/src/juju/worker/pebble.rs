//! The workload containers' Pebbles, as far as the agent sees them: who asks them, and what it hears.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::juju::context::HookInfo;
use crate::juju::controller::PebbleChange;

/// How often each Pebble is asked for its boot id.
const POLL_INTERVAL: SignedDuration = SignedDuration::from_secs(5);
/// How long the agent waits after a Pebble could not be asked for notices.
const NOTICE_DELAY: SignedDuration = SignedDuration::from_secs(1);

/// One container's Pebble. It outlives the agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Pebble {
    up: bool,
    boot: u64,
    last_id: u64,
    notices: Vec<Notice>,
}

impl Pebble {
    fn next_id(&mut self) -> String {
        self.last_id += 1;
        self.last_id.to_string()
    }
}

/// What Pebble has noted. A notice that is repeated keeps its id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Notice {
    id: String,
    kind: NoticeKind,
    key: String,
    repeated: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum NoticeKind {
    Custom,
    Failed { check: String },
    Recovered { check: String },
}

/// All of a unit's Pebbles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pebbles {
    all: BTreeMap<String, Pebble>,
    last: Timestamp,
}

impl Pebbles {
    /// None of them is up.
    pub fn new<'a>(containers: impl IntoIterator<Item = &'a String>) -> Self {
        let all = containers.into_iter().map(|name| (name.clone(), Pebble::default())).collect();
        Self { all, last: Timestamp::UNIX_EPOCH }
    }

    /// Changes one. `None` if there is no such container.
    pub fn apply(&mut self, change: &PebbleChange, now: Timestamp) -> Option<()> {
        let pebble = self.all.get_mut(&change.container)?;
        if let Some(up) = change.up {
            pebble.boot += u64::from(up && !pebble.up);
            pebble.up = up;
        }
        pebble.boot += u64::from(change.restart);
        if change.fresh {
            pebble.notices.clear();
        }
        if !change.notice.is_empty() {
            self.note(&change.container, NoticeKind::Custom, Some(change), now)?;
        }
        if !change.check_failed.is_empty() {
            let check = change.check_failed.clone();
            self.note(&change.container, NoticeKind::Failed { check }, None, now)?;
        }
        if !change.check_recovered.is_empty() {
            let check = change.check_recovered.clone();
            self.note(&change.container, NoticeKind::Recovered { check }, None, now)?;
        }
        Some(())
    }

    /// Sets the boot id that a real Pebble has; `None` if it does not answer.
    pub fn set_boot(&mut self, container: &str, boot: Option<u64>) {
        if let Some(pebble) = self.all.get_mut(container) {
            pebble.up = boot.is_some();
            pebble.boot = boot.unwrap_or(pebble.boot);
        }
    }

    /// The boot of a Pebble that answers.
    pub fn boot(&self, container: &str) -> Option<u64> {
        self.all.get(container).filter(|pebble| pebble.up).map(|pebble| pebble.boot)
    }

    fn note(
        &mut self,
        container: &str,
        kind: NoticeKind,
        custom: Option<&PebbleChange>,
        now: Timestamp,
    ) -> Option<()> {
        let now = if now > self.last { now } else { self.last + SignedDuration::from_micros(1) };
        self.last = now;
        let pebble = self.all.get_mut(container)?;
        // A change of a check's state is a notice of the change, which is another one each time.
        let key = custom.map_or_else(|| pebble.next_id(), |custom| custom.notice.clone());
        if let Some(known) = pebble.notices.iter_mut().find(|one| one.kind == kind && one.key == key) {
            known.repeated = now;
            return Some(());
        }
        let given = custom.map(|custom| &custom.notice_id).filter(|id| !id.is_empty());
        let id = given.cloned().unwrap_or_else(|| pebble.next_id());
        pebble.notices.push(Notice { id, kind, key, repeated: now });
        Some(())
    }

    fn notices(&self, container: &str, after: Option<Timestamp>) -> Option<Vec<Notice>> {
        let pebble = self.all.get(container).filter(|pebble| pebble.up)?;
        let mut new: Vec<Notice> = pebble
            .notices
            .iter()
            .filter(|one| after.is_none_or(|after| one.repeated > after))
            .cloned()
            .collect();
        new.sort_by_key(|one| one.repeated);
        Some(new)
    }
}

/// An event of a Pebble that the charm is to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadEvent {
    /// The hook.
    pub hook: HookInfo,
    origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Poll { boot: u64 },
    Notice { repeated: Timestamp, kind: &'static str, key: String },
}

/// What asks the Pebbles, in one life of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listener {
    containers: BTreeMap<String, Ears>,
    /// The events that were handed in and are not done.
    pub events: BTreeMap<u64, WorkloadEvent>,
    next_event: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Ears {
    poll_at: Timestamp,
    /// The timer has fired and nobody has looked yet.
    poll_due: bool,
    /// The poll waits until the charm was told.
    polling: bool,
    boot: Option<u64>,
    after: Option<Timestamp>,
    batch: Vec<Notice>,
    noticing: bool,
    /// A Pebble that did not answer is asked for notices again then.
    retry_at: Option<Timestamp>,
}

/// What a listener would hear next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sound {
    /// A poll's result.
    Poll(String),
    /// Notices.
    Notices(String),
}

impl Listener {
    /// The agent has just started.
    pub fn new<'a>(containers: impl IntoIterator<Item = &'a String>, now: Timestamp) -> Self {
        let ears = Ears {
            poll_at: now + POLL_INTERVAL,
            poll_due: false,
            polling: false,
            boot: None,
            after: None,
            batch: Vec::new(),
            noticing: false,
            retry_at: None,
        };
        let containers = containers.into_iter().map(|name| (name.clone(), ears.clone())).collect();
        Self { containers, ..Self::default() }
    }

    /// When a timer fires next.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.containers.values().flat_map(|ears| std::iter::once(ears.poll_at).chain(ears.retry_at)).min()
    }

    /// Whether a Pebble has started anew and no poll has seen it yet.
    pub fn has_news(&self, pebbles: &Pebbles) -> bool {
        let news = |(name, ears): (&String, &Ears)| {
            let boot = pebbles.boot(name);
            boot.is_some() && boot != ears.boot && !ears.polling
        };
        self.containers.iter().any(news)
    }

    /// Fires the timers that are due.
    pub fn fire(&mut self, now: Timestamp) {
        for ears in self.containers.values_mut() {
            if ears.poll_at <= now && !ears.poll_due {
                ears.poll_due = true;
            }
            if ears.retry_at.is_some_and(|at| at <= now) {
                ears.retry_at = None;
            }
        }
    }

    /// What can be heard now. A poll that finds nothing new and a Pebble that does not answer are no sound: see
    /// [`Self::listen`].
    pub fn sounds(&self, pebbles: &Pebbles) -> Vec<Sound> {
        let mut sounds = Vec::new();
        for (name, ears) in &self.containers {
            let news = |boot: &u64| ears.boot != Some(*boot);
            if ears.poll_due && !ears.polling && pebbles.boot(name).as_ref().is_some_and(news) {
                sounds.push(Sound::Poll(name.clone()));
            }
            let new = || pebbles.notices(name, ears.after).is_some_and(|new| !new.is_empty());
            if !ears.noticing && ears.retry_at.is_none() && (!ears.batch.is_empty() || new()) {
                sounds.push(Sound::Notices(name.clone()));
            }
        }
        sounds
    }

    /// Does what makes no sound: polls without news, and Pebbles that do not answer.
    pub fn listen(&mut self, pebbles: &Pebbles, now: Timestamp) {
        for (name, ears) in &mut self.containers {
            let boot = pebbles.boot(name);
            if ears.poll_due && !ears.polling && (boot.is_none() || boot == ears.boot) {
                ears.poll_due = false;
                ears.poll_at = now + POLL_INTERVAL;
            }
            if boot.is_none() && !ears.noticing && ears.batch.is_empty() && ears.retry_at.is_none() {
                ears.retry_at = Some(now + NOTICE_DELAY);
            }
        }
    }

    /// Hears something: the number of the event that comes of it.
    pub fn hear(&mut self, sound: &Sound, pebbles: &Pebbles, now: Timestamp) -> Option<u64> {
        let (Sound::Poll(name) | Sound::Notices(name)) = sound;
        let ears = self.containers.get_mut(name)?;
        let event = match sound {
            Sound::Poll(_) => {
                let boot = pebbles.boot(name)?;
                ears.poll_due = false;
                ears.poll_at = now + POLL_INTERVAL;
                ears.polling = true;
                let hook = HookInfo { workload: name.clone(), ..HookInfo::of_kind("pebble-ready") };
                WorkloadEvent { hook, origin: Origin::Poll { boot } }
            }
            Sound::Notices(_) => {
                if ears.batch.is_empty() {
                    ears.batch = pebbles.notices(name, ears.after)?;
                }
                if ears.batch.is_empty() {
                    return None;
                }
                ears.noticing = true;
                let notice = ears.batch.remove(0);
                let kind = if notice.kind == NoticeKind::Custom { "custom" } else { "change-update" };
                let origin = Origin::Notice { repeated: notice.repeated, kind, key: notice.key.clone() };
                WorkloadEvent { hook: notice.hook(name), origin }
            }
        };
        let id = self.next_event;
        self.next_event += 1;
        self.events.insert(id, event);
        Some(id)
    }

    /// An event's hook has ended. An error of a notice ends the agent: its text is returned.
    pub fn done(&mut self, id: u64, failure: Option<&str>) -> Option<String> {
        let event = self.events.remove(&id)?;
        let ears = self.containers.get_mut(&event.hook.workload)?;
        match event.origin {
            Origin::Poll { boot } => {
                ears.polling = false;
                if failure.is_none() {
                    ears.boot = Some(boot);
                }
                None
            }
            Origin::Notice { repeated, kind, key } => {
                // What listens for notices ends with the first error.
                ears.noticing = failure.is_some();
                if let Some(failure) = failure {
                    return Some(format!(
                        "failed to send event for {kind} notice, key {}: {failure}",
                        crate::juju::controller::quoted(&key)
                    ));
                }
                ears.after = Some(repeated);
                None
            }
        }
    }
}

impl Notice {
    fn hook(&self, container: &str) -> HookInfo {
        let workload = container.to_owned();
        match &self.kind {
            NoticeKind::Custom => HookInfo {
                workload,
                notice_id: self.id.clone(),
                notice_type: "custom".to_owned(),
                notice_key: self.key.clone(),
                ..HookInfo::of_kind("pebble-custom-notice")
            },
            NoticeKind::Failed { check } => {
                HookInfo { workload, check_name: check.clone(), ..HookInfo::of_kind("pebble-check-failed") }
            }
            NoticeKind::Recovered { check } => HookInfo {
                workload,
                check_name: check.clone(),
                ..HookInfo::of_kind("pebble-check-recovered")
            },
        }
    }
}
