//! Leadership. That a unit is no leader stays so for the whole run; that it is one is asked for each time.

use super::{Failure, Run};
use crate::juju::controller::{Bag, lossy_bag};

impl Run<'_> {
    /// Whether the unit is the leader, and stays it for a while.
    ///
    /// # Errors
    ///
    /// The lease cannot be asked for.
    pub fn is_leader(&mut self) -> Result<bool, Failure> {
        if self.context.is_minion {
            return Ok(false);
        }
        let leader = self.controller().claim_leader();
        self.context.is_minion = !leader;
        Ok(leader)
    }

    /// Refuses what only leaders may.
    pub(super) fn must_lead(&mut self) -> Result<(), Failure> {
        if self.is_leader()? { Ok(()) } else { Err(Failure::not_leader()) }
    }

    /// The settings that the leader shares, read once.
    ///
    /// # Errors
    ///
    /// The controller does not answer.
    pub fn leader_settings(&mut self) -> Result<Bag, Failure> {
        if let Some(settings) = &self.context.leader_settings {
            return Ok(settings.clone());
        }
        let read = self.controller().leader_settings();
        let settings = read.map_err(|error| {
            Failure::from(error).while_doing("cannot read settings: failed to read leadership settings")
        })?;
        self.context.leader_settings.clone_from(&settings);
        Ok(settings.unwrap_or_default())
    }

    /// Changes the settings that the leader shares, at once. Empty values delete.
    ///
    /// # Errors
    ///
    /// The unit is not the leader.
    pub fn write_leader_settings(&mut self, settings: &Bag) -> Result<(), Failure> {
        if !self.is_leader()? {
            return Err(Failure::new("not the leader").while_doing("cannot write settings"));
        }
        self.context.leader_settings = None;
        self.controller().merge_leader_settings(&lossy_bag(settings)).map_err(|error| {
            Failure::from(error).while_doing("cannot write settings: failed to merge leadership settings")
        })
    }
}
