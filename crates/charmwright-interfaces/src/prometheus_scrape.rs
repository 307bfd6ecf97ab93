//! `prometheus_scrape`, as Prometheus charms read it.

use charmwright_snapshot::{Bag, Local, Offered, Port};
use serde_json::json;

/// The interface, seen from the charm that has metrics.
///
/// Prometheus charms label what they scrape with the model's UUID, and their hooks fail if it is not one of version 4
/// in lower case. Juju's are. In a model with another one nothing is offered.
#[derive(Debug)]
pub struct PrometheusScrape;

/// Where the metrics are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrapeJob {
    port: Port,
    path: String,
}

impl ScrapeJob {
    /// Metrics on this port, at `/metrics`.
    pub fn on(port: Port) -> Self {
        Self { port, path: "/metrics".to_owned() }
    }

    /// At this path instead.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }
}

impl Offered for PrometheusScrape {
    const NAME: &'static str = "prometheus_scrape";
    type Offer = ScrapeJob;

    /// The target is the application's address in its Kubernetes model; so no unit has to publish its own.
    fn write(offer: &ScrapeJob, local: &Local) -> Bag {
        let Some(uuid) = local.model_uuid.as_ref().map(ToString::to_string).filter(|uuid| is_taken(uuid))
        else {
            return Bag::new();
        };
        let (application, model) = (local.application().as_str(), local.model.as_str());
        let target = format!("{application}.{model}.svc.cluster.local:{}", offer.port);
        let jobs = json!([{ "metrics_path": offer.path, "static_configs": [{ "targets": [target] }] }]);
        // Not the unit: the leader writes for all, and the bag must not change with the leader.
        let mut metadata = json!({ "application": application, "model": model, "model_uuid": uuid });
        if let (Some(charm), Some(fields)) = (&local.charm_name, metadata.as_object_mut()) {
            fields.insert("charm_name".to_owned(), charm.as_str().into());
        }
        Bag::from([
            ("scrape_jobs".to_owned(), jobs.to_string()),
            ("scrape_metadata".to_owned(), metadata.to_string()),
        ])
    }
}

/// Whether the reading side takes this UUID: one of version 4, and as Python writes it.
fn is_taken(uuid: &str) -> bool {
    let at = |index: usize| uuid.as_bytes().get(index).copied().unwrap_or_default();
    at(14) == b'4'
        && matches!(at(19), b'8' | b'9' | b'a' | b'b')
        && !uuid.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use charmwright_snapshot::Local;

    use super::*;

    fn bag(local: &Local) -> Bag {
        PrometheusScrape::write(&ScrapeJob::on(Port::new(9100).unwrap()).at("/stats"), local)
    }

    #[test]
    fn the_job_names_the_port_and_the_path() {
        assert_eq!(
            bag(&Local::test("guestbook/0"))["scrape_jobs"],
            r#"[{"metrics_path":"/stats","static_configs":[{"targets":["guestbook.test.svc.cluster.local:9100"]}]}]"#
        );
    }

    #[test]
    fn the_metadata_name_the_model_and_the_charm_and_are_the_same_whoever_leads() {
        let metadata = &bag(&Local::test("guestbook/0"))["scrape_metadata"];
        let read: serde_json::Value = serde_json::from_str(metadata).unwrap();
        assert_eq!(read["model_uuid"], "00000000-0000-4000-8000-000000000000");
        assert_eq!(read["charm_name"], "test");
        assert_eq!(metadata, &bag(&Local::test("guestbook/1"))["scrape_metadata"]);
    }

    #[test]
    fn nothing_is_offered_with_an_id_that_would_break_the_other_charm() {
        let mut local = Local::test("guestbook/0");
        for uuid in ["00000000-0000-1000-8000-000000000000", "00000000-0000-4000-c000-000000000000"] {
            local.model_uuid = Some(charmwright_event::ModelUuid::parse(uuid).unwrap());
            assert_eq!(bag(&local), Bag::new());
        }
        local.model_uuid = None;
        assert_eq!(bag(&local), Bag::new());
    }
}
