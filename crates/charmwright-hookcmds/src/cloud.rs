//! What `credential-get` says.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::sensitive::Sensitive;

/// A cloud, with the credential that the model uses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct CloudSpec {
    /// Its type, such as `openstack`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The region, if the cloud has regions.
    #[serde(default)]
    pub region: Option<String>,
    /// Where its interface is.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Where one logs in, if that is elsewhere.
    #[serde(default)]
    pub identity_endpoint: Option<String>,
    /// Where its storage is, if that is elsewhere.
    #[serde(default)]
    pub storage_endpoint: Option<String>,
    /// The credential, if the cloud needs one.
    #[serde(default)]
    pub credential: Option<CloudCredential>,
    /// The certificates that the cloud's own are signed with.
    #[serde(default, rename = "cacertificates")]
    pub ca_certificates: Option<Vec<String>>,
    /// Whether the cloud's certificate is not to be checked.
    #[serde(default, rename = "skip-tls-verify")]
    pub skip_tls_verify: bool,
    /// Whether the controller is in this cloud.
    #[serde(default)]
    pub is_controller_cloud: bool,
}

/// A credential of a cloud.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloudCredential {
    /// How one logs in, such as `userpass`.
    pub auth_type: String,
    /// What one logs in with.
    pub attributes: BTreeMap<String, Sensitive>,
    /// The attributes whose content Juju does not tell.
    pub redacted: Vec<String>,
}

impl fmt::Debug for CloudCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudCredential")
            .field("auth_type", &self.auth_type)
            .field("attributes", &self.attributes)
            .field("redacted", &self.redacted)
            .finish()
    }
}

impl<'de> Deserialize<'de> for CloudCredential {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Answer {
            auth_type: String,
            #[serde(default)]
            attrs: Option<BTreeMap<String, String>>,
            #[serde(default)]
            redacted: Option<Vec<String>>,
        }
        let Answer { auth_type, attrs, redacted } = Answer::deserialize(deserializer)?;
        let attributes = attrs.unwrap_or_default().into_iter();
        let attributes = attributes.map(|(name, value)| (name, Sensitive::new(value))).collect();
        Ok(Self { auth_type, attributes, redacted: redacted.unwrap_or_default() })
    }
}
