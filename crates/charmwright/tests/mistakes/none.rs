//! A charm without a mistake.

use charmwright::interfaces::postgresql_client::{Database, PostgresqlClient};
use charmwright::interfaces::prometheus_scrape::{PrometheusScrape, ScrapeJob};
use charmwright::prelude::*;

#[derive(Config)]
struct Options {
    server_port: Port,
    greeting: Option<String>,
    debug: bool,
}

#[derive(Inputs)]
struct Charm {
    options: Options,
    leader: Leadership,
    #[container("guestbook")]
    server: Container,
    #[requires("database")]
    database: Option<Requires<PostgresqlClient>>,
    #[provides("metrics-endpoint")]
    metrics: Provides<PrometheusScrape>,
}

#[derive(Action)]
#[action("show-database")]
struct Show {
    show_password: bool,
    format: Option<String>,
}

fn reconcile(charm: &Charm, desired: &Desired) -> Result<(), NotYet> {
    desired.provide(&charm.metrics, ScrapeJob::on(charm.options.server_port));
    let login = charm.database.as_ref().map(|database| desired.request(database, Database::named("x")));
    let login = login.transpose()?;
    let _ = (&charm.options.greeting, charm.options.debug, charm.leader, login);
    desired.container(&charm.server).layer(Layer::new())
}

fn show(_: &Charm, _: &Desired, asked: &Show) -> Result<Results, ActionFailed> {
    Ok(Results::new().with("asked", format!("{} {:?}", asked.show_password, asked.format)))
}

fn main() {
    let _ = charm(reconcile).action(show);
}
