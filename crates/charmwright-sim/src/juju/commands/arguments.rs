//! Arguments that several commands have.

use super::invocation::Stop;
use crate::juju::context::Run;
use crate::juju::text::flags::{Given, Takes};
use crate::juju::text::number::atoi;

/// The options that name a relation.
pub(super) const RELATION: [(&str, Takes); 2] = [("r", Takes::Text), ("relation", Takes::Text)];

/// The relation that a command is about: that of the hook until an option names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RelationId(Option<i64>);

impl RelationId {
    /// The relation of the hook, if it has one.
    pub(super) fn of_hook(run: &mut Run<'_>) -> Result<Self, Stop> {
        match run.hook_relation() {
            Ok(id) => Ok(Self(Some(id))),
            Err(failure) if failure.is_not_found() => Ok(Self(None)),
            Err(failure) => Err(Stop::Refused(failure.to_string())),
        }
    }

    /// Takes an option, if it is one of [`RELATION`]. What stands before the last colon does not count.
    pub(super) fn take(&mut self, run: &mut Run<'_>, name: &str, given: Given<'_>) -> Result<bool, String> {
        let ("r" | "relation", Given::Text(text)) = (name, given) else { return Ok(false) };
        let number = text.rsplit_once(':').map_or(text, |(_, number)| number);
        let id = atoi(number).map_err(|_| "invalid relation id".to_owned())?;
        run.relation(id).map_err(|failure| failure.to_string())?;
        self.0 = Some(id);
        Ok(true)
    }

    /// The relation, if there is one.
    pub(super) fn optional(self) -> Option<i64> {
        self.0
    }

    /// The relation.
    pub(super) fn required(self) -> Result<i64, Stop> {
        self.0.ok_or_else(|| Stop::Wrong("no relation id specified".to_owned()))
    }
}
