//! The record of what is ours in a container, and what each running process was started with.
//!
//! "Restart because I have just written the file" is lost when the hook dies in between. So the digest that a
//! service was started with is kept where the process lives and dies: in the plan of its Pebble, as the
//! environment of an entry that is never run. Layers live in the daemon's memory, as the processes hang on the
//! daemon; a restarted daemon knows neither.
//!
//! The record also names the checks and log targets that the charm wished for, so that they can be taken back. The names
//! go into the plan with the entries themselves, in one request, so no entry is ever there without its name.

use std::collections::{BTreeMap, BTreeSet};

use charmwright_pebble::{Layer, Service, Startup};

/// The entry that holds the record.
pub(crate) const ENTRY: &str = "charmwright-started";

/// The check that tells whether the workload is up.
pub(crate) const UP: &str = "charmwright-up";

/// What a name stands for that has nothing to tell but itself.
const WISHED: &str = "wished";

/// What is ours in a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// The services, each with the digest that its process was started with; empty if nobody knows with what.
    pub(crate) services: BTreeMap<String, String>,
    pub(crate) checks: BTreeSet<String>,
    pub(crate) log_targets: BTreeSet<String>,
    /// What ran when the workload was last asked whether it is up.
    pub(crate) asked: Option<String>,
}

impl Record {
    /// The record in a plan, without what is in the plan no more; empty if there is none.
    ///
    /// Whoever may add a layer can write into it, so what is not of its form is passed over.
    pub(crate) fn read(plan: &Layer) -> Self {
        let mut record = Self::default();
        let Some(entry) = plan.services.get(ENTRY) else { return record };
        for (key, value) in &entry.environment {
            match key.split_once('/') {
                Some(("service", name)) if name != ENTRY && plan.services.contains_key(name) => {
                    record.services.insert(name.to_owned(), value.clone());
                }
                Some(("check", name)) if plan.checks.contains_key(name) => {
                    record.checks.insert(name.to_owned());
                }
                Some(("log-target", name)) if plan.log_targets.contains_key(name) => {
                    record.log_targets.insert(name.to_owned());
                }
                None if key == "asked" => record.asked = Some(value.clone()),
                _ => {}
            }
        }
        record
    }

    /// This record, and the names that `layer` is about to bring: of its services those that are `to_run`.
    pub(crate) fn with_names_of(&self, layer: &Layer, to_run: &BTreeSet<&str>) -> Self {
        let mut record = self.clone();
        for name in to_run {
            record.services.entry((*name).to_owned()).or_default();
        }
        record.checks.extend(layer.checks.keys().cloned());
        record.log_targets.extend(layer.log_targets.keys().cloned());
        record
    }

    /// The entry that holds the record, in `layer`.
    pub(crate) fn written_to(&self, layer: Layer) -> Layer {
        let summary = "Never run: what Charmwright wished for, and started each service with";
        let mut entry = Service::new("/bin/false").startup(Startup::Disabled).summary(summary);
        let services =
            self.services.iter().map(|(name, digest)| (format!("service/{name}"), digest.as_str()));
        let checks = self.checks.iter().map(|name| (format!("check/{name}"), WISHED));
        let log_targets = self.log_targets.iter().map(|name| (format!("log-target/{name}"), WISHED));
        let asked = self.asked.iter().map(|digest| ("asked".to_owned(), digest.as_str()));
        for (key, value) in services.chain(checks).chain(log_targets).chain(asked) {
            entry.environment.insert(key, value.to_owned());
        }
        layer.service(ENTRY, entry)
    }
}

#[cfg(test)]
mod tests {
    use charmwright_pebble::{Check, LogTarget, LogTargetKind};

    use super::*;

    fn layer() -> Layer {
        let target = LogTarget::new(LogTargetKind::Loki, "http://loki");
        Layer::new().service("web", Service::new("x")).check("a/b", Check::tcp(1)).log_target("loki", target)
    }

    #[test]
    fn what_was_recorded_is_read_back() {
        let mut record = Record::default().with_names_of(&layer(), &["web"].into());
        record.services.insert("web".to_owned(), "abc".to_owned());
        record.asked = Some("abc".to_owned());
        assert_eq!(Record::read(&record.written_to(layer())), record);
        assert_eq!(Record::read(&layer()), Record::default());
    }

    #[test]
    fn a_name_of_which_the_plan_knows_nothing_is_not_in_the_record() {
        let record = Record::default().with_names_of(&layer(), &["web"].into());
        assert_eq!(Record::read(&record.written_to(Layer::new())), Record::default());
    }

    #[test]
    fn what_somebody_else_wrote_into_the_entry_is_passed_over() {
        let mut plan = Record::default().written_to(layer());
        let entry = plan.services.get_mut(ENTRY).unwrap();
        for key in ["ghost", "service/ghost", "service/charmwright-started", "check/none", "PATH", ""] {
            entry.environment.insert(key.to_owned(), "x".to_owned());
        }
        assert_eq!(Record::read(&plan), Record::default());
    }

    #[test]
    fn names_are_added_and_digests_stay() {
        let before = Record { services: [("web".to_owned(), "abc".to_owned())].into(), ..Record::default() };
        assert_eq!(before.with_names_of(&layer(), &["web"].into()).services["web"], "abc");
    }
}
