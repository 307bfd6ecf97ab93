use charmwright_event::{AppName, RelationId, SecretUri, UnitName};

use super::SecretContent;
use crate::time::Expiry;

/// Who manages a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SecretOwner {
    /// The application: its leader, whichever unit that is.
    #[default]
    Application,
    /// This unit.
    Unit,
}

impl SecretOwner {
    /// Juju's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Unit => "unit",
        }
    }
}

/// How often Juju sends `secret-rotate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RotatePolicy {
    /// Never.
    Never,
    /// Every hour.
    Hourly,
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Four times a year.
    Quarterly,
    /// Every year.
    Yearly,
}

impl RotatePolicy {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Never, Self::Hourly, Self::Daily, Self::Weekly, Self::Monthly, Self::Quarterly, Self::Yearly];

    /// Juju's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Yearly => "yearly",
        }
    }

    /// The policy with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }
}

/// A secret to be made.
///
/// ```
/// use charmwright_hookcmds::{NewSecret, RotatePolicy, SecretContent, SecretOwner, Sensitive};
///
/// let mut content = SecretContent::default();
/// content.insert("password", &Sensitive::new("correct horse"))?;
/// let secret = NewSecret::new(content).owned_by(SecretOwner::Unit).label("db").rotate(RotatePolicy::Monthly);
/// assert_eq!(secret.label.as_deref(), Some("db"));
/// # Ok::<(), charmwright_hookcmds::SecretContentError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewSecret {
    /// What is in it.
    pub content: SecretContent,
    /// Who manages it.
    pub owner: SecretOwner,
    /// A name for it that this unit, or its application, knows it by.
    pub label: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// When this revision ends.
    pub expire: Option<Expiry>,
    /// How often it should be made anew.
    pub rotate: Option<RotatePolicy>,
}

impl NewSecret {
    /// A secret of the application with this content.
    pub fn new(content: SecretContent) -> Self {
        let owner = SecretOwner::default();
        Self { content, owner, label: None, description: None, expire: None, rotate: None }
    }

    /// Says who manages it.
    #[must_use]
    pub fn owned_by(self, owner: SecretOwner) -> Self {
        Self { owner, ..self }
    }

    /// Gives it a label.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// Says what it is for.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// Says when this revision ends.
    #[must_use]
    pub fn expire(self, expire: Expiry) -> Self {
        Self { expire: Some(expire), ..self }
    }

    /// Says how often it should be made anew.
    #[must_use]
    pub fn rotate(self, rotate: RotatePolicy) -> Self {
        Self { rotate: Some(rotate), ..self }
    }
}

/// What is to change of a secret; what is `None` stays. Nothing can be taken away again but with the secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SecretUpdate {
    /// A whole new content, and with it a new revision.
    pub content: Option<SecretContent>,
    /// Another label.
    pub label: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Another end of the latest revision.
    pub expire: Option<Expiry>,
    /// Another policy.
    pub rotate: Option<RotatePolicy>,
}

impl SecretUpdate {
    /// Gives it new content.
    #[must_use]
    pub fn content(self, content: SecretContent) -> Self {
        Self { content: Some(content), ..self }
    }

    /// Gives it another label.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// Gives it another description.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// Gives the latest revision, the new one if there is one, another end.
    #[must_use]
    pub fn expire(self, expire: Expiry) -> Self {
        Self { expire: Some(expire), ..self }
    }

    /// Gives it another policy.
    #[must_use]
    pub fn rotate(self, rotate: RotatePolicy) -> Self {
        Self { rotate: Some(rotate), ..self }
    }
}

/// Which secret is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretRef<'a> {
    /// This one.
    Uri(&'a SecretUri),
    /// The one that this unit knows by this label: of its own secrets first, then of those it reads.
    Label(&'a str),
    /// This one, which gets this label at once, also if the hook fails later.
    Labelled(&'a SecretUri, &'a str),
}

/// Which revision of a secret is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tracking {
    /// The one that this unit tracks: the latest one at its first read.
    #[default]
    Tracked,
    /// The latest one, which is tracked from now on, also if the hook fails later. For a secret that is made or
    /// changed in this hook, the tracking moves when the hook succeeds.
    Refresh,
    /// The latest one, this time only.
    Peek,
}

/// From whom a secret is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretAudience<'a> {
    /// The application at the other end of a relation.
    Relation(RelationId),
    /// An application. Juju refuses it in the hooks of a relation, whichever it is.
    Application(&'a AppName),
    /// A unit.
    Unit(&'a UnitName),
    /// A unit at the other end of a relation.
    UnitIn(RelationId, &'a UnitName),
}
