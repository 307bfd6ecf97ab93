//! `prometheus_scrape`, as Prometheus charms read it.

use charmwright_event::UnitName;
use charmwright_snapshot::{Bag, Offered, Port};
use serde_json::json;

/// The interface, seen from the charm that has metrics.
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
    fn write(offer: &ScrapeJob, unit: &UnitName, model: &str) -> Bag {
        let application = unit.application().as_str();
        let target = format!("{application}.{model}.svc.cluster.local:{}", offer.port);
        let jobs = json!([{ "metrics_path": offer.path, "static_configs": [{ "targets": [target] }] }]);
        let metadata = json!({ "application": application, "model": model });
        Bag::from([
            ("scrape_jobs".to_owned(), jobs.to_string()),
            ("scrape_metadata".to_owned(), metadata.to_string()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_job_names_the_port_and_the_path() {
        let offer = ScrapeJob::on(Port::new(9100).unwrap()).at("/stats");
        let bag = PrometheusScrape::write(&offer, &UnitName::parse("guestbook/0").unwrap(), "dev");
        assert_eq!(
            bag["scrape_jobs"],
            r#"[{"metrics_path":"/stats","static_configs":[{"targets":["guestbook.dev.svc.cluster.local:9100"]}]}]"#
        );
    }
}
