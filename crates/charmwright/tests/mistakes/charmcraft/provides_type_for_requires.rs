use charmwright::interfaces::prometheus_scrape::PrometheusScrape;
use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    #[requires("database")]
    database: Provides<PrometheusScrape>,
}

fn main() {}
