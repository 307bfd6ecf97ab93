//! Which Juju is played.

use std::fmt;
use std::str::FromStr;

/// A Juju whose hook commands are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum JujuVersion {
    /// 2.9
    V2_9,
    /// 3.6, as 3.6.11 is.
    #[default]
    V3_6,
    /// 4.0
    V4_0,
}

/// A text that names no Juju that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of the Jujus that can be played: 2.9, 3.6, 4.0")]
pub struct UnknownVersion(String);

impl JujuVersion {
    /// The version that agents of it report in `JUJU_VERSION`.
    pub fn agent_version(self) -> &'static str {
        match self {
            Self::V2_9 => "2.9.52",
            Self::V3_6 => "3.6.11",
            Self::V4_0 => "4.0.1",
        }
    }
}

impl FromStr for JujuVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        [Self::V2_9, Self::V3_6, Self::V4_0]
            .into_iter()
            .find(|version| version.to_string() == text)
            .ok_or_else(|| UnknownVersion(text.to_owned()))
    }
}

impl fmt::Display for JujuVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2_9 => "2.9",
            Self::V3_6 => "3.6",
            Self::V4_0 => "4.0",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_by_its_first_two_numbers() {
        for version in [JujuVersion::V2_9, JujuVersion::V3_6, JujuVersion::V4_0] {
            assert_eq!(version.to_string().parse(), Ok(version));
            assert!(version.agent_version().starts_with(&version.to_string()));
        }
        assert!("3.1".parse::<JujuVersion>().unwrap_err().to_string().contains("2.9, 3.6, 4.0"));
    }
}
