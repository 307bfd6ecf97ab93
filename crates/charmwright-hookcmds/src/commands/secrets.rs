//! Secrets.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

use charmwright_event::{RelationId, SecretId, SecretUri, UnitName};

use super::{HookCommands, shown};
use crate::error::Error;
use crate::secret::{
    FoundInfo, NewSecret, PrivateFiles, RotatePolicy, SecretAudience, SecretContent, SecretInfo, SecretRef,
    SecretUpdate, Tracking, from_base64,
};
use crate::sensitive::Sensitive;
use crate::time::Expiry;

impl HookCommands {
    /// `secret-get --refresh`: the latest content, which is also tracked from now on. Juju 3.0.3.
    ///
    /// # Errors
    ///
    /// As for [`secret_read`](Self::secret_read).
    pub fn secret_get(&self, secret: &SecretUri) -> Result<BTreeMap<String, Sensitive>, Error> {
        self.secret_read(SecretRef::Uri(secret), Tracking::Refresh)
    }

    /// `secret-get`: a secret's content. Juju 3.0.3.
    ///
    /// Values that are no texts are damaged on their way: [`secret_get_bytes`](Self::secret_get_bytes) reads them.
    /// Secrets made in this hook are there already; a change made in this hook is seen with
    /// [`Tracking::Refresh`] and [`Tracking::Peek`] only, and of a secret of the application only by its reference,
    /// not by its label. A secret that this hook removed can still be read.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotGranted`](crate::ErrorKind::NotGranted) or
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if it is not granted to us, or not yet.
    pub fn secret_read(
        &self,
        secret: SecretRef<'_>,
        tracking: Tracking,
    ) -> Result<BTreeMap<String, Sensitive>, Error> {
        let args = read_args("secret-get", secret, tracking)?;
        let content: BTreeMap<String, String> = self.read("secret-get", &args, "an object of strings")?;
        Ok(content.into_iter().map(|(key, value)| (key, Sensitive::new(value))).collect())
    }

    /// `secret-get URI KEY#base64`: one value of a secret, whatever bytes it has. Juju 3.0.3.
    ///
    /// # Errors
    ///
    /// As for [`secret_read`](Self::secret_read); [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) also if the
    /// secret has no such key.
    pub fn secret_get_bytes(
        &self,
        secret: &SecretUri,
        tracking: Tracking,
        key: &str,
    ) -> Result<Vec<u8>, Error> {
        let (command, expected) = ("secret-get", "a string in base 64");
        let mut args = read_args(command, SecretRef::Uri(secret), tracking)?;
        let key = format!("{key}#base64");
        args.push(&key);
        let value: String = self.read(command, &args, expected)?;
        from_base64(&value).ok_or(Error::Answer { command, expected })
    }

    /// `secret-ids`: the secrets that this unit manages, in no order: its own, and the application's if it leads.
    /// Juju 3.0.3.
    ///
    /// # Errors
    ///
    /// If the command fails or answers what are no ids.
    pub fn secret_ids(&self) -> Result<Vec<SecretId>, Error> {
        self.read_names("secret-ids", &[], "a list of secret ids", SecretId::parse)
    }

    /// `secret-info-get`: what Juju knows of a secret that this unit manages, by its id or its label. Juju 3.0.3.
    ///
    /// What this hook changed counts in, but for who may read it and for the number of a new revision.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if this unit manages no such
    /// secret, [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for the first Jujus 3.0.
    pub fn secret_info_get(&self, secret: SecretRef<'_>) -> Result<SecretInfo, Error> {
        let (command, expected) = ("secret-info-get", "an object with what is known of one secret");
        let args = match secret {
            SecretRef::Uri(uri) | SecretRef::Labelled(uri, _) => vec!["--", uri.as_str()],
            SecretRef::Label(label) => vec!["--label", not_empty(command, "label", label)?],
        };
        let found: BTreeMap<String, FoundInfo> = self.read(command, &args, expected)?;
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some((id, info)), None) => SecretInfo::from_found(&id, info),
            _ => None,
        }
        .ok_or(Error::Answer { command, expected })
    }

    /// `secret-add`: makes a secret, and says how to refer to it. Takes effect when the hook succeeds. Juju 3.0.3.
    ///
    /// The content goes through private files that are removed again, never on the command line.
    ///
    /// What fails at the end of the hook, and with it the hook: this unit led when the command ran and does not any
    /// more, for a secret of the application; the label is taken by a secret that is there already.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotLeader`](crate::ErrorKind::NotLeader) for a secret of the application
    /// if this unit does not lead, [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the label was given to
    /// another secret in this hook. If the content, the label or the description is empty, Juju is not asked.
    pub fn secret_add(&self, secret: &NewSecret) -> Result<SecretUri, Error> {
        let (command, expected) = ("secret-add", "a secret's reference");
        if secret.content.is_empty() {
            return Err(Error::input(command, "a secret needs at least one value"));
        }
        let about = About {
            label: secret.label.as_deref(),
            description: secret.description.as_deref(),
            expire: secret.expire,
            rotate: secret.rotate,
        };
        let mut args = about.args(command)?;
        args.extend(["--owner".to_owned(), secret.owner.as_str().to_owned()]);
        let printed = self.with_content(command, args, Some(&secret.content))?;
        let printed = String::from_utf8(printed).unwrap_or_default();
        SecretUri::parse(printed.trim()).map_err(|_| Error::Answer { command, expected })
    }

    /// `secret-set`: changes a secret that this unit manages. Takes effect when the hook succeeds. Juju 3.0.3.
    ///
    /// New content replaces the whole old one, and takes a stored end of the latest revision away unless
    /// `expire` says it again. Several changes in one hook are merged from Juju 3.6 on; before, the last one counts
    /// alone, so it says everything. From Juju 3.6 on, content that equals the stored one makes no revision.
    ///
    /// What fails at the end of the hook, and with it the hook, though the command succeeds: the secret is not this
    /// unit's to manage, being foreign or the application's while another unit leads; the label is taken.
    ///
    /// # Errors
    ///
    /// If the command fails. If the content, the label or the description is given but empty, Juju is not asked: it
    /// would take that for not given.
    pub fn secret_set(&self, secret: &SecretUri, update: &SecretUpdate) -> Result<(), Error> {
        let command = "secret-set";
        if update.content.as_ref().is_some_and(SecretContent::is_empty) {
            return Err(Error::input(command, "a secret needs at least one value"));
        }
        if *update == SecretUpdate::default() {
            return Ok(());
        }
        let about = About {
            label: update.label.as_deref(),
            description: update.description.as_deref(),
            expire: update.expire,
            rotate: update.rotate,
        };
        let mut args = about.args(command)?;
        args.extend(["--".to_owned(), secret.as_str().to_owned()]);
        self.with_content(command, args, update.content.as_ref()).map(drop)
    }

    /// `secret-remove`: removes a revision of a secret, or the secret. Takes effect when the hook succeeds. What
    /// this hook has changed of the secret is dropped with it, also if only a revision is removed. Juju 3.0.3.
    ///
    /// What fails at the end of the hook, and with it the hook, though the command succeeds: the secret is the
    /// application's, and this unit does not lead. A secret that is not there is no error.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn secret_remove(&self, secret: &SecretUri, revision: Option<NonZeroU32>) -> Result<(), Error> {
        let revision = revision.map(|revision| revision.to_string());
        let mut args = Vec::new();
        if let Some(revision) = &revision {
            args.extend(["--revision", revision.as_str()]);
        }
        args.extend(["--", secret.as_str()]);
        self.write("secret-remove", &args)
    }

    /// `secret-grant`: lets the application at the other end of a relation read a secret, or one unit of it, as long
    /// as the relation lives. Takes effect when the hook succeeds. Juju 3.0.3.
    ///
    /// Of one secret and one relation, the last grant of a hook counts: two units take two hooks.
    ///
    /// What fails at the end of the hook, and with it the hook: the relation is going; this unit does not lead any
    /// more, for a secret of the application.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if this unit does not manage the
    /// secret or there is no such relation, [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the unit
    /// is not of the other application, or if the application is to get what single units of it have already.
    pub fn secret_grant(
        &self,
        secret: &SecretUri,
        relation: RelationId,
        unit: Option<&UnitName>,
    ) -> Result<(), Error> {
        let (relation, unit) = (relation.to_string(), unit.map(ToString::to_string));
        let mut args = vec!["-r", relation.as_str()];
        if let Some(unit) = &unit {
            args.extend(["--unit", unit.as_str()]);
        }
        args.extend(["--", secret.as_str()]);
        self.write("secret-grant", &args)
    }

    /// `secret-revoke`: takes back what `secret-grant` gave. Takes effect when the hook succeeds. Juju 3.0.3.
    ///
    /// What fails at the end of the hook, and with it the hook, though the command succeeds: the secret is the
    /// application's, and this unit does not lead.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn secret_revoke(&self, secret: &SecretUri, from: SecretAudience<'_>) -> Result<(), Error> {
        let mut args = match from {
            SecretAudience::Relation(relation) => vec!["-r".to_owned(), relation.to_string()],
            SecretAudience::Application(app) => vec!["--app".to_owned(), app.to_string()],
            SecretAudience::Unit(unit) => vec!["--unit".to_owned(), unit.to_string()],
            SecretAudience::UnitIn(relation, unit) => {
                vec!["-r".to_owned(), relation.to_string(), "--unit".to_owned(), unit.to_string()]
            }
        };
        args.extend(["--".to_owned(), secret.as_str().to_owned()]);
        self.write("secret-revoke", &args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Runs a command with each value in a file of its own: of all ways this is the one that takes every value,
    /// empty ones and the largest included. A document in one file would count its escapes and keys as content.
    fn with_content(
        &self,
        command: &'static str,
        mut args: Vec<String>,
        content: Option<&SecretContent>,
    ) -> Result<Vec<u8>, Error> {
        let folder = self.temporary.as_path();
        let failed = |source| Error::PrivateFile { command, folder: folder.display().to_string(), source };
        let mut files = None;
        if let Some(content) = content {
            if !folder.is_absolute() {
                let message =
                    format!("the folder {} for private files must be an absolute path", folder.display());
                return Err(Error::Input { command, message });
            }
            let files = files.insert(PrivateFiles::new(folder).map_err(failed)?);
            for (key, value) in content.values() {
                let path = files.write(value).map_err(failed)?;
                args.push(format!("{key}#file={}", text(command, &path)?));
            }
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let reply = self.run(command, &args, None);
        drop(files);
        Ok(reply?.stdout)
    }
}

/// What can be said of a secret beside its content.
struct About<'a> {
    label: Option<&'a str>,
    description: Option<&'a str>,
    expire: Option<Expiry>,
    rotate: Option<RotatePolicy>,
}

impl About<'_> {
    fn args(&self, command: &'static str) -> Result<Vec<String>, Error> {
        let mut args = Vec::new();
        let mut option = |name: &str, value: &str| args.push(format!("--{name}={value}"));
        if let Some(label) = self.label {
            option("label", not_empty(command, "label", label)?);
        }
        if let Some(description) = self.description {
            option("description", not_empty(command, "description", description)?);
        }
        if let Some(expire) = self.expire {
            if matches!(expire, Expiry::In(duration) if duration.as_secs() == 0) {
                return Err(Error::input(command, "a secret lasts at least a second"));
            }
            option("expire", &expire.to_string());
        }
        if let Some(rotate) = self.rotate {
            option("rotate", rotate.as_str());
        }
        Ok(args)
    }
}

fn read_args<'a>(
    command: &'static str,
    secret: SecretRef<'a>,
    tracking: Tracking,
) -> Result<Vec<&'a str>, Error> {
    let mut args = match tracking {
        Tracking::Tracked => vec![],
        Tracking::Refresh => vec!["--refresh"],
        Tracking::Peek => vec!["--peek"],
    };
    match secret {
        SecretRef::Uri(uri) => args.extend(["--", uri.as_str()]),
        SecretRef::Label(label) => args.extend(["--label", not_empty(command, "label", label)?]),
        SecretRef::Labelled(uri, label) => {
            args.extend(["--label", not_empty(command, "label", label)?, "--", uri.as_str()]);
        }
    }
    Ok(args)
}

/// Juju takes an empty text for none.
fn not_empty<'a>(command: &'static str, what: &str, text: &'a str) -> Result<&'a str, Error> {
    if text.is_empty() { Err(Error::input(command, format!("an empty {what} is none"))) } else { Ok(text) }
}

fn text<'a>(command: &'static str, path: &'a Path) -> Result<&'a str, Error> {
    path.to_str().ok_or_else(|| {
        let shown = shown(&path.to_string_lossy());
        Error::input(command, format!("the path {shown} of a private file must be a text"))
    })
}
