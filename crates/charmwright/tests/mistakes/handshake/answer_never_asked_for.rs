use charmwright::interfaces::postgresql_client::{Database, Login, PostgresqlClient};
use charmwright::prelude::*;

fn read(database: &Requires<PostgresqlClient>) -> Login {
    database.answer.clone()
}

fn main() {}
