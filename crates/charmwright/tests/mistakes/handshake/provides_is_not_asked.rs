use charmwright::interfaces::postgresql_client::Database;
use charmwright::interfaces::prometheus_scrape::PrometheusScrape;
use charmwright::prelude::*;

fn ask(metrics: &Provides<PrometheusScrape>, desired: &Desired) {
    let _ = desired.request(metrics, Database::named("guestbook"));
}

fn main() {}
