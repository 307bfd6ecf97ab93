use charmwright::interfaces::prometheus_scrape::PrometheusScrape;
use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    #[provides("metrics-endpoint")]
    metrics: Option<Provides<PrometheusScrape>>,
}

fn main() {}
