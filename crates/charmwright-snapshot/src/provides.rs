//! Offers to any number of relations.

use charmwright_event::RelationId;

use crate::local::Local;
use crate::relation::{Offered, Recorder, without_empty};
use crate::snapshot::Snapshot;

/// An endpoint through which the charm offers something to any number of relations.
#[derive(Debug)]
pub struct Provides<I: Offered> {
    relations: Vec<RelationId>,
    local: Option<Local>,
    interface: std::marker::PhantomData<I>,
}

impl<I: Offered> Provides<I> {
    /// For tests: nothing is related.
    pub fn empty() -> Self {
        Self { relations: Vec::new(), local: None, interface: std::marker::PhantomData }
    }

    pub(crate) fn from_snapshot(endpoint: &str, snapshot: &Snapshot) -> Self {
        let relations = snapshot.endpoints.get(endpoint).map_or(&[][..], Vec::as_slice);
        Self {
            relations: relations.iter().map(|relation| relation.id).collect(),
            local: Some(snapshot.local.clone()),
            interface: std::marker::PhantomData,
        }
    }

    /// Offers to every relation. Charms say `desired.provide(&inputs.metrics, …)`.
    pub fn offer(&self, offer: &I::Offer, recorder: &dyn Recorder) {
        let Some(local) = &self.local else { return };
        for relation in &self.relations {
            recorder.publish(*relation, without_empty(I::write(offer, local)));
        }
    }
}
