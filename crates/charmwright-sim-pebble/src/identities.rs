//! Identities, and who may do what.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::settings::Settings;
use crate::text::quoted;

/// Since when a refusal names the identity.
const NAMED_SINCE: u32 = 28;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Admin,
    Read,
    Metrics,
    Untrusted,
}

impl Access {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "admin" => Self::Admin,
            "read" => Self::Read,
            "metrics" => Self::Metrics,
            "untrusted" => Self::Untrusted,
            _ => return None,
        })
    }
}

/// An identity as it is written. Its `Debug` shows no secrets.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Identity {
    #[serde(deserialize_with = "crate::api::null_as_default")]
    access: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<Local>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basic: Option<Basic>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cert: Option<Cert>,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Local {
    user_id: Option<u32>,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Basic {
    #[serde(deserialize_with = "crate::api::null_as_default")]
    password: String,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Cert {
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pem: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("access", &self.access).finish_non_exhaustive()
    }
}

/// What is asked of identities.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IdentitiesRequest {
    #[serde(deserialize_with = "crate::api::null_as_default")]
    pub(crate) action: String,
    #[serde(deserialize_with = "named")]
    pub(crate) identities: BTreeMap<String, Option<Identity>>,
}

type Named = BTreeMap<String, Option<Identity>>;

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Named, D::Error> {
    Option::<Named>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// All identities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Identities(BTreeMap<String, Identity>);

impl Identities {
    /// Those of a file, each in the place of one that there is.
    pub(crate) fn load(&mut self, text: &str, settings: &Settings) -> Result<(), String> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct File {
            #[serde(deserialize_with = "named")]
            identities: Named,
        }

        let file: File = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        let request = IdentitiesRequest { action: "replace".to_owned(), identities: file.identities };
        self.change(request, settings)
    }

    /// Does what is asked, or nothing.
    pub(crate) fn change(&mut self, request: IdentitiesRequest, settings: &Settings) -> Result<(), String> {
        let action = request.action.as_str();
        let (has_certificates, is_named) = (settings.since(26), settings.since(NAMED_SINCE));
        for (name, identity) in &request.identities {
            let outcome = identity.as_ref().map_or(Ok(()), |identity| identity.check(has_certificates));
            outcome.map_err(|error| {
                if is_named {
                    format!("invalid identity for {}: {error}", quoted(name))
                } else {
                    format!("cannot decode request body: {error}")
                }
            })?;
        }
        for (name, identity) in &request.identities {
            let must = match (action, identity) {
                ("add" | "update", None) => "must not be null",
                ("remove", Some(_)) => "must be null",
                _ => continue,
            };
            return Err(format!("identity value for {} {must} for {action} operation", quoted(name)));
        }
        if !matches!(action, "add" | "update" | "replace" | "remove") {
            let action = quoted(action);
            let words = r#"must be "add", "update", "replace", or "remove""#;
            return Err(format!("invalid action {action}, {words}"));
        }
        for (name, identity) in &request.identities {
            if identity.is_some() && !is_name(name) {
                let rule = "must start with an alphabetic character and only contain alphanumeric characters, underscore, and hyphen";
                // Pebble forgets the name here.
                let error = format!("identity name \"\" invalid: {rule}");
                let name = quoted(name);
                return Err(if is_named {
                    format!("invalid identity for {name}: {error}")
                } else {
                    format!("identity {name} invalid: {error}")
                });
            }
        }
        let names = |exist: bool| -> Vec<&str> {
            let keys = request.identities.keys();
            keys.filter(|name| self.0.contains_key(*name) == exist).map(String::as_str).collect()
        };
        let (existing, missing) = (names(true), names(false));
        if action == "add" && !existing.is_empty() {
            return Err(format!("identities already exist: {}", existing.join(", ")));
        }
        if matches!(action, "update" | "remove") && !missing.is_empty() {
            return Err(format!("identities do not exist: {}", missing.join(", ")));
        }
        let mut all = self.0.clone();
        for (name, identity) in request.identities {
            match identity {
                Some(identity) => drop(all.insert(name, identity)),
                None => drop(all.remove(&name)),
            }
        }
        unique_users(&all)?;
        self.0 = all;
        Ok(())
    }

    /// What the user of a socket may do by an identity of theirs.
    pub(crate) fn access(&self, user: u32) -> Option<Access> {
        let is_user =
            |identity: &&Identity| identity.local.as_ref().is_some_and(|local| local.user_id == Some(user));
        self.0.values().find(is_user).and_then(|identity| Access::named(&identity.access))
    }

    /// As the API shows them, without secrets.
    pub(crate) fn json(&self) -> Value {
        let mut all = json!(self.0);
        for identity in all.as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
            for (kind, field) in [("basic", "password"), ("cert", "pem")] {
                if let Some(secret) = identity.get_mut(kind).and_then(|inner| inner.get_mut(field)) {
                    *secret = "*****".into();
                }
            }
        }
        all
    }
}

impl Identity {
    fn check(&self, has_certificates: bool) -> Result<(), String> {
        if self.local.as_ref().is_some_and(|local| local.user_id.is_none()) {
            return Err("local identity must specify user-id".to_owned());
        }
        if self.cert.as_ref().is_some_and(|cert| has_certificates && !cert.pem.contains("-----BEGIN ")) {
            return Err("cert identity must include a PEM-encoded certificate".to_owned());
        }
        let words = r#""admin", "read", "metrics", or "untrusted""#;
        if self.access.is_empty() {
            return Err(format!("access value must be specified ({words})"));
        }
        if Access::named(&self.access).is_none() {
            return Err(format!("invalid access value {}, must be {words}", quoted(&self.access)));
        }
        let has_basic = self.basic.is_some();
        if !has_certificates && has_basic && self.access != "metrics" {
            let access = quoted(&self.access);
            return Err(format!("basic identity can only have \"metrics\" access, got {access}"));
        }
        if self.basic.as_ref().is_some_and(|basic| basic.password.is_empty()) {
            return Err("basic identity must specify password (hashed)".to_owned());
        }
        let has_cert = has_certificates && self.cert.is_some();
        if self.local.is_none() && !has_basic && !has_cert {
            let kinds =
                if has_certificates { r#""local", "basic", or "cert""# } else { r#""local" or "basic""# };
            return Err(format!("identity must have at least one type ({kinds})"));
        }
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn unique_users(all: &BTreeMap<String, Identity>) -> Result<(), String> {
    let mut names: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (name, identity) in all {
        if let Some(user) = identity.local.as_ref().and_then(|local| local.user_id) {
            names.entry(user).or_default().push(name);
        }
    }
    match names.into_iter().find(|(_, names)| names.len() > 1) {
        Some((user, names)) => {
            Err(format!("cannot have multiple identities with user ID {user} ({})", names.join(", ")))
        }
        None => Ok(()),
    }
}
