//! Ready, or not yet: and then why, what a person can do, and what will run the charm again.

use std::fmt;

use charmwright_event::{Certainty, Datum, EventKind};

/// A value that is ready, or the reason why it is not.
pub type Ready<T> = Result<T, NotYet>;

/// Why something is not there yet, and what will run the charm again.
///
/// It is made by inputs only (`container.not_yet("…")`, `requires.not_yet("…")`), which know their wakers. So
/// nothing can say "waiting" without saying for what:
///
/// ```
/// use charmwright_snapshot::Container;
///
/// let cause = Container::unreachable("server").not_yet("the migration runs");
/// assert_eq!(cause.to_string(), "server: the migration runs (woken by server-pebble-ready)");
/// ```
#[must_use = "a cause that is dropped is neither waited for nor reported"]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotYet {
    severity: Severity,
    subject: String,
    cause: String,
    remedy: Option<String>,
    waker: Waker,
}

/// Who or what can mend it. The worst of all causes becomes the unit's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It comes by itself.
    Waiting,
    /// A person must act.
    Blocked,
}

/// The event that will run the charm again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waker {
    event: String,
    otherwise: Option<&'static str>,
}

impl Waker {
    /// The event of this kind for what `owner` names, to wait for a change of `datum`. How sure it is says the table
    /// of the event model; if the change can happen without it, `update-status` comes next.
    pub(crate) fn of(kind: EventKind, owner: &str, datum: Datum) -> Self {
        let comes = kind == EventKind::UpdateStatus
            || matches!(kind.certainty_for(datum), Some(Certainty::Sure | Certainty::CanBeLost));
        let otherwise = (!comes).then_some(EventKind::UpdateStatus.as_str());
        Self { event: kind.hook_name(owner), otherwise }
    }
}

impl fmt::Display for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.event)?;
        self.otherwise.map_or(Ok(()), |otherwise| write!(f, " or {otherwise}"))
    }
}

impl NotYet {
    pub(crate) fn waiting(subject: impl Into<String>, cause: impl Into<String>, waker: Waker) -> Self {
        Self {
            severity: Severity::Waiting,
            subject: subject.into(),
            cause: cause.into(),
            remedy: None,
            waker,
        }
    }

    pub(crate) fn blocked(
        subject: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
        waker: Waker,
    ) -> Self {
        Self {
            severity: Severity::Blocked,
            subject: subject.into(),
            cause: cause.into(),
            remedy: Some(remedy.into()),
            waker,
        }
    }

    /// Whether it comes by itself.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The endpoint, option or container that it is about.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Why it is not there.
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// What a person can do, if anything.
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }

    /// What will run the charm again.
    pub fn waker(&self) -> &Waker {
        &self.waker
    }
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.cause)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "; {remedy}")?;
        }
        write!(f, " (woken by {})", self.waker)
    }
}

/// A value, or one that is not there yet: what a wish takes.
///
/// So a wish can be made from another's answer without `?`.
#[diagnostic::on_unimplemented(
    message = "a wish for `{T}` takes `{T}` or `Ready<{T}>`, not `{Self}`",
    label = "give a `{T}`, or a `Ready<{T}>` that another wish returned"
)]
pub trait IntoReady<T> {
    /// The value, or why it is not there.
    ///
    /// # Errors
    ///
    /// If it is not there yet.
    fn into_ready(self) -> Ready<T>;
}

impl<T> IntoReady<T> for T {
    fn into_ready(self) -> Ready<T> {
        Ok(self)
    }
}

impl<T> IntoReady<T> for Ready<T> {
    fn into_ready(self) -> Self {
        self
    }
}
