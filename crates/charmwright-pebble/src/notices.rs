//! Notices: what happened in the container, kept by Pebble and told to Juju.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::change::server_timeout;
use crate::client::{Client, Query};
use crate::error::Error;
use crate::layer::GoDuration;
use crate::notice_types::{CustomNotice, Notice, NoticeId, NoticeKind, NoticesOptions, Users};
use crate::version::Feature;

/// The longest key, in bytes.
const MAX_KEY: usize = 256;
/// The longest data, in bytes of its JSON text.
const MAX_DATA: usize = 4096;

impl Client {
    /// The notices that fit, the one that was last repeated earliest first: `GET /v1/notices` (Pebble 1.5 and later).
    ///
    /// # Errors
    ///
    /// [`Error::TooOld`], also where all users' are asked for and the daemon is older than 1.7.2. [`Error::Api`] with
    /// status 403 if we are not an administrator and ask for those of other users.
    pub fn notices(&self, options: &NoticesOptions) -> Result<Vec<Notice>, Error> {
        let action = "list notices";
        let listed = self.get(action, "/v1/notices", &options.query(action)?);
        self.notices_in(action, options, listed)
    }

    /// The same, and if there are none it waits for some, at most for `timeout`. None then are no error.
    ///
    /// Give the [`last_repeated`](Notice::last_repeated) of the last one as [`after`](NoticesOptions::after), as it
    /// came, to hear of each of them.
    ///
    /// # Errors
    ///
    /// As for [`notices`](Self::notices).
    pub fn wait_notices(&self, options: &NoticesOptions, timeout: Duration) -> Result<Vec<Notice>, Error> {
        let action = "wait for notices";
        let deadline = self.deadline(timeout);
        loop {
            let within = deadline.left().min(self.request_timeout());
            if within.is_zero() {
                return Ok(Vec::new());
            }
            let query = options.query(action)?.with("timeout", server_timeout(within).as_str());
            let listed = self.get_within(action, "/v1/notices", &query, within);
            match self.notices_in(action, options, listed) {
                Ok(none) if none.is_empty() => {}
                Err(Error::Timeout { .. }) if deadline.is_over() => {}
                result => return result,
            }
        }
    }

    fn notices_in(
        &self,
        action: &str,
        options: &NoticesOptions,
        listed: Result<crate::envelope::Answer, Error>,
    ) -> Result<Vec<Notice>, Error> {
        let listed = self.aged(listed, Feature::Notices)?.list(action)?;
        // Older daemons pass over what they do not know, and list the caller's own.
        if matches!(options.users, Users::All | Users::One(_)) {
            self.needs(action, Feature::NoticesOfAllUsers)?;
        }
        Ok(listed)
    }

    /// One notice: `GET /v1/notices/{id}`.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] with status 404 if there is none (Pebble forgets one a week after it last occurred), 403 if it is
    /// another user's and we are not an administrator.
    pub fn notice(&self, id: &NoticeId) -> Result<Notice, Error> {
        let action = format!("read notice {id}");
        let answer = self.get(&action, &format!("/v1/notices/{id}"), &Query::default())?;
        answer.result(&action)
    }

    /// Records that something happened: `POST /v1/notices`. Every user may. Juju tells the charm of it
    /// (`pebble-custom-notice`, Juju 3.4 and later).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the key is none or the data is too much; [`Error::TooOld`].
    pub fn notify(&self, notice: &CustomNotice) -> Result<NoticeId, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct Add<'a> {
            action: &'static str,
            r#type: NoticeKind,
            key: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            repeat_after: Option<&'a GoDuration>,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            data: &'a BTreeMap<String, String>,
        }

        #[derive(Deserialize)]
        struct Added {
            id: NoticeId,
        }

        let action = format!("record notice {:?}", notice.key);
        let CustomNotice { key, repeat_after, data } = notice;
        let invalid = |message: &str| Error::Invalid { action: action.clone(), message: message.to_owned() };
        if !is_key(key) {
            return Err(invalid(
                "a key is a domain and a path in lower case, as example.com/backup-done, of at most 256 bytes",
            ));
        }
        if serde_json::to_vec(data).is_ok_and(|text| text.len() > MAX_DATA) {
            return Err(invalid("the data is longer than 4096 bytes as JSON"));
        }
        let body =
            Add { action: "add", r#type: NoticeKind::Custom, key, repeat_after: repeat_after.as_ref(), data };
        let answer = self.aged(self.post(&action, "/v1/notices", &body), Feature::Notices)?;
        answer.result::<Added>(&action).map(|added| added.id)
    }
}

/// Whether Pebble takes it for the key of a custom notice: `example.com/path`, in lower-case letters, digits and single
/// dashes between them, with a dot in the domain.
fn is_key(key: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let word = |word: &str| word.split('-').all(|part| !part.is_empty() && part.bytes().all(plain));
    let Some((domain, path)) = key.split_once('/') else {
        return false;
    };
    key.len() <= MAX_KEY && domain.contains('.') && domain.split('.').all(word) && path.split('/').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_what_is_none() {
        for key in ["a.b/c", "example.com/backup-done", "e1.x-y.com/a/b-c/1"] {
            assert!(is_key(key), "{key}");
        }
        let long = format!("a.b/{}", "c".repeat(252));
        assert!(is_key(&long) && !is_key(&format!("{long}c")));
        for key in [
            "",
            "a.b",
            "a/b",
            "localhost/x",
            "a.b/",
            "a.b/c/",
            "A.b/c",
            "a.b/c_d",
            "a.b/-c",
            "a.b/c--d",
            "a..b/c",
            "/a.b",
        ] {
            assert!(!is_key(key), "{key}");
        }
    }
}
