use charmwright::interfaces::postgresql_client::{Database, Login, PostgresqlClient};
use charmwright::prelude::*;

fn ask(database: &Requires<PostgresqlClient>, desired: &Desired) -> Result<Login, NotYet> {
    desired.request(database, 5432)
}

fn main() {}
