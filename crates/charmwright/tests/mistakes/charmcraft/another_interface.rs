use charmwright::interfaces::postgresql_client::{Database, Login};
use charmwright::interface::{Bag, Interface, Missing, Remote};
use charmwright::prelude::*;

struct Mysql;

impl Interface for Mysql {
    const NAME: &str = "mysql_client";
    type Request = Database;
    type Answer = Login;

    fn write(_: &Database) -> Bag {
        Bag::new()
    }

    fn read(_: &Remote<'_>) -> Result<Login, Missing> {
        Err(Missing::Field("endpoints".into()))
    }
}

#[derive(Inputs)]
struct Charm {
    #[requires("database")]
    database: Requires<Mysql>,
}

fn main() {}
