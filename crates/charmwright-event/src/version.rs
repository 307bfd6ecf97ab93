//! Juju's version.

use std::cmp::Ordering;
use std::fmt;

use crate::names::NameError;

/// The version of the agent, such as `3.6.11`, `4.0-beta5` or, of a build of one's own, `4.0-beta5.1`.
///
/// It is the agent's: the controller may already be newer. Versions are ordered as Juju orders them, so a version
/// with a tag comes before the one without.
///
/// ```
/// use charmwright_event::JujuVersion;
///
/// let version = JujuVersion::parse("4.0-beta5.1")?;
/// assert!(version < JujuVersion::parse("4.0.0")? && version.at_least(3, 6, 11));
/// # Ok::<(), charmwright_event::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JujuVersion {
    major: u32,
    minor: u32,
    tag: Option<String>,
    patch: u32,
    build: u32,
}

impl JujuVersion {
    /// A released version.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, tag: None, patch, build: 0 }
    }

    /// Parses `X.Y.Z` or `X.Y-tagZ`, each with a build number after one more point or without; `X.Y` and `X` too.
    ///
    /// # Errors
    ///
    /// If the text is nothing of these.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        read(text).ok_or_else(|| NameError::new(text, "a version of Juju such as `3.6.11` or `4.0-beta5`"))
    }

    /// The first number.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The second number.
    pub fn minor(&self) -> u32 {
        self.minor
    }

    /// The third number, or the number behind the tag.
    pub fn patch(&self) -> u32 {
        self.patch
    }

    /// The tag of a version that is not released yet, such as `beta`.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The number of the build; 0 for what is released.
    pub fn build(&self) -> u32 {
        self.build
    }

    /// Whether it is this version or a later one. The betas of a version do not count as it.
    pub fn at_least(&self, major: u32, minor: u32, patch: u32) -> bool {
        *self >= Self::new(major, minor, patch)
    }
}

fn read(text: &str) -> Option<JujuVersion> {
    let (major, rest) = number(text)?;
    let mut version = JujuVersion::new(major, 0, 0);
    if rest.is_empty() {
        return Some(version);
    }
    let (minor, rest) = number(rest.strip_prefix('.')?)?;
    version.minor = minor;
    let rest = if let Some(rest) = rest.strip_prefix('-') {
        let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        let (tag, rest) = rest.split_at_checked(letters).filter(|(tag, _)| !tag.is_empty())?;
        version.tag = Some(tag.to_owned());
        if rest.starts_with(|first: char| first.is_ascii_digit()) {
            let (patch, rest) = number(rest)?;
            version.patch = patch;
            rest
        } else {
            rest
        }
    } else if rest.is_empty() {
        rest
    } else {
        let (patch, rest) = number(rest.strip_prefix('.')?)?;
        version.patch = patch;
        rest
    };
    if rest.is_empty() {
        return Some(version);
    }
    let (build, rest) = number(rest.strip_prefix('.')?)?;
    version.build = build;
    rest.is_empty().then_some(version)
}

/// At most nine digits, as Juju has it.
fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 9 {
        return None;
    }
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

impl Ord for JujuVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let tags = match (&self.tag, &other.tag) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(mine), Some(theirs)) => mine.cmp(theirs),
        };
        (self.major, self.minor)
            .cmp(&(other.major, other.minor))
            .then(tags)
            .then((self.patch, self.build).cmp(&(other.patch, other.build)))
    }
}

impl PartialOrd for JujuVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for JujuVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match &self.tag {
            Some(tag) => write!(f, "-{tag}{}", self.patch)?,
            None => write!(f, ".{}", self.patch)?,
        }
        if self.build == 0 { Ok(()) } else { write!(f, ".{}", self.build) }
    }
}

impl std::str::FromStr for JujuVersion {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_of_every_form_are_read_and_printed() {
        for text in ["2.9.51", "3.6.11", "3.6.11.1", "4.0-beta5", "4.0-beta5.1", "4.0-rc1"] {
            assert_eq!(JujuVersion::parse(text).unwrap().to_string(), text);
        }
        for (text, printed) in [("4.0", "4.0.0"), ("4", "4.0.0"), ("4.0-dev", "4.0-dev0")] {
            assert_eq!(JujuVersion::parse(text).unwrap().to_string(), printed);
        }
        for wrong in [
            "",
            "x",
            "3.",
            "3.6.",
            "3.6.x",
            "3.6-",
            "3.6-1",
            "3.6.1-rc1",
            "1.2.3.4.5",
            "1234567890.0.0",
            "+3.6",
        ] {
            assert!(JujuVersion::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_beta_comes_before_the_release_and_after_the_last_one() {
        let sorted = ["2.9.51", "3.6.9", "3.6.11", "3.6.11.2", "4.0-beta5", "4.0-beta10", "4.0-rc1", "4.0.0"];
        for pair in sorted.windows(2) {
            assert!(JujuVersion::parse(pair[0]).unwrap() < JujuVersion::parse(pair[1]).unwrap(), "{pair:?}");
        }
        assert!(!JujuVersion::parse("4.0-rc1").unwrap().at_least(4, 0, 0));
    }

    proptest! {
        #[test]
        fn what_prints_reads_back(major in 0u32..999_999_999, minor in 0u32..99, patch in 0u32..99, build in 0u32..9, tag in "[a-z]{0,4}") {
            let tag = Some(tag).filter(|tag| !tag.is_empty());
            let version = JujuVersion { major, minor, tag, patch, build };
            prop_assert_eq!(JujuVersion::parse(&version.to_string()), Ok(version));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,12}|[0-9.a-z-]{0,14}") {
            let _ = JujuVersion::parse(&text);
        }
    }
}
