//! Statuses.

use std::collections::BTreeMap;

use charmwright_event::UnitName;
use serde::Deserialize;

use super::{HookCommands, message};
use crate::error::Error;
use crate::status::{ApplicationStatus, FoundStatus, Status};

impl HookCommands {
    /// `status-get --include-data`: the unit's status, `None` if it is one that a charm cannot set.
    ///
    /// Juju reads it once in a hook: after a `status-set` in the same hook it may be the old one.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn status_get(&self) -> Result<Option<Status>, Error> {
        self.status_found().map(FoundStatus::settable)
    }

    /// `status-get --include-data`: the unit's status as Juju has it, those included that a charm cannot set.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn status_found(&self) -> Result<FoundStatus, Error> {
        self.read("status-get", &["--include-data"], "a status")
    }

    /// `status-get --application --include-data`: the application's status and those of its units. Leader only.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotLeader`](crate::ErrorKind::NotLeader) if this unit does not lead.
    pub fn application_status_get(&self) -> Result<ApplicationStatus, Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Answer {
            Whole {
                #[serde(rename = "application-status")]
                status: Inner,
            },
            /// What a context that knows no statuses answers.
            Word(String),
        }
        #[derive(Deserialize)]
        struct Inner {
            #[serde(flatten)]
            found: FoundStatus,
            #[serde(default)]
            units: Option<BTreeMap<String, FoundStatus>>,
        }
        let (command, expected) = ("status-get", "an application's status");
        let answer: Answer = self.read(command, &["--application", "--include-data"], expected)?;
        let (application, units) = match answer {
            Answer::Whole { status } => (status.found, status.units.unwrap_or_default()),
            Answer::Word(word) => (FoundStatus::bare(&word), BTreeMap::new()),
        };
        let named = |(name, status): (String, FoundStatus)| {
            let name = UnitName::parse(&name).map_err(|_| Error::Answer { command, expected })?;
            Ok((name, status))
        };
        Ok(ApplicationStatus {
            application,
            units: units.into_iter().map(named).collect::<Result<_, Error>>()?,
        })
    }

    /// `status-set`: the unit's status. Takes effect at once, also if the hook fails later. The message
    /// becomes [one printable line](crate::text::line) of at most
    /// [`LINE_BYTES_MAX`](crate::text::LINE_BYTES_MAX) bytes.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn status_set(&self, status: &Status) -> Result<(), Error> {
        self.write("status-set", &["--", status.kind.as_str(), &message(&status.message)])
    }

    /// `status-set --application`: the application's status. Takes effect at once. Leader only. Once it is set,
    /// Juju derives it from the units no more.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotLeader`](crate::ErrorKind::NotLeader) if this unit does not lead.
    pub fn application_status_set(&self, status: &Status) -> Result<(), Error> {
        self.write("status-set", &["--application", "--", status.kind.as_str(), &message(&status.message)])
    }
}
