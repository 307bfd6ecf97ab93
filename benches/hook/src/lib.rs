//! The charm that `cargo xtask bench hook` measures, in two forms: one reads applications' bags only, the other
//! every unit's bag too. Its twin on `ops` is in `peers/ops/twin`.

use charmwright::interface::{Bag, Interface, Missing, PeerInterface, Remote};
use charmwright::prelude::*;

/// The options.
#[derive(Debug, Config)]
pub struct Options {
    /// What the charm calls itself.
    pub name: String,
}

/// A database: it answers with a secret. `UNITS` says whether its units' bags are read.
#[derive(Debug)]
pub struct Database<const UNITS: bool>;

/// A cache: it answers with an address. `UNITS` says whether its units' bags are read.
#[derive(Debug)]
pub struct Cache<const UNITS: bool>;

/// The other units. `UNITS` says whether their bags are read.
#[derive(Debug)]
pub struct Cluster<const UNITS: bool>;

/// What both applications answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The application's address.
    pub address: String,
    /// The password, from the database.
    pub password: Option<Sensitive>,
    /// The hosts that its units tell.
    pub hosts: Vec<String>,
}

fn hosts(remote: &Remote<'_>) -> Vec<String> {
    remote.units().filter_map(|(_, bag)| bag.get("host").cloned()).collect()
}

fn request(name: &str) -> Bag {
    Bag::from([("requested".to_owned(), name.to_owned())])
}

fn read_by_them(remote: &Bag) -> Option<Bag> {
    remote.get("requested").map(|name| request(name))
}

impl<const UNITS: bool> Interface for Database<UNITS> {
    const NAME: &'static str = "bench_database";
    const SECRETS: &'static [&'static str] = &["secret-user"];
    const UNITS: bool = UNITS;
    type Request = String;
    type Answer = Answer;

    fn write(name: &String) -> Bag {
        request(name)
    }

    fn echo(remote: &Bag) -> Option<Bag> {
        read_by_them(remote)
    }

    fn read(remote: &Remote<'_>) -> Result<Answer, Missing> {
        Ok(Answer {
            address: remote.field("address")?.to_owned(),
            password: Some(remote.secret("secret-user", "password")?.clone()),
            hosts: hosts(remote),
        })
    }
}

impl<const UNITS: bool> Interface for Cache<UNITS> {
    const NAME: &'static str = "bench_cache";
    const UNITS: bool = UNITS;
    type Request = String;
    type Answer = Answer;

    fn write(name: &String) -> Bag {
        request(name)
    }

    fn echo(remote: &Bag) -> Option<Bag> {
        read_by_them(remote)
    }

    fn read(remote: &Remote<'_>) -> Result<Answer, Missing> {
        Ok(Answer { address: remote.field("address")?.to_owned(), password: None, hosts: hosts(remote) })
    }
}

impl<const UNITS: bool> PeerInterface for Cluster<UNITS> {
    const NAME: &'static str = "bench_cluster";
    const UNITS: bool = UNITS;
    type Shared = String;
    type Unit = String;

    fn shared(bag: &Bag) -> Result<String, Missing> {
        bag.get("name").cloned().ok_or_else(|| Missing::Field("name".to_owned()))
    }

    fn unit(bag: &Bag) -> Result<String, Missing> {
        bag.get("host").cloned().ok_or_else(|| Missing::Field("host".to_owned()))
    }
}

/// From what is to what should be, for both forms.
///
/// # Errors
///
/// While an answer is missing, or a unit's host where hosts are read.
pub fn wishes<const UNITS: bool>(
    options: &Options,
    database: &Requires<Database<UNITS>>,
    cache: &Requires<Cache<UNITS>>,
    cluster: &Peers<Cluster<UNITS>>,
    desired: &Desired,
) -> Result<(), NotYet> {
    let from_database = desired.request(database, options.name.clone());
    let from_cache = desired.request(cache, options.name.clone());
    let (from_database, from_cache) = (from_database?, from_cache?);
    cluster.shared()?;
    if UNITS {
        for (_, host) in cluster.others() {
            host?;
        }
        if from_database.hosts.is_empty() || from_cache.hosts.is_empty() {
            return Err(database.not_yet("no unit has told its host"));
        }
    }
    Ok(())
}
