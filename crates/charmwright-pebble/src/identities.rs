//! Identities: who may do what with a daemon.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::client::{Client, Query};
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::version::Feature;

impl Client {
    /// All identities: `GET /v1/identities` (Pebble 1.15 and later). Passwords come masked, so never give one back.
    ///
    /// # Errors
    ///
    /// [`Error::TooOld`], or those of the transport.
    pub fn identities(&self) -> Result<BTreeMap<String, Identity>, Error> {
        let action = "list identities";
        let answer = self.get(action, "/v1/identities", &Query::default());
        let all: Option<_> = self.aged(answer, Feature::Identities)?.result(action)?;
        Ok(all.unwrap_or_default())
    }

    /// Adds or changes these identities, and leaves the others: `POST /v1/identities` with `replace`. The same again
    /// changes nothing.
    ///
    /// A charm that does not run as root has an identity of its own, which Juju gave it: keep it.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] with status 400 if Pebble refuses one; [`Error::TooOld`].
    pub fn set_identities(&self, identities: &BTreeMap<String, Identity>) -> Result<(), Error> {
        self.change_identities("replace", all(identities))
    }

    /// Adds these identities, none of which may be there: `POST /v1/identities` with `add`.
    ///
    /// # Errors
    ///
    /// As for [`set_identities`](Self::set_identities), and with status 400 if one of them is there.
    pub fn add_identities(&self, identities: &BTreeMap<String, Identity>) -> Result<(), Error> {
        self.change_identities("add", all(identities))
    }

    /// Changes these identities, all of which must be there: `POST /v1/identities` with `update`.
    ///
    /// # Errors
    ///
    /// As for [`set_identities`](Self::set_identities), and with status 400 if one of them is not there.
    pub fn update_identities(&self, identities: &BTreeMap<String, Identity>) -> Result<(), Error> {
        self.change_identities("update", all(identities))
    }

    /// Removes these identities; those that are not there are as good as removed: `POST /v1/identities` with `replace`.
    ///
    /// # Errors
    ///
    /// [`Error::TooOld`], or those of the transport.
    pub fn remove_identities(&self, names: &[&str]) -> Result<(), Error> {
        self.change_identities("replace", names.iter().map(|name| (*name, None)))
    }

    fn change_identities<'a>(
        &self,
        what: &'static str,
        identities: impl Iterator<Item = (&'a str, Option<&'a Identity>)>,
    ) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Act<'a> {
            action: &'static str,
            identities: &'a BTreeMap<&'a str, Option<&'a Identity>>,
        }

        let identities: BTreeMap<&str, Option<&Identity>> = identities.collect();
        let names: Vec<&str> = identities.keys().copied().collect();
        let action = format!("{what} identities {}", names.join(", "));
        let mut answer = self.post(&action, "/v1/identities", &Act { action: what, identities: &identities });
        for feature in identities.values().copied().flatten().filter_map(Identity::feature) {
            answer = self.aged(answer, feature);
        }
        self.aged(answer, Feature::Identities).map(drop)
    }
}

/// Each with its name, to be there.
fn all(identities: &BTreeMap<String, Identity>) -> impl Iterator<Item = (&str, Option<&Identity>)> {
    identities.iter().map(|(name, identity)| (name.as_str(), Some(identity)))
}

/// Who may do what, and how they are known. Its `Debug` shows no password.
///
/// ```
/// use charmwright_pebble::{Access, Identity};
///
/// let metrics = Identity::with_password(Access::Metrics, "$6$salt$hash");
/// assert!(!format!("{metrics:?}").contains("hash"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Identity {
    /// What they may do.
    pub access: Access,
    /// A user of the system, who speaks to the socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<LocalIdentity>,
    /// A name with a password, over HTTP (Pebble 1.19 and later). The name is that of the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic: Option<BasicIdentity>,
    /// A certificate, over HTTPS (Pebble 1.25 and later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<CertIdentity>,
}

impl Identity {
    /// A user of the system.
    pub fn with_user_id(access: Access, user_id: u32) -> Self {
        Self { access, local: Some(LocalIdentity { user_id }), basic: None, cert: None }
    }

    /// Somebody with a password, given as its sha512-crypt hash: what `openssl passwd -6` prints.
    pub fn with_password(access: Access, hash: impl Into<String>) -> Self {
        Self { access, local: None, basic: Some(BasicIdentity { password: hash.into() }), cert: None }
    }

    /// Somebody with a certificate, in PEM.
    pub fn with_certificate(access: Access, pem: impl Into<String>) -> Self {
        Self { access, local: None, basic: None, cert: Some(CertIdentity { pem: pem.into() }) }
    }

    fn feature(&self) -> Option<Feature> {
        if self.cert.is_some() {
            Some(Feature::CertIdentities)
        } else if self.basic.is_some() || self.access == Access::Metrics {
            Some(Feature::BasicIdentities)
        } else {
            None
        }
    }
}

/// A user of the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LocalIdentity {
    /// The user's number.
    pub user_id: u32,
}

/// A password. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BasicIdentity {
    /// Its sha512-crypt hash; where it is listed, a mask.
    #[serde(default)]
    pub password: String,
}

impl fmt::Debug for BasicIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicIdentity").finish_non_exhaustive()
    }
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CertIdentity {
    /// As PEM.
    #[serde(default)]
    pub pem: String,
}

open_enum! {
    /// What somebody may do.
    pub enum Access {
        /// All.
        Admin = "admin",
        /// Look, but not into files, and record notices.
        Read = "read",
        /// Read the metrics (Pebble 1.19 and later).
        Metrics = "metrics",
        /// Ask for system info and health.
        Untrusted = "untrusted",
    }
}
