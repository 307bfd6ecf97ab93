//! The record of what each running process was started with.
//!
//! "Restart because I have just written the file" is lost when the hook dies in between. So the digest that a
//! service was started with is kept where the process lives and dies: in the plan of its Pebble, as the
//! environment of an entry that is never run. Layers live in the daemon's memory, as the processes hang on the
//! daemon; a restarted daemon knows neither.

use std::collections::BTreeMap;

use charmwright_pebble::{Layer, Service, Startup};

/// The entry that holds the record.
const ENTRY: &str = "charmwright-started";

/// The check that tells whether the workload is up. In the record it stands for what ran when it was last asked.
pub(crate) const UP: &str = "charmwright-up";

/// Service to digest.
pub(crate) type Started = BTreeMap<String, String>;

/// The record in a plan; empty if there is none.
pub(crate) fn read(plan: &Layer) -> Started {
    plan.services.get(ENTRY).map(|entry| entry.environment.clone()).unwrap_or_default()
}

/// The layer that holds the record.
pub(crate) fn layer(started: &Started) -> Layer {
    let summary = "Never run: what Charmwright started each service with";
    let mut entry = Service::new("/bin/false").startup(Startup::Disabled).summary(summary);
    entry.environment = started.clone();
    Layer::new().service(ENTRY, entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_read_back() {
        let started = Started::from([("web".to_owned(), "abc".to_owned())]);
        assert_eq!(read(&layer(&started)), started);
        assert_eq!(read(&Layer::new()), Started::new());
    }
}
