//! A charm without a mistake.

use charmwright::config::SecretUri;
use charmwright::interfaces::postgresql_client::{Database, PostgresqlClient};
use charmwright::interfaces::prometheus_scrape::{PrometheusScrape, ScrapeJob};
use charmwright::prelude::*;

/// An endpoint that is `optional: true`, by another name.
type Replica = Option<Requires<PostgresqlClient>>;

#[derive(Config)]
struct Options {
    server_port: Port,
    greeting: Option<String>,
    #[option(name = "greeting", keep_empty)]
    greeting_as_it_is: Option<String>,
    token: Option<SecretUri>,
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
    #[requires("replica")]
    replica: Replica,
    #[provides("metrics-endpoint")]
    metrics: Provides<PrometheusScrape>,
}

#[derive(Action)]
#[action("show-database")]
struct Show {
    show_password: bool,
    #[parameter(keep_empty)]
    format: Option<String>,
}

fn reconcile(charm: &Charm, desired: &Desired) -> Result<(), NotYet> {
    desired.provide(&charm.metrics, ScrapeJob::on(charm.options.server_port));
    let login = charm.database.as_ref().map(|database| desired.request(database, Database::named("x")));
    let login = login.transpose()?;
    let _ = (&charm.options.greeting_as_it_is, &charm.options.token, &charm.replica);
    let _ = (&charm.options.greeting, charm.options.debug, charm.leader, login);
    desired.container(&charm.server).layer(Layer::new())
}

fn show(_: &Charm, _: &Desired, asked: &Show) -> Result<Results, ActionFailed> {
    Ok(Results::new().with("asked", format!("{} {:?}", asked.show_password, asked.format)))
}

fn main() {
    let _ = charm(reconcile).action(show);
}
