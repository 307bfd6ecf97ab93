use charmwright::interfaces::postgresql_client::PostgresqlClient;
use charmwright::interfaces::prometheus_scrape::PrometheusScrape;
use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    #[requires("database")]
    primary: Requires<PostgresqlClient>,
    #[requires("database")]
    standby: Option<Requires<PostgresqlClient>>,
}

#[derive(Inputs)]
struct Metrics {
    #[provides("metrics-endpoint")]
    one: Provides<PrometheusScrape>,
    #[provides("metrics-endpoint")]
    two: Provides<PrometheusScrape>,
}

fn main() {}
