use charmwright::interfaces::postgresql_client::*;
use charmwright::prelude::*;

fn ask(database: &Requires<PostgresqlClient>, desired: &Desired) -> Result<Login, NotYet> {
    desired.request(database, 5432)
}

fn main() {}
