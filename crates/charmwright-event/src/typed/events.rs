//! The types.

use std::num::NonZeroU32;

use super::deferrable::{TypedEvent, sealed};
use super::reasons;
use crate::event::{
    Event, Notice, RelationEvent, RelationEventKind, StorageEvent, StorageEventKind, StorageInstance,
};
use crate::kind::EventKind;
use crate::names::{
    ActionId, AppName, Base, ContainerName, EndpointName, RelationId, SecretUri, StorageName, UnitName,
};

/// Events that say no more than their name.
macro_rules! plain {
    ($($name:ident, $rule:ident, $about:literal;)*) => {$(
        #[doc = $about]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;

        impl sealed::Sealed for $name {}

        impl TypedEvent for $name {
            const KIND: EventKind = EventKind::$name;
            type Rule = reasons::$rule;

            fn of(event: &Event) -> Option<Self> {
                matches!(event, Event::$name).then_some(Self)
            }
        }

        impl From<$name> for Event {
            fn from(_: $name) -> Self {
                Self::$name
            }
        }
    )*};
}

plain! {
    Install, MayWait, "See [`Event::Install`].";
    Start, MayWait, "See [`Event::Start`].";
    ConfigChanged, MayWait, "See [`Event::ConfigChanged`].";
    UpgradeCharm, MayWait, "See [`Event::UpgradeCharm`].";
    LeaderElected, MayWait, "See [`Event::LeaderElected`].";
    LeaderSettingsChanged, MayWait, "See [`Event::LeaderSettingsChanged`].";
    PostSeriesUpgrade, MayWait, "See [`Event::PostSeriesUpgrade`].";
    UpdateStatus, ComesByItself, "See [`Event::UpdateStatus`]. It cannot be deferred.";
    Stop, HardlyRunsAgain, "See [`Event::Stop`]. It cannot be deferred.";
    Remove, NeverRunsAgain, "See [`Event::Remove`]. It cannot be deferred.";
    CollectMetrics, IsRestricted, "See [`Event::CollectMetrics`]. It cannot be deferred.";
    MeterStatusChanged, IsRestricted, "See [`Event::MeterStatusChanged`]. It cannot be deferred.";
}

/// Events that are a variant of [`Event`] with the same fields.
macro_rules! with_fields {
    ($($name:ident, $rule:ident, $about:literal, { $($(#[$said:meta])* $field:ident: $type:ty,)* })*) => {$(
        #[doc = $about]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[$said])* pub $field: $type,)*
        }

        impl sealed::Sealed for $name {}

        impl TypedEvent for $name {
            const KIND: EventKind = EventKind::$name;
            type Rule = reasons::$rule;

            fn of(event: &Event) -> Option<Self> {
                match event {
                    Event::$name { $($field,)* } => Some(Self { $($field: $field.clone(),)* }),
                    _ => None,
                }
            }
        }

        impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Self::$name { $($field: event.$field,)* }
            }
        }
    )*};
}

with_fields! {
    PebbleReady, MayWait, "See [`Event::PebbleReady`].", {
        /// The container.
        container: ContainerName,
    }
    PebbleCustomNotice, MayWait, "See [`Event::PebbleCustomNotice`].", {
        /// The container.
        container: ContainerName,
        /// The notice.
        notice: Notice,
    }
    PebbleCheckFailed, MayWait, "See [`Event::PebbleCheckFailed`].", {
        /// The container.
        container: ContainerName,
        /// The check.
        check: String,
    }
    PebbleCheckRecovered, MayWait, "See [`Event::PebbleCheckRecovered`].", {
        /// The container.
        container: ContainerName,
        /// The check.
        check: String,
    }
    SecretChanged, MayWait, "See [`Event::SecretChanged`].", {
        /// The secret.
        secret: SecretUri,
        /// Its label, where it has one.
        label: Option<String>,
    }
    SecretRemove, MayWait, "See [`Event::SecretRemove`].", {
        /// The secret.
        secret: SecretUri,
        /// Its label, where it has one.
        label: Option<String>,
        /// The revision.
        revision: NonZeroU32,
    }
    SecretRotate, RotationIsRepeated, "See [`Event::SecretRotate`]. It cannot be deferred.", {
        /// The secret.
        secret: SecretUri,
        /// Its label, where it has one.
        label: Option<String>,
    }
    SecretExpired, ExpiryIsRepeated, "See [`Event::SecretExpired`]. It cannot be deferred.", {
        /// The secret.
        secret: SecretUri,
        /// Its label, where it has one.
        label: Option<String>,
        /// The revision.
        revision: NonZeroU32,
    }
    PreSeriesUpgrade, MayWait, "See [`Event::PreSeriesUpgrade`].", {
        /// The base that the machine will have.
        base: Option<Base>,
        /// The same as a series.
        series: Option<String>,
    }
    Action, AnswersNow, "See [`Event::Action`]. It cannot be deferred.", {
        /// The action.
        name: String,
        /// The id of this run.
        id: Option<ActionId>,
    }
    Other, MayWait, "See [`Event::Other`].", {
        /// The hook's name.
        hook: String,
    }
}

/// Events of a relation: what each of the five kinds always has, without what it never has.
macro_rules! of_relation {
    ($($name:ident, $kind:ident, $about:literal, {
        $($(#[$said:meta])* $field:ident: $type:ty = $from:expr, $into:ident: $back:expr;)*
    })*) => {$(
        #[doc = $about]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            /// Our endpoint.
            pub endpoint: EndpointName,
            /// The relation.
            pub relation: RelationId,
            /// The other application, where Juju says it.
            pub remote_app: Option<AppName>,
            $($(#[$said])* pub $field: $type,)*
        }

        impl sealed::Sealed for $name {}

        impl TypedEvent for $name {
            const KIND: EventKind = EventKind::$name;
            type Rule = reasons::MayWait;

            fn of(event: &Event) -> Option<Self> {
                match event {
                    Event::Relation(event) if event.kind == RelationEventKind::$kind => Some(Self {
                        endpoint: event.endpoint.clone(),
                        relation: event.relation,
                        remote_app: event.remote_app.clone(),
                        $($field: ($from)(event)?,)*
                    }),
                    _ => None,
                }
            }
        }

        impl From<$name> for Event {
            fn from(event: $name) -> Self {
                #[allow(unused_mut, clippy::allow_attributes, reason = "some kinds have no unit")]
                let mut made = RelationEvent {
                    kind: RelationEventKind::$kind,
                    endpoint: event.endpoint,
                    relation: event.relation,
                    remote_app: event.remote_app,
                    remote_unit: None,
                    departing_unit: None,
                };
                $(made.$into = ($back)(event.$field);)*
                Self::Relation(made)
            }
        }
    )*};
}

of_relation! {
    RelationCreated, Created, "A relation exists. See [`RelationEvent`].", {}
    RelationJoined, Joined, "A remote unit is there. See [`RelationEvent`].", {
        /// The unit.
        unit: UnitName = |event: &RelationEvent| event.remote_unit.clone(), remote_unit: Some;
    }
    RelationChanged, Changed, "Data in a relation changed. See [`RelationEvent`].", {
        /// The unit whose bag changed; none if it is the application's.
        unit: Option<UnitName> = |event: &RelationEvent| Some(event.remote_unit.clone()), remote_unit: |unit| unit;
    }
    RelationDeparted, Departed, "A remote unit went. See [`RelationEvent`].", {
        /// The unit, as seen from here.
        unit: UnitName = |event: &RelationEvent| event.remote_unit.clone(), remote_unit: Some;
        /// The unit that really goes; it may be our own.
        departing: Option<UnitName> = |event: &RelationEvent| Some(event.departing_unit.clone()), departing_unit: |unit| unit;
    }
    RelationBroken, Broken, "A relation is gone. See [`RelationEvent`].", {}
}

macro_rules! of_storage {
    ($($name:ident, $kind:ident, $about:literal;)*) => {$(
        #[doc = $about]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            /// The storage.
            pub name: StorageName,
            /// The instance; absent if it is not provisioned yet.
            pub instance: Option<StorageInstance>,
        }

        impl sealed::Sealed for $name {}

        impl TypedEvent for $name {
            const KIND: EventKind = EventKind::$name;
            type Rule = reasons::MayWait;

            fn of(event: &Event) -> Option<Self> {
                match event {
                    Event::Storage(event) if event.kind == StorageEventKind::$kind => {
                        Some(Self { name: event.name.clone(), instance: event.instance.clone() })
                    }
                    _ => None,
                }
            }
        }

        impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Self::Storage(StorageEvent {
                    kind: StorageEventKind::$kind,
                    name: event.name,
                    instance: event.instance,
                })
            }
        }
    )*};
}

of_storage! {
    StorageAttached, Attached, "A storage is there. See [`StorageEvent`].";
    StorageDetaching, Detaching, "A storage is about to go. See [`StorageEvent`].";
}

/// What the SDK does in every run, whatever the event: collecting the status, committing. It cannot be deferred.
///
/// Juju sends no such event, so [`TypedEvent::of`] never finds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EveryRun;

impl sealed::Sealed for EveryRun {}

impl TypedEvent for EveryRun {
    const KIND: EventKind = EventKind::Other;
    type Rule = reasons::IsPartOfEveryRun;

    fn of(_: &Event) -> Option<Self> {
        None
    }
}

impl From<EveryRun> for Event {
    fn from(_: EveryRun) -> Self {
        Self::Other { hook: "every-run".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_event_has_what_its_kind_always_has() {
        let event = |kind, unit: Option<&str>| {
            Event::Relation(RelationEvent {
                kind,
                endpoint: EndpointName::parse("db").unwrap(),
                relation: RelationId::new(3),
                remote_app: Some(AppName::parse("pg").unwrap()),
                remote_unit: unit.map(|unit| UnitName::parse(unit).unwrap()),
                departing_unit: None,
            })
        };
        let joined = event(RelationEventKind::Joined, Some("pg/1"));
        let typed = RelationJoined::of(&joined).unwrap();
        assert_eq!(typed.unit.to_string(), "pg/1");
        assert_eq!(Event::from(typed), joined);
        assert_eq!(RelationChanged::of(&joined), None);
        let changed = event(RelationEventKind::Changed, None);
        let typed = RelationChanged::of(&changed).unwrap();
        assert_eq!(typed.unit, None);
        assert_eq!(Event::from(typed), changed);
    }

    #[test]
    fn every_type_stands_for_the_kind_that_its_event_has() {
        fn check<E: TypedEvent + Into<Event>>(event: E) {
            let event: Event = event.into();
            assert_eq!(event.kind(), E::KIND);
            assert!(E::of(&event).is_some());
        }
        check(Install);
        check(UpdateStatus);
        check(PebbleReady { container: ContainerName::parse("server").unwrap() });
        check(Action { name: "backup".to_owned(), id: None });
        check(StorageAttached { name: StorageName::parse("data").unwrap(), instance: None });
        check(SecretRotate { secret: SecretUri::parse("9m4e2mr0ui3e8a215n4g").unwrap(), label: None });
        check(Other { hook: "my-event".to_owned() });
    }
}
