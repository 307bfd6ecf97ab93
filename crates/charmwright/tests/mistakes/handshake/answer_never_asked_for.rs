use charmwright::interfaces::postgresql_client::*;
use charmwright::prelude::*;

fn read(database: &Requires<PostgresqlClient>) -> Login {
    database.answer().unwrap()
}

fn read_too(database: &Requires<PostgresqlClient>) -> Login {
    database.answer.clone()
}

fn main() {}
