//! Which Pebble it is, and what it is too old for.

use std::fmt;

use crate::limits::VERSION_CHARACTERS_MAX;
use crate::told::Line;

/// The version of a daemon.
///
/// ```
/// use charmwright_pebble::{Feature, Version};
///
/// let version = Version::parse("v1.19.2");
/// assert!(version.has(Feature::Metrics));
/// assert!(!version.has(Feature::RefreshCheck));
/// assert!(Version::parse("built on a Sunday").has(Feature::RefreshCheck));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    text: String,
    /// None if it cannot be told: a build from a checkout, which is new.
    number: Option<(u32, u32, u32)>,
}

impl Version {
    /// Reads a version as Pebble gives it: `v1.26.0`, or `v1.31.0+git5.gabc1234` of a build from a checkout. What is no
    /// version counts as newer than all others.
    pub fn parse(text: &str) -> Self {
        let plain = text.trim().trim_start_matches('v');
        let end = plain.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(plain.len());
        let mut numbers = plain.get(..end).unwrap_or_default().split('.').map(|part| part.parse().ok());
        let number = match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(major), Some(minor)) => Some((major, minor, numbers.next().flatten().unwrap_or(0))),
            _ => None,
        };
        Self { text: text.chars().take(VERSION_CHARACTERS_MAX).collect(), number }
    }

    /// Major, minor and patch; none if that cannot be told.
    pub fn number(&self) -> Option<(u32, u32, u32)> {
        self.number
    }

    /// Whether a daemon of this version has it.
    pub fn has(&self, feature: Feature) -> bool {
        self.number.is_none_or(|number| number >= feature.since())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Line(&self.text).fmt(f)
    }
}

macro_rules! features {
    ( $( $(#[$meta:meta])* $name:ident = ($since:expr, $words:literal), )+ ) => {
        /// What not every Pebble has. Juju 3.6.0 came with 1.16.0, 3.6.4 with 1.19, 3.6.13 and later with 1.26.0.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Feature {
            $( $(#[$meta])* $name, )+
        }

        impl Feature {
            /// All of them, oldest first.
            pub const ALL: &'static [Self] = &[$( Self::$name, )+];

            /// The first version that has it.
            pub fn since(self) -> (u32, u32, u32) {
                match self { $( Self::$name => $since, )+ }
            }

            fn words(self) -> &'static str {
                match self { $( Self::$name => $words, )+ }
            }
        }
    };
}

features! {
    /// A command takes environment, user and directory of a service.
    ServiceContext = ((1, 3, 0), "a command in the context of a service"),
    /// Notices.
    Notices = ((1, 5, 0), "notices"),
    /// The notices of all users in one list.
    NoticesOfAllUsers = ((1, 7, 2), "the notices of all users"),
    /// Identities.
    Identities = ((1, 15, 0), "identities"),
    /// Starting and stopping checks, and their `startup`.
    StartChecks = ((1, 19, 0), "starting and stopping checks"),
    /// Metrics, and identities that may read them.
    Metrics = ((1, 19, 0), "metrics"),
    /// Identities with a password.
    BasicIdentities = ((1, 19, 0), "identities with a password"),
    /// Running a check now.
    RefreshCheck = ((1, 20, 0), "running a check now"),
    /// The section `workloads` of a layer.
    Workloads = ((1, 20, 0), "workloads in a layer"),
    /// Log targets of type `opentelemetry`.
    OpenTelemetry = ((1, 24, 0), "log targets of type opentelemetry"),
    /// Identities with a certificate.
    CertIdentities = ((1, 25, 0), "identities with a certificate"),
    /// Log targets of type `syslog`. Older daemons take one, and send it nothing.
    Syslog = ((1, 27, 0), "log targets of type syslog"),
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_builds_write_them() {
        for (text, number) in [
            ("v1.26.0", Some((1, 26, 0))),
            ("1.9", Some((1, 9, 0))),
            ("v1.31.0+git5.gabc1234", Some((1, 31, 0))),
            ("v1.32.1-fips", Some((1, 32, 1))),
            ("v1", None),
            ("e712a584", None),
            ("unknown", None),
            ("", None),
            ("v99999999999.1.1", None),
        ] {
            assert_eq!(Version::parse(text).number(), number, "{text}");
            assert_eq!(Version::parse(text).to_string(), text);
        }
    }

    #[test]
    fn a_version_is_kept_to_some_length() {
        let text = "v1.26.0".to_owned() + &"+".repeat(2 * VERSION_CHARACTERS_MAX);
        let version = Version::parse(&text);
        assert_eq!((version.number(), version.to_string().len()), (Some((1, 26, 0)), VERSION_CHARACTERS_MAX));
    }

    #[test]
    fn features_are_listed_oldest_first() {
        assert!(Feature::ALL.is_sorted_by_key(|feature| feature.since()));
        let juju = Version::parse("v1.16.0");
        assert!(juju.has(Feature::Identities) && !juju.has(Feature::StartChecks));
    }
}
