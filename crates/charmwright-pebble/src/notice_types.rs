//! What is asked and told about notices.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::client::Query;
use crate::error::Error;
use crate::layer::GoDuration;
use crate::open_enum::{null_as_default, open_enum};

/// What [`notify`](crate::Client::notify) records. Its `Debug` shows no data.
///
/// ```
/// use std::time::Duration;
///
/// use charmwright_pebble::CustomNotice;
///
/// let notice = CustomNotice::new("example.com/backup-done")
///     .data("path", "/var/backups/1")
///     .repeat_after(Duration::from_secs(3600));
/// assert_eq!(notice.key, "example.com/backup-done");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomNotice {
    /// What happened. With the user it is what makes a notice that one.
    pub key: String,
    /// How long after it was last told it is told again. Without, it is told each time.
    pub repeat_after: Option<GoDuration>,
    /// More about it, in place of what was said before.
    pub data: BTreeMap<String, String>,
}

impl CustomNotice {
    /// A notice of this key.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), repeat_after: None, data: BTreeMap::new() }
    }

    /// Sets how long after it was last told it is told again.
    #[must_use]
    pub fn repeat_after(mut self, after: Duration) -> Self {
        self.repeat_after = Some(after.into());
        self
    }

    /// Says more about it.
    #[must_use]
    pub fn data(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.data.insert(name.into(), value.into());
        self
    }
}

impl fmt::Debug for CustomNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomNotice")
            .field("key", &self.key)
            .field("repeat_after", &self.repeat_after)
            .field("data", &self.data.keys())
            .finish()
    }
}

/// Which notices are listed. By default those of our own user and those of nobody's: not those of a workload that runs as
/// another user, even for an administrator.
///
/// ```
/// use charmwright_pebble::{NoticeKind, NoticesOptions};
///
/// let options = NoticesOptions::all_users().types([NoticeKind::Custom]).keys(["example.com/backup-done"]);
/// assert_eq!(options.keys, ["example.com/backup-done"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoticesOptions {
    /// Whose.
    pub users: Users,
    /// Of these types only, if any are given.
    pub types: Vec<NoticeKind>,
    /// Of these keys only, if any are given.
    pub keys: Vec<String>,
    /// Last repeated after this time, RFC 3339 with all its digits.
    pub after: Option<String>,
}

/// Whose notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Users {
    /// Our own user's, and nobody's.
    #[default]
    Own,
    /// Everybody's: for administrators, Pebble 1.7.2 and later.
    All,
    /// That user's, and nobody's: for administrators.
    One(u32),
}

impl NoticesOptions {
    /// Everybody's.
    pub fn all_users() -> Self {
        Self { users: Users::All, ..Self::default() }
    }

    /// Sets whose.
    #[must_use]
    pub fn users(mut self, users: Users) -> Self {
        self.users = users;
        self
    }

    /// Sets the types.
    #[must_use]
    pub fn types(mut self, types: impl IntoIterator<Item = NoticeKind>) -> Self {
        self.types = types.into_iter().collect();
        self
    }

    /// Sets the keys.
    #[must_use]
    pub fn keys<I: IntoIterator<Item: Into<String>>>(mut self, keys: I) -> Self {
        self.keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the time after which they were last repeated: the [`last_repeated`](Notice::last_repeated) of one, as it
    /// came.
    #[must_use]
    pub fn after(mut self, time: impl Into<String>) -> Self {
        self.after = Some(time.into());
        self
    }

    pub(crate) fn query(&self, action: &str) -> Result<Query, Error> {
        let types: Vec<&str> = self.types.iter().map(NoticeKind::as_str).collect();
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let mut query = match self.users {
            Users::Own => Query::default(),
            Users::All => Query::default().with("users", "all"),
            Users::One(id) => Query::default().with("user-id", &id.to_string()),
        };
        query = query.with_names(action, "types", &types)?.with_names(action, "keys", &keys)?;
        Ok(match &self.after {
            Some(after) => query.with("after", after),
            None => query,
        })
    }
}

/// The name of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct NoticeId(String);

impl NoticeId {
    /// A name as Pebble gives it, also in `JUJU_NOTICE_ID`: lower-case letters and digits. Anything else is none.
    pub fn new(id: impl Into<String>) -> Option<Self> {
        crate::change::id_text(id.into()).map(Self)
    }

    /// As Pebble writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for NoticeId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        Self::new(id).ok_or("not the id of a notice")
    }
}

/// Something that happened, once or more often. Its `Debug` shows the names in its data, not the values.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Notice {
    /// Its name.
    pub id: NoticeId,
    /// Who recorded it; none if it is for everybody. Zero is root.
    #[serde(default)]
    pub user_id: Option<u32>,
    /// What kind of thing.
    #[serde(rename = "type")]
    pub kind: NoticeKind,
    /// What, among those of its kind: the id of a change, the key of a custom one.
    #[serde(default)]
    pub key: String,
    /// When it first occurred, as RFC 3339 in UTC.
    #[serde(default)]
    pub first_occurred: String,
    /// When it last occurred.
    #[serde(default)]
    pub last_occurred: String,
    /// When it was last told. Give it back as it is, with all its digits.
    #[serde(default)]
    pub last_repeated: String,
    /// How often it occurred.
    #[serde(default)]
    pub occurrences: u64,
    /// What was said about it the last time.
    #[serde(default, deserialize_with = "null_as_default")]
    pub last_data: BTreeMap<String, String>,
    /// How long after it was last told it is told again.
    #[serde(default)]
    pub repeat_after: Option<GoDuration>,
    /// How long after it last occurred it is forgotten.
    #[serde(default)]
    pub expire_after: Option<GoDuration>,
}

impl Notice {
    /// A custom notice that occurred once, as it may be listed: for tests.
    pub fn custom<'a>(key: &str, data: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let data = data.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let time = "2026-01-01T00:00:00Z".to_owned();
        Self {
            id: NoticeId("1".to_owned()),
            user_id: Some(0),
            kind: NoticeKind::Custom,
            key: key.to_owned(),
            first_occurred: time.clone(),
            last_occurred: time.clone(),
            last_repeated: time,
            occurrences: 1,
            last_data: data.collect(),
            repeat_after: None,
            expire_after: None,
        }
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("kind", &self.kind)
            .field("key", &self.key)
            .field("last_occurred", &self.last_occurred)
            .field("last_repeated", &self.last_repeated)
            .field("occurrences", &self.occurrences)
            .field("last_data", &self.last_data.keys())
            .finish_non_exhaustive()
    }
}

open_enum! {
    /// What kind of thing a notice tells.
    pub enum NoticeKind {
        /// Somebody in the container has something to say.
        Custom = "custom",
        /// A change has another status: its key is the change's id (Pebble 1.10 and later).
        ChangeUpdate = "change-update",
        /// Pebble warns of something (Pebble 1.16 and later).
        Warning = "warning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_keys_are_escaped_in_a_query() {
        let options = NoticesOptions::all_users()
            .types([NoticeKind::Custom, NoticeKind::Warning])
            .keys(["a.b/c"])
            .after("2026-11-22T16:23:38.176823466+13:00");
        assert_eq!(
            options.query("x").unwrap().to_string(),
            "?users=all&types=custom&types=warning&keys=a.b/c&after=2026-11-22T16%3A23%3A38.176823466%2B13%3A00"
        );
        assert!(NoticesOptions::default().keys(["a,b"]).query("x").is_err());
    }

    #[test]
    fn debug_hides_data() {
        let text =
            r#"{"id":"3","user-id":null,"type":"custom","key":"a.b/c","last-data":{"token":"hunter2"}}"#;
        let notice: Notice = serde_json::from_str(text).unwrap();
        assert_eq!(notice.user_id, None);
        let debug = format!("{notice:?} {:?}", CustomNotice::new("a.b/c").data("token", "hunter2"));
        assert!(debug.contains("token") && !debug.contains("hunter2"), "{debug}");
    }
}
