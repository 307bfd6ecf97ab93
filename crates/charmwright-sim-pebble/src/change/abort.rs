//! What is aborted with what.

use std::collections::BTreeSet;

use super::{Ledger, Status};

impl Ledger {
    /// The new status of each task when the tasks of these lanes are aborted; of all lanes without.
    ///
    /// A task that waits for an aborted one is aborted with it, and so is the lane that it is in.
    pub(super) fn aborted(&self, change: u64, lane: Option<u64>) -> Vec<(u64, Status)> {
        let Some(change) = self.changes.get(&change) else {
            return Vec::new();
        };
        let in_lane = |id: &u64, lane: u64| self.tasks.get(id).is_some_and(|task| task.lane == lane);
        let mut pending: Vec<u64> = match lane {
            Some(lane) => change.tasks.iter().copied().filter(|id| in_lane(id, lane)).collect(),
            None => change.tasks.clone(),
        };
        let mut lanes: BTreeSet<u64> = lane.into_iter().collect();
        let (mut seen, mut changed, mut next) = (BTreeSet::new(), Vec::new(), 0);
        loop {
            while let Some(id) = pending.get(next).copied() {
                next += 1;
                let Some(task) = self.tasks.get(&id).filter(|_| seen.insert(id)) else {
                    continue;
                };
                match task.status {
                    Status::Do => changed.push((id, Status::Hold)),
                    Status::Doing => changed.push((id, Status::Abort)),
                    Status::Done => changed.push((id, Status::Undo)),
                    _ => {}
                }
                pending.extend(self.halted_by(id));
            }
            let touched: BTreeSet<u64> =
                seen.iter().filter_map(|id| self.tasks.get(id)).map(|task| task.lane).collect();
            let new: Vec<u64> = touched.difference(&lanes).copied().collect();
            if new.is_empty() {
                return changed;
            }
            lanes.extend(&new);
            let of_new = |id: &u64| new.iter().any(|lane| in_lane(id, *lane));
            pending.extend(change.tasks.iter().copied().filter(of_new));
        }
    }
}
