//! Notices.

use std::collections::BTreeMap;
use std::time::Duration;

use charmwright_pebble::GoDuration;
use serde_json::{Value, json};

use crate::time::Time;

/// How long after its last occurrence a notice is forgotten.
const EXPIRE_AFTER: Duration = Duration::from_hours(168);
/// How many are kept.
const KEPT: usize = 1000;

/// The kinds of notices that Pebble knows.
pub(crate) const KINDS: [&str; 3] = ["change-update", "custom", "warning"];

/// A notice.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) id: u64,
    /// Whose it is; everybody's without.
    pub(crate) user: Option<u32>,
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) first_occurred: Time,
    pub(crate) last_occurred: Time,
    pub(crate) last_repeated: Time,
    pub(crate) occurrences: u64,
    pub(crate) data: BTreeMap<String, String>,
    pub(crate) repeat_after: Duration,
}

/// Which notices are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Those of this user and of everybody; all without.
    pub(crate) user: Option<u32>,
    /// Of these kinds, if any are given.
    pub(crate) kinds: Vec<String>,
    /// With these keys, if any are given.
    pub(crate) keys: Vec<String>,
    /// That were repeated after this time.
    pub(crate) after: Option<Time>,
}

/// All notices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices {
    pub(crate) all: BTreeMap<u64, Notice>,
    pub(crate) last_id: u64,
    /// When the last one occurred: no two occur at the same time, as filters look at nothing else.
    last: Time,
}

impl Notices {
    /// Notes that something occurred, and returns the id of its notice.
    pub(crate) fn add(
        &mut self,
        now: Time,
        user: Option<u32>,
        kind: &str,
        key: &str,
        data: BTreeMap<String, String>,
        repeat_after: Duration,
    ) -> u64 {
        let now = now.max(self.last.after(Duration::from_nanos(1)));
        self.last = now;
        let known = self.all.values_mut().find(|notice| {
            notice.user == user && notice.kind == kind && notice.key == key && !notice.is_expired(now)
        });
        if let Some(notice) = known {
            notice.occurrences += 1;
            if repeat_after.is_zero() || now > notice.last_repeated.after(repeat_after) {
                notice.last_repeated = now;
            }
            notice.last_occurred = now;
            notice.data = data;
            notice.repeat_after = repeat_after;
            return notice.id;
        }
        self.last_id += 1;
        let id = self.last_id;
        let (kind, key) = (kind.to_owned(), key.to_owned());
        self.all.insert(
            id,
            Notice {
                id,
                user,
                kind,
                key,
                first_occurred: now,
                last_occurred: now,
                last_repeated: now,
                occurrences: 1,
                data,
                repeat_after,
            },
        );
        id
    }

    /// Those that pass, by the time they were repeated.
    pub(crate) fn list(&self, now: Time, filter: &Filter) -> Vec<&Notice> {
        let mut list: Vec<&Notice> =
            self.all.values().filter(|notice| !notice.is_expired(now) && filter.passes(notice)).collect();
        list.sort_by_key(|notice| notice.last_repeated);
        list
    }

    /// One by the id of the API.
    pub(crate) fn get(&self, id: &str) -> Option<&Notice> {
        id.parse()
            .ok()
            .and_then(|number: u64| self.all.get(&number))
            .filter(|notice| notice.id.to_string() == id)
    }

    /// When a warning was last repeated.
    pub(crate) fn latest_warning(&self) -> Option<Time> {
        self.all.values().filter(|notice| notice.kind == "warning").map(|notice| notice.last_repeated).max()
    }

    /// Forgets what is expired, and the oldest of what is too many.
    pub(crate) fn prune(&mut self, now: Time) {
        self.all.retain(|_, notice| !notice.is_expired(now));
        let excess = self.all.len().saturating_sub(KEPT);
        let mut oldest: Vec<(Time, u64)> =
            self.all.values().map(|notice| (notice.last_repeated, notice.id)).collect();
        oldest.sort_unstable();
        for (_, id) in oldest.into_iter().take(excess) {
            self.all.remove(&id);
        }
    }

    /// Takes over one from a state file.
    pub(crate) fn restore(&mut self, notice: Notice) {
        self.last = self.last.max(notice.last_occurred);
        self.last_id = self.last_id.max(notice.id);
        self.all.insert(notice.id, notice);
    }
}

impl Notice {
    pub(crate) fn json(&self) -> Value {
        let mut object = json!({
            "id": self.id.to_string(),
            "user-id": self.user,
            "type": self.kind,
            "key": self.key,
            "first-occurred": self.first_occurred,
            "last-occurred": self.last_occurred,
            "last-repeated": self.last_repeated,
            "occurrences": self.occurrences,
            "expire-after": GoDuration::from(EXPIRE_AFTER).as_str(),
        });
        if !self.data.is_empty() {
            object["last-data"] = json!(self.data);
        }
        if !self.repeat_after.is_zero() {
            object["repeat-after"] = GoDuration::from(self.repeat_after).as_str().into();
        }
        object
    }

    fn is_expired(&self, now: Time) -> bool {
        self.last_occurred.after(EXPIRE_AFTER) < now
    }
}

impl Filter {
    fn passes(&self, notice: &Notice) -> bool {
        self.user.is_none_or(|user| notice.user.is_none_or(|owner| owner == user))
            && (self.kinds.is_empty() || self.kinds.contains(&notice.kind))
            && (self.keys.is_empty() || self.keys.contains(&notice.key))
            && self.after.is_none_or(|after| notice.last_repeated > after)
    }
}

/// Whether a key may be that of a custom notice: `example.com/path`, in lower case.
pub(crate) fn is_custom_key(key: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word.split('-').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            })
    };
    let Some((domain, path)) = key.split_once('/') else {
        return false;
    };
    domain.contains('.') && domain.split('.').all(is_word) && path.split('/').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_domains_with_paths() {
        for key in ["a.b/c", "example.com/backup/done", "my-app.io/x-1/y"] {
            assert!(is_custom_key(key), "{key}");
        }
        for key in
            ["", "a.b", "localhost/x", "a.b/", "A.b/c", "a.b/c_d", "a..b/c", "a.b/-c", "a.b/c/", "a.b//c"]
        {
            assert!(!is_custom_key(key), "{key}");
        }
    }

    #[test]
    fn no_two_occur_at_the_same_time_and_what_repeats_too_soon_is_not_new() {
        let mut notices = Notices::default();
        let now = Time::from_nanos(1_000_000_000);
        let hour = Duration::from_hours(1);
        let first = notices.add(now, Some(0), "custom", "a.b/c", BTreeMap::new(), Duration::ZERO);
        notices.add(now, None, "custom", "a.b/c", BTreeMap::new(), Duration::ZERO);
        assert_eq!(notices.add(now, Some(0), "custom", "a.b/c", BTreeMap::new(), hour), first);
        let list = notices.list(now, &Filter::default());
        assert_eq!(
            list.iter().map(|notice| (notice.id, notice.occurrences)).collect::<Vec<_>>(),
            [(1, 2), (2, 1)]
        );
        assert!(list[0].last_occurred > list[1].last_occurred);
        assert!(list[0].last_repeated < list[1].last_repeated);
        assert_eq!(notices.list(now.after(EXPIRE_AFTER + hour), &Filter::default()).len(), 0);
    }
}
