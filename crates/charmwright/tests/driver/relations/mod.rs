//! What a relation may look like, and what one relation cannot do to the others.

mod answers;
mod database;
mod leaving;
mod troubles;

use std::path::Path;

use charmwright::Charm;
use charmwright::interface::{Bag, Interface, Missing, PeerInterface, Remote};
use charmwright::interfaces::postgresql_client::PostgresqlClient;
use charmwright::interfaces::prometheus_scrape::{PrometheusScrape, ScrapeJob};
use charmwright::prelude::*;

use crate::unit::Unit;

/// An interface whose request may be empty.
#[derive(Debug)]
struct Told;

/// The fields of a request; an empty one is none.
type Fields = &'static [(&'static str, &'static str)];

fn bag(fields: Fields) -> Bag {
    fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

impl Interface for Told {
    const NAME: &'static str = "told";
    type Request = Fields;
    type Answer = String;

    fn write(fields: &Fields) -> Bag {
        bag(fields)
    }

    fn read(remote: &Remote<'_>) -> Result<String, Missing> {
        remote.field("url").map(str::to_owned)
    }
}

/// An interface whose answer is in the bags of the units only.
#[derive(Debug)]
struct Units;

impl Interface for Units {
    const NAME: &'static str = "units";
    const UNITS: bool = true;
    type Request = Fields;
    type Answer = Vec<String>;

    fn write(fields: &Fields) -> Bag {
        bag(fields)
    }

    fn read(remote: &Remote<'_>) -> Result<Vec<String>, Missing> {
        let hosts: Vec<String> = remote.units().filter_map(|(_, bag)| bag.get("host").cloned()).collect();
        if hosts.is_empty() { Err(Missing::Field("host".to_owned())) } else { Ok(hosts) }
    }
}

/// An interface whose other side repeats what it has read.
#[derive(Debug)]
struct Echoing;

impl Interface for Echoing {
    const NAME: &'static str = "echoing";
    type Request = Fields;
    type Answer = String;

    fn write(fields: &Fields) -> Bag {
        bag(fields)
    }

    fn echo(remote: &Bag) -> Option<Bag> {
        Some(Bag::from([("want".to_owned(), remote.get("read")?.clone())]))
    }

    fn read(remote: &Remote<'_>) -> Result<String, Missing> {
        remote.field("url").map(str::to_owned)
    }
}

#[derive(Debug)]
struct Cluster;

impl PeerInterface for Cluster {
    const NAME: &'static str = "cluster";
    type Shared = String;
    type Unit = String;

    fn shared(bag: &Bag) -> Result<String, Missing> {
        Ok(bag.get("name").cloned().unwrap_or_default())
    }

    fn unit(bag: &Bag) -> Result<String, Missing> {
        bag.get("host").cloned().ok_or_else(|| Missing::Field("host".to_owned()))
    }
}

#[derive(Debug, Config)]
struct Options {
    roles: String,
}

#[derive(Debug, Inputs)]
struct Related {
    options: Options,
    #[requires("told")]
    told: Option<Requires<Told>>,
    #[requires("units")]
    units: Option<Requires<Units>>,
    #[requires("echoing")]
    echoing: Option<Requires<Echoing>>,
    #[requires("database")]
    database: Option<Requires<PostgresqlClient>>,
    #[provides("metrics")]
    metrics: Provides<PrometheusScrape>,
    #[peers("cluster")]
    cluster: Peers<Cluster>,
}

fn unit(leader: bool) -> Unit {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/driver/relations");
    Unit::of(Path::new(folder), leader)
}

/// Asks nothing, or what may be nothing, of whatever is related.
fn asks_nothing() -> Charm<Related> {
    charm(|related: &Related, desired: &Desired| {
        desired.provide(&related.metrics, ScrapeJob::on(Port::fixed::<9000>()));
        if let Some(told) = &related.told {
            desired.request(told, bagless(&related.options.roles))?;
        }
        if let Some(units) = &related.units {
            desired.request(units, bagless(&related.options.roles))?;
        }
        Ok(())
    })
}

/// A request whose values are empty.
fn bagless(roles: &str) -> Fields {
    if roles.is_empty() { &[("want", ""), ("more", "")] } else { &[("want", "x"), ("more", "")] }
}
