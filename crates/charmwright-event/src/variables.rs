//! Reading the variables of one event.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::context::{EnvironmentError, Origin};
use crate::event::{
    Event, Notice, RelationEvent, RelationEventKind, StorageEvent, StorageEventKind, StorageInstance,
    StorageKind,
};
use crate::kind::EventKind;
use crate::names::{
    ActionId, AppName, Base, ContainerName, EndpointName, NameError, RelationId, SecretUri, StorageId,
    StorageName, UnitName,
};

pub(crate) struct Variables(BTreeMap<String, String>);

pub(crate) fn parsed<T>(
    variable: &'static str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, NameError>,
) -> Result<T, EnvironmentError> {
    parse(text).map_err(|source| EnvironmentError::Malformed { variable, source })
}

impl Variables {
    pub(crate) fn new(variables: impl Iterator<Item = (String, String)>) -> Self {
        Self(variables.collect())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(String::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn need(&self, variable: &'static str, event: &str) -> Result<&str, EnvironmentError> {
        self.get(variable).ok_or_else(|| EnvironmentError::Missing { variable, event: event.to_owned() })
    }

    pub(crate) fn maybe<T>(
        &self,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, NameError>,
    ) -> Result<Option<T>, EnvironmentError> {
        self.get(variable).map(|text| parsed(variable, text, parse)).transpose()
    }

    fn must<T>(
        &self,
        variable: &'static str,
        event: &str,
        parse: impl Fn(&str) -> Result<T, NameError>,
    ) -> Result<T, EnvironmentError> {
        parsed(variable, self.need(variable, event)?, parse)
    }

    /// Juju names the hook or the action itself; whoever uses juju-exec sets the path only.
    pub(crate) fn origin(&self) -> Origin {
        if self.get("JUJU_ACTION_NAME").is_some() {
            Origin::Action
        } else if self.get("JUJU_HOOK_NAME").is_some() {
            Origin::Hook
        } else {
            Origin::OutOfBand
        }
    }

    pub(crate) fn event(&self) -> Result<Event, EnvironmentError> {
        let path = self.need("JUJU_DISPATCH_PATH", "every event")?;
        match path.split_once('/') {
            Some(("hooks", hook)) if !hook.is_empty() => self.hook(hook),
            Some(("actions", name)) if !name.is_empty() => {
                let id = self.maybe("JUJU_ACTION_UUID", ActionId::parse)?;
                Ok(Event::Action { name: name.to_owned(), id })
            }
            _ => Err(EnvironmentError::UnknownDispatchPath { path: path.to_owned() }),
        }
    }

    fn hook(&self, hook: &str) -> Result<Event, EnvironmentError> {
        let (kind, owner) = EventKind::of_hook(hook);
        Ok(match kind {
            EventKind::Install => Event::Install,
            EventKind::Start => Event::Start,
            EventKind::ConfigChanged => Event::ConfigChanged,
            EventKind::UpgradeCharm => Event::UpgradeCharm,
            EventKind::LeaderElected => Event::LeaderElected,
            EventKind::LeaderSettingsChanged => Event::LeaderSettingsChanged,
            EventKind::UpdateStatus => Event::UpdateStatus,
            EventKind::Stop => Event::Stop,
            EventKind::Remove => Event::Remove,
            EventKind::RelationCreated => self.relation(hook, RelationEventKind::Created)?,
            EventKind::RelationJoined => self.relation(hook, RelationEventKind::Joined)?,
            EventKind::RelationChanged => self.relation(hook, RelationEventKind::Changed)?,
            EventKind::RelationDeparted => self.relation(hook, RelationEventKind::Departed)?,
            EventKind::RelationBroken => self.relation(hook, RelationEventKind::Broken)?,
            EventKind::StorageAttached => self.storage(hook, owner, StorageEventKind::Attached)?,
            EventKind::StorageDetaching => self.storage(hook, owner, StorageEventKind::Detaching)?,
            EventKind::SecretChanged => {
                Event::SecretChanged { secret: self.secret(hook)?, label: self.label() }
            }
            EventKind::SecretRotate => {
                Event::SecretRotate { secret: self.secret(hook)?, label: self.label() }
            }
            EventKind::SecretExpired => Event::SecretExpired {
                secret: self.secret(hook)?,
                label: self.label(),
                revision: self.revision(hook)?,
            },
            EventKind::SecretRemove => Event::SecretRemove {
                secret: self.secret(hook)?,
                label: self.label(),
                revision: self.revision(hook)?,
            },
            EventKind::PebbleReady => Event::PebbleReady { container: self.container(hook)? },
            EventKind::PebbleCustomNotice => Event::PebbleCustomNotice {
                container: self.container(hook)?,
                notice: Notice {
                    id: self.need("JUJU_NOTICE_ID", hook)?.to_owned(),
                    kind: self.need("JUJU_NOTICE_TYPE", hook)?.to_owned(),
                    key: self.need("JUJU_NOTICE_KEY", hook)?.to_owned(),
                },
            },
            EventKind::PebbleCheckFailed => {
                Event::PebbleCheckFailed { container: self.container(hook)?, check: self.check(hook)? }
            }
            EventKind::PebbleCheckRecovered => {
                Event::PebbleCheckRecovered { container: self.container(hook)?, check: self.check(hook)? }
            }
            EventKind::PreSeriesUpgrade => Event::PreSeriesUpgrade {
                base: self.maybe("JUJU_TARGET_BASE", Base::parse)?,
                series: self.get("JUJU_TARGET_SERIES").map(str::to_owned),
            },
            EventKind::PostSeriesUpgrade => Event::PostSeriesUpgrade,
            EventKind::CollectMetrics => Event::CollectMetrics,
            EventKind::MeterStatusChanged => Event::MeterStatusChanged,
            EventKind::Action | EventKind::Other => Event::Other { hook: hook.to_owned() },
        })
    }

    /// The endpoint comes from its variable, not from the hook's name: an endpoint may itself end in
    /// `-relation-created`.
    fn relation(&self, hook: &str, kind: RelationEventKind) -> Result<Event, EnvironmentError> {
        let endpoint = self.must("JUJU_RELATION", hook, EndpointName::parse)?;
        let relation = self.must("JUJU_RELATION_ID", hook, RelationId::parse)?;
        let remote_app = self.maybe("JUJU_REMOTE_APP", AppName::parse)?;
        let remote_unit = match kind {
            RelationEventKind::Joined | RelationEventKind::Departed => {
                Some(self.must("JUJU_REMOTE_UNIT", hook, UnitName::parse)?)
            }
            _ => self.maybe("JUJU_REMOTE_UNIT", UnitName::parse)?,
        };
        // juju-exec drops the application and keeps the unit.
        let remote_app = remote_app.or_else(|| Some(remote_unit.as_ref()?.application().clone()));
        let departing_unit = self.maybe("JUJU_DEPARTING_UNIT", UnitName::parse)?;
        Ok(Event::Relation(RelationEvent {
            kind,
            endpoint,
            relation,
            remote_app,
            remote_unit,
            departing_unit,
        }))
    }

    /// The three variables come together or, for a storage that is not provisioned, not at all.
    fn storage(&self, hook: &str, owner: &str, kind: StorageEventKind) -> Result<Event, EnvironmentError> {
        let all = ["JUJU_STORAGE_ID", "JUJU_STORAGE_KIND", "JUJU_STORAGE_LOCATION"];
        let (name, instance) = if all.iter().any(|variable| self.get(variable).is_some()) {
            let id = self.must("JUJU_STORAGE_ID", hook, StorageId::parse)?;
            let kind = self.must("JUJU_STORAGE_KIND", hook, StorageKind::parse)?;
            let location = PathBuf::from(self.need("JUJU_STORAGE_LOCATION", hook)?);
            (id.name().clone(), Some(StorageInstance { id, kind, location }))
        } else {
            // A name that no storage has makes it a hook of somebody's own.
            match StorageName::parse(owner) {
                Ok(name) => (name, None),
                Err(_) => return Ok(Event::Other { hook: hook.to_owned() }),
            }
        };
        Ok(Event::Storage(StorageEvent { kind, name, instance }))
    }

    fn secret(&self, hook: &str) -> Result<SecretUri, EnvironmentError> {
        self.must("JUJU_SECRET_ID", hook, SecretUri::parse)
    }

    fn label(&self) -> Option<String> {
        self.get("JUJU_SECRET_LABEL").map(str::to_owned)
    }

    fn revision(&self, hook: &str) -> Result<NonZeroU32, EnvironmentError> {
        self.must("JUJU_SECRET_REVISION", hook, |text| {
            text.parse().map_err(|_| NameError::new(text, "the number of a revision, 1 or higher"))
        })
    }

    fn container(&self, hook: &str) -> Result<ContainerName, EnvironmentError> {
        self.must("JUJU_WORKLOAD_NAME", hook, ContainerName::parse)
    }

    fn check(&self, hook: &str) -> Result<String, EnvironmentError> {
        Ok(self.need("JUJU_PEBBLE_CHECK_NAME", hook)?.to_owned())
    }
}
