#![deny(unused_must_use)]

use charmwright::interfaces::postgresql_client::{Database, Login, PostgresqlClient};
use charmwright::prelude::*;

fn ask(database: &Requires<PostgresqlClient>, desired: &Desired) {
    desired.request(database, Database::named("guestbook"));
}

fn main() {}
