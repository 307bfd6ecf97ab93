use charmwright::interfaces::postgresql_client::PostgresqlClient;
use charmwright::interfaces::prometheus_scrape::{PrometheusScrape, ScrapeJob};
use charmwright::prelude::*;

/// The answer of an interface that only offers.
fn ask(metrics: &Provides<PrometheusScrape>, desired: &Desired) {
    let _ = metrics.ask(&ScrapeJob::on(Port::fixed::<80>()), desired);
}

/// An interface that only offers, as if it answered.
fn take(_: Requires<PrometheusScrape>) {}

/// An interface that answers, as if it were only offered to.
fn give(_: Provides<PostgresqlClient>) {}

fn main() {}
